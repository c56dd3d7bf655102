/** The tags of a device from a CSV file: the header says which columns there are, each further record is a tag. */
import { readFileSync } from 'node:fs'
import { messageOf } from '../core/errors.ts'
import type { TagConfig } from './config.ts'
import { parseCsv, type CsvRecord } from './csv.ts'
import type { Place, ProblemList } from './problem.ts'
import { closest } from './suggestion.ts'
import { TAG_COLUMN_NAMES, TAG_COLUMNS, type TagColumn } from './tag-columns.ts'
import { readTagList, type TagListContext, type TagRow } from './tag-list.ts'
import { firstForeignLine } from './utf8.ts'

/** Reads `path`, which messages call `file`. When it cannot be read at all the returned sentence says why. */
export function readTagCsv(path: string, file: string, context: TagListContext): TagConfig[] | string {
  const rows = openTagCsv(path, file, context.problems)
  return typeof rows === 'string' ? rows : readTagList(rows, context)
}

/** The rows of a tag list, each still text; as `readTagCsv` otherwise. */
export function openTagCsv(path: string, file: string, problems: ProblemList): Iterable<TagRow> | string {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return missing ? `there is no file ${file}` : `${file} cannot be read: ${messageOf(error)}`
  }
  const foreign = firstForeignLine(bytes)
  if (foreign !== undefined) {
    problems.add({ file, ...foreign }, '', 'this file is not UTF-8; save it as "CSV UTF-8"')
    return []
  }
  const { records, faults } = parseCsv(bytes.toString('utf8'))
  for (const { line, column, message } of faults) problems.add({ file, line, column }, '', message)
  const header = records[0]
  if (header === undefined) {
    problems.add(
      { file, line: 1, column: 1 },
      '',
      'this file is empty; its first line names the columns: name,address,type,…',
    )
    return []
  }
  const columns = readHeader(header, file, problems)
  return columns === undefined ? [] : csvRows(records, columns, file, problems)
}

/** The column of each cell; undefined as a whole when columns are missing without which no row can be read. */
function readHeader(header: CsvRecord, file: string, problems: ProblemList): (TagColumn | undefined)[] | undefined {
  const seen = new Map<TagColumn, number>()
  const columns = header.cells.map((name, cell) => {
    const column = TAG_COLUMNS.find((known) => known.name === name)
    const place = { file, ...header.placeOf(cell) }
    if (column === undefined) {
      const nearest = closest(name, TAG_COLUMN_NAMES)
      const known = nearest === undefined ? `; known are ${TAG_COLUMN_NAMES.join(', ')}` : ''
      const what = name === '' ? 'this column has no name' : `unknown column "${name}"`
      problems.add(place, 'header', `${what}${known}`, nearest === undefined ? undefined : `"${nearest}"`)
      return undefined
    }
    const first = seen.get(column)
    if (first !== undefined)
      problems.add(place, 'header', `the column "${name}" comes twice, first at column ${header.placeOf(first).column}`)
    seen.set(column, seen.get(column) ?? cell)
    return column
  })
  const misspelt = new Set(header.cells.map((name) => closest(name, TAG_COLUMN_NAMES)))
  const missing = ['name', 'address', 'type'].filter((name) => !columns.some((column) => column?.name === name))
  for (const name of missing.filter((one) => !misspelt.has(one))) {
    problems.add({ file, line: header.line, column: 1 }, 'header', `the column "${name}" is missing`)
  }
  return missing.length === 0 ? columns : undefined
}

function* csvRows(
  records: readonly CsvRecord[],
  columns: readonly (TagColumn | undefined)[],
  file: string,
  problems: ProblemList,
): Iterable<TagRow> {
  for (let index = 1; index < records.length; index++) {
    const record = records[index]!
    if (record.cells.every((cell) => cell === '')) continue
    const surplus = record.cells.findIndex((cell, at) => at >= columns.length && cell !== '')
    if (surplus >= 0) {
      const message = `this row has ${record.cells.length} cells, the header ${columns.length}; a cell with a separator inside stands in quotes`
      problems.add({ file, ...record.placeOf(surplus) }, `row ${record.number}`, message)
    }
    yield new CsvTagRow(record, columns, file)
  }
}

class CsvTagRow implements TagRow {
  readonly #record: CsvRecord
  readonly #columns: readonly (TagColumn | undefined)[]
  readonly #file: string

  constructor(record: CsvRecord, columns: readonly (TagColumn | undefined)[], file: string) {
    this.#record = record
    this.#columns = columns
    this.#file = file
  }

  each(visit: (column: TagColumn, text: string) => void): void {
    const cells = this.#record.cells
    const count = Math.min(cells.length, this.#columns.length)
    for (let cell = 0; cell < count; cell++) {
      const column = this.#columns[cell]
      if (column !== undefined && cells[cell] !== '') visit(column, cells[cell]!)
    }
  }

  placeOf(column: string, character = 1): Place {
    const cell = this.#columns.findIndex((one) => one?.name === column)
    const place = this.#record.placeOf(Math.max(0, cell))
    return { file: this.#file, line: place.line, column: place.column + character - 1 }
  }

  pathOf(column: string): string {
    return `row ${this.#record.number}, ${column}`
  }
}
