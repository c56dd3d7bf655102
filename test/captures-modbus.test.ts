/**
 * Our Modbus codec against recorded traffic of real plants and test rigs: every frame decodes to the fields that tshark (a
 * second opinion nobody here wrote) gave, and encodes again to the same bytes; malformed frames get a reason.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { messageOf } from '../src/core/errors.ts'
import {
  checkRequest,
  decodeRequest,
  decodeResponse,
  encodeFrame,
  encodeRequest,
  encodeResponse,
  isException,
  replyMismatch,
  type ModbusRequest,
  type ModbusResponse,
} from '../src/protocols/modbus/index.ts'
import { readModbusCapture, recordedUnits, type RecordedFrame } from '../src/testing/modbus-captures.ts'
import { needsFile } from '../src/testing/peers.ts'

const FOLDER = fileURLToPath(new URL('../../shared/captures/modbus/', import.meta.url))
const skip = needsFile(FOLDER)

const FIELDS = [
  'trans_id',
  'unit_id',
  'func_code',
  'reference_num',
  'word_cnt',
  'bit_cnt',
  'byte_cnt',
  'exception_code',
  'regval_uint16',
] as const
type Field = (typeof FIELDS)[number]
type Row = Record<Field, string>

/** tshark's rows by packet number. */
function readRows(name: string): Map<number, Row> {
  const [head, ...lines] = readFileSync(`${FOLDER}${name}.tsv`, 'utf8').trim().split('\n')
  const columns = head!.split('\t').map((column) => column.replace(/^(modbus|mbtcp|frame|tcp)\./, ''))
  return new Map(
    lines.map((line) => {
      const cells = line.split('\t')
      const row = Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? '']))
      return [Number(row.number), row as Row]
    }),
  )
}

type Decoded = { readonly message: ModbusRequest | ModbusResponse } | { readonly reason: string }

/** The message, checked to encode to the same bytes, or why the frame is malformed. */
function decode({ toServer, transaction, unit, pdu, bytes }: RecordedFrame): Decoded {
  let message: ModbusRequest | ModbusResponse
  try {
    message = toServer ? decodeRequest(pdu) : decodeResponse(pdu)
  } catch (error) {
    // Carried as they stand, even malformed messages give the same bytes.
    const whole = encodeRequest({ functionCode: pdu[0]!, data: pdu.subarray(1) })
    assert.deepEqual(Buffer.from(encodeFrame(transaction, unit, whole)), Buffer.from(bytes))
    return { reason: messageOf(error) }
  }
  const again = toServer ? encodeRequest(message as ModbusRequest) : encodeResponse(message as ModbusResponse)
  assert.deepEqual(Buffer.from(encodeFrame(transaction, unit, again)), Buffer.from(bytes))
  return { message }
}

/** The fields as tshark names them. */
function fieldsOf({ transaction, unit, pdu }: RecordedFrame, decoded: Decoded): Row {
  const row: Row = {
    trans_id: String(transaction),
    unit_id: String(unit),
    func_code: String(pdu[0]! & 0x7f),
    reference_num: '',
    word_cnt: '',
    bit_cnt: '',
    byte_cnt: '',
    exception_code: '',
    regval_uint16: '',
  }
  if ('reason' in decoded) return row
  const { message } = decoded
  if (isException(message as ModbusResponse))
    row.exception_code = String((message as { exceptionCode: number }).exceptionCode)
  if ('address' in message) row.reference_num = String(message.address)
  if ('count' in message)
    row[[1, 2, 15].includes(message.functionCode) ? 'bit_cnt' : 'word_cnt'] = String(message.count)
  if ('bits' in message) row.byte_cnt = String(message.bits.length)
  if ('registers' in message) {
    const { registers } = message
    row.byte_cnt = String(registers.length)
    row.regval_uint16 = Array.from(
      { length: registers.length / 2 },
      (_, i) => registers[2 * i]! * 256 + registers[2 * i + 1]!,
    ).join(',')
  }
  return row
}

/** Every field of every frame in which we and tshark differ, as `packet field tshark → ours`. */
function differences(name: string): { count: number; found: string[]; malformed: string[] } {
  const rows = readRows(name)
  const { frames, violations } = readModbusCapture(`${FOLDER}${name}.pcap`)
  const found: string[] = []
  const malformed = violations.map(({ packet, reason }) => `${packet.number} ${reason}`)
  for (const [number, row] of rows) {
    const ours = frames
      .filter(({ packet }) => packet.number === number)
      .map((frame) => {
        const decoded = decode(frame)
        if ('reason' in decoded) malformed.push(`${number} ${decoded.reason}`)
        const limit =
          'message' in decoded && frame.toServer ? checkRequest(decoded.message as ModbusRequest) : undefined
        if (limit !== undefined) malformed.push(`${number} ${limit}`)
        return fieldsOf(frame, decoded)
      })
    for (const field of FIELDS) {
      const value = ours
        .map((fields) => fields[field])
        .filter((text) => text !== '')
        .join(',')
      if (value !== row[field]) found.push(`${number} ${field} ${row[field]} → ${value}`)
    }
  }
  const strangers = frames
    .filter(({ packet }) => !rows.has(packet.number))
    .map(({ packet }) => `${packet.number} is not in the .tsv`)
  return {
    count: frames.length,
    found: [...found, ...strangers],
    malformed: malformed.sort((a, b) => parseInt(a, 10) - parseInt(b, 10)),
  }
}

