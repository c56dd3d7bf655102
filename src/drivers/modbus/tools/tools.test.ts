/** The tools `dump` and `detect` against a server of ours over real sockets, with its faults. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { DriverTool, LineAccess } from '../../../core/driver.ts'
import { GatewayError } from '../../../core/errors.ts'
import type { Fault } from '../../../protocols/modbus/index.ts'
import { connectTo, startDevice, type Device } from '../../../testing/modbus-device.ts'
import { VirtualClock } from '../../../testing/virtual-clock.ts'
import { detect } from './detect.ts'
import { dump, type BitRow, type RegisterRow } from './dump.ts'
import type { RawDevice } from './raw-device.ts'
import { identify } from './identify.ts'
import { sunspecTool } from './sunspec.ts'

/** Counts the places on the line that a tool asks for. */
function countedAccess(): LineAccess & { places: string[] } {
  const places: string[] = []
  return {
    places,
    connected: true,
    run: (work, priority, signal) => {
      places.push(priority)
      return work(signal)
    },
  }
}

const limit = () => AbortSignal.timeout(8000)

async function dumpOf(t: TestContext, device: Device, given: Record<string, unknown>, options = {}) {
  const driver = await connectTo(t, device, options)
  const access = countedAccess()
  const result = (await dump.run(dump.input.parse(given), driver, access, limit())) as {
    unit: number
    kind: string
    requests: number
    refused: number
    rows: (RegisterRow & BitRow)[]
  }
  return { result, access, lines: dump.toLines(result as never) }
}

/** A reply of so many registers that hold their address. */
function registersAt(address: number, count: number, transaction: number): Uint8Array {
  const frame = Buffer.alloc(9 + count * 2)
  frame.writeUInt16BE(transaction, 0)
  frame.writeUInt16BE(3 + count * 2, 4)
  frame.set([1, 3, count * 2], 6)
  for (let at = 0; at < count; at++) frame.writeUInt16BE(address + at, 9 + at * 2)
  return frame
}

const codeOf = (code: string) => (error: unknown) => error instanceof GatewayError && error.code === code

test('who may diagnose this device alone does not read the unit of another one behind the same connection', async (t) => {
  const device = await startDevice(t)
  const driver = await connectTo(t, device)
  const access = { ...countedAccess(), confined: true }
  const run = (tool: DriverTool, given: Record<string, unknown>) =>
    tool.run(tool.input.parse(given), driver, access, limit())
  await run(dump, { address: '40011', count: 1 })
  for (const [tool, given] of [
    [dump, { address: '2.hr:0' }],
    [identify, { unit: 2 }],
    [sunspecTool, { unit: 2 }],
    [detect, { address: '2.hr:0' }],
  ] as const)
    await assert.rejects(run(tool, given), codeOf('FORBIDDEN'))
  assert.equal(access.places.length, 1)
})

test('dump shows a register as hex, numbers, bits and text, and two as a float in both word orders', async (t) => {
  const device = await startDevice(t)
  device.bank.holdingRegisters.set(10, 0x41ac)
  device.bank.holdingRegisters.set(11, 0x0000)
  device.bank.holdingRegisters.set(12, 0xff42)
  const { result, access, lines } = await dumpOf(t, device, { address: '40011', count: 3 })
  assert.deepEqual(result.rows[0], {
    address: 'hr:10',
    reference: '40011',
    hex: '41AC',
    unsigned: 0x41ac,
    signed: 0x41ac,
    bits: '0100000110101100',
    text: 'A.',
    float32: { ABCD: 21.5, CDAB: 0x41ac * 2 ** -149 },
  })
  assert.deepEqual([result.rows[2]!.signed, result.rows[2]!.text, result.rows[2]!.float32], [-190, '.B', undefined])
  assert.deepEqual([result.requests, access.places], [1, ['turn']])
  assert.match(lines[1]!, /^hr:10 +40011 +41AC +16812 +16812 +0100000110101100 +A\. +21\.5 /)
  assert.match(lines.at(-1)!, /3 of 3 holding registers in 1 request$/)
})

