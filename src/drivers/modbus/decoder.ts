/**
 * From the bytes of one reply to the rows of one batch. What each point needs is compiled once into a table of integers
 * (tag, position, operation, length); a reply is then one loop over that table: no closure and no object a sample.
 * Wire: registers are big-endian, bits packed from the lowest (Modbus Application Protocol V1.1b3, 4.2, 6.1, 6.3).
 */
import { HAS_VALUE, IS_BIG, IS_BOOLEAN, IS_UNSIGNED, type SampleBatch } from '../../core/batch.ts'
import type { Point } from '../../core/driver.ts'
import { Status, type StatusCode } from '../../core/status.ts'
import type { DataType, TagId } from '../../core/value.ts'
import { isBitArea, type ModbusAddress } from './address.ts'
import { positionMask, type ByteOrder } from './order.ts'
import { decodeText } from './text.ts'
import { orderOf, valueBytes } from './types.ts'

const BIT = 0
const UINT16 = 1
const INT16 = 2
const UINT32 = 3
const INT32 = 4
const FLOAT32 = 5
const UINT64 = 6
const INT64 = 7
const FLOAT64 = 8
const STRING = 9
const BYTES = 10

const OPERATIONS: Partial<Record<DataType, number>> = {
  uint16: UINT16, int16: INT16, uint32: UINT32, int32: INT32, float32: FLOAT32, uint64: UINT64, int64: INT64,
  float64: FLOAT64, string: STRING, bytes: BYTES,
} // prettier-ignore
const WIDTHS = [0, 2, 2, 4, 4, 4, 8, 8, 8, 2, 2]

/** Columns of the table: tag, position (bytes, or bits for BIT), operation with the position mask above it, length in bytes. */
const COLUMNS = 4

/** Where the bytes of one 64-bit value are put into order. It holds nothing from one value to the next. */
const scratch = new DataView(new ArrayBuffer(8))

/** Decodes the replies to one request. */
export class BlockDecoder {
  readonly #table: Uint32Array

  /** `first` is the register or bit with which the request begins. */
  constructor(points: readonly Point<ModbusAddress>[], first: number, deviceOrder: ByteOrder) {
    this.#table = new Uint32Array(points.length * COLUMNS)
    points.forEach((point, index) => this.#table.set(compile(point, first, deviceOrder), index * COLUMNS))
  }

  /** How many rows a reply gives. */
  get size(): number {
    return this.#table.length / COLUMNS
  }

  /** One row a point: its value, or BadDecodingError where the bytes are none. Data begins at `start` of `reply`. */
  decode(reply: Uint8Array, start: number, batch: SampleBatch, time: number): void {
    const table = this.#table
    for (let at = 0; at < table.length; at += COLUMNS) {
      const tag = table[at]!
      const operation = table[at + 2]! & 0xff
      const mask = table[at + 2]! >>> 8
      const position = table[at + 1]!
      if (operation === BIT) {
        const bit = (reply[start + (position >>> 3)]! >>> (position & 7)) & 1
        batch.pushNumber(tag, bit, Status.Good, time, HAS_VALUE | IS_BOOLEAN)
      } else if (operation <= FLOAT32) {
        pushNumber(batch, tag, readUpTo32(reply, start + position, operation, mask), time)
      } else if (operation <= FLOAT64) {
        push64(batch, tag, reply, start + position, operation, mask, time)
      } else {
        const bytes = readBytes(reply, start + position, table[at + 3]!, mask)
        batch.push(tag, operation === STRING ? decodeText(bytes) : bytes, Status.Good, time)
      }
    }
  }

  /** One row without a value a point, with the status that says why. */
  fail(status: StatusCode, batch: SampleBatch, time: number): void {
    const table = this.#table
    for (let at = 0; at < table.length; at += COLUMNS) batch.pushNumber(table[at]!, 0, status, time, 0)
  }
}

function compile({ tag, address, settings }: Point<ModbusAddress>, first: number, deviceOrder: ByteOrder): number[] {
  const distance = address.offset - first
  if (isBitArea(address.area)) return [tag, distance, BIT, 0]
  const order = orderOf(address, settings, deviceOrder)
  if (address.bit !== undefined) return [tag, distance * 16 + wireBit(address.bit, order), BIT, 0]
  const operation = OPERATIONS[settings.type] ?? UINT16
  return [tag, distance * 2, operation | (positionMask(order, WIDTHS[operation]!) << 8), valueBytes(address, settings)]
}

/** Bit n of a register, counted through its two bytes in the order of the wire: the high byte comes first. */
function wireBit(bit: number, order: ByteOrder): number {
  const byte = (bit < 8 ? 1 : 0) ^ positionMask(order, 2)
  return byte * 8 + (bit & 7)
}

/** Field guide §1: NaN and infinities from a device are BadDecodingError. */
function pushNumber(batch: SampleBatch, tag: TagId, value: number, time: number): void {
  if (Number.isFinite(value)) batch.pushNumber(tag, value, Status.Good, time, HAS_VALUE)
  else batch.pushNumber(tag, 0, Status.BadDecodingError, time, 0)
}

function readUpTo32(bytes: Uint8Array, at: number, operation: number, mask: number): number {
  if (operation <= INT16) {
    const word = (bytes[at + mask]! << 8) | bytes[at + (1 ^ mask)]!
    return operation === UINT16 ? word : (word << 16) >> 16
  }
  const bits =
    (bytes[at + mask]! << 24) |
    (bytes[at + (1 ^ mask)]! << 16) |
    (bytes[at + (2 ^ mask)]! << 8) |
    bytes[at + (3 ^ mask)]!
  if (operation === INT32) return bits
  if (operation === UINT32) return bits >>> 0
  scratch.setInt32(0, bits)
  return scratch.getFloat32(0)
}

function push64(
  batch: SampleBatch,
  tag: TagId,
  bytes: Uint8Array,
  at: number,
  operation: number,
  mask: number,
  time: number,
): void {
  for (let index = 0; index < 8; index++) scratch.setUint8(index, bytes[at + (index ^ mask)]!)
  if (operation === FLOAT64) return pushNumber(batch, tag, scratch.getFloat64(0), time)
  const unsigned = operation === UINT64 && scratch.getUint8(0) >= 0x80 ? IS_UNSIGNED : 0
  const row = batch.length
  batch.pushNumber(tag, 0, Status.Good, time, HAS_VALUE | IS_BIG | unsigned)
  batch.big ??= new BigInt64Array(batch.capacity)
  batch.big[row] = scratch.getBigInt64(0)
}

/** A copy: the reply's bytes belong to the connection. */
function readBytes(bytes: Uint8Array, at: number, length: number, mask: number): Uint8Array {
  const copy = new Uint8Array(length)
  for (let index = 0; index < length; index++) copy[index] = bytes[at + (index ^ mask)]!
  return copy
}
