/**
 * What is to be said of nodes that were found: of variables their type in words, whether we may read and write them, unit and
 * range (AnalogItemType, OPC 10000-8, 5.3.2), the words of their numbers, and what they consist of. A few requests for many nodes.
 */
import type { DataValue, NodeId } from 'node-opcua-client'
import { isStructure } from '../../../protocols/opcua/value.ts'
import type { VariableFacts } from '../browsed.ts'
import type { Connection } from './connection.ts'
import { STRUCTURE, tagTypeOf, type DataTypes, type UaDataType } from './data-types.ts'
import { goodValue, isProperty, textOf, VARIABLE, type FoundNode } from './found-node.ts'
import { membersOf } from './members.ts'
import { localId } from './node-text.ts'
import { Attribute, readAttributes } from './reading.ts'
import { browseAll, ReferenceType, type References } from './references.ts'
import { clean, toStates, toSymbols } from './symbols.ts'
import { endsSession } from './transaction.ts'

export interface Facts {
  readonly description?: string
  readonly isProperty?: true
  readonly variable?: VariableFacts
  /** What is below a variable, where all of it was seen. */
  readonly children?: References | undefined
}

const MOST_CHILDREN = 200
const MOST_DIMENSIONS = 16
const CAN_READ = 1
const CAN_WRITE = 2
/** Values in one request: arrays may be long. */
const VALUES_AT_ONCE = 10
const SCALARS_AT_ONCE = 200
/** What the server leaves open: OPC 10000-3, 8.6. */
const isOpen = (valueRank: number): boolean => valueRank < -1 || valueRank === 0

const PROPERTIES = ['EURange', 'EngineeringUnits', 'EnumStrings', 'EnumValues', 'TrueState', 'FalseState'] as const
type PropertyName = (typeof PROPERTIES)[number]

export interface FactsWanted {
  readonly members?: { readonly most: number } | undefined
}

/** One result a node, in order. */
export async function readFacts(
  connection: Connection,
  types: DataTypes,
  nodes: readonly FoundNode[],
  { members }: FactsWanted,
  signal: AbortSignal,
): Promise<Facts[]> {
  const read = (asked: readonly { nodeId: NodeId; attributeId: number }[]) =>
    readAttributes(connection.session, connection.limits, asked)
  const variables = nodes.filter(({ nodeClass }) => nodeClass === VARIABLE)
  const asked = nodes.flatMap(({ nodeId, nodeClass }) =>
    (nodeClass === VARIABLE ? VARIABLE_ATTRIBUTES : [Attribute.Description]).map((attributeId) => ({
      nodeId,
      attributeId,
    })),
  )
  const values = await read(asked)
  signal.throwIfAborted()
  const drafts = new Map<FoundNode, Draft>()
  let at = 0
  const descriptions = new Map<FoundNode, string | undefined>()
  for (const node of nodes) {
    const text = textOf(goodValue(values[at]))
    // Some servers say the name once more.
    if (text !== node.displayName && text !== node.browseName.name) descriptions.set(node, text)
    if (node.nodeClass !== VARIABLE) at++
    else {
      drafts.set(node, toDraft(node, values.slice(at, at + VARIABLE_ATTRIBUTES.length).map(goodValue)))
      at += VARIABLE_ATTRIBUTES.length
    }
  }
  const all = [...drafts.values()]
  await askAccess(all, read)
  await askDimensions(all, read)
  await types.load(
    all.flatMap(({ dataType }) => dataType ?? []),
    signal,
  )
  const parents = variables.filter((node) => !isProperty(node))
  const below = await browseAll(
    connection,
    parents.map(({ nodeId }) => nodeId),
    { type: ReferenceType.hierarchical, most: MOST_CHILDREN },
    signal,
  )
  const children = new Map(parents.map((node, i) => [node, below[i]!]))
  const properties = await readProperties(connection, children, read)
  signal.throwIfAborted()
  await readValues(connection, types, all, members !== undefined, signal)
  return nodes.map((node) => {
    const draft = drafts.get(node)
    const description = descriptions.get(node)
    const found = children.get(node)
    return {
      ...(description === undefined ? {} : { description }),
      ...(node.nodeClass === VARIABLE && isProperty(node) ? { isProperty: true } : {}),
      ...(draft === undefined ? {} : { variable: finish(types, draft, properties.get(node) ?? new Map(), members) }),
      children: found?.cut === true || found?.refused !== undefined ? undefined : found,
    }
  })
}

