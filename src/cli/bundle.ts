/** `bifrost bundle`: a support bundle of a running gateway as a file. */
import { gatewayUrl, sendRaw } from './api-client.ts'
import { textOption, type Call } from './call.ts'
import { saveAnswer } from './save-answer.ts'

export function run(call: Call): Promise<number> {
  const file = textOption(call, 'output') ?? 'bifrost-support.tar.gz'
  return saveAnswer(call, file, (signal) => sendRaw(gatewayUrl(call), 'diagnostics/bundle', { signal }))
}
