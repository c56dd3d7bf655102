/** Frames of serial lines: vectors of the standard, every function found in a stream, and what any bytes lead to. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AsciiFrames, encodeAsciiFrame, lrc } from './ascii.ts'
import type { FrameFinder, LineFrame, PassedOver } from './line-frames.ts'
import { crc16, encodeRtuFrame, MAX_RTU_BYTES, RtuFrames } from './rtu.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** Everything that a finder gives for these chunks; with `silence`, after the line was silent. */
function find(finder: FrameFinder, chunks: readonly Uint8Array[], silence = false): (LineFrame | PassedOver)[] {
  const found: (LineFrame | PassedOver)[] = []
  const drain = () => {
    for (let next = finder.next(); next !== undefined; next = finder.next())
      found.push({ ...next, bytes: new Uint8Array(next.bytes) })
  }
  for (const chunk of chunks) {
    finder.push(chunk)
    drain()
  }
  if (silence) {
    finder.silence()
    drain()
  }
  return found
}

const described = (found: readonly (LineFrame | PassedOver)[]): string[] =>
  found.map((one) =>
    one.kind === 'frame' ? `${one.unit} ${Buffer.from(one.pdu).toString('hex')}` : `passed ${one.bytes.length}`,
  )

test('the sums of the standard', () => {
  // Modbus over Serial Line V1.02, 6.2.2: 02 07 gives 1241 hex, sent as 41 12.
  assert.equal(crc16(hex('0207')), 0x1241)
  assert.deepEqual(Buffer.from(encodeRtuFrame(2, hex('07'))), hex('02 07 41 12'))
  assert.equal(crc16(hex('02 07 41 12')), 0)
  assert.equal(lrc(hex('0103 0000 0001')), 0xfb)
  assert.equal(Buffer.from(encodeAsciiFrame(1, hex('03 0000 0001'))).toString(), ':010300000001FB\r\n')
})

test('PDUs that do not fit are refused', () => {
  for (const encode of [encodeRtuFrame, encodeAsciiFrame]) {
    assert.throws(() => encode(1, new Uint8Array(254)), /1 to 253 fit/)
    assert.throws(() => encode(1, new Uint8Array(0)), /1 to 253 fit/)
    assert.ok(encode(1, new Uint8Array(253)).length > 253)
  }
})

const REQUESTS = [
  '01 0013 0013',
  '02 00C4 0016',
  '03 006B 0003',
  '04 0008 0001',
  '05 00AC FF00',
  '06 0001 0003',
  '07',
  '08 0000 A537',
  '0B',
  '0C',
  '0F 0013 000A 02 CD01',
  '10 0001 0002 04 000A 0102',
  '11',
  '14 07 06 0004 0001 0002',
  '15 0D 06 0004 0007 0003 06AF 04BE 100D',
  '16 0004 00F2 0025',
  '17 0003 0006 000E 0003 06 00FF 00FF 00FF',
  '18 04DE',
  '2B 0E 01 00',
]
const REPLIES = [
  '01 03 CD6B05',
  '02 03 ACDB35',
  '03 06 022B00000064',
  '04 02 000A',
  '05 00AC FF00',
  '06 0001 0003',
  '07 6D',
  '08 0000 A537',
  '0B FFFF 0108',
  '0C 08 0000 0108 0121 2000',
  '0F 0013 000A',
  '10 0001 0002',
  '11 03 11FF42',
  '14 06 05 06 0DFE 0020',
  '15 0D 06 0004 0007 0003 06AF 04BE 100D',
  '16 0004 00F2 0025',
  '17 0C 00FE 0ACD 0001 0003 000D 00FF',
  '18 0006 0002 01B8 1284',
  '2B 0E 01 01 00 00 02 00 03 41434D 01 02 5831',
  '83 02',
]

