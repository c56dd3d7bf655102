import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import { GatewayError, NotConnectedError } from '../../core/errors.ts'
import { failsWith, rejection } from '../../testing/modbus-line-peer.ts'
import { playPeer } from '../../testing/modbus-peer.ts'
import { VirtualClock, settle } from '../../testing/virtual-clock.ts'
import { ModbusClient, ModbusException } from './index.ts'

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

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

for (const [how, added] of [
  ['two bytes', 'ABCD'],
  ['a whole header of garbage', 'FFFFFFFF FFFFFFFF'],
] as const) {
  test(`a device that adds ${how} to each reply is read, on one connection, however its bytes come`, async () => {
    for (const isApart of [false, true]) {
      const { client, say } = playPeer()
      for (let id = 1; id <= 3; id++) {
        let value = ''
        client.readHoldingRegisters(1, 0, 1).then(
          (bytes) => (value = toHex(bytes)),
          (error: unknown) => (value = String(error)),
        )
        const reply = `000${id} 0000 0005 01 03 02 000${id}`
        await say(isApart && id > 1 ? `${added} ${reply}` : isApart ? reply : `${reply} ${added}`)
        assert.equal(value, `000${id}`)
      }
      assert.equal(client.closed, false)
    }
  })
}

test('bytes that were added are no reply: with a request given up, or several under way, nobody can tell and the connection ends', async () => {
  const several = playPeer()
  const both = [rejection(several.client.readCoils(1, 0, 1)), rejection(several.client.readCoils(1, 1, 1))]
  await several.say('FFFF 0001 0000 0004 01 01 01 00')
  for (const failed of both) await failsWith(failed, 'NOT_CONNECTED', /broke the framing/)
  const late = playPeer()
  const lost = rejection(late.client.readCoils(1, 0, 1))
  await late.clock.advance(1000)
  await lost
  const next = rejection(late.client.readCoils(1, 0, 1))
  await late.say('FFFF 0002 0000 0004 01 01 01 00')
  await failsWith(next, 'NOT_CONNECTED', /broke the framing/)
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

for (const framing of ['tcp', 'udp', 'rtu', 'ascii'] as const) {
  test(`${framing}: a device that takes no bytes: what has not left when its time is over never leaves; the connection is given up`, async () => {
    const clock = new VirtualClock()
    const stuck = new Duplex({ read: () => undefined, write: () => undefined })
    const client = new ModbusClient(stuck, { framing, maxInFlight: 1, timeoutMs: 1000, clock })
    const first = rejection(client.writeRegister(1, 0, 1))
    const second = rejection(client.writeRegister(1, 0, 2))
    await settle()
    await clock.advance(1000)
    assert.equal(client.closed, true)
    await failsWith(first, 'TIMEOUT', /no answer/)
    await failsWith(second, 'NOT_CONNECTED', /takes no more requests/)
    assert.deepEqual([client.closed, stuck.destroyed, clock.pending], [true, true, 0])
  })
}
