/**
 * tshark's opinion of every kind of frame that we make: each function as request and response, on TCP and as RTU frames; all
 * fields as we meant them, nothing malformed, every check right.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import {
  encodeFrame,
  encodeRequest,
  encodeResponse,
  type ModbusRequest,
  type ModbusResponse,
} from '../src/protocols/modbus/index.ts'
import { CODECS } from '../src/protocols/modbus/pdu/functions.ts'
import { encodeRtuFrame } from '../src/protocols/modbus/rtu.ts'
import { run } from '../src/testing/modbus-strangers.ts'
import { toPcap } from '../src/testing/pcap.ts'
import { findCommand, needs, temporaryFolder } from '../src/testing/peers.ts'

type Fields = Readonly<Record<string, string>>
/** A message and what tshark must call its fields. */
type Exchange = readonly [request: ModbusRequest, asked: Fields, response: ModbusResponse | undefined, answered: Fields]

const TCP_PORT = 502
/** tshark tells requests from replies by the port. */
const RTU_PORT = 5020

const at = (address: number) => ({ reference_num: String(address) })
const bytes = (...values: number[]) => Uint8Array.from(values)
const READ = { address: 107, count: 2 }
const ASKED = { ...at(107), word_cnt: '2' }
const TWO_REGISTERS = { byte_cnt: '4', regval_uint16: '258,772' }
const diagnose = (subFunction: number, word: number, field: string, answer = word): Exchange => {
  const payload = (value: number) => bytes(value >> 8, value & 0xff)
  const shown = (value: number): Fields => (field === '' ? {} : { [`diagnostic.${field}`]: String(value) })
  const code = { diagnostic_code: String(subFunction) }
  const echoed = ['restart_communication_option', 'ascii_input_delimiter'].includes(field)
  return [
    { functionCode: 8, subFunction, payload: payload(word) },
    { ...code, ...(echoed ? shown(field === 'ascii_input_delimiter' ? word >> 8 : word) : {}) },
    { functionCode: 8, subFunction, payload: payload(answer) },
    { ...code, ...shown(field === 'ascii_input_delimiter' ? word >> 8 : answer) },
  ]
}
const loopback = bytes(0xa5, 0x37)
const part = { referenceType: 6, file: 4, record: 7 }

