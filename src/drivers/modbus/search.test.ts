/** The search for what is wrong with a block, against random devices: everything readable is read, everything bad is named, cheaply. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Status } from '../../core/status.ts'
import { TableLimits } from './limits.ts'
import type { Failure } from './outcome.ts'
import { planBlocks, type Span } from './plan.ts'
import { lengthOf, Search } from './search.ts'

const REFUSED: Failure = { kind: 'address', status: Status.BadConfigurationError, words: 'answers exception 02' }
const SILENT: Failure = { kind: 'silent', status: Status.BadTimeout, words: 'does not answer' }

/** Silences in a row that are believed. */
const BELIEVED = 3

/** What the device does: addresses that it refuses, the most it reads at once, and places across which it does not read. */
interface Device {
  readonly bad: ReadonlySet<number>
  readonly most: number
  /** It refuses to read this address and the next one together. */
  readonly seams?: ReadonlySet<number>
  readonly failure?: Failure
}

/** One device and what was learned of it. */
class Rig {
  readonly limits = new TableLimits(() => undefined)
  readonly named = new Set<Span>()
  readonly breaks: [number, number][] = []
  requests = 0
  /** After so many refusals the device has nothing against it any more. */
  heals = Infinity
  readonly #device: Device

  constructor(device: Device) {
    this.#device = device
  }

  ask(group: readonly Span[]): Failure | undefined {
    this.requests++
    const { bad, most, seams, failure = REFUSED } = this.#device
    const from = group[0]!.offset
    const length = lengthOf(group)
    const addresses = Array.from({ length }, (_, index) => from + index)
    const isRefused =
      length > most ||
      addresses.some((address) => bad.has(address)) ||
      addresses.slice(1).some((address) => seams?.has(address - 1) ?? false)
    if (isRefused && this.heals-- > 0) return failure
    this.limits.answered(from, length)
    return undefined
  }

  /** One cycle: what is planned, and a search in each block that is refused. Gives the values that were read. */
  cycle(items: readonly Span[], maxGap: number): Set<Span> {
    const read = new Set<Span>()
    const known = items.filter((item) => !this.named.has(item))
    const rules = { longest: () => this.limits.allowed, mayJoin: (a: Span, b: Span) => this.#mayJoin(a, b) }
    const limits = { maxRegisters: 125, maxBits: 2000, maxGap }
    for (const block of planBlocks(known, limits, rules)) {
      const group = block.members.map((index) => known[index]!)
      const failure = this.ask(group)
      if (failure === undefined) for (const item of group) read.add(item)
      else for (const item of this.search(group, failure)) read.add(item)
    }
    return read
  }

  search(group: readonly Span[], refusal: Failure | undefined): Set<Span> {
    const search = new Search(group, refusal, {
      allowed: () => this.limits.allowed,
      longest: () => this.limits.longest,
      silencesToBelieve: () => BELIEVED,
      bad: (item) => this.named.add(item),
      tooLong: (longest, refused) => this.limits.tooLong(longest, refused, '', 0),
      separate: (after, before) => {
        this.breaks.push([after, before])
        this.limits.separate({ after, before, evidence: '', at: 0 })
      },
    })
    while (search.group !== undefined) search.answer(this.ask(search.group))
    assert.equal(search.open.size, 0)
    return new Set(search.good.flat())
  }

  #mayJoin(block: Span, next: Span): boolean {
    for (const item of this.named) {
      const isBetween = item.offset < next.offset && block.offset + block.length < item.offset + item.length
      if (isBetween && next.offset > block.offset + block.length) return false
    }
    return this.limits.mayJoin(block, next)
  }
}

const register = (offset: number, length = 1): Span => ({ unit: 1, area: 'hr', offset, length })
const range = (count: number): Span[] => Array.from({ length: count }, (_, offset) => register(offset))
const log2 = (n: number): number => Math.ceil(Math.log2(Math.max(1, n)))
/** Requests to find b bad values of n, the refused block not counted. */
const bound = (n: number, b: number): number => 2 * b * (log2(n / b) + 2)

