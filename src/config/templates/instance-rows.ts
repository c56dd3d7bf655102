/**
 * The devices of one entry with `instances`: rows of a CSV file (column `name`, the parameters, and if wanted `enabled` and
 * `every`), or a list of mappings with the same words.
 */
import { readFileSync } from 'node:fs'
import { messageOf } from '../../core/errors.ts'
import { parseCsv, type CsvRecord } from '../csv.ts'
import { show } from '../issue-words.ts'
import { closestFile, type Loading } from '../loading.ts'
import type { Path } from '../places.ts'
import { formatPlace, type Place } from '../problem.ts'
import { closest } from '../suggestion.ts'
import { firstForeignLine } from '../utf8.ts'
import { formatPath, retype, UNRESOLVED, type YamlMapping } from '../yaml-source.ts'
import { INSTANCE_WORDS } from './grammar.ts'
import type { Given, Instance } from './instance.ts'
import type { Template } from './template.ts'

/** An instance with where its name stands. */
export interface NamedInstance extends Instance {
  readonly namePlace: () => Place
}

/** What stands under a key of a mapping of the file, as something that was given. */
export function givenIn(mapping: YamlMapping, key: string, path: Path, { source }: Loading): Given {
  const value = mapping[key]
  const substituted = source.isSubstitutedWithin(mapping, [key])
  const written = source.writtenWithin(mapping, [key])
  return {
    value,
    text: typeof value === 'string' ? value : written,
    untyped: substituted,
    place: () => source.within(mapping, [key]),
    keyPlace: () => source.within(mapping, [key], 'key'),
    path: formatPath([...path, key]),
    substituted,
    written: substituted ? written : undefined,
  }
}

/** The instances that `instances` names or lists; `shared` are the entry's own parameters, which a row's go before. */
export function readInstances(
  list: unknown,
  path: Path,
  shared: ReadonlyMap<string, Given>,
  template: Template,
  loading: Loading,
): NamedInstance[] {
  const { source, problems } = loading
  const at = [...path, 'instances']
  if (list === UNRESOLVED) return []
  if (Array.isArray(list)) return list.flatMap((item: unknown, index) => listed(item, path, index, shared, loading))
  const complain = (message: string, suggestion?: string) =>
    problems.add(source.placeOf(at), formatPath(at), message, suggestion)
  if (typeof list !== 'string') {
    complain(`expected the name of a CSV file or a list, got ${show(list)}`)
    return []
  }
  const rows = new InstanceFile(list, template, loading)
  const fault = rows.open()
  if (fault === undefined) return rows.read(path, shared)
  complain(fault, closestFile(loading.showPath(list)))
  return []
}

function listed(
  item: unknown,
  path: Path,
  index: number,
  shared: ReadonlyMap<string, Given>,
  loading: Loading,
): NamedInstance[] {
  const { source, problems } = loading
  const at = [...path, 'instances', index]
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    const what = `expected a mapping such as { name: meter-1, unit: 3 }, got ${show(item)}`
    problems.add(source.placeOf(at), formatPath(at), what)
    return []
  }
  const mapping = item as YamlMapping
  const given = Object.keys(mapping).map((key) => [key, givenIn(mapping, key, at, loading)] as const)
  const { name } = mapping
  if (typeof name !== 'string') {
    problems.add(source.placeOf(at), formatPath(at), 'name is missing: expected a text')
    return []
  }
  const place = () => source.placeOf(at)
  const namePlace = () => source.placeOf([...at, 'name'])
  return [{ name, path, pathText: formatPath(at), place, origin: place, namePlace, ...sortOut(given, shared) }]
}

/** Words of every device apart from parameters. */
function sortOut(given: readonly (readonly [string, Given])[], shared: ReadonlyMap<string, Given>) {
  const isHead = (key: string) => INSTANCE_WORDS.some((word) => word === key)
  return {
    parameters: new Map([...shared, ...given.filter(([key]) => !isHead(key))]),
    head: new Map(given.filter(([key]) => isHead(key) && key !== 'name')),
  }
}

/** A CSV file with one row a device. */
class InstanceFile {
  readonly #file: string
  readonly #path: string
  readonly #template: Template
  readonly #loading: Loading
  #records: readonly CsvRecord[] = []

  constructor(named: string, template: Template, loading: Loading) {
    this.#file = loading.showPath(named)
    this.#path = loading.openPath(named)
    this.#template = template
    this.#loading = loading
  }

  /** Why it cannot be read, or undefined. */
  open(): string | undefined {
    const { problems } = this.#loading
    let bytes: Buffer
    try {
      bytes = readFileSync(this.#path)
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
      return missing ? `there is no file ${this.#file}` : `${this.#file} cannot be read: ${messageOf(error)}`
    }
    const foreign = firstForeignLine(bytes)
    if (foreign !== undefined) {
      problems.add({ file: this.#file, ...foreign }, '', 'this file is not UTF-8; save it as "CSV UTF-8"')
      return undefined
    }
    const { records, faults } = parseCsv(bytes.toString('utf8'))
    for (const { message, ...place } of faults) problems.add({ file: this.#file, ...place }, '', message)
    this.#records = records
    if (records.length === 0)
      problems.add(
        { file: this.#file, line: 1, column: 1 },
        '',
        'this file is empty; its first line names the columns: name,…',
      )
    return undefined
  }

  read(path: Path, shared: ReadonlyMap<string, Given>): NamedInstance[] {
    const [header, ...records] = this.#records
    if (header === undefined) return []
    const columns = this.#readHeader(header)
    if (columns === undefined) return []
    return records
      .filter((record) => record.cells.some((cell) => cell !== ''))
      .flatMap((record) => this.#instance(record, columns, path, shared))
  }

  #instance(
    record: CsvRecord,
    columns: readonly (string | undefined)[],
    path: Path,
    shared: ReadonlyMap<string, Given>,
  ): NamedInstance[] {
    const { problems } = this.#loading
    const pathText = `row ${record.number}`
    const placeOf = (cell: number) => ({ file: this.#file, ...record.placeOf(cell) })
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

  #readHeader(header: CsvRecord): (string | undefined)[] | undefined {
    const { problems } = this.#loading
    const known = [...INSTANCE_WORDS, ...this.#template.parameters.keys()]
    const seen = new Set<string>()
    const columns = header.cells.map((name, cell) => {
      const place = { file: this.#file, ...header.placeOf(cell) }
      if (seen.has(name)) problems.add(place, 'header', `the column "${name}" comes twice`)
      seen.add(name)
      if (known.includes(name)) return name
      const nearest = closest(name, known)
      const where = formatPlace(this.#template.source.placeOf(this.#template.path))
      const what = name === '' ? 'this column has no name' : `unknown column "${name}"`
      const list =
        nearest === undefined ? `; template "${this.#template.name}", at ${where}, knows ${known.join(', ')}` : ''
      problems.add(place, 'header', `${what}${list}`, nearest === undefined ? undefined : `"${nearest}"`)
      return undefined
    })
    if (seen.has('name')) return columns
    problems.add({ file: this.#file, line: header.line, column: 1 }, 'header', 'the column "name" is missing')
    return undefined
  }
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