const VARIABLE_ATTRIBUTES = [Attribute.Description, Attribute.DataType, Attribute.ValueRank, Attribute.UserAccessLevel]

/** A variable while it is being asked about. */
interface Draft {
  readonly node: FoundNode
  readonly dataType: NodeId | undefined
  valueRank: number
  dimensions: readonly number[]
  access: number | undefined
  /** The value of now, where the description leaves something open. */
  data?: DataValue | undefined
}

function toDraft(node: FoundNode, [, dataType, valueRank, access]: readonly unknown[]): Draft {
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

type Read = (asked: readonly { nodeId: NodeId; attributeId: number }[]) => Promise<(DataValue | undefined)[]>

async function askDimensions(drafts: readonly Draft[], read: Read): Promise<void> {
  const arrays = drafts.filter(({ valueRank }) => valueRank >= 1)
  const values = await read(arrays.map(({ node }) => ({ nodeId: node.nodeId, attributeId: Attribute.ArrayDimensions })))
  for (const [i, draft] of arrays.entries()) {
    const dimensions = goodValue(values[i])
    if (isList(dimensions)) draft.dimensions = [...dimensions].slice(0, MOST_DIMENSIONS).map(Number)
  }
}

/** Servers without users may leave UserAccessLevel out. */
async function askAccess(drafts: readonly Draft[], read: Read): Promise<void> {
  const open = drafts.filter(({ access }) => access === undefined)
  const values = await read(open.map(({ node }) => ({ nodeId: node.nodeId, attributeId: Attribute.AccessLevel })))
  for (const [i, draft] of open.entries()) {
    const access = goodValue(values[i])
    draft.access = typeof access === 'number' ? access : 0
  }
}

async function readProperties(
  connection: Connection,
  children: ReadonlyMap<FoundNode, References>,
  read: Read,
): Promise<Map<FoundNode, Map<PropertyName, unknown>>> {
  const found = [...children].flatMap(([node, { references }]) =>
    references.flatMap(({ browseName, nodeId }) => {
      const name = PROPERTIES.find((one) => one === browseName.name && browseName.namespaceIndex === 0)
      const id = name === undefined ? undefined : localId(connection, nodeId)
      return name === undefined || id === undefined ? [] : [{ node, name, nodeId: id }]
    }),
  )
  const values = await read(found.map(({ nodeId }) => ({ nodeId, attributeId: Attribute.Value })))
  const properties = new Map<FoundNode, Map<PropertyName, unknown>>()
  for (const [i, { node, name }] of found.entries()) {
    const of = properties.get(node) ?? new Map<PropertyName, unknown>()
    properties.set(node, of.set(name, goodValue(values[i])))
  }
  return properties
}

/** Values of those whose description leaves open what they are. */
async function readValues(
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
  if (isOpen(draft.valueRank) && variant?.dataType !== undefined && variant.dataType !== 0) {
    const arrayType: number = variant.arrayType
    draft.valueRank = arrayType === 0 ? -1 : arrayType === 1 ? 1 : (variant.dimensions?.length ?? 1)
  }
  // Without members only the type of it is wanted.
  draft.data = keep || variant === undefined ? data : ({ value: { dataType: variant.dataType } } as DataValue)
}

/** The declared type; where that is only a kind of number or nothing at all, the one that the value has now. */
function typeOf(types: DataTypes, { dataType, data }: Draft): UaDataType {
  const declared = dataType === undefined ? { name: 'BaseDataType', builtIn: 0 } : types.get(dataType)
  const builtIn: number = data?.value?.dataType ?? 0
  return declared.builtIn !== 0 || builtIn === 0 ? declared : { ...declared, builtIn }
}

const UNTOLD_NUMBERS: ReadonlySet<string> = new Set(['Number', 'Integer', 'UInteger'])

function finish(
  types: DataTypes,
  draft: Draft,
  properties: ReadonlyMap<PropertyName, unknown>,
  members: FactsWanted['members'],
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

/** One text a node, in order. */
export async function readDescriptions(
  connection: Connection,
  nodes: readonly NodeId[],
): Promise<(string | undefined)[]> {
  const asked = nodes.map((nodeId) => ({ nodeId, attributeId: Attribute.Description }))
  const values = await readAttributes(connection.session, connection.limits, asked)
  return values.map((data) => textOf(goodValue(data)))
}
