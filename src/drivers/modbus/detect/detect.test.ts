/** The byte-order detective on values whose type and order are known: vectors, random walks, counters, readings, ties. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BYTE_ORDERS, positionMask, type ByteOrder } from '../order.ts'
import { detect, nameOf, sameNames, type Detection, type DetectionHints } from './detect.ts'
import { interpret, type DetectedType } from './interpretation.ts'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const names = ({ findings }: Detection) => findings.map(nameOf)
/** The first finding and those that show the same values. */
const winners = ({ findings }: Detection) => [nameOf(findings[0]!), ...findings[0]!.same.map(nameOf)]

test('the words 0A0B 0C0D in every order are the values of the field guide', () => {
  const found = interpret([hex('0A0B 0C0D')], 0, 2).filter(({ type }) => type === 'uint32')
  assert.deepEqual(
    found.map(({ order, values }) => [order, values[0]]),
    [
      ['ABCD', 0x0a0b0c0d],
      ['CDAB', 0x0c0d0a0b],
      ['BADC', 0x0b0a0d0c],
      ['DCBA', 0x0d0c0b0a],
    ],
  )
})

test('64 bits in every order', () => {
  const found = interpret([hex('0102 0304 0506 0708')], 0, 4).filter(({ type }) => type === 'uint64')
  assert.deepEqual(
    found.map(({ order, values }) => [order, (values[0] as bigint).toString(16).padStart(16, '0')]),
    [
      ['ABCD', '0102030405060708'],
      ['CDAB', '0708050603040102'],
      ['BADC', '0201040306050807'],
      ['DCBA', '0807060504030201'],
    ],
  )
})

test('a float of everyday size in swapped words is found by one read, with the reason', () => {
  // 21.5 is 41AC 0000.
  const detection = detect([hex('0000 41AC')])
  assert.equal(nameOf(detection.findings[0]!), 'float32 CDAB')
  assert.equal(detection.findings[0]!.values[0], 21.5)
  assert.ok(detection.findings[0]!.reasons.includes('of everyday size'))
})

test('each kind of value by one read, where one read is enough', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['4049 0FDB', 'float32 ABCD'],
    ['0FDB 4049', 'float32 CDAB'],
    ['4036 8147 AE14 7AE1', 'float64 ABCD'],
    ['7AE1 AE14 8147 4036', 'float64 CDAB'],
    ['5052 4F31 3233 3434', 'string ABCD'],
    ['0000 0000 0098 9680', 'uint64 ABCD'],
    ['0001 86A0', 'uint32 ABCD'],
    ['FFFF 3CB0', 'int32 ABCD'],
    ['00EB', 'uint16'],
    ['EB00', 'uint16 BADC'],
    ['FFF0', 'int16'],
  ]
  for (const [bytes, expected] of cases) {
    const found = winners(detect([hex(bytes)]))
    assert.ok(found.includes(expected), `${bytes}: ${found.join(', ')} instead of ${expected}`)
  }
})

test('an unused register is said to be one', () => {
  const { findings } = detect([hex('8000')])
  const int16 = findings.find(({ type, order }) => type === 'int16' && order === 'ABCD')!
  assert.ok(int16.reasons.some((reason) => reason.includes('unused')))
})

test('NaN is no value, and is ranked below everything that is one', () => {
  const { findings } = detect([hex('7FC0 0000')])
  const at = findings.findIndex(({ type, order }) => type === 'float32' && order === 'ABCD')
  assert.deepEqual(findings[at]!.reasons, ['not a number: NaN or infinite'])
  assert.ok(at > findings.findIndex(({ type }) => type === 'uint16'))
  assert.equal(findings[at]!.score, 0)
})

test('what shows the same values is told as such, not ranked', () => {
  const { findings, verdict } = detect([hex('0001 86A0'), hex('0001 86A5'), hex('0001 86B1')])
  assert.equal(nameOf(findings[0]!), 'uint32 ABCD')
  assert.ok(findings[0]!.same.map(nameOf).includes('int32 ABCD'))
  assert.match(verdict, /int32 ABCD shows the same values/)
})

