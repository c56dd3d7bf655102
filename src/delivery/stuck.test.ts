/** Sinks that hang: in a write or a connect, with and without regard for the abort. Nothing is lost, and nothing is taken for delivered. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { SampleBatch } from '../core/batch.ts'
import type { Sink } from '../core/sink.ts'
import { batchOf, startRunner, tagTable, type RigOptions } from '../testing/delivery-rig.ts'
import { ScriptedSink } from '../testing/scripted-sink.ts'
import { settle, VirtualClock } from '../testing/virtual-clock.ts'

const NEVER_MS = 3_600_000

/** Hangs in the next calls; `heeds`: it lets go when it is aborted. */
class HangingSink extends ScriptedSink {
  hangs = { connect: 0, write: 0 }
  heeds = true
  /** Ends the calls that hang. */
  readonly release: (() => void)[] = []

  override async connect(signal?: AbortSignal): Promise<void> {
    if (this.hangs.connect-- > 0) await this.#hang(signal)
    await super.connect()
  }

  override async write(batch: SampleBatch, signal?: AbortSignal): Promise<void> {
    if (this.hangs.write-- > 0) await this.#hang(signal)
    await super.write(batch)
  }

  #hang(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.release.push(resolve)
      if (this.heeds) signal?.addEventListener('abort', () => reject(signal.reason))
    })
  }
}

function start(t: TestContext, sink: HangingSink, more: RigOptions['runner'] = {}) {
  const clock = new VirtualClock()
  const stuck: string[] = []
  const rig = startRunner(t, sink, {
    tags: tagTable('press/count'),
    clock,
    runner: { onStuck: (reason) => stuck.push(reason), ...more },
  })
  return { ...rig, clock, stuck }
}

const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => [1, from + at] as const)

test('a write that never ends is given up after two minutes: the connection is made anew, and the same rows are sent once', async (t) => {
  const sink = new HangingSink()
  sink.hangs.write = 1
  const rig = start(t, sink)
  rig.cursor.append(batchOf(rows(0, 3)))
  await rig.clock.advance(119_000)
  assert.deepEqual([sink.taken, rig.runner.status().pending, rig.stuck], [[], 3, []], 'slow is not stuck')
  await rig.clock.advance(2000)
  assert.deepEqual(rig.stuck, ['write-stuck'])
  await rig.clock.advance(1000)
  assert.deepEqual(sink.taken, [0, 1, 2])
  const { routed, delivered, pending, state, retries } = rig.runner.status()
  assert.deepEqual([routed, delivered, pending, state, retries], [3, 3, 0, 'Running', 1])
  assert.equal(sink.connects, 2)
})

test('what people see of it says what happened and what follows', async (t) => {
  const sink = new HangingSink()
  sink.hangs.write = 1
  const rig = start(t, sink, { pause: { firstMs: 5000, maxMs: 5000 }, random: () => 1 })
  rig.cursor.append(batchOf(rows(0, 1)))
  await rig.clock.advance(120_500)
  const { state, reason } = rig.runner.status()
  assert.deepEqual([state, reason], ['Connecting', 'the sink did not end a write within 2m'])
})

test('a connect that never ends is given up and tried again', async (t) => {
  const sink = new HangingSink()
  sink.hangs.connect = 1
  const rig = start(t, sink)
  rig.cursor.append(batchOf(rows(0, 2)))
  await rig.clock.advance(125_000)
  assert.deepEqual([rig.stuck, sink.taken, rig.runner.status().state], [['connect-stuck'], [0, 1], 'Running'])
})

test('a connect that waits on purpose is left alone', async (t) => {
  const sink: HangingSink & Pick<Sink, 'isWaiting'> = Object.assign(new HangingSink(), { isWaiting: () => true })
  sink.hangs.connect = 1
  const rig = start(t, sink)
  await rig.clock.advance(NEVER_MS)
  assert.deepEqual([rig.stuck, sink.release.length], [[], 1])
})

test('a far side that answers bit by bit is left alone, however long all of it takes; one that has stopped is given up', async (t) => {
  let answers = 0
  const sink = Object.assign(new HangingSink(), { progress: () => answers })
  sink.hangs.write = 1
  const rig = start(t, sink)
  rig.cursor.append(batchOf(rows(0, 2)))
  for (let minute = 0; minute < 30; minute++) {
    answers++
    await rig.clock.advance(60_000)
  }
  assert.deepEqual([rig.stuck, rig.runner.status().retries, sink.connects], [[], 0, 1])
  await rig.clock.advance(241_000)
  assert.deepEqual([rig.stuck, sink.taken], [['write-stuck'], [0, 1]])
})

test('where none may take its place the same sink is asked again; what its hanging call says late counts for nothing', async (t) => {
  const sink = new HangingSink()
  sink.hangs.write = 1
  sink.heeds = false
  const rig = start(t, sink)
  rig.cursor.append(batchOf(rows(0, 2)))
  await rig.clock.advance(126_000)
  assert.deepEqual([rig.stuck, sink.closed, sink.connects], [['write-stuck'], 0, 2])
  sink.release[0]!()
  await rig.clock.advance(1000)
  const { delivered, pending } = rig.runner.status()
  assert.deepEqual([rig.cursor.acks, delivered, pending], [[2], 2, 0])
})

test('a sink that ignores the abort is replaced; its late answer counts for nothing', async (t) => {
  const old = new HangingSink()
  old.hangs.write = 1
  old.heeds = false
  const fresh = new HangingSink()
  const rig = start(t, old, { renew: () => fresh })
  rig.cursor.append(batchOf(rows(0, 3)))
  await rig.clock.advance(126_000)
  assert.deepEqual(rig.stuck, ['write-stuck', 'renewed'])
  assert.deepEqual([old.closed, fresh.connects, fresh.taken], [1, 1, [0, 1, 2]])
  const acks = [...rig.cursor.acks]
  old.release[0]!()
  rig.cursor.append(batchOf(rows(3, 4), 4))
  await settle()
  assert.deepEqual(acks, [3])
  assert.deepEqual(
    [rig.cursor.acks, fresh.taken],
    [
      [3, 4],
      [0, 1, 2, 3],
    ],
  )
  old.breakConnection('nobody listens to the old one')
  await settle()
  assert.equal(rig.runner.status().state, 'Running')
})

test('sinks that all hang do not pile up: after three the runner waits until one comes back', async (t) => {
  const made: HangingSink[] = []
  const create = (): HangingSink => {
    const sink = new HangingSink()
    sink.hangs.write = made.length < 3 ? 1 : 0
    sink.heeds = false
    made.push(sink)
    return sink
  }
  const rig = start(t, create(), { renew: create })
  rig.cursor.append(batchOf(rows(0, 1)))
  await rig.clock.advance(NEVER_MS)
  assert.deepEqual([made.length, made[3]!.connects, rig.runner.status().pending], [4, 0, 1])
  made[0]!.release[0]!()
  await rig.clock.advance(60_000)
  assert.deepEqual([made[3]!.taken, rig.runner.status().pending, rig.runner.status().state], [[0], 0, 'Running'])
})

test('stopping does not wait for a sink that hangs, and leaves no timer behind', async (t) => {
  const sink = new HangingSink()
  sink.hangs.write = 1
  sink.heeds = false
  const rig = start(t, sink)
  rig.cursor.append(batchOf(rows(0, 1)))
  await settle()
  const stopped = rig.runner.stop(2000)
  await rig.clock.advance(2500)
  await stopped
  assert.equal(rig.clock.pending, 0)
})
