import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GatewayError, NotConnectedError } from '../../core/errors.ts'
import { playPeer } from '../../testing/modbus-peer.ts'
import { settle } from '../../testing/virtual-clock.ts'
import { ModbusException, encodeRequest } from './index.ts'

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** `assert.rejects` that starts listening at once, so that an early rejection is not unhandled. */
const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => assert.fail(`resolved with ${String(value)}`),
    (error: unknown) => error,
  )

async function failsWith(promise: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  const error = await promise
  assert.ok(error instanceof GatewayError, String(error))
  assert.equal(error.code, code)
  assert.match(error.message, message)
}

test('each function sends the bytes of the standard and takes the reply', async () => {
  const { client, say, sent } = playPeer()
  const calls: [Promise<unknown>, string, string, string | undefined][] = [
    [client.readCoils(17, 19, 19), '000100000006110100130013', '0001 0000 0006 11 01 03 CD6B05', 'cd6b05'],
    [client.readDiscreteInputs(17, 196, 22), '0002000000061102 00c40016', '0002 0000 0006 11 02 03 ACDB35', 'acdb35'],
    [
      client.readHoldingRegisters(17, 107, 3),
      '0003000000061103006b0003',
      '0003 0000 0009 11 03 06 022B00000064',
      '022b00000064',
    ],
    [client.readInputRegisters(17, 8, 1), '000400000006110400080001', '0004 0000 0005 11 04 02 000A', '000a'],
    [client.writeCoil(17, 172, true), '0005000000061105 00acff00', '0005 0000 0006 11 05 00AC FF00', undefined],
    [client.writeRegister(17, 1, 3), '000600000006110600010003', '0006 0000 0006 11 06 0001 0003', undefined],
    [
      client.writeCoils(17, 19, 10, Uint8Array.of(0xcd, 1)),
      '000700000009110f0013000a02cd01',
      '0007 0000 0006 11 0F 0013 000A',
      undefined,
    ],
    [
      client.writeRegisters(17, 1, Uint8Array.of(0, 10, 1, 2)),
      '00080000000b1110000100 0204000a0102',
      '0008 0000 0006 11 10 0001 0002',
      undefined,
    ],
  ]
  await settle()
  assert.equal(sent(), calls.map(([, bytes]) => bytes.replaceAll(' ', '')).join(''))
  for (const [promise, , reply, value] of calls) {
    await say(reply)
    const result = await promise
    assert.equal(result === undefined ? undefined : toHex(result as Uint8Array), value)
  }
  const mask = client.maskWriteRegister(17, 4, 0xf2, 0x25)
  const both = client.readWriteRegisters(
    17,
    { address: 3, count: 1 },
    { address: 14, registers: Uint8Array.of(0, 0xff) },
  )
  await say('0009 0000 0008 11 16 0004 00F2 0025')
  await say('000A 0000 0005 11 17 02 00FE')
  await mask
  assert.equal(toHex(await both), '00fe')
})

test('device identification is asked on until nothing more follows', async () => {
  const { client, say, sent } = playPeer()
  const identification = client.readDeviceIdentification(1)
  await settle()
  await say('0001 0000 000D 01 2B 0E 01 01 FF 01 01 00 03 41 43 4D')
  await say('0002 0000 0010 01 2B 0E 01 01 00 00 02 01 02 58 31 02 02 76 31')
  const { vendor, product, revision, conformity } = await identification
  assert.deepEqual(
    { vendor, product, revision, conformity },
    { vendor: 'ACM', product: 'X1', revision: 'v1', conformity: 1 },
  )
  assert.equal(sent(), '000100000005012b0e0100' + '000200000005012b0e0101')
})

test('a device that says "more follows" for ever, naming the same object, ends', async () => {
  const { client, say } = playPeer()
  const identification = client.readDeviceIdentification(1)
  await say('0001 0000 000B 01 2B 0E 01 01 FF 00 01 00 01 41')
  assert.equal((await identification).vendor, 'A')
})

test('a reply split at every byte position is the same reply', async () => {
  const reply = '0001 0000 0009 11 03 06 022B00000064'.replaceAll(' ', '')
  for (let cut = 2; cut < reply.length; cut += 2) {
    const { client, say } = playPeer()
    const value = client.readHoldingRegisters(17, 107, 3)
    await say(reply.slice(0, cut))
    await say(reply.slice(cut))
    assert.equal(toHex(await value), '022b00000064')
  }
})

