/** The server on a serial line, by bytes: RTU and ASCII frames, broadcasts, other units, noise, silence, listen only mode. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { duplexPair } from '../../testing/duplex-pair.ts'
import { VirtualClock, settle } from '../../testing/virtual-clock.ts'
import { encodeAsciiFrame } from './ascii.ts'
import { RegisterBank, createModbusServer, type LineOptions, type ModbusServerOptions } from './index.ts'
import { encodeRtuFrame } from './rtu.ts'

type Framing = 'rtu' | 'ascii'
const encoders = { rtu: encodeRtuFrame, ascii: encodeAsciiFrame }
const bytesOf = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** Units 1 and 2 on a line; what they say is read as frames in hex. */
function serveLine(framing: Framing, options: Partial<ModbusServerOptions> = {}, line: LineOptions = {}) {
  const clock = new VirtualClock()
  const banks = new Map([1, 2].map((id) => [id, new RegisterBank({ holdingRegisters: [{ address: 0, count: 10 }] })]))
  const { near, far } = duplexPair()
  const server = createModbusServer({ unit: (id) => banks.get(id), clock, ...options })
  server.serve(far, framing, line)
  let heard = Buffer.alloc(0)
  near.on('data', (chunk: Buffer) => (heard = Buffer.concat([heard, chunk])))
  near.on('error', () => undefined)
  const take = () => {
    const bytes = heard
    heard = Buffer.alloc(0)
    return bytes
  }
  const say = async (bytes: Uint8Array, waitMs = 3) => {
    near.write(bytes)
    await clock.advance(waitMs)
    return take()
  }
  const ask = (unit: number, pdu: string, waitMs?: number) => say(encoders[framing](unit, bytesOf(pdu)), waitMs)
  const answerOf = (unit: number, pdu: string) => Buffer.from(encoders[framing](unit, bytesOf(pdu)))
  return { server, clock, banks, near, say, ask, take, answerOf }
}

test('RTU by the bytes of the standard: request, 3.5 characters of silence, answer', async () => {
  const { say, banks, clock, take } = serveLine('rtu', {}, { baud: 9600 })
  banks.get(1)!.holdingRegisters.set(0, 0x1234)
  assert.equal((await say(bytesOf('01 03 0000 0001 840A'), 4)).toString('hex'), '')
  await clock.advance(1)
  assert.equal(take().toString('hex'), '0103021234b533')
})

test('ASCII by the bytes of the standard', async () => {
  const { say, banks } = serveLine('ascii')
  banks.get(1)!.holdingRegisters.set(0, 0x1234)
  assert.equal((await say(Buffer.from(':010300000001FB\r\n'))).toString(), ':0103021234B4\r\n')
})

