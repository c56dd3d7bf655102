/** A dead unit costs one request a pause, whatever becomes of the connection; one that is back is believed at once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import { UnitBreakers } from './unit-breakers.ts'

/** Breakers of units 1…count; `ask` is one request to a unit, `round` one to each: how many were made. */
function rig(count: number) {
  const clock = new VirtualClock()
  const breakers = new UnitBreakers(clock)
  const units = Array.from({ length: count }, (_, index) => index + 1)
  for (const unit of units) breakers.add(unit)
  const dead = new Set<number>()
  const ask = (unit: number): boolean => {
    if (!breakers.mayAsk(unit)) return false
    breakers.settle(unit, !dead.has(unit))
    return true
  }
  return { clock, breakers, dead, ask, round: () => units.filter(ask).length }
}

test('after three requests without an answer a unit is asked once a pause, and the pauses grow to a minute', async () => {
  const { clock, dead, ask } = rig(2)
  dead.add(2)
  const asked: number[] = []
  for (let second = 0; second < 600; second++) {
    if (ask(2)) asked.push(second)
    assert.ok(ask(1), 'its neighbour is asked always')
    await clock.advance(1000)
  }
  assert.deepEqual(asked.slice(0, 3), [0, 1, 2])
  assert.ok(asked.length >= 3 + 10 && asked.length <= 3 + 25, `${asked.length} requests in ten minutes`)
  const pauses = asked.slice(1).map((at, index) => at - asked[index]!)
  assert.ok(Math.max(...pauses) <= 60 && Math.max(...pauses) >= 30, `pauses of ${pauses.join(', ')} s`)
})

test('while the one request of a silent unit is under way, nobody else asks it; given up, another may', async () => {
  const { clock, breakers, dead, ask } = rig(2)
  dead.add(2)
  for (let requests = 0; requests < 3; requests++) ask(2)
  await clock.advance(1000)
  assert.ok(breakers.mayAsk(2))
  assert.ok(!breakers.mayAsk(2))
  breakers.release(2)
  assert.ok(breakers.mayAsk(2))
  breakers.settle(2, true)
  assert.ok(breakers.mayAsk(2) && breakers.mayAsk(2))
})

test('30 units of which 20 are dead: a new connection costs one request among the dead, not one each', async () => {
  const { clock, breakers, dead, round } = rig(30)
  for (let unit = 11; unit <= 30; unit++) dead.add(unit)
  for (let polls = 0; polls < 3; polls++) assert.equal(round(), 30)
  assert.equal(round(), 10)
  for (let connection = 0; connection < 5; connection++) {
    breakers.reconnected()
    assert.equal(round(), 11)
    assert.equal(round(), 10)
  }
  await clock.advance(500)
  breakers.reconnected()
  dead.clear()
  assert.equal(round(), 30, 'each that is back lets the next be asked')
  assert.equal(round(), 30)
})

test('a new connection while nobody is silent leaves nothing behind', () => {
  const { breakers, dead, ask } = rig(2)
  breakers.reconnected()
  dead.add(2)
  for (let requests = 0; requests < 3; requests++) assert.ok(ask(2))
  assert.ok(!ask(2))
})

test('thirty dead units take at most a third of the time, and each is asked now and then', async () => {
  const clock = new VirtualClock()
  const breakers = new UnitBreakers(clock)
  for (let unit = 0; unit <= 30; unit++) breakers.add(unit)
  const asked = new Map<number, number>()
  const ask = async (from: number, untilMs: number) => {
    while (clock.monotonic() < untilMs) {
      for (let unit = from; unit <= 30; unit++) {
        if (!breakers.mayAsk(unit)) continue
        asked.set(unit, (asked.get(unit) ?? 0) + 1)
        await clock.advance(2000)
        breakers.settle(unit, false)
      }
      await clock.advance(1000)
    }
  }
  await ask(1, 1_000_000)
  asked.clear()
  await ask(1, 2_000_000)
  const all = [...asked.values()].reduce((sum, count) => sum + count, 0)
  assert.equal(asked.size, 30)
  assert.ok(all * 2000 <= 340_000, `${all} time-outs of 2 s in 1000 s`)
})
