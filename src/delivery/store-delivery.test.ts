/** The runner behind the real log: conservation through failures and restarts, with numbers that the values themselves carry. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { SampleBatch } from '../core/batch.ts'
import { systemClock } from '../core/clock.ts'
import { NotConnectedError, PartialWriteError } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'
import { openStore, type Store } from '../store/store.ts'
import { tagSettings } from '../testing/delivery-rig.ts'
import { eventually, temporaryFolder } from '../testing/peers.ts'
import { ScriptedSink } from '../testing/scripted-sink.ts'
import { createDeadLetters } from './dead-letters.ts'
import { createRunner, type Runner, type SinkStatus } from './runner.ts'

interface Gateway {
  readonly store: Store
  readonly sink: ScriptedSink
  readonly runner: Runner
  stop(): Promise<void>
}

async function open(
  t: TestContext,
  dir: string,
  prepare: (sink: ScriptedSink) => void = () => undefined,
): Promise<Gateway> {
  const store = await openStore({ dir, clock: systemClock, log: silentLog, syncEveryMs: 10 })
  await store.defineTags([{ device: 'press', settings: tagSettings('count') }])
  const sink = new ScriptedSink()
  prepare(sink)
  const letters = {
    folder: join(dir, 'dead-letters'),
    sink: 'plant',
    logId: store.logId,
    tags: store.tags,
    clock: systemClock,
  }
  const runner = createRunner({
    name: 'plant',
    type: 'scripted',
    sink,
    cursor: await store.openCursor('plant'),
    clock: systemClock,
    log: silentLog,
    deadLetters: createDeadLetters(letters),
    batchRows: 100,
    pause: { firstMs: 5, maxMs: 20 },
  })
  runner.start()
  let stopped = false
  const stop = async () => {
    if (stopped) return
    stopped = true
    await runner.stop(1000)
    await store.close()
  }
  // The folder is removed first: after a failed test there may be nothing left to close.
  t.after(() => stop().catch(() => undefined))
  return { store, sink, runner, stop }
}

function append(store: Store, from: number, to: number): void {
  const id = store.tags.find('press', 'count')!.id
  const batch = new SampleBatch(to - from, Date.now())
  for (let count = from; count < to; count++) batch.push(id, count, 0)
  assert.equal(store.append(batch), 0)
}

const ledgerOf = ({ routed, delivered, pending, dropped }: SinkStatus) => ({ routed, delivered, pending, dropped })
const from = (start: number, end: number) => Array.from({ length: end - start }, (_, at) => start + at)

test('everything is delivered once and in order while nothing fails', async (t) => {
  const gateway = await open(t, temporaryFolder(t))
  for (let start = 0; start < 2000; start += 250) append(gateway.store, start, start + 250)
  await eventually('all delivered', () => gateway.runner.status().delivered === 2000)
  assert.deepEqual(gateway.sink.taken, from(0, 2000))
  assert.deepEqual(ledgerOf(gateway.runner.status()), { routed: 2000, delivered: 2000, pending: 0, dropped: {} })
  assert.equal(gateway.runner.status().oldestPendingAgeMs, null)
  await gateway.stop()
})

test('an outage: pending grows with its age, then drains in order; refused rows are counted apart', async (t) => {
  let away = true
  const gateway = await open(t, temporaryFolder(t), (sink) => {
    sink.judge = (batch) => {
      if (away) throw new NotConnectedError('away')
      if (batch.seq![0] === 1) throw new PartialWriteError('one', new Map([[5, 'no']]))
    }
  })
  append(gateway.store, 0, 500)
  await eventually('retried', () => gateway.runner.status().retries > 2)
  const status = gateway.runner.status()
  assert.deepEqual(ledgerOf(status), { routed: 500, delivered: 0, pending: 500, dropped: {} })
  assert.ok((status.oldestPendingAgeMs ?? -1) >= 0 && (status.oldestPendingAgeMs ?? Infinity) < 10_000)
  away = false
  await eventually('drained', () => gateway.runner.status().pending === 0)
  assert.deepEqual(ledgerOf(gateway.runner.status()), {
    routed: 500,
    delivered: 499,
    pending: 0,
    dropped: { rejected: 1 },
  })
  assert.deepEqual(gateway.sink.taken, from(100, 500))
  await gateway.stop()
})

test('a restart goes on where the far side left off; the ledger is not reset', async (t) => {
  const dir = temporaryFolder(t)
  const first = await open(t, dir)
  append(first.store, 0, 300)
  await eventually('delivered', () => first.runner.status().delivered === 300)
  await first.stop()

  const second = await open(t, dir, (sink) => (sink.judge = () => Promise.reject(new NotConnectedError('away'))))
  append(second.store, 300, 400)
  await eventually('retried', () => second.runner.status().retries > 1)
  assert.deepEqual(ledgerOf(second.runner.status()), { routed: 400, delivered: 300, pending: 100, dropped: {} })
  await second.stop()

  const third = await open(t, dir)
  await eventually('delivered', () => third.runner.status().delivered === 400)
  assert.deepEqual(third.sink.taken, from(300, 400))
  assert.deepEqual(ledgerOf(third.runner.status()), { routed: 400, delivered: 400, pending: 0, dropped: {} })
  await third.stop()
})
