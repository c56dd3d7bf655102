/** A variable in the words of the tools: its type, who may do what, unit, range, words and members. */
import type { VariableFacts } from '../browsed.ts'
import { STRUCTURE, tagTypeOf, type DataTypes } from './data-types.ts'
import { textOf } from './found-node.ts'
import { membersOf } from './members.ts'
import { clean, toStates, toSymbols } from './symbols.ts'
import { CAN_READ, CAN_WRITE, typeOf, type Draft } from './variable-draft.ts'

/** Properties that describe a value (OPC 10000-8, 5.3). */
export const PROPERTIES = [
  'EURange',
  'EngineeringUnits',
  'EnumStrings',
  'EnumValues',
  'TrueState',
  'FalseState',
] as const
export type PropertyName = (typeof PROPERTIES)[number]

const UNTOLD_NUMBERS: ReadonlySet<string> = new Set(['Number', 'Integer', 'UInteger'])

/** `members`: whether it is to be told what it consists of. */
export function factsOf(
  types: DataTypes,
  draft: Draft,
  properties: ReadonlyMap<PropertyName, unknown>,
  members: { readonly most: number } | undefined,
): VariableFacts {
  const type = typeOf(types, draft)
  const { valueRank, dimensions, access = 0 } = draft
  const isScalar = valueRank < 1
  const range = rangeOf(properties.get('EURange'))
  const unit = clean(
    textOf((properties.get('EngineeringUnits') as { displayName?: unknown } | undefined)?.displayName) ?? '',
  )
  const symbols =
    toSymbols(properties.get('EnumValues')) ??
    toSymbols(properties.get('EnumStrings')) ??
    toStates(textOf(properties.get('FalseState')), textOf(properties.get('TrueState'))) ??
    type.symbols
  const number = type.builtIn === 0 && UNTOLD_NUMBERS.has(type.name) ? 'float64' : tagTypeOf(type.builtIn)
  const isComposite = !isScalar || type.builtIn === STRUCTURE
  return {
    dataType: type.name,
    tagType: isScalar ? number : 'string',
    elementType: number,
    valueRank,
    ...(dimensions.length === 0 ? {} : { dimensions }),
    ...(type.builtIn === STRUCTURE ? { isStructure: true } : {}),
    readable: (access & CAN_READ) !== 0,
    writable: (access & CAN_WRITE) !== 0,
    ...(unit === '' ? {} : { unit }),
    ...range,
    ...(symbols === undefined ? {} : { symbols }),
    ...(members === undefined || !isComposite
      ? {}
      : membersOf(types, { type, valueRank, dimensions }, draft.data, members.most)),
  }
}

/** EURange; one without an extent says nothing. */
function rangeOf(value: unknown): { readonly low?: number; readonly high?: number } {
  const { low, high } = (value ?? {}) as { low?: unknown; high?: unknown }
  return Number.isFinite(low) && Number.isFinite(high) && (low as number) < (high as number)
    ? { low: low as number, high: high as number }
    : {}
}
