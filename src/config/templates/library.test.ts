/**
 * The library of known devices: each template loads in every way it can be reached, names its source, and makes of the bytes
 * of the manufacturer's documentation (its example where it gives one, else a reading in its format) what that says.
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { parse } from 'yaml'
import { systemClock } from '../../core/clock.ts'
import { toEngineering } from '../../core/scaling.ts'
import { Status, statusName } from '../../core/status.ts'
import { drivers } from '../../drivers/index.ts'
import { modbus } from '../../drivers/modbus/driver.ts'
import { createModbusServer, RegisterBank } from '../../protocols/modbus/index.ts'
import { sinks } from '../../sinks/index.ts'
import { pointsOf, readAll, rowsByTag, testContext } from '../../testing/driver-suite.ts'
import { temporaryFolder } from '../../testing/peers.ts'
import type { DeviceConfig } from '../config.ts'
import { loadConfig } from '../load.ts'
import { LIBRARY, libraryFile, libraryNames } from './library.ts'
import { readLibrary } from './template-set.ts'

const names = libraryNames(LIBRARY)

async function deviceFrom(
  t: TestContext,
  template: string,
  parameters: Record<string, unknown>,
): Promise<DeviceConfig> {
  const file = join(temporaryFolder(t), 'bifrost.yaml')
  const devices = [{ name: 'a', template, parameters }]
  writeFileSync(file, JSON.stringify({ version: 1, devices }))
  const { devices: loaded, warnings } = await loadConfig(file, { drivers, sinks, env: {} })
  assert.deepEqual(warnings, [])
  return loaded[0]!
}

test('the library has its templates, each under its own name with a summary and a source', () => {
  assert.ok(names.length >= 12, names.join())
  for (const template of readLibrary(drivers)) {
    assert.ok(names.includes(template.name), `${template.name} stands in a file of another name`)
    assert.ok(template.summary !== '' && template.document !== undefined, template.name)
    for (const { name, description } of template.parameters.values())
      assert.ok(name === 'unit' || description !== '', `${template.name}: ${name} has no description`)
  }
})

for (const name of names) {
  test(`${name} loads over every transport it offers`, async (t) => {
    const { parameters } = parse(readFileSync(libraryFile(LIBRARY, name), 'utf8')) as {
      parameters: Record<string, { choices?: string[] }>
    }
    const transports = parameters.transport?.choices ?? ['tcp']
    for (const transport of transports) {
      const how = parameters.transport === undefined ? {} : { transport }
      const where = transport === 'rtu' ? { path: '/dev/ttyUSB0' } : { host: '192.0.2.7' }
      const device = await deviceFrom(t, name, { ...how, ...where, unit: 9 })
      const options = modbus.options.parse(device.options)
      assert.deepEqual([options.transport, options.unit], [transport, 9])
      assert.equal(options.serial?.path, transport === 'rtu' ? '/dev/ttyUSB0' : undefined)
      assert.ok(device.tags.length >= 5 || name === 'danfoss-vlt-fc', `${device.tags.length} tags`)
      assert.ok(
        device.tags.every(({ settings }) => !settings.writable),
        'nothing of the library may be written',
      )
    }
  })
}

/** Area, first register and the bytes from there on. */
type Bytes = readonly [area: 'inputRegisters' | 'holdingRegisters', offset: number, hex: string]

const READINGS: readonly (readonly [template: string, bytes: readonly Bytes[], values: Record<string, number>])[] = [
  // The example of Eastron's manuals: 43 66 33 34 is 230.2 V.
  ['eastron-sdm630', [['inputRegisters', 0, '43663334'], ['inputRegisters', 342, '42c80000']], { 'voltage-l1': 230.2, 'energy-total': 100 }],
  ['eastron-sdm230', [['inputRegisters', 0, '43663334'], ['inputRegisters', 70, '42480000']], { voltage: 230.2, frequency: 50 }],
  ['eastron-sdm72d', [['inputRegisters', 52, '43663334'], ['inputRegisters', 1280, '42c80000']], { power: 230.2, 'power-imported': 100 }],
  // The example of Danfoss' guides: registers 3030 and 3031 hold 00 16 E3 60, which is 1500.000.
  ['danfoss-vlt-fc', [['holdingRegisters', 3029, '0016e360'], ['holdingRegisters', 50209, '4000']], { 'maximum-reference': 1500, 'actual-value': 100 }],
  // Low word first: 2302 tenths of a volt, −1 tenth of a watt; 16-bit values are one register.
  ['carlo-gavazzi-em340', [['inputRegisters', 0, '08fe0000'], ['inputRegisters', 40, 'ffffffff'], ['inputRegisters', 49, 'fc18'], ['inputRegisters', 51, '01f4']], { 'voltage-l1': 230.2, power: -0.1, 'power-factor': -1, frequency: 50 }],
  // Register 3028 of the manual is 3027 on the wire; powers are in kW.
  ['schneider-iem3155', [['holdingRegisters', 2999, '40a00000'], ['holdingRegisters', 3027, '43663334'], ['holdingRegisters', 3059, '3fc00000'], ['holdingRegisters', 45099, '42c80000']], { 'current-l1': 5, 'voltage-l1': 230.2, power: 1.5, 'energy-imported': 100 }],
  ['siemens-pac3200', [['inputRegisters', 1, '43663334'], ['inputRegisters', 801, '40f86a0000000000']], { 'voltage-l1': 230.2, 'energy-imported': 100_000 }],
  // Energies are counted in 10 Wh: 12345 is 123.45 kWh.
  ['abb-b23', [['holdingRegisters', 0x5b00, '000008fe'], ['holdingRegisters', 0x5b14, 'ffffff9c'], ['holdingRegisters', 0x5000, '0000000000003039']], { 'voltage-l1': 230.2, power: -1, 'energy-imported': 123_450 }],
  // 2000H is the voltage between two phases, 2006H of a phase to neutral.
  ['chint-dtsu666', [['holdingRegisters', 0x2000, '457a0000'], ['holdingRegisters', 0x2006, '450fe000'], ['holdingRegisters', 0x2044, '459c4000'], ['holdingRegisters', 0x101e, '42c80000']], { 'voltage-l1-l2': 400, 'voltage-l1': 230.2, frequency: 50, 'energy-imported': 100 }],
  ['eaton-m-max', [['holdingRegisters', 2103, '1388'], ['holdingRegisters', 2110, '0008']], { 'motor-frequency': 50, 'fault-code': 8 }],
] // prettier-ignore

