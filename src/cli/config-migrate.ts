/** `bifrost config migrate`: what would bring a file to the newest version of the format, as a diff; `--write` does it. */
import { patchOf, writeChanges } from '../config/edit/write-changes.ts'
import { FORMAT_VERSION, migrateConfig } from '../config/migrate.ts'
import type { Call } from './call.ts'
import { configFile, configSources } from './config-file.ts'
import { Exit } from './exit-code.ts'

export async function run(call: Call): Promise<number> {
  const { terminal, options } = call
  const file = call.args[0] ?? configFile(call)
  const { from, to, changes } = migrateConfig(file, await configSources(call.env))
  const { patch } = patchOf(changes)
  const isWritten = options.write === true && changes.length > 0
  if (isWritten) await writeChanges(changes)
  if (terminal.json)
    terminal.resultJson({ file, from: from ?? null, to, isCurrent: changes.length === 0, isWritten, patch })
  else if (changes.length === 0)
    terminal.result(`${file} is of version ${FORMAT_VERSION}, the newest and so far the only one: nothing to migrate`)
  else if (isWritten) terminal.result(`${file} says version: ${FORMAT_VERSION} now`)
  else {
    terminal.result(patch.trimEnd())
    terminal.say('nothing was written; --write changes the file')
  }
  return changes.length === 0 || isWritten ? Exit.ok : Exit.different
}
