import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { phaseOf, Schedule } from './schedule.ts'

test('a phase lies within its period and depends on the name alone', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 86_400_000 }), (name, periodMs) => {
      const phase = phaseOf(name, periodMs)
      assert.ok(phase >= 0 && phase < periodMs)
      assert.equal(phaseOf(name, periodMs), phase)
    }),
  )
})

test('phases of numbered names are spread evenly over the period', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z-]{1,12}$/), fc.integer({ min: 0, max: 100_000 }), (prefix, first) => {
      const slots = Array.from({ length: 20 }, () => 0)
      for (let i = 0; i < 10_000; i++) slots[Math.floor(phaseOf(`${prefix}${first + i} 1000`, 1000) / 50)]!++
      // 500 a slot are expected; five standard deviations are about 110.
      for (const count of slots) assert.ok(count > 390 && count < 610, slots.join(' '))
    }),
    { numRuns: 20 },
  )
})

test('cycles of any periods are due at phase + k × period, each once and in order, without drift', async () => {
  const cycle = fc.record({ name: fc.string(), periodMs: fc.integer({ min: 20, max: 3000 }) })
  await fc.assert(
    fc.asyncProperty(fc.array(cycle, { minLength: 1, maxLength: 12 }), async (cycles) => {
      const clock = new VirtualClock()
      const schedule = new Schedule(clock)
      const dues = cycles.map((): number[] => [])
      const late: number[] = []
      for (const [i, { name, periodMs }] of cycles.entries()) {
        schedule.add(name, periodMs, (dueAt, missed) => {
          assert.equal(missed, 0)
          dues[i]!.push(dueAt)
          late.push(clock.monotonic() - dueAt)
        })
      }
      schedule.start()
      await clock.advance(6000)
      schedule.stop()
      for (const [i, { name, periodMs }] of cycles.entries()) {
        for (const [k, dueAt] of dues[i]!.entries())
          assert.ok(Math.abs(dueAt - phaseOf(name, periodMs) - k * periodMs) < 1e-6)
        const expected = Math.floor((6000 - phaseOf(name, periodMs)) / periodMs) + 1
        assert.ok(Math.abs(dues[i]!.length - expected) <= 1)
      }
      assert.ok(late.every((ms) => ms >= 0 && ms <= 5))
    }),
    { numRuns: 25 },
  )
})

test('ten thousand cycles need one timer', () => {
  const clock = new VirtualClock()
  const schedule = new Schedule(clock)
  for (let i = 0; i < 10_000; i++) schedule.add(`device ${i}`, 1000, () => {})
  schedule.start()
  assert.equal(clock.pending, 1)
  schedule.stop()
  assert.equal(clock.pending, 0)
})

test('after a standstill the missed periods are reported once and the phase is kept', async () => {
  const clock = new VirtualClock()
  let ahead = 0
  const standing = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic() + ahead,
    after: clock.after.bind(clock),
    every: clock.every.bind(clock),
  }
  const schedule = new Schedule(standing)
  const calls: [number, number][] = []
  schedule.add('press', 1000, (dueAt, missed) => calls.push([Math.round(dueAt - phaseOf('press', 1000)), missed]))
  schedule.start()
  await clock.advance(1999)
  const before = calls.length
  ahead = 7000
  await clock.advance(3000)
  schedule.stop()
  const [dueAt, missed] = calls[before]!
  assert.ok(missed === 6 || missed === 7, `${missed} missed`)
  assert.equal(dueAt % 1000, 0)
  assert.deepEqual(calls[before + 1], [dueAt + 1000, 0])
})

test('cycles that come and go while it runs fall where they would have from the start on, and the others go on', async () => {
  const dueOf = async (late: boolean): Promise<{ own: number[]; other: number[] }> => {
    const clock = new VirtualClock()
    const schedule = new Schedule(clock)
    const [own, other]: [number[], number[]] = [[], []]
    schedule.add('other', 700, (dueAt) => void other.push(dueAt))
    const leave = schedule.add('leaves', 300, () => undefined)
    if (!late) schedule.add('own', 500, (dueAt) => void own.push(dueAt))
    schedule.start()
    await clock.advance(3333)
    if (late) schedule.add('own', 500, (dueAt) => void own.push(dueAt))
    leave()
    await clock.advance(6000)
    schedule.stop()
    return { own: own.filter((dueAt) => dueAt > 3400), other }
  }
  const [early, late] = [await dueOf(false), await dueOf(true)]
  assert.ok(late.own.length >= 11)
  assert.deepEqual(late, early)
})

test('a schedule that is empty takes cycles, and one whose last cycle went takes others', async () => {
  const clock = new VirtualClock()
  const schedule = new Schedule(clock)
  schedule.start()
  await clock.advance(500)
  let dues = 0
  const leave = schedule.add('a', 100, () => dues++)
  await clock.advance(1000)
  assert.ok(dues >= 9)
  leave()
  const before = dues
  await clock.advance(1000)
  assert.equal(dues, before)
  schedule.add('b', 100, () => dues++)
  await clock.advance(1000)
  assert.ok(dues >= before + 9)
})
