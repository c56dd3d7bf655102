/** `bifrost config render`: the configuration with its templates expanded, as YAML; secrets are blanked. */
import { renderConfig } from '../config/render.ts'
import { textOption, type Call } from './call.ts'
import { configFile } from './config-file.ts'
import { Exit } from './exit-code.ts'

export async function run(call: Call): Promise<number> {
  const file = call.args[0] ?? configFile(call)
  const [{ drivers }, { sinks }] = await Promise.all([import('../drivers/index.ts'), import('../sinks/index.ts')])
  const text = await renderConfig(file, { drivers, sinks, env: call.env }, textOption(call, 'device'))
  call.terminal.result(text.trimEnd())
  return Exit.ok
}
