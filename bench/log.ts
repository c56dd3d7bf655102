/**
 * The log alone: ingest, bytes a sample, cost at a paced 100,000 samples/s with a reader, history of one tag over an hour, and how
 * fast a cursor drains from disk. Every value is a plausible plant's: walks with two decimals, slow temperatures, counters, switches, noise.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HAS_VALUE, IS_BOOLEAN, SampleBatch } from '../src/core/batch.ts'
import { systemClock } from '../src/core/clock.ts'
import { silentLog } from '../src/core/log.ts'
import { openStore, type Store, type StoreOptions } from '../src/store/store.ts'

const TAGS = 1000
const BATCH = 100
const signal = new AbortController().signal

/** Runs every part and prints its figures. */
export async function run(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'bifrost-bench-log-'))
  try {
    await ingest(join(dir, 'ingest'))
    await paced(join(dir, 'paced'))
    await history(join(dir, 'history'))
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

/** An hour of a thousand tags at one second, then one tag's hour in 1,000 points. */
async function history(dir: string): Promise<void> {
  let store = await open(dir)
  const plant = new Plant()
  const start = Date.now() - 3_600_000
  for (let second = 0; second < 3600; second++) {
    for (let first = 0; first < TAGS; first += BATCH) store.append(plant.batch(first, start + second * 1000))
    if (second % 20 === 0) await store.flush()
  }
  const { bytesWritten } = store.info()
  await store.close()
  store = await open(dir, { tailRows: 20_000 })
  await new Promise((resolve) => setTimeout(resolve, 8000))
  const bytes = store.info().bytes
  console.log(
    `history: ${(bytesWritten / 3.6e6).toFixed(2)} bytes a sample in the log, ${((bytes - bytesWritten) / 3.6e6).toFixed(2)} in trends`,
  )
  const times: number[] = []
  for (let at = 0; at < 50; at++) {
    const began = performance.now()
    const { points } = await store.history(1 + at * 7, start, start + 3_600_000, 1000, signal)
    times.push(performance.now() - began)
    if (points.length < 900) throw new Error(`history has only ${points.length} points`)
  }
  console.log(`  one tag × 1 h, ms: ${percentiles(times)}`)
  await store.close()
}

/** 40 % walks with two decimals, 20 % slow, 20 % counters, 10 % switches, 10 % noise. */
class Plant {
  readonly #values = new Float64Array(TAGS)
  #seed = 42

  batch(first: number, now: number): SampleBatch {
    const batch = new SampleBatch(BATCH, now)
    for (let at = first; at < first + BATCH; at++) {
      const isSwitch = at % 10 === 8
      batch.pushNumber(at + 1, this.#next(at), 0, now, isSwitch ? HAS_VALUE | IS_BOOLEAN : HAS_VALUE)
    }
    return batch
  }

  #next(at: number): number {
    const kind = at % 10
    const before = this.#values[at]!
    if (kind < 4) this.#values[at] = Math.round((before + this.#random() - 0.5) * 100) / 100
    else if (kind < 6) this.#values[at] = this.#random() < 0.05 ? Math.round((before + 0.1) * 10) / 10 : before
    else if (kind < 8) this.#values[at] = before + Math.floor(this.#random() * 5)
    else if (kind === 8) this.#values[at] = this.#random() < 0.02 ? 1 - before : before
    else this.#values[at] = this.#random() * 100
    return this.#values[at] ?? 0
  }

  #random(): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0
    return this.#seed / 2 ** 32
  }
}

function report(what: string, samples: number, elapsedMs: number, before: NodeJS.CpuUsage): void {
  const { user, system } = process.cpuUsage(before)
  const rate = (samples / elapsedMs / 1000).toFixed(2)
  const core = ((user + system) / elapsedMs / 10).toFixed(1)
  console.log(`${what}: ${rate} M samples/s, ${core} % of a core`)
}

function percentiles(values: number[]): string {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (q: number): string => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!.toFixed(1)
  return `p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, max ${at(1)}`
}

if (import.meta.main) await run()