for (const [what, pdus, reply] of [
  ['requests, by a server', REQUESTS, false],
  ['replies, by the client that waits for them', REPLIES, true],
] as const) {
  test(`rtu: ${what}: each function is found without a silence, in one chunk or byte by byte`, () => {
    for (const pdu of pdus) {
      const frame = encodeRtuFrame(17, hex(pdu))
      for (const chunks of [[frame], [...frame].map((byte) => Uint8Array.of(byte))]) {
        const finder = new RtuFrames()
        if (reply) finder.expect(17, hex(pdu === '83 02' ? '03 0000 0001' : REQUESTS[REPLIES.indexOf(pdu)]!))
        assert.deepEqual(described(find(finder, chunks)), [`17 ${hex(pdu).toString('hex')}`], pdu)
        assert.equal(finder.pending, 0)
      }
    }
  })
}

test('rtu: all frames of a busy bus, requests and replies of others back to back, are told apart', () => {
  const pdus = [...REQUESTS, ...REPLIES]
  const stream = Buffer.concat(pdus.map((pdu) => encodeRtuFrame(9, hex(pdu))))
  const expected = pdus.map((pdu) => `9 ${hex(pdu).toString('hex')}`)
  assert.deepEqual(described(find(new RtuFrames(), [stream])), expected)
  assert.deepEqual(
    described(
      find(
        new RtuFrames(),
        [...stream].map((byte) => Uint8Array.of(byte)),
      ),
    ),
    expected,
  )
})

test('rtu: a function without a known layout, and diagnostics with more data, end by silence', () => {
  for (const pdu of ['64 0102', '08 0000 A537 1234 5678', '2B 0D 00 01']) {
    const finder = new RtuFrames()
    assert.deepEqual(find(finder, [encodeRtuFrame(5, hex(pdu))]), [])
    finder.silence()
    assert.equal(described([finder.next()!])[0], `5 ${hex(pdu).toString('hex')}`)
  }
})

test('rtu: behind noise that announces a long frame the awaited reply is found at once', () => {
  const finder = new RtuFrames()
  finder.expect(1, hex('03 0000 0001'))
  const found = find(finder, [hex('01 03 FA 01 03'), encodeRtuFrame(1, hex('03 02 600D'))])
  assert.deepEqual(described(found), ['passed 5', '1 0302600d'])
  assert.deepEqual(
    found.map((one) => one.kind === 'passed' && one.awaited),
    [true, false],
  )
})

test('rtu: values that look like a reply are values: the reply that holds them counts, however it is cut', () => {
  const inner = Buffer.concat([encodeRtuFrame(1, hex('83 02')), encodeRtuFrame(1, hex('03 02 0BAD'))])
  const reply = encodeRtuFrame(1, Buffer.concat([hex('03 C8'), Buffer.alloc(51), inner, Buffer.alloc(137)]))
  for (let cut = 1; cut < reply.length; cut++) {
    const finder = new RtuFrames()
    finder.expect(1, hex('03 0000 0064'))
    const found = find(finder, [reply.subarray(0, cut), reply.subarray(cut)])
    assert.deepEqual(
      found.map(({ kind, bytes }) => [kind, bytes.length]),
      [['frame', 205]],
      `cut at ${cut}`,
    )
  }
})

test('rtu: of bytes that come in a flood only the last are searched; none is lost, and the reply at the end is found', () => {
  const flood = Uint8Array.from({ length: 65_536 }, (_, at) => (at % 2 === 0 ? 250 : 0x14))
  const finder = new RtuFrames()
  finder.expect(1, hex('03 0000 0001'))
  const found = find(finder, [Buffer.concat([flood, encodeRtuFrame(1, hex('03 02 600D'))])])
  assert.equal(described(found).at(-1), '1 0302600d')
  assert.equal(
    found.reduce((sum, { bytes }) => sum + bytes.length, 0),
    65_536 + 7,
  )
  assert.ok(found[0]!.bytes.length > 49_000, `${found[0]!.bytes.length} bytes were passed over at once`)
})

