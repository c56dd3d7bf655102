/** Delivering again on command: beside what comes, through outages, counted apart from the account. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import type { SampleBatch } from '../core/batch.ts'
import { GatewayError, NotConnectedError, PartialWriteError } from '../core/errors.ts'
import { batchOf, startRunner, tagTable, type RigOptions } from '../testing/delivery-rig.ts'
import { eventually } from '../testing/peers.ts'
import { ScriptedSink } from '../testing/scripted-sink.ts'
import type { ReplaySource } from './replay.ts'

function rig(t: TestContext, runner: RigOptions['runner'] = {}) {
  const sink = new ScriptedSink()
  const tags = tagTable('press/count', 'press/name')
  return { sink, ...startRunner(t, sink, { tags, runner }) }
}

/** Values 1000, 1001, … in batches of ten. */
const range = (count: number): ReplaySource => ({
  kind: 'range',
  from: 1,
  to: 2,
  async *read() {
    for (let at = 0; at < count; at += 10)
      yield batchOf(
        Array.from({ length: Math.min(10, count - at) }, (_, row) => [1, 1000 + at + row] as const),
        1 + at,
      )
  },
})

const done = (rigged: ReturnType<typeof rig>) =>
  eventually('the replay ends', () => rigged.runner.status().replay?.endedAt !== null)

test('a range is delivered once more beside what comes, and the account does not move', async (t) => {
  const r = rig(t)
  r.cursor.append(batchOf([[1, 1], [1, 2]])) // prettier-ignore
  await eventually('the first come', () => r.sink.taken.length === 2)
  const before = r.cursor.ledger()
  r.runner.replay(range(25))
  await done(r)
  assert.deepEqual(
    r.sink.taken.slice(2),
    Array.from({ length: 25 }, (_, at) => 1000 + at),
  )
  const { replay, replayed, routed, delivered } = r.runner.status()
  assert.deepEqual([replay!.state, replay!.delivered, replay!.rejected, replayed], ['done', 25, 0, 25])
  assert.deepEqual([routed, delivered], [before.routed, before.delivered])
  r.cursor.append(batchOf([[1, 3]]))
  await eventually('new ones come as before', () => r.sink.taken.at(-1) === 3)
})

test('what comes meanwhile does not wait for the end of a replay', async (t) => {
  const r = rig(t)
  r.runner.replay(range(500))
  let at = 0
  r.sink.judge = () => {
    if (at++ === 5) r.cursor.append(batchOf([[1, 7]]))
  }
  await done(r)
  const place = r.sink.taken.indexOf(7)
  assert.ok(place > 0 && place < 120, `it came as number ${place}`)
})

test('a connection that is lost during a replay: the same batch again, nothing is left out', async (t) => {
  const r = rig(t)
  await eventually('connected', () => r.runner.status().state === 'Running')
  let writes = 0
  r.sink.judge = () => {
    if (writes++ === 1) throw new NotConnectedError('broker is gone')
  }
  r.runner.replay(range(40))
  await done(r)
  assert.deepEqual(
    r.sink.taken,
    Array.from({ length: 40 }, (_, at) => 1000 + at),
  )
  assert.equal(r.sink.connects, 2)
})

test('what a sink leaves out of a replay on purpose does not count as delivered', async (t) => {
  const r = rig(t)
  const write = r.sink.write.bind(r.sink)
  const thinning = r.sink as { write(batch: SampleBatch): Promise<unknown> }
  thinning.write = async (batch) => {
    if (batch.value[0] === 1020) throw new PartialWriteError('no', new Map([[3, 'no']]), { leftOut: { thinned: 2 } })
    await write(batch)
    return { thinned: 4 }
  }
  r.runner.replay(range(30))
  await done(r)
  const { replay, replayed } = r.runner.status()
  assert.deepEqual([replay!.delivered, replay!.rejected, replayed], [19, 1, 19])
})

