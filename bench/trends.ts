/**
 * Trends alone: 1,000 tags over 24 hours, written as fast as the disk takes them; what a sample takes, and how long one tag's hour
 * and its day take. `--every 1` makes a sample a second of each tag (86 million, some minutes) in place of one in ten.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../src/core/clock.ts'
import { silentLog } from '../src/core/log.ts'
import { openStore, type Store } from '../src/store/store.ts'
import { percentiles } from './percentiles.ts'
import { BATCH, Plant, TAGS } from './plant.ts'

const HOUR_MS = 3_600_000
const QUERIES = 200
/** Issue 4: one tag × 1 h among 1,000 tags × 24 h, and bytes kept a sample after transposing. */
const MOST_MS = 5
const MOST_BYTES = 3
const signal = new AbortController().signal

export async function run(args: readonly string[] = []): Promise<void> {
  const at = args.indexOf('--every')
  const every = at < 0 ? 10 : Number(args[at + 1])
  const dir = await mkdtemp(join(tmpdir(), 'bifrost-bench-trends-'))
  try {
    await measure(dir, every)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

async function measure(dir: string, everySeconds: number): Promise<void> {
  // As many segments as a plant of this pace has in a day: one an hour, or one each 16 MiB.
  const segmentBytes = Math.max(2, Math.round(16 / everySeconds)) * 2 ** 20
  const store = await openStore({ dir, clock: systemClock, log: silentLog, segmentBytes })
  const end = Math.floor(Date.now() / HOUR_MS) * HOUR_MS
  const began = performance.now()
  const samples = await write(store, end - 24 * HOUR_MS, end, everySeconds * 1000)
  const { bytes, segments } = store.info()
  while (store.info().trends.files < segments - 1) await sleep(20)
  const seconds = (performance.now() - began) / 1000
  const { trends } = store.info()
  const kept = trends.bytes / samples
  console.log(
    `trends: ${(samples / 1e6).toFixed(1)} M samples of ${TAGS} tags × 24 h in ${seconds.toFixed(1)} s, ${trends.files} trend files`,
  )
  console.log(
    `  ${(bytes / samples).toFixed(2)} bytes a sample in the log, ${kept.toFixed(2)} in trends (at most ${MOST_BYTES})`,
  )
  const hours = await timed(store, (tag, hour) => [tag, end - (hour + 1) * HOUR_MS, end - hour * HOUR_MS, 10_000])
  const median = hours.toSorted((a, b) => a - b)[Math.floor(hours.length / 2)]!
  console.log(`  one tag × 1 h, every sample, warm, ms: ${percentiles(hours)} (median at most ${MOST_MS})`)
  const days = await timed(store, (tag) => [tag, end - 24 * HOUR_MS, end, 1000])
  console.log(`  one tag × 24 h in 1,000 points, ms: ${percentiles(days)}`)
  if (kept > MOST_BYTES || median > MOST_MS) process.exitCode = 1
  await store.close()
}

async function write(store: Store, start: number, end: number, stepMs: number): Promise<number> {
  const plant = new Plant()
  let samples = 0
  for (let time = start; time < end; time += stepMs) {
    for (let first = 0; first < TAGS; first += BATCH) store.append(plant.batch(first, time))
    samples += TAGS
    if (samples % 100_000 === 0) await store.flush()
  }
  await store.flush()
  return samples
}

type Query = readonly [tag: number, from: number, to: number, points: number]

/** How long each query took, after each has been asked once. */
async function timed(store: Store, query: (tag: number, hour: number) => Query): Promise<number[]> {
  const times: number[] = []
  for (const isWarm of [false, true]) {
    for (let at = 0; at < QUERIES; at++) {
      const [tag, from, to, points] = query(1 + ((at * 37) % TAGS), at % 24)
      const began = performance.now()
      const series = await store.history(tag, from, to, points, signal)
      if (isWarm) times.push(performance.now() - began)
      const least = to - from === HOUR_MS ? 360 : 900
      if (series.points.length < least) throw new Error(`history has only ${series.points.length} points`)
    }
  }
  return times
}

if (import.meta.main) await run(process.argv.slice(2))
