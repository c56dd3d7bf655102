/** Samples that polls should have brought, and those that they did: counted at the read, an interval at a time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SampleBatch } from '../core/batch.ts'
import type { AccountState } from '../core/device-account.ts'
import { Status } from '../core/status.ts'
import { FakeDevice } from '../testing/fake-driver.ts'
import { never, setupOf, startAccounted } from '../testing/polling-rig.ts'
import { PollGroup, type GroupOwner } from './poll-group.ts'

function start(device: FakeDevice, given: Parameters<typeof setupOf>[1] = {}) {
  const seen = { expected: 0, good: 0, states: [] as AccountState[] }
  const account = {
    became: (state: AccountState) => void seen.states.push(state),
    interval(expected: number, good: number) {
      seen.expected += expected
      seen.good += good
    },
  }
  return { ...startAccounted(() => account, setupOf(device, given)), seen }
}

test('a device that answers gives one good sample a tag and interval, no more and no less', async () => {
  const { clock, seen } = start(new FakeDevice(), { tags: 3 })
  await clock.advance(20_500)
  assert.ok(seen.expected >= 57 && seen.expected <= 60, `${seen.expected} expected`)
  assert.equal(seen.good, seen.expected)
  assert.deepEqual(seen.states, ['up'])
})

test('a tag that is bad is missing, and its neighbours are not', async () => {
  const device = new FakeDevice()
  device.bad.set(1, Status.BadSensorFailure)
  const { clock, seen } = start(device, { tags: 4 })
  await clock.advance(20_500)
  assert.equal(seen.good, (seen.expected * 3) / 4)
})

test('what was due while the device was away is missing, and a read at once after it makes up for nothing', async () => {
  const device = new FakeDevice()
  const { clock, seen, session } = start(device, { everyMs: 2000 })
  await clock.advance(20_500)
  const before = { ...seen }
  device.mode = 'drop'
  await clock.advance(60_000)
  device.mode = 'well'
  await clock.advance(60_000)
  assert.equal(session.state, 'Running')
  const expected = seen.expected - before.expected
  const missing = expected - (seen.good - before.good)
  assert.equal(expected, 60)
  assert.ok(missing >= 28 && missing <= 46, `${missing} missing`)
  assert.deepEqual([seen.states[0], seen.states.at(-1)], ['up', 'up'])
  assert.ok(seen.states.includes('down'))
})

test('polls that take longer than the interval are missing samples', async () => {
  const device = new FakeDevice()
  device.answerMs = 1500
  const { clock, seen } = start(device)
  await clock.advance(40_500)
  assert.ok(seen.good / seen.expected > 0.4 && seen.good / seen.expected < 0.6, `${seen.good} of ${seen.expected}`)
})

test('nothing is expected of a device that is disabled', async () => {
  const { clock, seen } = start(new FakeDevice(), { enabled: false })
  await clock.advance(20_500)
  assert.deepEqual(seen, { expected: 0, good: 0, states: ['off'] })
})

test('a tag that is read twice in an interval makes up for no other sample', async () => {
  const device = new FakeDevice()
  const { clock, seen, session } = start(device, { everyMs: 10_000 })
  await clock.advance(25_000)
  for (let round = 0; round < 4; round++) {
    device.mode = 'drop'
    const read = session.readNow(session.points, never())
    await clock.advance(100)
    await read
    device.mode = 'well'
    await clock.advance(9900)
  }
  assert.equal(session.stats.reconnects, 4)
  assert.equal(seen.good, seen.expected)
})

test('times at which the process could not look are missing samples', () => {
  const booked: number[][] = []
  const account = { became: () => {}, interval: (...counts: number[]) => void booked.push(counts) }
  const owner = { account, emit: () => {} } as unknown as GroupOwner
  const { points } = setupOf(new FakeDevice(), { tags: 3 })
  const group = new PollGroup(owner, 1000, points)
  const batch = new SampleBatch(0)
  group.emit(batch, 3)
  group.endInterval(0)
  group.emit(batch, 2)
  group.emit(batch, 1)
  group.endInterval(4)
  group.endInterval(0)
  assert.deepEqual(booked, [
    [15, 3],
    [3, 0],
  ])
})
