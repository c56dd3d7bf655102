/** Letting go on command: it makes room, it lasts, and the account of the sink adds up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SampleBatch } from '../../core/batch.ts'
import type { Cursor } from '../../core/cursor.ts'
import { silentLog } from '../../core/log.ts'
import type { RetentionPolicy } from '../../core/retention.ts'
import { settle, VirtualClock } from '../../testing/virtual-clock.ts'
import { MemoryFiles } from '../memory-files.ts'
import { openStore, type Store } from '../store.ts'

const MAX_BYTES = 40_000

async function open(files: MemoryFiles, clock: VirtualClock, policy: RetentionPolicy): Promise<[Store, Cursor]> {
  const store = await openStore({
    dir: '/data',
    clock,
    log: silentLog,
    files,
    tailRows: 256,
    segmentBytes: 4096,
    retention: { maxBytes: MAX_BYTES, policy },
  })
  return [store, await store.openCursor('s')]
}

/** So many seconds of a hundred samples that do not compress away. */
async function seconds(store: Store, clock: VirtualClock, count: number): Promise<void> {
  for (let at = 0; at < count; at++) {
    const batch = new SampleBatch(100, clock.now())
    for (let row = 0; row < 100; row++) batch.push(1 + (row % 4), Math.sin(store.info().nextSeq + row) * 1e6, 0)
    store.append(batch)
    await store.flush()
    await clock.advance(1000)
    await settle()
  }
}

function balance(cursor: Cursor): void {
  const { routed, delivered, pending, dropped } = cursor.ledger()
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
  assert.equal(routed, delivered + pending + lost, JSON.stringify(cursor.ledger()))
}

/** Takes what there is; reason and samples of each gap. */
async function drain(cursor: Cursor): Promise<[string, number | undefined][]> {
  const gaps: [string, number | undefined][] = []
  while (cursor.ledger().pending > 0) {
    const got = await cursor.next(500, AbortSignal.timeout(5000))
    if (got instanceof SampleBatch) cursor.ack(got.seq![got.length - 1]!, { delivered: got.length })
    else {
      gaps.push([got.reason, got.samples])
      cursor.ack(got.toSeq, { delivered: 0 })
    }
    balance(cursor)
  }
  return gaps
}

for (const policy of ['drop-newest', 'block'] as const) {
  test(`${policy}: a purge makes room in a full log although the sink is away`, async () => {
    const clock = new VirtualClock()
    const [store, cursor] = await open(new MemoryFiles(), clock, policy)
    await seconds(store, clock, 100)
    assert.ok(store.info().isFull)
    const purged = cursor.purge()
    balance(cursor)
    await seconds(store, clock, 3)
    balance(cursor)
    assert.equal(store.info().isFull, false)
    const { routed } = cursor.ledger()
    const gaps = await drain(cursor)
    const reason = policy === 'block' ? 'blocked' : 'full'
    assert.deepEqual(gaps, [['purged', purged], [reason, store.info().refused]]) // prettier-ignore
    assert.equal(cursor.ledger().delivered, routed - purged - store.info().refused)
    await store.close()
  })
}

for (const how of ['clean stop', 'kill'] as const) {
  test(`a purge while the sink is away outlasts a ${how}; what came after it is delivered`, async () => {
    const clock = new VirtualClock()
    const files = new MemoryFiles()
    const [store, cursor] = await open(files, clock, 'drop-oldest')
    await seconds(store, clock, 10)
    assert.equal(cursor.purge(), 1000)
    await seconds(store, clock, 5)
    if (how === 'clean stop') await store.close()
    const [again, cursorAgain] = await open(how === 'kill' ? files.afterKill() : files, clock, 'drop-oldest')
    balance(cursorAgain)
    assert.deepEqual([cursorAgain.ledger().pending, cursorAgain.ledger().dropped], [500, { purged: 1000 }])
    const age = clock.now() - cursorAgain.ledger().oldestPendingTime!
    assert.ok(age < 6000, `the oldest that waits is said to be ${age} ms old`)
    const gaps = await drain(cursorAgain)
    assert.deepEqual(gaps[0], ['purged', 1000])
    assert.deepEqual([cursorAgain.ledger().delivered, cursorAgain.ledger().dropped], [500, { purged: 1000 }])
    await again.close()
  })
}

test('retention that goes past a purge after a restart: each sample is counted once', async () => {
  const clock = new VirtualClock()
  const files = new MemoryFiles()
  const [store, cursor] = await open(files, clock, 'drop-oldest')
  await seconds(store, clock, 10)
  cursor.purge()
  await seconds(store, clock, 5)
  await store.close()
  const [again, cursorAgain] = await open(files, clock, 'drop-oldest')
  await seconds(again, clock, 100)
  balance(cursorAgain)
  await drain(cursorAgain)
  const { routed, dropped, delivered } = cursorAgain.ledger()
  assert.deepEqual([routed, dropped.purged], [11_500, 1000])
  assert.equal(delivered + dropped.retention!, 10_500)
  await again.close()
})
