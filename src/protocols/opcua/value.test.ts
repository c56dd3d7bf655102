/** What each built-in type is as each type of tag. Literal: a table that is wrong here is wrong in the plant. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DATA_TYPES, type DataType, type Value } from '../../core/value.ts'
import { BuiltIn, halvesOf, longOf, toPlain, toText, toValue } from './value.ts'

/** Numbers of the types that have no name in `BuiltIn` because nothing depends on them. */
const SBYTE = 2
const BYTE = 3
const INT16 = 4
const UINT16 = 5
const INT32 = 6
const UINT32 = 7

const NUMBERS = [
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'float32',
  'float64',
] as const

/** What it is as each type; what is absent cannot be one. */
type As = Partial<Record<DataType, Value>>
const all = (value: number, types: readonly DataType[]): As =>
  Object.fromEntries(types.map((type) => [type, type === 'int64' || type === 'uint64' ? BigInt(value) : value]))
const signed = NUMBERS.filter((type) => !type.startsWith('u'))

const VALUES: readonly (readonly [what: string, raw: unknown, builtIn: number, as: As])[] = [
  ['true', true, BuiltIn.Boolean, { bool: true, string: 'true', ...all(1, NUMBERS) }],
  ['false', false, BuiltIn.Boolean, { bool: false, string: 'false', ...all(0, NUMBERS) }],
  ['-12 as SByte stays -12', -12, SBYTE, { string: '-12', ...all(-12, signed) }],
  ['255 as Byte', 255, BYTE, { string: '255', ...all(255, NUMBERS.filter((type) => type !== 'int8')) }],
  ['-32768 as Int16', -32_768, INT16, { string: '-32768', ...all(-32_768, signed.filter((type) => type !== 'int8')) }],
  ['65535 as UInt16', 65_535, UINT16, { string: '65535', ...all(65_535, ['uint16', 'int32', 'uint32', 'int64', 'uint64', 'float32', 'float64']) }],
  ['-12 as Int32 stays -12', -12, INT32, { string: '-12', ...all(-12, signed) }],
  ['4294967284 as UInt32 stays itself', 4_294_967_284, UINT32, { string: '4294967284', ...all(4_294_967_284, ['uint32', 'int64', 'uint64', 'float64']), float32: Math.fround(4_294_967_284) }],
  ['the least Int64', [0x8000_0000, 0], BuiltIn.Int64, { int64: -9_223_372_036_854_775_808n, string: '-9223372036854775808', float64: -9_223_372_036_854_775_808, float32: -9_223_372_036_854_775_808 }],
  ['-1 as Int64', [0xffff_ffff, 0xffff_ffff], BuiltIn.Int64, { string: '-1', ...all(-1, signed) }],
  ['the greatest Int64', [0x7fff_ffff, 0xffff_ffff], BuiltIn.Int64, { int64: 9_223_372_036_854_775_807n, uint64: 9_223_372_036_854_775_807n, string: '9223372036854775807', float64: 2 ** 63, float32: 2 ** 63 }],
  ['the greatest UInt64', [0xffff_ffff, 0xffff_ffff], BuiltIn.UInt64, { uint64: 18_446_744_073_709_551_615n, string: '18446744073709551615', float64: 2 ** 64, float32: 2 ** 64 }],
  ['0.5 as Double', 0.5, BuiltIn.Double, { float32: 0.5, float64: 0.5, string: '0.5' }],
  ['0.1 as Double', 0.1, BuiltIn.Double, { float32: 0.10000000149011612, float64: 0.1, string: '0.1' }],
  ['5.0 as Double', 5, BuiltIn.Double, { string: '5', ...all(5, NUMBERS) }],
  ['NaN', NaN, BuiltIn.Double, {}],
  ['infinity', Infinity, BuiltIn.Float, {}],
  ['1e300, which is no float32', 1e300, BuiltIn.Double, { float64: 1e300, string: '1e+300' }],
  ['a text that looks like a number', '12', BuiltIn.String, { string: '12' }],
  ['a text that looks like a bool', 'true', BuiltIn.String, { string: 'true' }],
  ['the empty text', '', BuiltIn.String, { string: '' }],
  ['a time', new Date('2024-02-29T12:34:56.789Z'), BuiltIn.DateTime, { string: '2024-02-29T12:34:56.789Z', float64: 1_709_210_096_789, int64: 1_709_210_096_789n, uint64: 1_709_210_096_789n }],
  ['no time', new Date(NaN), BuiltIn.DateTime, {}],
  ['a Guid', '72962B91-FA75-4AE6-8D28-B404DC7DAF63', BuiltIn.Guid, { string: '72962b91-fa75-4ae6-8d28-b404dc7daf63' }],
  ['bytes', Buffer.from([0, 1, 255]), BuiltIn.ByteString, { bytes: Uint8Array.of(0, 1, 255), string: 'AAH/' }],
  ['a localized text', { text: 'Füllstand', locale: 'de' }, BuiltIn.LocalizedText, { string: 'Füllstand' }],
  ['a localized text without one', { text: null, locale: null }, BuiltIn.LocalizedText, { string: '' }],
  ['a qualified name', { namespaceIndex: 2, name: 'Level' }, BuiltIn.QualifiedName, { string: '2:Level' }],
  ['a node id', { identifierType: 2, value: 'x', namespace: 2, toString: () => 'ns=2;s=x' }, BuiltIn.NodeId, { string: 'ns=2;s=x' }],
  ['a status', { value: 0x4090_0000, name: 'UncertainLastUsableValue' }, BuiltIn.StatusCode, { string: 'UncertainLastUsableValue', ...all(0x4090_0000, ['int32', 'uint32', 'int64', 'uint64', 'float32', 'float64']) }],
  ['an array', [1.5, 2], BuiltIn.Double, { string: '[1.5,2]' }],
  ['an array of bool', [true, false], BuiltIn.Boolean, { string: '[true,false]' }],
  ['an array of Int64', [[0, 5], [0xffff_ffff, 0xffff_ffff]], BuiltIn.Int64, { string: '["5","-1"]' }],
  ['an array of one Int64', [[0, 5]], BuiltIn.Int64, { string: '["5"]' }],
  ['a typed array', Float64Array.of(1.5, NaN), BuiltIn.Double, { string: '[1.5,null]' }],
  ['an array of bytes', Uint8Array.of(1, 2), BYTE, { string: '[1,2]', bytes: Uint8Array.of(1, 2) }],
  ['nothing', null, 0, {}],
] // prettier-ignore

