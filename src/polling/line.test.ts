import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Status } from '../core/status.ts'
import { FakeDevice } from '../testing/fake-driver.ts'
import { never, setupOf, startPolling } from '../testing/polling-rig.ts'
import { settle } from '../testing/virtual-clock.ts'

describe('commands on a line', () => {
  test('a write goes between two requests of a poll', async () => {
    const device = new FakeDevice()
    device.answerMs = 100
    const { clock, session } = startPolling(setupOf(device, { tags: 8, everyMs: 2000 }))
    await clock.advance(2500)
    const busy = device.requests.length
    while (device.inFlight === 0 || device.requests.at(-1)!.what !== 'r2') await clock.advance(10)
    const done = session.write([{ point: session.points[5]!, value: 42 }], { deadlineMs: 1000, signal: never() })
    await clock.advance(1000)
    assert.deepEqual(await done, [Status.Good])
    const after = device.requests.slice(busy).map(({ what }) => what)
    const at = after.indexOf('w5')
    assert.deepEqual(after.slice(at - 1, at + 2), ['r2', 'w5', 'r3'])
    assert.equal(device.mostInFlight, 1)
  })

  test('a write whose time is over while it waits never runs', async () => {
    const device = new FakeDevice()
    device.answerMs = 5000
    const { clock, session } = startPolling(setupOf(device, { everyMs: 60_000 }))
    await clock.advance(100)
    assert.equal(device.inFlight, 1)
    const done = session.write([{ point: session.points[0]!, value: 1 }], { deadlineMs: 1000, signal: never() })
    await clock.advance(1000)
    assert.deepEqual(await done, [Status.BadTimeout])
    await clock.advance(30_000)
    assert.ok(!device.requests.some(({ what }) => what.startsWith('w')))
    const { pollsOk } = session.stats
    await clock.advance(120_000)
    assert.equal(session.stats.pollsOk, pollsOk + 2, 'the line goes on')
  })

  test('without a connection a write is refused, and the refusal of the device is data', async () => {
    const device = new FakeDevice()
    device.mode = 'refuse'
    const { clock, session } = startPolling(setupOf(device))
    await clock.advance(100)
    const item = { point: session.points[0]!, value: 1 }
    assert.deepEqual(await session.write([item], { deadlineMs: 1000, signal: never() }), [Status.BadNotConnected])
    device.mode = 'well'
    device.writeStatus = Status.BadNotWritable
    await clock.advance(5000)
    const done = session.write([item], { deadlineMs: 1000, signal: never() })
    await clock.advance(100)
    assert.deepEqual(await done, [Status.BadNotWritable])
  })

  test('a connection lost during a write ends it and the session', async () => {
    const device = new FakeDevice()
    const { clock, session } = startPolling(setupOf(device, { everyMs: 60_000 }))
    await clock.advance(1000)
    device.mode = 'drop'
    const done = session.write([{ point: session.points[0]!, value: 1 }], { deadlineMs: 1000, signal: never() })
    await clock.advance(100)
    assert.deepEqual(await done, [Status.BadNoCommunication])
    assert.equal(session.state, 'Connecting')
    assert.match(session.reason!, /lost its connection/)
  })

  test('readNow gives one row a point; an abort gives BadTimeout for the rest and harms no connection', async () => {
    const device = new FakeDevice()
    device.answerMs = 100
    const { clock, session } = startPolling(setupOf(device, { tags: 3, everyMs: 60_000 }))
    await clock.advance(1000)
    const caller = new AbortController()
    const whole = session.readNow(session.points, never())
    await clock.advance(500)
    assert.deepEqual(
      [...(await whole)].map(({ status }) => status),
      [0, 0, 0],
    )
    const part = session.readNow(session.points, caller.signal)
    await clock.advance(150)
    caller.abort()
    await settle()
    assert.deepEqual(
      [...(await part)].map(({ status }) => status),
      [0, Status.BadTimeout, Status.BadTimeout],
    )
    await clock.advance(1000)
    assert.equal(session.state, 'Running')
    assert.equal(session.stats.reconnects, 0)
    assert.equal(device.inFlight, 0)
  })
})

describe('a line', () => {
  test('devices of one line take turns; a device with many requests does not go first', async () => {
    const log: FakeDevice = new FakeDevice()
    log.answerMs = 50
    const setups = [
      setupOf(log, { name: 'many', line: 'bus', tags: 6, everyMs: 60_000 }),
      setupOf(log, { name: 'few', line: 'bus', firstTag: 10, everyMs: 60_000 }),
    ]
    const { clock } = startPolling(...setups)
    await clock.advance(1000)
    const order = log.requests.map(({ what }) => what)
    assert.ok(order.indexOf('r10') <= 2, order.join(' '))
  })

  test('as many requests as the driver type allows are in flight, and no more', async () => {
    const device = new FakeDevice()
    const { clock } = startPolling(setupOf(device, { tags: 9, inFlight: 4 }))
    await clock.advance(3000)
    assert.equal(device.mostInFlight, 4)
  })
})
