/**
 * What is unsaved, as one request: a list with the rows that differ where that says it all, else edits (a name that changes, a tag that goes),
 * and where these are too many the whole list in place of the one that is there.
 */
import type { Operations } from '../../api/operations.ts'
import { columnOf } from './columns.ts'
import { toCsv } from './separated.ts'
import type { TagSheet } from './sheet.ts'

type Edit = NonNullable<Operations['POST /api/v1/config/edits']['body']>['edits'][number]

/** More edits the gateway does not take at once. */
const MOST_EDITS = 500

export interface Csv {
  readonly text: string
  /** Rows of the sheet by the line they are at. */
  readonly lines: ReadonlyMap<number, number>
}

export interface SavePlan {
  /** Every row that is new or differs, as a list: what the gateway judges row by row. */
  readonly changed: Csv
  /** Rows whose name another row has: as one of a list a new tag would become a change of the tag that is there. */
  readonly twice: readonly { readonly at: number; readonly name: string }[]
  readonly by:
    | { readonly kind: 'list'; readonly mode: 'merge' | 'replace'; readonly csv: Csv }
    | { readonly kind: 'edits'; readonly edits: readonly Edit[] }
}

/** `isYaml`: the list stands in a YAML file, where a dollar sign is written twice and a number is a number. */
export function savePlanOf(sheet: TagSheet, device: string, isYaml: boolean): SavePlan {
  const rows = [...sheet.pending].toSorted((a, b) => a - b)
  const changedRows = rows.filter((at) => !sheet.rows[at]!.removed)
  const changed = csvOfRows(sheet, changedRows)
  const twice = changedRows
    .map((at) => ({ at, name: sheet.rows[at]!.cells['name'] ?? '' }))
    .filter(({ name }) => name !== '' && sheet.named(name) > 1)
  const judged = { changed, twice }
  const isRenamed = (at: number) => {
    const { was, cells } = sheet.rows[at]!
    return was !== undefined && was['name'] !== cells['name']
  }
  if (!rows.some((at) => sheet.rows[at]!.removed || isRenamed(at)))
    return { ...judged, by: { kind: 'list', mode: 'merge', csv: changed } }
  const edits = editsOf(sheet, rows, device, isYaml)
  if (edits.length <= MOST_EDITS) return { ...judged, by: { kind: 'edits', edits } }
  const all = [...sheet.rows.keys()].filter((at) => !sheet.rows[at]!.removed)
  return { ...judged, by: { kind: 'list', mode: 'replace', csv: csvOfRows(sheet, all) } }
}

function csvOfRows(sheet: TagSheet, rows: readonly number[]): Csv {
  const used = new Set(['name', 'address', 'type'])
  for (const at of rows) {
    const { was = {}, cells } = sheet.rows[at]!
    for (const column of [...Object.keys(was), ...Object.keys(cells)]) used.add(column)
  }
  const columns = [...used]
  const lines = new Map<number, number>()
  let line = 2
  const parts = [toCsv([columns])]
  for (const at of rows) {
    const row = toCsv([columns.map((column) => sheet.rows[at]!.cells[column] ?? '')])
    lines.set(line, at)
    line += row.split('\n').length - 1
    parts.push(row)
  }
  return { text: parts.join(''), lines }
}

/** First what goes, then what changes under its old name, then the names, then what is new: so that a name can be taken over. */
function editsOf(sheet: TagSheet, rows: readonly number[], device: string, isYaml: boolean): Edit[] {
  const [gone, changed, renamed, added]: [Edit[], Edit[], Edit[], Edit[]] = [[], [], [], []]
  for (const at of rows) {
    const { was, cells, removed } = sheet.rows[at]!
    if (was === undefined) {
      const entry = Object.fromEntries(Object.entries(cells).map(([column, text]) => [column, written(column, text, isYaml)])) // prettier-ignore
      added.push({ do: 'add', kind: 'tag', device, entry })
      continue
    }
    const object = { kind: 'tag', device, name: was['name'] ?? '' } as const
    if (removed) {
      gone.push({ do: 'remove', object })
      continue
    }
    for (const column of new Set([...Object.keys(was), ...Object.keys(cells)])) {
      const text = cells[column]
      if (was[column] === text) continue
      const setting = [column]
      const edit: Edit =
        text === undefined
          ? { do: 'unset', object, setting }
          : { do: 'set', object, setting, value: written(column, text, isYaml) }
      ;(column === 'name' ? renamed : changed).push(edit)
    }
  }
  return [...gone, ...changed, ...renamed, ...added]
}

function written(column: string, text: string, isYaml: boolean): string | number | boolean {
  if (!isYaml) return text
  const kind = columnOf(column)?.kind
  if (kind === 'number' && String(Number(text)) === text) return Number(text)
  if (kind === 'flag' && (text === 'true' || text === 'false')) return text === 'true'
  return text.replaceAll('$', '$$$$')
}

/** The row of a verdict: by its line, `line 7`. */
export function rowOfPlace({ lines }: Csv, place: string | null): number | undefined {
  const line = /^line (\d+)$/.exec(place ?? '')?.[1]
  return line === undefined ? undefined : lines.get(Number(line))
}