const offsets = (items: Iterable<Span>): number[] => [...items].map(({ offset }) => offset).sort((a, b) => a - b)

test('one bad register of 13: named within eight requests, the others read in the same cycle', () => {
  for (let bad = 0; bad < 13; bad++) {
    const rig = new Rig({ bad: new Set([bad]), most: 125 })
    const items = range(13)
    const read = rig.cycle(items, 8)
    assert.deepEqual(offsets(rig.named), [bad])
    assert.equal(read.size, 12)
    assert.ok(rig.requests <= 1 + 8, `${rig.requests} requests for register ${bad}`)
    rig.requests = 0
    assert.equal(rig.cycle(items, 8).size, 12)
    assert.equal(rig.requests, bad === 0 || bad === 12 ? 1 : 2, 'the block is split around it, that is all')
  }
})

test('property: bad registers are named, all others are read in the first cycle, within the stated number of requests', () => {
  const device = fc
    .integer({ min: 2, max: 125 })
    .chain((count) =>
      fc.record({ count: fc.constant(count), bad: fc.uniqueArray(fc.nat(count - 1), { minLength: 1, maxLength: 12 }) }),
    )
  fc.assert(
    fc.property(device, ({ count, bad }) => {
      const rig = new Rig({ bad: new Set(bad), most: 125 })
      const items = range(count)
      assert.equal(rig.cycle(items, 8).size, count - bad.length)
      assert.deepEqual(offsets(rig.named), bad.sort((a, b) => a - b)) // prettier-ignore
      const most = 1 + bound(count, bad.length)
      assert.ok(rig.requests <= most, `${rig.requests} requests, ${most} allowed, for ${bad.length} of ${count}`)
      rig.requests = 0
      assert.equal(rig.cycle(items, 8).size, count - bad.length)
      assert.ok(rig.requests <= bad.length + 1, `${rig.requests} requests once they are known`)
      assert.equal(rig.breaks.length, 0)
      assert.equal(rig.limits.length, undefined, 'a bad register is no limit')
    }),
    { numRuns: 1000 },
  )
})

test('property: the most registers a request is found, and everything is read in every cycle meanwhile', () => {
  const device = fc.record({ count: fc.integer({ min: 2, max: 125 }), most: fc.integer({ min: 1, max: 124 }) })
  fc.assert(
    fc.property(device, ({ count, most }) => {
      fc.pre(most < count)
      const rig = new Rig({ bad: new Set(), most })
      const items = range(count)
      assert.equal(rig.cycle(items, 8).size, count)
      const limit = 2 * Math.ceil(count / most) + 5 * (log2(count) + 1)
      assert.ok(rig.requests <= limit, `${rig.requests} requests, ${limit} allowed, for ${most} of ${count}`)
      for (let cycle = 0; cycle < 8; cycle++) assert.equal(rig.cycle(items, 8).size, count)
      rig.requests = 0
      rig.cycle(items, 8)
      assert.equal(rig.requests, Math.ceil(count / most), `the longest of ${most} is known`)
      assert.equal(rig.limits.longest, most)
      assert.equal(rig.named.size + rig.breaks.length, 0)
    }),
    { numRuns: 1000 },
  )
})

test('a device that reads one register at a time is read one by one from the middle of the first cycle on', () => {
  const rig = new Rig({ bad: new Set(), most: 1 })
  const items = range(13)
  assert.equal(rig.cycle(items, 8).size, 13)
  assert.ok(rig.requests <= 13 + 2 * 4, `${rig.requests} requests`)
  rig.requests = 0
  assert.equal(rig.cycle(items, 8).size, 13)
  assert.equal(rig.requests, 13)
  assert.deepEqual([rig.limits.longest, rig.limits.length?.refused], [1, 2])
})

