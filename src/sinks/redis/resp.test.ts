/** The reply parser: literal bytes split everywhere, and any bytes at all. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { GatewayError } from '../../core/errors.ts'
import { RedisReply } from './reasons.ts'
import { command, ReplyReader, type Reply } from './resp.ts'

function readAll(pieces: readonly Buffer[]): Reply[] {
  const reader = new ReplyReader()
  const replies: Reply[] = []
  for (const piece of pieces) reader.read(piece, (reply) => replies.push(reply))
  return replies
}

test('replies of every kind, split at every byte', () => {
  const bytes = Buffer.from(
    '+OK\r\n:-42\r\n$5\r\nä\r\nb\r\n$-1\r\n*-1\r\n*2\r\n$1\r\na\r\n*1\r\n:7\r\n-WRONGTYPE no\r\n$0\r\n\r\n',
  )
  const expected = ['OK', -42, 'ä\r\nb', null, null, ['a', [7]], new RedisReply('WRONGTYPE no'), '']
  assert.deepEqual(readAll([bytes]), expected)
  for (let at = 0; at <= bytes.length; at++) {
    assert.deepEqual(readAll([bytes.subarray(0, at), bytes.subarray(at)]), expected, `split at ${at}`)
  }
  assert.deepEqual(readAll([...bytes].map((byte) => Buffer.of(byte))), expected)
})

test('any bytes are replies, not yet one, or a violation: never a hang, never another error', () => {
  const likely = fc.constantFrom('+', '-', ':', '$', '*', '\r\n', '1', '-1', '9999', 'OK', '\0', 'ÿ')
  const soup = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.array(likely, { maxLength: 60 }).map((parts) => Buffer.from(parts.join('')))) // prettier-ignore
  fc.assert(
    fc.property(soup, (bytes) => {
      try {
        readAll([Buffer.from(bytes)])
      } catch (error) {
        assert.equal(error instanceof GatewayError && error.code, 'PROTOCOL_VIOLATION')
      }
    }),
    { numRuns: 3000 },
  )
})

test('a line without end is a violation, not a growing buffer', () => {
  const reader = new ReplyReader()
  assert.throws(() => {
    for (let at = 0; at < 200; at++)
      reader.read(Buffer.from(`${at === 0 ? '+' : ''}${'x'.repeat(1000)}`), () => undefined)
  }, /no Redis reply/)
})

test('a long text is joined once, however many pieces it comes in', (t) => {
  const joined = t.mock.method(Buffer, 'concat')
  const text = 'x'.repeat(8 * 2 ** 20)
  const bytes = Buffer.from(`*2\r\n:1\r\n$${text.length}\r\n${text}\r\n:2\r\n`)
  const pieces = Array.from({ length: Math.ceil(bytes.length / 4096) }, (_, at) => bytes.subarray(at * 4096, (at + 1) * 4096)) // prettier-ignore
  assert.deepEqual(readAll(pieces), [[1, text], 2])
  const copied = joined.mock.calls.reduce((sum, call) => sum + (call.result?.length ?? 0), 0)
  assert.ok(copied < 3 * bytes.length, `${copied} bytes were copied`)
})

test('a reply longer than any server gives is a violation, not a growing buffer', () => {
  for (const claim of ['$536870913\r\n', '*65537\r\n', '*1\r\n$9999999999\r\n'])
    assert.throws(() => readAll([Buffer.from(claim)]), /no Redis reply/)
})

test('a command counts bytes, not characters', () => {
  assert.equal(command('SET', 'ä', 5), '*3\r\n$3\r\nSET\r\n$2\r\nä\r\n$1\r\n5\r\n')
})
