/** A SunSpec device of a test and the driver connected to it, over a stream in memory; it counts requests and can misbehave. */
import type { TestContext } from 'node:test'
import { systemClock } from '../core/clock.ts'
import type { Context, Driver, Poll } from '../core/driver.ts'
import { Status, statusName } from '../core/status.ts'
import type { ModbusAddress } from '../drivers/modbus/address.ts'
import { modbus } from '../drivers/modbus/driver.ts'
import { createModbusServer, type Fault, type RegisterBank } from '../protocols/modbus/index.ts'
import { readAll, rowsByTag, tagOf, testContext } from './driver-suite.ts'
import { duplexPair } from './duplex-pair.ts'
import { sunSpecBank, type SunSpecImage } from './sunspec-image.ts'

/** The device, and what a test may do to it. */
export interface SunSpecBench {
  readonly driver: Driver<ModbusAddress>
  /** `FC address count` of each request. */
  readonly requests: string[]
  bank: RegisterBank
  fault: ((address: number, count: number) => Fault | undefined) | undefined
  drop(): void
}

/** Connected; ends with the test. Unit 1 answers. */
export async function openSunSpec(t: TestContext, image: SunSpecImage | RegisterBank): Promise<SunSpecBench> {
  const requests: string[] = []
  const bench = {
    requests,
    bank: 'registers' in image ? sunSpecBank(image) : image,
    fault: undefined as SunSpecBench['fault'],
    drop: () => server.dropConnections('close'),
  }
  const server = createModbusServer({
    unit: (id) => (id === 1 ? bench.bank : undefined),
    clock: systemClock,
    intercept({ pdu }) {
      const view = Buffer.from(pdu)
      requests.push(`${view[0]} ${view.readUInt16BE(1)} ${view.readUInt16BE(3)}`)
      return bench.fault?.(view.readUInt16BE(1), view.readUInt16BE(3))
    },
  })
  const context: Context = {
    ...testContext(),
    dial: async () => {
      const { near, far } = duplexPair()
      server.serve(far)
      return near
    },
  }
  const driver = modbus.create(modbus.options.parse({ host: '127.0.0.1', timeout: '100ms' }), context)
  t.after(() => driver.close())
  await driver.connect(AbortSignal.timeout(5000))
  return Object.assign(bench, { driver })
}

/** Points at these addresses, with the type that the model wants (uint16 for registers). */
export function sunSpecPoints(addresses: readonly string[]) {
  return addresses.map((text, index) => {
    const address = modbus.parseAddress(text)
    return { tag: index + 1, address, settings: tagOf(text, address.type ?? 'uint16', { writable: false }) }
  })
}

/** One cycle: address → value, or the name of the status. */
export async function readCycle(poll: Poll, addresses: readonly string[]) {
  const rows = rowsByTag(await readAll(poll))
  return new Map(
    addresses.map((address, index) => {
      const row = rows.get(index + 1)
      return [address, row === undefined ? 'no row' : row.status === Status.Good ? row.value : statusName(row.status)]
    }),
  )
}

/** As `readCycle`, of a new poll. */
export const readSunSpec = (bench: SunSpecBench, addresses: readonly string[]) =>
  readCycle(bench.driver.prepare(sunSpecPoints(addresses)), addresses)
