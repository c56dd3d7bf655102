/**
 * One write: the shortest function that does it (FC05 a coil, FC06 one register, FC16 more, FC22 a bit in a register). A value
 * of several registers goes out in one request, so that the device never holds half of it. Modbus Application Protocol
 * V1.1b3, 6.5, 6.6, 6.11, 6.12, 6.16.
 */
import type { WriteItem } from '../../core/driver.ts'
import { Status, type StatusCode } from '../../core/status.ts'
import { encodeRequest, ModbusException, type ModbusClient, type ModbusRequest } from '../../protocols/modbus/index.ts'
import { isBitArea, type ModbusAddress } from './address.ts'
import { encodeBit, encodeRegisters } from './encoder.ts'
import { parseOrder, positionMask, type ByteOrder } from './order.ts'
import type { ModbusOptions } from './options.ts'
import { statusOfWriteFailure } from './outcome.ts'
import { checkTag, orderOf } from './types.ts'

/** Modbus Application Protocol V1.1b3, 6.12. */
const MAX_WRITE_BYTES = 123 * 2

/** Writes to one device's units, and remembers which of them cannot mask a register. */
export class ModbusWriter {
  readonly #options: ModbusOptions
  readonly #order: ByteOrder
  readonly #unitsWithoutMask = new Set<number>()

  constructor(options: ModbusOptions) {
    this.#options = options
    this.#order = parseOrder(options.order) ?? 'ABCD'
  }

  /** What became of the write. Throws only when the connection is lost or the caller gives up. */
  async write(client: ModbusClient, item: WriteItem<ModbusAddress>, signal: AbortSignal): Promise<StatusCode> {
    const { address, settings } = item.point
    if (address.area === 'di' || address.area === 'ir') return Status.BadNotWritable
    if (address.count !== undefined || checkTag(address, settings) !== undefined) return Status.BadConfigurationError
    try {
      if (isBitArea(address.area) || address.bit !== undefined) return await this.#writeBit(client, item, signal)
      return await this.#writeRegisters(client, item, signal)
    } catch (error) {
      return statusOfWriteFailure(error)
    }
  }

  async #writeBit(
    client: ModbusClient,
    { point, value }: WriteItem<ModbusAddress>,
    signal: AbortSignal,
  ): Promise<StatusCode> {
    const on = encodeBit(value)
    if (typeof on === 'number') return on
    const { address } = point
    const unit = address.unit ?? this.#options.unit
    if (address.bit !== undefined) {
      const swapped = positionMask(orderOf(address, point.settings, this.#order), 2) === 1
      await this.#writeMasked(client, unit, address.offset, 1 << (swapped ? address.bit ^ 8 : address.bit), on, signal)
    } else if (this.#options.writeMultiple) {
      await this.#send(
        client,
        unit,
        { functionCode: 15, address: address.offset, count: 1, bits: Uint8Array.of(on ? 1 : 0) },
        signal,
      )
    } else {
      await this.#send(client, unit, { functionCode: 5, address: address.offset, value: on ? 0xff00 : 0 }, signal)
    }
    return Status.Good
  }

  /** FC22 changes the bit in one step inside the device; one that does not know it (exception 01) gets read, change, write. */
  async #writeMasked(
    client: ModbusClient,
    unit: number,
    address: number,
    bit: number,
    on: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    if (!this.#unitsWithoutMask.has(unit)) {
      try {
        await this.#send(
          client,
          unit,
          { functionCode: 22, address, andMask: ~bit & 0xffff, orMask: on ? bit : 0 },
          signal,
        )
        return
      } catch (error) {
        if (!(error instanceof ModbusException) || error.exceptionCode !== 0x01) throw error
        this.#unitsWithoutMask.add(unit)
      }
    }
    const reply = await this.#send(client, unit, { functionCode: 3, address, count: 1 }, signal)
    const before = (reply[2]! << 8) | reply[3]!
    const after = on ? before | bit : before & ~bit
    await this.#sendRegisters(client, unit, address, Uint8Array.of(after >>> 8, after & 0xff), signal)
  }

  async #writeRegisters(
    client: ModbusClient,
    { point, value }: WriteItem<ModbusAddress>,
    signal: AbortSignal,
  ): Promise<StatusCode> {
    const { address, settings } = point
    const registers = encodeRegisters(address, settings, value, this.#order)
    if (typeof registers === 'number') return registers
    if (registers.length > MAX_WRITE_BYTES) return Status.BadOutOfRange
    await this.#sendRegisters(client, address.unit ?? this.#options.unit, address.offset, registers, signal)
    return Status.Good
  }

  #sendRegisters(
    client: ModbusClient,
    unit: number,
    address: number,
    registers: Uint8Array,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const count = registers.length / 2
    if (count > 1 || this.#options.writeMultiple)
      return this.#send(client, unit, { functionCode: 16, address, count, registers }, signal)
    return this.#send(client, unit, { functionCode: 6, address, value: (registers[0]! << 8) | registers[1]! }, signal)
  }

  #send(client: ModbusClient, unit: number, request: ModbusRequest, signal: AbortSignal): Promise<Uint8Array> {
    return client.request(unit, encodeRequest(request), signal, this.#options.timeout)
  }
}