test('dump reads what is longer than a request in pieces, as long as the device takes them', async (t) => {
  const device = await startDevice(t)
  const { result } = await dumpOf(t, device, { address: 'hr:0', count: 100 }, { maxRegisters: 30 })
  assert.deepEqual(
    result.rows.map(({ unsigned }) => unsigned),
    Array.from({ length: 100 }, (_, at) => at),
  )
  assert.equal(result.requests, 4)
  assert.deepEqual(
    device.requests.map((request) => request.slice(-4)),
    ['001e', '001e', '001e', '000a'],
  )
})

test('behind the end of what can be read blocks are asked, not every register; a further group is still found', async (t) => {
  const device = await startDevice(t)
  const isThere = (at: number) => at < 32 || (at >= 200 && at < 220)
  device.fault = (_, __, address, count) => {
    for (let at = address; at < address + count; at++) if (!isThere(at)) return { exception: 2 }
    return { alter: () => registersAt(address, count, device.requests.length) }
  }
  const { result } = await dumpOf(t, device, { address: 'hr:0', count: 300 })
  const read = result.rows.flatMap(({ refused }, at) => (refused === undefined ? [at] : []))
  assert.deepEqual(read, [...Array(300).keys()].filter(isThere))
  assert.ok(result.requests < 160, `${result.requests} requests`)
  assert.equal(result.rows.length, 300)
  assert.match(result.rows[299]!.refused!, /exception 02 .*\(refused as a block\)/)
})

test('a refused register is shown as refused, and costs none of its neighbours', async (t) => {
  const device = await startDevice(t)
  device.fault = (_request, _code, address, count) =>
    address <= 7 && address + count > 7 ? { exception: 2 } : undefined
  const { result, lines } = await dumpOf(t, device, { address: 'hr:0', count: 13 })
  assert.equal(result.refused, 1)
  assert.match(result.rows[7]!.refused!, /^exception 02 ILLEGAL DATA ADDRESS/)
  assert.deepEqual(
    result.rows.flatMap(({ unsigned }) => unsigned ?? []),
    [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12],
  )
  assert.equal(result.rows[6]!.float32, undefined, 'there is no register for the second half')
  assert.ok(lines.some((line) => /^hr:7 +refused: exception 02/.test(line)))
})

test('refused registers in a row are one line; a range that is refused from end to end has an end', async (t) => {
  const device = await startDevice(t)
  const { result, lines } = await dumpOf(t, device, { address: 'hr:90', count: 600 })
  assert.equal(result.refused, 590)
  assert.ok(result.requests <= 410, `${result.requests} requests`)
  assert.equal(lines.filter((line) => line.includes('refused:')).length <= 3, true, lines.join('\n'))
})

test('an unknown function is asked once, not halved', async (t) => {
  const device = await startDevice(t)
  device.fault = () => ({ exception: 1 })
  const { result } = await dumpOf(t, device, { address: 'ir:0', count: 16 })
  assert.deepEqual([result.requests, result.refused], [1, 16])
})

test('a device that falls silent keeps what was read, and is not asked for ever', async (t) => {
  const device = await startDevice(t)
  device.fault = (_request, _code, address) => (address >= 20 ? { silent: true } : undefined)
  const { result } = await dumpOf(t, device, { address: 'hr:0', count: 100 }, { maxRegisters: 10 })
  assert.equal(result.rows.filter(({ unsigned }) => unsigned !== undefined).length, 20)
  assert.equal(result.requests, 4)
  assert.match(result.rows[99]!.refused!, /not asked/)
})

test('what a slow device gave in a minute is shown, and it is not asked on', async () => {
  const clock = new VirtualClock()
  const slow: RawDevice = {
    unit: 1,
    clock,
    limits: { registers: 10, bits: 10 },
    async request() {
      await clock.advance(25_000)
      return Uint8Array.from([3, 20, ...Array.from({ length: 20 }, () => 1)])
    },
  }
  const given = dump.input.parse({ address: 'hr:0', count: 50 })
  const result = (await dump.run(given, slow as never, countedAccess(), limit())) as {
    requests: number
    rows: RegisterRow[]
  }
  assert.equal(result.requests, 3)
  assert.deepEqual([result.rows[29]!.hex, result.rows[29]!.refused], ['0101', undefined])
  assert.match(result.rows[30]!.refused!, /^not asked: the device took too long/)
})

