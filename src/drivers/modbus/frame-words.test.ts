/** Traced frames in words, whatever they travelled in, and what can be found by them. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeAsciiFrame } from '../../protocols/modbus/ascii.ts'
import { encodeFrame } from '../../protocols/modbus/index.ts'
import { encodeRtuFrame } from '../../protocols/modbus/rtu.ts'
import { describeFrame } from './frame-words.ts'
import { captureFrame, inspectFrame } from './frames.ts'

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const tcp = (pdu: string, unit = 1) => encodeFrame(9, unit, hex(pdu))
const asked = (pdu: string) => describeFrame('modbus/tcp', tcp(pdu), undefined)
const answered = (request: string, response: string) => describeFrame('modbus/tcp', tcp(response), tcp(request))

test('requests are said with all their fields', () => {
  const cases: Record<string, string> = {
    '03 006B 0003': 'unit 1 Read Holding Registers (03) address 107 count 3',
    '05 00AC FF00': 'unit 1 Write Single Coil (05) address 172 value on',
    '05 00AC 0000': 'unit 1 Write Single Coil (05) address 172 value off',
    '06 0001 0003': 'unit 1 Write Single Register (06) address 1 value 3',
    '0F 0013 000A 02 CD01': 'unit 1 Write Multiple Coils (15) address 19 count 10 bits 10110011 10',
    '10 0001 0002 04 000A 0102': 'unit 1 Write Multiple Registers (16) address 1 count 2 registers 000A 0102',
    '16 0004 00F2 0025': 'unit 1 Mask Write Register (22) address 4 and mask 00F2 or mask 0025',
    '2B 0E 01 00': 'unit 1 Read Device Identification (43) mei type 14 level 1 object id 0',
    '14 07 06 0004 0001 0002': 'unit 1 Read File Record (20) [reference type 6 file 4 record 1 count 2]',
    '41 0102': 'unit 1 function 65 data 0102',
  }
  for (const [pdu, words] of Object.entries(cases)) assert.equal(asked(pdu), words)
})

test('answers are said with their values, as far as the request tells how many', () => {
  assert.equal(
    answered('03 006B 0003', '03 06 022B 0000 0064'),
    'unit 1 Read Holding Registers (03) registers 022B 0000 0064',
  )
  assert.equal(answered('01 0013 0003', '01 01 05'), 'unit 1 Read Coils (01) bits 101')
  assert.equal(
    answered('2B 0E 01 00', '2B 0E 01 01 00 00 01 00 04 41636D65'),
    'unit 1 Read Device Identification (43) mei type 14 level 1 conformity 1 more follows 0 next object id 0 [id 0 value "Acme"]',
  )
  const long = `03 50 ${'0001'.repeat(40)}`
  assert.match(answered('03 0000 0028', long), /(0001 ){16}… 40 in all$/)
})

test('exceptions are said with their meaning', () => {
  assert.match(
    answered('03 0000 0001', '83 02'),
    /^unit 1 Read Holding Registers \(03\) exception 02 ILLEGAL DATA ADDRESS: the device has no such address/,
  )
})

test('bytes that answer nothing are read as an answer', () => {
  const words = describeFrame('modbus/tcp', tcp('03 02 0007'), new Uint8Array(0))
  assert.equal(words, 'unit 1 Read Holding Registers (03) registers 0007')
})

test('RTU and ASCII frames are said alike; a wrong check is said too', () => {
  const pdu = hex('03 0000 0002')
  const words = 'unit 7 Read Holding Registers (03) address 0 count 2'
  const rtu = encodeRtuFrame(7, pdu)
  const ascii = encodeAsciiFrame(7, pdu)
  assert.equal(describeFrame('modbus/rtu', rtu, undefined), words)
  assert.equal(describeFrame('modbus/ascii', ascii, undefined), words)
  rtu[7]! ^= 1
  assert.match(
    describeFrame('modbus/rtu', rtu, undefined),
    new RegExp(`^${words.replace(/[()]/g, '\\$&')} CRC .{4} is wrong$`),
  )
  ascii[13] = 0x30
  ascii[14] = 0x30
  assert.match(describeFrame('modbus/ascii', ascii, undefined), /LRC 00 is wrong$/)
  assert.match(describeFrame('modbus/rtu', hex('0103'), undefined), /2 bytes that are no frame/)
})

test('a frame is found by unit, function and exception', () => {
  assert.deepEqual(inspectFrame('modbus/tcp', tcp('83 02', 5)), { unit: 5, functionCode: 3, exceptionCode: 2 })
  assert.deepEqual(inspectFrame('modbus/rtu', encodeRtuFrame(6, hex('06 0001 0002'))), { unit: 6, functionCode: 6 })
  assert.equal(inspectFrame('modbus/tcp', hex('0001 0000')), undefined)
  assert.equal(inspectFrame('modbus/tcp', hex('0001 0000 0001 05')), undefined, 'a header and nothing behind it')
})

test('every vector of the codec has words for each of its fields, and none is "not as the function demands"', () => {
  const vectors = readFileSync(new URL('../../protocols/modbus/pdu/vectors.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line.includes('|') && !line.startsWith('#'))
    .map((line) => line.split('|').map((part) => part.trim()) as [string, string, string, string])
  assert.ok(vectors.length > 30)
  for (const [what, direction, bytes, json] of vectors) {
    const words = describeFrame('modbus/tcp', tcp(bytes), direction === 'request' ? undefined : new Uint8Array(0))
    assert.doesNotMatch(words, /not as the function demands|undefined|\[object/, what)
    const fields = JSON.parse(json) as Record<string, unknown>
    if ('exceptionCode' in fields) continue
    for (const name of Object.keys(fields).filter((key) => key !== 'functionCode' && !Array.isArray(fields[key])))
      assert.ok(
        words.includes(name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)),
        `${what}: ${name} in ${words}`,
      )
  }
})

test('any bytes have words, in any framing, and never throw', () => {
  const protocol = fc.constantFrom('modbus/tcp', 'modbus/rtu', 'modbus/ascii')
  const bytes = fc.uint8Array({ maxLength: 300 })
  fc.assert(
    fc.property(protocol, bytes, fc.option(bytes, { nil: undefined }), (framing, frame, request) => {
      assert.notEqual(describeFrame(framing, frame, request), '')
      inspectFrame(framing, frame)
      captureFrame(framing, frame)
    }),
    { numRuns: 2000 },
  )
})