test('a tie is told honestly, with what would break it', () => {
  // 16 bits beside a constant, or 32 bits that have not carried yet.
  const { verdict, tied } = detect([hex('7A12 0001')])
  assert.ok(tied > 1, verdict)
  assert.match(verdict, /cannot be told apart yet: read again when the value changes/)
})

test('a steady counter in swapped words is found, and said to rise', () => {
  const reads = Array.from({ length: 8 }, (_, at) => encode('uint32', 'CDAB', 1_234_000 + at * 40_000))
  const { findings } = detect(reads)
  assert.ok(winners(detect(reads)).includes('uint32 CDAB'))
  assert.ok(findings[0]!.reasons.some((reason) => reason.includes('counter')))
})

test('packed decimal digits are found by a reading', () => {
  const { findings } = detect([hex('0012 3456')], { reading: 123456 })
  assert.equal(nameOf(findings[0]!), 'bcd32 ABCD')
})

test('a reading that is scaled finds the type and says the factor', () => {
  const { findings } = detect([hex('00D7 0000')], { reading: 21.5 })
  assert.deepEqual(winners(detect([hex('00D7 0000')], { reading: 21.5 })).includes('uint16'), true)
  assert.equal(findings[0]!.agreement?.factor, 0.1)
})

test('a reading that nothing gives is said to be none', () => {
  const { verdict } = detect([hex('0000 0001')], { reading: 777.7 })
  assert.match(verdict, /Nothing here gives the reading 777\.7/)
})

test('a reading of zero is no reason to scale: scaled down, nearly everything comes near it', () => {
  const { findings } = detect([words(4)], { reading: 0 })
  assert.deepEqual(
    findings.filter(({ agreement }) => agreement !== undefined && agreement.factor !== 1),
    [],
  )
})

test('a range decides between two that are equally sane', () => {
  const bytes = hex('4248 4148')
  const inOrder = detect([bytes], { low: 45, high: 55 })
  const swapped = detect([bytes], { low: 10, high: 15 })
  assert.equal(nameOf(inOrder.findings[0]!), 'float32 ABCD')
  assert.equal(nameOf(swapped.findings[0]!), 'float32 CDAB')
})

test('scores are shares of about a hundred, the most plausible first', () => {
  const { findings } = detect([hex('41AC 3D71')])
  const scores = findings.map(({ score }) => score)
  assert.deepEqual(
    scores,
    [...scores].sort((a, b) => b - a),
  )
  const sum = scores.reduce((total, score) => total + score, 0)
  assert.ok(sum >= 90 && sum <= 110, `sum ${sum}`)
})

/** Registers as numbers. */
const words = (...registers: readonly number[]): Uint8Array => {
  const view = new DataView(new ArrayBuffer(registers.length * 2))
  for (const [at, register] of registers.entries()) view.setUint16(at * 2, register)
  return new Uint8Array(view.buffer)
}

test('what stands in a register table before unused registers is no wider for that', () => {
  for (const value of [1, 5, 75, 100, 215, 1500]) {
    const { findings, settled } = detect([words(value, 0, 0, 0)])
    assert.equal(nameOf(findings[0]!), 'uint16', `${value}: ${nameOf(findings[0]!)}`)
    assert.ok(settled)
  }
})

test('values that users have, by one read of four registers, as an engineer would say', () => {
  const cases: readonly (readonly [what: string, hex: string, expected: string])[] = [
    ['kWh, an uint32 with swapped words, before zeros', 'D687 0012 0000 0000', 'uint32 CDAB'],
    ['kWh, a float32 before zeros', '4640 E6AE 0000 0000', 'float32 ABCD'],
    ['kWh, a float32 with swapped words', 'E6AE 4640 0000 3FC0', 'float32 CDAB'],
    ['Wh, a uint64', '0000 0000 02B9 0135', 'uint64 ABCD'],
    ['temperatures in tenths', '00D7 00DC 00E6 0000', 'uint16'],
    ['a temperature below zero in tenths', 'FFCC 00D7 0000 001E', 'int16'],
    ['power factors', '3F78 51EC 3F7A E148', 'float32 ABCD'],
    ['power factors with swapped words', '6BB9 3F79 0000 3F80', 'float32 CDAB'],
    ['a power of -1500 W with swapped words', 'FA24 FFFF 07D0 0000', 'int32 CDAB'],
    ['voltages with swapped bytes', '6643 B81E 6543 B8DE', 'float32 BADC'],
    ['a model in text', '5344 4D36 3330 2020', 'string ABCD'],
  ]
  for (const [what, bytes, expected] of cases) {
    const { findings } = detect([hex(bytes)])
    assert.equal(
      nameOf(findings[0]!),
      expected,
      `${what}: ${names(detect([hex(bytes)]))
        .slice(0, 3)
        .join(', ')}`,
    )
  }
})

