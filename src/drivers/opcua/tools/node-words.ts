/** Nodes in words: `Double °C 0…200, writable`. */
import { oneLine } from '../../../core/one-line.ts'
import type { BrowsedNode, VariableFacts } from '../browsed.ts'

/** What kind of node it is. */
export function kindOf({ nodeClass, isProperty, variable }: BrowsedNode): string {
  if (variable === undefined) return nodeClass.replace(/(?!^)([A-Z])/g, ' $1').toLowerCase()
  return `${isProperty === true ? 'property ' : ''}${typeWords(variable)}`
}

type Shape = Pick<VariableFacts, 'dataType' | 'valueRank' | 'dimensions'>

export function typeWords(
  variable: Shape & Partial<VariableFacts> & Pick<VariableFacts, 'readable' | 'writable'>,
): string {
  const { unit, low, high, symbols, readable, writable } = variable
  const parts = [shapeOf(variable)]
  if (unit !== undefined) parts.push(unit)
  if (low !== undefined && high !== undefined) parts.push(`${low}…${high}`)
  if (symbols !== undefined) parts.push(`(${symbols.length > 60 ? `${symbols.slice(0, 57)}…` : symbols})`)
  const may = readable ? (writable ? ', writable' : '') : writable ? ', write only' : ', not readable'
  return oneLine(`${parts.join(' ')}${may}`)
}

/** `Double`, `Int32[4]`, `Double[2][3]`, `String[]`. */
function shapeOf({ dataType, valueRank, dimensions = [] }: Shape): string {
  if (valueRank < 1) return dataType
  const sizes = Array.from({ length: Math.min(valueRank, 8) }, (_, at) => dimensions[at] || '')
  return `${dataType}${sizes.map((size) => `[${size}]`).join('')}`
}

/** What is to be said of a walk that did not see everything. */
export const walkRemarks = ({
  cut,
  problems,
}: {
  readonly cut: boolean
  readonly problems: readonly string[]
}): string[] => [
  ...(cut ? ['There is more than was asked for: raise --most, or begin further down.'] : []),
  ...problems.map(oneLine),
]
