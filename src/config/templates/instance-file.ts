/** A CSV file with one row a device: column `name`, the parameters of the template, and if wanted `enabled` and `every`. */
import type { CsvRecord } from '../../core/csv.ts'
import { openCsvFile } from '../csv-file.ts'
import type { Loading } from '../loading.ts'
import type { Path } from '../places.ts'
import { formatPlace, type Place } from '../problem.ts'
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
  const { template, loading } = entry
  const { problems, openPath, showPath } = loading
  const file = showPath(named)
  loading.onFile(openPath(named))
  const list = openCsvFile(
    openPath(named),
    file,
    {
      known: [...INSTANCE_WORDS, ...template.parameters.keys()],
      required: ['name'],
      owner: `template "${template.name}", at ${formatPlace(template.source.placeOf(template.path))},`,
    },
    problems,
  )
  if (list === undefined || typeof list === 'string') return list ?? []
  return list.rows.flatMap((row) => readRow(row, { columns: list.columns, file, entry }))
}

interface RowContext {
  /** The word of each column; undefined where it is unknown. */
  readonly columns: readonly (string | undefined)[]
  readonly file: string
  readonly entry: InstancesEntry
}

function readRow(record: CsvRecord, { columns, file, entry }: RowContext): NamedInstance[] {
  const { path, shared, loading } = entry
  const { problems } = loading
  const pathText = `row ${record.number}`
  const placeOf = (cell: number) => ({ file: file, ...record.placeOf(cell) })
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
  if (name.startsWith('#')) {
    const message = `this row is a device with the name "${name}"; to leave one out write enabled: no, or take its row away`
    problems.warn(placeOf(at), `${pathText}, name`, message)
  }
  const place = () => ({ ...placeOf(0), path: pathText })
  return [{ name, path, pathText, place, origin: place, namePlace: () => placeOf(at), ...sortOut(given, shared) }]
}

const FLAGS = new Map(Object.entries({ yes: true, no: false, '1': true, '0': false }))

function toGiven(column: string, text: string, row: string, placeOf: () => Place): Given {
  const path = `${row}, ${column}`
  const place = () => ({ ...placeOf(), path })
  const value = column === 'enabled' ? (FLAGS.get(text.toLowerCase()) ?? retype(text.toLowerCase())) : text
  return {
    value,
    text,
    untyped: true,
    place,
    keyPlace: place,
    path,
    substituted: false,
    written: undefined,
  }
}
