/** Runs a program of the system, with a limit of time, and says what it said. */
import { spawn } from 'node:child_process'

export interface ProgramOptions {
  readonly timeoutMs?: number
  readonly uid?: number
  readonly gid?: number
  readonly signal?: AbortSignal
}

export interface Ended {
  readonly code: number
  /** Both streams, the last 20,000 characters. */
  readonly output: string
}

const MOST_OUTPUT = 20_000

/** Resolves with code 127 where it cannot be started, and 124 where it took too long. */
export function runProgram(command: string, args: readonly string[], options: ProgramOptions = {}): Promise<Ended> {
  const { timeoutMs = 60_000, signal, ...identity } = options
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...identity,
      ...(signal === undefined ? {} : { signal }),
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    })
    let output = ''
    const take = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-MOST_OUTPUT)
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.once('error', (error) => resolve({ code: 127, output: `${output}${command}: ${error.message}` }))
    child.once('close', (code, by) =>
      resolve({ code: code ?? 124, output: by === null ? output : `${output}ended by ${by}` }),
    )
  })
}
