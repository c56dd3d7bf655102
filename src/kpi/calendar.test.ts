/** Shifts and days by the wall clock, against Temporal, which knows time zones by itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Shift } from '../core/asset.ts'
import { Calendar } from './calendar.ts'
import { Zone } from './zone.ts'

const ZONES = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'America/Santiago', 'UTC']
const at = (text: string): number => Date.parse(text)

/** The moment of a wall-clock time, as Temporal has it: of a time that is left out, the later one; of one that comes twice, the first. */
const momentOf = (zone: string, local: number): number =>
  Temporal.PlainDateTime.from(new Date(local).toISOString().slice(0, 19)).toZonedDateTime(zone).epochMilliseconds

test('moments of wall-clock times are those of Temporal, also where clocks change', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...ZONES),
      fc.integer({ min: at('2025-01-01T00:00Z') / 60_000, max: at('2027-12-31T00:00Z') / 60_000 }),
      (name, minute) => {
        const zone = new Zone(name)
        assert.equal(zone.fromLocal(minute * 60_000), momentOf(name, minute * 60_000))
        const local = Temporal.Instant.fromEpochMilliseconds(minute * 60_000).toZonedDateTimeISO(name)
        assert.equal(zone.offsetAt(minute * 60_000), local.offsetNanoseconds / 1e6)
      },
    ),
    { numRuns: 1500 },
  )
})

test('the zone of the machine is told as by its name', (t) => {
  const before = process.env.TZ
  t.after(() => (before === undefined ? delete process.env.TZ : (process.env.TZ = before)))
  for (const name of ZONES) {
    process.env.TZ = name
    const [own, named] = [new Zone(), new Zone(name)]
    for (let time = at('2026-01-01T00:07Z'); time < at('2027-01-01T00:00Z'); time += 3_607_000)
      assert.equal(own.offsetAt(time), named.offsetAt(time), `${name} ${new Date(time).toISOString()}`)
  }
})

const NIGHT: Shift = { name: 'night', days: [0, 1, 2, 3, 4, 5, 6], fromMinute: 22 * 60, toMinute: 6 * 60 }

test('a night shift has seven hours when summer time begins, and nine when it ends', () => {
  const calendar = new Calendar({ timeZone: 'Europe/Berlin', shifts: [NIGHT] })
  const hours = (time: string): number => {
    const { shift } = calendar.at(at(time))
    return (shift!.to - shift!.from) / 3_600_000
  }
  assert.equal(hours('2026-03-28T23:00Z'), 7)
  assert.equal(hours('2026-10-25T02:00Z'), 9)
  assert.equal(hours('2026-06-01T22:00Z'), 8)
  assert.deepEqual(calendar.at(at('2026-10-25T05:00Z')).shift, undefined)
})

test('a shift belongs to the day on which it begins', () => {
  const friday = { ...NIGHT, days: [5] }
  const calendar = new Calendar({ timeZone: 'Europe/Berlin', shifts: [friday] })
  assert.equal(calendar.at(at('2026-11-28T04:00Z')).planned, true) // Saturday, 05:00
  assert.equal(calendar.at(at('2026-11-27T04:00Z')).planned, false) // Friday, 05:00
})

test('segments follow each other without gap or overlap, and each knows its windows', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...ZONES),
      fc.integer({ min: at('2025-01-01T00:00Z') / 1000, max: at('2027-12-01T00:00Z') / 1000 }),
      (timeZone, second) => {
        const early: Shift = { name: 'early', days: [1, 2, 3, 4, 5], fromMinute: 6 * 60, toMinute: 14 * 60 + 30 }
        const calendar = new Calendar({ timeZone, shifts: [early, NIGHT] })
        let time = second * 1000
        for (let count = 0; count < 60; count++) {
          const segment = calendar.at(time)
          assert.ok(segment.from <= time && time < segment.to)
          for (const span of [segment.hour, segment.day, ...(segment.shift === undefined ? [] : [segment.shift])])
            assert.ok(span.from <= segment.from && segment.to <= span.to, JSON.stringify(segment))
          assert.equal(segment.planned, segment.shift !== undefined)
          time = segment.to
          assert.equal(calendar.at(time).from, time)
        }
      },
    ),
    {
      numRuns: 60,
      // The clock is set back, and forward, by half an hour.
      examples: [
        ['Australia/Lord_Howe', 1_743_652_800],
        ['Australia/Lord_Howe', at('2025-10-04T10:00Z') / 1000],
      ],
    },
  )
})
