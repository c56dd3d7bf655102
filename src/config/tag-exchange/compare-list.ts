/**
 * What a list of tags would change in a device, row by row, and the edits that do it. Rows are compared by what they mean to the driver, so
 * that another spelling of the same is no change; a row that is not good is told with its column, and changes nothing.
 */
import { isDeepStrictEqual } from 'node:util'
import { areSame } from '../../core/tags.ts'
import { GatewayError } from '../../core/errors.ts'
import { Slice } from '../../core/slice.ts'
import type { TagConfig } from '../config.ts'
import type { ConfigEdit, EditChoice } from '../edit/object-name.ts'
import type { Plain } from '../edit/yaml-edit.ts'
import { ProblemList } from '../problem.ts'
import { TAG_COLUMNS, type TagDraft } from '../tag-columns.ts'
import { readTagList, type TagRow } from '../tag-list.ts'
import type { Cells, TableRow, TagTable } from './tag-table.ts'
import type { WrittenList } from './written-list.ts'

export type RowAction = 'create' | 'update' | 'unchanged' | 'remove' | 'rejected'

/** What becomes of one row. */
export interface RowVerdict {
  readonly action: RowAction
  /** `line 7`; of a tag that goes because the list does not have it, null. */
  readonly place: string | null
  readonly name: string
  /** Why it is rejected: the column it is about, and a sentence. */
  readonly column?: string | undefined
  readonly reason?: string | undefined
  /** The columns that change. */
  readonly changes?: readonly string[] | undefined
}

export interface ListComparison {
  readonly counts: Readonly<Record<RowAction, number>>
  readonly verdicts: readonly RowVerdict[]
  /** Of all rows that are not rejected. */
  readonly edits: readonly ConfigEdit[]
}

/**
 * `merge`: columns that the list does not have, and tags that it does not name, stay. `replace`: the list is all that there is afterwards.
 */
export interface CompareOptions {
  readonly mode: 'merge' | 'replace'
  readonly choice?: EditChoice | undefined
}

/** Each edit of a YAML file reads it again: more rows than this belong in a CSV file. */
export const MOST_INLINE_EDITS = 500

/** In slices: 50,000 rows take a second. */
export async function compareList(
  table: TagTable,
  list: WrittenList,
  { mode, choice }: CompareOptions,
): Promise<ListComparison> {
  const verdicts: RowVerdict[] = []
  const edits: ConfigEdit[] = []
  const seen = new Map<string, string>()
  const members = new Set(list.device.tags.map(({ settings }) => settings.name))
  const slice = new Slice()
  for (const row of table.rows) {
    const verdict = judge(row, table, list, mode, seen, members)
    verdicts.push(verdict)
    edits.push(...editsOf(verdict, row, list, choice))
    if (slice.spent) await slice.yield()
  }
  if (mode === 'replace')
    for (const name of list.rows.keys()) {
      if (seen.has(name)) continue
      const verdict = removal(name, list)
      verdicts.push(verdict)
      if (verdict.action === 'remove') edits.push({ do: 'remove', object: tagOf(name, list), choice })
    }
  if (list.kind === 'inline' && edits.length > MOST_INLINE_EDITS)
    throw new GatewayError(
      'INVALID_REQUEST',
      `${edits.length} changes of a list that stands in YAML: the most is ${MOST_INLINE_EDITS}; give the device a CSV file (tags: ${list.device.name}.csv)`,
    )
  const counts = { create: 0, update: 0, unchanged: 0, remove: 0, rejected: 0 }
  for (const { action } of verdicts) counts[action]++
  return { counts, verdicts, edits }
}

const tagOf = (name: string, { device }: WrittenList) => ({ kind: 'tag', device: device.name, name }) as const

