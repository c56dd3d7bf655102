/** A CSV file with one row a device: column `name`, the parameters of the template, and if wanted `enabled` and `every`. */
import { readFileSync } from 'node:fs'
import { messageOf } from '../../core/errors.ts'
import { parseCsv, type CsvRecord } from '../csv.ts'
import type { Loading } from '../loading.ts'
import type { Path } from '../places.ts'
import { formatPlace, type Place, type ProblemList } from '../problem.ts'
import { closest } from '../suggestion.ts'
import { firstForeignLine } from '../utf8.ts'
import { retype } from '../yaml-source.ts'
import { INSTANCE_WORDS } from './grammar.ts'
import { sortOut, type Given, type NamedInstance } from './instance.ts'
import type { Template } from './template.ts'

/** The entry that names the file. */
export interface InstancesEntry {
  readonly path: Path
  /** Parameters of all its devices; a row's own go before. */
  readonly shared: ReadonlyMap<string, Given>
  readonly template: Template
  readonly loading: Loading
}

/** The instances of a file; when it cannot be read at all the returned sentence says why. */
export function readInstanceFile(named: string, entry: InstancesEntry): NamedInstance[] | string {
  const { problems, openPath, showPath } = entry.loading
  const file = showPath(named)
  let bytes: Buffer
  try {
    bytes = readFileSync(openPath(named))
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
  for (const { message, ...place } of faults) problems.add({ file, ...place }, '', message)
  const [header, ...rows] = records
  if (header === undefined) {
    const message = 'this file is empty; its first line names the columns: name,…'
    problems.add({ file, line: 1, column: 1 }, '', message)
    return []
  }
  const columns = readHeader(header, file, entry.template, problems)
  if (columns === undefined) return []
  return rows
    .filter((row) => row.cells.some((cell) => cell !== ''))
    .flatMap((row) => readRow(row, { columns, file, entry }))
}

interface RowContext {
  /** The word of each column; undefined where it is unknown. */
  readonly columns: readonly (string | undefined)[]
  readonly file: string
  readonly entry: InstancesEntry
}

function readHeader(
  header: CsvRecord,
  file: string,
  template: Template,
  problems: ProblemList,
): (string | undefined)[] | undefined {
  const known = [...INSTANCE_WORDS, ...template.parameters.keys()]
  const seen = new Set<string>()
  const columns = header.cells.map((name, cell) => {
    const place = { file: file, ...header.placeOf(cell) }
    if (seen.has(name)) problems.add(place, 'header', `the column "${name}" comes twice`)
    seen.add(name)
    if (known.includes(name)) return name
    const nearest = closest(name, known)
    const where = formatPlace(template.source.placeOf(template.path))
    const what = name === '' ? 'this column has no name' : `unknown column "${name}"`
    const list = nearest === undefined ? `; template "${template.name}", at ${where}, knows ${known.join(', ')}` : ''
    problems.add(place, 'header', `${what}${list}`, nearest === undefined ? undefined : `"${nearest}"`)
    return undefined
  })
  if (seen.has('name')) return columns
  problems.add({ file, line: header.line, column: 1 }, 'header', 'the column "name" is missing')
  return undefined
}

function readRow(record: CsvRecord, { columns, file, entry }: RowContext): NamedInstance[] {
  const { path, shared, loading } = entry
  const { problems } = loading
  const pathText = `row ${record.number}`
  const placeOf = (cell: number) => ({ file: file, ...record.placeOf(cell) })
  const surplus = record.cells.findIndex((cell, at) => at >= columns.length && cell !== '')
  if (surplus >= 0) {
    const message = `this row has ${record.cells.length} cells, the header ${columns.length}; a cell with a separator inside stands in quotes`
    problems.add(placeOf(surplus), pathText, message)
  }
  const given = columns.flatMap((column, cell) => {
    const text = record.cells[cell] ?? ''
    return column === undefined || text === ''
      ? []
      : [[column, toGiven(column, text, pathText, () => placeOf(cell))] as const]
  })
  const at = columns.indexOf('name')
  const name = record.cells[at] ?? ''
  if (name === '') {
    problems.add(placeOf(at), `${pathText}, name`, 'name is missing: a device needs one')
    return []
  }
  const place = () => placeOf(0)
  return [{ name, path, pathText, place, origin: place, namePlace: () => placeOf(at), ...sortOut(given, shared) }]
}

const FLAGS = new Map(Object.entries({ yes: true, no: false, '1': true, '0': false }))

function toGiven(column: string, text: string, row: string, place: () => Place): Given {
  const value = column === 'enabled' ? (FLAGS.get(text.toLowerCase()) ?? retype(text.toLowerCase())) : text
  return {
    value,
    text,
    untyped: true,
    place,
    keyPlace: place,
    path: `${row}, ${column}`,
    substituted: false,
    written: undefined,
  }
}