test('byte by byte, and all replies in one chunk out of order', async () => {
  const { client, say } = playPeer()
  const first = client.readHoldingRegisters(1, 0, 1)
  const second = client.readHoldingRegisters(2, 0, 1)
  const third = client.readHoldingRegisters(3, 0, 1)
  await say('0003 0000 0005 03 03 02 0333 0001 0000 0005 01 03 02 0111')
  for (const byte of ['00', '02', '00', '00', '00', '05', '02', '03', '02', '02', '22']) await say(byte)
  assert.deepEqual((await Promise.all([first, second, third])).map(toHex), ['0111', '0222', '0333'])
})

test('an exception reply rejects with its code and a sentence; the connection stays', async () => {
  const { client, say } = playPeer()
  const failed = rejection(client.readHoldingRegisters(7, 100, 2))
  await say('0001 0000 0003 07 83 02')
  const error = await failed
  assert.ok(error instanceof ModbusException)
  assert.equal(error.exceptionCode, 2)
  assert.match(
    error.message,
    /^press-1 unit 7, Read Holding Registers \(03\) at 100: exception 02 ILLEGAL DATA ADDRESS/,
  )
  assert.equal(client.closed, false)
  const next = client.readHoldingRegisters(7, 0, 1)
  await say('0002 0000 0005 07 03 02 0001')
  assert.equal(toHex(await next), '0001')
})

const BAD_REPLIES: [string, string, RegExp][] = [
  ['another transaction id, never asked', '0009 0000 0005 01 03 02 0001', /reply has transaction id 9, 1 was asked/],
  ['another unit', '0001 0000 0005 02 03 02 0001', /reply is from unit 2, unit 1 was asked/],
  ['another function', '0001 0000 0005 01 04 02 0001', /reply is for function 4, 3 was asked/],
  ['an exception of another function', '0001 0000 0003 01 84 02', /reply is for function 132/],
  ['a short reply', '0001 0000 0003 01 03 02', /announces 2 bytes and holds 0, 2 expected/],
  ['a byte count that announces too much', '0001 0000 0005 01 03 04 0001', /announces 4 bytes and holds 2, 2 expected/],
  ['a byte count that announces too little', '0001 0000 0005 01 03 01 0001', /announces 1 bytes and holds 2/],
  ['more registers than asked', '0001 0000 0007 01 03 04 00010002', /announces 4 bytes and holds 4, 2 expected/],
  ['nothing but the function code', '0001 0000 0002 01 03', /without a byte count/],
  ['an exception without a code', '0001 0000 0002 01 83', /exception without a code/],
]
for (const [what, reply, message] of BAD_REPLIES) {
  test(`bad reply: ${what} fails its own request at once; the next one works on the same connection`, async () => {
    const { client, say } = playPeer()
    const failed = rejection(client.readHoldingRegisters(1, 0, 1))
    await say(reply)
    await failsWith(failed, 'PROTOCOL_VIOLATION', message)
    assert.equal(client.stats.violations, 1)
    const next = client.readHoldingRegisters(1, 0, 1)
    await say('0002 0000 0005 01 03 02 0007')
    assert.equal(toHex(await next), '0007')
  })
}

