/** The functions of a client beyond the four tables, against the bytes of a bank behind our server. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../core/clock.ts'
import { duplexPair } from '../../testing/duplex-pair.ts'
import { playPeer } from '../../testing/modbus-peer.ts'
import {
  loopback,
  readCounter,
  readEventCounter,
  readEventLog,
  readExceptionStatus,
  readServerId,
} from './client-diagnostics.ts'
import { readFifoQueue, readFileRecords, writeFileRecords } from './client-files.ts'
import { ModbusClient, RegisterBank, createModbusServer } from './index.ts'

function connect(t: TestContext) {
  const bank = new RegisterBank({
    holdingRegisters: [{ address: 0, count: 1 }],
    exceptionStatus: 0x6d,
    serverId: Uint8Array.of(7, 0xff, 0x50, 0x4d),
    files: [{ file: 4, records: 300 }],
    fifos: [10],
  })
  const { near, far } = duplexPair()
  createModbusServer({ unit: () => bank, clock: systemClock }).serve(far)
  const client = new ModbusClient(near, { maxInFlight: 1, timeoutMs: 1000, clock: systemClock })
  t.after(() => client.close())
  return { bank, client }
}

test('diagnostics: exception status, loopback, counters, event counter and log, server id', async (t) => {
  const { client } = connect(t)
  assert.equal(await readExceptionStatus(client, 1), 0x6d)
  await loopback(client, 1, Uint8Array.of(1, 2, 3))
  await assert.rejects(client.readHoldingRegisters(1, 5, 1), { exceptionCode: 2 })
  assert.equal(await readCounter(client, 1, 'exceptions'), 1)
  assert.equal(await readCounter(client, 1, 'messages'), 5)
  assert.deepEqual(await readEventCounter(client, 1), { busy: false, events: 4 })
  const { events, ...counts } = await readEventLog(client, 1)
  assert.deepEqual(counts, { functionCode: 12, status: 0, eventCount: 4, messageCount: 7 })
  assert.deepEqual([...events.subarray(0, 2)], [0x80, 0x40])
  const { content, ...id } = await readServerId(client, 1)
  assert.deepEqual(id, { id: 7, running: true, text: 'PM' })
  assert.equal(content.length, 4)
})

test('a loopback that gives other bytes back is a violation', async () => {
  const peer = playPeer()
  const outcome = loopback(peer.client, 1, Uint8Array.of(1, 2))
  outcome.catch(() => undefined)
  await peer.say('0001 0000 0006 01 08 0000 0103')
  await assert.rejects(outcome, { code: 'PROTOCOL_VIOLATION' })
  peer.client.close()
})

test('files are written and read in groups; what does not fit is refused before it is sent', async (t) => {
  const { client, bank } = connect(t)
  const registers = Uint8Array.of(1, 2, 3, 4)
  await writeFileRecords(client, 1, [
    { file: 4, record: 0, registers },
    { file: 4, record: 299, registers: Uint8Array.of(9, 9) },
  ])
  assert.deepEqual([...bank.files.block(4, 0, 2)], [0x0102, 0x0304])
  const read = await readFileRecords(client, 1, [
    { file: 4, record: 299, count: 1 },
    { file: 4, record: 0, count: 2 },
  ])
  assert.deepEqual(
    read.map((bytes) => [...bytes]),
    [
      [9, 9],
      [1, 2, 3, 4],
    ],
  )
  await assert.rejects(readFileRecords(client, 1, [{ file: 5, record: 0, count: 1 }]), { exceptionCode: 2 })
  await assert.rejects(readFileRecords(client, 1, [{ file: 4, record: 0, count: 122 }]), { code: 'INVALID_REQUEST' })
  await assert.rejects(writeFileRecords(client, 1, []), { code: 'INVALID_REQUEST' })
})

test('a queue is read, and stays', async (t) => {
  const { client, bank } = connect(t)
  bank.fifos.get(10)!.push(1, 0xfffe)
  assert.deepEqual([...(await readFifoQueue(client, 1, 10))], [0, 1, 0xff, 0xfe])
  assert.equal((await readFifoQueue(client, 1, 10)).length, 4)
  await assert.rejects(readFifoQueue(client, 1, 11), { exceptionCode: 2 })
})
