/**
 * What may be said of a tag: the columns of a CSV file and the keys of an inline tag, one table for both. These names are
 * public: columns may be added, never renamed. A cell is text; an inline value is read as the text that a person wrote.
 */
import { nameFault } from '../core/name.ts'
import { parseDuration } from '../core/duration.ts'
import { isFault, parseInterlock } from '../core/interlock.ts'
import { symbolsFault } from '../core/symbols.ts'
import type { Deadband, TagSettings } from '../core/tags.ts'
import { DATA_TYPES, type DataType } from '../core/value.ts'
import { closest } from './suggestion.ts'

/** The settings of a tag while it is read: times in ms, as in TagSettings. */
export type TagDraft = { -readonly [Key in keyof TagSettings]?: TagSettings[Key] }

/** What is wrong with a cell; `suggestion` says what was probably meant. */
export interface CellFault {
  readonly message: string
  readonly suggestion?: string | undefined
  /** Where in the text it is, from 1. */
  readonly character?: number | undefined
}

export interface TagColumn {
  readonly name: string
  readonly description: string
  /** The JSON Schema of its value in YAML. */
  readonly json: Readonly<Record<string, unknown>>
  /** Puts what the cell says into the draft, or tells what is wrong with it. */
  readonly read: (text: string, draft: TagDraft) => CellFault | undefined
}

const NUMBER = { type: 'number' }
const DURATION = { type: ['string', 'number'] }
const BAND = { type: ['string', 'number'] }

export const TAG_COLUMNS: readonly TagColumn[] = [
  {
    name: 'name',
    description: 'Name of the tag, unique within its device.',
    json: { type: 'string', minLength: 1 },
    read: readName,
  },
  {
    name: 'address',
    description: 'Where the device keeps it, in the words of the driver.',
    json: { type: ['string', 'number'] },
    read: (text, draft) => void (draft.address = text),
  },
  {
    name: 'type',
    description: 'Data type of the raw value.',
    json: { type: 'string', enum: [...DATA_TYPES] },
    read: readType,
  },
  {
    name: 'order',
    description: 'Byte order, in the words of the driver (Modbus: ABCD, CDAB, BADC, DCBA).',
    json: { type: 'string' },
    read: (text, draft) => void (draft.order = text),
  },
  {
    name: 'length',
    description: 'Length of a string in characters, or of bytes.',
    json: { type: 'integer', minimum: 1 },
    read: readLength,
  },
  {
    name: 'unit',
    description: 'Engineering unit.',
    json: { type: 'string' },
    read: (text, draft) => void (draft.unit = text),
  },
  {
    name: 'every',
    description: 'How often it is read, such as 250ms; the setting of the device where absent.',
    json: DURATION,
    read: duration('everyMs', 1),
  },
  { name: 'low', description: 'Low end of the engineering range.', json: NUMBER, read: number('low') },
  { name: 'high', description: 'High end of the engineering range.', json: NUMBER, read: number('high') },
  { name: 'scale', description: 'engineering = raw × scale + offset', json: NUMBER, read: number('scale') },
  { name: 'offset', description: 'engineering = raw × scale + offset', json: NUMBER, read: number('offset') },
  {
    name: 'clamp',
    description: 'Hold values at low and high instead of letting them leave the range.',
    json: { type: 'boolean' },
    read: flag('clamp'),
  },
  {
    name: 'deadband',
    description: 'Smaller changes are not passed on: 0.5 in the unit of the tag, or 2% of its range.',
    json: BAND,
    read: band('deadband'),
  },
  {
    name: 'swingingDoor',
    description: 'Straight stretches keep their ends only, within this deviation: 0.5, or 2% of the range.',
    json: BAND,
    read: band('swingingDoor'),
  },
  {
    name: 'spike',
    description: 'The largest plausible change from one sample to the next.',
    json: NUMBER,
    read: number('spike', 0),
  },
  {
    name: 'staleAfter',
    description: 'A value that was not read for this long is uncertain.',
    json: DURATION,
    read: duration('staleAfterMs', 1),
  },
  {
    name: 'maxSilence',
    description: 'The value is passed on at least this often, changed or not.',
    json: DURATION,
    read: duration('maxSilenceMs', 1),
  },
  {
    name: 'writable',
    description: 'May be written; false where absent.',
    json: { type: 'boolean' },
    read: flag('writable'),
  },
  { name: 'writeMin', description: 'The least value that may be written.', json: NUMBER, read: number('writeMin') },
  { name: 'writeMax', description: 'The largest value that may be written.', json: NUMBER, read: number('writeMax') },
  {
    name: 'description',
    description: 'For the people who read it.',
    json: { type: 'string' },
    read: (text, draft) => void (draft.description = text),
  },
  {
    name: 'symbols',
    description: 'What its numbers mean: 1=Off|2=Sleeping|4=MPPT; of a bit field bit0=Fault|bit1=Door.',
    json: { type: 'string' },
    read: readSymbols,
  },
  {
    name: 'writeValues',
    description: 'The only values that may be written: 0|1|5.',
    json: { type: ['string', 'number', 'boolean'] },
    read: readWriteValues,
  },
  {
    name: 'writeEvery',
    description: 'The least pause between two writes, such as 5s.',
    json: DURATION,
    read: duration('writeEveryMs', 1),
  },
  {
    name: 'writeStep',
    description: 'The largest change from the present value, which has to be good and fresh.',
    json: NUMBER,
    read: number('writeStep', 0),
  },
  {
    name: 'approval',
    description: 'A second person has to approve a write; false where absent.',
    json: { type: 'boolean' },
    read: flag('approval'),
  },
  {
    name: 'critical',
    description: 'A write needs a reason; false where absent.',
    json: { type: 'boolean' },
    read: flag('critical'),
  },
  {
    name: 'interlock',
    description: 'May be written only while this holds: press-1/pressure < 5 and press-1/door = true.',
    json: { type: 'string' },
    read: readInterlock,
  },
]

