/** `bifrost config schema`: the JSON Schema of the configuration file, made from the registries. */
import { configJsonSchema, SCHEMA_DRAFTS } from '../config/json-schema.ts'
import { GatewayError } from '../core/errors.ts'
import { textOption, type Call } from './call.ts'
import { Exit } from './exit-code.ts'

export async function run(call: Call): Promise<number> {
  const given = textOption(call, 'draft')
  const draft = SCHEMA_DRAFTS.find((one) => one === given)
  if (draft === undefined) throw new GatewayError('USAGE', `--draft ${given}: expected ${SCHEMA_DRAFTS.join(' or ')}`)
  const [{ drivers }, { sinks }] = await Promise.all([import('../drivers/index.ts'), import('../sinks/index.ts')])
  call.terminal.result(JSON.stringify(configJsonSchema(drivers, sinks, draft), null, 2))
  return Exit.ok
}
