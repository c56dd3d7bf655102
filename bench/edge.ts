/**
 * The edge profile: the gateway with deploy/edge/gateway-edge.yaml in a cgroup of 256 MB and half a core, 200 devices × 10 tags a second from a
 * farm in a process of its own, everything delivered to a receiver that checks every value. Then the start with 1,000 devices, and 72 hours
 * without a sink. Options: --product DIR (a staged product; else the checkout), --minutes 5, --part load|start|offline, --fiftieth 50.
 * Needs root for the cgroup.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { farmAddress } from '../simulators/farm.ts'
import { freePort } from '../src/testing/peers.ts'
import { makeCgroup } from './edge/cgroup.ts'
import { farmPolls, startFarmOf, type FarmChild } from './edge/farm.ts'
import { offline } from './edge/offline.ts'
import { startReceiver } from './edge/receiver.ts'
import { end, loadAverage } from './gateway-under-load.ts'

const ROOT = join(import.meta.dirname, '..')
/** As the unit has it. */
const UNIT = Object.fromEntries(
  [...readFileSync(join(ROOT, 'deploy', 'edge', 'bifrost.service'), 'utf8').matchAll(/^Environment=(NODE_OPTIONS|BIFROST_MEMORY)=(.*)$/gm)].map(([, name, value]) => [name!, value!]), // prettier-ignore
)
const TAGS = 10
const RSS_LIMIT_MIB = 160
const GROWTH_LIMIT = 1
/** Code is compiled, buffers find their size. */
const SETTLED = 30
/** Minutes of a segment: what is made of it is in memory until it is sealed, so memory is compared with that of an hour before. */
const PERIOD = 60
const PART = 5

export async function run(args: readonly string[] = []): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      product: { type: 'string' },
      minutes: { type: 'string', default: '5' },
      part: { type: 'string' },
      fiftieth: { type: 'string', default: '50' },
    },
  })
  const command = join(values.product ?? ROOT, 'bin', 'bifrost')
  console.log(`${values.product === undefined ? 'from the checkout' : 'the staged product'}, ${loadAverage()}`)
  const wants = (part: string): boolean => values.part === undefined || values.part === part
  if (wants('start')) for (const [devices, limit] of [[200, 2000], [1000, 5000]] as const) await starts(command, devices, limit) // prettier-ignore
  if (wants('load')) await load(command, Number(values.minutes))
  if (wants('offline')) await offline(Number(values.fiftieth))
}

/** From the start of the process to the first answer of a device, and to all of them; the first time without compiled code. */
async function starts(command: string, devices: number, limitMs: number): Promise<void> {
  const rig = await makeRig(devices)
  try {
    for (const what of ['first start', 'second start', 'third start']) {
      const before = await farmPolls(rig.farm)
      const began = performance.now()
      const gateway = rig.start(command)
      const first = await until(async () => (await farmPolls(rig.farm)).some((polls, at) => polls > before[at]!), began)
      const cpuMs = gateway.cgroup.cpuMs()
      const all = await until(async () => (await farmPolls(rig.farm)).every((polls, at) => polls > before[at]!), began)
      verdict(`${devices} devices, ${what}: first sample after ${first.toFixed(0)} ms (≤ ${limitMs}), ${cpuMs.toFixed(0)} ms of a core; all devices after ${all.toFixed(0)} ms`, first <= limitMs) // prettier-ignore
      await gateway.stop()
    }
  } finally {
    await rig.close()
  }
}

async function load(command: string, minutes: number): Promise<void> {
  const rig = await makeRig(200)
  try {
    const gateway = rig.start(command)
    const points: Point[] = []
    const began = performance.now()
    const cpuBefore = gateway.cgroup.cpuMs()
    while (performance.now() - began < minutes * 60_000) {
      await new Promise((resolve) => setTimeout(resolve, 1000))
      points.push({ at: performance.now() - began, mib: gateway.rssMiB() })
    }
    const core = ((gateway.cgroup.cpuMs() - cpuBefore) / (performance.now() - began)) * 100
    const peak = Math.max(...points.map(({ mib }) => mib))
    const held = gateway.cgroup.peakMiB()
    await gateway.stop()
    const { received, gaps, wrong } = rig.receiver.counts()
    const polled = (await farmPolls(rig.farm)).reduce((sum, polls) => sum + polls, 0) * TAGS
    verdict(`200 devices × ${TAGS} tags/s for ${minutes} min: RSS at most ${peak.toFixed(0)} MiB (≤ ${RSS_LIMIT_MIB}), ${core.toFixed(1)} % of a core`, peak <= RSS_LIMIT_MIB) // prettier-ignore
    console.log(`  cgroup with page cache and socket buffers: at most ${held.toFixed(0)} MiB of 256`)
    judgeGrowth(points, minutes)
    verdict(`  ${received} samples received of ${polled} answered; ${gaps} missing between others, ${wrong} wrong`, gaps === 0 && wrong === 0 && polled - received <= 200 * TAGS) // prettier-ignore
  } finally {
    await rig.close()
  }
}

