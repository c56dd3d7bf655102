/** The Modbus driver against the conformance suite and against misbehaving devices, all over real sockets to our own server. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../core/clock.ts'
import type { Context, Driver } from '../../core/driver.ts'
import { NotConnectedError } from '../../core/errors.ts'
import { Status, statusName } from '../../core/status.ts'
import type { TagSettings } from '../../core/tags.ts'
import {
  createModbusServer,
  RegisterBank,
  type Fault,
  type ModbusServer,
  type ServerRequest,
} from '../../protocols/modbus/index.ts'
import { pointsOf, readAll, rowsByTag, tagOf, testContext, testDriver } from '../../testing/driver-suite.ts'
import { eventually } from '../../testing/peers.ts'
import { formatAddress, type ModbusAddress } from './address.ts'
import { modbus } from './driver.ts'
import { parseAddress } from './notations.ts'

const signal = new AbortController().signal

interface Device {
  readonly server: ModbusServer
  readonly bank: RegisterBank
  readonly options: Record<string, unknown>
  /** Request PDUs in hex, by unit, in the order of arrival. */
  readonly requests: string[]
  fault: ((request: ServerRequest, code: number, address: number, count: number) => Fault | undefined) | undefined
}

/** A device whose registers 0…99 hold their own address; units 1 and 2 are the same. */
async function startDevice(t: TestContext): Promise<Device> {
  const ranges = [{ address: 0, count: 100 }]
  const bank = new RegisterBank({
    coils: ranges,
    discreteInputs: ranges,
    inputRegisters: ranges,
    holdingRegisters: ranges,
    identification: { 0: 'Acme', 1: 'PX-7', 2: 'v2.1' },
  })
  for (let address = 0; address < 100; address++) {
    bank.holdingRegisters.set(address, address)
    bank.inputRegisters.set(address, address + 1000)
  }
  const requests: string[] = []
  const server = createModbusServer({
    unit: (id) => (id === 1 || id === 2 ? bank : undefined),
    clock: systemClock,
    intercept(request) {
      requests.push(`${request.unit}: ${Buffer.from(request.pdu).toString('hex')}`)
      const bytes = Buffer.concat([request.pdu, Buffer.alloc(2)])
      return device.fault?.(request, bytes[0]!, bytes.readUInt16BE(1), bytes.readUInt16BE(3))
    },
  })
  const port = await server.listen(0)
  t.after(() => server.close())
  const device: Device = {
    server,
    bank,
    requests,
    fault: undefined,
    options: { host: '127.0.0.1', port, timeout: '150ms' },
  }
  return device
}

/** A connected driver; ends with the test. */
async function connectTo(
  t: TestContext,
  device: Device,
  options: Record<string, unknown> = {},
  context: Context = testContext(),
) {
  const driver = modbus.create(modbus.options.parse({ ...device.options, ...options }), context)
  t.after(() => driver.close())
  await driver.connect(signal)
  return driver
}

const registers = (...addresses: number[]) => addresses.map((address) => tagOf(`hr:${address}`))

/** Values where good, names of the status where not, in the order of the tags. */
async function readOnce(driver: Driver<ModbusAddress>, tags: readonly TagSettings[]) {
  return outcomes(await readAll(driver.prepare(pointsOf(modbus, tags))))
}

function outcomes(batches: Awaited<ReturnType<typeof readAll>>) {
  return [...rowsByTag(batches)]
    .sort(([a], [b]) => a - b)
    .map(([, row]) => (row.status === Status.Good ? row.value : statusName(row.status)))
}

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
        { tag: tagOf('hr:31.9', 'bool', { order: 'BADC' }), value: true },
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
  const driver = await connectTo(t, device)
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
    assert.deepEqual(await readOnce(driver, registers(1)), [read], `exception ${code}`)
    const [point] = pointsOf(modbus, registers(1))
    assert.deepEqual(
      (await driver.write([{ point: point!, value: 1 }], signal)).map(statusName),
      [write],
      `exception ${code}`,
    )
  }
})

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
  device.fault = (_, __, address, count) =>
    count > 1 ? { exception: 2 } : address > 2 ? { silent: true, then: 'reset' } : undefined
  const driver = await connectTo(t, device)
  const poll = driver.prepare(pointsOf(modbus, registers(1, 2, 3, 4)))
  const values: unknown[] = []
  await assert.rejects(
    poll.read(0, (batch) => values.push(...[...batch].map(({ value }) => value)), signal),
    NotConnectedError,
  )
  assert.deepEqual(values, [1, 2])
})

test('a short reply is BadUnknownResponse for its tags, and the next read is good', async (t) => {
  const device = await startDevice(t)
  const driver = await connectTo(t, device)
  device.fault = () => ({
    alter: (frame) => {
      const short = frame.slice(0, frame.length - 2)
      short[5] = frame[5]! - 2
      return short
    },
  })
  assert.deepEqual(await readOnce(driver, registers(1, 2)), ['BadUnknownResponse', 'BadUnknownResponse'])
  device.fault = undefined
  assert.deepEqual(await readOnce(driver, registers(1, 2)), [1, 2])
})