const LOST_FRAMING: [string, string, RegExp][] = [
  ['MBAP length 0', '0001 0000 0000 01 03', /MBAP length is 0, allowed are 2 to 254/],
  ['MBAP length 1', '0001 0000 0001 01', /MBAP length is 1/],
  ['MBAP length 255', '0001 0000 00FF 01 03', /MBAP length is 255/],
  ['MBAP length 65535', '0001 0000 FFFF 01 03', /MBAP length is 65535/],
  ['a protocol id that is not 0', '0001 0001 0005 01 03 02 0001', /MBAP protocol id is 1/],
  ['garbage', 'DEADBEEF CAFEBABE 0102030405060708', /MBAP protocol id is 48879/],
  ['an HTTP server', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n').toString('hex'), /MBAP protocol id is 21584/],
]
for (const [what, bytes, message] of LOST_FRAMING) {
  test(`lost framing: ${what} closes the connection; everything in flight or waiting is rejected as not connected`, async () => {
    const { client, say } = playPeer({ maxInFlight: 2 })
    const reasons: Error[] = []
    client.onClose((reason) => reasons.push(reason))
    const failed = [1, 2, 3].map((unit) => rejection(client.readHoldingRegisters(unit, 0, 1)))
    await say(bytes)
    for (const error of await Promise.all(failed)) {
      assert.ok(error instanceof NotConnectedError)
      assert.match(error.message, message)
      assert.equal((error.cause as GatewayError).code, 'PROTOCOL_VIOLATION')
    }
    assert.equal(client.closed, true)
    assert.equal(reasons.length, 1)
    await failsWith(rejection(client.readCoils(1, 0, 1)), 'NOT_CONNECTED', message)
  })
}

test('of a chunk that ends in garbage the replies count that a frame follows; where the last one ends nobody knows', async () => {
  const { client, say } = playPeer()
  const good = client.readHoldingRegisters(1, 0, 1)
  const last = rejection(client.readHoldingRegisters(1, 1, 1))
  const lost = rejection(client.readHoldingRegisters(1, 2, 1))
  await say('0001 0000 0005 01 03 02 0009 0002 0000 0005 01 03 02 000A FFFF FFFF FFFF')
  assert.equal(toHex(await good), '0009')
  await failsWith(last, 'NOT_CONNECTED', /MBAP protocol id is 65535/)
  await failsWith(lost, 'NOT_CONNECTED', /MBAP protocol id is 65535/)
})

test('a reply that ends short never takes its last value from the reply after it', async () => {
  for (const chunks of [
    ['0001 0000 0007 01 03 04 000A', '0002 0000 0007 01 03 04 000B 000C'],
    ['0001 0000 0007 01 03 04 000A 0002 0000 0007 01 03 04 000B 000C'],
    ['0001 0000 0007 01 03 04 000A', '0002 00', '00 0007 01 03 04 000B 000C'],
  ]) {
    const { client, say } = playPeer()
    const first = rejection(client.readHoldingRegisters(1, 0, 2))
    const second = rejection(client.readHoldingRegisters(1, 2, 2))
    await settle()
    for (const chunk of chunks) await say(chunk)
    await failsWith(first, 'NOT_CONNECTED', /broke the framing/)
    await failsWith(second, 'NOT_CONNECTED', /broke the framing/)
  }
})

test('a silent device: each request times out by itself, at its own time; the connection stays', async () => {
  const { client, clock, say } = playPeer()
  const first = rejection(client.readHoldingRegisters(1, 0, 1))
  await clock.advance(600)
  const second = rejection(client.readHoldingRegisters(2, 5, 1))
  const quick = rejection(client.request(3, encodeRequest({ functionCode: 3, address: 9, count: 1 }), undefined, 100))
  await clock.advance(100)
  await failsWith(quick, 'TIMEOUT', /unit 3.* at 9: no answer within 100 ms/)
  assert.equal(client.inFlight, 2)
  await clock.advance(300)
  await failsWith(first, 'TIMEOUT', /press-1 unit 1, Read Holding Registers \(03\) at 0: no answer within 1000 ms/)
  assert.equal(client.inFlight, 1)
  await clock.advance(600)
  await failsWith(second, 'TIMEOUT', /unit 2/)
  assert.equal(client.stats.timeouts, 3)
  assert.equal(client.closed, false)
  assert.equal(clock.pending, 0)
  const next = client.readHoldingRegisters(1, 0, 1)
  await say('0004 0000 0005 01 03 02 0001')
  assert.equal(toHex(await next), '0001')
})

test('a late reply is dropped by its transaction id and never becomes the value of a later request', async () => {
  const { client, clock, say } = playPeer()
  const first = rejection(client.readHoldingRegisters(1, 0, 1))
  await clock.advance(1000)
  await failsWith(first, 'TIMEOUT', /no answer/)
  const second = client.readHoldingRegisters(1, 0, 1)
  await say('0001 0000 0005 01 03 02 0BAD')
  assert.equal(client.stats.strays, 1)
  assert.equal(client.inFlight, 1)
  await say('0002 0000 0005 01 03 02 0600')
  assert.equal(toHex(await second), '0600')
})

test('a reply that comes twice is dropped the second time', async () => {
  const { client, say } = playPeer()
  const first = client.readHoldingRegisters(1, 0, 1)
  await say('0001 0000 0005 01 03 02 0001')
  await first
  const second = client.readHoldingRegisters(1, 0, 1)
  await say('0001 0000 0005 01 03 02 0001')
  await say('0002 0000 0005 01 03 02 0002')
  assert.equal(toHex(await second), '0002')
})

test('strays while many are outstanding are named when the request times out', async () => {
  const { client, clock, say } = playPeer()
  const both = [rejection(client.readCoils(1, 0, 1)), rejection(client.readCoils(1, 1, 1))]
  await say('7777 0000 0004 01 01 01 00')
  await clock.advance(1000)
  for (const failed of both) await failsWith(failed, 'TIMEOUT', /1 replies with other transaction ids were dropped/)
})

test('300 outstanding while transaction ids wrap twice: no id twice at a time, every value its own', async () => {
  const { client, frames, far } = playPeer({ maxInFlight: 300, maxQueued: 200_000 })
  const ROUNDS = 131_500
  const lastSent = new Map<number, number>()
  let wrong = 0
  let answered = 0
  const outstanding = new Set<number>()
  const waiting: Buffer[] = []
  far.removeAllListeners('data')
  far.on('data', (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; at += 12) {
      const id = chunk.readUInt16BE(at)
      assert.ok(!outstanding.has(id), `transaction id ${id} is outstanding already`)
      outstanding.add(id)
      lastSent.set(id, chunk.readUInt16BE(at + 8))
      const reply = Buffer.from('0000000000050103020000', 'hex')
      reply.writeUInt16BE(id, 0)
      reply.writeUInt16BE(chunk.readUInt16BE(at + 8), 9)
      waiting.push(reply)
    }
    setImmediate(answer)
  })
  // The newest first, so that old ones stay outstanding for long; always most of the window left open.
  const answer = () => {
    const count = Math.ceil(waiting.length / 2)
    const replies = waiting.splice(waiting.length - count, count)
    for (const reply of replies) outstanding.delete(reply.readUInt16BE(0))
    if (replies.length > 0) far.write(Buffer.concat(replies))
    if (waiting.length > 0) setImmediate(answer)
  }
  const read = async (address: number) => {
    const registers = await client.readHoldingRegisters(1, address, 1)
    if (registers[0]! * 256 + registers[1]! !== address) wrong++
    answered++
  }
  await Promise.all(Array.from({ length: ROUNDS }, (_, i) => read(i & 0xffff)))
  assert.deepEqual({ wrong, answered, ids: lastSent.size }, { wrong: 0, answered: ROUNDS, ids: 65_536 })
  assert.equal(frames().length, 0)
})

