/** What a line is found to bear: devices of different kinds, played under a virtual clock. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import { LineLimits, type LineLoad } from './line-limits.ts'

type Outcome = 'ok' | 'busy' | 'silent' | 'reset'

/** A device that has always something to do: how long a request takes and what becomes of it, by how many are under way. */
interface Played {
  takesMs(inFlight: number): number
  outcome?(inFlight: number, unit: number): Outcome
  units?: readonly number[]
  learned?: LineLoad
}

function play({ takesMs, outcome = () => 'ok', units = [1], learned }: Played, bounds: LineLoad) {
  const clock = new VirtualClock()
  const limits = new LineLimits(bounds, clock, learned)
  const seen: number[] = []
  let inFlight = 0
  let turn = 0
  let most = 0
  const total = () => limits.load.inFlight * limits.load.connections
  const ask = () => {
    const unit = units[turn++ % units.length]!
    const begun = clock.monotonic()
    const mine = ++inFlight
    most = Math.max(most, mine)
    const became = outcome(mine, unit)
    clock.after(became === 'silent' ? 500 : takesMs(mine), () => {
      inFlight--
      if (became === 'ok') limits.answered(unit, begun, mine)
      else if (became === 'busy') limits.overloaded(begun, mine)
      else if (became === 'silent') limits.unanswered(unit, begun, mine)
      else limits.reset(mine)
      seen.push(total())
      fill()
    })
  }
  const fill = () => {
    while (inFlight < total()) ask()
  }
  fill()
  return { clock, limits, seen, most: () => most, forget: () => (most = 0) }
}

describe('what a line bears', () => {
  test('it begins with one; a device that works at many at once gets as many as are configured', async () => {
    const { clock, limits, seen } = play({ takesMs: () => 20 }, { inFlight: 8, connections: 2 })
    assert.deepEqual(limits.load, { inFlight: 1, connections: 1 })
    await clock.advance(30_000)
    assert.deepEqual(limits.load, { inFlight: 8, connections: 2 })
    assert.ok(seen.slice(1).every((total, i) => total - seen[i]! <= 8))
  })

  test('a device that works at one after the other is asked for one at a time: more would only wait in it', async () => {
    const { clock, limits, seen } = play({ takesMs: (inFlight) => 50 * inFlight }, { inFlight: 8, connections: 1 })
    await clock.advance(300_000)
    assert.deepEqual(limits.load, { inFlight: 1, connections: 1 })
    assert.ok(seen.filter((total) => total > 1).length < 40, 'tried, and not again')
    assert.ok(seen.some((total) => total > 1))
  })

  test('busy answers halve it, and what failed is not tried again before ten minutes, then twenty', async () => {
    const played = play(
      { takesMs: () => 200, outcome: (inFlight) => (inFlight > 4 ? 'busy' : 'ok') },
      { inFlight: 16, connections: 1 },
    )
    await played.clock.advance(60_000)
    assert.equal(played.limits.load.inFlight, 4)
    assert.equal(played.most(), 5)
    assert.ok(played.seen.includes(2), 'halved')
    const quiet = async (ms: number) => {
      played.forget()
      await played.clock.advance(ms)
      return played.most()
    }
    assert.equal(await quiet(500_000), 4)
    assert.equal(await quiet(120_000), 5, 'tried again after ten minutes')
    assert.equal(await quiet(1_080_000), 4, 'and then not for twenty')
    assert.equal(await quiet(240_000), 5)
  })

  test('a device that drops what comes while it works: time-outs with several under way teach one', async () => {
    const played = play(
      { takesMs: () => 100, outcome: (inFlight) => (inFlight > 1 ? 'silent' : 'ok') },
      { inFlight: 4, connections: 1 },
    )
    await played.clock.advance(20_000)
    assert.deepEqual(played.limits.load, { inFlight: 1, connections: 1 })
    played.forget()
    await played.clock.advance(300_000)
    assert.equal(played.most(), 1)
  })

  test('a dead unit behind a gateway does not slow its neighbours down', async () => {
    const played = play(
      { takesMs: () => 20, units: [1, 2, 3, 9], outcome: (_, unit) => (unit === 9 ? 'silent' : 'ok') },
      { inFlight: 8, connections: 1 },
    )
    await played.clock.advance(60_000)
    assert.equal(played.limits.load.inFlight, 8)
  })

  test('resets with several under way halve it, a reset with one does not', () => {
    const clock = new VirtualClock()
    const limits = new LineLimits({ inFlight: 8, connections: 1 }, clock, { inFlight: 8, connections: 1 })
    limits.reset(1)
    assert.equal(limits.load.inFlight, 8)
    limits.reset(8)
    assert.equal(limits.load.inFlight, 4)
  })

  test('all connections lost once may be a reboot; lost again with as many under way, it is the load', async () => {
    let resets = 0
    const played = play(
      { takesMs: () => 100, outcome: (inFlight) => (inFlight === 4 && resets++ < 1 ? 'reset' : 'ok') },
      { inFlight: 4, connections: 1 },
    )
    await played.clock.advance(60_000)
    assert.equal(played.limits.load.inFlight, 4)
    const bad = play(
      { takesMs: () => 100, outcome: (inFlight) => (inFlight === 4 ? 'reset' : 'ok') },
      { inFlight: 4, connections: 1 },
    )
    await bad.clock.advance(60_000)
    assert.equal(bad.limits.load.inFlight, 3)
    bad.forget()
    await bad.clock.advance(300_000)
    assert.equal(bad.most(), 3)
  })

  test('a second connection that is refused teaches one', async () => {
    const { clock, limits } = play({ takesMs: () => 100 }, { inFlight: 1, connections: 4 })
    while (limits.load.connections < 2) await clock.advance(100)
    limits.crowded(1)
    assert.equal(limits.load.connections, 1)
    await clock.advance(500_000)
    assert.equal(limits.load.connections, 1)
    await clock.advance(200_000)
    assert.ok(limits.load.connections > 1, 'tried again after ten minutes')
  })

  test('what was learned is where it begins, within what is configured now', () => {
    const clock = new VirtualClock()
    assert.deepEqual(new LineLimits({ inFlight: 4, connections: 2 }, clock, { inFlight: 16, connections: 2 }).load, {
      inFlight: 4,
      connections: 2,
    })
  })

  test('a line that is not asked for more is not given more', async () => {
    const clock = new VirtualClock()
    const limits = new LineLimits({ inFlight: 8, connections: 1 }, clock, { inFlight: 2, connections: 1 })
    for (let i = 0; i < 1000; i++) {
      const begun = clock.monotonic()
      await clock.advance(1)
      limits.answered(1, begun, 1)
    }
    assert.equal(limits.load.inFlight, 2)
  })
})
