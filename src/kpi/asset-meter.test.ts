/**
 * Figures of an asset against a plain model: the planned time as a list of shifts made with Temporal, time as sums of overlaps, pieces as
 * differences of what was read. Random running, counting, bad quality, resets, clocks that are set, restarts, and the nights in which clocks change.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { AssetConfig, Shift } from '../core/asset.ts'
import { SetClock } from '../testing/set-clock.ts'
import { Asset, AssetMeter, type KeptAsset } from './asset-meter.ts'
import { assetFigures } from './ratios.ts'

const ZONE = 'Europe/Berlin'
const RATE = 2 / 1000
const ROLLOVER = 65_536
const EARLY: Shift = { name: 'early', days: [1, 2, 3, 4, 5], fromMinute: 360, toMinute: 840 }
const NIGHT: Shift = { name: 'night', days: [0, 1, 2, 3, 4, 5, 6], fromMinute: 22 * 60, toMinute: 5 * 60 + 15 }
const source = (tag: string) => ({ device: 'filler', tag, rollover: ROLLOVER, factor: 1 })

const config = (more: Partial<AssetConfig> = {}): AssetConfig => ({
  name: 'filler',
  running: 'filler/running',
  pieces: source('bottles'),
  counts: 'produced',
  rejected: source('rejects'),
  idealPerMs: RATE,
  planned: { timeZone: ZONE, shifts: [EARLY, NIGHT] },
  ...more,
})

const ALWAYS = { timeZone: ZONE, shifts: [] }
const at = (text: string): number => Date.parse(text)

function figuresOf(meter: AssetMeter) {
  return assetFigures(meter.totals(), meter.config)
}

test('an hour with a stop, rejects and a slow stretch has the index that paper gives', () => {
  const clock = new SetClock(at('2026-11-23T10:00Z'))
  const meter = new AssetMeter(config({ planned: ALWAYS }), { clock })
  let [pieces, rejected] = [1000, 50]
  const tell = (running: boolean) => meter.take({ running, pieces, rejected })
  tell(true)
  for (let minute = 0; minute < 54; minute++) {
    clock.pass(60_000)
    pieces += 90
    if (minute % 10 === 0) rejected += 9
    tell(minute < 53)
  }
  clock.pass(360_000)
  const { availability, performance, quality, oee, produced } = figuresOf(meter)
  assert.equal(produced, 54 * 90)
  assert.equal(availability, 0.9)
  assert.equal(performance!.toFixed(9), '0.750000000')
  assert.equal(quality, 1 - (6 * 9) / (54 * 90))
  assert.equal(oee, availability * performance! * quality)
})

test('a counter that is bad makes unknown time and missed pieces, and no ratio changes', () => {
  const clock = new SetClock(at('2026-11-23T10:00Z'))
  const meter = new AssetMeter(config({ planned: ALWAYS }), { clock })
  meter.take({ running: true, pieces: 0, rejected: 0 })
  clock.pass(10_000)
  meter.take({ running: true, pieces: 20, rejected: 0 })
  const before = figuresOf(meter)
  meter.take({ running: true, pieces: undefined, rejected: 0 })
  assert.equal(meter.state, 'unknown')
  clock.pass(100_000)
  meter.take({ running: true, pieces: 200, rejected: 0 })
  const after = figuresOf(meter)
  assert.deepEqual(after, { ...before, unknownMs: 100_000, missed: 180 })
})

test('what runs outside the shifts is told apart', () => {
  const clock = new SetClock(at('2026-11-23T15:00Z'))
  const meter = new AssetMeter(config(), { clock })
  meter.take({ running: true, pieces: 0, rejected: 0 })
  clock.pass(10_000)
  meter.take({ running: true, pieces: 15, rejected: 1 })
  const figures = figuresOf(meter)
  assert.equal(meter.state, 'not planned')
  assert.deepEqual([figures.unplannedRunningMs, figures.unplannedPieces, figures.plannedMs, figures.produced], [10_000, 15, 0, 0]) // prettier-ignore
  assert.equal(figures.oee, null)
})

test('good pieces and rejects make the produced ones, where the good ones are counted', () => {
  const clock = new SetClock(at('2026-11-23T10:00Z'))
  const meter = new AssetMeter(config({ planned: ALWAYS, counts: 'good' }), { clock })
  meter.take({ running: true, pieces: 100, rejected: 10 })
  clock.pass(60_000)
  meter.take({ running: true, pieces: 190, rejected: 20 })
  const { produced, rejected, good, quality } = figuresOf(meter)
  assert.deepEqual({ produced, rejected, good, quality }, { produced: 100, rejected: 10, good: 90, quality: 0.9 })
})

test('without a counter of rejects there is no quality and no index; with none said, all are good', () => {
  const clock = new SetClock(at('2026-11-23T10:00Z'))
  for (const [rejected, quality] of [
    [undefined, null],
    ['none', 1],
  ] as const) {
    const meter = new AssetMeter(config({ planned: ALWAYS, rejected }), { clock })
    meter.take({ running: true, pieces: 0, rejected: undefined })
    clock.pass(10_000)
    meter.take({ running: true, pieces: 10, rejected: undefined })
    assert.equal(figuresOf(meter).quality, quality)
    assert.equal(figuresOf(meter).oee, quality === null ? null : 0.5)
  }
})

test('another configuration keeps what was counted; another counter begins anew', () => {
  const clock = new SetClock(at('2026-11-23T10:00Z'))
  const meter = new AssetMeter(config({ planned: ALWAYS }), { clock })
  meter.take({ running: true, pieces: 10, rejected: 0 })
  clock.pass(10_000)
  meter.configure(config({ planned: ALWAYS, idealPerMs: RATE * 2 }))
  meter.take({ running: true, pieces: 20, rejected: 0 })
  clock.pass(10_000)
  meter.configure(config({ planned: ALWAYS, pieces: source('other') }))
  meter.take({ running: true, pieces: 60_000, rejected: 0 })
  const { produced, ideal, runningMs } = figuresOf(meter)
  assert.deepEqual({ produced, ideal, runningMs }, { produced: 10, ideal: 60, runningMs: 20_000 })
})

test('planned maintenance is no planned time', () => {
  const clock = new SetClock(at('2026-11-23T10:00Z'))
  const meter = new AssetMeter(config({ planned: ALWAYS }), { clock })
  meter.take({ running: false, pieces: 10, rejected: 0 })
  clock.pass(10_000)
  meter.maintain(true)
  clock.pass(50_000)
  assert.equal(meter.state, 'not planned')
  meter.maintain(false)
  clock.pass(10_000)
  assert.equal(figuresOf(meter).plannedMs, 20_000)
})

/** Shifts around a moment, from Temporal alone. */
function shiftsAround(start: number): { from: number; to: number; name: string }[] {
  const first = Temporal.Instant.fromEpochMilliseconds(start)
    .toZonedDateTimeISO(ZONE)
    .toPlainDate()
    .subtract({ days: 3 })
  const found = []
  for (let day = 0; day < 45; day++) {
    const date = first.add({ days: day })
    for (const { name, days, fromMinute, toMinute } of [EARLY, NIGHT]) {
      if (!days.includes(date.dayOfWeek % 7)) continue
      const time = (on: Temporal.PlainDate, minute: number) =>
        on.toZonedDateTime({ timeZone: ZONE, plainTime: Temporal.PlainTime.from({ hour: Math.floor(minute / 60), minute: minute % 60 }) }).epochMilliseconds // prettier-ignore
      found.push({ name, from: time(date, fromMinute), to: time(toMinute <= fromMinute ? date.add({ days: 1 }) : date, toMinute) }) // prettier-ignore
    }
  }
  return found
}

