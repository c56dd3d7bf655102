/**
 * What is to be said of nodes that were found: of variables their type in words, whether we may read and write them, unit and
 * range (AnalogItemType, OPC 10000-8, 5.3.2), the words of their numbers, and what they consist of. A few requests for many nodes.
 */
import type { NodeId } from 'node-opcua-client'
import type { VariableFacts } from '../browsed.ts'
import type { Connection } from './connection.ts'
import type { DataTypes } from './data-types.ts'
import { goodValue, isProperty, textOf, VARIABLE, type FoundNode } from './found-node.ts'
import { localId } from './node-text.ts'
import { Attribute, readAttributes } from './reading.ts'
import { browseAll, ReferenceType, type References } from './references.ts'
import {
  askAccess,
  askDimensions,
  readValues,
  toDraft,
  VARIABLE_ATTRIBUTES,
  type Draft,
  type Read,
} from './variable-draft.ts'
import { factsOf, PROPERTIES, type PropertyName } from './variable-facts.ts'

export interface Facts {
  readonly description?: string
  readonly isProperty?: true
  readonly variable?: VariableFacts
  /** What is below a variable, where all of it was seen. */
  readonly children?: References | undefined
}

/** The facts as people see them. */
export function shown({ description, isProperty: one, variable }: Facts): Omit<Facts, 'children'> {
  return {
    ...(description === undefined ? {} : { description }),
    ...(one === undefined ? {} : { isProperty: one }),
    ...(variable === undefined ? {} : { variable }),
  }
}

const MOST_CHILDREN = 200

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
      ...(draft === undefined ? {} : { variable: factsOf(types, draft, properties.get(node) ?? new Map(), members) }),
      children: found?.cut === true || found?.refused !== undefined ? undefined : found,
    }
  })
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

/** One text a node, in order. */
export async function readDescriptions(
  connection: Connection,
  nodes: readonly NodeId[],
): Promise<(string | undefined)[]> {
  const asked = nodes.map((nodeId) => ({ nodeId, attributeId: Attribute.Description }))
  const values = await readAttributes(connection.session, connection.limits, asked)
  return values.map((data) => textOf(goodValue(data)))
}
