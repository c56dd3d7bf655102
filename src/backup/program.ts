/** Runs restic and age: no shell, secrets by file only, bounded output, and an error that says what to do. */
import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { GatewayError } from '../core/errors.ts'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly stdin?: AsyncIterable<Uint8Array>
  readonly signal?: AbortSignal | undefined
  /** Gets what it prints, in place of `stdout`. */
  readonly onStdout?: (stdout: Readable) => Promise<void>
}

const MOST_BYTES = 64 * 2 ** 20

/** Resolves with any exit code; throws BACKUP_FAILED where the program is not there. */
export async function runProgram(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { env, cwd, stdin, signal, onStdout } = options
  const child = spawn(program, args, {
    stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
    ...(signal === undefined ? {} : { signal }),
  })
  const ended = new Promise<number>((done, fail) => {
    child.once('error', fail)
    child.once('close', (code) => done(code ?? 1))
  })
  // What feeds it hears of its end by the exit code.
  const fed = stdin === undefined ? undefined : pipeline(stdin, child.stdin!).catch((error: unknown) => error)
  try {
    const [stdout, stderr] = await Promise.all([
      onStdout === undefined ? textOf(child.stdout!) : onStdout(child.stdout!).then(() => ''),
      textOf(child.stderr!),
      ended,
    ])
    const failure = await fed
    const code = await ended
    if (failure instanceof Error && code === 0) throw failure
    return { code, stdout, stderr }
  } catch (cause) {
    child.kill('SIGKILL')
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
    throw new GatewayError('BACKUP_FAILED', `the program ${program} is not installed (Debian: apt-get install ${program})`, { cause }) // prettier-ignore
  }
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes <= MOST_BYTES) chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