test('a device that answers nothing at all is a time-out, not a table', async (t) => {
  const device = await startDevice(t)
  device.fault = () => ({ silent: true })
  await assert.rejects(dumpOf(t, device, { address: 'hr:0', count: 4 }), codeOf('TIMEOUT'))
})

test('coils, discrete inputs and another unit', async (t) => {
  const device = await startDevice(t)
  device.bank.coils.set(9, 1)
  const { result, lines } = await dumpOf(t, device, { address: '2.co:8', count: 10 })
  assert.deepEqual([result.unit, result.kind], [2, 'coils'])
  assert.deepEqual(
    result.rows.map(({ value }) => value),
    [false, true, false, false, false, false, false, false, false, false],
  )
  assert.match(lines[2]!, /^2\.co:9 +00010 +1$/)
  assert.ok(device.requests.every((request) => request.startsWith('2: 01')))
})

test('what is no range is an invalid request that says why', async (t) => {
  const device = await startDevice(t)
  const cases: readonly (readonly [string, RegExp])[] = [
    ['hr', /no Modbus address/],
    ['hr:0.3', /whole registers, such as hr:0/],
    ['hr:65535', /beyond the last address 65535/],
    ['sunspec:103.W', /expected registers/],
  ]
  for (const [address, message] of cases) {
    await assert.rejects(
      dumpOf(t, device, { address, count: 2 }),
      (error: unknown) => codeOf('INVALID_REQUEST')(error) && message.test((error as Error).message),
      address,
    )
  }
})

test('a connection that is lost on the way: what was read is shown, and the rest says what became of it', async (t) => {
  const device = await startDevice(t)
  // oxlint-disable-next-line unicorn/no-thenable -- what happens then
  const reset: Fault = { silent: true, then: 'reset' }
  device.fault = (_request, code, address) => (code === 43 || address > 10 ? reset : undefined)
  const { result } = await dumpOf(t, device, { address: 'ir:0', count: 60 }, { maxRegisters: 20 })
  assert.deepEqual([result.rows[19]!.unsigned, result.refused], [1019, 40])
  assert.match((result.rows[45] as unknown as { refused: string }).refused, /connection was lost/)
  await assert.rejects(identify.run({}, await connectTo(t, device), countedAccess(), limit()), codeOf('NOT_CONNECTED'))
})

test('a connection that is lost before anything was read is an error', async (t) => {
  const device = await startDevice(t)
  // oxlint-disable-next-line unicorn/no-thenable -- what happens then
  device.fault = () => ({ silent: true, then: 'reset' })
  await assert.rejects(dumpOf(t, device, { address: 'ir:0', count: 60 }), codeOf('NOT_CONNECTED'))
})

interface Detected {
  readonly verdict: string
  readonly registers: number
  readonly reads: number
  readonly settled: boolean
  readonly tag: Record<string, unknown> | null
  readonly findings: readonly { name: string; value: unknown; factor: number | null; reasons: string[] }[]
}

async function detected(t: TestContext, device: Device, given: Record<string, unknown>): Promise<Detected> {
  const driver = await connectTo(t, device)
  return (await detect.run(detect.input.parse(given), driver, countedAccess(), limit())) as Detected
}

test('detect watches a value that moves, and finds its type and order', async (t) => {
  const device = await startDevice(t)
  let value = 48.3
  device.fault = () => {
    value += 0.17
    const bytes = Buffer.alloc(4)
    bytes.writeFloatBE(value)
    device.bank.holdingRegisters.set(30, bytes.readUInt16BE(2))
    device.bank.holdingRegisters.set(31, bytes.readUInt16BE(0))
    return undefined
  }
  const { findings, reads, verdict, tag } = await detected(t, device, { address: 'hr:30', reads: 8, every: '10ms' })
  assert.equal(reads, 8)
  assert.equal(device.requests.length, 8)
  assert.equal(findings[0]!.name, 'float32 CDAB', verdict)
  assert.deepEqual(tag, { address: 'hr:30', type: 'float32', order: 'CDAB' })
  assert.ok(findings[0]!.reasons.some((reason) => reason.startsWith('only ever rises')))
})

