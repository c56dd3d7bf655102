/**
 * Rows of a spreadsheet (XLSX, ECMA-376), with the limits that a file from somebody else needs: what the archive unpacks to is measured,
 * with an end, before anything reads it (a zip bomb says of itself what it likes). The library is loaded on first use.
 */
import { inflateRawSync } from 'node:zlib'
import { messageOf } from '../core/errors.ts'
import type { SourceFile } from './importer.ts'
import { refuse } from './source-text.ts'

/** What all parts of a file may unpack to. */
const MOST_UNPACKED_BYTES = 256 * 2 ** 20
const MOST_PARTS = 2000
const MOST_ROWS = 200_000
const MOST_COLUMNS = 256

export interface SheetRow {
  /** Sheet and row, as a spreadsheet shows them: `Tags row 7`. */
  readonly place: string
  readonly cells: readonly string[]
  /** Columns whose cell is a formula: its result is what some program kept, or nothing. */
  readonly formulas: ReadonlySet<number>
}

export const isZip = ({ bytes }: SourceFile): boolean => bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3

/** All rows that are not blank, sheet by sheet; each sheet begins with its header. */
export async function sheetsOf(file: SourceFile): Promise<SheetRow[][]> {
  measure(file)
  const { readXlsx } = await import('hucre/xlsx')
  let workbook
  try {
    workbook = await readXlsx(file.bytes, { maxRows: MOST_ROWS + 1 })
  } catch (error) {
    throw refuse(file, `not a spreadsheet that can be read: ${messageOf(error)}`)
  }
  return workbook.sheets.map(({ name, rows, cells }) => {
    if (rows.length > MOST_ROWS) throw refuse(file, `the sheet "${name}" has more than ${MOST_ROWS} rows`)
    const formulas = new Map<number, Set<number>>()
    for (const [key, cell] of cells ?? []) {
      const [row = 0, column = 0] = key.split(',').map(Number)
      if (cell.formula !== undefined) formulas.set(row, (formulas.get(row) ?? new Set()).add(column))
    }
    return rows.flatMap((row, at) => {
      const texts = row.slice(0, MOST_COLUMNS).map(cellText)
      const place = `${name} row ${at + 1}`
      return texts.some((text) => text !== '') ? [{ place, cells: texts, formulas: formulas.get(at) ?? new Set() }] : []
    })
  })
}

function cellText(value: unknown): string {
  if (value instanceof Date) return value.toISOString()
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value).trim()
    : ''
}

/** Unpacks each part (APPNOTE 6.3.10, 4.3) and forgets it: only that counts, not what the directory says. */
function measure(file: SourceFile): void {
  const zip = Buffer.from(file.bytes.buffer, file.bytes.byteOffset, file.bytes.byteLength)
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]))
  if (end < 0 || end + 22 > zip.length) throw refuse(file, 'the archive has no end; the file is cut off')
  const parts = zip.readUInt16LE(end + 10)
  if (parts > MOST_PARTS) throw refuse(file, `it has ${parts} parts; at most ${MOST_PARTS} are read`)
  let left = MOST_UNPACKED_BYTES
  let at = zip.readUInt32LE(end + 16)
  for (let part = 0; part < parts; part++) {
    if (at + 46 > zip.length || zip.readUInt32LE(at) !== 0x02014b50) throw refuse(file, 'its directory is broken')
    const [method, packed, header] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20), zip.readUInt32LE(at + 42)]
    if (header + 30 > zip.length) throw refuse(file, 'its directory points beyond its end')
    const from = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28)
    left -= method === 0 ? packed : unpackedBytes(zip.subarray(from, from + packed), left, file)
    if (left < 0) throw tooLarge(file)
    at += 46 + zip.readUInt16LE(at + 28) + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
  }
}

function unpackedBytes(packed: Buffer, most: number, file: SourceFile): number {
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, most) }).length
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(file)
    throw refuse(file, `a part of it cannot be unpacked: ${messageOf(error)}`)
  }
}

const tooLarge = (file: SourceFile) => refuse(file, `it unpacks to more than ${MOST_UNPACKED_BYTES} bytes`)