test('ascii: a colon begins anew; bits above the seventh are ignored; digits must be pairs of hex', () => {
  const good = encodeAsciiFrame(1, hex('03 0000 0001'))
  const parity = Uint8Array.from(good, (byte) => byte | 0x80)
  assert.deepEqual(described(find(new AsciiFrames(), [parity])), ['1 0300000001'])
  const reasonOf = (text: string) => {
    const [first] = find(new AsciiFrames(), [Buffer.from(text, 'latin1')], true)
    return first?.kind === 'passed' ? first.reason : 'a frame'
  }
  assert.match(reasonOf(':0103xy\r\n'), /pairs of hex digits/)
  assert.match(reasonOf(':010\r\n'), /pairs of hex digits/)
  assert.match(reasonOf(':01\r\n'), /a frame of 1 bytes/)
  assert.match(reasonOf(':0103'), /a frame ends after 5 bytes/)
  assert.match(reasonOf('noise'), /5 bytes that are no frame/)
  assert.match(reasonOf(`:${'00'.repeat(300)}\r\n`), /longer than any frame/)
  const both = find(new AsciiFrames(), [Buffer.from(':0103'), good])
  assert.deepEqual(described(both), ['passed 5', '1 0300000001'])
})

const pdu = fc.uint8Array({ minLength: 1, maxLength: 253 })
const known = fc.constantFrom(...REQUESTS, ...REPLIES).map(hex)
/** User defined functions (Modbus Application Protocol V1.1b3, clause 5). */
const vendors = fc
  .tuple(fc.integer({ min: 100, max: 110 }), fc.uint8Array({ maxLength: 252 }))
  .map(([code, data]) => Uint8Array.of(code, ...data))
const framings = [
  ['rtu', () => new RtuFrames(), encodeRtuFrame],
  ['ascii', () => new AsciiFrames(), encodeAsciiFrame],
] as const

for (const [framing, create, encode] of framings) {
  test(`property, ${framing}: a frame of a known layout, or of an unknown function, is found once the line was silent`, () => {
    fc.assert(
      fc.property(fc.nat(255), fc.oneof(known, vendors), (unit, bytes) => {
        const found = find(create(), [encode(unit, bytes)], true)
        assert.deepEqual(described(found), [`${unit} ${Buffer.from(bytes).toString('hex')}`])
      }),
    )
  })

  test(`property, ${framing}: any bytes, however cut: nothing thrown, nothing lost, nothing twice, little kept`, () => {
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.tuple(fc.nat(255), fc.oneof(known, pdu)).map(([unit, bytes]) => encode(unit, bytes)),
    )
    const chunks = fc.array(part, { maxLength: 12 })
    fc.assert(
      fc.property(chunks, fc.boolean(), fc.nat(255), known, (parts, client, unit, request) => {
        const finder = create()
        if (client) finder.expect(unit, request)
        const found = find(finder, parts)
        assert.ok(finder.pending <= 2 * MAX_RTU_BYTES + 1, `${finder.pending} bytes kept`)
        finder.silence()
        for (let next = finder.next(); next !== undefined; next = finder.next())
          found.push({ ...next, bytes: new Uint8Array(next.bytes) })
        assert.equal(finder.pending, 0)
        const masked = (bytes: Uint8Array) =>
          Buffer.from(framing === 'ascii' ? Uint8Array.from(bytes, (byte) => byte & 0x7f) : bytes).toString('hex')
        assert.equal(found.map(({ bytes }) => masked(bytes)).join(''), parts.map(masked).join(''))
      }),
      { numRuns: 1000 },
    )
  })

  test(`property, ${framing}: after any noise and a silence the next frame is found`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(255), known, (noise, unit, bytes) => {
        const finder = create()
        find(finder, [noise], true)
        assert.deepEqual(
          described(find(finder, [encode(unit, bytes)], true)).at(-1),
          `${unit} ${bytes.toString('hex')}`,
        )
      }),
    )
  })
}
