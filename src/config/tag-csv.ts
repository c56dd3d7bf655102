/** The tags of a device from a CSV file: the header says which columns there are, each further record is a tag. */
import type { TagConfig } from './config.ts'
import type { CsvRecord } from '../core/csv.ts'
import { openCsvFile, readCsv, type CsvList, type CsvShape } from './csv-file.ts'
import type { Place, ProblemList } from './problem.ts'
import { TAG_COLUMNS, type TagColumn } from './tag-columns.ts'
import { readTagList, type TagListContext, type TagRow } from './tag-list.ts'

/** Reads `path`, which messages call `file`. When it cannot be read at all the returned sentence says why. */
export function readTagCsv(path: string, file: string, context: TagListContext): TagConfig[] | string {
  const rows = openTagCsv(path, file, context.problems)
  return typeof rows === 'string' ? rows : readTagList(rows, context)
}

/** As `readTagCsv`, of what the file holds. */
export function readTagBytes(bytes: Buffer, file: string, context: TagListContext): TagConfig[] {
  return readTagList(rowsOf(readCsv(bytes, file, SHAPE, context.problems), file), context)
}

/** The rows of a tag list, each still text; as `readTagCsv` otherwise. */
export function openTagCsv(
  path: string,
  file: string,
  problems: ProblemList,
  known: readonly TagColumn[] = TAG_COLUMNS,
): Iterable<TagRow> | string {
  const list = openCsvFile(path, file, known === TAG_COLUMNS ? SHAPE : shapeOf(known), problems)
  return typeof list === 'string' ? list : rowsOf(list, file, known)
}

const shapeOf = (columns: readonly TagColumn[]): CsvShape => ({
  known: columns.map(({ name }) => name),
  required: ['name', 'address', 'type'],
})

const SHAPE = shapeOf(TAG_COLUMNS)

function rowsOf(list: CsvList | undefined, file: string, known: readonly TagColumn[] = TAG_COLUMNS): TagRow[] {
  if (list === undefined) return []
  const columns = list.columns.map((name) => known.find((column) => column.name === name))
  return list.rows.map((row) => new CsvTagRow(row, columns, file))
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
