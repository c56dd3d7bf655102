/**
 * kill -9 under load: everything at or below the watermark that was printed before the kill must be in the log afterwards, with the
 * content that belongs to its number. The crippled control reports the watermark before write(2) and must lose some.
 */
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { test, type TestContext } from 'node:test'
import { SampleBatch } from '../core/batch.ts'
import { systemClock } from '../core/clock.ts'
import { silentLog } from '../core/log.ts'
import type { Gap } from '../core/sink.ts'
import { startProcess, temporaryFolder } from '../testing/peers.ts'
import { openStore } from './store.ts'

const CHILD = fileURLToPath(new URL('./kill-child.ts', import.meta.url))
const signal = AbortSignal.timeout(20_000)

/** Runs the child on `dir`, kills it after `afterMs` of reports; returns the last watermark it printed whole. */
async function runAndKill(t: TestContext, dir: string, mode: string, afterMs: number): Promise<number> {
  const child = startProcess(t, process.execPath, [CHILD, dir, mode])
  await child.waitFor(/durable [1-9]\d*\n/)
  await new Promise((resolve) => setTimeout(resolve, afterMs))
  await child.stop('SIGKILL')
  const reports = [...child.output().matchAll(/durable (\d+)\n/g)]
  return Number(reports.at(-1)![1])
}

/** Opens the folder and counts the numbers up to `watermark` that are there with the right content. */
async function countKept(dir: string, watermark: number): Promise<{ kept: number; next: number }> {
  const store = await openStore({ dir, clock: systemClock, log: silentLog })
  const cursor = await store.openCursor('audit')
  let kept = 0
  let before = 0
  while (cursor.ledger().pending > 0) {
    const got = await cursor.next(10_000, signal)
    if (!(got instanceof SampleBatch)) continue
    for (let row = 0; row < got.length; row++) {
      const seq: number = got.seq![row]!
      assert.equal(got.value[row], seq, 'the content belongs to another number')
      assert.ok(seq > before, 'a number came twice')
      before = seq
      if (seq <= watermark) kept++
    }
    cursor.ack(before, { delivered: got.length })
  }
  const { nextSeq } = store.info()
  await store.close()
  return { kept, next: nextSeq }
}

test('kill -9 three times over: no sample below the reported watermark is lost, no number is used again', async (t) => {
  const dir = temporaryFolder(t)
  let highest = 0
  for (const afterMs of [150, 300, 220]) {
    const first = highest + 1
    const watermark = await runAndKill(t, dir, 'honest', afterMs)
    assert.ok(watermark > first)
    const { next } = await countKept(dir, 0)
    assert.ok(next > watermark)
    highest = next - 1
    await checkStretch(dir, first, watermark)
  }
})

/** Every number that the child can have given out from `first` to `watermark` is there. */
async function checkStretch(dir: string, first: number, watermark: number): Promise<void> {
  const store = await openStore({ dir, clock: systemClock, log: silentLog })
  const cursor = await store.openCursor(`stretch from ${first}`)
  let expected = first
  while (expected <= watermark) {
    const got: SampleBatch | Gap = await cursor.next(10_000, signal)
    if (!(got instanceof SampleBatch)) {
      assert.ok(
        got.toSeq < first || got.fromSeq > watermark,
        `a gap from ${got.fromSeq} to ${got.toSeq}: ${got.reason}`,
      )
      continue
    }
    for (let row = 0; row < got.length; row++) {
      const seq: number = got.seq![row]!
      if (seq < first || expected > watermark) continue
      assert.equal(seq, expected++)
    }
  }
  await store.close()
}

test('the control that reports before write(2) does lose samples, so the check above can fail', async (t) => {
  const dir = temporaryFolder(t)
  const watermark = await runAndKill(t, dir, 'crippled', 400)
  const { kept } = await countKept(dir, watermark)
  assert.ok(kept < watermark, `kept ${kept} of ${watermark}`)
})
