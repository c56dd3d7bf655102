/** Up, down, failures and recoveries against a plain walk over what happened. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { AccountState } from '../core/device-account.ts'
import { SetClock } from '../testing/set-clock.ts'
import { Calendar } from './calendar.ts'
import { Device, DeviceRecord, type KeptDevice } from './device-record.ts'
import { deviceFigures } from './ratios.ts'

const START = Date.UTC(2026, 10, 23, 9, 58)

test('a failure is Running to not Running; its repair ends when it runs again', () => {
  const clock = new SetClock(START)
  const record = new DeviceRecord(clock)
  record.became('up')
  clock.pass(90_000)
  record.became('down')
  clock.pass(5000)
  record.became('down')
  clock.pass(5000)
  record.became('up')
  clock.pass(30_000)
  assert.deepEqual(deviceFigures(record.totals()), {
    upMs: 120_000,
    downMs: 10_000,
    failures: 1,
    recoveries: 1,
    mtbfMs: 120_000,
    mttrMs: 10_000,
    availability: 120 / 130,
    samplesExpected: 0,
    samplesGood: 0,
    completeness: null,
  })
})

test('a device that is there for the first time, is disabled, or goes, has no failure', () => {
  const clock = new SetClock(START)
  const record = new DeviceRecord(clock)
  record.became('down')
  clock.pass(1000)
  record.became('up')
  clock.pass(1000)
  record.became('off')
  clock.pass(1000)
  record.became('down')
  clock.pass(1000)
  record.became('up')
  clock.pass(1000)
  record.became('away')
  clock.pass(50_000)
  const { failures, recoveries, upMs, downMs, mtbfMs } = deviceFigures(record.totals())
  assert.deepEqual({ failures, recoveries, upMs, downMs, mtbfMs }, { failures: 0, recoveries: 0, upMs: 2000, downMs: 2000, mtbfMs: null }) // prettier-ignore
})

test('what breaks within planned maintenance is a failure only if it is still down afterwards', () => {
  for (const comesBack of [true, false]) {
    const clock = new SetClock(START)
    const record = new DeviceRecord(clock)
    record.became('up')
    clock.pass(1000)
    record.plan(true)
    record.became('down')
    record.interval(100, 0)
    clock.pass(60_000)
    if (comesBack) record.became('up')
    record.plan(false)
    clock.pass(1000)
    const figures = deviceFigures(record.totals())
    assert.equal(figures.failures, comesBack ? 0 : 1)
    assert.equal(figures.samplesExpected, 0)
    assert.equal(figures.upMs + figures.downMs, 2000)
  }
})

interface Happening {
  readonly kind: AccountState | 'plan' | 'unplan' | 'restart' | 'step'
  readonly afterMs: number
}

const happening: fc.Arbitrary<Happening> = fc.record({
  kind: fc.constantFrom(...(['up', 'up', 'down', 'down', 'away', 'off', 'plan', 'unplan', 'restart', 'step'] as const)),
  afterMs: fc.integer({ min: 0, max: 4_000_000 }),
})

/** The same by hand: a list of what held for how long. */
function walked(happenings: readonly Happening[]) {
  let [up, down, failures, recoveries] = [0, 0, 0, 0]
  let state: AccountState = 'away'
  let [planned, failed] = [false, false]
  let last: boolean | undefined
  for (const { kind, afterMs } of happenings) {
    if (kind === 'plan' || kind === 'unplan') planned = kind === 'plan'
    // A process that begins knows of no maintenance until it is told.
    else if (kind === 'restart') [state, planned] = ['away', false]
    else if (kind !== 'step') state = kind
    if (state === 'off') [last, failed] = [undefined, false]
    const known = planned || state === 'away' || state === 'off' ? undefined : state === 'up'
    if (known === true) {
      if (failed) recoveries++
      failed = false
    }
    if (known === false && last === true) {
      failures++
      failed = true
    }
    last = known ?? last
    if (known === true) up += afterMs
    if (known === false) down += afterMs
  }
  return { up, down, failures, recoveries }
}

test('any order of states, maintenance, restarts and clocks that are set gives what a plain walk gives', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 40 }), (happenings) => {
      const clock = new SetClock(START)
      const calendar = new Calendar({ timeZone: 'UTC', shifts: [] })
      let record = new DeviceRecord(clock)
      for (const { kind, afterMs } of happenings) {
        if (kind === 'plan' || kind === 'unplan') record.plan(kind === 'plan')
        else if (kind === 'step') clock.wall += afterMs % 2 === 0 ? 7_200_000 : -7_200_000
        else if (kind === 'restart') {
          const kept = JSON.parse(JSON.stringify(record.toKept(clock.now()))) as KeptDevice
          clock.passed = 0
          record = new DeviceRecord(clock, kept)
        } else record.became(kind)
        record.move(calendar.at(clock.now()), clock.now())
        clock.pass(afterMs)
      }
      const totals = record.totals()
      const { up, down, failures, recoveries } = walked(happenings)
      assert.deepEqual(totals.slice(0, 4), [up, down, failures, recoveries])
      assert.ok(totals[Device.restored]! <= down)
      for (const window of [record.hour, record.day]) {
        const counted = window.current(totals)?.counts ?? []
        assert.ok(counted.every((count, place) => count >= 0 && count <= totals[place]!))
      }
    }),
    { numRuns: 400 },
  )
})

test('an hour ends with its own counts, and the next begins with none', () => {
  const clock = new SetClock(START)
  const calendar = new Calendar({ timeZone: 'UTC', shifts: [] })
  const record = new DeviceRecord(clock)
  record.became('up')
  record.move(calendar.at(clock.now()), clock.now())
  clock.pass(120_000)
  record.interval(10, 9)
  record.move(calendar.at(clock.now()), clock.now())
  clock.pass(1000)
  assert.equal(record.hour.previous!.counts[Device.up], 120_000)
  assert.equal(record.hour.previous!.counts[Device.good], 9)
  assert.equal(record.hour.current(record.totals())!.counts[Device.up], 1000)
  assert.equal(record.day.current(record.totals())!.counts[Device.up], 121_000)
  // A clock that is set back a minute makes no new hour, and goes on in this one.
  clock.wall -= 60_000
  record.move(calendar.at(clock.now()), clock.now())
  assert.equal(record.hour.previous!.counts[Device.up], 120_000)
})