test('a hole that no tag names and a seam of the memory are found, and nothing else is blamed', () => {
  const items = [...range(6), ...range(6).map(({ offset }) => register(offset + 8))]
  const hole = new Rig({ bad: new Set([6]), most: 125 })
  assert.equal(hole.cycle(items, 8).size, 12)
  assert.deepEqual(hole.breaks, [[5, 8]])
  hole.requests = 0
  assert.equal(hole.cycle(items, 8).size, 12)
  assert.equal(hole.requests, 2)
  const seam = new Rig({ bad: new Set(), most: 125, seams: new Set([3]) })
  assert.equal(seam.cycle(items, 8).size, 12)
  seam.requests = 0
  assert.equal(seam.cycle(items, 8).size, 12)
  assert.equal(seam.requests, 2)
  assert.deepEqual([seam.breaks, seam.limits.length, seam.named.size], [[[3, 4]], undefined, 0])
})

test('a refusal that passes teaches nothing', () => {
  const rig = new Rig({ bad: new Set(), most: 125 })
  assert.equal(rig.search(range(13), REFUSED).size, 13)
  assert.deepEqual([rig.breaks, rig.limits.length, rig.named.size], [[], undefined, 0])
  assert.equal(rig.requests, 3, 'two halves, and the whole once more')
})

test('silence is believed when it has been repeated as often as lost packets hardly ever are, and not before', () => {
  const rig = new Rig({ bad: new Set([1]), most: 125, failure: SILENT })
  rig.search(range(2), SILENT)
  assert.deepEqual(offsets(rig.named), [1])
  assert.equal(rig.requests, 1 + BELIEVED)
  for (const lost of [1, BELIEVED - 1]) {
    const lossy = new Rig({ bad: new Set([1]), most: 125, failure: SILENT })
    lossy.heals = lost
    assert.equal(lossy.search(range(2), SILENT).size, 2)
    assert.deepEqual([offsets(lossy.named), lossy.breaks, lossy.limits.length], [[], [], undefined])
  }
})

test('a block that got no answer while its halves did: nothing is learned from it when it is answered in time', () => {
  const rig = new Rig({ bad: new Set(), most: 5, failure: SILENT })
  rig.heals = BELIEVED - 1
  assert.equal(rig.search(range(6), SILENT).size, 6)
  assert.deepEqual([rig.breaks, rig.limits.length], [[], undefined])
  const short = new Rig({ bad: new Set(), most: 5, failure: SILENT })
  assert.equal(short.search(range(6), SILENT).size, 6)
  assert.equal(short.limits.length?.refused, 6)
})

const anyDevice = fc.record({
  items: fc.uniqueArray(fc.record({ offset: fc.nat(60), length: fc.integer({ min: 1, max: 4 }) }), {
    selector: ({ offset, length }) => `${offset}+${length}`,
    minLength: 1,
    maxLength: 30,
  }),
  bad: fc.uniqueArray(fc.nat(63), { maxLength: 6 }),
  seams: fc.uniqueArray(fc.nat(63), { maxLength: 2 }),
  most: fc.integer({ min: 1, max: 64 }),
  maxGap: fc.nat(10),
  isSilent: fc.boolean(),
})

test('property: whatever is wrong with a device, each value is read or named in the first cycle, and it settles', () => {
  fc.assert(
    fc.property(anyDevice, ({ items: places, bad, seams, most, maxGap, isSilent }) => {
      const device = { bad: new Set(bad), seams: new Set(seams), most, failure: isSilent ? SILENT : REFUSED }
      const items = places.map(({ offset, length }) => register(offset, length))
      const probe = new Rig(device)
      const readable = items.filter((item) => probe.ask([item]) === undefined)
      const rig = new Rig(device)
      const first = rig.cycle(items, maxGap)
      assert.deepEqual(offsets(first), offsets(readable))
      assert.equal(rig.named.size, items.length - readable.length)
      const n = items.length
      assert.ok(rig.requests <= (isSilent ? BELIEVED : 1) * (8 * n + 10), `${rig.requests} requests for ${n} values`)
      for (let cycle = 0; cycle < 40; cycle++) assert.deepEqual(offsets(rig.cycle(items, maxGap)), offsets(readable))
      rig.requests = 0
      rig.cycle(items, maxGap)
      assert.ok(rig.requests <= readable.length, 'no request is refused for ever')
    }),
    { numRuns: 2000 },
  )
})
