/**
 * A stranger beside ours: pysunspec2 of the SunSpec Alliance reads the same simulated devices, and agrees on every point's value.
 * It comes from PyPI into a temporary folder; without pip or the registry the test is skipped by name.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../src/core/clock.ts'
import { modbus } from '../src/drivers/modbus/driver.ts'
import type { ModbusDevice } from '../src/drivers/modbus/device.ts'
import { survey } from '../src/drivers/modbus/sunspec/survey.ts'
import { createModbusServer } from '../src/protocols/modbus/index.ts'
import { testContext } from '../src/testing/driver-suite.ts'
import { findCommand, temporaryFolder } from '../src/testing/peers.ts'
import { sunSpecBank, sunSpecImage, type ModelImage } from '../src/testing/sunspec-image.ts'

const PACKAGE = 'pysunspec2==1.3.7'
const INSTALL = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--retries', '0', '--timeout', '10']

/** Devices as they are built: an inverter with trackers and controls, a meter, a battery, a new one with curves. */
const DEVICES: Readonly<Record<string, readonly ModelImage[]>> = {
  inverter: [{ id: 1 }, { id: 103, raw: { AphC: 'ffff', TmpOt: '8000', Evt2: 'ffffffff' } }, { id: 120 }, { id: 121 }, { id: 122 }, { id: 123 }, { id: 160, repeats: { module: 3 } }], // prettier-ignore
  meter: [{ id: 1 }, { id: 203, raw: { TotWhExpPhA: '0000', A_SF: 'fffe' } }, { id: 203 }, { id: 213, raw: { A: '7fc00000' } }, { id: 11 }, { id: 12 }], // prettier-ignore
  battery: [{ id: 1 }, { id: 802 }, { id: 803, repeats: { lithium_ion_string: 4 } }, { id: 804 }, { id: 713 }],
  'inverter of IEEE 1547': [{ id: 1 }, { id: 701 }, { id: 702 }, { id: 703 }, { id: 704 }, { id: 705, repeats: { Crv: 2, Pt: 4 } }, { id: 707 }, { id: 711 }, { id: 714 }], // prettier-ignore
}

/** The folder with the package, or why there is none. */
function install(t: TestContext): { folder: string } | { missing: string } {
  if (findCommand('python3') === undefined) return { missing: 'python3 is not installed' }
  const folder = temporaryFolder(t)
  const { status, stderr } = spawnSync('python3', [...INSTALL, '--target', folder, PACKAGE], { timeout: 60_000 })
  return status === 0 ? { folder } : { missing: `${PACKAGE} cannot be installed: ${String(stderr).trim().slice(-200)}` }
}

function readWithStranger(folder: string, port: number): Promise<Record<string, number | string | null>> {
  const client = join(import.meta.dirname, 'peers', 'pysunspec-client.py')
  return new Promise((resolve, reject) => {
    const child = spawn('python3', [client, folder, '127.0.0.1', `${port}`, '1'])
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk) => (out += chunk))
    child.stderr.on('data', (chunk) => (err += chunk))
    child.on('close', (code) => (code === 0 ? resolve(JSON.parse(out)) : reject(new Error(err))))
  })
}

test('pysunspec2 agrees on every point of an inverter, a meter, a battery and an inverter with curves', async (t) => {
  const installed = install(t)
  if ('missing' in installed) return t.skip(installed.missing)
  let compared = 0
  for (const [name, models] of Object.entries(DEVICES)) {
    const image = sunSpecImage(models)
    const server = createModbusServer({ clock: systemClock, unit: (id) => (id === 1 ? sunSpecBank(image) : undefined) })
    const port = await server.listen(0)
    t.after(() => server.close())
    const device = modbus.create(modbus.options.parse({ host: '127.0.0.1', port }), testContext()) as ModbusDevice
    const signal = AbortSignal.timeout(20_000)
    await device.connect(signal)
    const { models: found } = await survey(device, 1, (work) => work(signal))
    await device.close()
    const ours = new Map(found.flatMap(({ points }) => points).map((point) => [point.address, point]))
    const theirs = await readWithStranger(installed.folder, port)
    assert.deepEqual([...ours.keys()].sort(), Object.keys(theirs).sort(), name)
    for (const [address, value] of Object.entries(theirs)) {
      const point = ours.get(address)!
      if (value === null) assert.equal(point.status, 'BadNotSupported', `${name} ${address}`)
      else assertSame(point.value, value, `${name} ${address}`)
      compared++
    }
    assert.ok(
      Object.values(theirs).some((value) => typeof value === 'number' && !Number.isInteger(value)),
      'scaled values',
    )
  }
  assert.ok(compared > 500, `${compared} points`)
})

/** Numbers within the rounding of a multiplication by a float, which pysunspec2 does. */
function assertSame(ours: unknown, theirs: number | string, what: string): void {
  if (typeof theirs === 'number' && (typeof ours === 'number' || typeof ours === 'string')) {
    const difference = Math.abs(Number(ours) - theirs)
    return assert.ok(difference <= 1e-9 * Math.max(1, Math.abs(theirs)), `${what}: ${ours} and ${theirs}`)
  }
  assert.equal(ours, theirs, what)
}
