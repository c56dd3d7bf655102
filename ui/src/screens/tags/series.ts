/** Series: `pump_1`, `pump_2` … and addresses that go on by the size of what is at each: `hr:0`, `hr:2` for float32. */
import type { Cells } from './sheet.ts'

/** The last number of a text goes up by so much; leading zeros stay. A text without a number gets `_1`, `_2` … behind it. */
export function nextInSeries(text: string, by: number): string {
  const found = /^([^]*?)(\d+)(\D*)$/.exec(text)
  if (found === null) return text === '' ? '' : `${text}_${by}`
  const [, before = '', digits = '', after = ''] = found
  const next = BigInt(digits) + BigInt(by)
  return `${before}${(next < 0n ? 0n : next).toString().padStart(digits.length, '0')}${after}`
}

const BYTES: Readonly<Record<string, number>> = {
  bool: 1,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  float32: 4,
  float64: 8,
}
/** Modbus in its notations: counted in registers, or in bits. */
const REGISTERS = /^(?:hr|ir|hrf?\d|irf?\d|[34]\d{4,5}|[34]x\d+|%MW)/i
const BITS = /^(?:co|di|c\d|di\d|[01]\d{4,5}|%M\d)/i
/** S7: counted in bytes. */
const S7_BYTES = /^(?:%?DB\d+|%?[MIQEA][BWD]\d)/i

/** How far the address behind this one is. */
export function addressStep({ address = '', type = '', length = '' }: Cells): number {
  const bytes = type === 'string' || type === 'bytes' ? Math.max(1, Number(length) || 1) : (BYTES[type] ?? 1)
  if (BITS.test(address)) return 1
  if (REGISTERS.test(address)) return /\.\d+$/.test(address) ? 1 : Math.ceil(bytes / 2)
  return S7_BYTES.test(address) && !/[XA]\d+\.\d$|\.\d+$/i.test(address) ? bytes : 1
}

/**
 * Texts of one column for these rows, the first of which stays as it is. `step` undefined: an address goes on by what is at it, everything
 * else by one.
 */
export function seriesOf(column: string, rows: readonly Cells[], step: number | undefined): string[] {
  const texts = [rows[0]?.[column] ?? '']
  for (const [nth, cells] of rows.slice(0, -1).entries()) {
    const here = texts[nth]!
    const by = step ?? (column === 'address' ? addressStep({ ...cells, address: here }) : 1)
    texts.push(nextInSeries(here, by))
  }
  return texts
}
