/** Simulators as processes of their own: `node simulators/NAME.ts …` prints one line of JSON when it is ready. */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { GatewayError } from '../core/errors.ts'
import { programSuffix, simulatorsFolder } from '../core/package-files.ts'

/** The simulators that can be started: those that say when they are ready. */
const simulatorNames = (): string[] =>
  readdirSync(simulatorsFolder)
    .filter((name) => name.endsWith(programSuffix) && !name.endsWith('.test.ts'))
    .filter((name) => readFileSync(join(simulatorsFolder, name), 'utf8').includes('import.meta.main'))
    .map((name) => name.slice(0, -programSuffix.length))

/** The file of a simulator; throws USAGE when there is none of that name. */
export function simulatorFile(name: string): string {
  const file = join(simulatorsFolder, `${name}${programSuffix}`)
  if (/^[a-z-]+$/.test(name) && existsSync(file)) return file
  throw new GatewayError('USAGE', `there is no simulator "${name}"; there are ${simulatorNames().join(', ')}`)
}

export interface RunningSimulator {
  readonly port: number
  stop(): Promise<void>
}

/** Starts a simulator and waits until it says that it is ready. */
export async function startSimulator(
  name: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<RunningSimulator> {
  const child = spawn(process.execPath, [simulatorFile(name), ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const stop = async () => {
    child.kill('SIGTERM')
    await exited
  }
  try {
    return { port: await readyPort(child, name, signal), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function readyPort(child: ChildProcess, name: string, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new GatewayError('INTERNAL', `the simulator "${name}" ${why}`))
    child.once('error', (error) => fail(`did not start: ${error.message}`))
    child.once('exit', (code) => fail(`ended with code ${code} before it was ready`))
    signal.addEventListener('abort', () => fail('was not ready in time'), { once: true })
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const port = portOf(line)
      if (port !== undefined) resolve(port)
    })
  })
}

function portOf(line: string): number | undefined {
  if (!line.startsWith('{')) return undefined
  const said = JSON.parse(line) as { ready?: unknown; port?: unknown }
  return said.ready === true && typeof said.port === 'number' ? said.port : undefined
}