function judge(
  row: TableRow,
  { columns }: TagTable,
  list: WrittenList,
  mode: CompareOptions['mode'],
  seen: Map<string, string>,
  members: ReadonlySet<string>,
): RowVerdict {
  const { place, formulas } = row
  const name = row.cells.get('name') ?? ''
  const rejected = (column: string, reason: string): RowVerdict => ({ action: 'rejected', place, name, column, reason })
  const [formula] = formulas ?? []
  if (formula !== undefined) return rejected(formula, 'this cell is a formula; paste its value')
  const earlier = seen.get(name)
  if (earlier !== undefined) return rejected('name', `the tag "${name}" stands in ${earlier} already`)
  seen.set(name, place)
  const before = list.rows.get(name)
  const kept =
    before === undefined || mode === 'replace' ? [] : [...before].filter(([column]) => !columns.includes(column))
  const after = new Map([...kept, ...row.cells])
  const read = readRow(after, list)
  if (!Array.isArray(read)) return rejected(read.column, read.reason)
  if (before === undefined) {
    if (members.has(name)) return rejected('name', `the tag "${name}" is a member of an array: change the array`)
    if (list.kind === 'template' && list.device.origin?.via !== undefined)
      return rejected('name', `the tags of ${list.device.name} come from its template "${list.device.origin.via.template}": add it there`) // prettier-ignore
    return { action: 'create', place, name }
  }
  const was = readRow(before, list)
  const isSame = Array.isArray(was) && was.length === read.length && was.every((tag, at) => areSame(tag.settings, read[at]!.settings)) // prettier-ignore
  if (isSame) return { action: 'unchanged', place, name }
  if (list.kind === 'template')
    return rejected('name', `the tag "${name}" comes from a template: change it there, or where ${list.device.name} says what differs`) // prettier-ignore
  const changes = TAG_COLUMNS.filter((column) => !meansSame(column, before, after)).map((column) => column.name)
  return { action: 'update', place, name, changes }
}

function removal(name: string, list: WrittenList): RowVerdict {
  if (list.kind !== 'template') return { action: 'remove', place: null, name }
  const reason = `the tag "${name}" comes from a template, and cannot be removed here`
  return { action: 'rejected', place: null, name, column: 'name', reason }
}

/** Whether the cell says the same in other words. */
function meansSame({ name, read }: (typeof TAG_COLUMNS)[number], before: Cells, after: Cells): boolean {
  const [a, b] = [before.get(name), after.get(name)]
  if (a === b) return true
  const [left, right]: [TagDraft, TagDraft] = [{}, {}]
  if (a !== undefined && read(a, left) !== undefined) return false
  if (b !== undefined && read(b, right) !== undefined) return false
  return a !== undefined && b !== undefined && isDeepStrictEqual(left, right)
}

function editsOf({ action, name, changes = [] }: RowVerdict, row: TableRow, list: WrittenList, choice?: EditChoice) {
  const value = (column: string): Plain => valueOf(column, row.cells.get(column) ?? '', list)
  if (action === 'create') {
    const entry = Object.fromEntries([...row.cells.keys()].map((column) => [column, value(column)]))
    return [{ do: 'add', kind: 'tag', device: list.device.name, entry, choice }] as const
  }
  if (action !== 'update') return []
  const object = tagOf(name, list)
  return changes.map((column): ConfigEdit =>
    row.cells.has(column)
      ? { do: 'set', object, setting: [column], value: value(column), choice }
      : { do: 'unset', object, setting: [column], choice },
  )
}

/** As it stands in the file: a text in CSV; in YAML a number is a number, and a dollar sign is written twice. */
function valueOf(column: string, text: string, { kind }: WrittenList): Plain {
  if (kind === 'csv') return text
  const { type } = TAG_COLUMNS.find(({ name }) => name === column)!.json
  if ((type === 'number' || type === 'integer') && String(Number(text)) === text) return Number(text)
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text.replaceAll('$', '$$$$')
}

/** The tags that a row comes to, or the first thing that is wrong with it. */
function readRow(cells: Cells, { device }: WrittenList): TagConfig[] | { column: string; reason: string } {
  const problems = new ProblemList()
  const row: TagRow = {
    each(visit) {
      for (const column of TAG_COLUMNS) {
        const text = cells.get(column.name)
        if (text !== undefined) visit(column, text)
      }
    },
    placeOf: () => ({ file: '', line: 1, column: 1 }),
    pathOf: (column) => column,
  }
  const tags = readTagList([row], { type: device.type, everyMs: device.everyMs, problems })
  const [first] = problems.problems
  if (first === undefined) return tags
  const hint = first.suggestion === undefined ? '' : `; did you mean ${first.suggestion}?`
  return { column: first.path, reason: `${first.message}${hint}` }
}
