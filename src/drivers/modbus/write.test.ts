/** Writes as they stand on the wire, and what becomes of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { statusName } from '../../core/status.ts'
import { pointsOf, tagOf } from '../../testing/driver-suite.ts'
import { connectTo, registers, startDevice } from '../../testing/modbus-device.ts'
import { modbus } from './driver.ts'

const signal = new AbortController().signal

test('writes use the function that fits: FC05, FC06, FC16 in one piece, FC22 for a bit', async (t) => {
  const device = await startDevice(t)
  const driver = await connectTo(t, device)
  const tags = [
    tagOf('co:5', 'bool'),
    tagOf('hr:6', 'int16'),
    tagOf('hr:7', 'uint32', { order: 'CDAB' }),
    tagOf('hr:8.3', 'bool'),
    tagOf('hr:8.3', 'bool'),
  ]
  const points = pointsOf(modbus, tags)
  const values = [true, -2, 0x0a0b0c0d, true, false]
  await driver.write(
    points.map((point, index) => ({ point, value: values[index]! })),
    signal,
  )
  assert.deepEqual(device.requests, [
    '1: 050005ff00',
    '1: 060006fffe',
    '1: 1000070002040c0d0a0b',
    '1: 160008fff70008',
    '1: 160008fff70000',
  ])
})

test('writeMultiple: FC15 and FC16 for single values too', async (t) => {
  const device = await startDevice(t)
  const driver = await connectTo(t, device, { writeMultiple: true })
  const points = pointsOf(modbus, [tagOf('co:5', 'bool'), tagOf('hr:6', 'int16')])
  await driver.write(
    [
      { point: points[0]!, value: true },
      { point: points[1]!, value: 258 },
    ],
    signal,
  )
  assert.deepEqual(device.requests, ['1: 0f000500010101', '1: 1000060001020102'])
})

test('a unit that cannot mask a register gets read, change, write, and is asked only once', async (t) => {
  const device = await startDevice(t)
  device.fault = (_, code) => (code === 22 ? { exception: 1 } : undefined)
  device.bank.holdingRegisters.set(8, 0x00ff)
  const driver = await connectTo(t, device)
  const [bit9, bit0] = pointsOf(modbus, [tagOf('hr:8.9', 'bool'), tagOf('hr:8.0', 'bool')])
  await driver.write(
    [
      { point: bit9!, value: true },
      { point: bit0!, value: false },
    ],
    signal,
  )
  assert.equal(device.bank.holdingRegisters.get(8), 0x02fe)
  assert.deepEqual(device.requests, [
    '1: 160008fdff0200',
    '1: 0300080001',
    '1: 06000802ff',
    '1: 0300080001',
    '1: 06000802fe',
  ])
})

test('a write that gets no answer is BadTimeout, and the item after it is still written', async (t) => {
  const device = await startDevice(t)
  device.fault = (_, __, address) => (address === 1 ? { silent: true } : undefined)
  const driver = await connectTo(t, device)
  const [first, second] = pointsOf(modbus, registers(1, 2))
  const results = await driver.write(
    [
      { point: first!, value: 5 },
      { point: second!, value: 6 },
    ],
    signal,
  )
  assert.deepEqual(results.map(statusName), ['BadTimeout', 'Good'])
  assert.equal(device.bank.holdingRegisters.get(2), 6)
})