test('samples of a replay that are refused are counted, and no dead letters', async (t) => {
  const r = rig(t)
  r.sink.judge = (batch: SampleBatch) => {
    if (batch.value[0] === 1010) throw new PartialWriteError('no', new Map([[3, 'no']]))
    if (batch.value[0] === 1020) throw new GatewayError('SINK_REJECTED', 'never')
  }
  r.runner.replay(range(40))
  await done(r)
  assert.deepEqual([r.runner.status().replay!.delivered, r.runner.status().replay!.rejected], [29, 11])
  assert.ok(!existsSync(r.deadLetterFile))
})

test('one replay at a time; it can be cancelled; a source that fails is told', async (t) => {
  const r = rig(t)
  let release = (): void => undefined
  r.sink.judge = () => new Promise((resolve) => (release = resolve))
  r.runner.replay(range(1000))
  await eventually('it has begun', () => r.sink.attempts.length === 1)
  assert.throws(() => r.runner.replay(range(1)), { code: 'BUSY' })
  await r.runner.cancelReplay()
  r.sink.judge = () => undefined
  release()
  await eventually('it is over', () => r.runner.status().replay!.state === 'cancelled')
  assert.ok(r.sink.taken.length <= 10)
  r.runner.replay({
    kind: 'range',
    // oxlint-disable-next-line require-yield -- it fails before it has anything
    async *read() {
      throw new Error('the segment is gone')
    },
  })
  await done(r)
  assert.deepEqual(
    [r.runner.status().replay!.state, r.runner.status().replay!.reason],
    ['failed', 'the segment is gone'],
  )
})

test('dead letters are delivered again, with their own types and numbers; what is refused again stays one', async (t) => {
  const r = rig(t)
  let refused = (value: unknown): boolean => typeof value === 'string'
  r.sink.judge = (batch: SampleBatch) => {
    const rows = new Map<number, string>()
    for (let row = 0; row < batch.length; row++) if (refused(batch.valueAt(row))) rows.set(row, 'no text')
    if (rows.size > 0) throw new PartialWriteError('no text', rows)
  }
  const tags = r.tags.get(2)!
  Object.assign(tags.settings, { type: 'string' })
  r.cursor.append(batchOf([[1, 1], [2, 'a'], [2, 'b'], [1, 2]])) // prettier-ignore
  await eventually('two letters', () => r.cursor.ledger().dropped.rejected === 2)
  const listed = await r.runner.deadLetters.list(10)
  assert.deepEqual(listed.map(({ value, seq }) => [value, seq]), [['b', 3], ['a', 2]]) // prettier-ignore
  refused = (value) => value === 'b'
  r.sink.taken.length = 0
  const source = (await r.runner.deadLetters.takeAll())!
  const seen: (number | undefined)[] = []
  const judge = r.sink.judge
  r.sink.judge = (batch) => {
    seen.push(...(batch.seq ?? []))
    return judge(batch)
  }
  r.runner.replay(source)
  await done(r)
  assert.deepEqual([r.runner.status().replay!.delivered, r.runner.status().replay!.rejected], [1, 1])
  assert.deepEqual(seen, [2, 3])
  assert.deepEqual((await r.runner.deadLetters.list(10)).map(({ value }) => value), ['b']) // prettier-ignore
  assert.equal(readFileSync(r.deadLetterFile, 'utf8').trim().split('\n').length, 1)
  assert.deepEqual(r.cursor.ledger().dropped, { rejected: 2 }, 'the account is of the first delivery')
  assert.equal(await r.runner.deadLetters.purge(), 1)
  assert.equal(await r.runner.deadLetters.takeAll(), undefined)
})

