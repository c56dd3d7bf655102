/**
 * Real programs that tests talk to. A missing one skips its tests by name with the reason; with BIFROST_REQUIRE_PEERS=1
 * (set by `.ci/run`) it fails them instead, so that nothing skips silently where it could have run.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { accessSync, constants, existsSync, globSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

/** `test('…', { skip: needs('mosquitto') }, …)`: false when all are there, else the reason. */
export function needs(...commands: string[]): string | false {
  const missing = commands.filter((command) => findCommand(command) === undefined)
  if (missing.length === 0 || process.env.BIFROST_REQUIRE_PEERS === '1') return false
  return `not installed: ${missing.join(', ')} (Debian: apt-get install the packages listed in scripts/debian-packages.txt)`
}

/** As `needs`, for files such as the folder of recorded traffic. */
export function needsFile(path: string): string | false {
  return existsSync(path) ? false : `not here: ${path}`
}

/** The full path of a command, looked up in PATH, the sbin folders, and where Debian keeps PostgreSQL's server. */
export function findCommand(command: string): string | undefined {
  const postgres = globSync('/usr/lib/postgresql/*/bin').toSorted()
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/sbin', ...postgres]
  return folders.map((folder) => join(folder, command)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}

/** Where something's end is noted: a test, or a file of tests that share it. */
export interface Cleanup {
  after(clean: () => unknown): void
}

const folders: string[] = []

/** Hooks run in the order in which they were noted: a folder removed by one would go before what the test started in it has ended. */
function removeFolders(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
}

/** A folder that is removed when the process ends. */
export function temporaryFolder(_t: Cleanup): string {
  const folder = mkdtempSync(join(tmpdir(), 'bifrost-test-'))
  if (folders.push(folder) === 1) process.once('exit', removeFolders)
  return folder
}

export interface RunningProcess {
  readonly child: ChildProcess
  /** Everything it printed so far, both streams. */
  output(): string
  /** Waits until the output matches; rejects when the process ends first or after `timeoutMs`. */
  waitFor(pattern: RegExp, timeoutMs?: number): Promise<RegExpMatchArray>
  /** Sends a signal and waits for the end. SIGKILL follows after five seconds. */
  stop(signal?: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

/** Starts a program and stops it when the test ends. */
export function startProcess(
  t: Cleanup,
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): RunningProcess {
  const child = spawn(findCommand(command) ?? command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  let text = ''
  const listeners = new Set<() => void>()
  const onData = (chunk: Buffer) => {
    text += chunk.toString()
    for (const listener of listeners) listener()
  }
  child.stdout.on('data', onData)
  child.stderr.on('data', onData)
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('error', (error) => {
      text += String(error)
      resolve({ code: null, signal: null })
    })
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
    const result = await exited
    clearTimeout(timer)
    return result
  }
  t.after(() => stop())
  return {
    child,
    output: () => text,
    exited,
    stop,
    waitFor: (pattern, timeoutMs = 10_000) =>
      new Promise((resolve, reject) => {
        const check = () => {
          const match = text.match(pattern)
          if (match === null) return
          finish()
          resolve(match)
        }
        const finish = () => {
          listeners.delete(check)
          clearTimeout(timer)
        }
        const fail = (why: string) => {
          finish()
          reject(new Error(`${command} ${why} before it printed ${pattern}; it printed:\n${text}`))
        }
        const timer = setTimeout(() => fail(`took longer than ${timeoutMs} ms`), timeoutMs)
        listeners.add(check)
        void exited.then(() => fail('ended'))
        check()
      }),
  }
}

/** Polls until `condition` holds; rejects with `what` after `timeoutMs`. */
export async function eventually(
  what: string | (() => string),
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 20_000,
): Promise<void> {
  const end = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${typeof what === 'string' ? what : what()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
