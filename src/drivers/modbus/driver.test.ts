/** The Modbus driver against the conformance suite, and what its options, addresses and statuses mean. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../core/clock.ts'
import { Status, statusName } from '../../core/status.ts'
import type { TagSettings } from '../../core/tags.ts'
import { pointsOf, readAll, tagOf, testContext, testDriver } from '../../testing/driver-suite.ts'
import { connectTo, outcomes, readOnce, registers, startDevice } from '../../testing/modbus-device.ts'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import { formatAddress, type ModbusAddress } from './address.ts'
import { modbus } from './driver.ts'
import { parseAddress } from './notations.ts'

const signal = new AbortController().signal

testDriver({
  type: modbus,
  canonical: (address) => formatAddress(address as ModbusAddress),
  badAddresses: ['', '5', 'xr:1', 'hr:65536', 'hr:0.16', '%MD0', '40000', 'hr:0 oops'],
  async start(t) {
    const device = await startDevice(t)
    device.bank.coils.set(3, 1)
    device.bank.discreteInputs.set(4, 1)
    return {
      options: device.options,
      readable: [
        { tag: tagOf('hr:5', 'uint16'), value: 5 },
        { tag: tagOf('hr:5', 'uint32'), value: 5 * 65536 + 6 },
        { tag: tagOf('hr:5', 'uint32', { order: 'CDAB' }), value: 6 * 65536 + 5 },
        { tag: tagOf('hr:99', 'int16'), value: 99 },
        { tag: tagOf('ir:7', 'uint16'), value: 1007 },
        { tag: tagOf('2.hr:7', 'uint16'), value: 7 },
        { tag: tagOf('hr:5.2', 'bool'), value: true },
        { tag: tagOf('hr:5.1', 'bool'), value: false },
        { tag: tagOf('co:3', 'bool'), value: true },
        { tag: tagOf('co:4', 'bool'), value: false },
        { tag: tagOf('di:4', 'bool'), value: true },
        { tag: tagOf('hr:64', 'int64'), value: 0x0040004100420043n },
        { tag: tagOf('hr:65', 'bytes', { length: 3 }), value: Uint8Array.of(0, 65, 0) },
      ],
      unreadable: [
        { tag: tagOf('hr:100', 'uint16'), status: Status.BadConfigurationError },
        { tag: tagOf('hr:99', 'uint32'), status: Status.BadConfigurationError },
        { tag: tagOf('co:1000', 'bool'), status: Status.BadConfigurationError },
        { tag: tagOf('9.hr:0', 'uint16'), status: Status.BadTimeout },
        { tag: tagOf('hr:1', 'uint8'), status: Status.BadConfigurationError },
      ],
      writable: [
        { tag: tagOf('hr:10', 'uint16'), value: 54321 },
        { tag: tagOf('hr:12', 'float32', { order: 'DCBA' }), value: 1.5 },
        { tag: tagOf('hr:14', 'int64'), value: -5n },
        { tag: tagOf('hr:20', 'string', { length: 11 }), value: 'Käse 40 %' },
        { tag: tagOf('hr:30.9', 'bool'), value: true },
        { tag: tagOf('hr:32.9', 'bool', { order: 'BADC' }), value: true },
        { tag: tagOf('co:9', 'bool'), value: true },
        { tag: tagOf('2.hr:40', 'int16'), value: -7 },
      ],
      refused: [
        { tag: tagOf('ir:1', 'uint16'), value: 1, status: Status.BadNotWritable },
        { tag: tagOf('di:1', 'bool'), value: true, status: Status.BadNotWritable },
        { tag: tagOf('hr:1', 'uint16'), value: 70_000, status: Status.BadOutOfRange },
        { tag: tagOf('hr:1', 'uint16'), value: 'much', status: Status.BadTypeMismatch },
        { tag: tagOf('hr:500', 'uint16'), value: 1, status: Status.BadConfigurationError },
        { tag: tagOf('hr:1', 'bool'), value: true, status: Status.BadConfigurationError },
      ],
      silence: () => {
        device.fault = () => ({ silent: true })
      },
      drop: () => device.server.dropConnections('reset'),
    }
  },
})

test('the requests on the wire are those of the standard', async (t) => {
  const device = await startDevice(t)
  const driver = await connectTo(t, device, { unit: 2 })
  await readOnce(driver, [
    ...registers(1, 4),
    tagOf('ir:0', 'float32'),
    tagOf('co:10', 'bool'),
    tagOf('di:0', 'bool'),
    tagOf('1.hr:2'),
  ])
  assert.deepEqual(device.requests, [
    '1: 0300020001',
    '2: 01000a0001',
    '2: 0200000001',
    '2: 0300010004',
    '2: 0400000002',
  ])
})

test('every exception becomes the status of the field guide, for a read and for a write', async (t) => {
  const device = await startDevice(t)
  const expected: Record<number, [string, string?]> = {
    1: ['BadNotSupported'],
    2: ['BadConfigurationError'],
    3: ['BadOutOfRange'],
    4: ['BadDeviceFailure'],
    5: ['BadResourceUnavailable', 'GoodCompletesAsynchronously'],
    6: ['BadResourceUnavailable'],
    8: ['BadDeviceFailure'],
    10: ['BadNoCommunication'],
    11: ['BadTimeout'],
    77: ['BadUnexpectedError'],
  }
  for (const [code, [read, write = read]] of Object.entries(expected)) {
    device.fault = () => ({ exception: Number(code) })
    const driver = await connectTo(t, device)
    assert.deepEqual(await readOnce(driver, registers(1)), [read], `exception ${code}`)
    const [point] = pointsOf(modbus, registers(1))
    assert.deepEqual(
      (await driver.write([{ point: point!, value: 1 }], signal)).map(statusName),
      [write],
      `exception ${code}`,
    )
  }
})

test('identify tells vendor, product and revision; a device that does not know the function tells nothing', async (t) => {
  const device = await startDevice(t)
  const driver = await connectTo(t, device)
  assert.deepEqual(await driver.identify!(signal), { vendor: 'Acme', product: 'PX-7', firmware: 'v2.1' })
  device.fault = () => ({ exception: 1 })
  assert.deepEqual(await driver.identify!(signal), {})
})

const expand = (address: string, type: TagSettings['type'], settings: Partial<TagSettings> = {}) =>
  modbus.expand!(tagOf(address, type, { name: 'a', ...settings }))?.map((tag) =>
    `${tag.name} ${tag.address} ${tag.type} ${tag.order ?? ''}`.trim(),
  )

test('an array stands for one tag a member, each at its own place', () => {
  assert.deepEqual(expand('hr:0[3]', 'float32'), ['a[0] hr:0 float32', 'a[1] hr:2 float32', 'a[2] hr:4 float32'])
  assert.deepEqual(expand('holding-register:1:UINT[2]{unit-id: 2, byte-order: LITTLE_ENDIAN}', 'uint16'), [
    'a[0] 2.hr:0 uint16 DCBA',
    'a[1] 2.hr:1 uint16 DCBA',
  ])
  assert.deepEqual(expand('co:7[2]', 'bool'), ['a[0] co:7 bool', 'a[1] co:8 bool'])
  assert.deepEqual(expand('hr:7.15[3]', 'bool'), ['a[0] hr:7.15 bool', 'a[1] hr:8.0 bool', 'a[2] hr:8.1 bool'])
  assert.deepEqual(expand('hr:0[2]', 'string', { length: 5 }), ['a[0] hr:0 string', 'a[1] hr:3 string'])
  assert.equal(expand('hr:0', 'float32'), undefined)
  for (const tag of modbus.expand!(tagOf('hr:0[3]', 'int64'))!) assert.equal(modbus.expand!(tag), undefined)
})

const check = (address: string, type: TagSettings['type'], settings: Partial<TagSettings> = {}) =>
  modbus.check!(parseAddress(address), tagOf(address, type, settings))

test('what cannot work is said in a sentence', () => {
  assert.match(check('hr:65535', 'float32')!, /would end at hr:65536, beyond the last address 65535/)
  assert.match(check('hr:65530[4]', 'float32')!, /4 values of type float32 .* would end at hr:65537/)
  assert.match(check('co:1', 'int16')!, /a coil, one bit: its type is bool, not int16/)
  assert.match(check('hr:1.3', 'uint16')!, /its type is bool/)
  assert.match(check('hr:1', 'bool')!, /such as hr:1\.0/)
  assert.match(check('hr:1', 'int8')!, /use int16/)
  assert.match(check('hr:1', 'string')!, /needs a length, in characters/)
  assert.match(check('hr:1', 'bytes', { length: 251 })!, /at most 250/)
  assert.match(check('hr:1', 'int32', { order: 'ABDC' })!, /'ABDC' is not known/)
  assert.match(check('HRF1', 'int32')!, /says type float32, the tag says int32/)
  assert.match(check('1!400001#BL', 'int32', { order: 'ABCD' })!, /says order CDAB, the tag says ABCD/)
  assert.match(check('1!400001.10H', 'string', { length: 9 })!, /says length 10, the tag says 9/)
  assert.equal(check('1!400001#BL', 'int32', { order: 'mid-little' }), undefined)
  assert.equal(check('hr:65534', 'float32'), undefined)
  assert.equal(check('1!300001.10H', 'string', { writable: false }), undefined)
})

test('the order is that of the tag, else of the address, else of the device', async (t) => {
  const device = await startDevice(t)
  const driver = await connectTo(t, device, { order: 'little' })
  const swapped = 0x02000100
  const tags = [
    tagOf('hr:1', 'uint32'),
    tagOf('1!400002#BL', 'uint32'),
    tagOf('hr:1', 'uint32', { order: 'ABCD' }),
    tagOf('hr:1'),
  ]
  assert.deepEqual(await readOnce(driver, tags), [swapped, 0x00020001, 0x00010002, 256])
})

test('a silent unit among others costs a time-out now and then, not one a request, and comes back', async (t) => {
  const device = await startDevice(t)
  const clock = new VirtualClock()
  const driver = await connectTo(t, device, { timeout: '30ms' }, { ...testContext(), clock: { ...systemClock, monotonic: () => systemClock.monotonic() + clock.monotonic() } }) // prettier-ignore
  const poll = driver.prepare(pointsOf(modbus, [tagOf('hr:1'), ...[1, 30, 60, 90].map((at) => tagOf(`2.hr:${at}`))]))
  const read = async () => outcomes(await readAll(poll))
  const asked = () => device.requests.filter((request) => request.startsWith('2:')).length
  const silent = [1, 'BadTimeout', 'BadTimeout', 'BadTimeout', 'BadTimeout']
  device.fault = ({ unit }) => (unit === 2 ? { silent: true } : undefined)
  for (let polls = 0; polls < 10; polls++) assert.deepEqual(await read(), silent)
  assert.equal(asked(), 3)
  assert.equal(await poll.read(1, () => undefined, new AbortController().signal), 'unasked')
  assert.equal(await poll.read(0, () => undefined, new AbortController().signal), undefined)
  await clock.advance(1000)
  for (let polls = 0; polls < 10; polls++) assert.deepEqual(await read(), silent)
  assert.equal(asked(), 4, 'one request after the pause')
  device.fault = undefined
  await clock.advance(60_000)
  assert.deepEqual(await read(), [1, 1, 30, 60, 90])
})

test('the only unit of a device is always asked: its breaker is that of polling', async (t) => {
  const device = await startDevice(t)
  const driver = await connectTo(t, device, { timeout: '30ms' })
  device.fault = () => ({ silent: true })
  for (let polls = 0; polls < 5; polls++) await readOnce(driver, registers(1))
  assert.equal(device.requests.length, 5)
})

const line = (host: string) => modbus.line(modbus.options.parse({ host, port: 1502 }))

test('host names that differ in case are one line, IPv6 is bracketed', () => {
  assert.equal(line('PLC-1'), line('plc-1'))
  assert.equal(line('::1'), 'tcp://[::1]:1502')
  assert.equal(line('10.0.0.1'), 'tcp://10.0.0.1:1502')
})

test('units behind one address share a line, and people can tell them apart', () => {
  const [one, two] = [1, 2].map((unit) => modbus.options.parse({ host: '::1', port: 1502, unit }))
  assert.equal(modbus.line(one!), modbus.line(two!))
  assert.deepEqual(
    [one, two].map((options) => modbus.endpoint!(options!)),
    ['[::1]:1502 unit 1', '[::1]:1502 unit 2'],
  )
})
