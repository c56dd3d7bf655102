/**
 * Runs the blocks of a page as a reader does: one folder, one machine. The machine is a network namespace of its own, so that the ports of the
 * page are free whatever else runs here.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import type { Cleanup } from '../../src/testing/peers.ts'
import { missingLine, type Block } from './blocks.ts'

const ROOT = join(import.meta.dirname, '..', '..')
/** A command that says nothing for so long has hung. */
const LONGEST_MS = 120_000

export const needsNamespace = (): string | false =>
  process.getuid?.() === 0 && spawnSync('unshare', ['--net', 'true']).status === 0
    ? false
    : 'needs root, for a network of its own'

export interface Shell {
  /** Rejects with page line, command and output when it is not as the page says. */
  run(page: string, block: Block): Promise<void>
}

export async function createShell(t: Cleanup, folder: string): Promise<Shell> {
  const holder = spawn('unshare', ['--net', 'sh', '-c', 'ip link set lo up && echo up && exec sleep 3600'])
  t.after(() => holder.kill())
  await once(holder.stdout, 'data')
  const env = { ...process.env, PATH: `${join(ROOT, 'bin')}:${process.env.PATH}`, NO_COLOR: '1', CI: '' }
  for (const name of ['BIFROST_URL', 'BIFROST_TOKEN', 'BIFROST_CONFIG']) delete (env as NodeJS.ProcessEnv)[name]
  const started = new Map<string, ChildProcess>()
  const start = (text: string): ChildProcess => {
    const words = [`--net=/proc/${holder.pid}/ns/net`, '--', 'bash', '-euo', 'pipefail', '-c', text]
    return spawn('nsenter', words, { cwd: folder, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  }
  const end = async (child: ChildProcess): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    // The group: what a shell started ends with it.
    const tell = (signal: NodeJS.Signals) => {
      try {
        process.kill(-child.pid!, signal)
      } catch {}
    }
    tell('SIGINT')
    const stuck = setTimeout(() => tell('SIGKILL'), 15_000)
    await once(child, 'exit')
    clearTimeout(stuck)
  }
  t.after(async () => {
    for (const child of started.values()) await end(child)
  })
  return {
    async run(page, block) {
      const fail = (why: string): never => {
        throw new Error(`${page}:${block.line}: ${why}\n${block.text}`)
      }
      if (block.kind === 'stop') return end(started.get(block.name) ?? fail(`nothing was started as ${block.name}`))
      if (block.kind === 'background') {
        const child = start(block.text)
        started.set(block.name, child)
        const output = collect(child)
        const deadline = Date.now() + LONGEST_MS
        while (!output().includes(block.wait)) {
          if (child.exitCode !== null) fail(`it ended; it printed\n${output()}`)
          if (Date.now() > deadline) fail(`it never printed "${block.wait}", but\n${output()}`)
          await sleep(50)
        }
        return
      }
      if (block.kind !== 'run') return
      const deadline = Date.now() + block.untilMs
      for (;;) {
        const child = start(block.text)
        const output = collect(child)
        const stuck = setTimeout(() => void end(child), LONGEST_MS)
        const [code] = (await once(child, 'close')) as [number | null]
        clearTimeout(stuck)
        const missing = missingLine(output(), block.shows)
        if (code === block.exit && missing === undefined) return
        if (Date.now() < deadline) {
          await sleep(500)
          continue
        }
        fail(
          code === block.exit
            ? `it does not show "${missing}", but\n${output()}`
            : `exit ${code}, not ${block.exit}; it printed\n${output()}`,
        )
      }
    },
  }
}

function collect(child: ChildProcess): () => string {
  let text = ''
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  return () => text
}
