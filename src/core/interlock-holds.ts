/** What a condition says of values: those of interlocks, and those that tell whether an asset runs. */
import type { Interlock, Operand, TagName } from './interlock.ts'
import type { Value } from './value.ts'

/** How the values of a condition are named. */
export const keyOf = ({ device, name }: TagName): string => `${device}/${name}`

/** Whether a condition holds with these values, one for each tag that it names. */
export function holds(part: Interlock, values: ReadonlyMap<string, Value>): boolean {
  switch (part.kind) {
    case 'or':
      return part.parts.some((one) => holds(one, values))
    case 'and':
      return part.parts.every((one) => holds(one, values))
    case 'not':
      return !holds(part.part, values)
    case 'tag':
      return values.get(keyOf(part.tag)) === true
    case 'compare':
      return compare(part.operator, valueOf(part.left, values), valueOf(part.right, values))
  }
}

const valueOf = (operand: Operand, values: ReadonlyMap<string, Value>): Value | undefined =>
  operand.kind === 'value' ? operand.value : values.get(keyOf(operand.tag))

/** What cannot be compared holds in neither way, and is not unequal either. */
function compare(operator: string, left: Value | undefined, right: Value | undefined): boolean {
  const areNumbers = isNumber(left) && isNumber(right)
  if (!areNumbers && (typeof left !== typeof right || left instanceof Uint8Array || left === undefined)) return false
  // A number and a bigint compare exactly.
  const same = areNumbers ? !(left < right) && !(left > right) : left === right
  if (operator === '=') return same
  if (operator === '!=') return !same
  if (!areNumbers) return false
  if (operator === '<') return left < right
  if (operator === '<=') return left <= right
  return operator === '>' ? left > right : left >= right
}

const isNumber = (value: Value | undefined): value is number | bigint =>
  typeof value === 'bigint' || (typeof value === 'number' && !Number.isNaN(value))
