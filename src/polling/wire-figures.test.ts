import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PassThrough } from 'node:stream'
import { Status } from '../core/status.ts'
import { FakeDevice } from '../testing/fake-driver.ts'
import { never, setupOf, startPolling } from '../testing/polling-rig.ts'
import { WireFigures } from './wire-figures.ts'
import { WireMeter } from './wire-meter.ts'

const MINUTE = 60_000

test('loss is that of the last five minutes', () => {
  const figures = new WireFigures()
  for (let i = 0; i < 6; i++) figures.ended('answer', 5, MINUTE, 1)
  for (let i = 0; i < 4; i++) figures.ended('nothing', 2000, MINUTE, 1)
  assert.deepEqual(figures.lately(MINUTE), { asked: 10, lost: 4 })
  assert.deepEqual(figures.lately(5 * MINUTE), { asked: 10, lost: 4 })
  figures.ended('answer', 5, 5 * MINUTE, 2)
  assert.deepEqual(figures.lately(6 * MINUTE), { asked: 1, lost: 0 })
  assert.deepEqual(figures.lately(60 * MINUTE), { asked: 0, lost: 0 })
})

test('only answers are round trips; what was given up is neither asked nor lost', () => {
  const figures = new WireFigures()
  figures.ended('nothing', 2000, 0, 1)
  assert.equal(figures.lastAnswerAt, undefined)
  figures.ended('answer', 20, 0, 7)
  figures.ended(undefined, 9, 0, 9)
  assert.deepEqual(figures.lately(0), { asked: 2, lost: 1 })
  assert.equal(figures.roundTrip.count, 1)
  assert.equal(figures.roundTrip.sum, 0.02)
  assert.equal(figures.lastAnswerAt, 7)
})

test('a device that invents statuses has a bounded number of them, and none is lost', () => {
  const figures = new WireFigures()
  assert.equal(figures.refusals.size, 0)
  for (let i = 0; i < 1000; i++) figures.refused(Status.BadTimeout + i * 0x10000)
  assert.equal(figures.refusals.size, 33)
  assert.equal(figures.refusals.get('other'), 968)
})

test('one name is one count, whatever flag bits a status has', () => {
  const figures = new WireFigures()
  figures.refused(Status.BadTimeout)
  figures.refused(Status.BadTimeout | 0x80)
  assert.deepEqual([...figures.refusals], [[Status.BadTimeout, 2]])
})

test('a write of several values that are refused is one refusal', async () => {
  const device = new FakeDevice()
  device.writeStatus = Status.BadUserAccessDenied
  const { clock, session } = startPolling(setupOf(device, { tags: 2 }))
  await clock.advance(1500)
  const items = session.points.map((point) => ({ point, value: 1 }))
  const writing = session.write(items, { deadlineMs: 5000, signal: never() })
  await clock.advance(1000)
  assert.deepEqual(await writing, [Status.BadUserAccessDenied, Status.BadUserAccessDenied])
  assert.deepEqual([...session.stats.wire.refusals], [[Status.BadUserAccessDenied, 1]])
})

test('bytes: of all connections of the line, those that are closed included; one that does not count is left out', async () => {
  const meter = new WireMeter()
  const [first, second] = [new WireFigures(), new WireFigures()]
  const counting = () => Object.assign(new PassThrough(), { bytesRead: 0, bytesWritten: 0 })
  const [one, two] = [counting(), counting()]
  for (const stream of [one, two, new PassThrough()]) meter.add(stream)
  one.bytesWritten = 12
  one.bytesRead = 9
  meter.give(first)
  two.bytesWritten = 5
  one.bytesRead = 19
  const closed = new Promise((resolve) => two.once('close', resolve))
  two.destroy()
  await closed
  meter.give(second)
  assert.deepEqual([first.bytesSent, first.bytesReceived], [12, 9])
  assert.deepEqual([second.bytesSent, second.bytesReceived], [5, 10])
  meter.give(first)
  assert.deepEqual([first.bytesSent, first.bytesReceived], [12, 9])
  one.bytesRead += 3
  meter.settle()
  assert.deepEqual([first.bytesReceived, second.bytesReceived], [12, 10])
})
