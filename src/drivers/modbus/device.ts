/** One Modbus unit (and those that its tags name): polls, writes and identification over the socket of its line. */
import type { Context, Driver, Identity, Point, Poll, WriteItem } from '../../core/driver.ts'
import type { StatusCode } from '../../core/status.ts'
import type { ModbusAddress } from './address.ts'
import type { ModbusOptions } from './options.ts'

export class ModbusDevice implements Driver<ModbusAddress> {
  constructor(_options: ModbusOptions, _context: Context) {}
  async connect(_signal: AbortSignal): Promise<void> {}
  prepare(_points: readonly Point<ModbusAddress>[]): Poll {
    throw new RangeError()
  }
  async write(_items: readonly WriteItem<ModbusAddress>[], _signal: AbortSignal): Promise<StatusCode[]> {
    return []
  }
  async identify(_signal: AbortSignal): Promise<Identity> {
    return {}
  }
  async close(): Promise<void> {}
}
