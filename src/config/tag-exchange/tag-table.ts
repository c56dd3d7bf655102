/**
 * A list of tags as rows of texts, with the place of each row: what an import takes and an export gives. CSV as RFC 4180 and spreadsheets
 * have it. No cell of an export is a formula for whoever opens it (CWE-1236), and the import undoes that, so that all comes back as it was.
 */
import { GatewayError } from '../../core/errors.ts'
import { readCsv } from '../csv-file.ts'
import { formatProblem, ProblemList } from '../problem.ts'
import { closest } from '../suggestion.ts'
import { TAG_COLUMN_NAMES } from '../tag-columns.ts'

/** Texts by the names of the columns; an empty text is not there. */
export type Cells = ReadonlyMap<string, string>

export interface TableRow {
  /** As people find it: `line 7`, `Tags row 7`. */
  readonly place: string
  readonly cells: Cells
  /** Columns whose cell is a formula of a spreadsheet. */
  readonly formulas?: ReadonlySet<string> | undefined
}

export interface TagTable {
  readonly columns: readonly string[]
  readonly rows: readonly TableRow[]
}

/** The most rows of an import or an export. */
export const MOST_ROWS = 100_000

/** Throws INVALID_REQUEST, with every fault, where this is no list of tags. */
export function tableOfCsv(bytes: Buffer): TagTable {
  const problems = new ProblemList()
  const list = readCsv(bytes, 'csv', { known: TAG_COLUMN_NAMES, required: ['name'] }, problems)
  if (problems.problems.length > 0 || list === undefined) {
    const errors = problems.problems.map((problem) => ({ detail: formatProblem(problem), pointer: '#' }))
    const detail = errors.map((one) => one.detail).slice(0, 20).join('; ') // prettier-ignore
    throw new GatewayError('INVALID_REQUEST', `this is no list of tags: ${detail}`, { details: { errors } })
  }
  const rows = list.rows.map((record) => {
    const cells = record.cells.flatMap((text, at) => cellOf(list.columns[at], fromSafe(text)))
    return { place: `line ${record.line}`, cells: new Map(cells) }
  })
  return bounded({ columns: list.columns.filter((one) => one !== undefined), rows })
}

/** A row of a spreadsheet; the first one names the columns. */
export interface PlacedRow {
  readonly place: string
  readonly cells: readonly string[]
  readonly formulas: ReadonlySet<number>
}

/** Of the first sheet that is not empty. Throws INVALID_REQUEST where it is no list of tags. */
export function tableOfSheets(sheets: readonly (readonly PlacedRow[])[]): TagTable {
  const [header, ...rows] = sheets.find((sheet) => sheet.length > 0) ?? []
  const columns = header?.cells ?? []
  const unknown = columns.filter((name) => name !== '' && !TAG_COLUMN_NAMES.includes(name))
  const twice = columns.find((name, at) => name !== '' && columns.indexOf(name) !== at)
  const nearest = unknown[0] === undefined ? undefined : closest(unknown[0], TAG_COLUMN_NAMES)
  const hint = nearest === undefined ? '' : `; did you mean "${nearest}"?`
  const why =
    header === undefined
      ? 'it is empty'
      : unknown.length > 0
        ? `${header.place}: unknown column "${unknown[0]}"${hint}; known are ${TAG_COLUMN_NAMES.join(', ')}`
        : twice !== undefined
          ? `${header.place}: the column "${twice}" comes twice`
          : columns.includes('name')
            ? undefined
            : `${header.place}: the column "name" is missing`
  if (why !== undefined) throw new GatewayError('INVALID_REQUEST', `this is no list of tags: ${why}`)
  const named = (at: number): string | undefined => (columns[at] === '' ? undefined : columns[at])
  return bounded({
    columns: columns.filter((name) => name !== ''),
    rows: rows.map(({ place, cells, formulas }) => ({
      place,
      cells: new Map(cells.flatMap((text, at) => cellOf(named(at), text))),
      formulas: new Set([...formulas].flatMap((at) => named(at) ?? [])),
    })),
  })
}

const cellOf = (column: string | undefined, text: string): (readonly [string, string])[] =>
  column === undefined || text === '' ? [] : [[column, text]]

function bounded(table: TagTable): TagTable {
  if (table.rows.length <= MOST_ROWS) return table
  throw new GatewayError('INVALID_REQUEST', `${table.rows.length} rows at once: the most is ${MOST_ROWS}`)
}

/** Name, address and type, and what else some row has, in the order of the documentation. */
export function columnsOf(rows: readonly Cells[]): string[] {
  const used = new Set(['name', 'address', 'type'])
  for (const row of rows) for (const column of row.keys()) used.add(column)
  return TAG_COLUMN_NAMES.filter((column) => used.has(column))
}

/** As spreadsheets read it: a byte order mark, commas, CRLF. */
export function csvOf(rows: readonly Cells[]): string {
  const columns = columnsOf(rows)
  const lines = rows.map((row) => columns.map((column) => quoted(toSafe(row.get(column) ?? ''))).join(','))
  return `\uFEFF${[columns.join(','), ...lines].join('\r\n')}\r\n`
}

const quoted = (text: string): string => (/[",;\r\n\t]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** `=`, `+`, `-`, `@`, tab and line ends begin a formula (OWASP, CSV Injection), also behind the quotes that stand before them. */
const FORMULA = /^'*[=+\-@\t\r\n]/
const NUMBER = /^-?\d+(\.\d+)?(e[-+]?\d+)?$/i

const toSafe = (text: string): string => (FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text)

const fromSafe = (text: string): string => (/^''*[=+\-@\t\r\n]/.test(text) ? text.slice(1) : text)
