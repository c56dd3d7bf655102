/** What tools need of a Modbus device, and how they ask it: one request a place on the line, in turn with the polls. */
import type { Driver, LineAccess } from '../../../core/driver.ts'
import { encodeRequest, type ModbusRequest } from '../../../protocols/modbus/index.ts'
import type { ModbusDevice } from '../device.ts'

/** The part of a device that tools use. */
export type RawDevice = Pick<ModbusDevice, 'unit' | 'clock' | 'limits' | 'request'>

/** The driver that a tool of this driver type gets. */
export const rawDevice = (driver: Driver<never>): RawDevice => driver as unknown as ModbusDevice

/** Sends one request; resolves with the response PDU, a copy. Rejects as `ModbusClient.request` does. */
export async function ask(
  device: RawDevice,
  access: LineAccess,
  unit: number,
  request: ModbusRequest,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const pdu = encodeRequest(request).slice()
  const work = async (during: AbortSignal) => (await device.request(unit, pdu, during)).slice()
  return await access.run(work, 'turn', signal, unit)
}
