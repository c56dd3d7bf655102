/** Capture files as tshark reads them: every function in every framing, both directions, times, comments, addresses. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { TracedExchange } from '../../core/driver.ts'
import { captureFrame } from '../../drivers/modbus/frames.ts'
import { encodeAsciiFrame } from '../../protocols/modbus/ascii.ts'
import { encodeFrame, encodeRequest, type ModbusRequest } from '../../protocols/modbus/index.ts'
import { encodeRtuFrame } from '../../protocols/modbus/rtu.ts'
import { findCommand, needs, temporaryFolder } from '../../testing/peers.ts'
import { encodePcapng } from './pcapng.ts'

const T0 = Date.UTC(2026, 10, 23, 10)

/** What tshark says of each packet, by field. */
function tshark(
  t: TestContext,
  exchanges: readonly TracedExchange[],
  fields: readonly string[],
  ...options: string[]
): Record<string, string>[] {
  const file = join(temporaryFolder(t), 'trace.pcapng')
  writeFileSync(file, encodePcapng(exchanges, 'press-1', captureFrame, 'Bifrost test'))
  const args = [
    '-r',
    file,
    '-T',
    'fields',
    '-E',
    'separator=|',
    ...fields.flatMap((field) => ['-e', field]),
    ...options,
  ]
  const { stdout, stderr, status } = spawnSync(findCommand('tshark')!, args, { encoding: 'utf8' })
  const complaints = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('Running as user'))
  assert.deepEqual([status, complaints], [0, []])
  const lines = stdout.split('\n').filter((line) => line !== '')
  return lines.map((line) => {
    const values = line.split('|')
    return Object.fromEntries(fields.map((field, at) => [field, values[at] ?? '']))
  })
}

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))

interface Pair {
  readonly request: Uint8Array
  readonly response: Uint8Array
}

