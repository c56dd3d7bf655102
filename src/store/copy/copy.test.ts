/** A log that is cut at a number and given an id of its own: exact to the record, ledgers that add up, nothing twice. */
import assert from 'node:assert/strict'
import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { SampleBatch } from '../../core/batch.ts'
import { systemClock } from '../../core/clock.ts'
import { silentLog } from '../../core/log.ts'
import type { Gap } from '../../core/sink.ts'
import { Status } from '../../core/status.ts'
import { eventually, temporaryFolder } from '../../testing/peers.ts'
import { openStore, type Store } from '../store.ts'
import { cutLog, seqAt } from './cut.ts'
import { renewLog } from './renew.ts'
import { lastRows, reachOf, surveyCursors, surveyLog } from './survey.ts'

const signal = AbortSignal.timeout(60_000)
const SETTINGS = { name: 'count', address: '', type: 'float64', everyMs: 1000, clamp: false, writable: false } as const
const ROWS = 4000
/** When row 1 came; each comes a millisecond after the one before. */
const BEGAN = Math.floor(Date.now() / 1000) * 1000 - 600_000

const open = (dir: string): Promise<Store> =>
  openStore({ dir, clock: systemClock, log: silentLog, segmentBytes: 4096, syncEveryMs: 0 })

/** A log of 1 … 4000 in many segments; the sink has 2500 of them. */
async function made(t: TestContext): Promise<string> {
  const data = join(temporaryFolder(t), 'data')
  const store = await open(data)
  const [id] = await store.defineTags([{ device: 'plc', settings: SETTINGS }])
  const cursor = await store.openCursor('plant')
  for (let row = 1; row <= ROWS; row += 100) {
    const batch = new SampleBatch(100, BEGAN + row)
    for (let n = row; n < row + 100; n++) batch.push(id!, Math.sqrt(n) * 1000, Status.Good, BEGAN + row)
    store.append(batch)
    await store.flush()
  }
  for (let taken = 0; taken < 2500;) {
    const found = (await cursor.next(Math.min(100, 2500 - taken), signal)) as SampleBatch
    taken += found.length
    cursor.ack(found.seq![found.length - 1]!, { delivered: found.length })
  }
  // Trends are made in the background.
  const sealed = store.info().segments - 1
  await eventually('trends', () => store.info().trends.files >= sealed)
  await store.close()
  return data
}

async function contents(store: Store): Promise<{ seqs: number[]; values: number[]; gaps: Gap[] }> {
  const all = { seqs: [] as number[], values: [] as number[], gaps: [] as Gap[] }
  for await (const found of store.readAfter(0)) {
    if (!(found instanceof SampleBatch)) {
      all.gaps.push(found)
      continue
    }
    all.seqs.push(...found.seq!)
    all.values.push(...found.value.subarray(0, found.length))
  }
  return all
}

const restoredFrom = async (from: string, to: string, seq?: number, skipPending = false) => {
  cpSync(from, to, { recursive: true })
  const survey = await surveyLog(to)
  const end = seq === undefined ? survey.end : await cutLog(to, survey, seq)
  return renewLog(to, survey, { end, skipPending, now: 1_800_000_000_000 })
}

