/** What else is on a serial line besides the reply: noise, other masters and units, and our own request heard back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failsWith, playLine, rejection } from '../../testing/modbus-line-peer.ts'
import { settle } from '../../testing/virtual-clock.ts'

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

for (const framing of ['rtu', 'ascii'] as const) {
  test(`${framing}: noise of every kind before the reply does not cost it`, async () => {
    const noises = ['ff', '00', '0103', '0103ff', '010310', '0a0d3a3a', 'ff'.repeat(300), '01'.repeat(40)]
    for (const bytes of noises) {
      const { client, noise, say } = playLine(framing)
      const read = client.readHoldingRegisters(1, 0, 1)
      await settle()
      await noise(Buffer.from(bytes, 'hex'))
      await say(1, '03 02 600D')
      assert.equal(toHex(await read), '600d', bytes)
    }
  })

  test(`${framing}: broadcast noise and other masters' frames on the bus are passed over and counted, wherever they fall`, async () => {
    const { client, clock, say } = playLine(framing)
    await say(0, '06 0001 0002')
    const read = client.readHoldingRegisters(1, 0, 1)
    await clock.advance(10)
    await say(0, '10 0000 0002 04 0001 0002')
    await say(9, '03 0000 0001')
    await say(9, '03 02 0BAD')
    await say(9, '83 02')
    await say(1, '03 02 600D')
    assert.equal(toHex(await read), '600d')
    assert.deepEqual([client.stats.foreign, client.stats.strays, client.stats.crcErrors], [4, 1, 0])
  })

  test(`${framing}: a foreign unit that answers is passed over; the time-out says so`, async () => {
    const { client, clock, say } = playLine(framing)
    const read = rejection(client.readHoldingRegisters(1, 0, 1))
    await settle()
    await say(2, '03 02 0BAD')
    await clock.advance(1000)
    await failsWith(read, 'TIMEOUT', /no answer within 1000 ms; 1 frames of other units \(2\) were passed over/)
  })

  test(`${framing}: on a converter that hears itself the own request is no answer, not even to a write`, async () => {
    const { client, clock, say } = playLine(framing)
    const read = client.readHoldingRegisters(1, 0, 1)
    await settle()
    await say(1, '03 0000 0001')
    await say(1, '03 02 600D')
    assert.equal(toHex(await read), '600d')
    const write = client.writeRegister(1, 5, 7)
    await settle()
    let done = false
    void write.then(() => (done = true))
    await say(1, '06 0005 0007')
    await clock.advance(500)
    assert.equal(done, false)
    await say(1, '06 0005 0007')
    await write
    const dead = rejection(client.writeRegister(2, 5, 7))
    await settle()
    await say(2, '06 0005 0007')
    await clock.advance(1000)
    await failsWith(dead, 'TIMEOUT', /no answer/)
  })

  test(`${framing}: on a line without an echo a write is answered at once, once a read has shown that`, async () => {
    const { client, clock, say } = playLine(framing)
    const read = client.readHoldingRegisters(1, 0, 1)
    await settle()
    await say(1, '03 02 0001')
    await read
    const write = client.writeRegister(1, 5, 7)
    await settle()
    await say(1, '06 0005 0007')
    await write
    assert.equal(clock.pending, 0)
  })

  test(`${framing}: the very first request is a write: one copy is the reply when no second one follows within the guard`, async () => {
    const { client, clock, say } = playLine(framing)
    let done = false
    const write = client.writeRegister(1, 5, 7).then(() => (done = true))
    await settle()
    await say(1, '06 0005 0007')
    await clock.advance(99)
    assert.equal(done, false)
    await clock.advance(1)
    await write
  })

  for (const [what, pdu, value] of [
    ['values', '03 02 0BAD', '600d'],
    ['an exception', '83 02', '600d'],
  ] as const) {
    test(`${framing}: a late reply of the same shape (${what}) that comes after the guard is told by the reply that follows it`, async () => {
      const { client, clock, say, sent, strays } = playLine(framing)
      const first = rejection(client.readHoldingRegisters(1, 0, 1))
      await clock.advance(1000)
      await failsWith(first, 'TIMEOUT', /no answer/)
      const second = client.readHoldingRegisters(1, 5, 1)
      const third = client.readHoldingRegisters(1, 6, 1)
      await clock.advance(150)
      sent()
      await say(1, pdu)
      await clock.advance(20)
      assert.equal(sent(), '')
      await say(1, '03 02 600D')
      assert.equal(toHex(await second), value)
      assert.deepEqual(
        strays.map(({ error }) => error),
        ['a late reply'],
      )
      await say(1, '03 02 0006')
      assert.equal(toHex(await third), '0006')
      assert.equal(clock.pending, 0)
    })
  }

  test(`${framing}: what cannot be told: a late reply of the same shape that nothing follows within the guard; the unit is in step again`, async () => {
    const { client, clock, say } = playLine(framing)
    const first = rejection(client.readHoldingRegisters(1, 0, 1))
    await clock.advance(1100)
    await failsWith(first, 'TIMEOUT', /no answer/)
    const second = client.readHoldingRegisters(1, 5, 1)
    await settle()
    await say(1, '03 02 0001')
    await clock.advance(100)
    assert.equal(toHex(await second), '0001')
    const third = client.readHoldingRegisters(1, 6, 1)
    await settle()
    await say(1, '03 02 0006')
    assert.equal(toHex(await third), '0006')
  })

  test(`${framing}: other units are not held up by one that owes an answer; its own is held no longer than the guard`, async () => {
    const { client, clock, say } = playLine(framing)
    const first = rejection(client.readHoldingRegisters(1, 0, 1))
    await clock.advance(1100)
    await failsWith(first, 'TIMEOUT', /no answer/)
    const other = client.readHoldingRegisters(2, 0, 1)
    await settle()
    await say(2, '03 02 0002')
    assert.equal(toHex(await other), '0002')
    const own = client.readHoldingRegisters(1, 0, 1)
    await clock.advance(990)
    await say(1, '03 02 0003')
    for (let i = 0; i < 9; i++) await clock.advance(10)
    await clock.advance(10)
    assert.equal(toHex(await own), '0003')
  })

  test(`${framing}: a late reply of another unit, function, length or written address is never the answer`, async () => {
    const request = Buffer.from('100005000102000A', 'hex')
    for (const [unit, pdu] of [
      [2, '10 0005 0001'],
      [1, '0F 0005 0001'],
      [1, '10 0006 0001'],
      [1, '10 0005 0002'],
    ] as const) {
      const { client, clock, say } = playLine(framing)
      const lost = rejection(client.request(unit, request))
      await clock.advance(1100)
      await failsWith(lost, 'TIMEOUT', /no answer/)
      const write = client.request(1, request)
      await settle()
      await say(unit, pdu)
      await clock.advance(200)
      assert.equal(client.inFlight, 1, pdu)
      await say(1, '10 0005 0001')
      await clock.advance(100)
      assert.equal(toHex(await write), '1000050001')
    }
  })

  test(`${framing}: another master's broadcast is no echo of ours: the write after it is answered`, async () => {
    const { client, clock, say } = playLine(framing)
    const read = client.readHoldingRegisters(1, 0, 1)
    await settle()
    await say(1, '03 02 0001')
    await read
    const broadcast = client.request(0, Buffer.from('0600010002', 'hex'))
    await settle()
    await say(0, '06 0009 0009')
    await clock.advance(100)
    await broadcast
    const write = client.writeRegister(1, 5, 7)
    await settle()
    await say(1, '06 0005 0007')
    await write
  })

  test(`${framing}: a damaged echo does not teach that the line has none: the echo of the write after it is no answer`, async () => {
    const { client, clock, noise, say } = playLine(framing)
    const read = client.readHoldingRegisters(1, 0, 1)
    await settle()
    await noise(Buffer.from('ff', 'hex'))
    await say(1, '03 02 0001')
    await read
    const write = rejection(client.writeRegister(2, 5, 7))
    await settle()
    await say(2, '06 0005 0007')
    await clock.advance(20)
    assert.equal(client.inFlight, 1)
    client.close()
    await write
  })

  test(`${framing}: a unit that owes many answers holds a request for the guard beyond its time at most, once`, async () => {
    const { client, clock, say } = playLine(framing)
    for (let i = 0; i < 5; i++) {
      const lost = rejection(client.readHoldingRegisters(1, 0, 1))
      await clock.advance(1100)
      await failsWith(lost, 'TIMEOUT', /no answer/)
    }
    const read = client.readHoldingRegisters(1, 0, 1)
    await clock.advance(950)
    await say(1, '03 02 0001')
    await clock.advance(90)
    await say(1, '03 02 0002')
    await clock.advance(59)
    assert.equal(client.inFlight, 1)
    await clock.advance(1)
    assert.equal(client.inFlight, 0)
    assert.equal(toHex(await read), '0002')
    const next = client.readHoldingRegisters(1, 0, 1)
    await settle()
    await say(1, '03 02 0003')
    assert.equal(client.inFlight, 0)
    assert.equal(toHex(await next), '0003')
  })
}
