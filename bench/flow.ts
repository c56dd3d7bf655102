/**
 * The whole flow: N devices in another process, polled over real sockets, every value changing, through pipeline, log and cursor
 * to a sink that checks every value by the counter inside it. Nothing is counted that did not arrive.
 * Options: --devices 1000 --tags 100 --seconds 60 --faulty 10 (every tenth device misbehaves; the others are measured). Without --devices the two profiles of the product's targets run.
 */
import { fork, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { farmAddress, faultOf } from '../simulators/farm.ts'
import type { FlowReport } from './flow-gateway.ts'

/** Devices whose name begins so are meant to misbehave: what is measured is the others. */
export const FAULTY_PREFIX = 'faulty-'

export interface Profile {
  readonly devices: number
  readonly tags: number
  readonly rssLimitMiB: number
  /** Every so many-th device misbehaves. */
  readonly faulty?: number | undefined
}

const PROFILES: readonly Profile[] = [
  { devices: 1000, tags: 100, rssLimitMiB: 250 },
  { devices: 10_000, tags: 10, rssLimitMiB: 512 },
]

export async function run(args: readonly string[] = []): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      devices: { type: 'string' },
      tags: { type: 'string' },
      seconds: { type: 'string', default: '60' },
      faulty: { type: 'string' },
    },
  })
  const profiles =
    values.devices === undefined
      ? PROFILES
      : [{ ...profileOf(Number(values.devices), Number(values.tags ?? 100)), faulty: numberOf(values.faulty) }]
  for (const profile of profiles) await runProfile(profile, Number(values.seconds))
}

const numberOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text))

/** The product's own limit where it has this profile. */
function profileOf(devices: number, tags: number): Profile {
  return PROFILES.find((one) => one.devices === devices && one.tags === tags) ?? { devices, tags, rssLimitMiB: 512 }
}

async function runProfile(profile: Profile, seconds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bifrost-bench-'))
  const farm = await startFarm(profile)
  try {
    const config = writeConfig(folder, profile, farm.port)
    const gateway = fork(join(import.meta.dirname, 'flow-gateway.ts'), [config], {
      execPath: join(import.meta.dirname, '..', 'bin', 'launch'),
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const messages = messagesOf(gateway)
    const { connected } = (await messages.next('connected')) as { connected: number }
    await new Promise((resolve) => setTimeout(resolve, 3000))
    gateway.send({ measure: seconds })
    const { report } = (await messages.next('report')) as { report: FlowReport }
    print(profile, connected, report)
  } finally {
    farm.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

function print({ devices: all, tags, rssLimitMiB, faulty }: Profile, connected: number, report: FlowReport): void {
  const missed = report.overruns + report.failedPolls
  const devices = faulty === undefined ? all : all - Math.ceil(all / faulty)
  // The bound while every tenth device is slow, silent, resetting or sending garbage is wider.
  const latenessMs = faulty === undefined ? 100 : 150
  const rows: readonly (readonly [string, string, string, boolean])[] = [
    [
      'tags/s',
      (report.samples / report.seconds).toFixed(0),
      `${devices * tags}`,
      report.samples / report.seconds > devices * tags * 0.99,
    ],
    ['missed cycles', String(missed), '0', missed === 0],
    ['poll lateness p50', `${report.latenessP50Ms.toFixed(2)} ms`, '', true],
    [
      'poll lateness p99',
      `${report.latenessP99Ms.toFixed(2)} ms`,
      `< ${latenessMs} ms`,
      report.latenessP99Ms < latenessMs,
    ],
    ['CPU of one core', `${(report.cpuRatio * 100).toFixed(1)} %`, '≤ 60 %', report.cpuRatio <= 0.6],
    ['RSS, highest', `${report.rssMiB.toFixed(0)} MiB`, `≤ ${rssLimitMiB} MiB`, report.rssMiB <= rssLimitMiB],
    ['all connected and read after', `${(connected / 1000).toFixed(2)} s`, '< 15 s', connected < 15_000],
    ['bytes written a sample', (report.bytesWritten / report.samples).toFixed(2), '', true],
    ['samples at the sink, each checked', String(report.received), '', report.received > 0],
    ['values that do not follow their predecessor', String(report.wrongValues), '0', report.wrongValues === 0],
    ['sequence numbers out of order', String(report.notInOrder), '0', report.notInOrder === 0],
    [
      'pending after stop / ledger imbalance',
      `${report.pending} / ${report.unbalanced}`,
      '0 / 0',
      report.unbalanced === 0,
    ],
  ]
  const beside =
    faulty === undefined ? '' : `, beside ${all - devices} that are slow, silent, resetting or send garbage`
  console.log(`${devices} devices × ${tags} tags at 1 s${beside}, ${report.seconds.toFixed(0)} s:`)
  for (const [name, value, target, holds] of rows) {
    console.log(`  ${name.padEnd(46)} ${value.padStart(14)}  ${target.padEnd(10)} ${holds ? '' : 'MISSED'}`)
    if (!holds) process.exitCode = 1
  }
}

export async function startFarm({ devices, tags, faulty }: Profile) {
  const script = join(import.meta.dirname, '..', 'simulators', 'farm.ts')
  const child = spawn(
    process.execPath,
    [script, '--devices', String(devices), '--tags', String(tags), '--layout', 'addresses'].concat(
      faulty === undefined ? [] : ['--faulty', String(faulty)],
    ),
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  const ready = await new Promise<{ port: number }>((resolve, reject) => {
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      const line = text.split('\n').find((candidate) => candidate.includes('"ready"'))
      if (line !== undefined && text.includes('\n')) resolve(JSON.parse(line) as { port: number })
    })
    child.once('exit', (code) => reject(new Error(`the farm ended with code ${code}`)))
  })
  return { ...ready, stop: () => child.kill() }
}

export function writeConfig(folder: string, { devices: count, tags, faulty }: Profile, port: number): string {
  const rows = Array.from({ length: tags }, (_, index) => `r${index},hr:${index},uint16`)
  writeFileSync(join(folder, 'tags.csv'), `name,address,type\n${rows.join('\n')}\n`)
  const devices = Array.from({ length: count }, (_, index) => {
    const prefix = faultOf(index, faulty) === undefined ? '' : FAULTY_PREFIX
    return `  - { name: ${prefix}d${index}, driver: modbus, every: 1s, options: { host: ${farmAddress(index)}, port: ${port} }, tags: tags.csv }`
  })
  const file = join(folder, 'bifrost.yaml')
  const sink = `sinks:\n  - { name: counting, sink: counting }`
  writeFileSync(file, `version: 1\ndata: ./data\nhttp: { enabled: false }\ndevices:\n${devices.join('\n')}\n${sink}\n`)
  return file
}

/** Messages of the child by the key they carry; a child that ends early rejects. */
export function messagesOf(child: ReturnType<typeof fork>) {
  const received: object[] = []
  const waiting = new Set<() => void>()
  let ended = false
  child.on('message', (message: object) => {
    received.push(message)
    for (const wake of waiting) wake()
  })
  child.once('exit', () => {
    ended = true
    for (const wake of waiting) wake()
  })
  return {
    async next(key: string): Promise<object> {
      for (;;) {
        const found = received.find((message) => key in message)
        if (found !== undefined) return found
        if (ended) throw new Error(`the gateway ended before it said '${key}'`)
        await new Promise<void>((resolve) => {
          waiting.add(resolve)
          setTimeout(resolve, 1000).unref()
        })
      }
    },
  }
}
