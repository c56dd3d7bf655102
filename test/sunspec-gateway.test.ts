/**
 * SunSpec through the whole gateway: named tags at two rates over one line, a plain neighbour on the same line, a write with its
 * read-back, reasons, and a swap of the device while it runs.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../src/core/clock.ts'
import { statusName } from '../src/core/status.ts'
import { modbus } from '../src/drivers/modbus/driver.ts'
import { createModbusServer } from '../src/protocols/modbus/index.ts'
import { startTestGateway } from '../src/testing/gateway-fixture.ts'
import { eventually } from '../src/testing/peers.ts'
import { sunSpecBank, sunSpecImage } from '../src/testing/sunspec-image.ts'

const INVERTER = sunSpecImage([
  { id: 1, raw: { SN: '41' } },
  { id: 103, raw: { W: '04d2', W_SF: 'ffff', A: 'ffff' } },
  { id: 123, raw: { WMaxLimPct: '2710', WMaxLimPct_SF: 'fffe' } },
])
/** Another serial number, another layout, another scale. */
const SUCCESSOR = sunSpecImage([
  { id: 1, raw: { SN: '42' } },
  { id: 160 },
  { id: 103, raw: { W: '0007', W_SF: '0002', A: '0001', A_SF: '0000' } },
])

test('named tags are polled at their rates, written with read-back, explained, and found again after a swap', async (t) => {
  let bank = sunSpecBank(INVERTER)
  const server = createModbusServer({ clock: systemClock, unit: (id) => (id === 1 ? bank : undefined) })
  const port = await server.listen(0)
  t.after(() => server.close())
  const options = { host: '127.0.0.1', port, timeout: '500ms' }
  const gateway = await startTestGateway(t, {
    devices: [
      {
        name: 'inverter',
        type: modbus,
        options,
        tags: [
          { name: 'W', address: 'sunspec:103.W' },
          { name: 'A', address: 'sunspec:103.A' },
          { name: 'limit', address: 'sunspec:123.WMaxLimPct', writable: true, everyMs: 120 },
          { name: 'name', address: 'sunspec:common.SN', type: 'string', everyMs: 120 },
        ],
      },
      { name: 'marker', type: modbus, options, tags: [{ name: 'first', address: 'hr:40000', type: 'uint16' }] },
    ],
  })
  const latest = (device: string, tag: string) => {
    const { id } = gateway.store.tags.find(device, tag)!
    const batch = gateway.store.latest.get(id)
    return batch === undefined
      ? undefined
      : statusName(batch.status) === 'Good'
        ? batch.value
        : statusName(batch.status)
  }
  const all = () => [latest('inverter', 'W'), latest('inverter', 'A'), latest('inverter', 'limit'), latest('inverter', 'name'), latest('marker', 'first')] // prettier-ignore
  const become = (...wanted: unknown[]) =>
    eventually(() => `${JSON.stringify(all())} to become ${JSON.stringify(wanted)}`, () => JSON.stringify(all()) === JSON.stringify(wanted)) // prettier-ignore
  await become(123.4, 'BadNotSupported', 100, 'A', 0x5375)
  assert.match(gateway.polling.device('inverter')!.reasonOf(gateway.store.tags.find('inverter', 'A')!.id) ?? '', /does not implement/) // prettier-ignore

  const written = await gateway.commands.write({
    device: 'inverter',
    tag: 'limit',
    value: 87.65,
    user: 'test',
    from: 'test',
  })
  assert.deepEqual([statusName(written.status), written.readBack], ['Good', 87.65])
  assert.equal(bank.holdingRegisters.get(INVERTER.places.get('sunspec:123.WMaxLimPct')!), 8765)

  bank = sunSpecBank(SUCCESSOR)
  server.dropConnections('reset')
  await become(700, 1, 'BadConfigurationError', 'B', 0x5375)
})
