/**
 * CPU a request of each client: one connection in sequence, 32 requests under way, 1,000 connections. Against the raw server the
 * client is the limit; against libmodbus' server the server is. Ratios are of medians over interleaved rounds.
 */
import { fork, spawn, execFileSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Measured, Task } from './load.ts'
import { PEERS } from './peers.ts'
import { judge, median } from './verdict.ts'

const OURS = 'bifrost'
const LIMIT = 'bare socket'

interface Case {
  readonly name: string
  readonly task: Omit<Task, 'port'>
  /** CPU of ours over the best npm peer's. */
  readonly peerRatio: number
}

const CASES: readonly Case[] = [
  { name: '1 connection, sequential', task: { connections: 1, inFlight: 1, requests: 10_000 }, peerRatio: 0.9 },
  { name: '1 connection, 32 in flight', task: { connections: 1, inFlight: 32, requests: 100_000 }, peerRatio: 0.4 },
  { name: '1,000 connections', task: { connections: 1000, inFlight: 1, requests: 20_000 }, peerRatio: 0.8 },
]
const CPU_OVER_BARE = 1.25
const RATE_OVER_C = 0.8

interface Runner {
  run(task: Omit<Task, 'port'>): Promise<Measured>
  stop(): void
}

/** Ours, the bare socket and the npm peers against the raw server. */
export async function compareClients(rounds: number): Promise<void> {
  const server = await forked('raw-server.ts')
  const runners = new Map<string, Runner>()
  try {
    for (const name of Object.keys(PEERS)) runners.set(name, nodeRunner(name, server.port))
    for (const { name, task, peerRatio } of CASES) {
      const results = await interleaved(runners, task, rounds)
      console.log(`\n${name}:`)
      for (const [peer, measured] of results) console.log(`  ${row(peer, measured)}`)
      const cpu = new Map([...results].map(([peer, all]) => [peer, median(all.map(microseconds))]))
      const npm = [...cpu].filter(([peer]) => peer !== OURS && peer !== LIMIT)
      const [best, least] = npm.reduce((a, b) => (a[1] <= b[1] ? a : b))
      judge(`CPU over the bare socket's`, cpu.get(OURS)! / cpu.get(LIMIT)!, CPU_OVER_BARE)
      judge(`CPU over the best npm peer's (${best})`, cpu.get(OURS)! / least, peerRatio)
    }
  } finally {
    for (const runner of runners.values()) runner.stop()
    server.stop()
  }
}

/** Ours and the bare socket beside the C client, each against libmodbus' own server. */
export async function compareWithC(rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bifrost-bench-'))
  const stops: (() => void)[] = []
  try {
    const serve = compile('libmodbus-server', folder)
    const load = compile('libmodbus-load', folder)
    if (serve === undefined || load === undefined)
      return console.log('\nlibmodbus: skipped, needs gcc, pkg-config and libmodbus-dev')
    const runners = new Map<string, Runner>()
    for (const name of [LIMIT, OURS, 'libmodbus (C)']) {
      // It serves one connection after the other: a server each.
      const server = await printed(serve)
      stops.push(server.stop)
      const runner = name === 'libmodbus (C)' ? cRunner(load, server.port) : nodeRunner(name, server.port)
      stops.push(() => runner.stop())
      runners.set(name, runner)
    }
    const results = await interleaved(runners, CASES[0]!.task, rounds)
    console.log(`\n1 connection, sequential, against libmodbus' server (the server is the limit):`)
    for (const [peer, measured] of results) console.log(`  ${row(peer, measured)}`)
    const rate = (peer: string) => median(results.get(peer)!.map(({ requests, seconds }) => requests / seconds))
    judge(`requests/s over the C client's`, rate(OURS) / rate('libmodbus (C)'), RATE_OVER_C, 'at least')
  } finally {
    for (const stop of stops) stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function interleaved(
  runners: ReadonlyMap<string, Runner>,
  task: Omit<Task, 'port'>,
  rounds: number,
): Promise<Map<string, Measured[]>> {
  const results = new Map<string, Measured[]>([...runners.keys()].map((name) => [name, []]))
  for (let round = -1; round < rounds; round++) {
    for (const [name, runner] of runners) {
      const measured = await runner.run(task)
      if (round >= 0) results.get(name)!.push(measured)
    }
  }
  return results
}

const microseconds = ({ cpuSeconds, requests }: Measured): number => (cpuSeconds * 1e6) / requests

function row(name: string, all: readonly Measured[]): string {
  const rate = median(all.map(({ requests, seconds }) => requests / seconds))
  const cells = [
    `${median(all.map(microseconds)).toFixed(2).padStart(8)} µs CPU`,
    `${rate.toFixed(0).padStart(8)} requests/s`,
  ]
  const trips = all.filter(({ roundTrips }) => roundTrips.length > 0)
  if (trips.length > 0) {
    const at = (share: number) =>
      median(trips.map(({ roundTrips }) => roundTrips[Math.floor((roundTrips.length - 1) * share)]!))
    cells.push(`round trip p50 ${at(0.5).toFixed(0)} µs, p99 ${at(0.99).toFixed(0)} µs`)
  }
  return `${name.padEnd(16)} ${cells.join('  ')}`
}

function nodeRunner(name: string, port: number): Runner {
  const child = fork(join(import.meta.dirname, 'load.ts'), [name])
  return {
    run: async (task) => {
      child.send({ ...task, port } satisfies Task)
      const answer = (await message(child)) as Measured | { failed: string }
      if ('failed' in answer) throw new Error(`${name}: ${answer.failed}`)
      return answer
    },
    stop: () => child.kill(),
  }
}

/** Only the sequential case: the C client has no other. */
function cRunner(program: string, port: number): Runner {
  const child = spawn(program, [String(port)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    run: async ({ requests }) => {
      child.stdin.write(`${requests}\n`)
      const line = await lines.next()
      if (line.done === true) throw new Error('the C client ended')
      const [count, seconds, cpuSeconds, p50, p99] = line.value.split(' ').map(Number) as [
        number,
        number,
        number,
        number,
        number,
      ]
      // Percentiles are all that it prints: a list that has them at their places.
      const roundTrips = Array.from({ length: 100 }, (_, i) => (i < 98 ? p50 : p99))
      return { requests: count, seconds, cpuSeconds, roundTrips }
    },
    stop: () => child.kill(),
  }
}

async function forked(file: string): Promise<{ port: number; stop(): void }> {
  const child = fork(join(import.meta.dirname, file))
  return { port: Number(await message(child)), stop: () => child.kill() }
}

async function printed(program: string): Promise<{ port: number; stop(): void }> {
  const child = spawn(program, [], { stdio: ['ignore', 'pipe', 'inherit'] })
  const line = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next()
  return { port: Number(line.value), stop: () => child.kill() }
}

function message(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error('a process of the benchmark ended'))
    child.once('exit', onExit)
    child.once('message', (value) => {
      child.off('exit', onExit)
      resolve(value)
    })
  })
}

/** The program, or undefined where there is no compiler or no libmodbus. */
function compile(name: string, folder: string): string | undefined {
  const program = join(folder, name)
  try {
    const flags = execFileSync('pkg-config', ['--cflags', '--libs', 'libmodbus'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    execFileSync('gcc', ['-O2', '-o', program, join(import.meta.dirname, `${name}.c`), ...flags.trim().split(/\s+/)])
    return program
  } catch {
    return undefined
  }
}
