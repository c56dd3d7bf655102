/**
 * One reading of registers as one type in one byte order: the values of a window of reads, and beside them whole numbers that
 * have the same order and distances (`ordinals`), by which the smoothness of any type is measured alike. A float's ordinal counts
 * the representable numbers up to it, as IEEE 754 bit patterns of one sign do.
 */
import { positionMask, type ByteOrder } from '../order.ts'
import { decodeText } from '../text.ts'

/** The types that are tried: those of tags, and packed decimal digits, which some meters send. */
export type DetectedType =
  | 'int16'
  | 'uint16'
  | 'bcd16'
  | 'int32'
  | 'uint32'
  | 'float32'
  | 'bcd32'
  | 'int64'
  | 'uint64'
  | 'float64'
  | 'bcd64'
  | 'string'

export interface Interpretation {
  readonly type: DetectedType
  readonly order: ByteOrder
  /** 1, 2 or 4. */
  readonly registers: number
  /** One a read; undefined: the bytes are no value of this type. */
  readonly values: readonly (number | bigint | string | undefined)[]
  /** One a read; undefined for text, and where there is no value. */
  readonly ordinals: readonly (bigint | undefined)[]
}

type Decode = (view: DataView) => readonly [value: number | bigint | string | undefined, ordinal: bigint | undefined]

const NO_VALUE = [undefined, undefined] as const

const integer = (read: (view: DataView) => number): Decode => {
  return (view) => {
    const value = read(view)
    return [value, BigInt(value)]
  }
}

const NUMBERS: Readonly<Record<number, readonly (readonly [DetectedType, Decode])[]>> = {
  1: [
    ['uint16', integer((view) => view.getUint16(0))],
    ['int16', integer((view) => view.getInt16(0))],
    ['bcd16', packedDecimal],
  ],
  2: [
    ['float32', (view) => floating(view.getFloat32(0), BigInt(view.getInt32(0)), 32)],
    ['uint32', integer((view) => view.getUint32(0))],
    ['int32', integer((view) => view.getInt32(0))],
    ['bcd32', packedDecimal],
  ],
  4: [
    ['float64', (view) => floating(view.getFloat64(0), view.getBigInt64(0), 64)],
    ['uint64', (view) => [view.getBigUint64(0), view.getBigUint64(0)]],
    ['int64', (view) => [view.getBigInt64(0), view.getBigInt64(0)]],
    ['bcd64', packedDecimal],
  ],
}

const ORDERS_OF_ONE: readonly ByteOrder[] = ['ABCD', 'BADC']
const ORDERS: readonly ByteOrder[] = ['ABCD', 'CDAB', 'BADC', 'DCBA']

/** Every interpretation of `registers` registers (1, 2 or 4) that begin with register `first` of each read. */
export function interpret(reads: readonly Uint8Array[], first: number, registers: number): Interpretation[] {
  const orders = registers === 1 ? ORDERS_OF_ONE : ORDERS
  return orders.flatMap((order) => {
    const views = reads.map((bytes) => orderedView(bytes, first * 2, registers * 2, order))
    const numbers = NUMBERS[registers]!.map(([type, decode]) => decoded(type, order, registers, views, decode))
    const isTextOrder = order === 'ABCD' || order === 'BADC'
    return isTextOrder ? [...numbers, textOf(reads, first * 2, registers, order)] : numbers
  })
}

function decoded(
  type: DetectedType,
  order: ByteOrder,
  registers: number,
  views: readonly DataView[],
  decode: Decode,
): Interpretation {
  const pairs = views.map(decode)
  return {
    type,
    order,
    registers,
    values: pairs.map(([value]) => value),
    ordinals: pairs.map(([, ordinal]) => ordinal),
  }
}

/** The bytes of one value, most significant first. */
function orderedView(bytes: Uint8Array, at: number, length: number, order: ByteOrder): DataView {
  const view = new DataView(new ArrayBuffer(length))
  const mask = positionMask(order, length)
  for (let index = 0; index < length; index++) view.setUint8(index, bytes[at + (index ^ mask)]!)
  return view
}

/** Text swaps bytes within each register, never the registers. */
function textOf(reads: readonly Uint8Array[], at: number, registers: number, order: ByteOrder): Interpretation {
  const swap = order === 'BADC' ? 1 : 0
  const values = reads.map((read) => {
    const bytes = Uint8Array.from({ length: registers * 2 }, (_, index) => read[at + (index ^ swap)]!)
    const text = decodeText(bytes)
    return PRINTABLE.test(text) ? text : undefined
  })
  return { type: 'string', order, registers, values, ordinals: values.map(() => undefined) }
}

const PRINTABLE = /^[\x20-\x7e]+$/

function floating(value: number, bits: bigint, width: 32 | 64): ReturnType<Decode> {
  if (!Number.isFinite(value)) return NO_VALUE
  const magnitude = BigInt.asUintN(width - 1, bits)
  return [value, bits < 0n ? -magnitude : magnitude]
}

/** Each half byte a decimal digit; undefined where one is none. */
function packedDecimal(view: DataView): ReturnType<Decode> {
  let value = 0n
  for (let index = 0; index < view.byteLength; index++) {
    const byte = view.getUint8(index)
    if (byte >>> 4 > 9 || (byte & 15) > 9) return NO_VALUE
    value = value * 100n + BigInt((byte >>> 4) * 10 + (byte & 15))
  }
  return [view.byteLength > 4 ? value : Number(value), value]
}
