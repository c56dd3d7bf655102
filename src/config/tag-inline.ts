/** The tags of a device from a list in the YAML file: each entry is a mapping with the same names as the columns of a CSV file. */
import type { TagConfig } from './config.ts'
import type { Place, ProblemList } from './problem.ts'
import { show } from './issue-words.ts'
import { closest } from './suggestion.ts'
import { TAG_COLUMN_NAMES, TAG_COLUMNS, type TagColumn } from './tag-columns.ts'
import { readTagList, type TagListContext, type TagRow } from './tag-list.ts'
import type { Path } from './places.ts'
import { SECRET_ASTRAY } from './secret-places.ts'
import { formatPath, UNRESOLVED, type YamlMapping, type YamlSource } from './yaml-source.ts'

const BY_NAME = new Map(TAG_COLUMNS.map((column) => [column.name, column]))

/** A row with the mapping that it is. */
export interface InlineRow extends TagRow {
  readonly path: Path
  readonly mapping: YamlMapping
}

/** Reads the list that stands at `path`. */
export function readTagInline(
  source: YamlSource,
  path: Path,
  list: readonly unknown[],
  context: TagListContext,
): TagConfig[] {
  return readTagList(inlineRows(source, path, list, context.problems), context)
}

/** The rows of a list, each still as it was written; what is no mapping and keys that are unknown are told. */
export function* inlineRows(
  source: YamlSource,
  path: Path,
  list: readonly unknown[],
  problems: ProblemList,
  known: readonly string[] = TAG_COLUMN_NAMES,
  columns: ReadonlyMap<string, TagColumn> = BY_NAME,
): Iterable<InlineRow> {
  for (const [index, item] of list.entries()) {
    const at = [...path, index]
    if (typeof item !== 'object' || item === null || Array.isArray(item)) {
      problems.add(
        source.placeOf(at),
        formatPath(at),
        `expected a mapping such as { name: level, address: …, type: float32 }, got ${show(item)}`,
      )
      continue
    }
    for (const key of Object.keys(item)) {
      if (known.includes(key)) continue
      const nearest = closest(key, known)
      const list = nearest === undefined ? `; known are ${known.join(', ')}` : ''
      problems.add(
        source.placeOf([...at, key], 'key'),
        formatPath([...at, key]),
        `unknown key "${key}"${list}`,
        nearest === undefined ? undefined : `"${nearest}"`,
      )
    }
    yield inlineRow(source, at, item as YamlMapping, problems, columns)
  }
}

function inlineRow(
  source: YamlSource,
  path: Path,
  mapping: YamlMapping,
  problems: ProblemList,
  columns: ReadonlyMap<string, TagColumn>,
): InlineRow {
  let cells: (readonly [TagColumn, string])[] | undefined // read once: a template's row is asked for each of its devices
  return {
    path,
    mapping,
    each(visit: (column: TagColumn, text: string) => void): void {
      cells ??= readCells(source, path, mapping, problems, columns)
      for (const [column, text] of cells) visit(column, text)
    },
    placeOf(column: string, character = 1): Place {
      return column in mapping ? source.placeWithin([...path, column], character) : source.placeOf(path)
    },
    pathOf: (column: string): string => formatPath([...path, column]),
  }
}

function readCells(
  source: YamlSource,
  path: Path,
  mapping: YamlMapping,
  problems: ProblemList,
  columns: ReadonlyMap<string, TagColumn>,
): (readonly [TagColumn, string])[] {
  return Object.entries(mapping).flatMap(([key, value]) => {
    const column = columns.get(key)
    if (column === undefined || value === null || value === UNRESOLVED) return []
    const at = [...path, key]
    if (source.holdsSecrets && source.writtenWithin(mapping, [key])?.includes('${secret:') === true)
      problems.add(source.placeOf(at), formatPath(at), SECRET_ASTRAY)
    // The text as it was written: a bare `address: 40001` keeps its digits, `1e3` stays what it is.
    if (typeof value !== 'object')
      return [
        [column, typeof value === 'string' ? value.trim() : (source.textOf(at) ?? JSON.stringify(value))] as const,
      ]
    problems.add(source.placeOf(at), formatPath(at), `expected one value, got ${show(value)}`)
    return []
  })
}
