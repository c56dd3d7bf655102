/**
 * What a variable consists of that a tag can be: the elements of an array, the fields of a structure, and theirs. Types and names
 * come from the server's description; how long an array is, where that is left open, from the value of now.
 */
import type { DataValue } from 'node-opcua-client'
import { memberOf, type Found } from '../../../protocols/opcua/member.ts'
import { formatMember, type MemberStep } from '../address.ts'
import type { NodeMember } from '../browsed.ts'
import { STRUCTURE, tagTypeOf, type DataTypes, type UaDataType } from './data-types.ts'

export interface Composite {
  readonly type: UaDataType
  readonly valueRank: number
  /** 0: any length. */
  readonly dimensions: readonly number[]
}

const MOST_LEVELS = 8
const SCALAR = -1

export type Members = { readonly members: readonly NodeMember[] } | { readonly noMembers: string }

/** `most`: a variable with more stays one tag, as JSON. */
export function membersOf(types: DataTypes, of: Composite, data: DataValue | undefined, most: number): Members {
  const root = data?.value
  const value: Found = {
    raw: root?.value as unknown,
    builtIn: root?.dataType,
    dimensions: root?.dimensions ?? undefined,
  }
  const members: NodeMember[] = []
  try {
    expand({ ...of, path: [] })
    return members.length === 0 ? { noMembers: 'it has no elements now' } : { members }
  } catch (error) {
    if (error instanceof Unfit) return { noMembers: error.message }
    throw error
  }

  function expand({ type, valueRank, dimensions, path }: Composite & { readonly path: readonly MemberStep[] }): void {
    if (path.length > MOST_LEVELS) throw new Unfit(`it goes deeper than ${MOST_LEVELS} levels`)
    if (valueRank >= 1) {
      for (const index of indexes(sizeOf(value, path, { dimensions, valueRank }), most))
        expand({ type, valueRank: SCALAR, dimensions: [], path: [...path, index] })
    } else if (type.fields !== undefined) {
      for (const { name, type: id, valueRank: rank } of type.fields)
        expand({ type: types.get(id), valueRank: rank, dimensions: [], path: [...path, name] })
    } else {
      // A field whose name cannot be told from a step of an address.
      if (path.some((step) => typeof step === 'string' && !/^[^.[\]\s][^.[\]]*$/.test(step))) return
      if (members.length >= most) throw new Unfit(`it has more than ${most} members`)
      const { symbols } = type
      const tagType = type.builtIn === STRUCTURE ? 'string' : tagTypeOf(type.builtIn)
      members.push({ member: formatMember(path), tagType, ...(symbols === undefined ? {} : { symbols }) })
    }
  }
}

/** Why a variable stays whole. */
class Unfit extends Error {}

function sizeOf(
  value: Found,
  path: readonly MemberStep[],
  { dimensions, valueRank }: Pick<Composite, 'dimensions' | 'valueRank'>,
): readonly number[] {
  if (dimensions.length === valueRank && dimensions.every((size) => size > 0)) return dimensions
  const found = memberOf(value, path)
  if (path.length === 0 && found?.dimensions?.length === valueRank) return found.dimensions
  const { raw } = found ?? {}
  if (valueRank > 1) throw new Unfit('how large it is could not be found out')
  if (raw === undefined) throw new Unfit('its value of now cannot be decoded')
  return [Array.isArray(raw) || ArrayBuffer.isView(raw) ? (raw as ArrayLike<unknown> & object).length : 0]
}

function indexes(sizes: readonly number[], most: number): readonly (readonly number[])[] {
  const count = sizes.reduce((product, size) => product * size, 1)
  if (count > most) throw new Unfit(`it has ${count} elements, more than ${most}`)
  let all: readonly (readonly number[])[] = [[]]
  for (const size of sizes) all = all.flatMap((one) => Array.from({ length: size }, (_, at) => [...one, at]))
  return all
}
