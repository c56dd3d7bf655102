/** When a shadow read is evidence of a frozen subscription, and when it is none: a fake subscription and a clock of the test's own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DataType, DataValue, StatusCodes, Variant } from 'node-opcua-client'
import { Canary } from './canary.ts'
import type { MonitoredItem } from './monitored-item.ts'
import type { Subscription } from './subscription.ts'

const double = (value: number, at = 0): DataValue =>
  new DataValue({ value: new Variant({ dataType: DataType.Double, value }), statusCode: StatusCodes.Good, sourceTimestamp: new Date(1_700_000_000_000 + at) }) // prettier-ignore

interface FakeItem {
  last?: DataValue
  filtered?: boolean
  deadband?: number
  watched?: boolean
}

/** The server reports each second and looks each 100 ms: a suspicion waits for 2.7 s. */
function rigOf(items: readonly FakeItem[], statusOnly = false) {
  const made = items.map(({ last, filtered = false, deadband, watched = true }, handle) => ({
    handle,
    wanted: [{ deadband }],
    serverId: watched ? handle : undefined,
    samplingMs: 100,
    last,
    lastAt: 0,
    filtered,
  })) as unknown as MonitoredItem[]
  const rig = {
    items: made,
    now: 10_000,
    read: [] as number[],
    held: made.map(({ last }) => last),
    canary: undefined as unknown as Canary,
    look: (afterMs = 0) => rig.canary.look((rig.now += afterMs)),
    report(at: number, value: DataValue) {
      Object.assign(made[at]!, { last: value, lastAt: rig.now })
    },
  }
  const subscription = { plan: { items: made }, publishMs: 1000 } as unknown as Subscription
  rig.canary = new Canary(subscription, async (item) => (rig.read.push(item.handle), rig.held[item.handle]), statusOnly) // prettier-ignore
  return rig
}

test('what is read is what was reported: nothing is suspected, and each item has its turn', async () => {
  const rig = rigOf([{ last: double(1) }, { last: double(2) }, { last: double(3), watched: false }])
  for (let i = 0; i < 4; i++) assert.equal(await rig.look(1000), false)
  assert.deepEqual(rig.read, [0, 1, 0, 1], 'what the server does not watch is not looked at')
  assert.equal(rig.canary.suspectSince, undefined)
  assert.equal(rig.canary.reads, 4)
})

test('another value that is not reported for twice the intervals and half a second is a frozen subscription', async () => {
  const rig = rigOf([{ last: double(1) }])
  rig.held[0] = double(2, 50)
  assert.equal(await rig.look(), false)
  assert.equal(rig.canary.suspectSince, 10_000)
  assert.equal(rig.canary.patienceMs, 2700)
  assert.equal(await rig.look(2699), false)
  assert.equal(await rig.look(1), true)
  assert.equal(rig.canary.suspectSince, undefined)
})

test('a value that was on its way is no fault, nor one that is reported while it is looked at', async () => {
  const rig = rigOf([{ last: double(1) }])
  rig.held[0] = double(2, 50)
  await rig.look()
  rig.now += 500
  rig.report(0, double(2, 50))
  rig.held[0] = double(3, 90)
  assert.equal(await rig.look(2200), false, 'it moves')
})

test('the same old value again and again is nothing newer', async () => {
  const rig = rigOf([{ last: double(1) }])
  rig.held[0] = double(2, 50)
  await rig.look()
  rig.now += 500
  rig.report(0, double(1))
  assert.equal(await rig.look(2200), true)
})

test('a value that goes back to what was reported is no fault', async () => {
  const rig = rigOf([{ last: double(1) }])
  rig.held[0] = double(2, 50)
  await rig.look()
  rig.held[0] = double(1)
  assert.equal(await rig.look(2700), false)
})

test('nothing was ever reported although there is a value; a value that is bad need not be reported', async () => {
  const rig = rigOf([{}])
  rig.held[0] = double(1)
  await rig.look()
  assert.equal(await rig.look(2700), true)
  const bad = rigOf([{}])
  bad.held[0] = new DataValue({ statusCode: StatusCodes.BadWaitingForInitialData })
  await bad.look()
  assert.equal(bad.canary.suspectSince, undefined)
})

test('a difference within the deadband that the server applies is none; beyond it, it is one', async () => {
  const rig = rigOf([{ last: double(1), filtered: true, deadband: 0.5 }])
  rig.held[0] = double(1.5)
  await rig.look()
  assert.equal(rig.canary.suspectSince, undefined)
  rig.held[0] = double(1.6)
  await rig.look()
  assert.equal(rig.canary.suspectSince, 10_000)
})

test('where the server reports the status alone, another value is no fault and another status is one', async () => {
  const rig = rigOf([{ last: double(1) }], true)
  rig.held[0] = double(9)
  await rig.look()
  assert.equal(rig.canary.suspectSince, undefined)
  rig.held[0] = new DataValue({ statusCode: StatusCodes.BadSensorFailure })
  await rig.look()
  assert.equal(rig.canary.suspectSince, 10_000)
})

test('a read that fails says nothing; a subscription that was made anew is not suspected of what was before', async () => {
  const rig = rigOf([{ last: double(1) }])
  rig.held[0] = undefined
  await rig.look()
  assert.equal(rig.canary.suspectSince, undefined)
  rig.held[0] = double(2)
  await rig.look()
  rig.canary.reset()
  assert.equal(rig.canary.suspectSince, undefined)
})

test('without an item there is nothing to look at', async () => {
  const rig = rigOf([])
  assert.equal(await rig.look(), false)
  assert.equal(rig.canary.reads, 0)
})