/** What is expected of each file; nothing may differ from tshark but what is listed here with its reason. */
const CAPTURES: Record<string, { frames: number; differs: Record<string, string>; malformed: string[] }> = {
  'plant-1': { frames: 2258, differs: {}, malformed: [] },
  'plant-2': { frames: 3975, differs: {}, malformed: [] },
  small: { frames: 32, differs: {}, malformed: [] },
  'test-data-1': {
    frames: 45,
    differs: {},
    malformed: [
      // A client that was set to send requests of 12 bytes whatever the function.
      '32 Read Device Identification: 1 bytes too many',
      '34 Read Device Identification: 1 bytes too many',
      // Not Modbus TCP at all; tshark does not decode these either.
      '76 MBAP length is 34820, allowed are 2 to 254',
      '78 MBAP length is 34820, allowed are 2 to 254',
      '80 MBAP protocol id is 16, Modbus has 0',
      '82 MBAP protocol id is 16, Modbus has 0',
      // Packet 111 announces 5 bytes and brings 8: the last three begin a frame that cannot be one.
      '113 MBAP protocol id is 8960, Modbus has 0',
    ],
  },
  'test-data-2': {
    frames: 281,
    differs: {
      '22 reference_num 0 → ':
        'the request is two bytes too long: we refuse the whole message, tshark shows its first field',
      '57 byte_cnt 0 → ': 'three bytes too long: refused as a whole, tshark shows its first field',
      '60 byte_cnt 0 → ': 'three bytes too long: refused as a whole, tshark shows its first field',
      '62 reference_num 0 → ': 'the request is cut short (tshark: malformed): we refuse the whole message',
      '66 reference_num 0 → ': 'two bytes too long: refused as a whole, tshark shows its first field',
    },
    malformed: [
      // A scan of all function codes with requests of 4 zero bytes: quantity 0, or too short, or too long.
      '11 quantity 0 is outside 1…2000',
      '14 quantity 0 is outside 1…2000',
      '16 quantity 0 is outside 1…125',
      '18 quantity 0 is outside 1…125',
      '22 Write Single Register: 2 bytes too many',
      '35 Get Comm Event Counter: 4 bytes too many',
      '37 Get Comm Event Log: 4 bytes too many',
      '45 quantity 0 is outside 1…1968',
      '47 quantity 0 is outside 1…123',
      '50 Report Server ID: 4 bytes too many',
      '57 Read File Record: 3 bytes too many',
      '60 Write File Record: 3 bytes too many',
      '62 OR mask: 2 bytes announced or needed, 0 are there',
      '64 write address: 2 bytes announced or needed, 0 are there',
      '66 Read FIFO Queue: 2 bytes too many',
    ],
  },
  'fuzz-72': {
    frames: 17,
    differs: {},
    malformed: [
      '1 MBAP length is 0, allowed are 2 to 254',
      '7 MBAP length is 0, allowed are 2 to 254',
      '8 MBAP protocol id is 512, Modbus has 0',
      '12 MBAP protocol id is 65, Modbus has 0',
      '35 MBAP protocol id is 43690, Modbus has 0',
    ],
  },
  'fuzz-1011': { frames: 4, differs: {}, malformed: ['1 quantity 147 is outside 1…125'] },
}

for (const [name, expected] of Object.entries(CAPTURES)) {
  test(
    `${name}: ${expected.frames} frames decode as tshark decodes them, encode to the same bytes, and what is malformed has a reason`,
    { skip },
    () => {
      const { count, found, malformed } = differences(name)
      assert.equal(count, expected.frames)
      assert.deepEqual(found, Object.keys(expected.differs))
      assert.deepEqual(malformed, expected.malformed)
    },
  )
}

test('fuzz-1011: an answer passes for the request that it fits, and no other', { skip }, () => {
  const { frames } = readModbusCapture(`${FOLDER}fuzz-1011.pcap`)
  const request = frames.find(({ toServer, packet }) => toServer && packet.number === 5)!
  const reply = frames.find(({ packet }) => packet.number === 6)!
  assert.equal(replyMismatch(request.pdu, reply.pdu, 0, reply.pdu.length), undefined)
  const other = frames.find(({ packet }) => packet.number === 1)!
  assert.equal(
    replyMismatch(other.pdu, reply.pdu, 0, reply.pdu.length),
    'reply announces 200 bytes and holds 200, 294 expected',
  )
})

test('the register map of the plants: each unit with the requests that it answered', { skip }, () => {
  const map = (name: string) =>
    [...recordedUnits(`${FOLDER}${name}.pcap`)].map(([unit, answers]) =>
      [unit, ...answers.map((a) => `${a.function}/${a.address}+${a.count}`)].join(' '),
    )
  assert.deepEqual(map('plant-1'), ['1 4/0+2 4/0+8 4/0+14', '2 4/0+2 4/0+8 4/0+14', '3 4/0+2 4/0+14', '7 4/4+1'])
  assert.deepEqual(map('plant-2'), [
    '1 4/0+2 4/0+14 4/1+14',
    '2 4/0+2 4/0+14 4/1+14',
    '3 4/0+2 4/0+14 4/1+14',
    '7 3/4+2 4/4+1',
  ])
})
