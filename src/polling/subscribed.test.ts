/** Points that come by themselves: when they are subscribed to, what their end means, and what the evidence of the driver is good for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SampleBatch } from '../core/batch.ts'
import type { Driver, Emit, Point } from '../core/driver.ts'
import { NotConnectedError } from '../core/errors.ts'
import type { LivenessView } from '../core/driver-views.ts'
import { Status } from '../core/status.ts'
import { tagOf } from '../testing/driver-suite.ts'
import { tagSettings } from '../testing/tags.ts'
import { settle, VirtualClock } from '../testing/virtual-clock.ts'
import { SubscribedPoints } from './subscribed.ts'

function rigOf({ count = 3, polled = [] as number[] } = {}) {
  const clock = new VirtualClock()
  const connection = new AbortController()
  const points: Point<unknown>[] = Array.from({ length: count }, (_, tag) => ({ tag, address: tag, settings: tagOf(`t${tag}`) })) // prettier-ignore
  const rig = {
    clock,
    connection,
    /** What was subscribed to, and what it was given up by. */
    subscribed: [] as { tags: number[]; emit: Emit; signal: AbortSignal; end(error?: Error): void }[],
    emitted: [] as [number, number][],
    lost: [] as string[],
    confirmed: [] as [number, number][],
    looks: 0,
    liveness: undefined as Partial<LivenessView> | undefined,
    points: undefined as unknown as SubscribedPoints,
    send(...rows: readonly [tag: number, status?: number][]) {
      const batch = new SampleBatch(rows.length, clock.now())
      for (const [tag, status = 0] of rows) batch.push(tag, status === 0 ? 1 : undefined, status)
      rig.subscribed.at(-1)!.emit(batch)
    },
  }
  const driver = {
    subscribes: ({ tag }: Point<unknown>) => !polled.includes(tag),
    subscribe: (some: readonly Point<unknown>[], emit: Emit, signal: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        const end = (error?: Error) => (error === undefined ? resolve() : reject(error))
        rig.subscribed.push({ tags: some.map(({ tag }) => tag), emit, signal, end })
        signal.addEventListener('abort', () => resolve(), { once: true })
      }),
    liveness: () => rig.liveness,
  } as unknown as Driver<unknown>
  const owner = {
    name: 'plc',
    clock,
    signal: connection.signal,
    emit: (batch: SampleBatch) => {
      for (const { tag, status } of batch) rig.emitted.push([tag, status])
    },
    lost: (error: unknown) => void rig.lost.push((error as Error).message),
    observed: () => void rig.looks++,
  }
  rig.points = new SubscribedPoints(driver, points, owner, (tag, at) => void rig.confirmed.push([tag, at]))
  return rig
}

test('the points that the driver subscribes to, once; a driver without subscriptions has none', async () => {
  const rig = rigOf({ polled: [1] })
  rig.points.start()
  rig.points.start()
  assert.deepEqual(rig.subscribed.map(({ tags }) => tags), [[0, 2]]) // prettier-ignore
  rig.send([0], [2, Status.BadSensorFailure])
  assert.deepEqual(rig.emitted, [[0, 0], [2, Status.BadSensorFailure]]) // prettier-ignore
  const none = rigOf({ polled: [0, 1, 2] })
  none.points.start()
  assert.deepEqual([none.subscribed.length, none.clock.pending], [0, 0])
})

test('what comes after it was stopped, or after the connection was given up, is not handed on; it can begin again', async () => {
  for (const give of ['stop', 'connection'] as const) {
    const rig = rigOf()
    rig.points.start()
    if (give === 'stop') rig.points.stop()
    else rig.connection.abort()
    assert.ok(rig.subscribed[0]!.signal.aborted)
    rig.send([0])
    await settle()
    assert.deepEqual([rig.emitted, rig.lost], [[], []], give)
    assert.equal(rig.clock.pending, 0, 'no timer is left')
  }
  const again = rigOf()
  again.points.start()
  again.points.stop()
  again.points.start()
  await settle()
  assert.equal(again.subscribed.length, 2)
  again.send([1])
  assert.deepEqual(again.emitted, [[1, 0]])
  assert.deepEqual(again.lost, [])
})

test('an end that nobody asked for is a lost connection, with or without an error, told once', async () => {
  for (const [error, said] of [[new NotConnectedError('it broke'), 'it broke'], [undefined, 'the subscription of plc ended']] as const) {
    const rig = rigOf()
    rig.points.start()
    rig.subscribed[0]!.end(error)
    await settle()
    assert.deepEqual(rig.lost, [said])
    assert.equal(rig.clock.pending, 0)
    rig.send([0])
    assert.deepEqual(rig.emitted, [])
  } // prettier-ignore
})

test('what is proved alive confirms each point that is not bad, once a proof', async () => {
  const rig = rigOf()
  rig.points.start()
  rig.send([0], [1, Status.BadNodeIdUnknown], [2])
  await rig.clock.advance(1000)
  assert.deepEqual([rig.confirmed, rig.looks], [[], 1], 'no evidence, no confirmation')
  rig.liveness = { provenAt: 500 }
  await rig.clock.advance(1000)
  assert.deepEqual(rig.confirmed, [[0, 500], [2, 500]]) // prettier-ignore
  await rig.clock.advance(3000)
  assert.equal(rig.confirmed.length, 2, 'the same proof twice is one')
  rig.send([1])
  rig.liveness = { provenAt: 900 }
  await rig.clock.advance(1000)
  assert.deepEqual(rig.confirmed.slice(2), [[0, 900], [1, 900], [2, 900]]) // prettier-ignore
  rig.liveness = { provenAt: 0 }
  await rig.clock.advance(1000)
  assert.equal(rig.confirmed.length, 5)
})

test('which points are bad now', () => {
  const rig = rigOf()
  rig.points.start()
  rig.send([0, Status.BadNodeIdUnknown], [1, Status.UncertainLastUsableValue], [2, Status.BadTimeout])
  assert.deepEqual([...rig.points.bad], [[0, Status.BadNodeIdUnknown], [2, Status.BadTimeout]]) // prettier-ignore
  rig.send([2])
  assert.deepEqual([...rig.points.bad.keys()], [0])
  rig.points.stop()
  assert.equal(rig.points.bad.size, 0)
})

test('a value is confirmed once a proof, also by proofs that are earlier because the clock was set back', async () => {
  const clock = new VirtualClock()
  let provenAt = 0
  const driver = {
    subscribe: () => new Promise<void>(() => {}),
    subscribes: () => true,
    liveness: () => ({ provenAt }) as LivenessView,
  } as unknown as Driver<unknown>
  const points: Point<unknown>[] = [{ tag: 0, address: '', settings: tagSettings({ name: 't' }) }]
  const signal = new AbortController().signal
  const owner = { name: 'd', clock, signal, emit() {}, lost() {}, observed() {} }
  const confirmed: number[] = []
  const subscribed = new SubscribedPoints(driver, points, owner, (_, at) => confirmed.push(at))
  subscribed.start()
  await clock.advance(1000)
  provenAt = 7_200_000
  await clock.advance(2000)
  provenAt = 3_600_000
  await clock.advance(2000)
  provenAt = 0
  await clock.advance(2000)
  assert.deepEqual(confirmed, [7_200_000, 3_600_000])
  subscribed.stop()
})
