/** Thirty units behind one socket, three of them dead: what they cost the others, before and after the socket is lost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '../../core/log.ts'
import { Status } from '../../core/status.ts'
import { createPolling, type DeviceSetup } from '../../polling/polling.ts'
import { createModbusServer, RegisterBank } from '../../protocols/modbus/index.ts'
import { pointsOf, tagOf } from '../../testing/driver-suite.ts'
import { duplexPair } from '../../testing/duplex-pair.ts'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import { modbus } from './driver.ts'

const UNITS = Array.from({ length: 30 }, (_, i) => i + 1)
const DEAD: ReadonlySet<number> = new Set([4, 15, 27])
const TIMEOUT_MS = 500

/** A gateway of thirty units at a socket in memory; `asked` are the requests that dead units got. */
function start(devices: readonly DeviceSetup[]) {
  const clock = new VirtualClock()
  const bank = new RegisterBank({ holdingRegisters: [{ address: 0, count: 10 }] })
  const asked: { unit: number; at: number }[] = []
  const server = createModbusServer({
    unit: () => bank,
    clock,
    intercept({ unit }) {
      if (!DEAD.has(unit)) return undefined
      asked.push({ unit, at: clock.monotonic() })
      return { silent: true }
    },
  })
  const dial = async () => {
    const { near, far } = duplexPair()
    server.serve(far)
    return near
  }
  const polling = createPolling(devices, { clock, log: silentLog, dial, random: () => 0.5 })
  const rows: { tag: number; status: number; at: number }[] = []
  polling.start((batch) => {
    for (const { tag, status } of batch) rows.push({ tag, status, at: clock.monotonic() })
  })
  const goodRows = (from: number, to: number) =>
    rows.filter(({ status, at }) => status === Status.Good && at >= from && at < to).length
  const askedOf = (unit: number, from: number) =>
    asked.filter((entry) => entry.unit === unit && entry.at >= from).length
  return { clock, server, polling, goodRows, askedOf }
}

const options = modbus.options.parse({ host: 'gateway', timeout: `${TIMEOUT_MS}ms` })
const tag = (unit: number) => tagOf(`${unit}.hr:0`, 'uint16', { everyMs: 1000 })

const layouts: readonly { readonly what: string; readonly devices: readonly DeviceSetup[] }[] = [
  {
    what: 'each unit a device',
    devices: UNITS.map((unit) => ({
      name: `unit ${unit}`,
      type: modbus,
      options: { ...options, unit },
      enabled: true,
      points: pointsOf(modbus, [tag(unit)]).map((point) => ({ ...point, tag: unit })),
    })),
  },
  {
    what: 'all units in one device',
    devices: [{ name: 'gateway', type: modbus, options, enabled: true, points: pointsOf(modbus, UNITS.map(tag)) }],
  },
]

for (const { what, devices } of layouts) {
  test(`${what}: a dead unit costs one time-out a back-off, also after the socket was lost`, async () => {
    const { clock, server, polling, goodRows, askedOf } = start(devices)
    const alive = UNITS.length - DEAD.size
    await clock.advance(60_000)
    for (const unit of DEAD) assert.ok(askedOf(unit, 0) <= 10, `unit ${unit} was asked ${askedOf(unit, 0)} times`)

    await clock.advance(240_000)
    const goodShare = goodRows(60_000, 300_000) / (240 * alive)
    assert.ok(goodShare > 0.97, `${(100 * goodShare).toFixed(1)} % of the values came`)
    for (const unit of DEAD) {
      const probes = askedOf(unit, 60_000)
      assert.ok(probes >= 3 && probes <= 10, `unit ${unit} was asked ${probes} times in four minutes`)
    }

    for (let loss = 0; loss < 3; loss++) {
      const lostAt = clock.monotonic()
      server.dropConnections('reset')
      await clock.advance(20_000)
      const after = [...DEAD].reduce((sum, unit) => sum + askedOf(unit, lostAt), 0)
      assert.ok(after <= 2 * DEAD.size, `${after} requests to dead units within 20 s of a reconnect`)
      const good = goodRows(lostAt + 5000, lostAt + 20_000) / (15 * alive)
      assert.ok(good > 0.9, `${(100 * good).toFixed(1)} % of the values after the reconnect`)
    }
    const stopping = polling.stop()
    await clock.advance(1000)
    await stopping
  })
}