/** Requests of the codec's vectors, each with the first answer to its function. */
const pairs: readonly Pair[] = (() => {
  const vectors = readFileSync(new URL('../../protocols/modbus/pdu/vectors.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line.includes('|') && !line.startsWith('#'))
    .map((line) => line.split('|').map((part) => part.trim()) as [string, string, string, string])
  const answers = vectors.filter(([, direction]) => direction === 'response').map(([, , bytes]) => hex(bytes))
  return vectors
    .filter(([, direction]) => direction === 'request')
    .flatMap(([, , bytes]) => {
      const request = hex(bytes)
      const response = answers.find((answer) => answer[0] === request[0])
      return response === undefined ? [] : [{ request, response }]
    })
})()

const FRAMINGS: Record<string, (transaction: number, pdu: Uint8Array) => Uint8Array> = {
  'modbus/tcp': (transaction, pdu) => encodeFrame(transaction, 17, pdu),
  'modbus/rtu': (_transaction, pdu) => encodeRtuFrame(17, pdu),
  'modbus/ascii': (_transaction, pdu) => encodeAsciiFrame(17, pdu),
}

const exchangesOf = (protocol: string, endpoint = '10.0.0.5:1502'): TracedExchange[] =>
  pairs.map(({ request, response }, at) => ({
    protocol,
    endpoint,
    sentAt: T0 + at,
    receivedAt: T0 + at + 0.25,
    request: FRAMINGS[protocol]!(at + 1, request),
    response: FRAMINGS[protocol]!(at + 1, response),
    error: undefined,
  }))

const skip = needs('tshark')

test('there are exchanges of all functions', () => {
  assert.deepEqual(
    [...new Set(pairs.map(({ request }) => request[0]!))].sort((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 15, 16, 17, 20, 21, 22, 23, 24, 43],
  )
})

/** Wireshark reads no RTU frame of four bytes: requests of these functions stay bytes, with a comment. */
const TOO_SHORT_AS_RTU = new Set([7, 11, 12, 17])

const LAYERS = [
  ['modbus/tcp', 'mbtcp'],
  ['modbus/rtu', 'mbrtu'],
  ['modbus/ascii', 'mbrtu'],
] as const

for (const [protocol, layer] of LAYERS) {
  test(`tshark reads every function of ${protocol}, requests as requests and answers as answers`, { skip }, (t) => {
    const fields = ['_ws.col.Info', `${layer}.unit_id`, 'modbus.func_code', '_ws.malformed', '_ws.expert.message']
    const checks = ['-o', 'mbrtu.tcp.port:502', '-o', 'mbrtu.crc_verification:TRUE']
    const packets = tshark(t, exchangesOf(protocol), [...fields, 'frame.time_epoch', 'frame.comment'], ...checks)
    assert.equal(packets.length, pairs.length * 2)
    packets.forEach((packet, at) => {
      const isRequest = at % 2 === 0
      const { request, response } = pairs[at >>> 1]!
      const code = (isRequest ? request : response)[0]!
      const what = `packet ${at + 1}, function ${code}: ${JSON.stringify(packet)}`
      assert.equal(packet['_ws.malformed'], '', what)
      // Comments are the only thing that tshark has to say.
      assert.equal(packet['_ws.expert.message'], packet['frame.comment'], what)
      assert.equal(
        Number(packet['frame.time_epoch']).toFixed(5),
        ((T0 + (at >>> 1) + (isRequest ? 0 : 0.25)) / 1000).toFixed(5),
        what,
      )
      if (layer === 'mbrtu' && isRequest && TOO_SHORT_AS_RTU.has(code)) {
        assert.match(packet['frame.comment']!, new RegExp(`unit 17, function ${code}`), what)
        return
      }
      assert.match(packet['_ws.col.Info']!, isRequest ? /Query:/ : /Response:/, what)
      assert.equal(packet[`${layer}.unit_id`], '17', what)
      assert.equal(packet['modbus.func_code'], String(code), what)
    })
  })
}

test('tshark finds the fields that we sent, and each answer to its request', { skip }, (t) => {
  const read = { functionCode: 3, address: 107, count: 3 }
  const exchange: TracedExchange = {
    protocol: 'modbus/tcp',
    endpoint: '10.0.0.5:1502',
    sentAt: T0,
    receivedAt: T0 + 1.5,
    request: encodeFrame(7, 2, encodeRequest(read as ModbusRequest)),
    response: encodeFrame(7, 2, hex('03 06 022B00000064')),
    error: undefined,
  }
  const fields = [
    'ip.src',
    'ip.dst',
    'mbtcp.trans_id',
    'modbus.reference_num',
    'modbus.word_cnt',
    'modbus.regval_uint16',
  ]
  const more = ['modbus.request_frame', 'modbus.response_time', 'frame.interface_name', 'frame.packet_flags_direction']
  const [asked, answered] = tshark(t, [exchange], [...fields, ...more])
  assert.deepEqual(
    fields.slice(2, 5).map((field) => asked![field]),
    ['7', '107', '3'],
  )
  assert.equal(answered!['modbus.regval_uint16'], '555,0,100')
  assert.equal(answered!['modbus.request_frame'], '1')
  assert.equal(Number(answered!['modbus.response_time']), 0.0015)
  assert.equal(asked!['frame.interface_name'], 'press-1 10.0.0.5:1502')
  assert.deepEqual(
    [asked, answered].map((packet) => Number(packet!['frame.packet_flags_direction'])),
    [2, 1],
  )
})

test('what went wrong is a comment; IPv6, host names and serial ports work; strays come in', { skip }, (t) => {
  const request = encodeRtuFrame(3, hex('03 0000 0001'))
  const of = (endpoint: string, more: Partial<TracedExchange>): TracedExchange => ({
    protocol: 'modbus/rtu',
    endpoint,
    sentAt: T0,
    receivedAt: undefined,
    request,
    response: undefined,
    error: undefined,
    ...more,
  })
  const stray = encodeRtuFrame(3, hex('03 02 0001'))
  const packets = tshark(
    t,
    [
      of('/dev/ttyUSB0', { error: 'no answer within 2000 ms' }),
      of('[2001:db8::7]:502', { sentAt: T0 + 1 }),
      of('gateway.example:502', { sentAt: T0 + 2 }),
      of('/dev/ttyUSB0', { sentAt: T0 + 3, receivedAt: T0 + 3, request: undefined, response: stray, error: 'late' }),
    ],
    ['frame.comment', 'frame.interface_name', 'exported_pdu.ipv6_dst', 'exported_pdu.ipv4_src', '_ws.malformed'],
  )
  assert.deepEqual(
    packets.map((packet) => packet['frame.comment']),
    ['no answer within 2000 ms', '', '', 'late'],
  )
  assert.equal(packets[1]!['exported_pdu.ipv6_dst'], '2001:db8::7')
  assert.equal(packets[3]!['exported_pdu.ipv4_src'], '192.0.2.1')
  assert.deepEqual(
    packets.map((packet) => packet['frame.interface_name']),
    ['press-1 /dev/ttyUSB0', 'press-1 [2001:db8::7]:502', 'press-1 gateway.example:502', 'press-1 /dev/ttyUSB0'],
  )
})

test('frames stand in the order in which they went over the wire, whichever was answered first', { skip }, (t) => {
  const [slow, quick] = exchangesOf('modbus/tcp') as [TracedExchange, TracedExchange]
  const packets = tshark(
    t,
    [
      { ...quick, sentAt: T0 + 2, receivedAt: T0 + 3 },
      { ...slow, sentAt: T0, receivedAt: T0 + 9 },
    ],
    ['mbtcp.trans_id', 'frame.time_delta'],
  )
  assert.deepEqual(
    packets.map((packet) => packet['mbtcp.trans_id']),
    ['1', '2', '2', '1'],
  )
  assert.ok(packets.every((packet) => Number(packet['frame.time_delta']) >= 0))
})

test('an empty trace is a file that opens, and damaged frames are bytes in it', { skip }, (t) => {
  assert.deepEqual(tshark(t, [], ['frame.number']), [])
  const damaged: TracedExchange = {
    protocol: 'modbus/ascii',
    endpoint: '/dev/ttyS0',
    sentAt: T0,
    receivedAt: T0,
    request: undefined,
    response: hex('3A 30 31 FF'),
    error: 'noise',
  }
  const [packet] = tshark(t, [damaged], ['frame.protocols', 'data.data'])
  assert.deepEqual(packet, { 'frame.protocols': 'exported_pdu:data', 'data.data': '3a3031ff' })
})
