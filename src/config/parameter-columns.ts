/** What may be said of a parameter: the columns of a tag that have a meaning for what is not polled, and two of its own. */
import type { ParameterSettings } from '../core/parameters.ts'
import { FLAG_WORDS, TAG_COLUMNS, type CellFault, type TagColumn, type TagDraft } from './tag-columns.ts'
import { closest } from './suggestion.ts'

const OF_A_TAG = new Set([
  'name', 'address', 'type', 'order', 'length', 'unit', 'low', 'high', 'scale', 'offset', 'writeMin', 'writeMax',
  'description', 'symbols',
]) // prettier-ignore

const NAME = 'Name of the parameter, unique within its set.'

export const PARAMETER_COLUMNS: readonly TagColumn[] = [
  ...TAG_COLUMNS.filter(({ name }) => OF_A_TAG.has(name)).map((column) =>
    column.name === 'name' ? { ...column, description: NAME } : column,
  ),
  {
    name: 'tolerance',
    description:
      'Values that differ by no more than this count as equal, in the unit of the parameter. They have to be the same to the bit where absent.',
    json: { type: 'number', minimum: 0 },
    read: readTolerance,
  },
  {
    name: 'readOnly',
    description: 'true: it is compared, and never written.',
    json: { type: 'boolean' },
    read: readReadOnly,
  },
]

export const PARAMETER_COLUMN_NAMES: readonly string[] = PARAMETER_COLUMNS.map((column) => column.name)

type ParameterDraft = { -readonly [Key in keyof ParameterSettings]?: ParameterSettings[Key] }

function readTolerance(text: string, draft: TagDraft): CellFault | undefined {
  const value = Number(text)
  if (text === '' || !Number.isFinite(value) || value < 0)
    return { message: `expected an amount in the unit of the parameter, such as 0.01, got "${text}"` }
  ;(draft as ParameterDraft).tolerance = value
  return undefined
}

function readReadOnly(text: string, draft: TagDraft): CellFault | undefined {
  const value = FLAG_WORDS.get(text.toLowerCase())
  if (value === undefined)
    return { message: `expected true or false, got "${text}"`, suggestion: closest(text, ['true', 'false']) }
  ;(draft as ParameterDraft).readOnly = value
  return undefined
}
