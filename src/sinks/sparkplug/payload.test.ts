/** Payloads as a library of others reads them, and commands as it writes them: every type, at its limits, and any bytes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodePayload, type UMetric } from 'sparkplug-payload/lib/sparkplugbpayload.js'
import { GatewayError } from '../../core/errors.ts'
import { silentLog } from '../../core/log.ts'
import type { DataType, Value } from '../../core/value.ts'
import { toJsonValue } from '../../core/value.ts'
import { batchOf, memoryLatest, typedTable } from '../../testing/delivery-rig.ts'
import { sequenceOf, SparkplugDecoder } from '../../testing/sparkplug-decoder.ts'
import { EdgeNode } from './edge-node.ts'
import { PayloadEncoder, type EncoderOptions } from './payload-encoder.ts'
import { readCommand } from './payload-reader.ts'
import { PayloadWriter } from './payload-writer.ts'
import { Topics } from './topics.ts'

const NOW = 1_732_356_000_123
const TOPICS = new Topics('plant', 'gateway')
const DEFAULTS: EncoderOptions = { logId: 'k3f9', aliases: true, sequence: 'body', wideUint32: false }

const VALUES: Record<DataType, readonly Value[]> = {
  bool: [true, false],
  int8: [-128, -1, 0, 127],
  uint8: [0, 255],
  int16: [-32_768, -1, 32_767],
  uint16: [0, 65_535],
  int32: [-2_147_483_648, -1, 0, 2_147_483_647],
  uint32: [0, 4_294_967_295],
  int64: [-9_223_372_036_854_775_808n, -1n, 0n, 9_223_372_036_854_775_807n],
  uint64: [0n, 18_446_744_073_709_551_615n],
  float32: [0, Math.fround(0.1), -3.4028234663852886e38, 1.401298464324817e-45],
  float64: [-0, 5e-324, -1.7976931348623157e308, Math.PI],
  string: ['', 'Grüße 温度 🌡 \u0000', 'x'.repeat(100_000)],
  bytes: [Uint8Array.of(), Uint8Array.of(0, 255), new Uint8Array(20_000).fill(7)],
}

/** A node of one tag, and what births and data of it say. */
function roundTrip(type: DataType, value: Value | undefined, options: Partial<EncoderOptions> = {}) {
  const tags = typedTable(['press/x', type])
  const latest = memoryLatest()
  latest.set(1, value, 0, NOW)
  const node = new EdgeNode({ tags, latest, log: silentLog }, TOPICS)
  node.refresh()
  const metric = node.metricOf(1)!
  const encoder = new PayloadEncoder({ ...DEFAULTS, ...options })
  const decoder = new SparkplugDecoder()
  const birth = encoder.deviceBirth([{ metric, latest: node.born(metric) }], 1, NOW)
  const born = decoder.decode('spBv1.0/plant/DBIRTH/gateway/press', birth).metrics[0]!
  encoder.begin(NOW)
  const added = encoder.add(batchOf([[1, value, 0, NOW]], 77), 0, metric, false)
  const told = decoder.decode('spBv1.0/plant/DDATA/gateway/press', encoder.data(2))
  return { born, added, told }
}

for (const [type, values] of Object.entries(VALUES) as [DataType, readonly Value[]][]) {
  test(`${type}: births and data say the value as it is`, () => {
    for (const options of [{}, { aliases: false, sequence: 'property', wideUint32: true } as const]) {
      for (const value of values) {
        const { born, told } = roundTrip(type, value, options)
        assert.deepEqual(born.value, toJsonValue(value))
        assert.deepEqual(told.metrics[0]!.value, toJsonValue(value))
        assert.deepEqual([told.metrics[0]!.name, told.metrics[0]!.type], ['x', born.type])
        assert.deepEqual(sequenceOf(told), { log: 'k3f9', seqs: [77] })
      }
    }
  })
}

test('NaN and infinities are told as they are: the fields are those of IEEE 754', () => {
  for (const value of [NaN, Infinity, -Infinity]) {
    const { told } = roundTrip('float64', value)
    assert.equal(told.metrics[0]!.hasValue, true)
    assert.equal(told.metrics[0]!.value, null) // no JSON for it
  }
})

test('a value that its type cannot hold is not added, and what follows is whole', () => {
  for (const [type, value] of [
    ['int32', 1.5],
    ['int32', 2 ** 31],
    ['int32', NaN],
    ['uint16', -1],
    ['uint32', 2 ** 32],
    ['int64', 2n ** 63n],
    ['int64', 0.5],
    ['uint64', -1n],
    ['float64', 'text'],
    ['string', 7],
    ['bool', 'true'],
    ['bytes', 'text'],
  ] as const) {
    const { born, added, told } = roundTrip(type, value)
    assert.equal(added, false, `${type} ${String(value)}`)
    assert.deepEqual(told.metrics, [])
    assert.deepEqual([born.isNull, born.hasValue], [true, false])
  }
})

