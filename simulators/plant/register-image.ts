/**
 * The four tables of one Modbus unit as a machine of the plant sees them, and how wider numbers lie in registers. Word and
 * byte orders are named by what becomes of the bytes ABCD (big-endian); 64 bits follow the same two swaps.
 */
export interface RegisterImage {
  /** One element a bit, 0 or 1. */
  readonly coils: Uint16Array
  readonly discreteInputs: Uint16Array
  readonly inputRegisters: Uint16Array
  readonly holdingRegisters: Uint16Array
}

export type Order = 'ABCD' | 'CDAB' | 'BADC' | 'DCBA'

const scratch = new DataView(new ArrayBuffer(8))

/** Puts a float32 into two registers. */
export function putFloat32(registers: Uint16Array, at: number, value: number, order: Order = 'ABCD'): void {
  scratch.setFloat32(0, value)
  putWords(registers, at, 2, order)
}

/** Reads a float32 from two registers. */
export function getFloat32(registers: Uint16Array, at: number, order: Order = 'ABCD'): number {
  takeWords(registers, at, 2, order)
  return scratch.getFloat32(0)
}

/** Puts an unsigned 32-bit integer into two registers. */
export function putUint32(registers: Uint16Array, at: number, value: number, order: Order = 'ABCD'): void {
  scratch.setUint32(0, value)
  putWords(registers, at, 2, order)
}

/** Puts a signed 64-bit integer into four registers. */
export function putInt64(registers: Uint16Array, at: number, value: bigint, order: Order = 'ABCD'): void {
  scratch.setBigInt64(0, value)
  putWords(registers, at, 4, order)
}

/** Puts text into registers, two characters each, high byte first, padded with zeros. */
export function putText(registers: Uint16Array, at: number, words: number, text: string): void {
  const bytes = Buffer.alloc(words * 2)
  bytes.write(text, 'latin1')
  for (let i = 0; i < words; i++) registers[at + i] = bytes.readUInt16BE(i * 2)
}

function putWords(registers: Uint16Array, at: number, words: number, order: Order): void {
  for (let i = 0; i < words; i++) registers[at + place(i, words, order)] = swapped(scratch.getUint16(i * 2), order)
}

function takeWords(registers: Uint16Array, at: number, words: number, order: Order): void {
  for (let i = 0; i < words; i++) scratch.setUint16(i * 2, swapped(registers[at + place(i, words, order)]!, order))
}

function place(word: number, words: number, order: Order): number {
  return order === 'CDAB' || order === 'DCBA' ? words - 1 - word : word
}

function swapped(word: number, order: Order): number {
  return order === 'BADC' || order === 'DCBA' ? ((word & 0xff) << 8) | (word >>> 8) : word
}