for (const framing of ['rtu', 'ascii'] as const) {
  test(`${framing}: a request split at every byte is answered once, exceptions have their code`, async () => {
    const frame = encoders[framing](1, bytesOf('03 0000 0001'))
    for (let cut = 1; cut < frame.length; cut++) {
      const { say, answerOf } = serveLine(framing)
      assert.equal((await say(frame.subarray(0, cut))).length, 0)
      assert.deepEqual(await say(frame.subarray(cut)), answerOf(1, '03 02 0000'))
    }
    const { ask, answerOf } = serveLine(framing)
    assert.deepEqual(await ask(1, '03 0063 0001'), answerOf(1, '83 02'))
    assert.deepEqual(await ask(2, '03 0000 007E'), answerOf(2, '83 03'))
  })

  test(`${framing}: each unit has its data; a unit that is not here is passed over in silence`, async () => {
    const { ask, banks, answerOf, server } = serveLine(framing)
    assert.deepEqual(await ask(1, '06 0000 1111'), answerOf(1, '06 0000 1111'))
    assert.deepEqual(await ask(2, '06 0000 2222'), answerOf(2, '06 0000 2222'))
    assert.deepEqual(
      [1, 2].map((id) => banks.get(id)!.holdingRegisters.get(0)),
      [0x1111, 0x2222],
    )
    assert.equal((await ask(9, '06 0000 3333')).length, 0)
    // Another unit's answer, and its exception.
    assert.equal((await ask(9, '03 04 0001 0002')).length, 0)
    assert.equal((await ask(1, '83 02')).length, 0)
    assert.deepEqual(await ask(1, '03 0000 0001'), answerOf(1, '03 02 1111'))
    assert.deepEqual([server.stats.requests, server.stats.exceptions, server.stats.passedOver], [3, 0, 0])
  })

  test(`${framing}: a broadcast is carried out by all units, once where several ids are one unit, and not answered`, async () => {
    const { ask, banks } = serveLine(framing)
    assert.equal((await ask(0, '06 0003 00FF')).length, 0)
    assert.deepEqual(
      [1, 2].map((id) => banks.get(id)!.holdingRegisters.get(3)),
      [0xff, 0xff],
    )
    assert.equal((await ask(0, '03 0000 0001')).length, 0)
    let reads = 0
    let writes = 0
    const bank = new RegisterBank({
      holdingRegisters: [{ address: 0, count: 1 }],
      onRead: () => reads++,
      onWrite: () => writes++,
    })
    const { ask: askOne } = serveLine(framing, { unit: () => bank })
    assert.equal((await askOne(0, '06 0000 0001')).length, 0)
    assert.equal((await askOne(0, '03 0000 0001')).length, 0)
    assert.deepEqual({ reads, writes }, { reads: 0, writes: 1 })
  })

  test(`${framing}: noise before, damaged frames and unfinished ones are passed over; the next request is answered`, async () => {
    const { say, answerOf, server } = serveLine(framing)
    const frame = Buffer.from(encoders[framing](1, bytesOf('03 0000 0001')))
    assert.deepEqual(await say(Buffer.concat([bytesOf('FF 00 81 7E'), frame]), 60), answerOf(1, '03 02 0000'))
    const damaged = Buffer.from(frame)
    damaged[4]! ^= 1
    assert.equal((await say(damaged, 1100)).length, 0)
    assert.equal((await say(frame.subarray(0, 5), 1100)).length, 0)
    assert.deepEqual(await say(frame), answerOf(1, '03 02 0000'))
    assert.ok(server.stats.passedOver >= 3)
  })

  test(`${framing}: faults work as on TCP: late, silent, an exception, another frame`, async () => {
    let fault: object | undefined
    const { ask, answerOf, clock, take } = serveLine(framing, { intercept: () => fault })
    fault = { delayMs: 500 }
    assert.equal((await ask(1, '03 0000 0001')).length, 0)
    await clock.advance(500)
    assert.deepEqual(take(), answerOf(1, '03 02 0000'))
    fault = { silent: true }
    assert.equal((await ask(1, '03 0000 0001')).length, 0)
    fault = { exception: 6 }
    assert.deepEqual(await ask(1, '03 0000 0001'), answerOf(1, '83 06'))
    fault = { alter: (bytes: Uint8Array) => bytes.subarray(0, 4) }
    assert.deepEqual(await ask(1, '03 0000 0001'), answerOf(1, '03 02 0000').subarray(0, 4))
  })

  test(`${framing}: listen only mode hears and does nothing until it is restarted; the other unit goes on`, async () => {
    const { ask, banks, answerOf } = serveLine(framing)
    assert.equal((await ask(1, '08 0004 0000')).length, 0)
    assert.equal((await ask(1, '06 0000 0007')).length, 0)
    assert.equal((await ask(0, '06 0001 0007')).length, 0)
    assert.deepEqual([...banks.get(1)!.holdingRegisters.block(0, 2)], [0, 0])
    assert.equal(banks.get(2)!.holdingRegisters.get(1), 7)
    assert.deepEqual(await ask(2, '03 0001 0001'), answerOf(2, '03 02 0007'))
    assert.equal((await ask(1, '08 0001 0000')).length, 0)
    assert.deepEqual(await ask(1, '03 0001 0001'), answerOf(1, '03 02 0000'))
    // 6.10, the newest first: received, sent, received, restarted, received in listen only mode, entered it …
    assert.match((await ask(1, '0C')).toString(framing === 'rtu' ? 'hex' : 'latin1'), /80408000.*a0.*04/i)
  })

  test(`${framing}: what goes by on the line is counted by every unit; noise is a communication error`, async () => {
    const { ask, say, answerOf } = serveLine(framing)
    await ask(2, '03 0000 0001')
    await ask(9, '03 0000 0001')
    const damaged = Buffer.from(encoders[framing](1, bytesOf('03 0000 0001')))
    damaged[5]! ^= 1
    await say(damaged, 1100)
    assert.deepEqual(await ask(1, '08 000B 0000'), answerOf(1, '08 000B 0003'))
    assert.deepEqual(await ask(1, '08 000C 0000'), answerOf(1, '08 000C 0001'))
    assert.deepEqual(await ask(1, '08 000E 0000'), answerOf(1, '08 000E 0003'))
    await ask(1, '08 000A 0000')
    assert.deepEqual(await ask(1, '08 000B 0000'), answerOf(1, '08 000B 0001'))
  })
}

test('RTU: a function that nobody knows is answered 01 once the line was silent', async () => {
  const { ask, clock, take, answerOf } = serveLine('rtu')
  assert.equal((await ask(1, '41 0102')).length, 0)
  await clock.advance(25)
  assert.deepEqual(take(), answerOf(1, 'C1 01'))
})

test('property: any bytes on a line never make the server throw, and a request after a silence is answered', async () => {
  const chunk = fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc
      .constantFrom(':0103', ':010300000001FB\r\n', '\x01\x10\x00\x00\x00\x7b\xf6')
      .map((text) => Buffer.from(text, 'latin1')),
  )
  for (const framing of ['rtu', 'ascii'] as const) {
    const { say, ask, answerOf, near, clock } = serveLine(framing)
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { maxLength: 5 }), async (chunks) => {
        for (const bytes of chunks) near.write(bytes)
        await say(Buffer.alloc(0), 3000)
        assert.deepEqual(await ask(2, '03 0009 0001'), answerOf(2, '03 02 0000'))
        await clock.advance(3000)
      }),
      { numRuns: 200 },
    )
  }
  await settle()
})
