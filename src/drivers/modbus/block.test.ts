/** Refused blocks: one bad register costs no neighbour its value, and what was learned makes the next cycles cheap. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../core/clock.ts'
import { NotConnectedError } from '../../core/errors.ts'
import type { Fault } from '../../protocols/modbus/index.ts'
import { pointsOf, readAll, testContext } from '../../testing/driver-suite.ts'
import { connectTo, outcomes, registers, startDevice } from '../../testing/modbus-device.ts'
import { modbus } from './driver.ts'

const signal = new AbortController().signal

test('a bad register costs no neighbour its value: halves until it is alone, then the good together and the bad alone', async (t) => {
  const device = await startDevice(t)
  device.fault = (_, code, address, count) =>
    code === 3 && address <= 3 && address + count > 3 ? { exception: 2 } : undefined
  const driver = await connectTo(t, device)
  const poll = driver.prepare(pointsOf(modbus, registers(1, 2, 3, 4, 5)))
  const values = [1, 2, 'BadConfigurationError', 4, 5]
  assert.equal(poll.steps, 1)
  assert.deepEqual(outcomes(await readAll(poll)), values)
  const searched = ['1: 0300010005', '1: 0300010003', '1: 0300010002', '1: 0300030001', '1: 0300040002']
  assert.deepEqual(device.requests, searched, 'the block, then halves of what is refused')
  for (let cycle = 0; cycle < 3; cycle++) {
    device.requests.length = 0
    assert.deepEqual(outcomes(await readAll(poll)), values)
    assert.deepEqual(device.requests, ['1: 0300010002', '1: 0300040002', '1: 0300030001'])
  }
  device.fault = undefined
  assert.deepEqual(outcomes(await readAll(poll)), [1, 2, 3, 4, 5], 'it comes back by itself')
})

test('one bad register of a hundred is found with a handful of requests', async (t) => {
  const device = await startDevice(t)
  device.fault = (_, __, address, count) => (address <= 77 && address + count > 77 ? { exception: 2 } : undefined)
  const driver = await connectTo(t, device)
  const addresses = Array.from({ length: 100 }, (_, address) => address)
  const poll = driver.prepare(pointsOf(modbus, registers(...addresses)))
  const values = addresses.map((address) => (address === 77 ? 'BadConfigurationError' : address))
  assert.deepEqual(outcomes(await readAll(poll)), values)
  assert.ok(device.requests.length <= 16, `${device.requests.length} requests`)
  device.requests.length = 0
  assert.deepEqual(outcomes(await readAll(poll)), values)
  assert.equal(device.requests.length, 3)
})

test('on a slow line the search goes on in the next poll, so that no poll takes a minute', async (t) => {
  const device = await startDevice(t)
  device.fault = (_, __, address, count) => (count > 1 || address === 3 ? { exception: 2 } : undefined)
  // Each request takes four seconds.
  const clock = { ...systemClock, monotonic: () => device.requests.length * 4000 }
  const driver = await connectTo(t, device, {}, { ...testContext(), clock })
  const poll = driver.prepare(pointsOf(modbus, registers(1, 2, 3, 4, 5, 6, 7, 8)))
  const first = outcomes(await readAll(poll))
  assert.deepEqual(first.slice(0, 2), [1, 2])
  assert.deepEqual(
    first.slice(4),
    Array.from({ length: 4 }, () => 'BadWaitingForInitialData'),
  )
  assert.ok(device.requests.length <= 6, `${device.requests.length} requests`)
  for (let cycle = 0; cycle < 4; cycle++) await readAll(poll)
  device.requests.length = 0
  assert.deepEqual(outcomes(await readAll(poll)), [1, 2, 'BadConfigurationError', 4, 5, 6, 7, 8])
  assert.equal(device.requests.length, 8)
})

test('a device that reads fewer registers at once than the block has is asked for as many as it can', async (t) => {
  const device = await startDevice(t)
  device.fault = (_, __, ___, count) => (count > 4 ? { exception: 3 } : undefined)
  const driver = await connectTo(t, device)
  const poll = driver.prepare(pointsOf(modbus, registers(1, 2, 3, 4, 5, 6, 7, 8)))
  await readAll(poll)
  device.requests.length = 0
  assert.deepEqual(outcomes(await readAll(poll)), [1, 2, 3, 4, 5, 6, 7, 8])
  assert.deepEqual(device.requests, ['1: 0300010004', '1: 0300050004'])
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

test('a device that falls silent while a bad register is searched costs one time-out, not one each', async (t) => {
  const device = await startDevice(t)
  device.fault = (_, __, address, count) => (count > 1 ? { exception: 2 } : address > 1 ? { silent: true } : undefined)
  const driver = await connectTo(t, device)
  const poll = driver.prepare(pointsOf(modbus, registers(1, 2, 3, 4, 5)))
  assert.deepEqual(outcomes(await readAll(poll)), [1, 'BadTimeout', 'BadTimeout', 'BadTimeout', 'BadTimeout'])
  assert.equal(device.requests.length, 5, 'three refused, register 1, and the time-out')
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
