/** The difference between what was known and what is there now, node by node; pure. */
import { INTEGER_RANGES, type DataType } from '../../../core/value.ts'
import { formatNode } from '../address.ts'
import type { BrowsedNode } from '../browsed.ts'
import { kindOf, typeWords } from './node-words.ts'
import type { KnownNode, NodeBefore } from './snapshot.ts'

export interface Difference {
  readonly kind: 'vanished' | 'new' | 'changed'
  /** The tag, or the path of the node. */
  readonly name: string
  readonly node: string
  /** What is another. */
  readonly what?: string
  /** It is its type that changed, and not only who may do what. */
  readonly isType?: true
}

/** What became of one that was known; undefined: it is as it was. `now`: undefined where the server has it no longer. */
export function differenceOf(known: KnownNode, now: BrowsedNode | undefined): Difference | undefined {
  const { name, member, before, tagType } = known
  const node = `${now?.node ?? formatNode(known.ref)}${member === '' ? '' : ` :: ${member}`}`
  if (now === undefined) return { kind: 'vanished', name, node }
  if (before !== undefined) return changeOf(name, node, before, now)
  const { variable } = now
  const changed = (what: string): Difference => ({ kind: 'changed', name, node, what, isType: true })
  if (variable === undefined) return changed(`is no variable any more, but of the class ${kindOf(now)}`)
  if (!variable.readable) return { kind: 'changed', name, node, what: 'may not be read by us any more' }
  const isComposite = variable.valueRank >= 1 || variable.isStructure === true
  if (member !== '' && !isComposite) return changed(`has no members: it is ${typeWords(variable)}`)
  const found = member === '' ? variable.tagType : memberType(now, member)
  if (found === undefined) return { kind: 'vanished', name, node }
  if (found === 'unknown' || tagType === undefined || fits(found, tagType)) return undefined
  return changed(
    `is ${member === '' ? typeWords(variable) : found} now, which a tag of the type ${tagType} cannot hold`,
  )
}

function memberType({ variable }: BrowsedNode, member: string): DataType | 'unknown' | undefined {
  const { members } = variable!
  // An array that is too long to be told apart, or a structure that nobody describes.
  if (members === undefined) return 'unknown'
  return members.find((one) => one.member.toLowerCase() === member.toLowerCase())?.tagType
}

function changeOf(name: string, node: string, before: NodeBefore, now: BrowsedNode): Difference | undefined {
  const was = shape(before)
  const is = shape(now)
  if (was.type !== is.type)
    return { kind: 'changed', name, node, what: `was ${was.words}, is ${is.words}`, isType: true }
  return was.access === is.access
    ? undefined
    : { kind: 'changed', name, node, what: `was ${was.words}, is ${is.words}` }
}

function shape({ nodeClass, variable }: NodeBefore): { type: string; access: string; words: string } {
  if (variable === undefined) return { type: nodeClass, access: '', words: `of the class ${nodeClass}` }
  const { dataType, valueRank, dimensions = [], readable, writable } = variable
  return {
    type: `${nodeClass} ${dataType} ${valueRank} ${dimensions.join(',')}`,
    access: `${readable} ${writable}`,
    words: typeWords(variable),
  }
}

const MANTISSA: Partial<Record<DataType, number>> = { float32: 2 ** 24, float64: 2 ** 53 }

/** Whether a tag of `type` can hold every value of a node whose own tag type is `own`. */
export function fits(own: DataType, type: DataType): boolean {
  if (own === type || type === 'string') return true
  if (own === 'bool') return type !== 'bytes'
  const range = INTEGER_RANGES[own]
  if (range === undefined) return own === 'float32' && type === 'float64'
  const whole = MANTISSA[type]
  if (whole !== undefined)
    return own === 'int64' || own === 'uint64' ? type === 'float64' : Number(range[1]) <= whole || type === 'float64'
  const room = INTEGER_RANGES[type]
  return room !== undefined && room[0] <= range[0] && room[1] >= range[1]
}

/** `3 nodes vanished, 12 new, 1 changed its type`. */
export function summaryOf(differences: readonly Difference[], compared: number): string {
  const count = (kind: Difference['kind']) => differences.filter((one) => one.kind === kind).length
  const typed = differences.filter(({ isType }) => isType === true).length
  const others = count('changed') - typed
  const nodes = (n: number) => `${n} node${n === 1 ? '' : 's'}`
  const parts = [
    `${nodes(count('vanished'))} vanished`,
    `${count('new')} new`,
    `${typed} changed ${typed === 1 ? 'its' : 'their'} type`,
    ...(others === 0 ? [] : [`${others} may be read or written otherwise`]),
  ]
  return `${parts.join(', ')}, of ${nodes(compared)}`
}