interface Event {
  readonly passMs: number
  readonly running: boolean | undefined
  readonly share: number
  readonly rejectShare: number
  readonly quality: 'good' | 'pieces bad' | 'rejects bad'
  readonly special: 'none' | 'reset' | 'restart' | 'step' | 'restart and reset'
  readonly specialMs: number
}

const event: fc.Arbitrary<Event> = fc.record({
  passMs: fc.integer({ min: 1, max: 3 * 3_600_000 }),
  running: fc.constantFrom(true, true, true, false, undefined),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  rejectShare: fc.double({ min: 0, max: 1, noNaN: true }),
  quality: fc.constantFrom('good', 'good', 'good', 'pieces bad', 'rejects bad'),
  special: fc.constantFrom('none', 'none', 'none', 'none', 'reset', 'restart', 'step', 'restart and reset'),
  specialMs: fc.integer({ min: 1, max: 30 * 3_600_000 }),
})

/** Times at which something is special: clocks change on 29 March and 25 October. */
const starts = ['2026-03-27T20:17Z', '2026-10-24T03:00Z', '2026-11-23T10:00:00.123Z', '2026-06-05T12:59:59Z'].map(at)

class Model {
  readonly totals = Array.from({ length: 12 }, () => 0)
  readonly #shifts: ReturnType<typeof shiftsAround>
  running: boolean | undefined
  isKnown = false
  /** By shift: what was counted in it. */
  readonly byShift = new Map<string, { produced: number; planned: number; running: number; unknown: number }>()

  constructor(start: number) {
    this.#shifts = shiftsAround(start)
  }

  of(shift: { from: number; name: string }) {
    const key = `${shift.name} ${shift.from}`
    const known = this.byShift.get(key) ?? { produced: 0, planned: 0, running: 0, unknown: 0 }
    this.byShift.set(key, known)
    return known
  }

  shiftAt(time: number) {
    return this.#shifts.find(({ from, to }) => time >= from && time < to)
  }

