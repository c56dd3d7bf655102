import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { quantile } from '../core/histogram.ts'
import { Status } from '../core/status.ts'
import { FakeDevice } from '../testing/fake-driver.ts'
import { never, setupOf, startPolling } from '../testing/polling-rig.ts'
import { settle } from '../testing/virtual-clock.ts'
import { phaseOf } from './schedule.ts'

/** How long after the device `first` this one is due. */
const gapOf = (name: string) => (phaseOf(`${name} 1000`, 1000) - phaseOf('first 1000', 1000) + 1000) % 1000

describe('polling', () => {
  test('a device connects, runs and gives each point once an interval', async () => {
    const { clock, session, take } = startPolling(setupOf(new FakeDevice(), { tags: 3 }))
    assert.equal(session.state, 'Connecting')
    await clock.advance(1000)
    take()
    await clock.advance(10_000)
    assert.equal(session.state, 'Running')
    assert.equal(session.reason, null)
    assert.equal(take().length, 30)
    assert.equal(session.stats.requestsOk, session.stats.samples)
    assert.equal(session.stats.pollsFailed, 0)
    assert.ok(session.stats.pollsOk >= 10)
    assert.ok(session.lastGoodAt! > clock.now() - 1000)
    assert.ok(quantile(session.stats.lateness, 1)! <= 0.005)
  })

  test('a slow interval is read at once after the connect, not an interval later', async () => {
    const { clock, take } = startPolling(setupOf(new FakeDevice(), { everyMs: 3_600_000 }))
    await clock.advance(100)
    assert.deepEqual(take(), ['0:Good'])
  })

  test('a poll that still runs when the next is due is an overrun: counted, not queued', async () => {
    const device = new FakeDevice()
    device.answerMs = 1500
    const { clock, session } = startPolling(setupOf(device))
    await clock.advance(20_500)
    const { polls, overruns } = session.stats
    assert.ok(polls >= 9 && polls <= 11, `${polls} polls`)
    assert.ok(overruns >= 9 && overruns <= 11, `${overruns} overruns`)
    assert.equal(device.mostInFlight, 1)
    assert.equal(session.state, 'Degraded')
    assert.match(session.reason!, /slower than its interval/)
  })

  test('lateness counts from the due time, waiting for the line included', async () => {
    const second = Array.from({ length: 100 }, (_, i) => `d${i}`).find((name) => gapOf(name) > 50 && gapOf(name) < 300)!
    const device = new FakeDevice()
    device.answerMs = 450
    const { clock, polling } = startPolling(
      setupOf(device, { name: 'first', line: 'bus' }),
      setupOf(device, { name: second, line: 'bus', firstTag: 1 }),
    )
    await clock.advance(20_500)
    const meanMs = (name: string) => {
      const { lateness } = polling.device(name)!.stats
      return (1000 * lateness.sum) / lateness.count
    }
    assert.ok(meanMs('first') < 10)
    const expected = 450 - gapOf(second)
    assert.ok(Math.abs(meanMs(second) - expected) < 20, `${meanMs(second)} ms, expected about ${expected}`)
  })

  test('a device with one bad point is degraded, says which, and its other points are good', async () => {
    const device = new FakeDevice()
    device.bad.set(1, Status.BadConfigurationError)
    const { clock, session, take } = startPolling(setupOf(device, { tags: 3 }))
    await clock.advance(3000)
    assert.equal(session.state, 'Degraded')
    assert.match(session.reason!, /^One point of Filler 1 is bad.*t1: BadConfigurationError \(0x80890000\)/)
    assert.ok(take().includes('2:Good'))
    device.bad.clear()
    await clock.advance(2000)
    assert.equal(session.state, 'Running')
  })

  test('devices that are held are not polled, say why, and go on when they are let go', async () => {
    const device = new FakeDevice()
    const { clock, polling, session } = startPolling(setupOf(device))
    await clock.advance(1500)
    polling.hold('the log is full')
    await clock.advance(100)
    const { polls } = session.stats
    await clock.advance(5000)
    assert.deepEqual([session.stats.polls, session.state, session.reason], [polls, 'Degraded', 'the log is full'])
    polling.hold(undefined)
    await clock.advance(2000)
    assert.deepEqual([session.state, session.reason], ['Running', null])
    assert.ok(session.stats.polls > polls)
  })

  test('a disabled device is not connected; its points are out of service', async () => {
    const device = new FakeDevice()
    const { clock, session, take, polling } = startPolling(setupOf(device, { enabled: false, tags: 2 }))
    await clock.advance(5000)
    assert.equal(device.connects, 0)
    assert.equal(session.state, 'Disabled')
    assert.deepEqual(take(), ['0:BadOutOfService', '1:BadOutOfService'])
    assert.deepEqual(
      await session.write([{ point: session.points[0]!, value: 1 }], { deadlineMs: 10, signal: never() }),
      [Status.BadOutOfService],
    )
    await polling.stop()
  })
})