test('property: any doubles and sequence numbers come out as they went in', () => {
  const tags = typedTable(['press/x', 'float64'])
  const node = new EdgeNode({ tags, latest: memoryLatest(), log: silentLog }, TOPICS)
  node.refresh()
  const metric = node.metricOf(1)!
  const row = fc.tuple(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer({ min: 1, max: 2 ** 52 }),
    fc.integer({ min: 0, max: 0xffff }),
  )
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 50 }), (rows) => {
      const encoder = new PayloadEncoder(DEFAULTS)
      const decoder = new SparkplugDecoder()
      decoder.decode('spBv1.0/plant/DBIRTH/gateway/press', encoder.deviceBirth([{ metric, latest: node.born(metric) }], 1, NOW)) // prettier-ignore
      const batch = batchOf(rows.map(([value, , time]) => [1, value, 0, NOW + time]))
      rows.forEach(([, seq], at) => (batch.seq![at] = seq))
      encoder.begin(NOW)
      rows.forEach((_, at) => encoder.add(batch, at, metric, false))
      const told = decoder.decode('spBv1.0/plant/DDATA/gateway/press', encoder.data(3))
      assert.deepEqual(told.metrics.map(({ value, timestamp }) => [value, timestamp! - NOW]), rows.map(([value, , time]) => [value, time])) // prettier-ignore
      assert.deepEqual(sequenceOf(told).seqs, rows.map(([, seq]) => seq)) // prettier-ignore
    }),
  )
})

test('a row that is taken away again leaves nothing behind', () => {
  const { told } = (() => {
    const tags = typedTable(['press/x', 'float64'])
    const node = new EdgeNode({ tags, latest: memoryLatest(), log: silentLog }, TOPICS)
    node.refresh()
    const metric = node.metricOf(1)!
    const encoder = new PayloadEncoder({ ...DEFAULTS, aliases: false })
    const batch = batchOf([[1, 1], [1, 2], [1, 3]], 10) // prettier-ignore
    encoder.begin(NOW)
    encoder.add(batch, 0, metric, false)
    encoder.add(batch, 1, metric, false)
    encoder.undo()
    encoder.add(batch, 2, metric, false)
    return { told: new SparkplugDecoder().decode('spBv1.0/plant/DDATA/gateway/press', encoder.data(0)) }
  })()
  assert.deepEqual(sequenceOf(told).seqs, [10, 12])
  assert.equal(told.metrics.length, 2)
})

test('messages within messages have their length, at every size around its limits', () => {
  for (const length of [0, 1, 100, 127, 128, 129, 16_380, 16_383, 16_384, 16_385, 2_097_150, 2_097_152, 3_000_000]) {
    const writer = new PayloadWriter()
    const start = writer.open(0x0a)
    writer.raw(new Uint8Array(length).fill(1))
    writer.close(start)
    const bytes = writer.taken()
    const reader = readCommand(bytes.map((byte, at) => (at === 0 ? 0x42 : byte)))
    assert.deepEqual(reader, [])
    assert.equal(bytes.length - length, length < 128 ? 2 : length < 16_384 ? 3 : length < 2_097_152 ? 4 : 5)
  }
})

test('commands that the library writes are read', () => {
  const metrics = [
    { name: 'a', type: 'Boolean', value: true },
    { name: 'b', alias: 4, type: 'Int32', value: -5 },
    { alias: 2 ** 40, type: 'Int64', value: 7 },
    { name: 'd', type: 'Double', value: 1.5 },
    { name: 'e', type: 'Float', value: 0.25 },
    { name: 'f', type: 'String', value: 'grüß' },
    { name: 'g', type: 'Bytes', value: Uint8Array.of(1, 2) },
    { name: 'h', type: 'Int32', value: null, properties: { unit: { type: 'String', value: 'm' } } },
  ]
  const payload = encodePayload({ timestamp: NOW, metrics: metrics as unknown as UMetric[] })
  const read = readCommand(payload).map(({ name, alias, value }) => [name, alias, value?.kind, value?.value])
  assert.deepEqual(read, [
    ['a', undefined, 'boolean', true],
    ['b', 4, 'int', 4_294_967_291],
    [undefined, 2 ** 40, 'long', 7n],
    ['d', undefined, 'number', 1.5],
    ['e', undefined, 'number', 0.25],
    ['f', undefined, 'string', 'grüß'],
    ['g', undefined, 'bytes', Buffer.of(1, 2)],
    ['h', undefined, undefined, undefined],
  ])
})

test('what ends within a field, or has one that there is not, is no payload', () => {
  for (const hex of [
    '12',
    '1203',
    '120408',
    '0801120a',
    '12020d00',
    '0d0000',
    '0900000000',
    '0a05616263',
    '0b',
    '0c',
    '80808080808080808080808001',
  ]) {
    assert.throws(() => readCommand(Buffer.from(hex, 'hex')), /no Sparkplug payload/, hex) // prettier-ignore
  }
  assert.deepEqual(readCommand(Buffer.alloc(0)), [])
})

test('property: any bytes are a command or PROTOCOL_VIOLATION, and nothing else', () => {
  const read = (bytes: Uint8Array) => {
    try {
      readCommand(bytes)
    } catch (error) {
      assert.ok(error instanceof GatewayError && error.code === 'PROTOCOL_VIOLATION', String(error))
    }
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), read), { numRuns: 2000 })
  const good = encodePayload({ timestamp: NOW, metrics: [{ name: 'a', type: 'Double', value: 1.5 }] as UMetric[] })
  for (let cut = 0; cut <= good.length; cut++) read(good.subarray(0, cut))
  const flip = fc.tuple(fc.nat(good.length - 1), fc.nat(255))
  fc.assert(fc.property(flip, ([at, byte]) => read(good.map((before, where) => (where === at ? byte : before)))))
})
