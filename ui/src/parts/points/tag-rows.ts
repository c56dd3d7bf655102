/** Tags on their way into the configuration: cells as a tag list has them, each by the name of its column. */
import { fromDraft, toDraft, type Field } from '../schema-form/fields.ts'

/** `name`, `address`, `type` and further columns, as they would be typed; an empty cell is not given. */
export type TagRow = Readonly<Record<string, string>>

/** A row with its cells as values. */
export type TagEntry = Record<string, string | number | boolean>

/** A row of what a tool or a file proposes. */
export function toTagRow(tag: object): TagRow {
  const given = Object.entries(tag)
    .map(([column, value]) => [
      column === 'everyMs' ? 'every' : column,
      column === 'everyMs' ? `${value}ms` : toDraft(value),
    ])
    .filter(([, text]) => text !== '')
  return Object.fromEntries(given) as TagRow
}

/** As it stands in the file: numbers as numbers. `fields`: the columns of a tag. */
export function toTagEntry(row: TagRow, fields: readonly Field[]): TagEntry {
  const entry: TagEntry = {}
  // In the order of the columns of a list: the name first.
  for (const field of fields) {
    const value = fromDraft(row[field.path] ?? '', field)
    if (value !== undefined) entry[field.path] = value as string | number | boolean
  }
  return entry
}

/** In YAML `$$` stands for a dollar sign and `${…}` for what comes from elsewhere; a node of a server may be named like that. */
export const asWritten = (entry: TagEntry): TagEntry =>
  Object.fromEntries(
    Object.entries(entry).map(([column, value]) => [
      column,
      typeof value === 'string' ? value.replaceAll('$', '$$$$') : value,
    ]),
  )

/** With those that are new; a name that is there already gets a number, an address that is there already is not taken twice. */
export function withRows(
  rows: readonly TagRow[],
  more: readonly TagRow[],
  taken: readonly string[] = [],
): readonly TagRow[] {
  const names = new Set([...taken, ...rows.map(({ name }) => name ?? '')])
  const known = new Set(rows.map(keyOf))
  const added: TagRow[] = []
  for (const row of more) {
    if (known.has(keyOf(row))) continue
    known.add(keyOf(row))
    const name = freeName(row.name || nameAfter(row.address ?? ''), names)
    names.add(name)
    added.push({ ...row, name })
  }
  return [...rows, ...added]
}

const keyOf = ({ address, type, order }: TagRow): string => `${address} ${type ?? ''} ${order ?? ''}`

function freeName(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted
  let number = 2
  while (taken.has(`${wanted}-${number}`)) number++
  return `${wanted}-${number}`
}

/** `hr:0` → `hr-0`: a name for what nobody has named. */
const nameAfter = (address: string): string =>
  address.replaceAll(/[^\p{L}\p{N}_.-]+/gu, '-').replaceAll(/^-|-$/g, '') || 'tag'
