/** Refused blocks: one bad register costs no neighbour its value, and what was learned makes the next cycles cheap. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NotConnectedError } from '../../core/errors.ts'
import type { Fault } from '../../protocols/modbus/index.ts'
import { pointsOf, readAll } from '../../testing/driver-suite.ts'
import { connectTo, outcomes, registers, startDevice } from '../../testing/modbus-device.ts'
import { modbus } from './driver.ts'

const signal = new AbortController().signal

test('a bad register costs no neighbour its value: once each alone, then the good together and the bad alone', async (t) => {
  const device = await startDevice(t)
  device.fault = (_, code, address, count) =>
    code === 3 && address <= 3 && address + count > 3 ? { exception: 2 } : undefined
  const driver = await connectTo(t, device)
  const poll = driver.prepare(pointsOf(modbus, registers(1, 2, 3, 4, 5)))
  const values = [1, 2, 'BadConfigurationError', 4, 5]
  assert.equal(poll.steps, 1)
  assert.deepEqual(outcomes(await readAll(poll)), values)
  assert.equal(device.requests.length, 6, 'the block, then each register alone')
  for (let cycle = 0; cycle < 3; cycle++) {
    device.requests.length = 0
    assert.deepEqual(outcomes(await readAll(poll)), values)
    assert.deepEqual(device.requests, ['1: 0300010002', '1: 0300040002', '1: 0300030001'])
  }
  device.fault = undefined
  assert.deepEqual(outcomes(await readAll(poll)), [1, 2, 3, 4, 5], 'it comes back by itself')
})

test('a hole between two tags that the device refuses to read along is left out from then on', async (t) => {
  const device = await startDevice(t)
  device.fault = (_, code, address, count) =>
    code === 3 && address <= 3 && address + count > 3 ? { exception: 2 } : undefined
  const driver = await connectTo(t, device)
  const poll = driver.prepare(pointsOf(modbus, registers(1, 2, 5)))
  assert.deepEqual(outcomes(await readAll(poll)), [1, 2, 5])
  device.requests.length = 0
  assert.deepEqual(outcomes(await readAll(poll)), [1, 2, 5])
  assert.deepEqual(device.requests, ['1: 0300010002', '1: 0300050001'])
})

test('a device that answers only single registers is read one by one after it said so', async (t) => {
  const device = await startDevice(t)
  device.fault = (_, code, __, count) => (code === 3 && count > 1 ? { exception: 3 } : undefined)
  const driver = await connectTo(t, device)
  const poll = driver.prepare(pointsOf(modbus, registers(1, 2, 3)))
  assert.deepEqual(outcomes(await readAll(poll)), [1, 2, 3])
  device.requests.length = 0
  assert.deepEqual(outcomes(await readAll(poll)), [1, 2, 3])
  assert.equal(device.requests.length, 3)
})

test('a device that falls silent while its registers are tried singly costs one time-out, not one each', async (t) => {
  const device = await startDevice(t)
  device.fault = (_, __, address, count) => (count > 1 ? { exception: 2 } : address > 1 ? { silent: true } : undefined)
  const driver = await connectTo(t, device)
  const poll = driver.prepare(pointsOf(modbus, registers(1, 2, 3, 4, 5)))
  assert.deepEqual(outcomes(await readAll(poll)), [1, 'BadTimeout', 'BadTimeout', 'BadTimeout', 'BadTimeout'])
  assert.equal(device.requests.length, 3)
  device.fault = undefined
  device.requests.length = 0
  assert.deepEqual(outcomes(await readAll(poll)), [1, 2, 3, 4, 5])
  assert.equal(device.requests.length, 1, 'silence said nothing about registers')
})

test('what was read before the connection was lost stays', async (t) => {
  const device = await startDevice(t)
  // oxlint-disable-next-line unicorn/no-thenable -- it is a word of the server's faults, nothing awaits it
  const lost: Fault = { silent: true, then: 'reset' }
  device.fault = (_, __, address, count) => (count > 1 ? { exception: 2 } : address > 2 ? lost : undefined)
  const driver = await connectTo(t, device)
  const poll = driver.prepare(pointsOf(modbus, registers(1, 2, 3, 4)))
  const values: unknown[] = []
  await assert.rejects(
    poll.read(0, (batch) => values.push(...[...batch].map(({ value }) => value)), signal),
    NotConnectedError,
  )
  assert.deepEqual(values, [1, 2])
})