  pass(from: number, to: number): void {
    let planned = 0
    for (const shift of this.#shifts) {
      const overlap = Math.max(0, Math.min(to, shift.to) - Math.max(from, shift.from))
      if (overlap === 0) continue
      planned += overlap
      const own = this.of(shift)
      if (this.isKnown) own.planned += overlap
      else own.unknown += overlap
      if (this.isKnown && this.running === true) own.running += overlap
    }
    if (this.isKnown) this.totals[Asset.planned]! += planned
    else this.totals[Asset.unknown]! += planned
    if (this.isKnown && this.running === true) this.totals[Asset.running]! += planned
    if (this.running === true) this.totals[Asset.unplannedRunning]! += to - from - planned
  }

  pieces(count: number, now: number, isMissed: boolean): void {
    const shift = this.shiftAt(now)
    if (isMissed) this.totals[Asset.missed]! += count
    else if (shift === undefined) this.totals[Asset.unplannedPieces]! += count
    else {
      this.totals[Asset.produced]! += count
      this.of(shift).produced += count
    }
  }
}

test('any order of running, counting, bad quality, resets, restarts and clocks that are set gives what a plain model gives', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...starts),
      fc.array(event, { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 0, max: 65_535 }),
      (start, events, firstCount) => {
        const clock = new SetClock(start)
        const model = new Model(start)
        let meter = new AssetMeter(config(), { clock })
        let count = firstCount
        let rejects = 0
        let truePieces = 0
        /** What was last read, and whether it was known ever since. */
        let read: number | undefined
        let hadGap = true
        let [sinceReadMs, hasSteps, lostToResets] = [0, false, false]
        for (const { passMs, running, share, rejectShare, quality, special, specialMs } of events) {
          if (special === 'step') {
            clock.wall += specialMs % 2 === 0 ? specialMs : -specialMs
            hasSteps = true
          }
          model.pass(clock.wall, clock.wall + passMs)
          clock.pass(passMs)
          sinceReadMs += passMs
          if (special.includes('restart')) {
            // It stops now, and goes on later: nobody knows what was in between.
            const kept = JSON.parse(JSON.stringify(meter.toKept())) as KeptAsset
            model.running = undefined
            model.isKnown = false
            model.pass(clock.wall, clock.wall + specialMs)
            clock.wall += specialMs
            clock.passed = 0
            sinceReadMs += specialMs
            meter = new AssetMeter(config(), { clock })
            meter.restore(kept)
            hadGap = true
          }
          if (special.includes('reset')) [count, lostToResets] = [0, true]
          const made = Math.floor(share * RATE * Math.min(passMs, 7_000_000))
          count = (count + made) % ROLLOVER
          rejects = (rejects + Math.floor(rejectShare * made)) % ROLLOVER
          truePieces += made
          const isRead = quality !== 'pieces bad'
          meter.take({
            running,
            pieces: isRead ? count : undefined,
            rejected: quality === 'rejects bad' ? undefined : rejects,
          })
          model.running = running
          model.isKnown = running !== undefined && quality === 'good'
          if (!isRead) {
            hadGap = true
            continue
          }
          if (read !== undefined) {
            const most = 3 * RATE * sinceReadMs + 10
            const wrapped = count + ROLLOVER - read
            const gained = count >= read ? count - read : wrapped <= most ? wrapped : count <= most ? count : 0
            model.pieces(gained, clock.wall, hadGap || !model.isKnown)
          }
          ;[read, hadGap, sinceReadMs] = [count, false, 0]
        }
        const totals = meter.totals()
        for (const place of ['planned', 'running', 'unknown', 'unplannedRunning'] as const)
          assert.ok(Math.abs(totals[Asset[place]]! - model.totals[Asset[place]]!) < 1e-3, `${place}: ${totals[Asset[place]]} and ${model.totals[Asset[place]]}`) // prettier-ignore
        for (const place of ['produced', 'missed', 'unplannedPieces'] as const)
          assert.equal(totals[Asset[place]]!, model.totals[Asset[place]]!, place)
        const seen = totals[Asset.produced]! + totals[Asset.missed]! + totals[Asset.unplannedPieces]!
        if (!lostToResets) assert.ok(seen <= truePieces, 'pieces were invented')
        if (hasSteps) return
        for (const counted of [meter.shift.current(totals), meter.shift.previous]) {
          if (counted === undefined) continue
          const { produced, planned, running, unknown } = model.of({ from: counted.from, name: counted.name! })
          assert.equal(counted.counts[Asset.produced], produced, 'pieces of a shift')
          for (const [place, expected] of [[Asset.planned, planned], [Asset.running, running], [Asset.unknown, unknown]] as const) // prettier-ignore
            assert.ok(Math.abs(counted.counts[place]! - expected) < 1e-3, `${counted.name}: ${counted.counts[place]} and ${expected}`) // prettier-ignore
        }
      },
    ),
    { numRuns: 300 },
  )
})