export const TAG_COLUMN_NAMES: readonly string[] = TAG_COLUMNS.map((column) => column.name)

/** What is wrong between the settings of one tag: each fault with the column it is about. */
export function settingsFaults(draft: TagDraft): { column: string; message: string }[] {
  const faults: { column: string; message: string }[] = []
  const ranged = draft.low !== undefined && draft.high !== undefined
  if (ranged && draft.low! >= draft.high!)
    faults.push({ column: 'high', message: `high (${draft.high}) must be above low (${draft.low})` })
  if (draft.writeMin !== undefined && draft.writeMax !== undefined && draft.writeMin > draft.writeMax) {
    faults.push({ column: 'writeMax', message: `writeMax (${draft.writeMax}) is below writeMin (${draft.writeMin})` })
  }
  const numeric = draft.type !== 'bool' && draft.type !== 'string' && draft.type !== 'bytes'
  if (draft.writeStep !== undefined && !numeric)
    faults.push({ column: 'writeStep', message: `a tag of type ${draft.type} has no steps` })
  const wrong = numeric && draft.writeValues?.split('|').find((value) => !Number.isFinite(Number(value)))
  if (typeof wrong === 'string')
    faults.push({ column: 'writeValues', message: `"${wrong}" is no number, and the tag is of type ${draft.type}` })
  if (draft.type === 'bool' && draft.writeValues?.split('|').every((value) => BOOLEANS.has(value)) === false)
    faults.push({ column: 'writeValues', message: 'a tag of type bool takes true and false' })
  for (const column of WRITE_COLUMNS)
    if (draft[column.draft] !== undefined && draft[column.draft] !== false && !draft.writable)
      faults.push({
        column: column.name,
        message: `${column.name} says how it may be written, and the tag is not writable: add writable: true`,
      })
  if (draft.clamp === true && !ranged) faults.push({ column: 'clamp', message: 'clamp needs low and high' })
  if (draft.scale === 0) faults.push({ column: 'scale', message: 'a scale of 0 would make every value the same' })
  for (const column of ['deadband', 'swingingDoor'] as const) {
    const given = draft[column]
    if (given !== undefined && 'percent' in given && !ranged)
      faults.push({ column, message: `a ${column} in percent needs low and high` })
  }
  return faults
}

const BOOLEANS = new Set(['true', 'false'])

/** Of no use where nothing is written: somebody forgot something. */
const WRITE_COLUMNS = [
  { name: 'writeValues', draft: 'writeValues' },
  { name: 'writeEvery', draft: 'writeEveryMs' },
  { name: 'writeStep', draft: 'writeStep' },
  { name: 'approval', draft: 'approval' },
  { name: 'critical', draft: 'critical' },
  { name: 'interlock', draft: 'interlock' },
] as const satisfies readonly { name: string; draft: keyof TagDraft }[]

type KeyOf<Value> = { [Key in keyof TagDraft]-?: Value extends TagDraft[Key] ? Key : never }[keyof TagDraft]

function readName(text: string, draft: TagDraft): CellFault | undefined {
  const fault = nameFault(text, 'tag')
  draft.name = text
  return fault === undefined ? undefined : { message: fault }
}

