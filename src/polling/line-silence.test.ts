/** Many dead devices on one line: what finding out about them may cost the others, and how they come back together. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FakeDevice } from '../testing/fake-driver.ts'
import { setupOf, startPolling } from '../testing/polling-rig.ts'
import { LineSilence, type Silent } from './line-silence.ts'

const DEAD = 30

/** One device that is well and thirty that answer nothing, each a time-out of 1 s, on one serial line. */
function startLine() {
  const well = new FakeDevice()
  const dead = Array.from({ length: DEAD }, () => {
    const device = new FakeDevice()
    device.mode = 'silent'
    return device
  })
  const rig = startPolling(
    setupOf(well, { name: 'well', line: 'bus' }),
    ...dead.map((device, at) => setupOf(device, { name: `dead-${at}`, line: 'bus', firstTag: 100 + at })),
  )
  const asked = () => dead.reduce((sum, { requests }) => sum + requests.length, 0)
  const states = () => rig.polling.devices.filter(({ state }) => state === 'Running').length
  return { ...rig, well, dead, asked, states }
}

describe('dead devices of one line', () => {
  test('thirty of them take at most a third of its time, and the one that is well has its polls', async () => {
    const { clock, polling, asked } = startLine()
    await clock.advance(600_000)
    const { stats } = polling.device('well')!
    const before = { asked: asked(), polls: stats.pollsOk }
    await clock.advance(600_000)
    const probes = asked() - before.asked
    assert.ok(probes >= DEAD, 'each of them is asked now and then')
    assert.ok(probes * 1000 <= 600_000 / 3 + 10_000, `${probes} time-outs of 1 s in 600 s`)
    assert.ok(stats.pollsOk - before.polls >= 400, `${stats.pollsOk - before.polls} of 600 polls`)
  })

  test('one that comes back lets the others be asked at once; one that does not holds up none that follow', async () => {
    const { clock, dead, states } = startLine()
    await clock.advance(600_000)
    assert.equal(states(), 1)
    for (const device of dead) device.mode = 'well'
    for (let seconds = 0; states() === 1 && seconds < 100; seconds++) await clock.advance(1000)
    await clock.advance(5000)
    assert.equal(states(), 1 + DEAD, 'at once, not each after its pause')
  })

  test('a line that breaks and comes back asks one of them for all, not each', async () => {
    const { clock, dead, well, polling, asked } = startLine()
    await clock.advance(600_000)
    // The gateway in front of them falls at the next request of each, and is back a moment later.
    for (const device of [well, ...dead]) device.mode = 'drop'
    const breaking = asked()
    await clock.advance(200_000)
    assert.ok(asked() - breaking <= 120, `${asked() - breaking} requests while each breaks the connection`)
    for (const device of dead) device.mode = 'silent'
    well.mode = 'well'
    await clock.advance(31_000)
    const before = asked()
    await clock.advance(60_000)
    assert.ok(asked() - before <= 24, `${asked() - before} time-outs of 1 s in a minute`)
    assert.equal(polling.device('well')!.state, 'Running')
  })
})

describe('the rules of a silent line', () => {
  const silent = (isConnected = true) => {
    const device: Silent & { hurried: number } = { hurried: 0, hurry: () => device.hurried++ >= 0 && isConnected }
    return device
  }

  test('one alone pauses by itself; of several each pauses longer', () => {
    const line = new LineSilence()
    const [a, b] = [silent(), silent()]
    assert.equal(line.unanswered(a, 1000), 0)
    assert.equal(line.unanswered(a, 1000), 0)
    assert.equal(line.unanswered(b, 1000), 6000)
    line.leave(a)
    assert.equal(line.unanswered(b, 1000), 0)
  })

  test('who answers lets the one be asked that was asked longest ago', () => {
    const line = new LineSilence()
    const [a, b, c] = [silent(), silent(), silent(false)]
    for (const device of [a, b, c, a]) line.unanswered(device, 1000)
    line.answered(a)
    assert.deepEqual([a.hurried, b.hurried, c.hurried], [0, 1, 0])
    for (const device of [a, b]) line.unanswered(device, 1000)
    line.answered(b)
    assert.deepEqual([a.hurried, b.hurried, c.hurried], [1, 1, 1], 'c is not connected')
  })

  test('new connections are tried once in a while, until somebody answers', () => {
    const line = new LineSilence()
    assert.deepEqual(
      [0, 1000, 59_999, 60_000, 60_001].map((now) => line.mayHurry(now)),
      [true, false, false, true, false],
    )
    line.answered(silent())
    assert.equal(line.mayHurry(60_002), true)
  })
})