test('a read that fails while detect watches costs that read only', async (t) => {
  const device = await startDevice(t)
  let asked = 0
  device.fault = () => (++asked === 3 ? { silent: true } : asked === 5 ? { exception: 6 } : undefined)
  const driver = await connectTo(t, device, { timeout: '100ms' })
  const given = detect.input.parse({ address: 'hr:30', reads: 8, every: '10ms' })
  const { reads } = (await detect.run(given, driver, countedAccess(), limit())) as Detected
  assert.deepEqual([asked, reads], [8, 6])
})

test('what the tools say to people fits a terminal of 80 columns', async (t) => {
  const device = await startDevice(t)
  for (const [at, word] of [0xc7f1, 0x205f, 0x8001, 0x4365, 0x79fb, 0, 0xffff, 0x1e3c].entries())
    device.bank.holdingRegisters.set(at, word)
  const lines = [...(await dumpOf(t, device, { address: 'hr:0', count: 20 })).lines]
  const driver = await connectTo(t, device)
  for (const address of ['hr:0', 'hr:4', 'hr:10']) {
    const found = await detect.run(detect.input.parse({ address }), driver, countedAccess(), limit())
    lines.push(...detect.toLines(found as never))
  }
  assert.deepEqual(
    lines.filter((line) => line.length > 80),
    [],
  )
})

test('the table has floats with as many digits as there is room for', async (t) => {
  const device = await startDevice(t)
  const floats = new DataView(new ArrayBuffer(16))
  for (const [at, value] of [229.3777, -1234567.5, 1.234567e-5, -5.02e32].entries()) floats.setFloat32(at * 4, value)
  for (let at = 0; at < 8; at++) device.bank.holdingRegisters.set(at, floats.getUint16(at * 2))
  const { lines } = await dumpOf(t, device, { address: 'hr:0', count: 8 })
  assert.deepEqual(
    [1, 3, 5, 7].map((at) => lines[at]!.trim().split(/\s+/).at(-2)),
    ['229.3777', '-1234568', '1.2346e-5', '-5.02e32'],
  )
})

test('nothing is proposed where the registers say nothing', async (t) => {
  const device = await startDevice(t)
  for (let at = 60; at < 64; at++) device.bank.holdingRegisters.set(at, 0)
  const { tag, settled, verdict } = await detected(t, device, { address: 'hr:60' })
  assert.deepEqual([tag, settled], [null, false])
  assert.match(verdict, /^Only zeros/)
})

test('detect with a reading puts what agrees first, and reads no further than the device has registers', async (t) => {
  const device = await startDevice(t)
  device.bank.holdingRegisters.set(99, 2150)
  const { findings, registers, tag } = await detected(t, device, { address: 'hr:99', reading: 215 })
  assert.deepEqual(tag, { address: 'hr:99', type: 'uint16', scale: 0.1 })
  assert.equal(registers, 1)
  assert.deepEqual([findings[0]!.name, findings[0]!.value, findings[0]!.factor], ['uint16', 2150, 0.1])
})

test('detect of a coil or a window that takes too long is refused', async (t) => {
  const device = await startDevice(t)
  await assert.rejects(detected(t, device, { address: 'co:0' }), codeOf('INVALID_REQUEST'))
  assert.equal(detect.input.safeParse({ address: 'hr:0', reads: 100, every: '1s' }).success, false)
  assert.equal(detect.input.safeParse({ address: 'hr:0', reads: 60, every: '1s' }).success, true)
  assert.equal(detect.input.safeParse({ address: 'hr:0', low: 5, high: 5 }).success, false)
})

test('detect of a function that the device does not know asks once', async (t) => {
  const device = await startDevice(t)
  device.fault = () => ({ exception: 1 })
  await assert.rejects(detected(t, device, { address: 'ir:0' }), codeOf('DEVICE_REFUSED'))
  assert.equal(device.requests.length, 1)
})

test('a register that does not exist at all is the exception of the device', async (t) => {
  const device = await startDevice(t)
  await assert.rejects(detected(t, device, { address: 'hr:500' }), codeOf('DEVICE_REFUSED'))
  assert.equal(device.requests.length, 3)
})
