/** Rows over the link: what goes in comes out, whatever it is; and whatever bytes come, they are rows or a violation. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HAS_VALUE, SampleBatch } from '../../core/batch.ts'
import { GatewayError } from '../../core/errors.ts'
import type { Value } from '../../core/value.ts'
import { Compressor, Decompressor } from './compression.ts'
import { RowDecoder } from './decode-rows.ts'
import { RowEncoder } from './encode-rows.ts'
import { MAX_RAW_BYTES } from './limits.ts'

interface Row {
  readonly alias: number
  readonly value: Value | undefined
  readonly status: number
  readonly time: number
  readonly historical: boolean
  /** Numbers left out before it. */
  readonly hole: number
  readonly kept: boolean
}

const number = fc.oneof(
  fc.double(),
  fc.float(),
  fc.integer(),
  fc.integer({ min: -5000, max: 5000 }).map((n) => n / 100),
  fc.integer({ min: -5000, max: 5000 }).map((n) => Math.fround(n / 10)),
  fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 5e-324, 1.7976931348623157e308, 2 ** 53, -(2 ** 60)),
)
const value: fc.Arbitrary<Value | undefined> = fc.oneof(
  { weight: 6, arbitrary: number },
  fc.boolean(),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.uint8Array({ maxLength: 20 }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.constant(undefined),
)
const row: fc.Arbitrary<Row> = fc.record({
  alias: fc.integer({ min: 1, max: 12 }),
  value,
  status: fc.constantFrom(0, 0, 0, 0x80310000, 0x40900000, 0xffffffff),
  time: fc.oneof(
    fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }),
    fc.constantFrom(0, -1, 0.5, 1_700_000_000_000.25, 8.64e15),
  ),
  historical: fc.boolean(),
  hole: fc.constantFrom(0, 0, 0, 0, 1, 7, 1_000_000),
  kept: fc.boolean(),
})

function batchOf(rows: readonly Row[], firstSeq: number): SampleBatch {
  const batch = new SampleBatch(rows.length, 1_700_000_000_000)
  batch.seq = new Float64Array(rows.length)
  let seq = firstSeq - 1
  rows.forEach(({ alias, value, status, time, historical, hole, kept }, at) => {
    batch.push(alias, value, status, time, historical)
    if (value === undefined && kept) batch.keep(at, 12.5)
    batch.seq![at] = seq += 1 + hole
  })
  return batch
}

const all = (length: number): Uint32Array => Uint32Array.from({ length }, (_, at) => at)

/** Encodes and decodes a batch, in as many frames as it needs. */
function through(encoder: RowEncoder, decoder: RowDecoder, batch: SampleBatch, maxBytes?: number): SampleBatch[] {
  const parts: SampleBatch[] = []
  let from = batch.seq![0]!
  for (let start = 0; start < batch.length;) {
    const { bytes, count } = encoder.encode(batch, batch.tag, all(batch.length), [start, batch.length], from, maxBytes)
    assert.ok(count > 0 && bytes.length <= MAX_RAW_BYTES)
    const to = batch.seq![start + count - 1]!
    parts.push(decoder.decode(Buffer.from(bytes), from, to))
    start += count
    from = to + 1
  }
  return parts
}

function sameRows(parts: readonly SampleBatch[], batch: SampleBatch): void {
  let at = 0
  for (const part of parts) {
    assert.equal(part.receivedAt, batch.receivedAt)
    for (let row = 0; row < part.length; row++, at++) {
      const expected = batch.sampleAt(at)
      assert.deepEqual(part.sampleAt(row), expected)
      assert.equal(part.flags[row], batch.flags[at])
      assert.deepEqual(part.lastValueAt(row), batch.lastValueAt(at))
      assert.ok(Object.is(part.value[row], batch.value[at]) || batch.other !== undefined || batch.big !== undefined)
    }
  }
  assert.equal(at, batch.length)
}

