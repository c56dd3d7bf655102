/**
 * A CSV file whose first line names its columns: lists of tags, and lists of devices of a template. What a spreadsheet does to
 * such files is known here: another encoding, empty columns at the end, no header, the line ends of an old Mac.
 */
import { messageOf } from '../core/errors.ts'
import { parseCsv, type CsvRecord } from '../core/csv.ts'
import { readConfigFile } from './file-reading.ts'
import type { ProblemList } from './problem.ts'
import { closest } from './suggestion.ts'
import { firstForeignLine } from './utf8.ts'

/** Which columns a file may have. */
export interface CsvShape {
  readonly known: readonly string[]
  readonly required: readonly string[]
  /** What knows these columns, for messages: `template "meter", at meter.yaml:1:1,`; absent where it is plain. */
  readonly owner?: string | undefined
}

/** Rows that are not blank, and the column of each of their cells; undefined for a cell that belongs to none. */
export interface CsvList {
  readonly columns: readonly (string | undefined)[]
  readonly rows: readonly CsvRecord[]
}

/**
 * Reads `path`, which messages call `file`. When it cannot be read at all the returned sentence says why; undefined when its
 * header is of no use, which is told then.
 */
export function openCsvFile(
  path: string,
  file: string,
  shape: CsvShape,
  problems: ProblemList,
): CsvList | string | undefined {
  let bytes: Buffer
  try {
    bytes = readConfigFile(path)
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return missing ? `there is no file ${file}` : `${file} cannot be read: ${messageOf(error)}`
  }
  return readCsv(bytes, file, shape, problems)
}

/** As `openCsvFile`, of what the file holds. */
export function readCsv(bytes: Buffer, file: string, shape: CsvShape, problems: ProblemList): CsvList | undefined {
  const foreign = firstForeignLine(bytes)
  if (foreign !== undefined) {
    problems.add({ file, ...foreign }, '', 'this file is not UTF-8; save it as "CSV UTF-8"')
    return undefined
  }
  const { records, faults } = parseCsv(bytes.toString('utf8'))
  for (const { line, column, message } of faults) problems.add({ file, line, column }, '', message)
  const [header, ...rest] = records
  if (header === undefined && faults.length > 0) return undefined
  if (header === undefined) {
    const message = `this file is empty; its first line names the columns: ${shape.required.join(',')},…`
    problems.add({ file, line: 1, column: 1 }, '', message)
    return undefined
  }
  const rows = rest.filter((row) => row.cells.some((cell) => cell !== ''))
  const columns = readHeader(header, file, shape, problems)
  if (columns === undefined) return undefined
  for (const row of rows) complainOfSurplus(row, header, file, problems)
  return { columns, rows }
}

function readHeader(
  header: CsvRecord,
  file: string,
  { known, required, owner }: CsvShape,
  problems: ProblemList,
): (string | undefined)[] | undefined {
  const nearest = header.cells.map((name) => (known.includes(name) ? name : closest(name, known)))
  const list = `${owner === undefined ? 'known are' : `${owner} knows`} ${known.join(', ')}`
  if (nearest.every((name) => name === undefined)) {
    const message = `this line names no column that is known; the first line has to: ${required.join(',')},…; ${list}`
    problems.add({ file, line: header.line, column: 1 }, 'header', message)
    return undefined
  }
  const first = new Map<string, number>()
  const columns = header.cells.map((name, cell) => {
    const complain = (message: string, suggestion?: string) =>
      problems.add({ file, ...header.placeOf(cell) }, 'header', message, suggestion)
    if (!known.includes(name)) {
      // A spreadsheet leaves empty columns behind; what stands under one is told of its row.
      if (name !== '' && nearest[cell] === undefined) complain(`unknown column "${name}"; ${list}`)
      if (name !== '' && nearest[cell] !== undefined) complain(`unknown column "${name}"`, `"${nearest[cell]}"`)
      return undefined
    }
    const earlier = first.get(name)
    if (earlier === undefined) first.set(name, cell)
    else complain(`the column "${name}" comes twice, first at column ${header.placeOf(earlier).column}`)
    return name
  })
  const missing = required.filter((name) => !first.has(name))
  for (const name of missing.filter((one) => !nearest.includes(one)))
    problems.add({ file, line: header.line, column: 1 }, 'header', `the column "${name}" is missing`)
  return missing.length === 0 ? columns : undefined
}

function complainOfSurplus(row: CsvRecord, header: CsvRecord, file: string, problems: ProblemList): void {
  const surplus = row.cells.findIndex((cell, at) => cell !== '' && (header.cells[at] ?? '') === '')
  if (surplus < 0) return
  const what =
    surplus < header.cells.length
      ? 'this cell stands under a column without a name'
      : `this row has ${row.cells.length} cells, the header ${header.cells.length}`
  const message = `${what}; a cell with a separator inside stands in quotes`
  problems.add({ file, ...row.placeOf(surplus) }, `row ${row.number}`, message)
}