describe('bad devices', () => {
  test('a device that refuses: every point says so once, pauses grow, it recovers alone', async () => {
    const device = new FakeDevice()
    device.mode = 'refuse'
    const { clock, session, take, lines } = startPolling(setupOf(device, { tags: 2 }))
    const states = new Map<number, string>()
    for (let ms = 0; ms < 120_000; ms += 100) {
      await clock.advance(100)
      states.set(device.connects, session.state)
    }
    assert.deepEqual(take(), ['0:BadNoCommunication', '1:BadNoCommunication'])
    assert.deepEqual(
      [1, 2, 3, 4].map((attempt) => states.get(attempt)),
      ['Connecting', 'Connecting', 'Failed', 'Failed'],
    )
    assert.equal(session.state, 'Failed')
    assert.match(
      session.reason!,
      /^Filler 1 cannot be reached\. connect ECONNREFUSED 10\.0\.0\.5:502\. .*Next attempt in \d/,
    )
    assert.ok(device.connects >= 6 && device.connects <= 14, `${device.connects} connects`)
    assert.equal(lines.length, 2, 'logged once as Connecting, once as Failed')
    device.mode = 'well'
    await clock.advance(31_000)
    assert.equal(session.state, 'Running')
    assert.ok(take().includes('1:Good'))
    assert.equal(lines.length, 3)
  })

  test('what kept it away was put right: the pause ends at once, and only a pause', async () => {
    const device = new FakeDevice()
    device.mode = 'refuse'
    const { clock, session } = startPolling(setupOf(device))
    while (device.connects < 6) await clock.advance(100)
    device.mode = 'well'
    session.retryNow()
    await clock.advance(1500)
    assert.equal(session.state, 'Running')
    const { connects } = device
    session.retryNow()
    await clock.advance(1000)
    assert.equal(device.connects, connects, 'a connection that works is left alone')
  })

  test('a device that is silent: three polls, then single probes with growing pauses; it recovers alone', async () => {
    const device = new FakeDevice()
    device.timeoutMs = 100
    const { clock, session, take } = startPolling(setupOf(device, { tags: 5 }))
    await clock.advance(5000)
    while (device.inFlight > 0) await clock.advance(10)
    device.mode = 'silent'
    const atFirst = device.requests.length
    while (session.state !== 'Failed') await clock.advance(100)
    assert.equal(device.requests.length - atFirst, 5 + 1 + 1, 'one whole poll, then one request each')
    assert.match(
      session.reason!,
      /^Filler 1 did not answer\. .*no request of the last \d+ polls got an answer.*Next attempt in/,
    )
    assert.ok(take().filter((row) => row === '4:BadTimeout').length >= 1)
    const before = device.requests.length
    await clock.advance(300_000)
    const asked = device.requests.length - before
    assert.ok(asked >= 4 && asked <= 12, `${asked} probes in five minutes`)
    device.mode = 'well'
    await clock.advance(61_000)
    assert.equal(session.state, 'Running')
    assert.deepEqual(new Set(take().slice(-5)), new Set(['0:Good', '1:Good', '2:Good', '3:Good', '4:Good']))
  })

  test('one poll without an answer: a slow interval is read again soon, and the state stays', async () => {
    const device = new FakeDevice()
    const { clock, session, take } = startPolling(setupOf(device, { tags: 2, everyMs: 3_600_000 }))
    device.mode = 'silent'
    await clock.advance(2100)
    assert.deepEqual(take(), ['0:BadTimeout', '1:BadTimeout'])
    assert.equal(session.state, 'Connecting')
    assert.match(session.reason!, /^Filler 1 did not answer/)
    device.mode = 'well'
    await clock.advance(3000)
    assert.deepEqual(take().slice(-2), ['0:Good', '1:Good'])
    assert.equal(session.state, 'Running')
  })

  test('after a silence every point is read at once, also at a slow interval', async () => {
    const device = new FakeDevice()
    device.mode = 'silent'
    const { clock, session, take } = startPolling(setupOf(device, { tags: 3, everyMs: 3_600_000 }))
    await clock.advance(20_000)
    assert.equal(session.state, 'Failed')
    device.mode = 'well'
    await clock.advance(61_000)
    assert.deepEqual(take().slice(-3), ['0:Good', '1:Good', '2:Good'])
    assert.equal(session.state, 'Running')
  })

  test('a silent device: the points of a slow interval say so too, not an hour later', async () => {
    const device = new FakeDevice()
    const fast = setupOf(device)
    const slow = setupOf(device, { everyMs: 3_600_000, firstTag: 7 })
    const { clock, session, take } = startPolling({ ...fast, points: [...fast.points, ...slow.points] })
    await clock.advance(2000)
    device.mode = 'silent'
    while (session.state !== 'Failed') await clock.advance(50)
    assert.ok(take().includes('7:BadTimeout'))
  })

  test('a silent device is connected anew before it is asked again: a dead connection looks the same', async () => {
    const device = new FakeDevice()
    const { clock } = startPolling(setupOf(device))
    await clock.advance(1500)
    device.mode = 'silent'
    await clock.advance(30_000)
    assert.ok(device.closes >= 1)
    assert.ok(device.connects >= 2)
  })

  test('only requests that were asked are counted', async () => {
    const device = new FakeDevice()
    device.unasked.add(1)
    const { clock, session, take } = startPolling(setupOf(device, { tags: 2 }))
    await clock.advance(5500)
    assert.ok(take().includes('1:BadTimeout'))
    assert.ok(session.stats.requestsOk >= 4)
    assert.deepEqual([session.stats.requestsTimeout, session.stats.requestsFailed], [0, 0])
  })

  test('a silent device on a shared line: its neighbours keep their interval', async () => {
    const dead = new FakeDevice()
    dead.mode = 'silent'
    const well = new FakeDevice()
    const { clock, polling } = startPolling(
      setupOf(dead, { name: 'dead', line: 'bus', tags: 4 }),
      setupOf(well, { name: 'well', line: 'bus', firstTag: 10 }),
    )
    await clock.advance(10_000)
    const { stats } = polling.device('well')!
    const before = { ...stats }
    await clock.advance(120_000)
    assert.equal(polling.device('dead')!.state, 'Failed')
    assert.equal(polling.device('well')!.state, 'Running')
    const missed = stats.overruns - before.overruns
    assert.ok(stats.polls - before.polls + missed >= 119)
    assert.ok(missed <= 5, `${missed} polls of the neighbour were left out`)
  })

  test('a lost connection: the poll is given up, every point says so once, it reconnects alone', async () => {
    const device = new FakeDevice()
    const { clock, session, take } = startPolling(setupOf(device, { tags: 3 }))
    await clock.advance(2500)
    take()
    device.mode = 'drop'
    await clock.advance(1050)
    assert.equal(session.state, 'Connecting')
    assert.match(session.reason!, /^Filler 1 lost its connection\. the far side reset the connection\./)
    const rows = take()
    assert.deepEqual(rows.slice(-3), ['0:BadNoCommunication', '1:BadNoCommunication', '2:BadNoCommunication'])
    await clock.advance(10_000)
    assert.equal(session.state, 'Failed', 'a connection that is lost at each request is none')
    device.mode = 'well'
    await clock.advance(31_000)
    assert.equal(session.state, 'Running')
    assert.ok(session.stats.reconnects >= 1)
    assert.ok(take().includes('2:Good'))
  })

  test('a request that never ends is given up, and the line goes on for its neighbours', async () => {
    const stuck = new FakeDevice()
    stuck.mode = 'stuck'
    const well = new FakeDevice()
    const { clock, polling } = startPolling(
      setupOf(stuck, { name: 'stuck', line: 'bus' }),
      setupOf(well, { name: 'well', line: 'bus', firstTag: 1 }),
    )
    await clock.advance(30_000)
    stuck.mode = 'well'
    await clock.advance(36_000)
    assert.equal(polling.device('stuck')!.stats.reconnects, 1)
    const before = polling.device('well')!.stats.pollsOk
    await clock.advance(5000)
    assert.ok(polling.device('well')!.stats.pollsOk >= before + 4)
    assert.equal(polling.device('stuck')!.state, 'Running')
  })

  test('a driver that fails in an unexpected way is reconnected, and the log says so', async () => {
    const device = new FakeDevice()
    device.mode = 'throw'
    const { clock, session, lines } = startPolling(setupOf(device))
    await clock.advance(20_000)
    assert.equal(session.state, 'Failed')
    assert.ok(lines.some((line) => line.includes('unexpected')))
    device.mode = 'well'
    await clock.advance(31_000)
    assert.equal(session.state, 'Running')
  })

  test('devices that do not answer the connect do not hold up the others for their time limit', async () => {
    const mute = Array.from({ length: 600 }, () => new FakeDevice())
    for (const device of mute) device.mode = 'mute'
    const well = new FakeDevice()
    const { clock, polling } = startPolling(
      ...mute.map((device, i) => setupOf(device, { name: `mute ${i}`, firstTag: i })),
      setupOf(well, { name: 'well', firstTag: 1000 }),
    )
    await clock.advance(10)
    assert.equal(mute.filter(({ connecting }) => connecting > 0).length, 200)
    await clock.advance(3100)
    assert.ok(well.connects === 1, 'after three seconds at most, not after fifteen')
    await clock.advance(1000)
    assert.equal(polling.device('well')!.state, 'Running')
    await polling.stop()
  })
})

test('stop ends at once, aborts what is in flight and closes every driver', async () => {
  const busy = new FakeDevice()
  busy.answerMs = 5000
  const refused = new FakeDevice()
  refused.mode = 'mute'
  const { clock, polling, take } = startPolling(setupOf(busy), setupOf(refused, { name: 'other', firstTag: 1 }))
  await clock.advance(1500)
  assert.equal(busy.inFlight, 1)
  take()
  await polling.stop()
  await settle()
  assert.equal(busy.inFlight, 0)
  assert.deepEqual([busy.closes, refused.closes], [1, 1])
  await clock.advance(60_000)
  assert.deepEqual(take(), [])
  assert.equal(clock.pending, 0)
})
