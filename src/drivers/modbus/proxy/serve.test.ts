/** The proxy of one device with the line played by the test: what is not on record is not sent, and nobody waits without end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GatewayError } from '../../../core/errors.ts'
import { exceptionOf } from '../../../testing/modbus-strangers.ts'
import { eventually } from '../../../testing/peers.ts'
import { startProxy } from '../../../testing/proxy-rig.ts'

test('a write that cannot be put on record is refused with 04 and not sent; one that can is the control', async (t) => {
  const played = await startProxy(t)
  const client = await played.connect()
  played.isFull = true
  assert.equal(await exceptionOf(client.writeRegister(1, 7, 1)), 4)
  assert.deepEqual(played.sent, [])
  await client.readHoldingRegisters(1, 0, 1)
  assert.deepEqual(played.sent, [3], 'reading needs no record')
  played.isFull = false
  await client.writeRegister(1, 7, 1)
  assert.deepEqual(played.sent, [3, 6])
  assert.deepEqual(
    played.actions.map(({ outcome }) => outcome),
    ['requested', 'written'],
  )
})

test('the record is on disk before the request is on the wire', async (t) => {
  const played = await startProxy(t)
  const client = await played.connect()
  let before = -1
  played.reply = async (pdu) => {
    before = played.actions.length
    return pdu.slice()
  }
  await client.writeRegister(1, 7, 1)
  assert.equal(before, 1)
})

test('who waits longer than two time-outs of the device is told that it is busy; a write goes before the reads', async (t) => {
  const played = await startProxy(t, { timeout: 100 })
  let free = () => {}
  const held = new Promise<void>((resolve) => (free = resolve))
  const answer = played.reply
  const [first, second, third] = await Promise.all([played.connect(), played.connect(), played.connect()])
  played.reply = (pdu) => held.then(() => answer(pdu))
  const stuck = first.readHoldingRegisters(1, 0, 1)
  await eventually('the line is taken', () => played.sent.length === 1)
  const began = performance.now()
  assert.equal(await exceptionOf(second.readHoldingRegisters(1, 0, 1)), 6)
  assert.ok(performance.now() - began < 1000)
  const read = second.readHoldingRegisters(1, 0, 1)
  await new Promise((resolve) => setTimeout(resolve, 30))
  const write = third.writeRegister(1, 1, 1)
  await eventually('the write is on record', () => played.actions.length === 1)
  free()
  await Promise.all([stuck, read, write])
  assert.deepEqual(played.sent, [3, 6, 3])
})

test('of writes in a row only every second one goes ahead of the polls', async (t) => {
  const played = await startProxy(t, { timeout: 5000 })
  let free = () => {}
  const held = new Promise<void>((resolve) => (free = resolve))
  const answer = played.reply
  played.reply = (pdu) => held.then(() => answer(pdu))
  const clients = await Promise.all(Array.from({ length: 5 }, () => played.connect()))
  const writes = clients.map((client, i) => client.writeRegister(1, i, 1))
  await eventually('all are on record', () => played.actions.length === 5)
  await new Promise((resolve) => setTimeout(resolve, 20))
  free()
  await Promise.all(writes)
  assert.deepEqual(played.priorities, ['command', 'turn', 'command', 'turn', 'command'])
  await clients[0]!.writeRegister(1, 9, 1)
  assert.equal(played.priorities.at(-1), 'command', 'one that comes alone goes ahead')
})

test('at most so many requests wait, whatever the number of clients', async (t) => {
  const played = await startProxy(t, { timeout: 60_000 })
  let free = () => {}
  const held = new Promise<void>((resolve) => (free = resolve))
  const answer = played.reply
  played.reply = (pdu) => held.then(() => answer(pdu))
  const clients = await Promise.all(Array.from({ length: 70 }, () => played.connect()))
  let refused = 0
  const all = clients.map((client) => client.readHoldingRegisters(1, 0, 1).catch(() => void refused++))
  await eventually('one asks, 64 wait, the others are refused', () => refused === 70 - 65)
  free()
  await Promise.all(all)
  assert.equal(refused, 70 - 65)
  assert.equal(played.sent.length, 65)
})

test('a client that goes away before its write is on record is not written for', async (t) => {
  const played = await startProxy(t)
  const client = await played.connect()
  let record = () => {}
  played.recording = new Promise((resolve) => (record = resolve))
  client.writeRegister(1, 1, 1).catch(() => undefined)
  await eventually('it is to be put on record', () => played.actions.length === 1)
  client.close()
  await new Promise((resolve) => setTimeout(resolve, 50))
  record()
  await eventually('it has an outcome', () => played.actions.length === 2)
  assert.equal(played.actions[1]!.outcome, 'not sent: the client went away')
  assert.deepEqual(played.sent, [])
})

test('a client that goes away while it waits is not asked for', async (t) => {
  const played = await startProxy(t, { timeout: 5000 })
  let free = () => {}
  const held = new Promise<void>((resolve) => (free = resolve))
  const answer = played.reply
  played.reply = (pdu) => held.then(() => answer(pdu))
  const [first, second] = await Promise.all([played.connect(), played.connect()])
  const stuck = first.readHoldingRegisters(1, 0, 1)
  await eventually('the line is taken', () => played.sent.length === 1)
  second.writeRegister(1, 1, 1).catch(() => undefined)
  await eventually('the write is on record', () => played.actions.length === 1)
  second.close()
  await eventually('it is not sent', () => played.actions.length === 2)
  assert.equal(played.actions[1]!.outcome, 'not sent: the client went away')
  free()
  await stuck
  assert.deepEqual(played.sent, [3])
})

test('the time on a slow disk counts: a write whose record takes longer than its client may wait is not sent', async (t) => {
  const played = await startProxy(t, { timeout: 50 })
  const client = await played.connect()
  let record = () => {}
  played.recording = new Promise((resolve) => (record = resolve))
  const refused = exceptionOf(client.writeRegister(1, 1, 1))
  await eventually('it is to be put on record', () => played.actions.length === 1)
  await new Promise((resolve) => setTimeout(resolve, 120))
  record()
  assert.equal(await refused, 6)
  assert.match(played.actions[1]!.outcome, /^not sent: /)
  assert.deepEqual(played.sent, [])
})

test('a write that waits too long for one of the gateway itself is not sent any more', async (t) => {
  const played = await startProxy(t, { timeout: 50 })
  const client = await played.connect()
  let end = () => {}
  const other = played.writes.run(() => new Promise<void>((resolve) => (end = resolve)))
  const refused = exceptionOf(client.writeRegister(1, 1, 1))
  await eventually('it is on the line', () => played.priorities.length === 1)
  await new Promise((resolve) => setTimeout(resolve, 120))
  end()
  await other
  assert.equal(await refused, 6)
  assert.deepEqual(played.sent, [])
})

test('a write that waits for one of the gateway itself is not sent when the gateway stops', async (t) => {
  const played = await startProxy(t, { timeout: 5000 })
  const client = await played.connect()
  let end = () => {}
  const other = played.writes.run(() => new Promise<void>((resolve) => (end = resolve)))
  client.writeRegister(1, 1, 1).catch(() => undefined)
  await eventually('it is on the line', () => played.priorities.length === 1)
  played.end()
  end()
  await other
  await eventually('it has an outcome', () => played.actions.length === 2)
  assert.match(played.actions[1]!.outcome, /^not sent: the gateway stopped/)
  assert.deepEqual(played.sent, [])
})

test('the time of the line counts for the unit that is asked', async (t) => {
  const played = await startProxy(t, { units: [1, 7] })
  const client = await played.connect()
  await client.readHoldingRegisters(7, 0, 1)
  await client.writeRegister(1, 1, 1)
  assert.deepEqual(played.units, [7, 1])
})

test('a request that waits too long, one to a silent unit and one that cannot be put on record are counted by reason', async (t) => {
  const played = await startProxy(t, { timeout: 50 })
  const client = await played.connect()
  const never = new Promise<Uint8Array>(() => undefined)
  played.isFull = true
  await exceptionOf(client.writeRegister(1, 7, 1))
  assert.equal(played.counters.refused.record, 1)
  played.reply = () => Promise.reject(new GatewayError('TIMEOUT', 'no answer'))
  for (let i = 0; i < 5; i++) assert.equal(await exceptionOf(client.readHoldingRegisters(1, i, 1)), 0x0b)
  const { away } = played.counters.refused
  assert.equal(away, 5 - played.sent.length)
  assert.ok(away > 0)
  const busy = await startProxy(t, { timeout: 50 })
  busy.reply = () => never
  const [holder, waiter] = [await busy.connect(), await busy.connect()]
  holder.readHoldingRegisters(1, 0, 1).catch(() => undefined)
  await eventually('it has the line', () => busy.sent.length === 1)
  assert.equal(await exceptionOf(waiter.readHoldingRegisters(1, 0, 1)), 6)
  assert.equal(busy.counters.refused.busy, 1)
})