const EXCHANGES: readonly Exchange[] = [
  [
    { functionCode: 1, address: 19, count: 19 },
    { ...at(19), bit_cnt: '19' },
    { functionCode: 1, bits: bytes(1, 2, 3) },
    { byte_cnt: '3' },
  ],
  [
    { functionCode: 2, address: 196, count: 22 },
    { ...at(196), bit_cnt: '22' },
    { functionCode: 2, bits: bytes(1, 2, 3) },
    { byte_cnt: '3' },
  ],
  [{ functionCode: 3, ...READ }, ASKED, { functionCode: 3, registers: bytes(1, 2, 3, 4) }, TWO_REGISTERS],
  [{ functionCode: 4, ...READ }, ASKED, { functionCode: 4, registers: bytes(1, 2, 3, 4) }, TWO_REGISTERS],
  [
    { functionCode: 5, address: 172, value: 0xff00 },
    at(172),
    { functionCode: 5, address: 172, value: 0xff00 },
    at(172),
  ],
  [{ functionCode: 6, address: 1, value: 3 }, at(1), { functionCode: 6, address: 1, value: 3 }, at(1)],
  [{ functionCode: 7 }, {}, { functionCode: 7, status: 0x6d }, {}],
  [
    { functionCode: 8, subFunction: 0, payload: loopback },
    { diagnostic_code: '0', 'diagnostic.return_query_data.request': 'a537' },
    { functionCode: 8, subFunction: 0, payload: loopback },
    { diagnostic_code: '0', 'diagnostic.return_query_data.echo': 'a537' },
  ],
  diagnose(1, 0xff00, 'restart_communication_option'),
  diagnose(2, 0, 'return_diag_register', 0x1234),
  diagnose(3, 0x2100, 'ascii_input_delimiter'),
  diagnose(10, 0, 'clear_ctr_diag_reg'),
  diagnose(11, 0, 'bus_message_count', 0x1234),
  diagnose(12, 0, 'bus_comm_error_count', 1),
  diagnose(13, 0, 'bus_exception_error_count', 2),
  diagnose(14, 0, 'slave_message_count', 3),
  diagnose(15, 0, 'no_slave_response_count', 4),
  diagnose(16, 0, 'slave_nak_count', 5),
  diagnose(17, 0, 'slave_busy_count', 6),
  diagnose(18, 0, 'bus_char_overrun_count', 7),
  diagnose(20, 0, ''),
  // Nobody answers Force Listen Only Mode.
  [{ functionCode: 8, subFunction: 4, payload: bytes(0, 0) }, { diagnostic_code: '4' }, undefined, {}],
  [
    { functionCode: 11 },
    {},
    { functionCode: 11, status: 0xffff, eventCount: 264 },
    { ev_status: '65535', ev_count: '264' },
  ],
  [
    { functionCode: 12 },
    {},
    { functionCode: 12, status: 0, eventCount: 264, messageCount: 289, events: bytes(0x80, 0x41, 0x04, 0x00) },
    { byte_cnt: '10', ev_status: '0', ev_count: '264', ev_msg_count: '289', event: '128,65,4,0' },
  ],
  [
    { functionCode: 15, address: 19, count: 10, bits: bytes(1, 1) },
    { ...at(19), bit_cnt: '10', byte_cnt: '2' },
    { functionCode: 15, address: 19, count: 10 },
    { ...at(19), bit_cnt: '10' },
  ],
  [
    { functionCode: 16, address: 107, count: 2, registers: bytes(1, 2, 3, 4) },
    { ...ASKED, ...TWO_REGISTERS },
    { functionCode: 16, address: 107, count: 2 },
    ASKED,
  ],
  [{ functionCode: 17 }, {}, { functionCode: 17, content: bytes(7, 0xff, 0x41) }, {}],
  [
    {
      functionCode: 20,
      ranges: [
        { ...part, count: 2 },
        { ...part, file: 3, record: 9, count: 1 },
      ],
    },
    { byte_cnt: '14', reference_type: '6,6', reference_num_32: '262151,196617', word_cnt: '2,1' },
    {
      functionCode: 20,
      parts: [
        { referenceType: 6, registers: bytes(1, 2, 3, 4) },
        { referenceType: 6, registers: bytes(5, 6) },
      ],
    },
    { byte_cnt: '10,5,3', reference_type: '6,6' },
  ],
  [
    { functionCode: 21, parts: [{ ...part, registers: bytes(6, 0xaf, 4, 0xbe) }] },
    { byte_cnt: '11', reference_type: '6', reference_num_32: '262151', word_cnt: '2' },
    { functionCode: 21, parts: [{ ...part, registers: bytes(6, 0xaf, 4, 0xbe) }] },
    { byte_cnt: '11', reference_type: '6', reference_num_32: '262151', word_cnt: '2' },
  ],
  [
    { functionCode: 22, address: 4, andMask: 242, orMask: 37 },
    { ...at(4), and_mask: '242', or_mask: '37' },
    { functionCode: 22, address: 4, andMask: 242, orMask: 37 },
    { ...at(4), and_mask: '242', or_mask: '37' },
  ],
  [
    { functionCode: 23, readAddress: 3, readCount: 2, writeAddress: 14, writeCount: 2, registers: bytes(1, 2, 3, 4) },
    { read_reference_num: '3', read_word_cnt: '2', write_reference_num: '14', write_word_cnt: '2', byte_cnt: '4' },
    { functionCode: 23, registers: bytes(1, 2, 3, 4) },
    { byte_cnt: '4' },
  ],
  [
    { functionCode: 24, address: 1246 },
    at(1246),
    { functionCode: 24, registers: bytes(1, 0xb8, 0x12, 0x84) },
    { byte_cnt_16: '6', word_cnt: '2' },
  ],
  [
    { functionCode: 43, meiType: 14, level: 1, objectId: 0 },
    { mei: '14', read_device_id: '1', object_id: '0' },
    {
      functionCode: 43,
      meiType: 14,
      level: 1,
      conformity: 0x81,
      moreFollows: 0,
      nextObjectId: 0,
      objects: [{ id: 0, value: Buffer.from('Acme') }],
    },
    {
      mei: '14',
      read_device_id: '1',
      conformity_level: '129',
      num_objects: '1',
      object_id: '0',
      object_str_value: 'Acme',
    },
  ],
  [{ functionCode: 3, ...READ }, ASKED, { functionCode: 3, exceptionCode: 2 }, { exception_code: '2' }],
]

