/**
 * `bifrost init`: writes an example as a configuration to start from, with its JSON Schema beside it so that editors complete
 * and check without a network. Nothing is ever overwritten.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configJsonSchema } from '../config/json-schema.ts'
import { folderProblem, makeFolders } from '../core/folder.ts'
import type { Call } from './call.ts'
import { Exit } from './exit-code.ts'
import { examplesFolder } from '../core/package-files.ts'

const SCHEMA_FILE = 'bifrost.schema.json'
const MODELINE = `# yaml-language-server: $schema=${SCHEMA_FILE}\n`

export async function run(call: Call): Promise<number> {
  const folder = call.args[0] ?? '.'
  const fromDemo = call.options.fromDemo === true
  const files = await filesOf(fromDemo ? 'demo' : 'starter')
  const existing = [...files.keys()].filter((name) => existsSync(join(folder, name)))
  if (existing.length > 0) {
    call.terminal.complain(
      `${folder} has ${existing.join(', ')} already, and nothing is overwritten; name another folder`,
    )
    return Exit.failure
  }
  try {
    await makeFolders(folder)
  } catch (error) {
    call.terminal.complain(`the folder ${folder} cannot be made: ${folderProblem(error)}; name another folder`)
    return Exit.failure
  }
  for (const [name, text] of files) writeFileSync(join(folder, name), text, { flag: 'wx' })
  const config = join(folder, 'bifrost.yaml')
  if (call.terminal.json) call.terminal.resultJson({ folder, files: [...files.keys()] })
  else for (const name of files.keys()) call.terminal.result(join(folder, name))
  call.terminal.say(`Next: edit ${config}, then bifrost check -c ${config} and bifrost run -c ${config}`)
  if (fromDemo)
    call.terminal.say('It expects the simulated plant on port 5020 (bifrost simulate) and an MQTT broker on port 1883.')
  return Exit.ok
}

/** The files of an example by name, the schema added and pointed to. */
async function filesOf(example: string): Promise<Map<string, string>> {
  const folder = join(examplesFolder, example)
  const files = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
  files.set('bifrost.yaml', `${MODELINE}${files.get('bifrost.yaml') ?? ''}`)
  const [{ drivers }, { sinks }] = await Promise.all([import('../drivers/index.ts'), import('../sinks/index.ts')])
  files.set(SCHEMA_FILE, `${JSON.stringify(configJsonSchema(drivers, sinks, 'draft-07'), null, 2)}\n`)
  return files
}