test('an id that timed out is not given out again, however often ids wrap, until its late reply came', async () => {
  const { client, clock, far } = playPeer({ maxInFlight: 300, maxQueued: 200_000 })
  const ids: number[] = []
  let silent = true
  far.removeAllListeners('data')
  far.on('data', (chunk: Buffer) => {
    const replies: Buffer[] = []
    for (let at = 0; at < chunk.length; at += 12) {
      ids.push(chunk.readUInt16BE(at))
      const reply = Buffer.from('0000000000050103020000', 'hex')
      reply.writeUInt16BE(chunk.readUInt16BE(at), 0)
      replies.push(reply)
    }
    if (!silent) far.write(Buffer.concat(replies))
  })
  const lost = rejection(client.readHoldingRegisters(1, 0, 1))
  await clock.advance(1000)
  await failsWith(lost, 'TIMEOUT', /no answer/)
  silent = false
  const round = () => Promise.all(Array.from({ length: 65_600 }, () => client.readHoldingRegisters(1, 0, 1)))
  await round()
  assert.deepEqual(ids.filter((id) => id === 1).length, 1)
  far.write(Buffer.from('0001 0000 0005 01 03 02 0000'.replaceAll(' ', ''), 'hex'))
  await settle()
  await round()
  assert.equal(ids.filter((id) => id === 1).length, 2)
})

