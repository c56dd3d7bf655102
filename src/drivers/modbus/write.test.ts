/** Writes as they stand on the wire, and what becomes of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../core/clock.ts'
import { statusName } from '../../core/status.ts'
import { createModbusServer } from '../../protocols/modbus/index.ts'
import { pointsOf, tagOf, testContext } from '../../testing/driver-suite.ts'
import { connectTo, registers, startDevice } from '../../testing/modbus-device.ts'
import { sunSpecBank, sunSpecImage } from '../../testing/sunspec-image.ts'
import { modbus } from './driver.ts'
import { neighbours, type Change } from './write-request.ts'

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

test('a mask write that fails otherwise than as unknown is not done in another way: it may have been carried out', async (t) => {
  for (const [fault, status] of [
    [{ silent: true }, 'BadTimeout'],
    [{ exception: 2 }, 'BadConfigurationError'],
  ] as const) {
    const device = await startDevice(t)
    device.fault = (_, code) => (code === 22 ? fault : undefined)
    const driver = await connectTo(t, device)
    const [bit] = pointsOf(modbus, [tagOf('hr:8.9', 'bool')])
    assert.deepEqual((await driver.write([{ point: bit!, value: true }], signal)).map(statusName), [status])
    assert.deepEqual(device.requests, ['1: 160008fdff0200'])
  }
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

const written = (device: { requests: readonly string[] }) =>
  device.requests.filter((request) => !request.startsWith('1: 03'))

test('coalesceWrites: neighbours of one command in one request; without it one by one', async (t) => {
  const tags = [
    tagOf('hr:10'),
    tagOf('hr:11', 'float32'),
    tagOf('hr:13', 'int16'),
    tagOf('hr:20'),
    tagOf('co:1', 'bool'),
    tagOf('co:2', 'bool'),
  ]
  const values = [1, 1.5, -1, 9, true, true]
  const items = pointsOf(modbus, tags).map((point, index) => ({ point, value: values[index]! }))
  const device = await startDevice(t)
  const joined = await (await connectTo(t, device, { coalesceWrites: true })).write(items, signal)
  assert.deepEqual(device.requests.splice(0), [
    '1: 10000a00040800013fc00000ffff',
    '1: 0600140009',
    '1: 0f0001000201' + '03',
  ])
  assert.deepEqual(joined.map(statusName), Array(6).fill('Good'))
  await (await connectTo(t, device)).write(items, signal)
  assert.equal(device.requests.length, 6)
})

test('coalescing never changes the order: a write in between ends the row, and so does another unit', async (t) => {
  const device = await startDevice(t)
  const driver = await connectTo(t, device, { coalesceWrites: true })
  const points = pointsOf(modbus, [
    tagOf('hr:10'),
    tagOf('co:0', 'bool'),
    tagOf('hr:11'),
    tagOf('2.hr:12'),
    tagOf('hr:13'),
  ])
  await driver.write(
    points.map((point, index) => ({ point, value: index === 1 ? true : index })),
    signal,
  )
  assert.deepEqual(device.requests, [
    '1: 06000a0000',
    '1: 050000ff00',
    '1: 06000b0002',
    '2: 06000c0003',
    '1: 06000d0004',
  ])
})

test('neighbours that the device refuses together are written one by one: only the bad one is bad', async (t) => {
  const device = await startDevice(t)
  device.fault = (_, code, address) => (code === 16 || address === 11 ? { exception: 2 } : undefined)
  const driver = await connectTo(t, device, { coalesceWrites: true })
  const points = pointsOf(modbus, registers(10, 11, 12))
  const results = await driver.write(
    points.map((point) => ({ point, value: 77 })),
    signal,
  )
  assert.deepEqual(results.map(statusName), ['Good', 'BadConfigurationError', 'Good'])
  assert.deepEqual(
    [10, 12].map((address) => device.bank.holdingRegisters.get(address)),
    [77, 77],
  )
})

test('a row of neighbours ends at the 123 registers and 1968 coils of one request', () => {
  const registersAt = (count: number) =>
    Array.from({ length: count }, (_, address): Change => ({
      kind: 'registers',
      unit: 1,
      address,
      registers: new Uint8Array(2),
    }))
  const coilsAt = (count: number) =>
    Array.from({ length: count }, (_, address): Change => ({ kind: 'coil', unit: 1, address, on: true }))
  assert.equal(neighbours(registersAt(200)), 123)
  assert.equal(neighbours(registersAt(5)), 5)
  assert.equal(neighbours(coilsAt(3000)), 1968)
})

test('an item that is no longer wanted when its turn comes is not sent and says so; the others are', async (t) => {
  for (const coalesceWrites of [false, true]) {
    const device = await startDevice(t)
    const driver = await connectTo(t, device, { coalesceWrites })
    const asked: number[] = []
    const items = pointsOf(modbus, registers(1, 2, 3)).map((point, index) => ({
      point,
      value: 50 + index,
      watch: { begin: () => asked.push(index) > 0 && index !== 1, remark: () => undefined },
    }))
    const results = await driver.write(items, signal)
    assert.deepEqual(results.map(statusName), ['Good', 'BadRequestNotComplete', 'Good'])
    assert.deepEqual(asked, [0, 1, 2])
    assert.deepEqual(
      [1, 2, 3].map((address) => device.bank.holdingRegisters.get(address)),
      [50, 2, 52],
    )
  }
})

test('a command that is given up: what was on its way is BadTimeout, what was not begun is never sent', async (t) => {
  const device = await startDevice(t)
  const driver = await connectTo(t, device, { timeout: '5s' })
  const giveUp = new AbortController()
  device.fault = (_, __, address) => {
    if (address !== 2) return undefined
    setTimeout(() => giveUp.abort(), 20)
    return { silent: true }
  }
  const items = pointsOf(modbus, registers(1, 2, 3)).map((point) => ({ point, value: 9 }))
  const results = await driver.write(items, giveUp.signal)
  assert.deepEqual(results.map(statusName), ['Good', 'BadTimeout', 'BadRequestNotComplete'])
  // The control: the connection is well, and a write that came after would be seen.
  await driver.write([items[0]!], signal)
  assert.deepEqual(written(device), ['1: 0600010009', '1: 0600020009', '1: 0600010009'])
})

test('bits of one register written at the same time do not lose each other, also without mask write', async (t) => {
  const device = await startDevice(t)
  device.fault = (_, code) => (code === 22 ? { exception: 1 } : { delayMs: 5 })
  device.bank.holdingRegisters.set(8, 0)
  const shared = {}
  const [a, b] = await Promise.all(
    ['a', 'b'].map((name) => connectTo(t, device, { maxInFlight: 8, timeout: '2s' }, testContext(name, shared))),
  )
  const remarks: string[] = []
  const watch = { begin: () => true, remark: (sentence: string) => void remarks.push(sentence) }
  const bits = pointsOf(
    modbus,
    Array.from({ length: 16 }, (_, bit) => tagOf(`hr:8.${bit}`, 'bool')),
  )
  await Promise.all(bits.map((point, i) => (i % 2 ? a! : b!).write([{ point, value: true, watch }], signal)))
  assert.equal(device.bank.holdingRegisters.get(8), 0xffff)
  assert.equal(remarks.length, 16)
  assert.match(remarks[0]!, /not atomic against others/)
})

test('broadcasts are not written on a serial line', async () => {
  const options = modbus.options.parse({ transport: 'rtu', serial: { path: '/dev/null' } })
  const driver = modbus.create(options, testContext())
  const remarks: string[] = []
  const [point] = pointsOf(modbus, [tagOf('0.hr:1')])
  const watch = {
    begin: () => assert.fail('nothing is to be sent'),
    remark: (sentence: string) => void remarks.push(sentence),
  }
  assert.deepEqual((await driver.write([{ point: point!, value: 1, watch }], signal)).map(statusName), [
    'BadNotWritable',
  ])
  assert.match(remarks[0]!, /Unit 0 is the broadcast/)
})

test('a write to a named point is watched too: sent when it may be, and not when it may not', async (t) => {
  const image = sunSpecImage([{ id: 1 }, { id: 123, raw: { WMaxLimPct_SF: 'fffe', WMaxLimPct: '0000' } }])
  const bank = sunSpecBank(image)
  const server = createModbusServer({ unit: () => bank, clock: systemClock })
  t.after(() => server.close())
  const options = modbus.options.parse({ host: '127.0.0.1', port: await server.listen(0), timeout: '1s' })
  const driver = modbus.create(options, testContext())
  t.after(() => driver.close())
  await driver.connect(signal)
  const address = 'sunspec:123.WMaxLimPct'
  const [point] = pointsOf(modbus, [tagOf(address, modbus.parseAddress(address).type)])
  let begun = 0
  const write = async (mayBegin: boolean, value: number) => {
    const watch = { begin: () => ++begun > 0 && mayBegin, remark: () => undefined }
    return (await driver.write([{ point: point!, value, watch }], signal)).map(statusName)
  }
  const held = () => bank.holdingRegisters.get(image.places.get(address)!)
  assert.deepEqual(await write(false, 50), ['BadRequestNotComplete'])
  assert.deepEqual([begun, held()], [1, 0])
  assert.deepEqual(await write(true, 50), ['Good'])
  assert.deepEqual([begun, held()], [2, 5000])
})

test('a writable tag in an area that is only read is refused by the configuration check, with what to write', () => {
  const check = (address: string, type: 'uint16' | 'bool', writable: boolean) =>
    modbus.check!(modbus.parseAddress(address), tagOf(address, type, { writable }))
  assert.match(
    check('ir:1', 'uint16', true)!,
    /^ir:1 is in the area of input registers.*only be read.*holding register/,
  )
  assert.match(check('di:1', 'bool', true)!, /discrete inputs.*only be read.*coil \(co\)/)
  for (const address of ['hr:1', 'ir:1']) assert.equal(check(address, 'uint16', address === 'hr:1'), undefined)
  assert.equal(check('co:1', 'bool', true), undefined)
})
