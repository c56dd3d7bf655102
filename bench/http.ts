/**
 * The HTTP server beside the work of the gateway: 1,000 devices of 100 tags polled at 1 s while values are asked for 1,000 times a second,
 * and while 5,000 live sockets have 20 tags each at 1 s. Devices, gateway, callers and subscribers are processes of their own, all on this
 * machine. Callers come from several addresses, each within its share. Options: --seconds 5, --subscribers 5000, --rate 1000.
 */
import { parseArgs } from 'node:util'
import { startChild } from './child.ts'
import { at, loadAverage, startGatewayUnderLoad, type GatewayUnderLoad } from './gateway-under-load.ts'
import type { CrowdResult } from './live-crowd.ts'
import type { LoadResult } from './open-loop.ts'

const DEVICES = 1000
const TAGS = 100
const ANSWER_P95_MS = 20
const PUSH_P99_MS = 250

interface Measured {
  readonly tagsPerSecond: number
  /** Of one core. */
  readonly cpu: number
  readonly rssMiB: number
}

export async function run(args: readonly string[] = []): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '5' },
      subscribers: { type: 'string', default: '5000' },
      rate: { type: 'string', default: '1000' },
    },
  })
  const seconds = Number(values.seconds)
  const gateway = await startGatewayUnderLoad(DEVICES, TAGS)
  try {
    const idle = await beside(gateway, () => new Promise((resolve) => setTimeout(resolve, 2000)))
    console.log(`${DEVICES} devices × ${TAGS} tags at 1 s, ${loadAverage()}; alone: ${workOf(idle)}`)
    if (Number(values.rate) > 0) await askValues(gateway, Number(values.rate), seconds)
    if (Number(values.subscribers) > 0) await subscribe(gateway, Number(values.subscribers), seconds)
  } finally {
    await gateway.stop()
  }
}

/** Half of the requests are for one tag, half for the hundred tags of a device. */
async function askValues(gateway: GatewayUnderLoad, perSecond: number, seconds: number): Promise<void> {
  const paths = Array.from({ length: 100 }, (_, index) =>
    index % 2 === 0 ? `/api/v1/values/d${index * 7}/r${index}` : `/api/v1/values?device=d${index * 9}`,
  )
  const client = startChild('open-loop.ts')
  const load = {
    port: gateway.port,
    paths,
    addresses: Array.from({ length: 16 }, (_, index) => `127.55.0.${index + 1}`),
  }
  client.tell({ ...load, perSecond, seconds: 1 })
  await client.hear('result')
  const measured = await beside(gateway, async () => {
    client.tell({ ...load, perSecond, seconds })
    return client.hear<LoadResult>('result')
  })
  client.stop()
  const { times, others, bytes } = measured.result
  const sorted = times.toSorted((a, b) => a - b)
  const failed = Object.entries(others).map(([why, count]) => `${count}× ${why}`)
  const holds = at(sorted, 0.95) < ANSWER_P95_MS && failed.length === 0
  say(
    `GET values ${perSecond}/s: p50 ${ms(at(sorted, 0.5))}, p95 ${ms(at(sorted, 0.95))} (< ${ANSWER_P95_MS}), p99 ${ms(at(sorted, 0.99))}, ` +
      `${times.length} served, ${(bytes / times.length / 1024).toFixed(1)} KiB each${failed.length === 0 ? '' : `, ${failed.join(', ')}`}; ${workOf(measured)}`,
    holds,
  )
}

async function subscribe(gateway: GatewayUnderLoad, sockets: number, seconds: number): Promise<void> {
  const crowd = startChild('live-crowd.ts')
  const began = performance.now()
  crowd.tell({ port: gateway.port, sockets, perAddress: 100, devices: DEVICES, tagsEach: 20, seconds })
  await crowd.hear('ready')
  const opened = performance.now() - began
  await new Promise((resolve) => setTimeout(resolve, 1500))
  const measured = await beside(gateway, async () => {
    crowd.tell({ measure: true })
    return crowd.hear<CrowdResult>('result')
  })
  crowd.stop()
  const { travel, late, deltas, bytes, lost } = measured.result
  const travelled = travel.toSorted((a, b) => a - b)
  const lateness = late.toSorted((a, b) => a - b)
  const expected = sockets * (seconds - 1)
  const holds =
    at(travelled, 0.99) < PUSH_P99_MS && at(lateness, 0.99) < PUSH_P99_MS && deltas >= expected && lost === 0
  say(
    `${sockets} subscribers of 20 tags at 1 s (open in ${(opened / 1000).toFixed(1)} s): push p50 ${ms(at(travelled, 0.5))}, p99 ${ms(at(travelled, 0.99))} ` +
      `(< ${PUSH_P99_MS}); off their beat p50 ${ms(at(lateness, 0.5))}, p99 ${ms(at(lateness, 0.99))}; ` +
      `${(deltas / seconds).toFixed(0)} deltas/s of ${(bytes / deltas).toFixed(0)} bytes, ${lost} lost; ${workOf(measured)}`,
    holds,
  )
}

async function beside<T>(gateway: GatewayUnderLoad, work: () => Promise<T>): Promise<Measured & { result: T }> {
  const before = await gateway.metric('bifrost_log_next_seq')
  gateway.rssMiB()
  const cpu = gateway.cpuSeconds()
  const from = performance.now()
  const result = await work()
  const seconds = (performance.now() - from) / 1000
  const spent = gateway.cpuSeconds() - cpu
  const samples = (await gateway.metric('bifrost_log_next_seq')) - before
  return {
    result,
    tagsPerSecond: samples / ((performance.now() - from) / 1000),
    cpu: spent / seconds,
    rssMiB: gateway.rssMiB(),
  }
}

const ms = (value: number): string => `${value.toFixed(1)} ms`

const workOf = ({ tagsPerSecond, cpu, rssMiB }: Measured): string =>
  `${(tagsPerSecond / 1000).toFixed(0)},000 tags/s polled, ${(cpu * 100).toFixed(0)} % of a core, RSS ${rssMiB.toFixed(0)} MiB`

function say(line: string, holds: boolean): void {
  console.log(`${line}${holds ? '' : '  MISSED'}`)
  if (!holds) process.exitCode = 1
}