test('a replay of dead letters that is cut off loses none: they are there for the next one', async (t) => {
  const r = rig(t)
  r.sink.judge = () => Promise.reject(new GatewayError('SINK_REJECTED', 'no'))
  r.cursor.append(batchOf([[1, 1], [1, 2]])) // prettier-ignore
  await eventually('two letters', () => r.cursor.ledger().dropped.rejected === 2)
  let release = (): void => undefined
  r.sink.judge = () => new Promise((resolve) => (release = resolve))
  r.runner.replay((await r.runner.deadLetters.takeAll())!)
  await eventually('it has begun', () => r.runner.status().replay!.state === 'running')
  await r.runner.cancelReplay()
  release()
  assert.equal((await r.runner.deadLetters.list(10)).length, 2)
  r.sink.judge = () => undefined
  await eventually('the batch is over', () => r.sink.taken.length === 2)
  r.runner.replay((await r.runner.deadLetters.takeAll())!)
  await done(r)
  assert.deepEqual(r.sink.taken.slice(-2), [1, 2])
  assert.equal((await r.runner.deadLetters.list(10)).length, 0)
})

test('a purge is told to the far side as a gap', async (t) => {
  const r = rig(t)
  r.sink.connectErrors.push(new NotConnectedError('away'), new NotConnectedError('away'), new NotConnectedError('away'))
  r.cursor.append(batchOf([[1, 1], [1, 2]])) // prettier-ignore
  assert.equal(r.runner.purge(), 2)
  assert.deepEqual([r.runner.status().pending, r.runner.status().dropped], [0, { purged: 2 }])
  r.cursor.append(batchOf([[1, 3]]))
  await eventually('the new one comes', () => r.sink.taken.length === 1)
  assert.deepEqual([r.sink.taken, r.sink.gaps.map(({ reason, samples }) => [reason, samples])], [[3], [['purged', 2]]]) // prettier-ignore
})

test('a sample that no sink can write does not hold up a replay, nor what comes beside it, nor its neighbours', async (t) => {
  const r = rig(t)
  let live = 0
  const over = new AbortController()
  const feeding = (async () => {
    for (; !over.signal.aborted; live++) {
      r.cursor.append(batchOf([[1, live]]))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  })()
  r.sink.judge = (batch: SampleBatch) => {
    if (batch.value.subarray(0, batch.length).includes(1013)) throw new RangeError('cannot be encoded')
  }
  r.runner.replay(range(40))
  await done(r)
  over.abort()
  await feeding
  const { state, delivered, rejected } = r.runner.status().replay!
  assert.deepEqual([state, delivered, rejected], ['done', 39, 1])
  const again = r.sink.taken.filter((value) => Number(value) >= 1000)
  assert.deepEqual(
    again,
    Array.from({ length: 40 }, (_, at) => 1000 + at).filter((value) => value !== 1013),
  )
})

test('a sample that ends the connection each time ends the replay, and says so', async (t) => {
  const r = rig(t)
  r.sink.judge = (batch: SampleBatch) => {
    if (batch.value.subarray(0, batch.length).includes(1013)) throw new NotConnectedError('too large, closed')
  }
  r.runner.replay(range(40))
  await done(r)
  const { state, delivered, reason } = r.runner.status().replay!
  assert.deepEqual([state, delivered], ['failed', 13])
  assert.match(reason!, /number 14 .*too large/)
  r.cursor.append(batchOf([[1, 5]]))
  await eventually('what comes goes on', () => r.sink.taken.at(-1) === 5)
})

test('a replay keeps to the rate of its sink, and what comes meanwhile does not wait for it', async (t) => {
  const r = rig(t, { replayRowsPerSecond: 100 })
  await eventually('connected', () => r.runner.status().state === 'Running')
  const began = performance.now()
  r.runner.replay(range(50))
  await eventually('the first batch', () => r.sink.taken.length === 10)
  r.cursor.append(batchOf([[1, 7]]))
  await eventually('the live one', () => r.sink.taken.includes(7))
  assert.ok(r.sink.taken.length < 50)
  await done(r)
  const ms = performance.now() - began
  assert.ok(ms >= 390, `50 samples in ${ms} ms`)
  assert.equal(r.runner.status().replay!.delivered, 50)
})
