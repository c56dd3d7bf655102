/**
 * The OPC UA driver on a server that nobody here wrote (asyncua), beside asyncua's own client on the same server and items: 10,000
 * monitored items that all change each second, and batched reads. The values carry the count of their node, so that a missed or wrong
 * one is seen. `--server URL` measures on another server with such values in nodes `ns=1;i=1000…`, as one in C may have them.
 */
import { SampleBatch } from '../src/core/batch.ts'
import type { Driver, Point } from '../src/core/driver.ts'
import type { OpcuaAddress } from '../src/drivers/opcua/address.ts'
import { opcua } from '../src/drivers/opcua/driver.ts'
import type { WorkerHost } from '../src/drivers/opcua/host.ts'
import { needsAsyncua, PLANT, startAsyncuaClient, startAsyncuaServer } from '../src/testing/asyncua.ts'
import { pointsOf, tagOf, testContext } from '../src/testing/driver-suite.ts'
import type { Cleanup } from '../src/testing/peers.ts'
import { judge } from './modbus/verdict.ts'

const ITEMS = 10_000
/** A value is count × WIDTH + the node's own number. */
const WIDTH = 100_000
const MIB = 2 ** 20

export async function run(args: readonly string[] = []): Promise<void> {
  const option = (name: string): string | undefined => args[args.indexOf(name) + 1]
  const seconds = args.includes('--seconds') ? Number(option('--seconds')) : 30
  const cleanups: (() => unknown)[] = []
  const t: Cleanup = { after: (clean) => cleanups.push(clean) }
  try {
    if (args.includes('--server')) {
      const other = (at: number): string => `ns=1;i=${1000 + at}`
      await subscription(option('--server')!, other, seconds)
      return await reads(t, option('--server')!, other, 5, undefined)
    }
    const reason = needsAsyncua()
    if (reason !== false) return console.log(`  skipped: ${reason}`)
    const server = await startAsyncuaServer(t, { counters: ITEMS, intervalMs: 1000 })
    const nodeOf = (at: number): string => `nsu=${PLANT};s=Counters/${at}`
    await subscription(server.url, nodeOf, seconds)
    await theirs(t, server.url, nodeOf, seconds)
    await reads(t, server.url, nodeOf, 5, nodeOf)
  } finally {
    for (const clean of cleanups.toReversed()) await clean()
  }
}

interface Opened {
  readonly driver: Driver<OpcuaAddress>
  readonly host: WorkerHost
  readonly points: readonly Point<OpcuaAddress>[]
  close(): Promise<void>
}

async function open(endpoint: string, nodeOf: (at: number) => string, count: number, prefix = ''): Promise<Opened> {
  const shared: { all?: unknown } = {}
  const options = opcua.options.parse({ endpoint, securityPolicy: 'None' })
  const driver = opcua.create(options, testContext('bench', shared))
  const tags = Array.from({ length: count }, (_, at) => tagOf(`${prefix}${nodeOf(at)}`, 'float64', { name: `t${at}` }))
  await driver.connect(AbortSignal.timeout(30_000))
  return { driver, host: shared.all as WorkerHost, points: pointsOf(opcua, tags), close: () => driver.close() }
}

/** Ours: 10,000 items at 1 s. Each value must be one more than the one before. */
async function subscription(url: string, nodeOf: (at: number) => string, seconds: number): Promise<void> {
  const before = process.memoryUsage().rss
  const { driver, host, points, close } = await open(url, nodeOf, ITEMS)
  const last = new Float64Array(ITEMS + 1).fill(NaN)
  const counts = { received: 0, missed: 0, wrong: 0 }
  const stop = new AbortController()
  const ended = driver.subscribe!(points, (batch) => take(batch, last, counts), stop.signal)
  await until(() => counts.received >= ITEMS, 60_000)
  counts.received = 0
  const [cpu, process0, started] = [(await host.usage())!.cpuSeconds, process.cpuUsage(), performance.now()]
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  const usage = (await host.usage())!
  const elapsed = (performance.now() - started) / 1000
  const all = process.cpuUsage(process0)
  const rss = (process.memoryUsage().rss - before) / MIB
  stop.abort()
  await ended.catch(() => {})
  await close()
  console.log(
    `  ours: ${counts.received} values in ${elapsed.toFixed(0)} s, ${counts.missed} missed, ${counts.wrong} wrong`,
  )
  judge('missed notifications', counts.missed + counts.wrong, 0)
  judge('values received of those due', counts.received / (ITEMS * (elapsed - 1.5)), 1, 'at least')
  judge('worker, share of a core', ((usage.cpuSeconds - cpu) / elapsed) * 100, 10, 'at most', ' %')
  console.log(`  whole process, share of a core: ${((all.user + all.system) / 1e4 / elapsed).toFixed(1)} %`)
  judge('memory of the worker (growth of the process)', rss, 200, 'at most', ' MiB')
}

