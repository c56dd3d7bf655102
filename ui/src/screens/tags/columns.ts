/** The columns of a tag list: their widths here, what may stand in them by the gateway's own JSON Schema. */
import { tagStrings as strings } from '../../strings/tags.ts'

export type ColumnName = keyof typeof strings.columns

export interface TagColumn {
  readonly name: ColumnName
  readonly title: string
  readonly widthPx: number
  readonly kind: 'text' | 'number' | 'flag' | 'choice'
  /** What can be chosen, or is suggested. */
  readonly choices?: readonly string[]
  /** Shown only where the list uses it, or somebody chooses it. */
  readonly rare?: boolean
}

const TYPES = 'bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 float32 float64 string bytes'.split(' ')
const ORDERS = ['ABCD', 'CDAB', 'BADC', 'DCBA']

export const COLUMNS: readonly TagColumn[] = [
  column('name', 200),
  column('address', 150),
  { ...column('type', 90, 'choice'), choices: TYPES },
  { ...column('order', 76), choices: ORDERS },
  column('length', 70, 'number', true),
  column('unit', 76),
  column('every', 80),
  column('low', 80, 'number'),
  column('high', 80, 'number'),
  column('scale', 80, 'number'),
  column('offset', 80, 'number'),
  column('clamp', 76, 'flag', true),
  column('deadband', 90),
  column('swingingDoor', 110, 'text', true),
  column('spike', 80, 'number', true),
  column('staleAfter', 96, 'text', true),
  column('maxSilence', 100, 'text', true),
  column('writable', 84, 'flag'),
  column('writeMin', 90, 'number', true),
  column('writeMax', 90, 'number', true),
  column('description', 260),
  column('symbols', 160, 'text', true),
  column('writeValues', 110, 'text', true),
  column('writeEvery', 96, 'text', true),
  column('writeStep', 90, 'number', true),
  column('approval', 90, 'flag', true),
  column('critical', 84, 'flag', true),
  column('interlock', 200, 'text', true),
]

function column(name: ColumnName, widthPx: number, kind: TagColumn['kind'] = 'text', rare = false): TagColumn {
  return { name, title: strings.columns[name], widthPx, kind, rare }
}

const BY_NAME = new Map<string, TagColumn>(COLUMNS.map((one) => [one.name, one]))
export const columnOf = (name: string): TagColumn | undefined => BY_NAME.get(name)

/** Those that somebody chose; else the usual ones and what the list uses. */
export function shownTagColumns(used: ReadonlySet<string>, chosen: string): readonly TagColumn[] {
  if (chosen !== '') {
    const names = new Set(chosen.split(','))
    return COLUMNS.filter(({ name }) => name === 'name' || names.has(name))
  }
  return COLUMNS.filter(({ name, rare }) => rare !== true || used.has(name))
}