test('no more than maxInFlight are on the way; the rest follows in order; beyond maxQueued is BUSY', async () => {
  const { client, say, frames } = playPeer({ maxInFlight: 2, maxQueued: 2 })
  const reads = [0, 1, 2, 3].map((address) => client.readHoldingRegisters(1, address, 1))
  await failsWith(rejection(client.readHoldingRegisters(1, 4, 1)), 'BUSY', /2 requests wait already/)
  await settle()
  assert.equal(frames().length, 2)
  await say('0001 0000 0005 01 03 02 0000')
  assert.equal(frames().length, 3)
  await say('0002 0000 0005 01 03 02 0001 0003 0000 0005 01 03 02 0002')
  await say('0004 0000 0005 01 03 02 0003')
  assert.deepEqual((await Promise.all(reads)).map(toHex), ['0000', '0001', '0002', '0003'])
  assert.deepEqual(
    frames().map(({ pdu }) => pdu[2]),
    [0, 1, 2, 3],
  )
})

test('what is asked in one turn leaves in one write', async () => {
  const { client, far } = playPeer({ maxInFlight: 32 })
  const chunks: number[] = []
  far.on('data', (chunk: Buffer) => chunks.push(chunk.length))
  for (let i = 0; i < 32; i++) void rejection(client.readCoils(1, i, 1))
  await settle()
  assert.deepEqual(chunks, [32 * 12])
})

test('an aborted signal rejects its requests with its reason, sent or waiting; others go on', async () => {
  const { client, say, frames } = playPeer({ maxInFlight: 2 })
  const controller = new AbortController()
  const kept = client.readCoils(1, 0, 1)
  const aborted = [1, 2].map((address) => rejection(client.readCoils(1, address, 1, controller.signal)))
  await settle()
  controller.abort(new Error('stopped by the test'))
  for (const error of await Promise.all(aborted)) assert.equal((error as Error).message, 'stopped by the test')
  assert.equal(
    ((await rejection(client.readCoils(1, 3, 1, controller.signal))) as Error).message,
    'stopped by the test',
  )
  await say('0002 0000 0004 01 01 01 00 0001 0000 0004 01 01 01 01')
  assert.equal(toHex(await kept), '01')
  assert.equal(frames().length, 2)
})

test('a request aborted in its own turn is not sent at all', async () => {
  const { client, sent } = playPeer()
  const controller = new AbortController()
  const aborted = rejection(client.writeCoil(1, 0, true, controller.signal))
  controller.abort()
  await aborted
  await settle()
  assert.equal(sent(), '')
})

test('the device closes, or the stream breaks: everything in flight is not connected; close() says so too', async () => {
  const ended = playPeer()
  const first = rejection(ended.client.readCoils(1, 0, 1))
  ended.far.end()
  await failsWith(first, 'NOT_CONNECTED', /press-1: the device closed the connection/)
  const closed = playPeer()
  const second = rejection(closed.client.readCoils(1, 0, 1))
  closed.client.close()
  await failsWith(second, 'NOT_CONNECTED', /closed on this side/)
  assert.equal(closed.clock.pending, 0)
})

test('requests beyond the limits are refused as INVALID_REQUEST and nothing is sent', async () => {
  const { client, sent } = playPeer()
  await failsWith(rejection(client.readCoils(1, 0, 2001)), 'INVALID_REQUEST', /2001 is outside 1…2000/)
  await failsWith(rejection(client.readHoldingRegisters(1, 65535, 2)), 'INVALID_REQUEST', /past 65535/)
  await failsWith(rejection(client.readHoldingRegisters(1, -1, 2)), 'INVALID_REQUEST', /-1/)
  await failsWith(rejection(client.readHoldingRegisters(256, 0, 2)), 'INVALID_REQUEST', /unit 256/)
  await failsWith(rejection(client.writeRegister(1, 0, 70000)), 'INVALID_REQUEST', /70000/)
  await failsWith(rejection(client.writeRegisters(1, 0, new Uint8Array(3))), 'INVALID_REQUEST', /./)
  await failsWith(rejection(client.writeRegisters(1, 0, new Uint8Array(248))), 'INVALID_REQUEST', /123/)
  assert.equal(sent(), '')
})
