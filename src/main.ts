/** The process: hands the arguments to the command line and ends with its exit code, when all that it said has left. */
import { runCli } from './cli/cli.ts'

const code = await runCli(process.argv.slice(2), process.env)
for (const stream of [process.stdout, process.stderr]) {
  await new Promise<void>((resolve) => stream.write('', () => resolve()))
}
process.exit(code)
