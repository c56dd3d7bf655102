/**
 * Samples through runner and file sink onto the disk, beside bare appends of the same lines with an fdatasync for as many; each format.
 * Medians of rounds that take turns. A few seconds in all.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SampleBatch } from '../../src/core/batch.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { Cursor } from '../../src/core/cursor.ts'
import { silentLog } from '../../src/core/log.ts'
import { createDeadLetters } from '../../src/delivery/dead-letters.ts'
import { createRunner } from '../../src/delivery/runner.ts'
import { NdjsonText } from '../../src/formats/row-text.ts'
import { file } from '../../src/sinks/file/sink.ts'
import { sinkContext, tagTable } from '../../src/testing/delivery-rig.ts'

const SAMPLES = 200_000
const ROWS = 5000
const TAGS = 100
const ROUNDS = 3
const tags = tagTable(...Array.from({ length: TAGS }, (_, at) => `press/tag-${at}`))

export async function run(): Promise<void> {
  const works = {
    'bare append, NDJSON': bare,
    'runner + file sink, NDJSON': (folder: string) => throughRunner(folder, 'ndjson'),
    'runner + file sink, CSV': (folder: string) => throughRunner(folder, 'csv'),
    'runner + file sink, Parquet': (folder: string) => throughRunner(folder, 'parquet'),
  }
  const rates = new Map<string, number[]>()
  // The first round is for warming up.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [what, work] of Object.entries(works)) {
      const folder = mkdtempSync(join(tmpdir(), 'bifrost-bench-file-'))
      const began = performance.now()
      await work(folder)
      const rate = SAMPLES / (performance.now() - began)
      if (round > 0) rates.set(what, [...(rates.get(what) ?? []), rate])
      rmSync(folder, { recursive: true })
    }
  }
  const median = (what: string): number => rates.get(what)!.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)]!
  for (const what of Object.keys(works)) {
    const share = median(what) / median('bare append, NDJSON')
    console.log(
      `file: ${what.padEnd(28)} ${median(what).toFixed(0).padStart(5)}k samples/s, ${share.toFixed(2)} of bare`,
    )
  }
}

function batchFrom(seq: number): SampleBatch {
  const batch = new SampleBatch(ROWS, Date.now())
  batch.seq = new Float64Array(ROWS)
  for (let row = 0; row < ROWS; row++) {
    batch.seq[row] = seq + row
    batch.push(1 + ((seq + row) % TAGS), (seq + row) / 8, 0)
  }
  return batch
}

async function bare(folder: string): Promise<void> {
  const text = new NdjsonText({ logId: 'k3f9', tags })
  const handle = await open(join(folder, 'x.ndjson'), 'w')
  for (let seq = 1; seq <= SAMPLES; seq += ROWS) {
    const batch = batchFrom(seq)
    let lines = ''
    for (let row = 0; row < ROWS; row++) lines += text.row(batch, row)
    await handle.writeFile(lines)
    await handle.datasync()
  }
  await handle.close()
}

async function throughRunner(folder: string, format: string): Promise<void> {
  const sink = file.create(file.options.parse({ folder, format, maxSize: '8MiB' }), sinkContext({ tags }))
  const deadLetters = createDeadLetters({ folder, sink: 'bench', logId: 'k3f9', tags, clock: systemClock })
  const { cursor, finished } = generatedCursor()
  const runner = createRunner({
    name: 'bench',
    type: 'file',
    sink,
    batchRows: ROWS,
    cursor,
    clock: systemClock,
    log: silentLog,
    deadLetters,
  })
  runner.start()
  await finished
  const { retries } = runner.status()
  while (sink.facts!()['files waiting to be finished'] !== 0) await new Promise((resolve) => setTimeout(resolve, 5))
  await runner.stop(2000)
  if (retries > 0) throw new Error(`${retries} retries`)
}

/** A log that makes its rows as they are read; `finished` when all are acknowledged. */
function generatedCursor(): { cursor: Cursor; finished: Promise<void> } {
  let read = 1
  let acked = 0
  const { promise: finished, resolve } = Promise.withResolvers<void>()
  const cursor: Cursor = {
    next: (_maxRows, signal) => {
      if (read > SAMPLES)
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      const batch = batchFrom(read)
      read += ROWS
      return Promise.resolve(batch)
    },
    ack: (seq) => {
      acked = seq
      if (acked === SAMPLES) setImmediate(resolve)
    },
    rewind: () => (read = acked + 1),
    purge: () => 0,
    ledger: () => ({
      routed: SAMPLES,
      delivered: acked,
      pending: SAMPLES - acked,
      dropped: {},
      oldestPendingTime: undefined,
    }),
    close: () => Promise.resolve(),
  }
  return { cursor, finished }
}

if (import.meta.main) await run()