for (const [template, bytes, values] of READINGS) {
  test(`${template} reads what the documentation says`, async (t) => {
    const ranges = (area: Bytes[0]) =>
      bytes.filter(([one]) => one === area).map(([, address, hex]) => ({ address, count: hex.length / 4 }))
    const bank = new RegisterBank({
      inputRegisters: ranges('inputRegisters'),
      holdingRegisters: ranges('holdingRegisters'),
    })
    for (const [area, offset, hex] of bytes)
      hex.match(/.{4}/g)!.forEach((word, at) => bank[area].set(offset + at, Number.parseInt(word, 16)))
    const server = createModbusServer({ unit: (id) => (id === 3 ? bank : undefined), clock: systemClock })
    const port = await server.listen(0)
    t.after(() => server.close())
    const device = await deviceFrom(t, template, { host: '127.0.0.1', port, unit: 3 })
    assert.deepEqual(await readGood(t, device, Object.keys(values)), values)
  })
}

/** What stands for "not measured": all bits of an unsigned number, all but the sign of a signed one. */
const UNDEFINED: Partial<Record<string, bigint>> = {
  uint16: 0xffffn,
  int16: 0x7fffn,
  uint32: 0xffff_ffffn,
  int32: 0x7fff_ffffn,
  uint64: 0xffff_ffff_ffff_ffffn,
}

test('what a meter of ABB or Carlo Gavazzi does not measure lies outside of the range of its tag', async (t) => {
  for (const template of ['abb-b23', 'carlo-gavazzi-em340']) {
    const { tags } = await deviceFrom(t, template, { host: '192.0.2.7' })
    for (const { settings } of tags) {
      const raw = Number(UNDEFINED[settings.type])
      assert.ok(toEngineering(raw, settings) > settings.high!, `${template}: ${settings.name}`)
    }
  }
})

test('eaton-m-max has two stop bits without parity, and one with it where that is said', async (t) => {
  const stopBitsOf = async (parameters: Record<string, unknown>) => {
    const { options } = await deviceFrom(t, 'eaton-m-max', { transport: 'rtu', path: '/dev/ttyUSB0', ...parameters })
    return modbus.options.parse(options).serial!.stopBits
  }
  assert.equal(await stopBitsOf({}), 2)
  assert.equal(await stopBitsOf({ parity: 'even', stopBits: 1 }), 1)
})

test('advantech-adam-4056so reads its outputs as coils 00017 to 00028', async (t) => {
  const bank = new RegisterBank({ coils: [{ address: 16, count: 12 }] })
  bank.coils.set(16 + 5, 1)
  const server = createModbusServer({ unit: () => bank, clock: systemClock })
  const port = await server.listen(0)
  t.after(() => server.close())
  const device = await deviceFrom(t, 'advantech-adam-4056so', { host: '127.0.0.1', port })
  assert.deepEqual(await readGood(t, device, ['output-4', 'output-5', 'output-11']), {
    'output-4': 0,
    'output-5': 1,
    'output-11': 0,
  })
})

/** The values of these tags in their units, rounded as far as a float32 goes; the status where one is not good. */
async function readGood(t: TestContext, device: DeviceConfig, wanted: readonly string[]) {
  const driver = modbus.create(modbus.options.parse(device.options), testContext())
  t.after(() => driver.close())
  await driver.connect(AbortSignal.timeout(5000))
  const tags = wanted.map((name) => device.tags.find(({ settings }) => settings.name === name)!.settings)
  const rows = rowsByTag(await readAll(driver.prepare(pointsOf(modbus, tags))))
  const read = [...rows]
    .sort(([a], [b]) => a - b)
    .map(([, { status, value }], at) => {
      if (status !== Status.Good) return [wanted[at]!, statusName(status)]
      return [wanted[at]!, Number(toEngineering(Number(value), tags[at]!).toPrecision(6))]
    })
  return Object.fromEntries(read) as Record<string, number | string>
}
