/** Requests of a client that are on the way or wait: time-outs, late replies, transaction ids, limits, aborts, the end of the connection. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failsWith, reasonOf, rejection } from '../../testing/modbus-line-peer.ts'
import { playPeer } from '../../testing/modbus-peer.ts'
import { settle } from '../../testing/virtual-clock.ts'
import { encodeRequest } from './index.ts'

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

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

test('a reply that is cut off: its request times out, and the connection is made anew rather than fed with the next replies', async () => {
  for (const cut of ['0001 0000 00FE 01 03 02 0001', '0001 0000', '00']) {
    const { client, clock, say } = playPeer()
    const failed = rejection(client.readHoldingRegisters(1, 0, 1))
    await say(cut)
    await clock.advance(100)
    const other = rejection(client.readHoldingRegisters(1, 1, 1))
    await clock.advance(900)
    assert.equal(client.closed, true)
    const bytes = cut.replaceAll(' ', '').length / 2
    await failsWith(failed, 'TIMEOUT', new RegExp(`within 1000 ms; a frame was cut off after ${bytes} bytes$`))
    await failsWith(other, 'NOT_CONNECTED', new RegExp(`the device broke the framing: a frame was cut off`))
    assert.deepEqual([client.closed, clock.pending], [true, 0])
  }
})

test('a reply that is still coming when another request times out is waited for', async () => {
  const { client, clock, say } = playPeer()
  const lost = rejection(client.readHoldingRegisters(1, 0, 1))
  await clock.advance(600)
  const slow = client.readHoldingRegisters(1, 1, 1)
  await clock.advance(300)
  await say('0002 0000 0005 01 03')
  await clock.advance(100)
  await failsWith(lost, 'TIMEOUT', /no answer within 1000 ms$/)
  await say('02 0007')
  assert.equal(toHex(await slow), '0007')
  assert.equal(client.closed, false)
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
  const aborted = [1, 2].map((address) => reasonOf(client.readCoils(1, address, 1, controller.signal)))
  await settle()
  controller.abort(new Error('stopped by the test'))
  for (const error of await Promise.all(aborted)) assert.equal((error as Error).message, 'stopped by the test')
  assert.equal(((await reasonOf(client.readCoils(1, 3, 1, controller.signal))) as Error).message, 'stopped by the test')
  await say('0002 0000 0004 01 01 01 00 0001 0000 0004 01 01 01 01')
  assert.equal(toHex(await kept), '01')
  assert.equal(frames().length, 2)
})

test('a request aborted in its own turn is not sent at all', async () => {
  const { client, sent } = playPeer()
  const controller = new AbortController()
  const aborted = reasonOf(client.writeCoil(1, 0, true, controller.signal))
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
