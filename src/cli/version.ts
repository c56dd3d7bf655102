/** `bifrost version`. */
import type { Call } from './call.ts'
import { Exit } from './exit-code.ts'
import { packageVersion } from '../core/package-files.ts'

export async function run({ terminal }: Call): Promise<number> {
  const version = packageVersion()
  if (terminal.json)
    terminal.resultJson({ version, node: process.versions.node, platform: `${process.platform}-${process.arch}` })
  else terminal.result(version)
  return Exit.ok
}
