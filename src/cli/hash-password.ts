/** `bifrost hash-password`: the hash of a password from stdin, for files of users. */
import { hashPassword } from '../core/password.ts'
import type { Call } from './call.ts'
import { Exit } from './exit-code.ts'
import { askPassword } from './password-prompt.ts'

export async function run({ terminal }: Call): Promise<number> {
  const hash = await hashPassword(await askPassword(terminal, 'Password'))
  if (terminal.json) terminal.resultJson({ hash })
  else terminal.result(hash)
  return Exit.ok
}
