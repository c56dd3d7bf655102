/** What the benchmarks of sinks over HTTP share: rows without end, a runner over them, rounds of one and the other in turn. */
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SampleBatch } from '../../src/core/batch.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { Cursor } from '../../src/core/cursor.ts'
import { silentLog } from '../../src/core/log.ts'
import type { Sink } from '../../src/core/sink.ts'
import { createDeadLetters } from '../../src/delivery/dead-letters.ts'
import { createRunner } from '../../src/delivery/runner.ts'
import { tagTable } from '../../src/testing/delivery-rig.ts'

const TAGS = 1000
export const TAG_TABLE = tagTable(...Array.from({ length: TAGS }, (_, at) => `press-${at % 10}/tag-${at}`))

/** Rows of all tags in turn, every value new, numbered from `seq`. */
export function batchFrom(seq: number, rows: number): SampleBatch {
  const batch = new SampleBatch(rows, 1_732_356_000_000 + Math.floor(seq / TAGS) * 100)
  batch.seq = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    batch.seq[row] = seq + row
    batch.push(1 + ((seq + row) % TAGS), (seq + row) / 8, 0)
  }
  return batch
}

/** Delivers `samples` rows through a runner; rejects when anything had to be sent twice or was refused. */
export async function throughRunner(type: string, sink: Sink, samples: number, batchRows: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bifrost-bench-'))
  const deadLetters = createDeadLetters({ folder, sink: 'bench', logId: 'k3f9', tags: TAG_TABLE, clock: systemClock })
  const { cursor, finished } = generatedCursor(samples, batchRows)
  const base = { name: 'bench', type, sink, cursor, clock: systemClock, log: silentLog, deadLetters, batchRows }
  const runner = createRunner(base)
  runner.start()
  await finished
  const { writes, retries, dropped } = runner.status()
  await runner.stop(2000)
  rmSync(folder, { recursive: true, force: true })
  if (retries > 0 || writes !== samples / batchRows || Object.keys(dropped).length > 0)
    throw new Error(`${writes} writes, ${retries} retries, dropped ${JSON.stringify(dropped)}`)
}

/** A log that makes its rows as they are read; `finished` when all are acknowledged. */
function generatedCursor(samples: number, batchRows: number): { cursor: Cursor; finished: Promise<void> } {
  let read = 1
  let acked = 0
  const { promise: finished, resolve } = Promise.withResolvers<void>()
  const ledger = () => ({ routed: samples, delivered: acked, pending: samples - acked, dropped: {}, oldestPendingTime: undefined }) // prettier-ignore
  const cursor = {
    next: (_rows: number, signal: AbortSignal) => {
      if (read > samples)
        return new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
      const batch = batchFrom(read, batchRows)
      read += batchRows
      return Promise.resolve(batch)
    },
    ack: (seq: number) => {
      acked = seq
      if (acked === samples) setImmediate(resolve)
    },
    rewind: () => (read = acked + 1),
    ledger,
    close: () => Promise.resolve(),
  } as Partial<Cursor> as Cursor
  return { cursor, finished }
}

/** POSTs over one kept connection, with nothing of ours; rejects for any answer but 2xx. */
export function barePoster(url: string, headers: Record<string, string>): (body: Buffer) => Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return (body) =>
    new Promise((resolve, reject) => {
      const sent = request(url, { agent, method: 'POST', headers: { ...headers, 'Content-Length': body.length } })
      sent.once('error', reject)
      sent.once('response', (answer) => {
        answer
          .resume()
          .once('end', () =>
            answer.statusCode! < 300 ? resolve() : reject(new Error(`answered ${answer.statusCode}`)),
          )
      })
      sent.end(body)
    })
}

/** Runs the works in turn, `rounds` times, `before` before each and not counted, and prints the median rate of each and how the last compares with the first. */
export async function compare(
  name: string,
  samples: number,
  rounds: number,
  works: Readonly<Record<string, () => Promise<void>>>,
  before: () => Promise<unknown> = () => Promise.resolve(),
): Promise<Record<string, number>> {
  const rates = Object.entries(works).map(([what, work]) => ({
    what,
    work,
    perSecond: [] as number[],
    cpu: [] as number[],
  }))
  for (let round = 0; round < rounds; round++) {
    for (const { work, perSecond, cpu } of rates) {
      await before()
      const used = process.cpuUsage()
      const began = performance.now()
      await work()
      perSecond.push((samples / (performance.now() - began)) * 1000)
      const { user, system } = process.cpuUsage(used)
      cpu.push((user + system) / samples)
    }
  }
  const medians = rates.map(({ what, perSecond, cpu }) => [what, median(perSecond), median(cpu)] as const)
  for (const [what, rate, cpu] of medians) {
    const figure = Math.round(rate).toLocaleString('en').padStart(11)
    console.log(`${name}: ${what.padEnd(30)} ${figure} samples/s ${cpu.toFixed(2).padStart(6)} µs CPU each`)
  }
  const [first, last] = [medians[0]!, medians.at(-1)!]
  if (first !== last) console.log(`${name}: ${last[0]} is ${(last[1] / first[1]).toFixed(2)} × ${first[0]}`)
  return Object.fromEntries(medians.map(([what, rate]) => [what, rate]))
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!
