/** What the proxy remembers of reads, and for how long. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeRequest, encodeResponse, type ModbusRequest } from '../../../protocols/modbus/index.ts'
import { ReplyCache } from './reply-cache.ts'

const read = (functionCode: 1 | 3, address: number, count: number) =>
  encodeRequest({ functionCode, address, count } as ModbusRequest)
const words = (...values: number[]) =>
  encodeResponse({
    functionCode: 3,
    registers: Uint8Array.from(values.flatMap((value) => [value >> 8, value & 255])),
  })
const bits = (values: readonly number[]) => {
  const bytes = new Uint8Array(Math.ceil(values.length / 8))
  values.forEach((value, i) => (bytes[i >> 3]! |= value << (i & 7)))
  return encodeResponse({ functionCode: 1, bits: bytes })
}

test('the same request within its age, of the same unit', () => {
  const cache = new ReplyCache()
  cache.keep(1, read(3, 10, 2), words(7, 8), 1000, cache.writesSoFar(1))
  assert.deepEqual(cache.find(1, read(3, 10, 2), 1000), words(7, 8))
  assert.equal(cache.find(1, read(3, 10, 2), 1001), undefined, 'too old')
  assert.equal(cache.find(2, read(3, 10, 2), 0), undefined, 'another unit')
  assert.equal(cache.find(1, read(3, 10, 3), 0), undefined, 'more than is known')
  assert.equal(cache.find(1, read(3, 9, 2), 0), undefined)
})

test('a part of a longer answer, cut register by register and bit by bit', () => {
  const cache = new ReplyCache()
  cache.keep(1, read(3, 10, 4), words(1, 2, 3, 4), 0, 0)
  assert.deepEqual(cache.find(1, read(3, 11, 2), 0), words(2, 3))
  const pattern = Array.from({ length: 40 }, (_, i) => Number((i * 7) % 5 === 0))
  cache.keep(1, read(1, 100, 40), bits(pattern), 0, 0)
  for (const [address, count] of [
    [100, 1],
    [103, 9],
    [111, 29],
    [139, 1],
  ] as const)
    assert.deepEqual(
      cache.find(1, read(1, address, count), 0),
      bits(pattern.slice(address - 100, address - 100 + count)),
    )
})

test('a write forgets the unit, and an answer that was asked before it is not kept', () => {
  const cache = new ReplyCache()
  const asked = cache.writesSoFar(1)
  cache.keep(1, read(3, 0, 1), words(1), 0, asked)
  cache.changed(1)
  assert.equal(cache.find(1, read(3, 0, 1), 0), undefined)
  cache.keep(1, read(3, 0, 1), words(1), 0, asked)
  assert.equal(cache.find(1, read(3, 0, 1), 0), undefined, 'it may be the value from before the write')
  cache.keep(1, read(3, 0, 1), words(2), 0, cache.writesSoFar(1))
  assert.deepEqual(cache.find(1, read(3, 0, 1), 0), words(2))
})

test('exceptions are not kept, the buffer of the connection is not held, and the number of answers is bounded', () => {
  const cache = new ReplyCache()
  cache.keep(1, read(3, 0, 1), Uint8Array.of(0x83, 2), 0, 0)
  assert.equal(cache.find(1, read(3, 0, 1), 0), undefined)
  const buffer = words(5)
  cache.keep(1, read(3, 0, 1), buffer, 0, 0)
  buffer.fill(0)
  assert.deepEqual(cache.find(1, read(3, 0, 1), 0), words(5))
  for (let i = 1; i <= 256; i++) cache.keep(1, read(3, i, 1), words(i), 0, 0)
  assert.equal(cache.find(1, read(3, 0, 1), 0), undefined, 'the oldest went')
  assert.deepEqual(cache.find(1, read(3, 256, 1), 0), words(256))
})

test('units are forgotten one by one, but for the ids that stand for a TCP device itself: 0 and 255', () => {
  const cache = new ReplyCache()
  const keep = () => {
    for (const unit of [1, 2, 255]) cache.keep(unit, read(3, 0, 1), words(unit), 0, cache.writesSoFar(unit))
  }
  const known = () => [1, 2, 255].filter((unit) => cache.find(unit, read(3, 0, 1), 0) !== undefined)
  keep()
  assert.deepEqual(known(), [1, 2, 255])
  cache.changed(1)
  assert.deepEqual(known(), [2])
  for (const all of [0, 255]) {
    keep()
    const asked = cache.writesSoFar(2)
    cache.changed(all)
    assert.deepEqual(known(), [])
    cache.keep(2, read(3, 0, 1), words(7), 0, asked)
    assert.deepEqual(known(), [], 'what was on its way is not kept either')
  }
})

test('while a write is on its way what is known is not told, and what is read is not kept, whatever comes of it', async () => {
  for (const end of ['answer', 'refuse'] as const) {
    const cache = new ReplyCache()
    cache.keep(1, read(3, 0, 1), words(1), 0, cache.writesSoFar(1))
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const writing = cache.write(1, () => promise)
    assert.equal(cache.find(1, read(3, 0, 1), 0), undefined, 'it may be over already')
    await cache.ask(1, read(3, 0, 1), 0, async () => words(1))
    if (end === 'answer') resolve()
    else reject(new Error('refused'))
    await writing.catch(() => undefined)
    assert.equal(cache.find(1, read(3, 0, 1), 0), undefined, 'nobody knows whether it was read before or after')
  }
})