const FIELDS = [
  ...new Set(EXCHANGES.flatMap(([, asked, , answered]) => [...Object.keys(asked), ...Object.keys(answered)])),
]

interface Sent {
  readonly toServer: boolean
  readonly pdu: Uint8Array
  readonly fields: Fields
}

const SENT: readonly Sent[] = EXCHANGES.flatMap(([request, asked, response, answered]) => [
  { toServer: true, pdu: encodeRequest(request), fields: asked },
  ...(response === undefined ? [] : [{ toServer: false, pdu: encodeResponse(response), fields: answered }]),
])

/** tshark's rows, one a frame: its name for the frame, whether it is malformed, and the fields by name. */
async function dissect(
  t: TestContext,
  frames: readonly { toServer: boolean; bytes: Uint8Array }[],
  port: number,
  ...options: string[]
) {
  const file = join(temporaryFolder(t), 'sent.pcap')
  writeFileSync(file, toPcap(frames, port))
  const columns = ['_ws.col.Info', '_ws.malformed', 'modbus.func_code', ...FIELDS.map((field) => `modbus.${field}`)]
  const more = options.includes('mbrtu.crc_verification:TRUE')
    ? ['mbrtu.crc16.status', 'mbrtu.unit_id']
    : ['mbtcp.unit_id']
  const asked = [...columns, ...more].flatMap((column) => ['-e', column])
  const args = ['-r', file, ...options, '-T', 'fields', ...asked]
  const { stdout } = await run(findCommand('tshark') ?? 'tshark', args)
  const rows = stdout.replace(/\n$/, '').split('\n')
  return rows.map((row) => {
    const cells = row.split('\t')
    const fields = Object.fromEntries(FIELDS.map((field, i) => [field, decimal(cells[3 + i] ?? '')]))
    return { info: cells[0]!, malformed: cells[1]!, functionCode: cells[2]!, fields, rest: cells.slice(columns.length) }
  })
}

/** Some fields are shown as 0x and so many digits. */
const decimal = (text: string): string => text.replace(/0x[0-9a-f]+/g, (digits) => String(Number(digits)))

type Row = Awaited<ReturnType<typeof dissect>>[number]

function compare({ toServer, pdu, fields }: Sent, row: Row): void {
  const what = Buffer.from(pdu).toString('hex')
  assert.match(row.info, toServer ? /Query:/ : /Response:/, what)
  assert.equal(row.malformed, '', what)
  assert.equal(row.functionCode, String(pdu[0]! & 0x7f), what)
  const shown = Object.fromEntries(Object.entries(row.fields).filter(([, value]) => value !== ''))
  assert.deepEqual(shown, fields, what)
}

test('among the frames is every function that has a codec', () => {
  const functions = new Set(EXCHANGES.map(([{ functionCode }]) => functionCode))
  assert.deepEqual(
    [...functions].sort((a, b) => a - b),
    [...CODECS.keys()].sort((a, b) => a - b),
  )
})

test('Modbus TCP: tshark reads every field of every function as we wrote it', { skip: needs('tshark') }, async (t) => {
  const frames = SENT.map(({ toServer, pdu }, i) => ({ toServer, bytes: encodeFrame(i >> 1, 17, pdu) }))
  const rows = await dissect(t, frames, TCP_PORT)
  assert.equal(rows.length, SENT.length)
  SENT.forEach((sent, i) => {
    compare(sent, rows[i]!)
    assert.deepEqual(rows[i]!.rest, ['17'])
  })
})

/** tshark takes less than five bytes for no RTU frame: requests that are a function code alone cannot be shown to it. */
const forRtu = SENT.filter(({ pdu }) => pdu.length > 1)

test('RTU: the same fields, and every CRC is right', { skip: needs('tshark') }, async (t) => {
  const frames = forRtu.map(({ toServer, pdu }) => ({ toServer, bytes: encodeRtuFrame(17, pdu) }))
  const options = ['-o', `mbrtu.tcp.port:${RTU_PORT}`, '-o', 'mbrtu.crc_verification:TRUE']
  const rows = await dissect(t, frames, RTU_PORT, ...options)
  assert.equal(rows.length, forRtu.length)
  forRtu.forEach((sent, i) => {
    compare(sent, rows[i]!)
    assert.deepEqual(rows[i]!.rest, ['1', '17'])
  })
})
