/** `bifrost version`. */
import { buildInfo } from '../core/package-files.ts'
import type { Call } from './call.ts'
import { Exit } from './exit-code.ts'

export async function run({ terminal }: Call): Promise<number> {
  const { version, commit, builtAt, installed } = buildInfo()
  const platform = `${process.platform}-${process.arch}`
  if (terminal.json) terminal.resultJson({ version, commit, builtAt, node: process.versions.node, platform, installed })
  else terminal.result(version)
  return Exit.ok
}