function readType(text: string, draft: TagDraft): CellFault | undefined {
  // The word of the list, not the cell's own copy of it: one string for all tags.
  const known = DATA_TYPES.find((type) => type === text)
  if (known !== undefined) {
    draft.type = known
    return undefined
  }
  const nearest = TYPE_ALIASES.get(text.toLowerCase()) ?? closest(text, DATA_TYPES)
  return {
    message: `unknown type "${text}"; known are ${DATA_TYPES.join(', ')}`,
    suggestion: nearest && `"${nearest}"`,
  }
}

/** What other tools call the types; only ever a suggestion. */
const TYPE_ALIASES = new Map(
  Object.entries<DataType>({
    boolean: 'bool',
    bit: 'bool',
    coil: 'bool',
    byte: 'uint8',
    sint: 'int8',
    usint: 'uint8',
    int: 'int16',
    short: 'int16',
    uint: 'uint16',
    word: 'uint16',
    dint: 'int32',
    long: 'int32',
    udint: 'uint32',
    dword: 'uint32',
    lint: 'int64',
    ulint: 'uint64',
    lword: 'uint64',
    real: 'float32',
    float: 'float32',
    single: 'float32',
    lreal: 'float64',
    double: 'float64',
    text: 'string',
  }),
)

function readSymbols(text: string, draft: TagDraft): CellFault | undefined {
  const fault = symbolsFault(text)
  draft.symbols = text
  return fault === undefined ? undefined : { message: fault }
}

const MOST_WRITE_VALUES = 100

function readWriteValues(text: string, draft: TagDraft): CellFault | undefined {
  const values = text.split('|').map((value) => value.trim())
  draft.writeValues = values.join('|')
  if (values.includes('')) return { message: `expected values with | between them, such as 0|1|5, got "${text}"` }
  return values.length > MOST_WRITE_VALUES ? { message: `more than ${MOST_WRITE_VALUES} values; give writeMin and writeMax` } : undefined // prettier-ignore
}

function readInterlock(text: string, draft: TagDraft): CellFault | undefined {
  const parsed = parseInterlock(text)
  draft.interlock = text
  return isFault(parsed) ? { message: parsed.message, character: parsed.column } : undefined
}

function readLength(text: string, draft: TagDraft): CellFault | undefined {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > 65_536)
    return { message: `expected a whole number from 1 to 65536, got "${text}"` }
  draft.length = value
  return undefined
}

function number(key: KeyOf<number>, min = -Infinity): TagColumn['read'] {
  return (text, draft) => {
    const value = Number(text)
    if (!Number.isFinite(value)) {
      const comma = /^-?\d+,\d+$/.test(text) ? `"${text.replace(',', '.')}"` : undefined
      return { message: `expected a number, got "${text}"`, suggestion: comma }
    }
    if (value < min) return { message: `expected at least ${min}, got ${text}` }
    ;(draft as Record<string, number>)[key] = value
    return undefined
  }
}

/** Words for true and false. */
export const FLAG_WORDS = new Map(
  Object.entries({ true: true, yes: true, '1': true, false: false, no: false, '0': false }),
)

function flag(key: 'clamp' | 'writable' | 'approval' | 'critical'): TagColumn['read'] {
  return (text, draft) => {
    const value = FLAG_WORDS.get(text.toLowerCase())
    if (value === undefined)
      return { message: `expected true or false, got "${text}"`, suggestion: closest(text, ['true', 'false']) }
    draft[key] = value
    return undefined
  }
}

function duration(key: 'everyMs' | 'staleAfterMs' | 'maxSilenceMs' | 'writeEveryMs', minMs: number): TagColumn['read'] {
  return (text, draft) => {
    const value = parseDuration(text)
    if (value === undefined || value < minMs)
      return { message: `expected a duration such as 250ms, 2s or 5m, got "${text}"` }
    draft[key] = value
    return undefined
  }
}

function band(key: 'deadband' | 'swingingDoor'): TagColumn['read'] {
  return (text, draft) => {
    const percent = text.endsWith('%')
    const value = Number(percent ? text.slice(0, -1) : text)
    if (!Number.isFinite(value) || value < 0 || text === '%' || (percent && value > 100)) {
      return { message: `expected an amount such as 0.5, or a percentage of the range such as 2%, got "${text}"` }
    }
    const deadband: Deadband = percent ? { percent: value } : { absolute: value }
    draft[key] = deadband
    return undefined
  }
}
