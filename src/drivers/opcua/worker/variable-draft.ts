/** A variable while it is being asked about: what its description says, and where that leaves something open, its value. */
import type { DataValue, NodeId } from 'node-opcua-client'
import { isStructure } from '../../../protocols/opcua/value.ts'
import type { Connection } from './connection.ts'
import { STRUCTURE, type DataTypes, type UaDataType } from './data-types.ts'
import { goodValue, type FoundNode } from './found-node.ts'
import { Attribute, readAttributes } from './reading.ts'
import { endsSession } from './transaction.ts'

/** What is asked of each. */
export const VARIABLE_ATTRIBUTES: readonly number[] = [
  Attribute.Description,
  Attribute.DataType,
  Attribute.ValueRank,
  Attribute.UserAccessLevel,
]

/** Bits of AccessLevel (OPC 10000-3, 8.57). */
export const CAN_READ = 1
export const CAN_WRITE = 2
const MOST_DIMENSIONS = 16
/** Values in one request: arrays may be long. */
const VALUES_AT_ONCE = 10
const SCALARS_AT_ONCE = 200
/** What the server leaves open: OPC 10000-3, 8.6. */
const isOpen = (valueRank: number): boolean => valueRank < -1 || valueRank === 0

/** A variable while it is being asked about. */
export interface Draft {
  readonly node: FoundNode
  readonly dataType: NodeId | undefined
  valueRank: number
  dimensions: readonly number[]
  access: number | undefined
  /** The value of now, where the description leaves something open. */
  data?: DataValue | undefined
}

export function toDraft(node: FoundNode, [, dataType, valueRank, access]: readonly unknown[]): Draft {
  return {
    node,
    dataType: dataType as NodeId | undefined,
    valueRank: typeof valueRank === 'number' ? valueRank : -2,
    dimensions: [],
    access: typeof access === 'number' ? access : undefined,
  }
}

const isList = (value: unknown): value is ArrayLike<unknown> & Iterable<unknown> =>
  Array.isArray(value) || ArrayBuffer.isView(value)

export type Read = (asked: readonly { nodeId: NodeId; attributeId: number }[]) => Promise<(DataValue | undefined)[]>

export async function askDimensions(drafts: readonly Draft[], read: Read): Promise<void> {
  const arrays = drafts.filter(({ valueRank }) => valueRank >= 1)
  const values = await read(arrays.map(({ node }) => ({ nodeId: node.nodeId, attributeId: Attribute.ArrayDimensions })))
  for (const [i, draft] of arrays.entries()) {
    const dimensions = goodValue(values[i])
    if (isList(dimensions)) draft.dimensions = [...dimensions].slice(0, MOST_DIMENSIONS).map(Number)
  }
}

/** Servers without users may leave UserAccessLevel out. */
export async function askAccess(drafts: readonly Draft[], read: Read): Promise<void> {
  const open = drafts.filter(({ access }) => access === undefined)
  const values = await read(open.map(({ node }) => ({ nodeId: node.nodeId, attributeId: Attribute.AccessLevel })))
  for (const [i, draft] of open.entries()) {
    const access = goodValue(values[i])
    draft.access = typeof access === 'number' ? access : 0
  }
}

/** Values of those whose description leaves open what they are. */
export async function readValues(
  connection: Connection,
  types: DataTypes,
  drafts: readonly Draft[],
  withMembers: boolean,
  signal: AbortSignal,
): Promise<void> {
  const readable = drafts.filter(({ access = 0 }) => (access & CAN_READ) !== 0)
  const open = readable.filter(
    (draft) =>
      isOpen(draft.valueRank) || typeOf(types, draft).builtIn === 0 || (withMembers && needsValue(types, draft)),
  )
  const scalars = open.filter(({ valueRank }) => valueRank === -1)
  for (const [some, size] of [
    [scalars, SCALARS_AT_ONCE],
    [open.filter((draft) => !scalars.includes(draft)), VALUES_AT_ONCE],
  ] as const)
    for (let at = 0; at < some.length; at += size) {
      signal.throwIfAborted()
      const chunk = some.slice(at, at + size)
      const asked = chunk.map(({ node }) => ({ nodeId: node.nodeId, attributeId: Attribute.Value }))
      const values = await readAttributes(connection.session, connection.limits, asked)
      const structured = values.flatMap((data) =>
        data !== undefined && isStructure(data.value?.dataType) ? [data] : [],
      )
      if (withMembers) await promote(connection, structured)
      for (const [i, draft] of chunk.entries()) takeValue(draft, values[i], withMembers)
    }
}

/** A structure of a type that only the server knows is decoded with its own description of it. */
async function promote(connection: Connection, values: DataValue[]): Promise<void> {
  if (values.length === 0) return
  try {
    await connection.library.promoteOpaqueStructure(connection.session.session, values)
  } catch (error) {
    // What could not be decoded stays one tag.
    if (endsSession(error)) throw error
  }
}

const needsValue = (types: DataTypes, draft: Draft): boolean => {
  const { dimensions, valueRank } = draft
  if (typeOf(types, draft).builtIn === STRUCTURE) return true
  return valueRank >= 1 && !(dimensions.length === valueRank && dimensions.every((size) => size > 0))
}

function takeValue(draft: Draft, data: DataValue | undefined, keep: boolean): void {
  const variant = data?.value
  const builtIn: number = variant?.dataType ?? 0
  if (isOpen(draft.valueRank) && builtIn !== 0) {
    const arrayType: number = variant!.arrayType
    draft.valueRank = arrayType === 0 ? -1 : arrayType === 1 ? 1 : (variant!.dimensions?.length ?? 1)
  }
  // Without members only the type of it is wanted.
  draft.data = keep || variant === undefined ? data : ({ value: { dataType: variant.dataType } } as DataValue)
}

/** The declared type; where that is only a kind of number or nothing at all, the one that the value has now. */
export function typeOf(types: DataTypes, { dataType, data }: Draft): UaDataType {
  const declared = dataType === undefined ? { name: 'BaseDataType', builtIn: 0 } : types.get(dataType)
  const builtIn: number = data?.value?.dataType ?? 0
  return declared.builtIn !== 0 || builtIn === 0 ? declared : { ...declared, builtIn }
}
