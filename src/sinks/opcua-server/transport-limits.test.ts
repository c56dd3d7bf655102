/** What a Hello may ask for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { adjustTransportLimits } from './worker/transport-limits.ts'

const MIB = 1024 * 1024

test('a stranger who asks for 128 MiB a message is held to 16, in size and in chunks', () => {
  const asked = { receiveBufferSize: 524_288, sendBufferSize: 524_288, maxMessageSize: 128 * MIB, maxChunkCount: 9000 }
  const given = adjustTransportLimits(asked)
  assert.deepEqual(given, { receiveBufferSize: 65_536, sendBufferSize: 65_536, maxMessageSize: 16 * MIB, maxChunkCount: 256 }) // prettier-ignore
  assert.ok(given.maxChunkCount * given.receiveBufferSize <= 16 * MIB)
})

test('who asks for little gets no more, and who says nothing what is usual', () => {
  const little = { receiveBufferSize: 100, sendBufferSize: 16_384, maxMessageSize: 65_536, maxChunkCount: 4 }
  assert.deepEqual(adjustTransportLimits(little), { ...little, receiveBufferSize: 8192 })
  const nothing = { receiveBufferSize: 0, sendBufferSize: 0, maxMessageSize: 0, maxChunkCount: 0 }
  assert.deepEqual(adjustTransportLimits(nothing), { receiveBufferSize: 65_536, sendBufferSize: 65_536, maxMessageSize: 16 * MIB, maxChunkCount: 256 }) // prettier-ignore
})