/** Means of five minutes against those an hour before; the margin is two standard errors of their differences. */
function judgeGrowth(points: readonly Point[], minutes: number): void {
  const mean = (from: number): number => {
    const part = points.filter(({ at }) => at >= from * 60_000 && at < (from + PART) * 60_000)
    return part.reduce((sum, { mib }) => sum + mib, 0) / part.length
  }
  const parts = Array.from({ length: Math.floor(minutes / PART) }, (_, at) => at * PART)
  if (parts.length > 0)
    console.log(`  RSS each ${PART} minutes: ${parts.map((from) => mean(from).toFixed(1)).join(', ')} MiB`)
  const grown = parts.filter((from) => from >= SETTLED + PERIOD).map((from) => mean(from) - mean(from - PERIOD))
  if (grown.length < 2) return console.log(`  growth is not judged: --minutes ${SETTLED + PERIOD + 2 * PART} at least`)
  const perHour = grown.reduce((sum, one) => sum + one, 0) / grown.length
  const spread = grown.reduce((sum, one) => sum + (one - perHour) ** 2, 0) / (grown.length - 1)
  const margin = 2 * Math.sqrt(spread / grown.length)
  verdict(`  growth over an hour, from the ${SETTLED}th minute on: ${perHour.toFixed(2)} ± ${margin.toFixed(2)} MiB (≤ ${GROWTH_LIMIT})`, perHour + margin <= GROWTH_LIMIT) // prettier-ignore
}

interface Point {
  /** Milliseconds since the start. */
  readonly at: number
  readonly mib: number
}

interface RunningGateway {
  readonly cgroup: ReturnType<typeof makeCgroup>
  rssMiB(): number
  stop(): Promise<void>
}

/** Farm, receiver and configuration; gateways that are started one after another. */
async function makeRig(devices: number) {
  const folder = mkdtempSync(join(tmpdir(), 'bifrost-edge-'))
  const farm: FarmChild = await startFarmOf(devices, TAGS)
  const receiver = await startReceiver(TAGS)
  const config = join(folder, 'bifrost.yaml')
  writeFileSync(config, configOf(devices, farm.port, receiver.port, await freePort()))
  writeFileSync(join(folder, 'tags.csv'), `name,address,type\n${Array.from({ length: TAGS }, (_, at) => `r${at},hr:${at},uint16`).join('\n')}\n`) // prettier-ignore
  let running: ChildProcess | undefined
  const start = (command: string): RunningGateway => {
    const cgroup = makeCgroup({ memoryBytes: 256 * 2 ** 20, cores: 0.5 })
    const child = spawn('sh', ['-c', `${cgroup.enter} exec "$0" "$@"`, command, 'run', '-c', config], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compiled'), ...UNIT },
    })
    running = child
    const rssMiB = () => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024
    return { cgroup, rssMiB, stop: () => end(child).finally(() => cgroup.remove()) }
  }
  const close = async () => {
    if (running !== undefined) await end(running)
    await end(farm.child)
    receiver.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return { farm, receiver, start, close }
}

/** The file that the installer puts on a box, with devices and a sink in the place of none. */
function configOf(devices: number, farmPort: number, sinkPort: number, port: number): string {
  const rows = Array.from({ length: devices }, (_, at) => `  - { name: d${at}, driver: modbus, every: 1s, options: { host: ${farmAddress(at)}, port: ${farmPort} }, tags: tags.csv }`) // prettier-ignore
  const sink = `  - { name: cloud, sink: http, options: { url: 'http://127.0.0.1:${sinkPort}/', format: ndjson } }`
  return readFileSync(join(ROOT, 'deploy', 'edge', 'gateway-edge.yaml'), 'utf8')
    .replace('data: /var/lib/bifrost', 'data: ./data')
    .replace('listen: 127.0.0.1:8080', `listen: 127.0.0.1:${port}, access: open`)
    .replace('level: info', 'level: warn')
    .replace('devices: []', `devices:\n${rows.join('\n')}`)
    .replace('sinks: []', `sinks:\n${sink}`)
}

async function until(condition: () => Promise<boolean>, began: number): Promise<number> {
  while (!(await condition())) {
    if (performance.now() - began > 120_000) throw new Error('not within two minutes')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return performance.now() - began
}

function verdict(line: string, holds: boolean): void {
  console.log(`${line}${holds ? '' : '  MISSED'}`)
  if (!holds) process.exitCode = 1
}
