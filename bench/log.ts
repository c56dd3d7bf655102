/**
 * The log alone: ingest, how fast a cursor drains from disk, and at an even pace with a reader what it costs and what reaches the
 * block device. Three minutes.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SampleBatch } from '../src/core/batch.ts'
import { systemClock } from '../src/core/clock.ts'
import { silentLog } from '../src/core/log.ts'
import { openStore, type Store, type StoreOptions } from '../src/store/store.ts'
import { makeBlockDevice, type BlockDevice } from './block-device.ts'
import { percentiles } from './percentiles.ts'
import { BATCH, Plant } from './plant.ts'

const signal = new AbortController().signal
/** What a little box on flash is told to do (examples/edge-box). */
const EDGE: Partial<StoreOptions> = { syncEveryMs: 1000, preallocateBytes: 256 * 1024 }

/** Runs every part and prints its figures. */
export async function run(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'bifrost-bench-log-'))
  try {
    await ingest(join(dir, 'ingest'))
    const device = makeBlockDevice()
    if (device === undefined)
      console.log('no file system can be mounted here (root only): bytes at the device are not counted')
    for (const [at, pace] of PACES.entries()) await paced(join(device?.folder ?? dir, `paced-${at}`), device, pace)
    device?.remove()
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

const open = (dir: string, options: Partial<StoreOptions> = {}): Promise<Store> =>
  openStore({ dir, clock: systemClock, log: silentLog, ...options })

/** As fast as the disk takes it; then everything is read back from disk and counted. */
async function ingest(dir: string): Promise<void> {
  const count = 4_000_000
  const store = await open(dir)
  const plant = new Plant()
  const batches = Array.from({ length: 400 }, (_, at) => plant.batch((at % 10) * BATCH, Date.now() + at))
  const began = performance.now()
  const cpu = process.cpuUsage()
  for (let done = 0; done < count; done += BATCH) {
    const batch = batches[(done / BATCH) % batches.length]!
    store.append(batch)
    if (store.info().pendingRows > 500_000) await store.flush()
    else if (done % 20_000 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await store.flush()
  report('ingest', count, performance.now() - began, cpu)
  await store.close()
  await drain(dir, count)
}

async function drain(dir: string, count: number): Promise<void> {
  const store = await open(dir)
  const cursor = await store.openCursor('bench')
  const began = performance.now()
  const cpu = process.cpuUsage()
  let rows = 0
  while (rows < count) {
    const got = await cursor.next(10_000, signal)
    if (!(got instanceof SampleBatch)) throw new Error(`a gap in the log: ${got.reason}`)
    rows += got.length
    cursor.ack(got.seq!.at(-1)!, { delivered: got.length })
  }
  report('drain from disk', rows, performance.now() - began, cpu)
  await store.close()
}

interface Pace {
  readonly what: string
  readonly perSecond: number
  readonly seconds: number
  readonly store: Partial<StoreOptions>
  /** % of a core, where it is held to one. */
  readonly core?: number
  /** Bytes a sample at the block device. */
  readonly bytes: number
}

const PACES: readonly Pace[] = [
  { what: 'paced 100,000/s', perSecond: 100_000, seconds: 30, store: {}, core: 10, bytes: 6 },
  // As long as it takes to fill what was written ahead: none of it is left out of the account.
  { what: 'paced 2,000/s, edge profile', perSecond: 2000, seconds: 98, store: EDGE, bytes: 10 },
]

/** Samples at an even pace in batches of 100, one reader at the head; making them is in the cost. */
async function paced(dir: string, device: BlockDevice | undefined, pace: Pace): Promise<void> {
  const { what, perSecond, seconds } = pace
  const store = await open(dir, pace.store)
  const cursor = await store.openCursor('bench')
  const plant = new Plant()
  const everyMs = Math.max(10, 100_000 / perSecond)
  const batches = (perSecond * seconds) / BATCH
  const abort = new AbortController()
  const reading = readAll(cursor, abort.signal)
  const delays: number[] = []
  const deviceBefore = device?.bytesWritten() ?? 0
  const cpu = process.cpuUsage()
  const began = performance.now()
  let appended = 0
  for (let tick = 0; appended < batches; tick++) {
    const due = began + tick * everyMs
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())))
    delays.push(performance.now() - due)
    const end = Math.min(batches, Math.round(((tick + 1) * everyMs * perSecond) / 1000 / BATCH))
    for (; appended < end; appended++) store.append(plant.batch((appended % 10) * BATCH, Date.now()))
  }
  await store.flush()
  const core = report(what, batches * BATCH, performance.now() - began, cpu)
  const { bytesWritten, fsyncs } = store.info()
  const each = (bytes: number): number => bytes / (batches * BATCH)
  const atDevice = device === undefined ? undefined : each(device.bytesWritten() - deviceBefore)
  console.log(`  ${each(bytesWritten).toFixed(2)} bytes a sample to files, ${fsyncs} fsyncs`)
  console.log(`  ${atDevice?.toFixed(2) ?? '?'} bytes a sample at the block device (≤ ${pace.bytes})`)
  if (pace.core !== undefined) console.log(`  ${core.toFixed(1)} % of a core (≤ ${pace.core})`)
  console.log(`  event loop late by ms: ${percentiles(delays)}; rss ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB`)
  abort.abort()
  await reading
  await store.close()
  if (atDevice !== undefined && atDevice > pace.bytes) process.exitCode = 1
}

async function readAll(cursor: Awaited<ReturnType<Store['openCursor']>>, until: AbortSignal): Promise<void> {
  while (!until.aborted) {
    const got = await cursor.next(5000, until).catch(() => undefined)
    if (got instanceof SampleBatch) cursor.ack(got.seq!.at(-1)!, { delivered: got.length })
  }
}

/** Prints rate and cost; gives the % of a core. */
function report(what: string, samples: number, elapsedMs: number, before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  const core = (user + system) / elapsedMs / 10
  console.log(`${what}: ${(samples / elapsedMs / 1000).toFixed(3)} M samples/s, ${core.toFixed(1)} % of a core`)
  return core
}

if (import.meta.main) await run()
