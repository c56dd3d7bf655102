/**
 * After an outage of ten minutes at 5,000 samples/s: live-first makes up for what was missed over batched MQTT, QoS 1, while new samples
 * come at the same rate. How fast, and how old new samples are when the broker has confirmed them. Half a minute.
 */
import { join } from 'node:path'
import { HISTORICAL, type SampleBatch } from '../src/core/batch.ts'
import { systemClock } from '../src/core/clock.ts'
import { silentLog } from '../src/core/log.ts'
import type { Sink, SinkType } from '../src/core/sink.ts'
import { createDeadLetters } from '../src/delivery/dead-letters.ts'
import { createRunner } from '../src/delivery/runner.ts'
import { mqtt } from '../src/sinks/mqtt/sink.ts'
import { openStore, type Store } from '../src/store/store.ts'
import { sinkContext, tagSettings } from '../src/testing/delivery-rig.ts'
import { withBroker } from './broker.ts'
import { percentiles } from './percentiles.ts'
import { BATCH, Plant, TAGS } from './plant.ts'

const PER_SECOND = 5000
const OUTAGE_SECONDS = 600
const WANTED = 20
const WANTED_AGE_MS = 1000

/** Prints both figures; the exit code is 1 when one is not reached. */
export const run = (): Promise<unknown> => withBroker('catch-up', ['max_inflight_messages 0'], measure)

async function measure(url: string, folder: string): Promise<void> {
  const store = await openStore({ dir: join(folder, 'data'), clock: systemClock, log: silentLog })
  const names = Array.from({ length: TAGS }, (_, at) => ({
    device: `press-${at % 10}`,
    settings: tagSettings(`t${at}`),
  }))
  await store.defineTags(names)
  const cursor = await store.openCursor('plant', { order: 'live-first' })
  const plant = new Plant()
  await miss(store, plant)
  const type = mqtt as unknown as SinkType
  const options = { url, topic: 'acme/{device}', samplesPerMessage: 500, retain: false }
  const { logId, tags } = store
  const seen = { madeUp: 0, ages: [] as number[], endedAt: 0 }
  const sink = watched(type.create(type.options.parse(options), sinkContext({ logId, tags })), seen)
  const deadLetters = createDeadLetters({ folder: join(folder, 'dead'), sink: 'plant', logId, tags, clock: systemClock }) // prettier-ignore
  const runner = createRunner({ name: 'plant', type: 'mqtt', sink, cursor, clock: systemClock, log: silentLog, deadLetters, batchRows: type.batchRows }) // prettier-ignore
  const live = setInterval(() => append(store, plant, Date.now()), (1000 * BATCH) / PER_SECOND)
  const began = performance.now()
  const cpu = process.cpuUsage()
  runner.start()
  while (seen.madeUp < PER_SECOND * OUTAGE_SECONDS) await new Promise((resolve) => setTimeout(resolve, 20))
  const seconds = (seen.endedAt - began) / 1000
  const { user, system } = process.cpuUsage(cpu)
  clearInterval(live)
  await runner.stop(2000)
  await store.close()
  const rate = seen.madeUp / seconds
  const ages = seen.ages.toSorted((a, b) => a - b)
  const p99 = ages[Math.floor(ages.length * 0.99)]!
  console.log(`${seen.madeUp} samples of ${OUTAGE_SECONDS} s made up for in ${seconds.toFixed(1)} s beside ${PER_SECOND}/s live, ${((user + system) / seconds / 10_000).toFixed(0)} % of a core`) // prettier-ignore
  console.log(`  ${Math.round(rate)} samples/s = ${(rate / PER_SECOND).toFixed(1)} × the live rate (≥ ${WANTED})`)
  console.log(`  live samples when the broker has confirmed them, age in ms: ${percentiles(ages)} (p99 < ${WANTED_AGE_MS})`) // prettier-ignore
  if (rate < WANTED * PER_SECOND || p99 >= WANTED_AGE_MS) process.exitCode = 1
}

/** What was read while the broker was away, durable. */
async function miss(store: Store, plant: Plant): Promise<void> {
  const samples = PER_SECOND * OUTAGE_SECONDS
  const start = Date.now() - OUTAGE_SECONDS * 1000
  for (let done = 0; done < samples; done += BATCH) {
    append(store, plant, start + (done / PER_SECOND) * 1000 - 6000)
    if (store.info().pendingRows > 100_000) await store.flush()
  }
  await store.flush()
}

let turn = 0

function append(store: Store, plant: Plant, now: number): void {
  const refused = store.append(plant.batch((turn++ % (TAGS / BATCH)) * BATCH, now))
  if (refused > 0) throw new Error(`${refused} samples were refused`)
}

/** The same sink; what it has delivered is counted. */
function watched(sink: Sink, seen: { madeUp: number; ages: number[]; endedAt: number }): Sink {
  return {
    connect: (signal) => sink.connect(signal),
    close: () => sink.close(),
    gap: (gap, signal) => sink.gap?.(gap, signal) ?? Promise.resolve(),
    async write(batch: SampleBatch, signal) {
      await sink.write(batch, signal)
      for (let row = 0; row < batch.length; row++) if ((batch.flags[row]! & HISTORICAL) !== 0) seen.madeUp++
      // A live batch is as old as its oldest row.
      if ((batch.flags[0]! & HISTORICAL) === 0) seen.ages.push(Date.now() - batch.time[0]!)
      else seen.endedAt = performance.now()
    },
  }
}

if (import.meta.main) await run()
