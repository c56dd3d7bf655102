/**
 * A gateway of `tracing.ts`, in a process of its own. It polls only while it is measured, so that two of them share the machine and the
 * devices in turn; whether it traces is said by OTEL_*.
 */
import { performance } from 'node:perf_hooks'
import { loadConfig } from '../src/config/load.ts'
import { drivers } from '../src/drivers/index.ts'
import { startGateway } from '../src/gateway.ts'
import { createLogger } from '../src/observe/log.ts'
import { createCounter } from './counting-sink.ts'

export interface Measured {
  /** Of one core, in seconds. */
  readonly cpuSeconds: number
  readonly samples: number
  readonly samplesPerSecond: number
  readonly rssMiB: number
  readonly sent: number
  readonly dropped: number
}

/** Polls are spread over a second: from then on all of them run. */
const SETTLE_MS = 1100

const counter = createCounter()
const config = await loadConfig(process.argv[2]!, { drivers, sinks: [counter.type], env: process.env })
const began = performance.now()
const gateway = await startGateway(config, { log: createLogger({ level: 'error', format: 'json' }), version: 'bench' })
const startMs = performance.now() - began
while (!gateway.polling.devices.every((device) => device.lastGoodAt !== undefined)) await sleep(50)
gateway.polling.hold('another one is measured')
process.send!({ connected: startMs })
process.on('message', (message: { measure?: number; stop?: true }) => {
  if (message.measure !== undefined) void measure(message.measure)
  if (message.stop === true) void gateway.stop().then(() => process.exit(0))
})

async function measure(ms: number): Promise<void> {
  gateway.polling.hold(undefined)
  await sleep(SETTLE_MS)
  const samples = gateway.polling.samples
  const from = performance.now()
  const cpu = process.cpuUsage()
  await sleep(ms)
  const spent = process.cpuUsage(cpu)
  const seconds = (performance.now() - from) / 1000
  const measured: Measured = {
    cpuSeconds: (spent.user + spent.system) / 1e6,
    samples: gateway.polling.samples - samples,
    samplesPerSecond: (gateway.polling.samples - samples) / seconds,
    rssMiB: process.memoryUsage.rss() / 2 ** 20,
    sent: gateway.tracing?.spans.sent ?? 0,
    dropped: gateway.tracing?.spans.dropped ?? 0,
  }
  gateway.polling.hold('another one is measured')
  process.send!({ measured })
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
