/** What a device changes in the tags of its template, by name: settings that differ, tags that are added or left out. */
import { show } from '../issue-words.ts'
import type { Path } from '../places.ts'
import { formatPlace, type Place, type ProblemList } from '../problem.ts'
import { closest } from '../suggestion.ts'
import { TAG_COLUMN_NAMES, type TagColumn } from '../tag-columns.ts'
import { inlineRows, type InlineRow } from '../tag-inline.ts'
import type { TagRow } from '../tag-list.ts'
import { formatPath, UNRESOLVED, type YamlSource } from '../yaml-source.ts'

/** One entry of the `tags` of a device that has a template. */
export interface TagChange {
  readonly name: string
  readonly row: InlineRow
  readonly enabled: boolean
}

/** The changes that stand at a path. */
export function readChanges(list: unknown, path: Path, source: YamlSource, problems: ProblemList): TagChange[] {
  if (list === undefined || list === null || list === UNRESOLVED) return []
  if (!Array.isArray(list)) {
    const what = `expected a list of tags that differ from the template, got ${show(list)}`
    problems.add(source.placeOf(path), formatPath(path), what)
    return []
  }
  const changes = new Map<string, TagChange>()
  for (const row of inlineRows(source, path, list, problems, [...TAG_COLUMN_NAMES, 'enabled'])) {
    const { name, enabled } = row.mapping
    const at = [...row.path, 'enabled']
    if (enabled !== undefined && typeof enabled !== 'boolean')
      problems.add(source.placeOf(at), formatPath(at), `expected true or false, got ${show(enabled)}`)
    if (typeof name !== 'string') {
      problems.add(row.placeOf('name'), row.pathOf('name'), 'name is missing: it says which tag is meant')
      continue
    }
    const earlier = changes.get(name)
    if (earlier !== undefined) {
      const where = formatPlace(earlier.row.placeOf('name'))
      problems.add(row.placeOf('name'), row.pathOf('name'), `the tag "${name}" is changed already, at ${where}`)
    }
    changes.set(name, { name, row, enabled: enabled !== false })
  }
  return [...changes.values()]
}

/** The rows with the changes in their places, added tags at the end. */
export function mergeChanges(
  rows: readonly TagRow[],
  changes: readonly TagChange[],
  template: { readonly name: string },
  problems: ProblemList,
): TagRow[] {
  const open = new Map(changes.map((change) => [change.name, change]))
  const names: string[] = []
  const merged = rows.flatMap((row): TagRow[] => {
    const name = nameOf(row)
    if (name === undefined) return [row]
    names.push(name)
    const change = open.get(name)
    if (change === undefined) return [row]
    open.delete(name)
    return change.enabled ? [new ChangedRow(row, change.row)] : []
  })
  for (const { name, row, enabled } of open.values()) {
    if (enabled && 'address' in row.mapping && 'type' in row.mapping) {
      merged.push(row)
      continue
    }
    const nearest = closest(name, names)
    problems.add(
      row.placeOf('name'),
      row.pathOf('name'),
      `template "${template.name}" has no tag "${name}"; one that is added needs an address and a type`,
      nearest === undefined ? undefined : `"${nearest}"`,
    )
  }
  return merged
}

function nameOf(row: TagRow): string | undefined {
  let name: string | undefined
  row.each((column, text) => void (column.name === 'name' && (name = text)))
  return name
}

/** A row of the template with what the device says in its place; a key without a value takes the setting away. */
class ChangedRow implements TagRow {
  readonly #base: TagRow
  readonly #change: InlineRow

  constructor(base: TagRow, change: InlineRow) {
    this.#base = base
    this.#change = change
  }

  each(visit: (column: TagColumn, text: string) => void): void {
    this.#base.each((column, text) => {
      if (!(column.name in this.#change.mapping)) visit(column, text)
    })
    this.#change.each(visit)
  }

  placeOf(column: string, character = 1): Place {
    const changed = column in this.#change.mapping
    return changed ? this.#change.placeOf(column, character) : this.#base.placeOf(column, character)
  }

  pathOf(column: string): string {
    return column in this.#change.mapping ? this.#change.pathOf(column) : this.#base.pathOf(column)
  }
}