for (const [what, raw, builtIn, as] of VALUES) {
  test(`${what}, as each type of tag`, () => {
    const found = Object.fromEntries(
      DATA_TYPES.flatMap((type) => {
        const value = toValue(raw, builtIn, type)
        return value === undefined ? [] : [[type, value]]
      }),
    )
    assert.deepEqual(found, Object.fromEntries(DATA_TYPES.filter((type) => type in as).map((type) => [type, as[type]])))
  })
}

test('64 bits go to two halves and back', () => {
  assert.deepEqual(halvesOf(-1n), [0xffff_ffff, 0xffff_ffff])
  assert.deepEqual(halvesOf(-9_223_372_036_854_775_808n), [0x8000_0000, 0])
  assert.deepEqual(halvesOf(18_446_744_073_709_551_614n), [0xffff_ffff, 0xffff_fffe])
  assert.equal(longOf([0, 0xffff_ffff], true), 4_294_967_295n)
  assert.equal(longOf([0xffff_ffff, 0xffff_fffe], true), -2n)
  assert.equal(longOf([0xffff_ffff, 0xffff_fffe], false), 18_446_744_073_709_551_614n)
})

test('a structure as text is JSON that people can read: 64 bits as decimal text, bytes as base64, nothing invented', () => {
  class Motor {
    speed = 1480.5
    starts = [0x20_0000, 1]
    name = 'M1'
    image = Buffer.from([0, 255])
    moved = new Date('2024-02-29T12:34:56.789Z')
    state = { value: 0, name: 'Good' }
    label = { text: 'an', locale: 'de' }
    wear = NaN
    inner = { dataType: BuiltIn.UInt64, arrayType: 0, value: [0, 7] }
    nothing = null
    helper = () => 1
    get schema() {
      return { fields: [{ name: 'starts', fieldType: 'UInt64' }], _baseSchema: null }
    }
  }
  assert.equal(
    toText(new Motor(), BuiltIn.ExtensionObject),
    '{"speed":1480.5,"starts":"9007199254740993","name":"M1","image":"AP8=","moved":"2024-02-29T12:34:56.789Z","state":"Good","label":"an","wear":null,"inner":"7","nothing":null}',
  )
})

test('the fields that a structure has from the one it derives from are known, too', () => {
  const schema = { fields: [], _baseSchema: { fields: [{ name: 'count', fieldType: 'Int64' }], _baseSchema: null } }
  assert.deepEqual(toPlain(Object.create({ schema }, { count: { value: [0, 9], enumerable: true } })), { count: '9' })
})

test('what is too large or too deep to be a text is none, soon and without a crash', () => {
  const started = performance.now()
  assert.equal(toText(new Float64Array(20_000_000)), undefined)
  assert.equal(toText(Array.from({ length: 100 }, () => 'x'.repeat(10_000))), undefined)
  const loop: Record<string, unknown> = {}
  loop.self = loop
  assert.equal(toText(loop), undefined)
  const wide = Array.from({ length: 300 }, () => Array.from({ length: 300 }, () => 1))
  assert.equal(toText(wide), undefined)
  assert.ok(performance.now() - started < 2000)
  assert.equal(toValue(new Float64Array(20_000_000), BuiltIn.Double, 'string'), undefined)
})
