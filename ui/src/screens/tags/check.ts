/** What is wrong with a cell, by the JSON Schema that the gateway gives for a tag. A first look: the word of the gateway is final. */
import { tagStrings } from '../../strings/tags.ts'
import type { Cells, TagSheet } from './sheet.ts'

const strings = tagStrings.faults

/** The schema of one setting, as far as it is looked at. */
export interface CellSchema {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly minLength?: number
  readonly description?: string
}

export interface TagSchema {
  readonly properties: Readonly<Record<string, CellSchema>>
  readonly required: readonly string[]
}

const FLAGS = new Set(['true', 'false', 'yes', 'no', '1', '0'])
/** What comes from the environment is not known here. */
const REFERENCE = /\$\{[^}]*\}/

export function cellFault(text: string, schema: CellSchema | undefined): string | undefined {
  if (text === '' || schema === undefined || REFERENCE.test(text)) return undefined
  const types = [schema.type ?? []].flat()
  const has = (type: string): boolean => types.includes(type)
  if (schema.enum !== undefined && !schema.enum.includes(text)) return strings.oneOf(schema.enum.join(', '))
  if (has('string')) return undefined
  if (has('boolean') && types.length === 1) return FLAGS.has(text.toLowerCase()) ? undefined : strings.flag
  if (!has('number') && !has('integer')) return undefined
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value))
    return /^-?\d+,\d+$/.test(text) ? strings.comma(text.replace(',', '.')) : strings.number
  if (!has('number') && !Number.isInteger(value)) return strings.whole
  if (schema.minimum !== undefined && value < schema.minimum) return strings.atLeast(schema.minimum)
  return undefined
}

/** Of a whole row, by column. */
export function rowFaults(
  cells: Cells,
  schema: TagSchema | undefined,
  sheet: Pick<TagSheet, 'named'>,
): ReadonlyMap<string, string> {
  const faults = new Map<string, string>()
  for (const column of schema?.required ?? ['name', 'address', 'type'])
    if ((cells[column] ?? '') === '') faults.set(column, strings.missing)
  for (const [column, text] of Object.entries(cells)) {
    const fault = cellFault(text, schema?.properties[column])
    if (fault !== undefined) faults.set(column, fault)
  }
  const name = cells['name'] ?? ''
  if (name !== '' && sheet.named(name) > 1) faults.set('name', strings.twice)
  const [low, high] = [Number(cells['low'] ?? NaN), Number(cells['high'] ?? NaN)]
  if (low >= high) faults.set('high', strings.aboveLow)
  return faults
}