test('what is no value in a type never ties with what is one', () => {
  for (const row of [words(2150, 2175, 2199, 2201), words(973, 981, 64546, 1000)]) {
    const { findings, tied } = detect([row])
    for (const { values } of findings.slice(0, Math.max(2, tied))) assert.notEqual(values[0], undefined)
  }
})

test('packed digits that make a date are found by one read, and the date is said', () => {
  const { findings } = detect([hex('2026 1123 0751 2600')])
  assert.equal(nameOf(findings[0]!), 'bcd64 ABCD')
  assert.equal(findings[0]!.reasons[0], 'as a date: 2026-11-23 07:51:26')
  const short = detect([hex('2611 2307')]).findings[0]!
  assert.deepEqual([nameOf(short), short.reasons[0]], ['bcd32 ABCD', 'as a date: 2026-11-23 07 h'])
  const clock = detect([hex('6A02 BCFE'), hex('6A02 BCFF')]).findings.find(({ type }) => type === 'uint32')!
  assert.equal(clock.reasons[0], 'as a date: 2026-05-12 05:39:11 UTC')
  const none = detect([hex('2613 2307')]).findings.find(({ type, order }) => type === 'bcd32' && order === 'ABCD')!
  assert.doesNotMatch(none.reasons.join(), /as a date/)
})

test('registers without a value settle nothing, and the verdict says what they are', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['0000 0000 0000 0000', /Only zeros/],
    ['0000', /Only zeros/],
    ['FFFF FFFF', /All bits are set/],
    ['8000 8000', /an int16 without a value/],
    ['8000 0000', /an int32 without a value/],
    ['7FC0 0000 4248 0000', /float32 ABCD: so devices mark a float without a value/],
    ['0000 7FC0 0000 4248', /float32 CDAB: so devices mark a float without a value/],
  ]
  for (const [bytes, reason] of cases) {
    const { settled, verdict } = detect([hex(bytes)])
    assert.match(verdict, reason, bytes)
    assert.match(verdict, /Read again when there is a value, or look at another address/)
    assert.ok(!settled, bytes)
  }
  assert.doesNotMatch(detect([hex('0000 FFFF')]).verdict, /without a value|Only zeros/)
  const moved = detect([hex('0000 0000'), hex('0000 0001')])
  assert.doesNotMatch(moved.verdict, /Only zeros/)
  // What a person sees at the device is said of these registers, zeros or not.
  assert.doesNotMatch(detect([hex('0000')], { reading: 0 }).verdict, /Only zeros/)
})

test('a winner by one read is called one, with what makes sure; a reading that nothing gives settles nothing', () => {
  assert.match(detect([hex('41AC 0000')]).verdict, /It is one read only: several while the value changes, or a reading/)
  assert.doesNotMatch(detect([hex('41AC 0000')], { reading: 21.5 }).verdict, /one read only/)
  assert.equal(detect([hex('41AC 0000')], { reading: 777.7 }).settled, false)
  assert.equal(detect([hex('41AC 0000')], { reading: 21.5 }).settled, true)
})

test('a value with the same name in several lengths is named once', () => {
  for (const finding of detect([hex('4B00 0000 0000 0000')]).findings) {
    const all = sameNames(finding)
    assert.equal(new Set(all).size, all.length)
    assert.ok(!all.includes(nameOf(finding)))
  }
})

/** A generator of its own: the same walks in every run (mulberry32). */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const WIDTHS: Partial<Record<DetectedType, number>> = {
  int16: 2, uint16: 2, int32: 4, uint32: 4, float32: 4, int64: 8, uint64: 8, float64: 8,
} // prettier-ignore
const TYPES = Object.keys(WIDTHS) as DetectedType[]

