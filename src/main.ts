/**
 * The process: hands the arguments to the command line and ends with its exit code, when all that it said has left. Compiled
 * code is kept beside the package (where it can be written): later starts are faster and some 25 MB smaller.
 */
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'bifrost'))
const { runCli } = await import('./cli/cli.ts')
const code = await runCli(process.argv.slice(2), process.env)
for (const stream of [process.stdout, process.stderr]) {
  await new Promise<void>((resolve) => stream.write('', () => resolve()))
}
process.exit(code)
