/** Bytes of the wire to values and back, in all orders: literal vectors, then the property that what is encoded is decoded. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { IS_UNSIGNED, SampleBatch } from '../../core/batch.ts'
import { Status, statusName } from '../../core/status.ts'
import type { TagSettings } from '../../core/tags.ts'
import type { DataType, Value } from '../../core/value.ts'
import { tagOf } from '../../testing/driver-suite.ts'
import { BlockDecoder } from './decoder.ts'
import { encodeBit, encodeRegisters } from './encoder.ts'
import { parseAddress } from './notations.ts'
import { BYTE_ORDERS, parseOrder, type ByteOrder } from './order.ts'

const HEX = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** One value at the given address, from reply data that begins at register (or bit) 0. */
function decodeOne(address: string, type: DataType, hex: string | Uint8Array, settings: Partial<TagSettings> = {}) {
  const point = { tag: 7, address: parseAddress(address), settings: tagOf(address, type, settings) }
  const batch = new SampleBatch(1, 1000)
  const bytes = typeof hex === 'string' ? HEX(hex) : hex
  // Three bytes before the data: the decoder must begin where it is told to.
  const reply = Buffer.concat([HEX('ffffff'), bytes])
  new BlockDecoder([point], 0, 'ABCD').decode(reply, 3, batch, 1000)
  assert.equal(batch.length, 1)
  return batch.sampleAt(0)
}

const encode = (type: DataType, value: Value, settings: Partial<TagSettings> = {}) =>
  encodeRegisters(parseAddress('hr:0'), tagOf('hr:0', type, settings), value, 'ABCD')

const VECTORS: readonly [DataType, string, string, Value][] = [
  ['uint32', 'ABCD', '0A0B 0C0D', 0x0a0b0c0d],
  ['uint32', 'CDAB', '0C0D 0A0B', 0x0a0b0c0d],
  ['uint32', 'BADC', '0B0A 0D0C', 0x0a0b0c0d],
  ['uint32', 'DCBA', '0D0C 0B0A', 0x0a0b0c0d],
  ['int32', 'ABCD', 'F5F4 F3F3', -0x0a0b0c0d],
  ['int32', 'DCBA', 'F3F3 F4F5', -0x0a0b0c0d],
  ['uint32', 'ABCD', 'FFFF FFFF', 4294967295],
  ['uint16', 'ABCD', '0A0B', 0x0a0b],
  ['uint16', 'CDAB', '0A0B', 0x0a0b],
  ['uint16', 'BADC', '0B0A', 0x0a0b],
  ['uint16', 'DCBA', '0B0A', 0x0a0b],
  ['int16', 'ABCD', '8000', -32768],
  ['int16', 'ABCD', 'FFFE', -2],
  ['uint16', 'ABCD', 'FFFE', 65534],
  ['float32', 'ABCD', '3FC0 0000', 1.5],
  ['float32', 'CDAB', '0000 3FC0', 1.5],
  ['float32', 'BADC', 'C03F 0000', 1.5],
  ['float32', 'DCBA', '0000 C03F', 1.5],
  ['uint64', 'ABCD', '0102 0304 0506 0708', 0x0102030405060708n],
  ['uint64', 'CDAB', '0708 0506 0304 0102', 0x0102030405060708n],
  ['uint64', 'BADC', '0201 0403 0605 0807', 0x0102030405060708n],
  ['uint64', 'DCBA', '0807 0605 0403 0201', 0x0102030405060708n],
  ['uint64', 'ABCD', 'FFFF FFFF FFFF FFFF', 2n ** 64n - 1n],
  ['int64', 'ABCD', 'FFFF FFFF FFFF FFFE', -2n],
  ['int64', 'GHEFCDAB', 'FFFE FFFF FFFF FFFF', -2n],
  ['float64', 'ABCD', 'C004 0000 0000 0000', -2.5],
  ['float64', 'HGFEDCBA', '0000 0000 0000 04C0', -2.5],
  ['float64', 'CDAB', '0000 0000 0000 C004', -2.5],
  ['float64', 'BADC', '04C0 0000 0000 0000', -2.5],
]

for (const [type, order, hex, value] of VECTORS) {
  test(`${type} ${order} ${hex} is ${String(value)}, both ways`, () => {
    const sample = decodeOne('hr:0', type, hex, { order })
    assert.equal(sample.value, value)
    assert.equal(sample.status, Status.Good)
    assert.deepEqual(Buffer.from(encode(type, value, { order }) as Uint8Array), HEX(hex))
  })
}

