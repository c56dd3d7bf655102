import assert from 'node:assert/strict'
import { test } from 'node:test'
import { observe } from '../../core/histogram.ts'
import { createDeviceStats, type DeviceSession } from '../../polling/session.ts'
import { PollHistory } from './poll-history.ts'

const device = (name: string): DeviceSession => ({ name, stats: createDeviceStats() }) as unknown as DeviceSession

/** What a poll leaves in the counters. */
function poll({ stats }: DeviceSession, ms: number, everyMs: number): void {
  observe(stats.pollDuration, ms / 1000)
  stats.peakMs = Math.max(stats.peakMs, ms)
  stats.peakShare = Math.max(stats.peakShare, ms / everyMs)
}

test('each minute has its longest poll and its overruns; a minute without a poll is told from a fast one', () => {
  const history = new PollHistory()
  const [slow, away] = [device('slow'), device('away')]
  history.read([slow, away], 0)
  poll(slow, 20, 100)
  poll(slow, 80, 100)
  slow.stats.overruns = 3
  history.turn()
  history.turn()
  poll(slow, 150, 100)
  slow.stats.overruns = 4
  assert.deepEqual(history.minutes(slow, 4), {
    maxMs: [null, 80, null, 150],
    duty: [null, 0.8, null, 1.5],
    polls: [0, 2, 0, 1],
    overruns: [0, 3, 0, 1],
  })
  assert.deepEqual(history.minutes(away, 2), {
    maxMs: [null, null],
    duty: [null, null],
    polls: [0, 0],
    overruns: [0, 0],
  })
  assert.deepEqual([history.duty(slow), history.duty(away)], [1.5, null])
  history.turn()
  assert.equal(history.duty(slow), 1.5, 'of the minute before')
  history.turn()
  assert.equal(history.duty(slow), null)
})

test('an hour is kept, and not more', () => {
  const history = new PollHistory()
  const one = device('one')
  history.read([one], 0)
  for (let minute = 1; minute <= 130; minute++) {
    poll(one, minute, 1000)
    history.turn()
  }
  const { maxMs, polls } = history.minutes(one, 60)!
  assert.deepEqual(maxMs, [...Array.from({ length: 59 }, (_, at) => 72 + at), null])
  assert.deepEqual([polls.length, polls[0], polls.at(-1)], [60, 1, 0])
})

test('samples a second are over the last ten seconds, also of a device that came later', () => {
  const history = new PollHistory()
  const [one, late] = [device('one'), device('late')]
  history.read([one], 0)
  assert.equal(history.samplesPerSecond(one), null)
  for (let at = 2000; at <= 60_000; at += 2000) {
    one.stats.samples += at <= 40_000 ? 200 : 20
    if (at >= 56_000) late.stats.samples += 10
    history.read(at >= 56_000 ? [one, late] : [one], at)
    if (at === 40_000) assert.equal(history.samplesPerSecond(one), 100)
  }
  assert.deepEqual([history.samplesPerSecond(one), history.samplesPerSecond(late)], [10, 5])
})

test('devices come and go: a slot that is free again begins empty, and there are ten thousand at most', () => {
  const history = new PollHistory()
  const first = Array.from({ length: 100 }, (_, n) => device(`first-${n}`))
  history.read(first, 0)
  for (const one of first) poll(one, 50, 100)
  history.turn()
  const second = Array.from({ length: 100 }, (_, n) => device(`second-${n}`))
  history.read(second, 2000)
  history.read(second, 4000)
  assert.equal(history.minutes(first[0]!, 2), undefined)
  assert.deepEqual(history.minutes(second[99]!, 2), { maxMs: [null, null], duty: [null, null], polls: [0, 0], overruns: [0, 0] }) // prettier-ignore
  const many = Array.from({ length: 10_050 }, (_, n) => device(`many-${n}`))
  history.read(many, 6000)
  history.read(many, 8000)
  assert.equal(history.minutes(many[9_000]!, 1)!.polls.length, 1)
  assert.equal(many.filter((one) => history.minutes(one, 1) === undefined).length, 50)
})
