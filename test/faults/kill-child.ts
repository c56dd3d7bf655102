/**
 * The process that `kill-store.test.ts` kills: a store under load with two sinks. The far side is whoever reads this process's output: a
 * line is there before the ack. `quick` follows the head; `late` takes only what an earlier process wrote, so all of it comes from the disk.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { SampleBatch } from '../../src/core/batch.ts'
import { systemClock, type Clock } from '../../src/core/clock.ts'
import type { Cursor } from '../../src/core/cursor.ts'
import { silentLog } from '../../src/core/log.ts'
import { nodeFiles } from '../../src/store/files.ts'
import { openStore } from '../../src/store/store.ts'
import { lateFiles } from '../../src/testing/late-files.ts'
import { filesThatKill, filesWithoutSync } from './failpoints.ts'

export interface ChildSettings {
  readonly dir: string
  /** `crippled`: data is reported before it is handed to the kernel. `unsynced`: nothing is ever synced. `drain`: nothing is appended, all is delivered, a clean stop. */
  readonly mode: 'honest' | 'crippled' | 'unsynced' | 'drain'
  /** Thinned beyond so many bytes, with a slow sink; absent: everything is kept. */
  readonly maxBytes?: number | undefined
  readonly failpoint?: { readonly name: string; readonly hit: number } | undefined
}

const BATCH_ROWS = 100
const BATCHES_A_TURN = 4
const { dir, mode, maxBytes, failpoint } = JSON.parse(process.argv[2]!) as ChildSettings
const say = (word: string, ...more: unknown[]): void => {
  process.stdout.write(`${[word, ...more.map((one) => JSON.stringify(one))].join(' ')}\n`)
}

/** Everything that is paced happens ten times as often, so that short lives see it. */
const quickClock: Clock = {
  ...systemClock,
  after: (delayMs, action) => systemClock.after(delayMs / 10, action),
  every: (periodMs, action) => systemClock.every(periodMs / 10, action),
}

function files() {
  if (failpoint !== undefined) return filesThatKill(failpoint.name, failpoint.hit)
  if (mode === 'unsynced') return filesWithoutSync
  return mode === 'crippled' ? lateFiles : nodeFiles
}

say('opening')
const began = performance.now()
const store = await openStore({
  dir,
  clock: quickClock,
  log: silentLog,
  files: files(),
  syncEveryMs: 200,
  segmentBytes: 16 * 1024,
  // Some lives write ahead: what one leaves the next has to read, either way.
  preallocateBytes: Math.random() < 0.5 ? 0 : 8192,
  tailRows: 4096,
  reserveBlock: 50_000,
  ...(maxBytes === undefined ? {} : { retention: { maxBytes, policy: 'thin-oldest' } }),
})
const first = store.info().nextSeq
// Each life brings a tag of its own.
const settings = { address: '', type: 'float64', everyMs: 0, clamp: false, writable: false } as const
const names = ['a', 'b', 'c', 'd', `of ${first}`]
const tags = await store.defineTags(names.map((name) => ({ device: 'press', settings: { ...settings, name } })))
const quick = await store.openCursor('quick')
const late = await store.openCursor('late')
say('open', { ms: performance.now() - began, first, tag: tags.at(-1), quick: quick.ledger(), late: late.ledger() })

let reported = 0
if (mode === 'drain') await drain()
else {
  setInterval(() => {
    for (let count = 0; count < BATCHES_A_TURN; count++) appendBatch()
    report()
  }, 5)
  void follow('quick', quick, Infinity, maxBytes === undefined ? undefined : 8)
  void follow('late', late, first)
}

async function drain(): Promise<void> {
  for (const [name, cursor] of [['quick', quick] as const, ['late', late] as const]) {
    while (cursor.ledger().pending > 0) await deliver(name, cursor, Infinity, 10_000)
    // What a thinned frame lacks, and an unclean stop, is told behind the last row.
    while (await deliver(name, cursor, Infinity, 10_000, 100).catch(() => false));
  }
  say('drained', { quick: quick.ledger(), late: late.ledger() })
  await store.close()
}

function report(): void {
  const { durableSeq } = store.info()
  if (durableSeq === reported) return
  reported = durableSeq
  say('durable', durableSeq)
}

/** Rows whose value is their number. */
function appendBatch(): void {
  const at = store.info().nextSeq
  const batch = new SampleBatch(BATCH_ROWS, Date.now())
  for (let row = 0; row < BATCH_ROWS; row++)
    batch.pushNumber(tags[row % tags.length]!, at + row, 0, batch.receivedAt, 1)
  const refused = store.append(batch)
  if (refused === 0 && batch.seq![0] !== at) throw new Error('the store gave another number than it said')
}

/** Delivers what lies before `end`, with a pause after each batch. */
async function follow(name: string, cursor: Cursor, end: number, pauseMs?: number): Promise<void> {
  while (await deliver(name, cursor, end, pauseMs === undefined ? 2000 : 200))
    if (pauseMs !== undefined) await pause(pauseMs)
}

async function deliver(name: string, cursor: Cursor, end: number, rows: number, waitMs = 60_000): Promise<boolean> {
  const got = await cursor.next(rows, AbortSignal.timeout(waitMs))
  const seq = got instanceof SampleBatch ? got.seq![0]! : got.fromSeq
  if (seq >= end) {
    cursor.rewind()
    return false
  }
  if (got instanceof SampleBatch) {
    for (let row = 0; row < got.length; row++)
      if (got.value[row] !== got.seq![row]) say('wrong', got.seq![row], got.value[row])
    say('took', name, rangesOf(got.seq!))
    cursor.ack(got.seq![got.length - 1]!, { delivered: got.length })
  } else {
    say('gap', name, got)
    cursor.ack(got.toSeq, { delivered: 0 })
  }
  const { routed, delivered, pending, dropped } = cursor.ledger()
  if (routed !== delivered + pending + Object.values(dropped).reduce((sum, count) => sum + count, 0))
    say('unbalanced', name, cursor.ledger())
  return true
}

/** Numbers as `[first, last]` of each run. */
function rangesOf(seqs: Float64Array): [number, number][] {
  const ranges: [number, number][] = []
  for (const seq of seqs) {
    const last = ranges.at(-1)
    if (last !== undefined && last[1] === seq - 1) last[1] = seq
    else ranges.push([seq, seq])
  }
  return ranges
}