test('orders are accepted in the spellings of other tools', () => {
  const spellings: Record<ByteOrder, readonly string[]> = {
    ABCD: ['abcd', 'ABCDEFGH', 'big', 'big-endian', 'BIG_ENDIAN', 'LL', '1234'],
    CDAB: ['cdab', 'GHEFCDAB', 'mid-little', 'LITTLE_ENDIAN_BYTE_SWAP', 'BL', '3412', 'word-swap'],
    BADC: ['badc', 'BADCFEHG', 'mid-big', 'BIG_ENDIAN_BYTE_SWAP', 'LB', '2143', 'byte-swap'],
    DCBA: ['dcba', 'HGFEDCBA', 'little', 'little endian', 'LITTLE_ENDIAN', 'BB', '4321'],
  }
  for (const order of BYTE_ORDERS) for (const text of spellings[order]) assert.equal(parseOrder(text), order, text)
  for (const text of ['', 'ABDC', 'constructor', 'middle']) assert.equal(parseOrder(text), undefined, text)
})

test('NaN and infinities are BadDecodingError without a value, in either width', () => {
  for (const [type, hex] of [
    ['float32', '7FC0 0000'],
    ['float32', 'FFFF FFFF'],
    ['float32', '7F80 0000'],
    ['float32', 'FF80 0000'],
    ['float64', '7FF8 0000 0000 0000'],
    ['float64', 'FFF0 0000 0000 0000'],
  ] as const) {
    const sample = decodeOne('hr:0', type, hex)
    assert.equal(statusName(sample.status), 'BadDecodingError', hex)
    assert.equal(sample.value, undefined)
  }
})

const lit = (hex: string, order: string) =>
  Array.from({ length: 16 }, (_, bit) => bit).filter(
    (bit) => decodeOne(`hr:0.${bit}`, 'bool', hex, { order }).value === true,
  )

test('a bit of a register counts from the lowest; BADC and DCBA swap its bytes', () => {
  assert.deepEqual(lit('0001', 'ABCD'), [0])
  assert.deepEqual(lit('8000', 'ABCD'), [15])
  assert.deepEqual(lit('0180', 'CDAB'), [7, 8])
  assert.deepEqual(lit('0100', 'BADC'), [0])
  assert.deepEqual(lit('0080', 'DCBA'), [15])
})

test('coils are packed from the lowest bit of the first byte', () => {
  const on = Array.from({ length: 16 }, (_, bit) => bit).filter(
    (bit) => decodeOne(`co:${bit}`, 'bool', 'CD 01').value === true,
  )
  assert.deepEqual(on, [0, 2, 3, 6, 7, 8])
})

test('strings: high byte first, low byte first, padding, UTF-8 and Latin-1', () => {
  const text = (hex: string, length: number, order = 'H') => decodeOne('hr:0', 'string', hex, { length, order }).value
  assert.equal(text('5075 6D70 2031', 6), 'Pump 1')
  assert.equal(text('7550 706D 3120', 6, 'L'), 'Pump 1')
  assert.equal(text('7550 706D 3120', 6, 'DCBA'), 'Pump 1')
  assert.equal(text('5075 6D70 2000', 6), 'Pump')
  assert.equal(text('0000 0000', 4), '')
  assert.equal(text('4100 4200', 4), 'A\0B')
  assert.equal(text('5075 6D70', 3), 'Pum')
  assert.equal(text('C2B0 4300', 4), '°C')
  assert.equal(text('B043', 2), '°C')
  assert.equal(text('EFBFBD41', 4), '\ufffdA')
  const bytes = decodeOne('hr:0', 'bytes', '0A0B 0C0D', { length: 3, order: 'BADC' }).value
  assert.deepEqual(bytes, Uint8Array.of(0x0b, 0x0a, 0x0d))
})

test('decoded bytes are a copy: the reply may be overwritten', () => {
  const reply = HEX('0A0B')
  const point = { tag: 1, address: parseAddress('hr:0'), settings: tagOf('hr:0', 'bytes', { length: 2 }) }
  const batch = new SampleBatch(1)
  new BlockDecoder([point], 0, 'ABCD').decode(reply, 0, batch, 0)
  reply.fill(0)
  assert.deepEqual(batch.valueAt(0), Uint8Array.of(0x0a, 0x0b))
})

