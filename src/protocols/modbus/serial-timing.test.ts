/** The pauses of a serial line, and what its speed adds to them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asSent, playLine, rejection } from '../../testing/modbus-line-peer.ts'
import { settle } from '../../testing/virtual-clock.ts'

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** Modbus over Serial Line V1.02, 2.5.1.1. */
for (const [baud, silenceMs] of [
  [9600, (3.5 * 11 * 1000) / 9600],
  [19_200, (3.5 * 11 * 1000) / 19_200],
  [115_200, 1.75],
] as const) {
  test(`rtu at ${baud} baud: the line is silent for ${silenceMs.toFixed(2)} ms before the next request`, async () => {
    const { client, clock, sent, say } = playLine('rtu', { baud })
    const first = client.readHoldingRegisters(1, 0, 1)
    const second = rejection(client.readHoldingRegisters(1, 1, 1))
    await clock.advance(50)
    sent()
    await say(1, '03 02 0001')
    await first
    await clock.advance(silenceMs - 0.01)
    assert.equal(sent(), '')
    await clock.advance(0.02)
    assert.equal(sent(), asSent('rtu', 1, '03 0001 0001'))
    client.close()
    await second
  })
}

test('rtu: requestPauseMs lies between a reply and the next request', async () => {
  const { client, clock, sent, say } = playLine('rtu', { requestPauseMs: 150 })
  const first = client.readHoldingRegisters(1, 0, 1)
  const second = rejection(client.readHoldingRegisters(1, 1, 1))
  await settle()
  sent()
  await say(1, '03 02 0001')
  await first
  await clock.advance(149)
  assert.equal(sent(), '')
  await clock.advance(1)
  assert.notEqual(sent(), '')
  client.close()
  await second
})

test("rtu at 1,200 baud: the time that the request itself takes on the line is not the device's", async () => {
  const { client, clock, say } = playLine('rtu', { baud: 1200, timeoutMs: 100 })
  const read = client.readHoldingRegisters(1, 0, 1)
  await clock.advance(160)
  await say(1, '03 02 0001')
  assert.equal(toHex(await read), '0001')
})

test('rtu: the reply of a function that this library does not know ends by silence', async () => {
  const { client, clock, say } = playLine('rtu')
  const answer = client.request(1, Buffer.from('640102', 'hex'))
  await settle()
  await say(1, '64 AABBCC')
  await clock.advance(100)
  assert.equal(toHex(await answer), '64aabbcc')
})
