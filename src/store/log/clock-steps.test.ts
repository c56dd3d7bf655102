/** Retention by age when somebody sets the clock: what is young stays, what is old goes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SampleBatch } from '../../core/batch.ts'
import { silentLog } from '../../core/log.ts'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import { MemoryFiles } from '../memory-files.ts'
import { openStore, type Store } from '../store.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** A clock whose wall time can be set; the monotonic one goes on. */
class SetClock extends VirtualClock {
  set = 0

  override now(): number {
    return super.now() + this.set
  }
}

const open = (files: MemoryFiles, clock: VirtualClock) =>
  openStore({
    dir: '/data',
    clock,
    log: silentLog,
    files,
    retention: { maxAgeMs: 12 * HOUR },
    segmentAgeMs: HOUR,
    tailRows: 1,
  })

async function run(store: Store, clock: VirtualClock, hours: number): Promise<void> {
  for (let hour = 0; hour < hours * 2; hour++) {
    const batch = new SampleBatch(1, clock.now())
    batch.push(1, hour, 0)
    store.append(batch)
    await clock.advance(HOUR / 2)
  }
}

for (const ms of [DAY, -DAY, 50 * 365 * DAY]) {
  test(`the clock is set by ${ms / DAY} days: nothing young goes, before or after a restart, and twelve hours later the old does`, async () => {
    const files = new MemoryFiles()
    const clock = new SetClock()
    let store = await open(files, clock)
    await run(store, clock, 5)
    clock.set = ms
    await run(store, clock, 2)
    assert.equal(store.info().oldestSeq, 1)
    await store.close()

    store = await open(files, clock)
    await run(store, clock, 2)
    assert.equal(store.info().oldestSeq, 1)
    await run(store, clock, 8)
    const { oldestSeq, nextSeq } = store.info()
    assert.ok(oldestSeq > 5 && oldestSeq < 15, `the oldest of ${nextSeq - 1} is ${oldestSeq}`)
    await store.close()
  })
}

test('the clock is set and set back: only time that has passed counts', async () => {
  const clock = new SetClock()
  const store = await open(new MemoryFiles(), clock)
  await run(store, clock, 4)
  clock.set = DAY
  await run(store, clock, 3)
  clock.set = 0
  await run(store, clock, 4)
  assert.equal(store.info().oldestSeq, 1)
  await run(store, clock, 12)
  const { oldestSeq } = store.info()
  assert.ok(oldestSeq > 15 && oldestSeq < 25, `the oldest is ${oldestSeq}`)
  await store.close()
})