test('a block decodes each point at its place, and fails each with the status', () => {
  const tags = [
    ['hr:10', 'uint16'],
    ['hr:12', 'float32'],
    ['hr:11.1', 'bool'],
    ['hr:10', 'int64'],
  ] as const
  const points = tags.map(([address, type], index) => ({
    tag: index + 1,
    address: parseAddress(address),
    settings: tagOf(address, type),
  }))
  const decoder = new BlockDecoder(points, 10, 'ABCD')
  const batch = new SampleBatch(4, 5)
  decoder.decode(HEX('8001 0002 3FC0 0000'), 0, batch, 5)
  assert.deepEqual(
    [...batch].map(({ tag, value }) => [tag, value]),
    [
      [1, 0x8001],
      [2, 1.5],
      [3, true],
      [4, -0x7ffefffdc0400000n],
    ],
  )
  assert.equal(batch.flags[3]! & IS_UNSIGNED, 0)
  const failed = new SampleBatch(4, 5)
  decoder.fail(Status.BadTimeout, failed, 5)
  assert.deepEqual(
    [...failed].map(({ tag, value, status }) => [tag, value, statusName(status)]),
    [1, 2, 3, 4].map((tag) => [tag, undefined, 'BadTimeout']),
  )
})

test('what does not fit is refused with its status', () => {
  const refused: readonly [DataType, Value, string, Partial<TagSettings>?][] = [
    ['uint16', 65536, 'BadOutOfRange'],
    ['uint16', -1, 'BadOutOfRange'],
    ['int16', -32769, 'BadOutOfRange'],
    ['int32', 2 ** 31, 'BadOutOfRange'],
    ['uint32', 2 ** 32, 'BadOutOfRange'],
    ['int64', 2n ** 63n, 'BadOutOfRange'],
    ['uint64', -1n, 'BadOutOfRange'],
    ['float32', 1e39, 'BadOutOfRange'],
    ['float64', Infinity, 'BadOutOfRange'],
    ['float64', Number.NaN, 'BadTypeMismatch'],
    ['int16', 1.5, 'BadTypeMismatch'],
    ['int16', '1', 'BadTypeMismatch'],
    ['uint16', 5n, 'BadTypeMismatch'],
    ['int64', 1.5, 'BadTypeMismatch'],
    ['int64', 2 ** 60, 'BadTypeMismatch'],
    ['string', 5, 'BadTypeMismatch', { length: 4 }],
    ['string', 'Pumps', 'BadOutOfRange', { length: 4 }],
    ['string', '°°°', 'BadOutOfRange', { length: 4 }],
    ['bytes', Uint8Array.of(1, 2, 3), 'BadOutOfRange', { length: 2 }],
  ]
  for (const [type, value, status, settings] of refused) {
    const result = encode(type, value, settings)
    assert.equal(typeof result === 'number' ? statusName(result) : result, status, `${type} ${String(value)}`)
  }
  assert.equal(encodeBit(2), Status.BadTypeMismatch)
  assert.equal(encodeBit('true'), Status.BadTypeMismatch)
  assert.equal(encodeBit(1), true)
})

test('the rounding error of undone scaling is not a fraction', () => {
  assert.notEqual(0.7 / 0.1, 7)
  assert.deepEqual(encode('int16', 0.7 / 0.1), Uint8Array.of(0, 7))
})

const ARBITRARY: Partial<Record<DataType, fc.Arbitrary<Value>>> = {
  int16: fc.integer({ min: -32768, max: 32767 }),
  uint16: fc.nat(65535),
  int32: fc.integer(),
  uint32: fc.nat(0xffffffff),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  float32: fc.float({ noNaN: true, noDefaultInfinity: true }),
  float64: fc.double({ noNaN: true, noDefaultInfinity: true }),
  string: fc
    .string({ unit: 'binary', maxLength: 5 })
    .filter((text) => !/[\0 \ufffd]$|\ufffd/.test(text) && text.isWellFormed()),
  bytes: fc.uint8Array({ minLength: 20, maxLength: 20 }),
}

for (const [type, values] of Object.entries(ARBITRARY) as [DataType, fc.Arbitrary<Value>][]) {
  test(`property: ${type} survives encode and decode in every order`, () => {
    fc.assert(
      fc.property(values, fc.constantFrom(...BYTE_ORDERS), (value, order) => {
        const registers = encode(type, value, { order, length: 20 })
        assert.ok(registers instanceof Uint8Array)
        const sample = decodeOne('hr:0', type, registers, { order, length: 20 })
        assert.equal(sample.status, Status.Good)
        assert.deepEqual(sample.value, value)
      }),
    )
  })
}
