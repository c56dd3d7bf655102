/** A gateway under load whose counting is switched on and off in turns; processor time of each stretch. Started by metrics.ts. */
import './switched.ts'
import { count } from './switch.ts'

/** ms of processor time, of the whole process, one entry a pair. */
export interface CostReport {
  readonly withMs: number[]
  readonly withoutMs: number[]
  /** The same of single scrapes. */
  readonly scrapeMs: number[]
  readonly tagsPerSecond: number
}

const [, , file, pairs, seconds] = process.argv
const { pause, startBenchGateway } = await import('./start.ts')
const { createMetrics } = await import('../../src/observe/metrics.ts')
const { watchSystem } = await import('../../src/observe/system/system.ts')
const gateway = await startBenchGateway(file!)
await pause(2000)

const metrics = createMetrics(gateway)
const before = gateway.polling.samples
const from = performance.now()
const report = { withMs: [] as number[], withoutMs: [] as number[], scrapeMs: [] as number[], tagsPerSecond: 0 }
for (let pair = 0; pair < Number(pairs); pair++) {
  // The first of a pair is not always the same.
  for (const isOn of pair % 2 === 0 ? [true, false] : [false, true])
    (isOn ? report.withMs : report.withoutMs).push(await stretch(isOn))
}
for (let scrape = 0; scrape < 12; scrape++) {
  await pause(100)
  const ms = await scrapeMs()
  // The first ones load and compile.
  if (scrape > 1) report.scrapeMs.push(ms)
}
report.tagsPerSecond = (gateway.polling.samples - before) / ((performance.now() - from) / 1000)
process.send!(report satisfies CostReport)
await gateway.stop()
if (process.connected) process.disconnect?.()

async function stretch(isOn: boolean): Promise<number> {
  count(isOn)
  const system = isOn ? watchSystem(gateway) : undefined
  const cpu = process.cpuUsage()
  await pause(Number(seconds) * 1000)
  const { user, system: kernel } = process.cpuUsage(cpu)
  system?.close()
  count(true)
  return (user + kernel) / 1000
}

/** What runs beside it is in it, in the turns between: the median tells. */
async function scrapeMs(): Promise<number> {
  const cpu = process.threadCpuUsage()
  await metrics.bytes(false)
  const { user, system: kernel } = process.threadCpuUsage(cpu)
  return (user + kernel) / 1000
}
