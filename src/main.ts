/**
 * The process: hands the arguments to the command line and ends with its exit code, when all that it said has left. Compiled
 * code is kept beside the package (where it can be written): later starts are faster and some 25 MB smaller.
 */
import { enableCompileCache } from 'node:module'
import { compileCacheFolder } from './core/package-files.ts'

enableCompileCache(compileCacheFolder)
/** How long the last words may take to leave. */
const LAST_WORDS_MS = 1000
const code = await run(process.argv.slice(2))
const told = [process.stdout, process.stderr].map(
  (stream) => new Promise<void>((resolve) => stream.write('', () => resolve())),
)
// Whoever reads it may stand still.
await Promise.race([Promise.all(told), new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS))])
process.exit(code)

/** A probe that is asked every few seconds does not load the whole command line. */
async function run([word, ...more]: readonly string[]): Promise<number> {
  if (word === 'health') {
    const { probe } = await import('./cli/health-probe.ts')
    const known = await probe(more, process.env)
    if (known !== undefined) return known
  }
  const { runCli } = await import('./cli/cli.ts')
  return runCli(process.argv.slice(2), process.env)
}
