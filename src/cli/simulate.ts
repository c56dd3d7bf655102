/** `bifrost simulate`: runs a simulator in the foreground; its own options are handed on as they are. */
import { spawn } from 'node:child_process'
import type { Call } from './call.ts'
import { Exit } from './exit-code.ts'
import { simulatorFile } from './simulator.ts'

const DEFAULT_PORT = '5020'

export async function run({ args, terminal }: Call): Promise<number> {
  const named = args[0] !== undefined && !args[0].startsWith('-')
  const name = named ? args[0]! : 'plant'
  const given = named ? args.slice(1) : args
  const file = simulatorFile(name)
  const withPort = given.includes('--port') ? given : ['--port', DEFAULT_PORT, ...given]
  terminal.say(`simulator "${name}" (${withPort.join(' ')}); stop: Ctrl-C`)
  const child = spawn(process.execPath, [file, ...withPort], { stdio: 'inherit' })
  // Ctrl-C reaches the whole group; a signal that is sent to us alone is passed on.
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  process.on('SIGINT', () => undefined)
  return new Promise((resolve) => {
    child.once('error', () => resolve(Exit.failure))
    child.once('exit', (code) => resolve(code ?? Exit.failure))
  })
}
