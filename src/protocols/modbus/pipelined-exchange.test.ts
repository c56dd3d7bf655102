/** What a program may set and see on Modbus TCP while it runs: the window, the pause, the trace. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TracedExchange } from '../../core/driver.ts'
import { playPeer } from '../../testing/modbus-peer.ts'
import { settle } from '../../testing/virtual-clock.ts'
import { encodeRequest } from './index.ts'

const toHex = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString('hex')
const PDU = encodeRequest({ functionCode: 3, address: 0, count: 1 })

const tap = (active = true) => {
  const seen: TracedExchange[] = []
  return { active, seen, exchange: (exchange: TracedExchange) => void seen.push(exchange) }
}

test('maxInFlight may be raised and lowered while requests are on the way', async () => {
  const { client, frames, say } = playPeer({ maxInFlight: 1 })
  const reads = [0, 1, 2, 3].map((address) => client.readHoldingRegisters(1, address, 1))
  await settle()
  assert.equal(frames().length, 1)
  client.maxInFlight = 3
  assert.equal(client.maxInFlight, 3)
  await settle()
  assert.equal(frames().length, 3)
  client.maxInFlight = 1
  await say('0001 0000 0005 01 03 02 0000 0002 0000 0005 01 03 02 0001')
  assert.equal(frames().length, 3)
  await say('0003 0000 0005 01 03 02 0002')
  assert.equal(frames().length, 4)
  await say('0004 0000 0005 01 03 02 0003')
  assert.deepEqual((await Promise.all(reads)).map(toHex), ['0000', '0001', '0002', '0003'])
  for (const wrong of [0, 5000, NaN]) assert.throws(() => (client.maxInFlight = wrong), RangeError)
})

test('requestPauseMs lies between a reply and the next request', async () => {
  const { client, clock, frames, say } = playPeer({ maxInFlight: 1, requestPauseMs: 150 })
  const first = client.readHoldingRegisters(1, 0, 1)
  const second = client.readHoldingRegisters(1, 1, 1)
  await settle()
  await say('0001 0000 0005 01 03 02 0000')
  await first
  await clock.advance(149)
  assert.equal(frames().length, 1)
  await clock.advance(1)
  assert.equal(frames().length, 2)
  await say('0002 0000 0005 01 03 02 0001')
  await second
})

test('the trace has both frames whole and its own, the times, and why there is no usable response', async () => {
  const { client, clock, say, far } = playPeer()
  const trace = tap()
  const start = clock.now()
  const good = client.request(1, PDU, undefined, undefined, trace)
  await clock.advance(25)
  const bytes = Buffer.from('00010000000501030212340002000000050103021234', 'hex')
  const bad = client.request(2, PDU, undefined, undefined, trace).catch(() => undefined)
  await settle()
  far.write(bytes)
  await settle()
  await Promise.all([good, bad])
  const silent = client.request(1, PDU, undefined, 50, trace).catch(() => undefined)
  await clock.advance(50)
  await silent
  const refused = client.request(1, PDU, undefined, undefined, trace).catch(() => undefined)
  await say('0004 0000 0003 01 83 02')
  await refused
  bytes.fill(0)
  const times = trace.seen.map(({ sentAt, receivedAt }) => [sentAt - start, receivedAt && receivedAt - start])
  assert.deepEqual(times, [
    [0, 25],
    [25, 25],
    [25, undefined],
    [75, 75],
  ])
  assert.deepEqual(
    trace.seen.map(({ request, response, error }) => [toHex(request), toHex(response), error]),
    [
      ['000100000006010300000001', '0001000000050103021234', undefined],
      ['000200000006020300000001', '0002000000050103021234', 'reply is from unit 1, unit 2 was asked'],
      ['000300000006010300000001', undefined, 'no answer within 50 ms'],
      ['000400000006010300000001', '000400000003018302', undefined],
    ],
  )
  assert.ok(trace.seen.every(({ protocol, endpoint }) => protocol === 'modbus/tcp' && endpoint === 'press-1'))
})

test('what answers nothing goes to the strays; a lost connection and an abort end what is traced', async () => {
  const strays = tap()
  const trace = tap()
  const { client, clock, say, far } = playPeer({ strays })
  const late = client.request(1, PDU, undefined, 10, trace).catch(() => undefined)
  await clock.advance(10)
  await late
  const controller = new AbortController()
  const aborted = client.request(1, PDU, controller.signal, undefined, trace).catch(() => undefined)
  const lost = client.request(1, PDU, undefined, undefined, trace).catch(() => undefined)
  await say('0001 0000 0005 01 03 02 0BAD')
  controller.abort()
  await aborted
  far.end()
  await lost
  assert.deepEqual(
    strays.seen.map(({ request, response, error }) => [request, toHex(response), error]),
    [[undefined, '0001000000050103020bad', 'a late reply']],
  )
  assert.deepEqual(
    trace.seen.map(({ error }) => error),
    ['no answer within 10 ms', 'given up on this side', 'press-1: the device closed the connection'],
  )
})

test('a trace that is off sees nothing, and nothing is collected for it', async () => {
  const trace = tap(false)
  const strays = tap(false)
  const { client, say } = playPeer({ strays })
  const read = client.request(1, PDU, undefined, undefined, trace)
  await say('0007 0000 0005 01 03 02 0BAD'.replace('0007', '0001'))
  await read
  await say('0001 0000 0005 01 03 02 0BAD')
  assert.deepEqual([trace.seen, strays.seen, client.stats.strays], [[], [], 1])
})
