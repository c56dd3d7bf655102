/** What is let go while a sink reads it is dropped or delivered, never both: the ledger of the sink adds up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SampleBatch } from '../../core/batch.ts'
import type { Cursor } from '../../core/cursor.ts'
import { silentLog } from '../../core/log.ts'
import type { Gap } from '../../core/sink.ts'
import { settle, VirtualClock } from '../../testing/virtual-clock.ts'
import type { OpenFile, OpenMode } from '../files.ts'
import { MemoryFiles } from '../memory-files.ts'
import { openStore, type Store } from '../store.ts'

/** Reads of segments wait while it is shut. */
class GatedFiles extends MemoryFiles {
  gate: Promise<void> = Promise.resolve()
  waiting = 0

  override async open(path: string, mode: OpenMode): Promise<OpenFile> {
    const file = await super.open(path, mode)
    if (mode !== 'read' || !path.endsWith('.seg')) return file
    return {
      ...file,
      read: async (into, position) => {
        this.waiting++
        await this.gate
        this.waiting--
        return file.read(into, position)
      },
    }
  }

  /** Returns what opens the gate again. */
  shut(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.gate = promise
    return resolve
  }
}

const MAX_BYTES = 40_000

async function second(store: Store, clock: VirtualClock): Promise<void> {
  const batch = new SampleBatch(100, clock.now())
  for (let row = 0; row < 100; row++) batch.push(1 + (row % 4), Math.sin(store.info().nextSeq + row) * 1e6, 0)
  store.append(batch)
  await store.flush()
  await clock.advance(1000)
}

function balance(cursor: Cursor): void {
  const { routed, delivered, pending, dropped } = cursor.ledger()
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
  assert.equal(routed, delivered + pending + lost, JSON.stringify(cursor.ledger()))
}

const settleBatch = (cursor: Cursor, got: SampleBatch | Gap): void => {
  if (got instanceof SampleBatch) cursor.ack(got.seq![got.length - 1]!, { delivered: got.length })
  else cursor.ack(got.toSeq, { delivered: 0 })
}

for (const how of ['retention', 'purge'] as const) {
  test(`${how} while a frame is read: its rows are not delivered and dropped at once`, async () => {
    const files = new GatedFiles()
    const clock = new VirtualClock()
    const store = await openStore({
      dir: '/data',
      clock,
      log: silentLog,
      files,
      tailRows: 256,
      segmentBytes: 4096,
      retention: { maxBytes: MAX_BYTES },
    })
    const cursor = await store.openCursor('s')
    for (let count = 0; count < 20; count++) await second(store, clock)
    await settle()
    const open = files.shut()
    const reading = cursor.next(50, AbortSignal.timeout(5000))
    while (files.waiting === 0) await settle()
    if (how === 'purge') assert.ok(cursor.purge() > 0)
    // The trends read too, and wait.
    else for (let count = 0; store.info().oldestSeq === 1 && count < 500; count++) await second(store, clock)
    balance(cursor)
    open()
    const got = await reading
    assert.ok(!(got instanceof SampleBatch), 'rows that were let go came')
    settleBatch(cursor, got)
    balance(cursor)
    while (cursor.ledger().pending > 0) {
      settleBatch(cursor, await cursor.next(500, AbortSignal.timeout(5000)))
      balance(cursor)
    }
    await store.close()
  })
}

test('a gap that waits for a full disk while the oldest segments go: after a restart the account still adds up', async () => {
  let files = new MemoryFiles()
  const clock = new VirtualClock()
  const open = async (): Promise<[Store, Cursor]> => {
    const options = { dir: '/data', clock, log: silentLog, files, segmentBytes: 4096, reserveBlock: 5000 }
    const store = await openStore(options)
    return [store, await store.openCursor('s')]
  }
  const [killed] = await open()
  for (let count = 0; count < 3; count++) await second(killed, clock)
  files = files.afterKill()
  const [store, cursor] = await open()
  files.writeFault = 'ENOSPC'
  const batch = new SampleBatch(100, clock.now())
  for (let row = 0; row < 100; row++) batch.push(1, row, 0)
  store.append(batch)
  // The sink gets everything out of memory, and segments that it has go, as the disk is full.
  while (cursor.ledger().pending > 0) settleBatch(cursor, await cursor.next(500, AbortSignal.timeout(5000)))
  for (let count = 0; count < 5; count++) await clock.advance(5000)
  assert.ok(store.info().failed !== null && store.info().segments === 0)
  files.writeFault = undefined
  await store.close()
  const [again, cursorAgain] = await open()
  balance(cursorAgain)
  const { routed, delivered, pending } = cursorAgain.ledger()
  assert.deepEqual([routed, delivered, pending], [400, 400, 0])
  await again.close()
})

test('a kill when a full disk has let all segments go: the account goes on from where the cursor knew it', async () => {
  let files = new MemoryFiles()
  const clock = new VirtualClock()
  const open = async (): Promise<[Store, Cursor]> => {
    const options = { dir: '/data', clock, log: silentLog, files, segmentBytes: 4096, reserveBlock: 5000 }
    const store = await openStore(options)
    return [store, await store.openCursor('s')]
  }
  const [first] = await open()
  for (let count = 0; count < 3; count++) await second(first, clock)
  files = files.afterKill()
  const [store, cursor] = await open()
  await second(store, clock)
  while (cursor.ledger().pending > 0) settleBatch(cursor, await cursor.next(500, AbortSignal.timeout(5000)))
  for (let count = 0; count < 5; count++) await clock.advance(1000)
  files.writeFault = 'ENOSPC'
  await second(store, clock).catch(() => undefined)
  for (let count = 0; count < 5; count++) await clock.advance(5000)
  assert.equal(store.info().segments, 0)
  files = files.afterKill()
  const [again, cursorAgain] = await open()
  balance(cursorAgain)
  const { routed, delivered, pending } = cursorAgain.ledger()
  assert.deepEqual([routed, delivered, pending], [400, 400, 0])
  await again.close()
})