test('garbage closes the connection: NotConnectedError that says why', async (t) => {
  const device = await startDevice(t)
  const driver = await connectTo(t, device)
  device.fault = () => ({ alter: () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n') })
  await assert.rejects(
    readOnce(driver, registers(1)),
    (error: unknown) => error instanceof NotConnectedError && /framing/.test(error.message),
  )
  device.fault = undefined
  await driver.connect(signal)
  assert.deepEqual(await readOnce(driver, registers(1)), [1])
})

test('devices of one line share one socket; one that closes leaves the others connected, the last closes it', async (t) => {
  const device = await startDevice(t)
  const shared = {}
  const [first, second] = await Promise.all([
    connectTo(t, device, { unit: 1 }, testContext('one', shared)),
    connectTo(t, device, { unit: 2 }, testContext('two', shared)),
  ])
  assert.deepEqual(await readOnce(first, registers(1)), [1])
  assert.deepEqual(await readOnce(second, registers(1)), [1])
  assert.deepEqual(device.requests, ['1: 0300010001', '2: 0300010001'])
  assert.equal(device.server.stats.connections, 1)
  await first.close()
  assert.deepEqual(await readOnce(second, registers(2)), [2])
  await assert.rejects(readOnce(first, registers(2)), NotConnectedError)
  await first.connect(signal)
  assert.equal(device.server.stats.connections, 1, 'it joined the socket that was there')
  await second.close()
  await first.close()
  await eventually('the socket is closed', () => device.server.connections === 0)
})

test('a dead socket is replaced once, by whichever device connects first', async (t) => {
  const device = await startDevice(t)
  const shared = {}
  const first = await connectTo(t, device, {}, testContext('one', shared))
  const second = await connectTo(t, device, {}, testContext('two', shared))
  device.server.dropConnections('reset')
  await assert.rejects(async () => {
    for (;;) await readOnce(first, registers(1))
  }, NotConnectedError)
  await assert.rejects(readOnce(second, registers(1)), NotConnectedError)
  await Promise.all([first.connect(signal), second.connect(signal)])
  assert.deepEqual(await readOnce(first, registers(1)), [1])
  assert.deepEqual(await readOnce(second, registers(1)), [1])
  assert.equal(device.server.stats.connections, 2)
})

test('one device that gives up connecting does not end the dial that another waits for', async (t) => {
  const device = await startDevice(t)
  const shared = {}
  let dials = 0
  let letDial = () => {}
  const gate = new Promise<void>((resolve) => (letDial = resolve))
  const context: Context = {
    ...testContext('line', shared),
    dial: async (endpoint, dialSignal) => {
      dials++
      await gate
      return testContext().dial(endpoint, dialSignal)
    },
  }
  const parsed = modbus.options.parse(device.options)
  const [first, second, third] = [
    modbus.create(parsed, context),
    modbus.create(parsed, context),
    modbus.create(parsed, context),
  ]
  t.after(() => Promise.all([first.close(), second.close(), third.close()]))
  const impatient = new AbortController()
  const givingUp = first.connect(impatient.signal)
  const waiting = second.connect(signal)
  const closed = assert.rejects(
    third.connect(signal).then(() => readOnce(third, registers(1))),
    NotConnectedError,
  )
  impatient.abort(new Error('too slow'))
  await assert.rejects(givingUp, /too slow/)
  await third.close()
  letDial()
  await waiting
  await closed
  assert.deepEqual(await readOnce(second, registers(1)), [1])
  assert.equal(dials, 1)
  await second.close()
  await eventually('nobody who gave up or closed holds the socket', () => device.server.connections === 0)
})

test('nothing listens: NotConnectedError', async (t) => {
  const device = await startDevice(t)
  await device.server.close()
  const driver = modbus.create(modbus.options.parse(device.options), testContext())
  await assert.rejects(driver.connect(signal), NotConnectedError)
})

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

test('identify tells vendor, product and revision; a device that does not know the function tells nothing', async (t) => {
  const device = await startDevice(t)
  const driver = await connectTo(t, device)
  assert.deepEqual(await driver.identify!(signal), { vendor: 'Acme', product: 'PX-7', firmware: 'v2.1' })
  device.fault = () => ({ exception: 1 })
  assert.deepEqual(await driver.identify!(signal), {})
})

test('an array stands for one tag a member, each at its own place', () => {
  const expand = (address: string, type: TagSettings['type'], settings: Partial<TagSettings> = {}) =>
    modbus.expand!(tagOf(address, type, { name: 'a', ...settings }))?.map((tag) =>
      `${tag.name} ${tag.address} ${tag.type} ${tag.order ?? ''}`.trim(),
    )
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

test('what cannot work is said in a sentence', () => {
  const check = (address: string, type: TagSettings['type'], settings: Partial<TagSettings> = {}) =>
    modbus.check!(parseAddress(address), tagOf(address, type, settings))
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
  assert.equal(check('1!300001.10H', 'string'), undefined)
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

test('host names that differ in case are one line, IPv6 is bracketed', () => {
  const line = (host: string) => modbus.line(modbus.options.parse({ host, port: 1502 }))
  assert.equal(line('PLC-1'), line('plc-1'))
  assert.equal(line('::1'), 'tcp://[::1]:1502')
  assert.equal(line('10.0.0.1'), 'tcp://10.0.0.1:1502')
})