test('whatever batches follow each other over one link, they arrive as they are', () => {
  fc.assert(
    fc.property(fc.array(fc.array(row, { minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 6 }), (batches) => {
      const encoder = new RowEncoder()
      const decoder = new RowDecoder(() => true)
      let seq = 1
      for (const rows of batches) {
        const batch = batchOf(rows, seq)
        sameRows(through(encoder, decoder, batch), batch)
        seq = batch.seq!.at(-1)! + 1
      }
    }),
    { numRuns: 400 },
  )
})

test('a batch that is too large for one frame travels in several', () => {
  const batch = new SampleBatch(5000, 1_700_000_000_000)
  batch.seq = new Float64Array(5000)
  for (let at = 0; at < 5000; at++) {
    if (at % 100 === 0) batch.push(3, 'x'.repeat(20_000), 0)
    else batch.pushNumber(1 + (at % 2), Math.sin(at), 0, batch.receivedAt + at, HAS_VALUE)
    batch.seq[at] = at + 1
  }
  const parts = through(new RowEncoder(), new RowDecoder(() => true), batch)
  assert.ok(parts.length > 5)
  sameRows(parts, batch)
  const small = through(new RowEncoder(), new RowDecoder(() => true), batch, 4096)
  assert.ok(small.length > parts.length)
  sameRows(small, batch)
})

test('a plant costs about a byte and a half a sample', () => {
  const encoder = new RowEncoder()
  const compressor = new Compressor()
  const decompressor = new Decompressor()
  const decoder = new RowDecoder(() => true)
  const level = new Float64Array(200)
  let bytes = 0
  for (let turn = 0; turn < 50; turn++) {
    const batch = new SampleBatch(200, 1_700_000_000_000 + turn * 1000)
    batch.seq = new Float64Array(200)
    for (let at = 0; at < 200; at++) {
      level[at] = Math.round((level[at]! + Math.sin(at * 7 + turn * 3)) * 100) / 100
      batch.pushNumber(at + 1, level[at]!, 0, batch.receivedAt, HAS_VALUE)
      batch.seq[at] = turn * 200 + at + 1
    }
    const encoded = Buffer.from(encoder.encode(batch, batch.tag, all(200), [0, 200], turn * 200 + 1).bytes)
    const { form, bytes: pressed } = compressor.compress(encoded)
    bytes += pressed.length
    const payload = decompressor.decompress(form, Buffer.from(pressed), encoded.length)
    sameRows([decoder.decode(payload, turn * 200 + 1, turn * 200 + 200)], batch)
  }
  assert.ok(bytes / 10_000 < 1.5, `${bytes / 10_000} bytes a sample`)
})

test('any bytes are rows or a violation, never another error', () => {
  const isViolation = (error: unknown) => error instanceof GatewayError && error.code === 'PROTOCOL_VIOLATION'
  const tried = (payload: Uint8Array) => {
    try {
      const batch = new RowDecoder((alias) => alias <= 12).decode(Buffer.from(payload), 1, 1_000_000)
      for (const sample of batch) assert.ok(Math.abs(sample.time) <= 8.64e15 && sample.seq! <= 1_000_000)
    } catch (error) {
      if (!isViolation(error)) throw error
    }
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), tried), { numRuns: 2000 })
  const valid = fc.array(row, { minLength: 1, maxLength: 20 }).map((rows) => {
    const batch = batchOf(rows, 1)
    return Buffer.from(new RowEncoder().encode(batch, batch.tag, all(batch.length), [0, batch.length], 1).bytes)
  })
  fc.assert(
    fc.property(valid, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.nat(20), (bytes, place, change, cut) => {
      const damaged = Buffer.from(bytes)
      damaged[place % damaged.length]! ^= change
      tried(damaged)
      tried(damaged.subarray(0, Math.max(0, damaged.length - cut)))
    }),
    { numRuns: 3000 },
  )
})

test('no more is unpacked than was announced', () => {
  const bomb = new Compressor().compress(Buffer.alloc(MAX_RAW_BYTES))
  assert.ok(bomb.bytes.length < 100)
  assert.throws(() => new Decompressor().decompress(bomb.form, bomb.bytes, 1000), /PROTOCOL_VIOLATION|unpack/)
  assert.throws(() => new Decompressor().decompress(bomb.form, bomb.bytes, MAX_RAW_BYTES + 1), /at most/)
})
