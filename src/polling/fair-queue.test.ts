/** Who goes next on a full line. The control shows what plain turns do to the neighbours of a slow unit. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { quantile } from '../core/histogram.ts'
import { FakeDevice } from '../testing/fake-driver.ts'
import { setupOf, startPolling } from '../testing/polling-rig.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { FairQueue, type TurnQueue } from './fair-queue.ts'
import { Line, type Occupant, type Turn } from './line.ts'

/** A device on a line that polls `requests` times `takesMs` every second, and leaves a poll out while one runs. */
class Poller implements Turn, Occupant {
  since = 0
  startedAt = 0
  polls = 0
  overruns = 0
  /** The longest time from due to done. */
  latest = 0
  requests = 0
  readonly use
  readonly #line: Line
  readonly #clock: VirtualClock
  readonly #takesMs: number
  readonly #perPoll: number
  #left = 0
  #dueAt = 0

  constructor(line: Line, clock: VirtualClock, name: string, takesMs: number, perPoll: number) {
    this.#line = line
    this.#clock = clock
    this.#takesMs = takesMs
    this.#perPoll = perPoll
    this.use = line.use(name, undefined)
  }

  due(): void {
    if (this.#left > 0) return void this.overruns++
    this.#dueAt = this.#clock.monotonic()
    this.#left = this.#perPoll
    this.#line.poll(this)
  }

  startNext(): boolean {
    this.#line.occupy(this)
    this.#clock.after(this.#takesMs, () => this.#done())
    return false
  }

  #done(): void {
    this.requests++
    if (--this.#left > 0) this.#line.poll(this)
    else {
      this.polls++
      this.latest = Math.max(this.latest, this.#clock.monotonic() - this.#dueAt)
    }
    this.#line.done(this)
  }
}

/** The way before: one after the other. */
class PlainTurns implements TurnQueue<Turn> {
  readonly #entries: Turn[] = []
  get length() {
    return this.#entries.length
  }
  add(entry: Turn) {
    this.#entries.push(entry)
  }
  next() {
    return this.#entries.shift()
  }
  remove() {}
  begun() {}
  ended() {}
}

/** One slow device of three requests beside nine fast ones of ten, for a minute. */
async function minuteOf(turns: TurnQueue<Turn>) {
  const clock = new VirtualClock()
  const line = new Line('bus', 1, clock, turns)
  const slow = new Poller(line, clock, 'slow', 500, 3)
  const fast = Array.from({ length: 9 }, (_, i) => new Poller(line, clock, `fast ${i}`, 5, 10))
  const all = [slow, ...fast]
  all.forEach((poller, i) => clock.after(i * 97, () => clock.every(1000, () => poller.due())))
  await clock.advance(62_000)
  return { slow, fast }
}

describe('a line that is full', () => {
  test('nine fast devices beside a slow unit keep their interval; the slow one pays for itself', async () => {
    const { slow, fast } = await minuteOf(new FairQueue())
    for (const { overruns, latest, polls } of fast) {
      assert.equal(overruns, 0)
      assert.ok(polls >= 59)
      assert.ok(latest <= 1000, `a poll was done ${latest} ms after it was due`)
    }
    assert.ok(slow.overruns > 10)
    assert.ok(slow.polls >= 15, `the slow one had ${slow.polls} polls: it gets what is left`)
  })

  test('control: in plain turns the slow unit costs each of them polls', async () => {
    const { fast } = await minuteOf(new PlainTurns())
    assert.ok(fast.every(({ overruns }) => overruns > 10))
    assert.ok(fast.every(({ latest }) => latest > 1000))
  })

  test('when all want more than there is, each gets the same time', async () => {
    const clock = new VirtualClock()
    const line = new Line('bus', 1, clock)
    const takes = [10, 20, 40, 80]
    const pollers = takes.map((ms, i) => new Poller(line, clock, `d${i}`, ms, 1e9))
    for (const poller of pollers) poller.due()
    await clock.advance(60_000)
    const times = pollers.map(({ requests }, i) => requests * takes[i]!)
    for (const ms of times) assert.ok(Math.abs(ms - 15_000) < 1000, times.join(' '))
  })

  test('whoever comes new begins where the others are: it neither waits for all that was before nor takes it now', async () => {
    const clock = new VirtualClock()
    const line = new Line('bus', 1, clock)
    const old = [0, 1].map((i) => new Poller(line, clock, `old ${i}`, 20, 1e9))
    for (const poller of old) poller.due()
    await clock.advance(600_000)
    const late = new Poller(line, clock, 'late', 20, 1e9)
    const before = old.map(({ requests }) => requests)
    late.due()
    await clock.advance(6000)
    const gained = [...old.map(({ requests }, i) => requests - before[i]!), late.requests]
    for (const requests of gained) assert.ok(Math.abs(requests - 100) <= 15, gained.join(' '))
  })

  test('nobody starves: a request of a minute waits for its next turn, but not longer than half a minute', async () => {
    const clock = new VirtualClock()
    const line = new Line('bus', 1, clock)
    const huge = new Poller(line, clock, 'huge', 60_000, 1e9)
    const small = Array.from({ length: 20 }, (_, i) => new Poller(line, clock, `small ${i}`, 10, 1e9))
    huge.due()
    for (const poller of small) poller.due()
    await clock.advance(60_000 + 30_000 + 60_000)
    assert.ok(huge.requests >= 2, `${huge.requests} requests`)
    assert.ok(small.every(({ requests }) => requests > 30))
  })

  test('with several in flight a slow device does not take all the places', async () => {
    const clock = new VirtualClock()
    const line = new Line('bus', 4, clock)
    const slow = [0, 1, 2, 3, 4, 5].map(() => new Poller(line, clock, 'slow', 1000, 1e9))
    const fast = [0, 1].map((i) => new Poller(line, clock, `fast ${i}`, 10, 1e9))
    for (const poller of [...slow, ...fast]) poller.due()
    await clock.advance(60_000)
    for (const { requests } of fast) assert.ok(requests > 1000, `${requests} requests`)
  })
})

test('in the gateway: a slow device gets overruns, its nine neighbours none, and their lateness stays bounded', async () => {
  const slow = new FakeDevice()
  slow.answerMs = 500
  const fast = new FakeDevice()
  fast.answerMs = 5
  const { clock, polling } = startPolling(
    setupOf(slow, { name: 'slow', line: 'bus', tags: 3 }),
    ...Array.from({ length: 9 }, (_, i) =>
      setupOf(fast, { name: `fast ${i}`, line: 'bus', tags: 10, firstTag: 10 + 10 * i }),
    ),
  )
  await clock.advance(62_000)
  assert.ok(polling.device('slow')!.stats.overruns > 10)
  for (const { name, stats } of polling.devices.slice(1)) {
    assert.ok(stats.overruns <= 1, `${name} has ${stats.overruns} overruns`)
    assert.ok(quantile(stats.lateness, 0.99)! <= 0.6, `${name}: ${quantile(stats.lateness, 0.99)} s`)
    assert.equal(polling.device(name)!.state, 'Running')
  }
})
