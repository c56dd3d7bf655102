/** Whether the parts of an interlock fit each other: numbers are compared with numbers, text and booleans only for being the same. */
import type { Interlock, InterlockFault, Operand, TagName } from './interlock.ts'
import type { DataType } from './value.ts'

type Kind = 'number' | 'boolean' | 'text'

/** `typeOf` tells the type of a tag: a sentence where there is no such tag, undefined where it cannot be known. */
export function typeFaults(
  interlock: Interlock,
  typeOf: (tag: TagName) => DataType | { readonly problem: string } | undefined,
): InterlockFault[] {
  const faults: InterlockFault[] = []
  const kindOf = (operand: Operand): Kind | undefined => {
    if (operand.kind === 'value') return typeof operand.value === 'string' ? 'text' : (typeof operand.value as Kind)
    const type = typeOf(operand.tag)
    if (typeof type === 'object') faults.push({ column: operand.tag.column, message: type.problem })
    return typeof type === 'string' ? KINDS[type] : undefined
  }
  const visit = (part: Interlock): void => {
    if ('parts' in part) return part.parts.forEach(visit)
    if (part.kind === 'not') return visit(part.part)
    if (part.kind === 'tag') {
      const kind = kindOf(part)
      if (kind !== undefined && kind !== 'boolean')
        faults.push({ column: part.tag.column, message: `${nameOf(part.tag)} is no bool: compare it with something` })
      return undefined
    }
    const [left, right] = [kindOf(part.left), kindOf(part.right)]
    const column =
      part.left.kind === 'tag' ? part.left.tag.column : part.right.kind === 'tag' ? part.right.tag.column : 1
    if (left !== undefined && right !== undefined && left !== right)
      faults.push({ column, message: `a ${left} is compared with a ${right}: they are never the same` })
    else if (
      part.operator !== '=' &&
      part.operator !== '!=' &&
      (left ?? right) !== 'number' &&
      (left ?? right) !== undefined
    )
      faults.push({ column, message: `${part.operator} compares numbers; a ${left ?? right} can only be = or !=` })
    return undefined
  }
  visit(interlock)
  return faults
}

const KINDS: Record<DataType, Kind> = {
  bool: 'boolean',
  int8: 'number',
  uint8: 'number',
  int16: 'number',
  uint16: 'number',
  int32: 'number',
  uint32: 'number',
  int64: 'number',
  uint64: 'number',
  float32: 'number',
  float64: 'number',
  string: 'text',
  bytes: 'text',
}

export const nameOf = ({ device, name }: TagName): string => `${device}/${name}`