/** Sizes that values in plants have: [smallest, largest] of a log-uniform start. */
const SIZES: Partial<Record<DetectedType, readonly [number, number]>> = {
  int16: [20, 20_000], uint16: [20, 40_000], int32: [100_000, 1e8], uint32: [100_000, 1e8], float32: [0.01, 1e6],
  int64: [1e7, 1e13], uint64: [1e7, 1e13], float64: [0.01, 1e6],
} // prettier-ignore

function encode(type: DetectedType, order: ByteOrder, value: number): Uint8Array {
  const width = WIDTHS[type]!
  const view = new DataView(new ArrayBuffer(width))
  if (type === 'float32') view.setFloat32(0, value)
  else if (type === 'float64') view.setFloat64(0, value)
  else if (width === 8) view.setBigInt64(0, BigInt(Math.round(value)))
  else if (width === 4) view.setInt32(0, Math.round(value))
  else view.setInt16(0, Math.round(value))
  const bytes = new Uint8Array(width)
  for (let at = 0; at < width; at++) bytes[at ^ positionMask(order, width)] = view.getUint8(at)
  return bytes
}

interface Walk {
  readonly type: DetectedType
  readonly order: ByteOrder
  readonly reads: Uint8Array[]
  readonly last: number
}

/** A value that wanders by up to 2 % a read, and behind it another one of the same kind, as tables of values have. */
function walk(seed: number, length: number): Walk {
  const next = random(seed)
  const type = TYPES[Math.floor(next() * TYPES.length)]!
  const width = WIDTHS[type]!
  const order = BYTE_ORDERS[Math.floor(next() * (width === 2 ? 2 : 4))]!
  const realOrder = width === 2 ? (order === 'CDAB' ? 'BADC' : order) : order
  const [low, high] = SIZES[type]!
  const start = () => low * (high / low) ** next() * (type.startsWith('u') || next() < 0.7 ? 1 : -1)
  const values = [start(), start(), start(), start()]
  const reads: Uint8Array[] = []
  let last = 0
  for (let at = 0; at < length; at++) {
    const row = values.map((value) => encode(type, realOrder, value))
    reads.push(Uint8Array.from(Buffer.concat(row)).subarray(0, 8))
    last = type.startsWith('float') ? values[0]! : Math.round(values[0]!)
    for (const [index, value] of values.entries())
      values[index] = Math.sign(value) * Math.min(high, Math.max(low, Math.abs(value * (1 + (next() - 0.5) * 0.04))))
  }
  return { type, order: realOrder, reads, last }
}

/** How many of the walks are recognised, and which are not. */
function rate(
  count: number,
  length: number,
  hints: (one: Walk) => DetectionHints,
): { found: number; missed: string[] } {
  const missed: string[] = []
  for (let seed = 1; seed <= count; seed++) {
    const one = walk(seed, length)
    const detection = detect(one.reads, hints(one))
    const wanted = nameOf({ type: one.type, order: one.order, registers: WIDTHS[one.type]! / 2 })
    if (!winners(detection).includes(wanted))
      missed.push(`${seed}: ${wanted} (${one.last}), found ${names(detection).slice(0, 2).join(', ')}`)
  }
  return { found: (count - missed.length) / count, missed }
}

const WALKS = 400

test('a wandering value in any type and order is found first after ten reads', (t) => {
  for (const length of [1, 3, 10]) {
    const { found, missed } = rate(WALKS, length, () => ({}))
    t.diagnostic(`${length} reads: ${(found * 100).toFixed(1)} % of ${WALKS} walks recognised`)
    if (length < 10) continue
    assert.ok(found >= 0.95, `only ${found * 100} % after ${length} reads:\n${missed.join('\n')}`)
  }
})

test('with a reading typed by the user the right type and order are always first', (t) => {
  for (const length of [1, 5]) {
    const reading = ({ last }: Walk) => ({ reading: Number(last.toPrecision(4)) })
    const { found, missed } = rate(WALKS, length, reading)
    t.diagnostic(`${length} reads and a reading of four digits: ${(found * 100).toFixed(1)} %`)
    assert.deepEqual(missed, [])
  }
})
