/** The Modbus driver connected to a server of ours whose faults a test switches on, over real sockets. */
import type { TestContext } from 'node:test'
import { systemClock } from '../core/clock.ts'
import type { Context, Driver } from '../core/driver.ts'
import { Status, statusName } from '../core/status.ts'
import type { TagSettings } from '../core/tags.ts'
import type { ModbusAddress } from '../drivers/modbus/address.ts'
import { modbus } from '../drivers/modbus/driver.ts'
import {
  createModbusServer,
  RegisterBank,
  type Fault,
  type ModbusServer,
  type ServerRequest,
} from '../protocols/modbus/index.ts'
import { pointsOf, readAll, rowsByTag, tagOf, testContext } from './driver-suite.ts'

/** A Modbus device on a free port, for tests of the driver and of what stands on it. */
export interface Device {
  readonly server: ModbusServer
  readonly bank: RegisterBank
  readonly options: Record<string, unknown>
  /** Request PDUs in hex, by unit, in the order of arrival. */
  readonly requests: string[]
  fault: ((request: ServerRequest, code: number, address: number, count: number) => Fault | undefined) | undefined
}

/** A device whose registers 0…99 hold their own address; units 1 and 2 are the same. */
export async function startDevice(t: TestContext): Promise<Device> {
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
      const bytes = Buffer.concat([request.pdu, Buffer.alloc(4)])
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
export async function connectTo(
  t: TestContext,
  device: Device,
  options: Record<string, unknown> = {},
  context: Context = testContext(),
) {
  const driver = modbus.create(modbus.options.parse({ ...device.options, ...options }), context)
  t.after(() => driver.close())
  await driver.connect(new AbortController().signal)
  return driver
}

/** Tags of type uint16 at these holding registers. */
export const registers = (...addresses: number[]) => addresses.map((address) => tagOf(`hr:${address}`))

/** Values where good, names of the status where not, in the order of the tags. */
export async function readOnce(driver: Driver<ModbusAddress>, tags: readonly TagSettings[]) {
  return outcomes(await readAll(driver.prepare(pointsOf(modbus, tags))))
}

/** As `readOnce`, of batches that were read. */
export function outcomes(batches: Awaited<ReturnType<typeof readAll>>) {
  return [...rowsByTag(batches)]
    .sort(([a], [b]) => a - b)
    .map(([, row]) => (row.status === Status.Good ? row.value : statusName(row.status)))
}
