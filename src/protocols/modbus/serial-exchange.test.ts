/** Conversations on a serial line, RTU and ASCII, with literal bytes and a clock that stands still. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TracedExchange } from '../../core/driver.ts'
import { NotConnectedError } from '../../core/errors.ts'
import { asSent, failsWith, lineFrame, playLine, rejection } from '../../testing/modbus-line-peer.ts'
import { settle } from '../../testing/virtual-clock.ts'
import { ModbusException } from './index.ts'

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const READ_ONE = '010300000001840a'

test('rtu: the bytes of the standard, both ways', async () => {
  const { client, sent, noise } = playLine('rtu')
  const read = client.readHoldingRegisters(1, 0, 1)
  await settle()
  assert.equal(sent(), READ_ONE)
  await noise(Buffer.from('010302000a3843', 'hex'))
  assert.equal(toHex(await read), '000a')
  assert.deepEqual(
    [client.stats.requests, client.stats.replies, client.stats.bytesSent, client.stats.bytesReceived],
    [1, 1, 8, 7],
  )
})

test('ascii: the bytes of the standard, both ways; digits of either case', async () => {
  const { client, sent, noise } = playLine('ascii')
  const read = client.readHoldingRegisters(1, 0, 1)
  await settle()
  assert.equal(sent(), ':010300000001FB\r\n')
  await noise(Buffer.from(':010302000aF0\r\n'))
  assert.equal(toHex(await read), '000a')
})

for (const framing of ['rtu', 'ascii'] as const) {
  test(`${framing}: a reply split at every byte position, and byte by byte, is the same reply`, async () => {
    const reply = lineFrame(framing, 17, '03 06 022B00000064')
    for (let cut = 1; cut < reply.length; cut++) {
      const { client, noise, clock } = playLine(framing)
      const read = client.readHoldingRegisters(17, 107, 3)
      await noise(reply.subarray(0, cut))
      await clock.advance(90)
      await noise(reply.subarray(cut))
      assert.equal(toHex(await read), '022b00000064')
    }
    const { client, noise } = playLine(framing)
    const read = client.readHoldingRegisters(17, 107, 3)
    await settle()
    for (const byte of reply) await noise(Uint8Array.of(byte))
    assert.equal(toHex(await read), '022b00000064')
  })

  test(`${framing}: one request at a time, in order; an exception is an answer`, async () => {
    const { client, say, sent } = playLine(framing)
    client.maxInFlight = 8
    assert.equal(client.maxInFlight, 1)
    const first = rejection(client.readCoils(7, 100, 2))
    const second = client.readCoils(8, 0, 8)
    await settle()
    assert.equal(sent(), asSent(framing, 7, '01 0064 0002'))
    assert.equal(client.inFlight, 2)
    await say(7, '81 02')
    const error = await first
    assert.ok(error instanceof ModbusException)
    assert.match(error.message, /^line-1 unit 7, Read Coils \(01\) at 100: exception 02 ILLEGAL DATA ADDRESS/)
    assert.equal(sent(), asSent(framing, 8, '01 0000 0008'))
    await say(8, '01 01 A5')
    assert.equal(toHex(await second), 'a5')
    assert.equal(client.closed, false)
  })

  test(`${framing}: a silent unit times out; the next request waits until the line was silent for the guard`, async () => {
    const { client, clock, sent, say } = playLine(framing)
    const first = rejection(client.readHoldingRegisters(1, 0, 1))
    const second = client.readHoldingRegisters(2, 0, 1)
    await clock.advance(999)
    assert.equal(sent(), asSent(framing, 1, '03 0000 0001'))
    await clock.advance(1)
    await failsWith(first, 'TIMEOUT', /line-1 unit 1, Read Holding Registers \(03\) at 0: no answer within 1000 ms$/)
    await clock.advance(99)
    assert.equal(sent(), '')
    await clock.advance(1)
    assert.equal(sent(), asSent(framing, 2, '03 0000 0001'))
    await say(2, '03 02 0001')
    assert.equal(toHex(await second), '0001')
    assert.equal(clock.pending, 0)
  })

  test(`${framing}: a late reply during the guard is dropped, and the guard begins anew`, async () => {
    const { client, clock, sent, say, strays } = playLine(framing)
    const first = rejection(client.readHoldingRegisters(1, 0, 1))
    const second = client.readHoldingRegisters(1, 0, 1)
    await clock.advance(1060)
    await failsWith(first, 'TIMEOUT', /no answer/)
    sent()
    await say(1, '03 02 0BAD')
    await clock.advance(99)
    assert.equal(sent(), '')
    await clock.advance(1)
    assert.equal(sent(), asSent(framing, 1, '03 0000 0001'))
    await say(1, '03 02 600D')
    assert.equal(toHex(await second), '600d')
    assert.equal(client.stats.strays, 1)
    assert.match(strays[0]!.error!, /late reply/)
    assert.deepEqual(strays[0]!.response, lineFrame(framing, 1, '03 02 0BAD'))
  })

  test(`${framing}: a late reply of another shape is told even while the next request waits for its own`, async () => {
    const { client, clock, say } = playLine(framing)
    const first = rejection(client.readHoldingRegisters(1, 0, 2))
    const second = client.readHoldingRegisters(1, 10, 1)
    await clock.advance(1100)
    await failsWith(first, 'TIMEOUT', /no answer/)
    await say(1, '03 04 0BAD 0BAD')
    await clock.advance(300)
    await say(1, '03 02 600D')
    assert.equal(toHex(await second), '600d')
    assert.equal(client.stats.strays, 1)
  })

  test(`${framing}: a request given up while it is on the way keeps the line until its reply came`, async () => {
    const { client, clock, say, sent } = playLine(framing)
    const controller = new AbortController()
    const first = client.readHoldingRegisters(1, 0, 1, controller.signal).catch((error: unknown) => error)
    const waiting = client.readHoldingRegisters(1, 5, 1, controller.signal).catch((error: unknown) => error)
    const second = client.readHoldingRegisters(1, 0, 1)
    await clock.advance(10)
    sent()
    controller.abort(new Error('stopped'))
    assert.deepEqual(
      [await first, await waiting].map((error) => (error as Error).message),
      ['stopped', 'stopped'],
    )
    await clock.advance(500)
    assert.equal(sent(), '')
    await say(1, '03 02 0BAD')
    assert.equal(sent(), asSent(framing, 1, '03 0000 0001'))
    await say(1, '03 02 600D')
    assert.equal(toHex(await second), '600d')
  })

  test(`${framing}: a wrong check fails the request as soon as the line is silent, with both sums; the next one works`, async () => {
    const { client, clock, noise, say } = playLine(framing)
    const failed = rejection(client.readHoldingRegisters(1, 0, 1))
    const next = client.readHoldingRegisters(1, 1, 1)
    await settle()
    const reply = lineFrame(framing, 1, '03 02 000A')
    reply[reply.length - (framing === 'rtu' ? 1 : 3)]! ^= 1
    await noise(reply)
    await clock.advance(99)
    assert.equal(client.stats.violations, 0)
    await clock.advance(1)
    const sums = framing === 'rtu' ? /at 0: CRC is 4238, should be 4338/ : /at 0: LRC is F1, should be F0/
    await failsWith(failed, 'PROTOCOL_VIOLATION', sums)
    await say(1, '03 02 0007')
    assert.equal(toHex(await next), '0007')
    assert.deepEqual([client.stats.violations, client.stats.crcErrors, client.stats.timeouts], [1, 1, 0])
  })

  test(`${framing}: the right reply after a damaged one is taken`, async () => {
    const { client, clock, noise, say } = playLine(framing)
    const read = client.readHoldingRegisters(1, 0, 1)
    const damaged = lineFrame(framing, 1, '03 02 000A')
    damaged[damaged.length - (framing === 'rtu' ? 1 : 3)]! ^= 1
    await noise(damaged)
    await clock.advance(50)
    await say(1, '03 02 000B')
    assert.equal(toHex(await read), '000b')
  })

  for (const [what, pdu, message] of [
    ['another function', '04 02 0001', /reply is for function 4, 3 was asked/],
    ['a short reply', '03 02 0001', /announces 2 bytes and holds 2, 4 expected/],
    ['more than asked', '03 06 000100020003', /announces 6 bytes and holds 6, 4 expected/],
    ['an exception of another function', '84 02', /reply is for function 132/],
  ] as const) {
    test(`${framing}: ${what}: may be a late reply, so the right one is waited for; then the request fails with the reason`, async () => {
      const { client, clock, say } = playLine(framing)
      const failed = rejection(client.readHoldingRegisters(1, 0, 2))
      await settle()
      await say(1, pdu)
      await clock.advance(999)
      assert.equal(client.stats.violations, 0)
      await clock.advance(1)
      await failsWith(failed, 'PROTOCOL_VIOLATION', message)
      const next = client.readHoldingRegisters(1, 0, 2)
      await clock.advance(100)
      await say(1, '03 04 00010002')
      assert.equal(toHex(await next), '00010002')
    })
  }

  for (const [what, pdu] of [
    ['announces too much', '03 FA 00010002'],
    ['announces too little', '03 01 00010002'],
    ['nothing but the function code', '03'],
  ] as const) {
    test(`${framing}: a lying byte count (${what}) fails its request; the next one works`, async () => {
      const { client, clock, say } = playLine(framing)
      const failed = rejection(client.readHoldingRegisters(1, 0, 2))
      await settle()
      await say(1, pdu)
      await clock.advance(1000)
      await failsWith(failed, 'PROTOCOL_VIOLATION', /announces|without a byte count|bytes came|CRC is/)
      const next = client.readHoldingRegisters(1, 0, 2)
      await clock.advance(100)
      await say(1, '03 04 00010002')
      assert.equal(toHex(await next), '00010002')
    })
  }

  test(`${framing}: garbage costs its own request only, and memory stays bounded`, async () => {
    const { client, clock, noise, say } = playLine(framing)
    const failed = rejection(client.readHoldingRegisters(1, 0, 1))
    await settle()
    let seed = 1
    for (let i = 0; i < 100; i++) {
      await noise(Uint8Array.from({ length: 2000 }, () => (seed = (seed * 48271) % 0x7fffffff) & 0xff))
    }
    await clock.advance(1200)
    assert.match((await failed).code, /^(TIMEOUT|PROTOCOL_VIOLATION)$/)
    const next = client.readHoldingRegisters(1, 0, 1)
    await clock.advance(100)
    await say(1, '03 02 600D')
    await clock.advance(100)
    assert.equal(toHex(await next), '600d')
  })

  test(`${framing}: a line that is never silent fails its requests in time instead of for ever`, async () => {
    const { client, clock, noise } = playLine(framing)
    const first = rejection(client.readHoldingRegisters(1, 0, 1))
    const second = rejection(client.readHoldingRegisters(1, 0, 1))
    for (let i = 0; i < 50; i++) {
      await noise(Uint8Array.of(0xff))
      await clock.advance(50)
    }
    assert.match((await first).code, /TIMEOUT|PROTOCOL_VIOLATION/)
    await failsWith(second, 'PROTOCOL_VIOLATION', /not sent: the line was never silent for 100 ms within 1000 ms/)
  })

  test(`${framing}: a broadcast is sent, resolves without bytes after its pause, and is never waited for longer`, async () => {
    const { client, clock, sent, say } = playLine(framing, { broadcastPauseMs: 200 })
    let done = false
    const broadcast = client.request(0, Buffer.from('0600010002', 'hex')).then((pdu) => {
      done = true
      return pdu
    })
    const next = client.readHoldingRegisters(1, 0, 1)
    await clock.advance(199)
    assert.equal(done, false)
    assert.equal(sent(), asSent(framing, 0, '06 0001 0002'))
    await clock.advance(1)
    assert.equal((await broadcast).length, 0)
    assert.equal(sent(), asSent(framing, 1, '03 0000 0001'))
    await say(1, '03 02 0001')
    await next
    await failsWith(rejection(client.readHoldingRegisters(0, 0, 1)), 'INVALID_REQUEST', /unit 0 is everybody/)
    client.close()
  })

  test(`${framing}: the device closes without a reply: everything is not connected`, async () => {
    const { client, far } = playLine(framing)
    const both = [client.readCoils(1, 0, 1), client.readCoils(2, 0, 1)].map(rejection)
    await settle()
    far.end()
    for (const error of await Promise.all(both)) assert.ok(error instanceof NotConnectedError)
    assert.equal(client.closed, true)
    await failsWith(rejection(client.readCoils(1, 0, 1)), 'NOT_CONNECTED', /closed the connection/)
  })

  test(`${framing}: the trace has whole frames, times and the reason of a failure; nothing while it is off`, async () => {
    const { client, clock, say } = playLine(framing)
    const exchanges: { error: string | undefined; request: string; response: string; took: number }[] = []
    const trace = {
      active: true,
      exchange: (seen: TracedExchange) => {
        assert.equal(seen.protocol, `modbus/${framing}`)
        assert.equal(seen.endpoint, 'line-1')
        const took = (seen.receivedAt ?? seen.sentAt) - seen.sentAt
        exchanges.push({
          error: seen.error,
          request: toHex(seen.request!),
          response: toHex(seen.response ?? Buffer.of()),
          took,
        })
      },
    }
    const pdu = Buffer.from('0300000001', 'hex')
    const request = toHex(lineFrame(framing, 1, '03 0000 0001'))
    const first = client.request(1, pdu, undefined, undefined, trace)
    await clock.advance(25)
    await say(1, '03 02 600D')
    await first
    const second = rejection(client.request(1, pdu, undefined, undefined, trace))
    await clock.advance(1100)
    await second
    trace.active = false
    const third = rejection(client.request(1, pdu, undefined, undefined, trace))
    await clock.advance(100)
    await say(1, '83 02')
    await clock.advance(100)
    await third
    assert.deepEqual(exchanges, [
      { error: undefined, request, response: toHex(lineFrame(framing, 1, '03 02 600D')), took: 25 },
      { error: 'no answer within 1000 ms', request, response: '', took: 0 },
    ])
  })
}
