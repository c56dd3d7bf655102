/** What the benchmarks of sinks share: rows of all tags in turn through a runner, and medians of interleaved rounds. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SampleBatch } from '../../src/core/batch.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { Cursor } from '../../src/core/cursor.ts'
import { silentLog } from '../../src/core/log.ts'
import type { Sink, SinkType } from '../../src/core/sink.ts'
import type { TagTable } from '../../src/core/tags.ts'
import { createDeadLetters } from '../../src/delivery/dead-letters.ts'
import { createRunner } from '../../src/delivery/runner.ts'
import { sinkContext, tagTable } from '../../src/testing/delivery-rig.ts'

const TAGS = 100

/** 100 tags of 10 devices. */
export const plantTags = (): TagTable =>
  tagTable(...Array.from({ length: TAGS }, (_, at) => `press-${at % 10}/tag-${at}`))

/** Rows of all tags in turn, every value new, numbered from `seq`. */
export function batchFrom(seq: number, rows: number): SampleBatch {
  const batch = new SampleBatch(rows, Date.now())
  batch.seq = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    batch.seq[row] = seq + row
    batch.push(1 + ((seq + row) % TAGS), (seq + row) / 8, 0)
  }
  return batch
}

/** A row as the bare clients take it: the names of its tag, and the payload that the sinks send. */
export function plainRow(batch: SampleBatch, row: number): { device: string; tag: string; seq: number; text: string } {
  const at = batch.tag[row]! - 1
  const seq = batch.seq![row]!
  const text = `{"v":${batch.value[row]!},"t":${batch.time[row]!},"q":${batch.status[row]!},"log":"k3f9","seq":${seq}}`
  return { device: `press-${at % 10}`, tag: `tag-${at}`, seq, text }
}

/** Delivers so many samples through a runner and a sink of this type, and waits for `end`; a retry is a failure. */
export async function throughRunner(
  type: SinkType,
  options: object,
  samples: number,
  end: (sink: Sink) => Promise<void> = async () => undefined,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bifrost-bench-'))
  const tags = plantTags()
  const sink = type.create(type.options.parse(options), sinkContext({ tags }))
  const deadLetters = createDeadLetters({ folder, sink: 'bench', logId: 'k3f9', tags, clock: systemClock })
  const { cursor, finished } = generatedCursor(samples)
  const given = { name: 'bench', type: type.name, sink, cursor, clock: systemClock, log: silentLog, deadLetters }
  const runner = createRunner({ ...given, batchRows: type.batchRows })
  runner.start()
  await finished
  const { retries, delivered } = runner.status()
  await end(sink)
  await runner.stop(2000)
  rmSync(folder, { recursive: true, force: true })
  if (retries > 0 || delivered !== samples) throw new Error(`${delivered} delivered, ${retries} retries`)
}

/** A log that makes its rows as they are read; `finished` when all are acknowledged. */
function generatedCursor(samples: number): { cursor: Cursor; finished: Promise<void> } {
  let read = 1
  let acked = 0
  const { promise: finished, resolve } = Promise.withResolvers<void>()
  const cursor: Cursor = {
    next: (maxRows, signal) => {
      const rows = Math.min(maxRows, samples - read + 1)
      if (rows <= 0) return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      const batch = batchFrom(read, rows)
      read += rows
      return Promise.resolve(batch)
    },
    ack: (seq) => {
      acked = seq
      if (acked === samples) setImmediate(resolve)
    },
    rewind: () => (read = acked + 1),
    purge: () => 0,
    isSettled: () => false,
    settledSeq: 0,
    pendingBytes: 0,
    ledger: () => ({
      routed: samples,
      delivered: acked,
      pending: samples - acked,
      dropped: {},
      oldestPendingTime: undefined,
    }),
    close: () => Promise.resolve(),
  }
  return { cursor, finished }
}

export interface Candidate {
  readonly what: string
  /** Makes the far side empty; not measured. */
  prepare(): Promise<void>
  run(): Promise<void>
}

export interface Rate {
  readonly what: string
  /** Medians over the rounds. */
  readonly perSecond: number
  /** CPU of this process, µs a sample. */
  readonly cpuMicros: number
}

/** Runs all candidates in turn, several times, so that what else the machine does hits each alike. */
export async function interleaved(candidates: readonly Candidate[], samples: number, rounds: number): Promise<Rate[]> {
  const seen = candidates.map(() => ({ perSecond: [] as number[], cpuMicros: [] as number[] }))
  for (let round = 0; round <= rounds; round++) {
    for (const [at, candidate] of candidates.entries()) {
      await candidate.prepare()
      const cpu = process.cpuUsage()
      const began = performance.now()
      await candidate.run()
      const seconds = (performance.now() - began) / 1000
      const { user, system } = process.cpuUsage(cpu)
      // The first round warms up.
      if (round === 0) continue
      seen[at]!.perSecond.push(samples / seconds)
      seen[at]!.cpuMicros.push((user + system) / samples)
    }
  }
  return candidates.map(({ what }, at) => ({
    what,
    perSecond: median(seen[at]!.perSecond),
    cpuMicros: median(seen[at]!.cpuMicros),
  }))
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

/** A table; then the first rate beside the second, and the number that the first is held to where there is one. */
export function report(name: string, unit: string, rates: readonly Rate[], wanted?: number): void {
  for (const { what, perSecond, cpuMicros } of rates) {
    const rate = Math.round(perSecond).toString().padStart(9)
    console.log(`${name}: ${what.padEnd(48)} ${rate} ${unit}/s ${cpuMicros.toFixed(2).padStart(6)} µs CPU each`)
  }
  const [ours, bare] = rates
  const ratio = (ours!.perSecond / bare!.perSecond).toFixed(2)
  if (wanted === undefined) return console.log(`${name}: ${ratio} × the bare client`)
  const verdict = ours!.perSecond >= wanted ? 'reached' : 'NOT reached'
  console.log(`${name}: ${ratio} × the bare client; wanted ${wanted} ${unit}/s: ${verdict}`)
}
