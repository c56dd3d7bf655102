/** A template as it was read: what it says, checked as far as that goes without a device. */
import type { z } from 'zod'
import type { DriverType } from '../../core/driver.ts'
import type { TagConfig } from '../config.ts'
import { closestFile, type Loading } from '../loading.ts'
import { show } from '../issue-words.ts'
import type { Path } from '../places.ts'
import type { ProblemList } from '../problem.ts'
import { namedPlugIn } from '../plug-ins.ts'
import { checkSchema } from '../schema-check.ts'
import { openTagCsv } from '../tag-csv.ts'
import { inlineRows } from '../tag-inline.ts'
import type { TagRow } from '../tag-list.ts'
import { formatPath, UNRESOLVED, type YamlMapping, type YamlSource } from '../yaml-source.ts'
import type { Instance } from './instance.ts'
import { INSTANCE_WORDS, parameterSchema, templateSchema } from './grammar.ts'
import { parameterFault, type Parameter } from './parameter.ts'
import { parametersIn } from './reference.ts'
import { checkReferences } from './reference-check.ts'

export interface Template {
  readonly name: string
  readonly summary: string
  readonly document: z.output<typeof templateSchema>['source']
  readonly type: DriverType
  readonly parameters: ReadonlyMap<string, Parameter>
  /** The file it stands in, and where in it. */
  readonly source: YamlSource
  readonly path: Path
  readonly mapping: YamlMapping
  readonly rows: readonly TagRow[]
  /** The parameters that each row refers to: devices with the same values of all these share one list of tags. */
  readonly rowParameters: ReadonlyMap<TagRow, readonly string[]>
  readonly cache: TemplateCache
}

/** What was made of a template so far: its tags, so that devices share them. */
class TemplateCache {
  /** Whole lists, by what differs in them. */
  readonly lists = new Map<string, TagConfig[]>()
  /** By tag list and options: the first device that has both. */
  readonly devices = new Map<readonly TagConfig[], Map<string, Instance>>()
  readonly #tags = new Map<number, Map<TagRow, readonly TagConfig[]>>()

  /** Rows without parameters, and the tags they became for devices of this interval. */
  tagsFor(everyMs: number): Map<TagRow, readonly TagConfig[]> {
    const known = this.#tags.get(everyMs) ?? new Map<TagRow, readonly TagConfig[]>()
    this.#tags.set(everyMs, known)
    return known
  }
}

/** Where a template stands and how files that it names are found. */
export interface TemplatePlace {
  readonly source: YamlSource
  readonly path: Path
  readonly loading: Pick<Loading, 'drivers' | 'problems' | 'openPath' | 'showPath' | 'onFile'>
}

/** The template at a place; undefined when it has problems, which are in the list then. */
export function readTemplate(mapping: unknown, at: TemplatePlace): Template | undefined {
  const { source, path, loading } = at
  const { problems } = loading
  const before = problems.count
  if (!isMapping(mapping)) {
    problems.add(
      source.placeOf(path),
      formatPath(path),
      `expected a mapping that describes a template, got ${show(mapping)}`,
    )
    return undefined
  }
  const head = checkSchema(templateSchema, { source, path, value: mapping }, problems)
  const type = namedPlugIn(mapping.driver, 'driver', loading.drivers, { source, path, problems })
  const parameters = readParameters(mapping, at)
  const rows = readRows(mapping, at, type)
  const used = checkReferences(mapping, parameters, at)
  for (const { name } of parameters.values()) {
    if (!used.has(name))
      problems.add(
        source.placeOf([...path, 'parameters', name], 'key'),
        formatPath([...path, 'parameters', name]),
        `nothing in this template refers to it; \${param:${name}} would`,
      )
  }
  if (problems.count !== before || head === undefined || type === undefined) return undefined
  const { name, summary, source: document } = head
  const rowParameters = new Map(rows.map((row) => [row, parametersOfRow(row)]))
  return {
    name,
    summary,
    document,
    type,
    parameters,
    source,
    path,
    mapping,
    rows,
    rowParameters,
    cache: new TemplateCache(),
  }
}

function readParameters(mapping: YamlMapping, { source, path, loading }: TemplatePlace): Map<string, Parameter> {
  const { problems } = loading
  const given = mapping.parameters
  const read = new Map<string, Parameter>()
  if (given === undefined || given === null) return read
  const at = [...path, 'parameters']
  if (!isMapping(given)) {
    problems.add(source.placeOf(at), formatPath(at), `expected a mapping of names to parameters, got ${show(given)}`)
    return read
  }
  for (const [name, value] of Object.entries(given)) {
    const where = [...at, name]
    const fault = nameFault(name)
    if (fault !== undefined) problems.add(source.placeOf(where, 'key'), formatPath(where), fault)
    const parsed = checkSchema(parameterSchema, { source, path: where, value: value ?? {} }, problems)
    const parameter = { ...(parsed ?? parameterSchema.parse({ required: false })), name }
    const wrong = parsed === undefined ? undefined : parameterFault(parameter)
    if (wrong !== undefined)
      problems.add(source.placeOf([...where, wrong.key]), formatPath([...where, wrong.key]), wrong.message)
    read.set(name, parameter)
  }
  return read
}

function nameFault(name: string): string | undefined {
  if (INSTANCE_WORDS.some((word) => word === name))
    return `"${name}" says something of every device; choose another name`
  return /^[A-Za-z][\w-]*$/.test(name)
    ? undefined
    : 'a parameter is a letter, then letters, digits, dashes and underscores'
}

/** The rows of the tag list, not yet read as tags. */
function readRows(
  mapping: YamlMapping,
  { source, path, loading }: TemplatePlace,
  type: DriverType | undefined,
): TagRow[] {
  const { tags } = mapping
  const { problems } = loading
  const at = [...path, 'tags']
  if (type === undefined || tags === undefined || tags === null || tags === UNRESOLVED) return []
  if (Array.isArray(tags)) return [...inlineRows(source, at, tags, problems)]
  const complain = (message: string, suggestion?: string) =>
    problems.add(source.placeOf(at), formatPath(at), message, suggestion)
  if (typeof tags !== 'string') complain(`expected the name of a CSV file or a list, got ${show(tags)}`)
  else if (parametersIn(tags).length > 0)
    complain('all devices of a template have one tag list: its name has no parameter')
  else {
    loading.onFile(loading.openPath(tags))
    const rows = openTagCsv(loading.openPath(tags), loading.showPath(tags), problems)
    if (typeof rows !== 'string') return refuseParameters([...rows], problems)
    complain(rows, closestFile(loading.showPath(tags)))
  }
  return []
}

/** A CSV file is taken as it is written: a reference there would become the text of a unit or a description. */
function refuseParameters(rows: TagRow[], problems: ProblemList): TagRow[] {
  const message = 'a CSV file is taken as it is written; tags with parameters stand in a list in the template'
  for (const row of rows)
    row.each(({ name }, text) => {
      if (text.includes('${param:')) problems.add(row.placeOf(name), row.pathOf(name), message)
    })
  return rows
}

function parametersOfRow(row: TagRow): string[] {
  const names: string[] = []
  row.each((_column, text) => names.push(...parametersIn(text)))
  return names
}

const isMapping = (value: unknown): value is YamlMapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
