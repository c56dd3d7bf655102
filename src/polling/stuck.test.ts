/** Calls of a driver that never end, whatever its AbortSignal says, and a schedule that stands still: each is mended, and counted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeDevice } from '../testing/fake-driver.ts'
import { setupOf, startPolling } from '../testing/polling-rig.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { Schedule } from './schedule.ts'

test('a request that never ends is given up after a minute, however seldom its group is polled; the neighbour on the line goes on', async () => {
  const stuck = new FakeDevice()
  const neighbour = new FakeDevice()
  stuck.mode = 'stuck'
  const { clock, polling, restarts } = startPolling(
    setupOf(stuck, { name: 'seldom', line: 'tcp://a', everyMs: 3_600_000 }),
    setupOf(neighbour, { name: 'often', line: 'tcp://a', firstTag: 1, everyMs: 1000 }),
  )
  await clock.advance(50_000)
  const before = neighbour.requests.length
  assert.ok(before <= 1, 'the one place of the line is taken')
  assert.equal(restarts.of('device', 'request-stuck'), 0)
  stuck.mode = 'well'
  await clock.advance(30_000)
  assert.equal(restarts.of('device', 'request-stuck'), 1)
  assert.ok(neighbour.requests.length > before + 10, `${neighbour.requests.length} requests`)
  assert.deepEqual([polling.device('seldom')!.state, stuck.connects], ['Running', 2])
  await polling.stop()
})

test('a connect that never ends is given up and counted', async () => {
  const device = new FakeDevice()
  device.connectHangs = true
  const { clock, polling, restarts, session } = startPolling(setupOf(device))
  await clock.advance(31_000)
  assert.equal(restarts.of('device', 'connect-stuck'), 1)
  device.connectHangs = false
  await clock.advance(60_000)
  assert.equal(session.state, 'Running')
  await polling.stop()
})

test('a silent device whose driver never ends its close comes back all the same', async () => {
  const device = new FakeDevice()
  device.mode = 'silent'
  const { clock, polling, restarts, session } = startPolling(setupOf(device))
  await clock.advance(10_000)
  device.closeHangs = true
  await clock.advance(120_000)
  assert.equal(session.state, 'Failed')
  assert.ok(restarts.of('device', 'close-stuck') > 0)
  device.mode = 'well'
  await clock.advance(120_000)
  assert.equal(session.state, 'Running')
  const stopped = polling.stop()
  await clock.advance(1000)
  await stopped
})

/** A clock that loses one timer, as a defect would. */
class LossyClock extends VirtualClock {
  losesNext = false

  override after(delayMs: number, action: () => void) {
    if (!this.losesNext) return super.after(delayMs, action)
    this.losesNext = false
    return { cancel: () => undefined }
  }
}

test('a schedule whose wake-up was lost is set going again; one that goes is left alone', async () => {
  const clock = new LossyClock()
  const schedule = new Schedule(clock)
  let polls = 0
  schedule.add('press', 100, () => void polls++)
  schedule.start()
  await clock.advance(1000)
  assert.equal(schedule.revive(), false)
  clock.losesNext = true
  await clock.advance(3000)
  const stood = polls
  assert.equal(schedule.revive(), false, 'it has woken since it was looked at last')
  await clock.advance(5000)
  assert.equal(polls, stood, 'without help it stands for ever')
  assert.equal(schedule.revive(), true)
  await clock.advance(1000)
  assert.ok(polls >= stood + 9, `${polls - stood} polls`)
  assert.equal(schedule.revive(), false)
  schedule.stop()
})
