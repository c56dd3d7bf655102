/**
 * The gateway under measurement, in a process of its own: the product's own start on a configuration file, with one more sink that
 * counts and checks. Started by flow.ts with an IPC channel; measures between 'begin' and 'end'.
 */
import { performance } from 'node:perf_hooks'
import { loadConfig } from '../src/config/load.ts'
import { createHistogram, quantile, type Histogram } from '../src/core/histogram.ts'
import { drivers } from '../src/drivers/index.ts'
import { startGateway, type Gateway } from '../src/gateway.ts'
import { createLogger } from '../src/observe/log.ts'
import { createCounter } from './counting-sink.ts'
import { FAULTY_PREFIX } from './flow.ts'

export interface FlowReport {
  seconds: number
  cpuRatio: number
  rssMiB: number
  samples: number
  polls: number
  overruns: number
  failedPolls: number
  latenessP50Ms: number
  latenessP99Ms: number
  bytesWritten: number
  received: number
  wrongValues: number
  notInOrder: number
  pending: number
  unbalanced: number
}

const counter = createCounter()
const config = await loadConfig(process.argv[2]!, { drivers, sinks: [counter.type], env: process.env })
const started = performance.now()
const gateway = await startGateway(config, { log: createLogger({ level: 'error', format: 'json' }), version: 'bench' })

const healthy = gateway.polling.devices.filter(({ name }) => !name.startsWith(FAULTY_PREFIX))
await until(() => healthy.every((device) => device.lastGoodAt !== undefined))
process.send!({ connected: performance.now() - started })
process.on('message', (message: { measure?: number }) => {
  if (message.measure !== undefined) void measure(message.measure)
})

async function measure(seconds: number): Promise<void> {
  const before = snapshot(gateway)
  const cpu = process.cpuUsage()
  const from = performance.now()
  let rss = 0
  const timer = setInterval(() => (rss = Math.max(rss, process.memoryUsage.rss())), 250)
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  clearInterval(timer)
  const spent = process.cpuUsage(cpu)
  const elapsed = (performance.now() - from) / 1000
  const after = snapshot(gateway)
  await gateway.stop()
  const ledger = gateway.runners[0]!.status()
  const lateness = difference(after.lateness, before.lateness)
  const report: FlowReport = {
    seconds: elapsed,
    cpuRatio: (spent.user + spent.system) / 1e6 / elapsed,
    rssMiB: rss / 2 ** 20,
    samples: after.samples - before.samples,
    polls: after.polls - before.polls,
    overruns: after.overruns - before.overruns,
    failedPolls: after.failed - before.failed,
    latenessP50Ms: (quantile(lateness, 0.5) ?? 0) * 1000,
    latenessP99Ms: (quantile(lateness, 0.99) ?? 0) * 1000,
    bytesWritten: after.bytesWritten - before.bytesWritten,
    received: counter.received,
    wrongValues: counter.wrongValues,
    notInOrder: counter.notInOrder,
    pending: ledger.pending,
    unbalanced:
      ledger.routed - ledger.delivered - ledger.pending - Object.values(ledger.dropped).reduce((sum, n) => sum + n, 0),
  }
  process.send!({ report, polls: gateway.polling.devices.reduce((sum, device) => sum + device.stats.pollsOk, 0) })
  process.disconnect?.()
}

function snapshot({ store }: Gateway) {
  const lateness = createHistogram(healthy[0]!.stats.lateness.bounds)
  let polls = 0
  let overruns = 0
  let failed = 0
  let samples = 0
  for (const { stats } of healthy) {
    polls += stats.polls
    overruns += stats.overruns
    failed += stats.pollsFailed
    samples += stats.samples
    lateness.count += stats.lateness.count
    for (let i = 0; i < lateness.counts.length; i++) lateness.counts[i]! += stats.lateness.counts[i]!
  }
  return { polls, overruns, failed, samples, lateness, bytesWritten: store.info().bytesWritten }
}

function difference(after: Histogram, before: Histogram): Histogram {
  const result = createHistogram(after.bounds)
  result.count = after.count - before.count
  for (let i = 0; i < result.counts.length; i++) result.counts[i] = after.counts[i]! - before.counts[i]!
  return result
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 50))
}
