import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { GatewayError } from '../../../core/errors.ts'
import { CODECS } from './functions.ts'
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

const BYTE_FIELDS = new Set(['bits', 'registers', 'data', 'value', 'trailing', 'payload', 'events', 'content'])
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
  for (const code of CODECS.keys()) {
    for (const direction of ['request', 'response']) {
      assert.ok(
        vectors.some(
          ([, d, , json]) =>
            d === direction && new RegExp(`"functionCode":${code}[,}]`).test(json) && !json.includes('exceptionCode'),
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
  ...([7, 11, 12, 17] as const).map((functionCode) => fc.record({ functionCode: fc.constant(functionCode) })),
  fc.record({ functionCode: fc.constant(8 as const), subFunction: word, payload: bytes(250) }),
  fc.record({
    functionCode: fc.constant(20 as const),
    ranges: fc.array(fc.record({ referenceType: fc.nat(255), file: word, record: word, count: word }), {
      maxLength: 35,
    }),
  }),
  fc.record({
    functionCode: fc.constant(21 as const),
    parts: fc.array(
      fc.record({
        referenceType: fc.nat(255),
        file: word,
        record: word,
        registers: bytes(12).map((some) => some.subarray(0, some.length & ~1)),
      }),
      { maxLength: 12 },
    ),
  }),
  fc.record({ functionCode: fc.constant(24 as const), address: word }),
  fc.record({ functionCode: fc.constantFrom(9, 10, 14, 65, 100), data: bytes(252) }),
) as fc.Arbitrary<ModbusRequest>

test('property: decode(encode(request)) is the request, within the limits of its function or not', () => {
  fc.assert(
    fc.property(requests, (request) => assert.deepEqual(plain(decodeRequest(encodeRequest(request))), plain(request))),
  )
})

test('property: any bytes decode and re-encode to the same bytes, or are a PROTOCOL_VIOLATION, never anything else', () => {
  const pdu = fc
    .tuple(fc.oneof(fc.nat(255), fc.constantFrom(...CODECS.keys())), bytes(40))
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

const FILE_RANGE = { referenceType: 6, file: 1, record: 0, count: 1 }

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
    { functionCode: 8, subFunction: 0, payload: new Uint8Array(7) },
    { functionCode: 8, subFunction: 1, payload: Uint8Array.of(0xff, 0) },
    { functionCode: 8, subFunction: 3, payload: Uint8Array.of(0x21, 0) },
    { functionCode: 8, subFunction: 21, payload: Uint8Array.of(0, 3) },
    { functionCode: 20, ranges: [{ referenceType: 6, file: 1, record: 0, count: 121 }] },
    { functionCode: 21, parts: [{ referenceType: 6, file: 1, record: 0, registers: new Uint8Array(244) }] },
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
    [{ functionCode: 8, subFunction: 1, payload: Uint8Array.of(0, 1) }, /restart option 0x1 is neither/],
    [{ functionCode: 8, subFunction: 3, payload: Uint8Array.of(0x21, 1) }, /delimiter/],
    [{ functionCode: 8, subFunction: 11, payload: Uint8Array.of(0, 1) }, /data 0x1 of sub-function 11 is not 0/],
    [{ functionCode: 8, subFunction: 11, payload: Uint8Array.of(0) }, /2 bytes of data, 1 are there/],
    [{ functionCode: 20, ranges: [] }, /byte count 0 is outside 7…245/],
    [{ functionCode: 20, ranges: Array.from({ length: 36 }, () => FILE_RANGE) }, /byte count 252/],
    [{ functionCode: 20, ranges: [{ ...FILE_RANGE, count: 122 }] }, /reply would have 246 bytes/],
    [{ functionCode: 21, parts: [] }, /byte count 0 is outside 9…251/],
    [{ functionCode: 21, parts: [{ ...FILE_RANGE, registers: new Uint8Array(246) }] }, /byte count 253/],
    [{ functionCode: 21, parts: [1, 2].map(() => ({ ...FILE_RANGE, registers: new Uint8Array(0) })) }, /length is 0/],
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
  assert.match(mismatch('080000a537', '080000a538') ?? '', /repeat/)
  assert.match(mismatch('08000b0000', '08000c0001') ?? '', /sub-function 12, 11 was asked/)
  assert.equal(mismatch('08000b0000', '08000b1234'), undefined)
  assert.match(mismatch('08000b0000', '08000b123456') ?? '', /6 bytes, 5 expected/)
  assert.match(mismatch('08000b0000', '0800') ?? '', /without a sub-function/)
  assert.equal(mismatch('0800150003', '080015000301'), undefined)
  assert.equal(mismatch('07', '076d'), undefined)
  assert.match(mismatch('07', '07') ?? '', /1 bytes, 2 expected/)
  assert.equal(mismatch('0b', '0bffff0108'), undefined)
  assert.match(mismatch('0b', '0bffff01') ?? '', /5 expected/)
  assert.equal(mismatch('0c', '0c06000000000000'), undefined)
  assert.match(mismatch('0c', '0c050000000000') ?? '', /at least 6/)
  assert.match(mismatch('0c', '0c07000000000000') ?? '', /announces 7 bytes and holds/)
  assert.equal(mismatch('11', '1100'), undefined)
  assert.match(mismatch('11', '11') ?? '', /without a byte count/)
  const twoGroups = '140e0600040001000206000300090002'
  assert.equal(mismatch(twoGroups, '140c05060dfe0020050633cd0040'), undefined)
  assert.match(mismatch(twoGroups, '140c05060dfe0020030633cd0040') ?? '', /length is 3, 5 expected/)
  assert.match(mismatch(twoGroups, '140d05060dfe0020050633cd0040') ?? '', /announces 13 bytes, 12 expected/)
  assert.match(mismatch(twoGroups, '140c05060dfe0020050633cd00') ?? '', /13 bytes, 14 expected/)
  assert.match(mismatch('15090600040007000106af', '15090600040007000106ae') ?? '', /repeat/)
  assert.equal(mismatch('1804de', '180006000201b81284'), undefined)
  assert.match(mismatch('1804de', '180006000101b8') ?? '', /does not fit a FIFO count of 1/)
  assert.match(mismatch('1804de', '180042002001b8') ?? '', /FIFO count 32 is outside/)
  assert.match(mismatch('1804de', '180006000201b8') ?? '', /7 bytes, 9 expected/)
  assert.match(mismatch('1804de', '1800') ?? '', /without a FIFO count/)
  assert.match(mismatch('2b0e0100', '2b0e020100ff00') ?? '', /another MEI type or read device id code/)
})

test('what lies behind the end of a reply changes nothing of what it fits', () => {
  const pairs = [
    ['0300000002', '030400010002'], ['0100000010', '0102ffff'], ['0700', '0755'], ['0800000a5b', '0800000a5b'],
    ['0b', '0b00000001'], ['0c', '0c080000010801212000'], ['0500acff00', '0500acff00'], ['100001000204000a0102', '1000010002'],
    ['11', '1102aaff'], ['140706000400010002', '1406050600000001'], ['15090600040007000106af', '15090600040007000106af'],
    ['16000400f20025', '16000400f20025'], ['1700030002000e0001020001', '170400fe0acd'], ['1804de', '180006000201b81284'],
    ['2b0e0100', '2b0e010100ff01000142'],
  ] as const // prettier-ignore
  for (const [request, reply] of pairs) {
    const [asked, whole] = [Buffer.from(request, 'hex'), Buffer.from(reply, 'hex')]
    for (let end = 1; end < whole.length; end++) {
      const alone = replyMismatch(asked, whole.subarray(0, end), 0, end) === undefined
      assert.equal(replyMismatch(asked, whole, 0, end) === undefined, alone, `${reply} cut to ${end} bytes`)
    }
  }
  const cut = replyMismatch(Buffer.from('2b0e0100', 'hex'), Buffer.from('2b0e010100ff00', 'hex'), 0, 2)
  assert.match(cut ?? '', /reply of 2 bytes, 7 at least expected/)
})

test('byte counts that contradict what they count are a violation, in both directions', () => {
  const request = (text: string) => () => decodeRequest(Buffer.from(text, 'hex'))
  const response = (text: string) => () => decodeResponse(Buffer.from(text, 'hex'))
  assert.throws(response('180007000201b81284'), /byte count 7 does not fit a FIFO count of 2/)
  assert.throws(response('0c0500000000ff'), /byte count 5 has no room/)
  assert.throws(response('140100'), /reference type: 1 bytes/)
  assert.throws(response('14020506'), /sub-response: 5 bytes announced or needed, 0 are there|1 are there/)
  assert.throws(request('1408060004000000010000'), /bytes too many|file number/)
  assert.throws(request('150a060004000000010203'), /sub-requests: 10 bytes/)
  assert.throws(request('15090600040000000202ff'), /records: 4 bytes/)
})
