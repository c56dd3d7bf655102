/**
 * The register viewer: a range of registers as they are, each as number, bits and characters, and every two as a float in both
 * word orders; coils and discrete inputs too. What the device refuses is shown as refused, with its reason.
 */
import { z } from 'zod'
import { defineTool } from '../../../core/driver.ts'
import { formatAddress, referenceNumber, type ModbusAddress } from '../address.ts'
import { formatNumber } from '../detect/number-text.ts'
import { rawDevice } from './raw-device.ts'
import { isBits, nounOf, parseRange, type Range } from './range.ts'
import { readRange, type RangeRead } from './range-read.ts'

/** One register; `refused` says why there is none, and then nothing else is there. */
export interface RegisterRow {
  readonly address: string
  /** The number that manuals print. */
  readonly reference: string
  readonly refused?: string
  readonly hex?: string
  readonly unsigned?: number
  readonly signed?: number
  /** Bit 15 first. */
  readonly bits?: string
  /** Both bytes as ASCII, a dot for what cannot be printed. */
  readonly text?: string
  /** Together with the next register, null where that is NaN or infinite; absent where there is no next one. */
  readonly float32?: { readonly ABCD: number | null; readonly CDAB: number | null }
}

/** One coil or discrete input. */
export interface BitRow {
  readonly address: string
  readonly reference: string
  readonly refused?: string
  readonly value?: boolean
}

interface Dump {
  readonly unit: number
  /** `holding registers`, `coils`, … */
  readonly kind: string
  readonly requests: number
  readonly refused: number
  readonly rows: readonly (RegisterRow | BitRow)[]
}

const input = z.strictObject({
  address: z.string().min(1).describe('The first register or bit, in any notation: hr:0, 40001, co:8, 2.ir:100'),
  count: z.int().min(1).max(2000).default(16).describe('How many'),
})

export const dump = defineTool({
  name: 'dump',
  summary: 'registers as they are: hex, numbers, bits, floats and text; coils too',
  examples: [
    ['bifrost modbus dump modbus://10.0.0.5:502/1 hr:0 40', 'forty holding registers, straight from a device'],
    ['bifrost modbus dump press-1 40001 --count 16', 'by the number in the manual, through the running gateway'],
    ['bifrost modbus dump press-1 co:0 32 --json', 'coils, for a program'],
  ],
  input,
  positions: ['address', 'count'],
  async run({ address, count }, driver, access, signal): Promise<Dump> {
    const device = rawDevice(driver)
    const range = parseRange(address, count)
    const read = await readRange(device, access, range, signal)
    const refused = read.refusals.filter((why) => why !== undefined).length
    const row = isBits(range) ? bitRow : registerRow
    return {
      unit: range.unit ?? device.unit,
      kind: nounOf(range),
      requests: read.requests,
      refused,
      rows: Array.from({ length: count }, (_, at) => row(range, read, at)),
    }
  },
  toLines: (result: Dump) => [
    ...tableLines(result.rows),
    `unit ${result.unit}: ${result.rows.length - result.refused} of ${result.rows.length} ${result.kind} in ${result.requests} ${result.requests === 1 ? 'request' : 'requests'}`,
  ],
})

function placeOf({ area, offset, unit }: Range, at: number): { address: string; reference: string } {
  const place: ModbusAddress = { area, offset: offset + at, unit, text: '' }
  return { address: formatAddress(place), reference: referenceNumber(place) }
}

function bitRow(range: Range, { values, refusals }: RangeRead, at: number): BitRow {
  const refused = refusals[at]
  return refused === undefined ? { ...placeOf(range, at), value: values[at] === 1 } : { ...placeOf(range, at), refused }
}

function registerRow(range: Range, { values, refusals }: RangeRead, at: number): RegisterRow {
  const refused = refusals[at]
  if (refused !== undefined) return { ...placeOf(range, at), refused }
  const word = values[at]!
  const hasNext = at + 1 < values.length && refusals[at + 1] === undefined
  return {
    ...placeOf(range, at),
    hex: word.toString(16).toUpperCase().padStart(4, '0'),
    unsigned: word,
    signed: (word << 16) >> 16,
    bits: word.toString(2).padStart(16, '0'),
    text: [word >>> 8, word & 255].map(printable).join(''),
    ...(hasNext ? { float32: { ABCD: float(word, values[at + 1]!), CDAB: float(values[at + 1]!, word) } } : {}),
  }
}

const printable = (byte: number): string => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')

function float(high: number, low: number): number | null {
  const view = new DataView(new ArrayBuffer(4))
  view.setUint16(0, high)
  view.setUint16(2, low)
  const value = view.getFloat32(0)
  return Number.isFinite(value) ? value : null
}

/** Narrow enough for a terminal of 80 columns; a float is that of this register and the next, in both word orders. */
const HEAD = ['address', 'number', 'hex', 'uint16', 'int16', 'bits', 'text', 'float32', 'CDAB']
/** Numbers stand at the right. */
const AT_THE_RIGHT: ReadonlySet<string> = new Set(['hex', 'uint16', 'int16', 'float32', 'CDAB', 'value'])
/** Between the columns; two spaces where nothing else is said. */
const SEPARATORS: readonly string[] = ['  ', '  ', ' ', ' ', '  ', ' ', ' ', ' ']
const FLOAT_WIDTH = 9

/** Columns to their width; refused registers in a row as one line. */
function tableLines(rows: Dump['rows']): string[] {
  const cells = rows.map(cellsOf)
  const isWide = cells.some((row) => row.length > 3)
  const head = isWide ? HEAD : ['address', 'number', 'value']
  const widths = head.map((title, column) =>
    Math.max(title.length, ...cells.filter((row) => row.length === head.length).map((row) => row[column]!.length)),
  )
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        AT_THE_RIGHT.has(head[column]!) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .reduce((text, cell, column) => `${text}${SEPARATORS[column - 1] ?? '  '}${cell}`)
      .trimEnd()
  const lines = [line(head)]
  for (let at = 0; at < rows.length; at++) {
    const { refused } = rows[at]!
    if (refused === undefined) {
      lines.push(line(cells[at]!))
      continue
    }
    const first = at
    while (rows[at + 1]?.refused === refused) at++
    lines.push(`${cells[first]![0]}${at > first ? ` … ${cells[at]![0]}` : ''}  refused: ${refused}`)
  }
  return lines
}

function cellsOf(row: RegisterRow | BitRow): string[] {
  const place = [row.address, row.reference]
  if (row.refused !== undefined) return place
  if ('value' in row) return [...place, row.value ? '1' : '0']
  const { hex, unsigned, signed, bits, text, float32 } = row as Required<RegisterRow>
  const floats = float32 === undefined ? ['', ''] : [float32.ABCD, float32.CDAB].map(floatText)
  return [...place, hex, String(unsigned), String(signed), bits, text, ...floats]
}

/** With as many digits as there is room for. */
function floatText(value: number | null): string {
  if (value === null) return 'NaN'
  const texts = [7, 6, 5, 4, 3, 2].map((digits) => shortNumber(value, digits).replace('e+', 'e'))
  return texts.find((text) => text.length <= FLOAT_WIDTH) ?? texts.at(-1)!
}

function shortNumber(value: number, digits: number): string {
  const text = formatNumber(value, digits)
  return text.length <= FLOAT_WIDTH ? text : Number(value.toPrecision(digits)).toExponential()
}
