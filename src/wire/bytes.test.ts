import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GatewayError } from '../core/errors.ts'
import { ByteReader } from './reader.ts'
import { ByteWriter } from './writer.ts'

test('numbers are big-endian in both directions', () => {
  const bytes = new ByteWriter(16).uint8(1).uint16(0x0203).view(Uint8Array.of(4, 5)).finish()
  assert.deepEqual([...bytes], [1, 2, 3, 4, 5])
  const reader = new ByteReader(bytes)
  assert.deepEqual(
    [reader.uint8('a'), reader.uint16('b'), [...reader.view(2, 'c')], reader.left],
    [1, 0x0203, [4, 5], 0],
  )
})

test('reading past the end is a PROTOCOL_VIOLATION that names the field and what was there', () => {
  const reader = new ByteReader(Uint8Array.of(1, 2, 3), 0, 2)
  assert.equal(reader.uint8('unit'), 1)
  assert.throws(
    () => reader.uint16('address'),
    (error) =>
      error instanceof GatewayError &&
      error.code === 'PROTOCOL_VIOLATION' &&
      /address: 2 bytes .* 1 are there/.test(error.message),
  )
  assert.throws(() => reader.expectEnd('request'), /request: 1 bytes too many/)
})

test('the writer grows up to its bound and refuses what does not fit', () => {
  const writer = new ByteWriter(100, 2)
  for (let i = 0; i < 50; i++) writer.uint16(i)
  assert.equal(writer.length, 100)
  assert.equal(writer.finish()[99], 49)
  assert.throws(() => writer.uint8(1), /101 bytes: at most 100 fit/)
  for (const wrong of [-1, 256, 1.5, NaN]) assert.throws(() => new ByteWriter(4).uint8(wrong), RangeError)
})
