/**
 * The log alone: ingest, bytes a sample, cost at a paced 100,000 samples/s with a reader, and how fast a cursor drains from disk.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SampleBatch } from '../src/core/batch.ts'
import { systemClock } from '../src/core/clock.ts'
import { silentLog } from '../src/core/log.ts'
import { openStore, type Store, type StoreOptions } from '../src/store/store.ts'
import { percentiles } from './percentiles.ts'
import { BATCH, Plant } from './plant.ts'

const signal = new AbortController().signal

/** Runs every part and prints its figures. */
export async function run(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'bifrost-bench-log-'))
  try {
    await ingest(join(dir, 'ingest'))
    await paced(join(dir, 'paced'))
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

/** 100,000 samples a second in batches of 100 for ten seconds, one reader at the head. */
async function paced(dir: string): Promise<void> {
  const store = await open(dir)
  const cursor = await store.openCursor('bench')
  const plant = new Plant()
  const seconds = 10
  const batches = Array.from({ length: seconds * 100 }, (_, tick) =>
    Array.from({ length: 10 }, (_, at) => plant.batch(at * BATCH, Date.now() + tick * 10)),
  )
  const abort = new AbortController()
  const reading = readAll(cursor, abort.signal)
  const delays: number[] = []
  const cpu = process.cpuUsage()
  const began = performance.now()
  for (const [tick, parts] of batches.entries()) {
    const due = began + tick * 10
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())))
    delays.push(performance.now() - due)
    for (const batch of parts) store.append(batch)
  }
  await store.flush()
  report('paced 100k/s with a reader', seconds * 100_000, performance.now() - began, cpu)
  const { bytesWritten, fsyncs } = store.info()
  console.log(`  ${(bytesWritten / (seconds * 100_000)).toFixed(2)} bytes written a sample, ${fsyncs} fsyncs`)
  console.log(`  event loop late by ms: ${percentiles(delays)}; rss ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB`)
  abort.abort()
  await reading
  await store.close()
}

async function readAll(cursor: Awaited<ReturnType<Store['openCursor']>>, until: AbortSignal): Promise<void> {
  while (!until.aborted) {
    const got = await cursor.next(5000, until).catch(() => undefined)
    if (got instanceof SampleBatch) cursor.ack(got.seq!.at(-1)!, { delivered: got.length })
  }
}

function report(what: string, samples: number, elapsedMs: number, before: NodeJS.CpuUsage): void {
  const { user, system } = process.cpuUsage(before)
  const rate = (samples / elapsedMs / 1000).toFixed(2)
  const core = ((user + system) / elapsedMs / 10).toFixed(1)
  console.log(`${what}: ${rate} M samples/s, ${core} % of a core`)
}

if (import.meta.main) await run()