test('cut at any number: exactly the samples up to it, with a new id, a gap that says so, and a ledger that adds up', async (t) => {
  const data = await made(t)
  assert.ok(readdirSync(join(data, 'log')).length > 5, 'several segments')
  const before = await surveyLog(data)
  for (const seq of [1, 99, 100, 101, 1234, 2499, 2500, 2501, 3999, 4000]) {
    const to = join(temporaryFolder(t), 'data')
    const renewed = await restoredFrom(data, to, seq)
    assert.equal(renewed.before, before.logId)
    assert.notEqual(renewed.logId, before.logId)
    const store = await open(to)
    const { seqs, values, gaps } = await contents(store)
    assert.deepEqual(
      seqs,
      Array.from({ length: seq }, (_, at) => at + 1),
      `cut at ${seq}`,
    )
    assert.deepEqual(values, seqs.map((n) => Math.sqrt(n) * 1000)) // prettier-ignore
    assert.deepEqual(gaps.map(({ fromSeq, toSeq, samples, reason }) => [fromSeq, toSeq, samples, reason]), [[seq + 1, seq + 1, undefined, 'restored']]) // prettier-ignore
    assert.deepEqual(store.info().ancestors, [{ logId: before.logId, throughSeq: seq, at: 1_800_000_000_000 }])
    const ledger = (await store.openCursor('plant')).ledger()
    const delivered = 2500
    assert.deepEqual([ledger.delivered, ledger.pending], [delivered, Math.max(0, seq - 2500)])
    assert.equal(ledger.routed, ledger.delivered + ledger.pending)
    assert.deepEqual(renewed.cursors, [{ sink: 'plant', pending: Math.max(0, seq - 2500), beyond: Math.max(0, 2500 - seq) }]) // prettier-ignore
    const fresh = new SampleBatch(1, Date.now())
    fresh.push(1, 7, Status.Good)
    store.append(fresh)
    assert.ok(fresh.seq![0]! > seq + 1, 'numbers go on behind the gap')
    await store.close()
  }
})

test('no sample is told twice by the history of a restored log: its trends are its own', async (t) => {
  const data = await made(t)
  const to = join(temporaryFolder(t), 'data')
  await restoredFrom(data, to)
  const store = await open(to)
  const series = await store.history(1, BEGAN - 1, BEGAN + 10_000, 100_000, signal)
  assert.equal(series.points.length, (await open2(t, data)).length)
  await store.close()
})

async function open2(_t: TestContext, data: string) {
  const store = await open(data)
  const { points } = await store.history(1, BEGAN - 1, BEGAN + 10_000, 100_000, signal)
  await store.close()
  return points
}

test('what waits can be let go instead, and is counted', async (t) => {
  const data = await made(t)
  const to = join(temporaryFolder(t), 'data')
  await restoredFrom(data, to, 3000, true)
  const store = await open(to)
  const ledger = (await store.openCursor('plant')).ledger()
  assert.deepEqual([ledger.routed, ledger.delivered, ledger.pending, ledger.dropped], [3000, 2500, 0, { restored: 500 }]) // prettier-ignore
  await store.close()
})

test('a time is found to the group in which a sample came, and to the sample where its own time says more', async (t) => {
  const data = await made(t)
  const survey = await surveyLog(data)
  assert.equal(survey.end.seq, ROWS)
  // Batch 1 + 100 n came at BEGAN + 1 + 100 n.
  assert.equal(await seqAt(survey, BEGAN + 1), 100)
  assert.equal(await seqAt(survey, BEGAN + 100), 100)
  assert.equal(await seqAt(survey, BEGAN + 101), 200)
  assert.equal(await seqAt(survey, BEGAN + 10_000), ROWS)
  await assert.rejects(seqAt(survey, BEGAN), /does not hold what had come by .*: it has the numbers 1 to 4000/)
  await assert.rejects(cutLog(data, survey, ROWS + 1), /does not hold number 4001/)
})

test('a survey names what is there and changes nothing', async (t) => {
  const data = await made(t)
  const bytes = () => readdirSync(join(data, 'log')).map((name) => readFileSync(join(data, 'log', name), 'hex'))
  const before = bytes()
  const survey = await surveyLog(data)
  assert.deepEqual(bytes(), before)
  assert.deepEqual([survey.oldestSeq, survey.end, survey.damaged], [1, { seq: ROWS, ordinal: ROWS }, []])
  const rows = await lastRows(survey, 3)
  assert.deepEqual(rows.map(({ seq, value }) => [seq, value]), [3998, 3999, 4000].map((n) => [n, Math.sqrt(n) * 1000])) // prettier-ignore
  const cursors = await surveyCursors(data)
  assert.deepEqual([...cursors.values()].map(reachOf), [2500])
})
