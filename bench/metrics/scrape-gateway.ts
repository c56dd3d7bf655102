/** A gateway that is scraped in its own process: how long it takes, and how long the event loop is held at a time. Started by metrics.ts. */
import { performance } from 'node:perf_hooks'
import { createMetrics } from '../../src/observe/metrics.ts'
import { watchSystem } from '../../src/observe/system/system.ts'
import { createPeer } from './peer-registry.ts'
import { pause, startBenchGateway } from './start.ts'

/** One entry a scrape, in ms. */
export interface Scrapes {
  readonly wall: number[]
  /** Processor time of this thread. */
  readonly cpu: number[]
  /** The longest time between two turns of the event loop, and what of it was processor time. */
  readonly hold: number[]
  readonly holdCpu: number[]
  series: number
  bytes: number
}

export interface ScrapeReport {
  readonly idle: Scrapes
  readonly capped: Scrapes
  readonly all: Scrapes
  readonly openMetrics: Scrapes
  readonly peerCapped: Scrapes
  readonly peerAll: Scrapes
}

const [, , file, scrapes] = process.argv
const gateway = await startBenchGateway(file!)
const system = watchSystem(gateway)
const devices = gateway.polling.devices.length
const capped = createMetrics(gateway, { system, maxDevices: 1000 })
const all = createMetrics(gateway, { system, maxDevices: devices })
const idle = await measure(async () => {
  await pause(200)
  return []
})
const ours = {
  capped: await measure(() => capped.bytes(false)),
  all: await measure(() => all.bytes(false)),
  openMetrics: await measure(() => capped.bytes(true)),
}
const peerOf = async (metrics: typeof all, rounds?: number): Promise<Scrapes> => {
  const peer = createPeer(await metrics.render(false))
  return measure(async () => [Buffer.from(await peer.metrics())], rounds)
}
// Of half a million series the other registry takes many seconds a time.
const report: ScrapeReport = { idle, ...ours, peerCapped: await peerOf(capped), peerAll: await peerOf(all, 1) }
process.send!(report)
system.close()
await gateway.stop()
if (process.connected) process.disconnect?.()

/** So many scrapes, as were asked for where nothing is said, after two that nobody counts. */
async function measure(scrape: () => Promise<readonly Uint8Array[]>, rounds = Number(scrapes)): Promise<Scrapes> {
  const result: Scrapes = { wall: [], cpu: [], hold: [], holdCpu: [], series: 0, bytes: 0 }
  for (let round = -2; round < rounds; round++) {
    await pause(150)
    const probe = watchTurns()
    const from = performance.now()
    const cpu = cpuMs()
    const pieces = await scrape()
    const spent = cpuMs() - cpu
    const wall = performance.now() - from
    const { hold, holdCpu } = await probe()
    if (round < 0) continue
    result.wall.push(wall)
    result.cpu.push(spent)
    result.hold.push(hold)
    result.holdCpu.push(holdCpu)
    const text = Buffer.concat(pieces).toString()
    result.bytes = text.length
    result.series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length
  }
  return result
}

/** Looks at the time in every turn of the event loop. */
function watchTurns(): () => Promise<{ hold: number; holdCpu: number }> {
  let [hold, holdCpu, ended] = [0, 0, false]
  let [at, cpuAt] = [performance.now(), cpuMs()]
  const turn = (): void => {
    const [now, cpuNow] = [performance.now(), cpuMs()]
    hold = Math.max(hold, now - at)
    holdCpu = Math.max(holdCpu, cpuNow - cpuAt)
    at = now
    cpuAt = cpuNow
    if (!ended) setImmediate(turn)
  }
  setImmediate(turn)
  return async () => {
    await new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)))
    ended = true
    return { hold, holdCpu }
  }
}

function cpuMs(): number {
  const { user, system: kernel } = process.threadCpuUsage()
  return (user + kernel) / 1000
}
