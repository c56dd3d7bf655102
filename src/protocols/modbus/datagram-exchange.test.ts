/** Modbus over UDP: each chunk is a datagram; nothing that comes in one can spoil the next. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { GatewayError } from '../../core/errors.ts'
import { rejection } from '../../testing/modbus-line-peer.ts'
import { playPeer, type PlayedPeer } from '../../testing/modbus-peer.ts'
import { settle } from '../../testing/virtual-clock.ts'
import type { ModbusClientOptions } from './index.ts'

const playUdp = (options: Partial<ModbusClientOptions> = {}): PlayedPeer => playPeer({ framing: 'udp', ...options })
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

test('requests of one turn are a datagram each; replies are matched in any order', async () => {
  const { client, far, say } = playUdp()
  const datagrams: string[] = []
  far.on('data', (chunk: Buffer) => datagrams.push(chunk.toString('hex')))
  const both = [client.readHoldingRegisters(1, 0, 1), client.readHoldingRegisters(2, 1, 1)]
  await settle()
  assert.deepEqual(datagrams, ['000100000006010300000001', '000200000006020300010001'])
  await say('0002 0000 0005 02 03 02 0222')
  await say('0001 0000 0005 01 03 02 0111')
  assert.deepEqual((await Promise.all(both)).map(toHex), ['0111', '0222'])
})

for (const [what, datagram] of [
  ['garbage', 'DEADBEEF CAFEBABE 0102030405060708'],
  ['nothing', ''],
  ['one byte', '00'],
  ['MBAP length 0', '0099 0000 0000 01 03'],
  ['MBAP length 65535', '0099 0000 FFFF 01 03'],
  ['a late reply', '0099 0000 0005 01 03 02 0BAD'],
  ['a reply that is cut short', '0099 0000 0005 01 03 02'],
] as const) {
  test(`a datagram that answers nothing (${what}) is dropped; the reply after it counts`, async () => {
    const { client, say } = playUdp()
    const both = [client.readHoldingRegisters(1, 0, 1), client.readHoldingRegisters(1, 0, 1)]
    await settle()
    if (datagram !== '') await say(datagram)
    await say('0001 0000 0005 01 03 02 0001')
    await say('0002 0000 0005 01 03 02 0002')
    assert.deepEqual((await Promise.all(both)).map(toHex), ['0001', '0002'])
    assert.equal(client.closed, false)
    assert.equal(client.stats.strays, datagram === '' ? 0 : 1)
  })
}

for (const [what, datagram, message] of [
  ['another unit', '0001 0000 0005 02 03 02 0001', /reply is from unit 2/],
  ['a short reply', '0001 0000 0003 01 03 02', /announces 2 bytes and holds 0/],
  ['a lying byte count', '0001 0000 0005 01 03 04 0001', /announces 4 bytes and holds 2/],
  ['a header that announces more', '0001 0000 0009 01 03 02 0001', /datagram of 11 bytes, its header announces 15/],
  ['MBAP length 0', '0001 0000 0000 01 03', /MBAP length is 0/],
  ['a header alone', '0001 0000 0001 01', /a datagram of 7 bytes/],
] as const) {
  test(`bad reply: ${what} fails its own request at once; the socket stays`, async () => {
    const { client, say } = playUdp()
    const failed = rejection(client.readHoldingRegisters(1, 0, 1))
    await settle()
    await say(datagram)
    const error = await failed
    assert.equal(error.code, 'PROTOCOL_VIOLATION')
    assert.match(error.message, message)
    const next = client.readHoldingRegisters(1, 0, 1)
    await settle()
    await say('0002 0000 0005 01 03 02 0007')
    assert.equal(toHex(await next), '0007')
  })
}

test("a datagram that is lost costs its own request a time-out; a late one is nobody's value", async () => {
  const { client, clock, say } = playUdp()
  const lost = rejection(client.readHoldingRegisters(1, 0, 1))
  await clock.advance(1000)
  assert.equal((await lost).code, 'TIMEOUT')
  const next = client.readHoldingRegisters(1, 0, 1)
  await say('0001 0000 0005 01 03 02 0BAD')
  await say('0002 0000 0005 01 03 02 600D')
  assert.equal(toHex(await next), '600d')
})

test('a datagram with an id that was never used is dropped, also while one request is under way; the time-out names it', async () => {
  const { client, clock, say } = playUdp()
  const read = client.readHoldingRegisters(1, 0, 1)
  await say('0999 0000 0005 01 03 02 0BAD')
  await say('0001 0000 0005 01 03 02 600D')
  assert.equal(toHex(await read), '600d')
  const lost = rejection(client.readHoldingRegisters(1, 0, 1))
  await say('0999 0000 0005 01 03 02 0BAD')
  await clock.advance(1000)
  assert.match((await lost).message, /no answer within 1000 ms; 1 replies with other transaction ids were dropped/)
})

test('property: any datagrams leave the client working', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 8 }), async (datagrams) => {
      const { client, clock, far, say, frames } = playUdp()
      const first = client.readHoldingRegisters(1, 0, 1).catch((error: unknown) => error)
      for (const datagram of datagrams) far.write(datagram)
      await clock.advance(1000)
      const outcome = await first
      assert.ok(outcome instanceof Uint8Array || outcome instanceof GatewayError, String(outcome))
      const next = client.readHoldingRegisters(1, 0, 1)
      await settle()
      const id = frames().at(-1)!.transaction.toString(16).padStart(4, '0')
      await say(`${id} 0000 0005 01 03 02 600D`)
      assert.equal(toHex(await next), '600d')
    }),
    { numRuns: 200 },
  )
})
