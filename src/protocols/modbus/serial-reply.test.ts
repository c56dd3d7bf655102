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
}