function take(
  batch: SampleBatch,
  last: Float64Array,
  counts: { received: number; missed: number; wrong: number },
): void {
  for (let row = 0; row < batch.length; row++) {
    const [tag, value] = [batch.tag[row]!, batch.value[row]!]
    const count = Math.floor(value / WIDTH)
    if (value % WIDTH !== tag - 1) counts.wrong++
    if (count > last[tag]! + 1) counts.missed += count - last[tag]! - 1
    last[tag] = count
    counts.received++
  }
}

/** asyncua's client on the same server and items: as its examples do it, and with the publish callback alone. */
async function theirs(t: Cleanup, url: string, nodeOf: (at: number) => string, seconds: number): Promise<void> {
  for (const raw of [false, true]) {
    const client = await startAsyncuaClient(t, { url })
    const nodes = Array.from({ length: ITEMS }, (_, at) => nodeOf(at))
    const order = { nodes, publishingMs: 1000, queue: 10, seconds, perCall: 1000, raw }
    const got = await client.ask<Record<string, number>>('verify', order, 180_000 + seconds * 1000)
    console.log(
      `  asyncua ${raw ? 'publish callback' : 'its handler'}: ${got.received} values in ${got.seconds!.toFixed(0)} s, ${got.missed} missed, ` +
        `${((got.cpuS! / got.seconds!) * 100).toFixed(1)} % of a core, last one ${got.lagMs?.toFixed(0) ?? '?'} ms late`,
    )
    await client.process.stop()
  }
}

/** Reads of 1,000 nodes one after the other; CPU is what counts, the rate is the server's. */
async function reads(
  t: Cleanup,
  url: string,
  nodeOf: (at: number) => string,
  seconds: number,
  theirNode: ((at: number) => string) | undefined,
): Promise<void> {
  const { driver, host, points, close } = await open(url, nodeOf, 1000, 'poll ')
  const poll = driver.prepare(points)
  const signal = new AbortController().signal
  let values = 0
  const emit = (batch: SampleBatch): void => void (values += batch.length)
  for (let i = 0; i < 20; i++) await poll.read(0, emit, signal)
  values = 0
  const [cpu, process0, started] = [(await host.usage())!.cpuSeconds, process.cpuUsage(), performance.now()]
  while (performance.now() - started < seconds * 1000) await poll.read(0, emit, signal)
  const elapsed = (performance.now() - started) / 1000
  const worker = (await host.usage())!.cpuSeconds - cpu
  const all = process.cpuUsage(process0)
  await close()
  console.log(`  reads: ${Math.round(values / elapsed)} values/s`)
  judge('worker, share of a core for 100,000 values/s', (worker / values) * 1e7, 25, 'at most', ' %')
  console.log(`  whole process for 100,000 values/s: ${(((all.user + all.system) / 1e6 / values) * 1e7).toFixed(1)} %`)
  if (theirNode === undefined) return
  const client = await startAsyncuaClient(t, { url })
  const nodes = Array.from({ length: 1000 }, (_, at) => theirNode(at))
  const got = await client.ask<Record<string, number>>('readRate', { nodes, batch: 1000, seconds }, 60_000)
  console.log(
    `  asyncua: ${Math.round(got.perSecond!)} values/s, ${((got.cpuS! / got.values!) * 1e7).toFixed(1)} % of a core for 100,000 values/s`,
  )
  await client.process.stop()
}

async function until(condition: () => boolean, limitMs: number): Promise<void> {
  const end = performance.now() + limitMs
  while (!condition()) {
    if (performance.now() > end) throw new Error('the first values did not come')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
