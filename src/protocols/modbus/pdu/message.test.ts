import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { GatewayError } from '../../../core/errors.ts'
import {
  checkRequest,
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  replyMismatch,
  type ModbusRequest,
  type ModbusResponse,
} from './message.ts'

const BYTE_FIELDS = new Set(['bits', 'registers', 'data', 'value', 'trailing'])
const fromJson = (text: string): unknown =>
  JSON.parse(text, (key, value: unknown) =>
    BYTE_FIELDS.has(key) && typeof value === 'string' ? new Uint8Array(Buffer.from(value, 'hex')) : value,
  )
/** Bytes compare as plain arrays, whatever kind of view they are. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, part: unknown) => (part instanceof Uint8Array ? [...part] : part)))

const vectors = readFileSync(new URL('vectors.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.includes('|'))
  .map((line) => line.split('|').map((part) => part.trim()) as [string, string, string, string])

for (const [what, direction, hexText, json] of vectors) {
  test(`vector: ${what} (${direction})`, () => {
    const bytes = new Uint8Array(Buffer.from(hexText.replaceAll(' ', ''), 'hex'))
    const value = fromJson(json)
    const decoded = direction === 'request' ? decodeRequest(bytes) : decodeResponse(bytes)
    assert.deepEqual(plain(decoded), plain(value))
    const encoded =
      direction === 'request' ? encodeRequest(value as ModbusRequest) : encodeResponse(value as ModbusResponse)
    assert.deepEqual([...encoded], [...bytes])
  })
}

test('there is a vector of each direction for every function code with a file of its own', () => {
  for (const code of [1, 2, 3, 4, 5, 6, 15, 16, 22, 23, 43]) {
    for (const direction of ['request', 'response']) {
      assert.ok(
        vectors.some(
          ([, d, , json]) =>
            d === direction && json.includes(`"functionCode":${code},`) && !json.includes('exceptionCode'),
        ),
        `${code} ${direction}`,
      )
    }
  }
})

const word = fc.integer({ min: 0, max: 0xffff })
const bytes = (maxLength: number) => fc.uint8Array({ minLength: 0, maxLength })
const requests = fc.oneof(
  ...([1, 2, 3, 4] as const).map((functionCode) =>
    fc.record({ functionCode: fc.constant(functionCode), address: word, count: word }),
  ),
  ...([5, 6] as const).map((functionCode) =>
    fc.record({ functionCode: fc.constant(functionCode), address: word, value: word }),
  ),
  fc.record({ functionCode: fc.constant(15 as const), address: word, count: word, bits: bytes(246) }),
  fc.record({ functionCode: fc.constant(16 as const), address: word, count: word, registers: bytes(246) }),
  fc.record({ functionCode: fc.constant(22 as const), address: word, andMask: word, orMask: word }),
  fc.record({
    functionCode: fc.constant(23 as const),
    readAddress: word,
    readCount: word,
    writeAddress: word,
    writeCount: word,
    registers: bytes(242),
  }),
  fc.record({
    functionCode: fc.constant(43 as const),
    meiType: fc.constant(14 as const),
    level: fc.nat(255),
    objectId: fc.nat(255),
  }),
  fc.record({ functionCode: fc.constantFrom(7, 8, 11, 12, 17, 20, 21, 24, 65, 100), data: bytes(252) }),
) as fc.Arbitrary<ModbusRequest>

test('property: decode(encode(request)) is the request, within the limits of its function or not', () => {
  fc.assert(
    fc.property(requests, (request) => assert.deepEqual(plain(decodeRequest(encodeRequest(request))), plain(request))),
  )
})

test('property: any bytes decode and re-encode to the same bytes, or are a PROTOCOL_VIOLATION, never anything else', () => {
  const pdu = fc
    .tuple(fc.oneof(fc.nat(255), fc.constantFrom(1, 2, 3, 4, 5, 6, 15, 16, 22, 23, 43)), bytes(40))
    .map(([code, rest]) => Uint8Array.of(code, ...rest))
  fc.assert(
    fc.property(pdu, (input) => {
      for (const again of [() => encodeRequest(decodeRequest(input)), () => encodeResponse(decodeResponse(input))]) {
        try {
          assert.deepEqual([...again()], [...input])
        } catch (error) {
          if (!(error instanceof GatewayError)) throw error
          assert.equal(error.code, 'PROTOCOL_VIOLATION')
        }
      }
    }),
    { numRuns: 2000 },
  )
})

test('limits of V1.1b3 are told apart from the layout, at both ends of each range', () => {
  const ok: ModbusRequest[] = [
    { functionCode: 1, address: 63536, count: 2000 },
    { functionCode: 3, address: 65411, count: 125 },
    { functionCode: 15, address: 0, count: 1968, bits: new Uint8Array(246) },
    { functionCode: 16, address: 0, count: 123, registers: new Uint8Array(246) },
    {
      functionCode: 23,
      readAddress: 0,
      readCount: 125,
      writeAddress: 0,
      writeCount: 121,
      registers: new Uint8Array(242),
    },
    { functionCode: 5, address: 0, value: 0 },
  ]
  for (const request of ok) assert.equal(checkRequest(request), undefined)
  const bad: [ModbusRequest, RegExp][] = [
    [{ functionCode: 1, address: 0, count: 0 }, /quantity 0 is outside 1…2000/],
    [{ functionCode: 2, address: 0, count: 2001 }, /2001/],
    [{ functionCode: 3, address: 0, count: 126 }, /outside 1…125/],
    [{ functionCode: 4, address: 65535, count: 2 }, /past 65535/],
    [{ functionCode: 5, address: 0, value: 1 }, /neither FF00 nor 0000/],
    [{ functionCode: 15, address: 0, count: 9, bits: new Uint8Array(1) }, /9 coils need 2 bytes/],
    [{ functionCode: 15, address: 0, count: 1969, bits: new Uint8Array(247) }, /1968/],
    [{ functionCode: 16, address: 0, count: 124, registers: new Uint8Array(248) }, /123/],
    [{ functionCode: 16, address: 0, count: 2, registers: new Uint8Array(2) }, /need 4 bytes/],
    [
      {
        functionCode: 23,
        readAddress: 0,
        readCount: 1,
        writeAddress: 0,
        writeCount: 122,
        registers: new Uint8Array(244),
      },
      /121/,
    ],
    [{ functionCode: 43, meiType: 14, level: 5, objectId: 0 }, /1…4/],
  ]
  for (const [request, why] of bad) assert.match(checkRequest(request) ?? '', why)
})

test('a reply is compared with its request: function, byte count, length, echo', () => {
  const mismatch = (request: string, reply: string) =>
    replyMismatch(Buffer.from(request, 'hex'), Buffer.from(reply, 'hex'), 0, reply.length / 2)
  assert.equal(mismatch('0300000002', '030400010002'), undefined)
  assert.equal(mismatch('0300000002', '8302'), undefined)
  assert.match(mismatch('0300000002', '83') ?? '', /exception without a code/)
  assert.match(mismatch('0300000002', '040400010002') ?? '', /function 4, 3 was asked/)
  assert.match(mismatch('0300000002', '03020001') ?? '', /announces 2 bytes and holds 2, 4 expected/)
  assert.match(mismatch('0300000002', '03040001') ?? '', /announces 4 bytes and holds 2/)
  assert.match(mismatch('0300000002', '0304000100020003') ?? '', /holds 6/)
  assert.match(mismatch('0300000002', '03') ?? '', /without a byte count/)
  assert.equal(mismatch('0100000009', '0102ff01'), undefined)
  assert.match(mismatch('0100000009', '0101ff') ?? '', /2 expected/)
  assert.equal(mismatch('0500010000', '0500010000'), undefined)
  assert.match(mismatch('0500010000', '0500020000') ?? '', /repeat/)
  assert.match(mismatch('1000010002040000ffff', '1000010001') ?? '', /repeat/)
  assert.match(mismatch('16000100020003', '160001000200') ?? '', /7 expected/)
  assert.equal(mismatch('080000a537', '080000a537'), undefined)
})
