/** What tools need of a Modbus device, and how they ask it: one request a place on the line, in turn with the polls. */
import type { Driver, LineAccess } from '../../../core/driver.ts'
import { GatewayError } from '../../../core/errors.ts'
import { encodeRequest, type ModbusRequest } from '../../../protocols/modbus/index.ts'
import type { ModbusAddress } from '../address.ts'
import type { ModbusDevice } from '../device.ts'

/** The part of a device that tools use. */
export type RawDevice = Pick<ModbusDevice, 'unit' | 'clock' | 'limits' | 'request'>

/** The driver that a tool of this driver type gets. */
export const rawDevice = (driver: Driver<never>): RawDevice => driver as unknown as ModbusDevice

/** Sends one request; resolves with the response PDU, a copy. Rejects as `ModbusClient.request` does, FORBIDDEN for another unit where it must not be asked. */
export async function ask(
  device: RawDevice,
  access: LineAccess,
  unit: number,
  request: ModbusRequest,
  signal: AbortSignal,
): Promise<Uint8Array> {
  assertOwn(device, access, unit)
  const pdu = encodeRequest(request).slice()
  const work = async (during: AbortSignal) => (await device.request(unit, pdu, during)).slice()
  return await access.run(work, 'turn', signal, unit)
}

/** Throws FORBIDDEN for a unit of another device where that must not be asked. */
export function assertOwn(device: RawDevice, access: LineAccess, unit: number): void {
  if (access.confined !== true || unit === device.unit || isOfTags(access, unit)) return
  throw new GatewayError('FORBIDDEN', `unit ${unit} is not this device: that takes the right to diagnose every device`)
}

/** A device may have tags of several units. */
const isOfTags = ({ points = [] }: LineAccess, unit: number): boolean =>
  points.some(({ address }) => (address as ModbusAddress).unit === unit)
