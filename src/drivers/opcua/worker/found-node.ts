/** A node as a reference shows it, or as its own attributes do. */
import type { DataValue, NodeId, ReferenceDescription } from 'node-opcua-client'
import type { BrowseName } from '../address.ts'
import type { NodeClassName } from '../browsed.ts'
import type { Connection } from './connection.ts'
import { localId } from './node-text.ts'
import { Attribute, readAttributes } from './reading.ts'
import { browseAll, ReferenceType } from './references.ts'

export interface FoundNode {
  readonly nodeId: NodeId
  readonly nodeClass: number
  readonly browseName: { readonly namespaceIndex: number; readonly name: string }
  readonly displayName: string
  readonly typeDefinition?: NodeId | undefined
}

const CLASSES: Readonly<Record<number, NodeClassName>> = {
  1: 'Object', 2: 'Variable', 4: 'Method', 8: 'ObjectType', 16: 'VariableType', 32: 'ReferenceType', 64: 'DataType', 128: 'View',
} // prettier-ignore
export const VARIABLE = 2
/** Longer texts are cut. */
const MOST_TEXT = 1000
const PROPERTY_TYPE = 68

export const classOf = (number: number): NodeClassName => CLASSES[number] ?? 'Unknown'

export const isProperty = ({ typeDefinition }: FoundNode): boolean =>
  typeDefinition?.namespace === 0 && typeDefinition.value === PROPERTY_TYPE

/** The path leads to the Server object or below it. */
export const isServerPath = (path: readonly BrowseName[] | undefined): boolean =>
  path?.[0]?.namespace === 0 && path[0].name === 'Server'

/** The target of a reference; undefined where another server has it. */
export function foundBy(connection: Connection, reference: ReferenceDescription): FoundNode | undefined {
  const nodeId = localId(connection, reference.nodeId)
  if (nodeId === undefined) return undefined
  const { browseName, displayName, typeDefinition, nodeClass } = reference
  return {
    nodeId,
    nodeClass,
    ...namesOf(browseName, displayName),
    typeDefinition: typeDefinition === null ? undefined : localId(connection, typeDefinition),
  }
}

/** One result a node, in order; undefined where the server has none. */
export async function findNodes(
  connection: Connection,
  nodes: readonly NodeId[],
  signal: AbortSignal,
): Promise<(FoundNode | undefined)[]> {
  const attributes = [Attribute.NodeClass, Attribute.BrowseName, Attribute.DisplayName]
  const asked = nodes.flatMap((nodeId) => attributes.map((attributeId) => ({ nodeId, attributeId })))
  const values = await readAttributes(connection.session, connection.limits, asked)
  const query = { type: ReferenceType.hasTypeDefinition, most: 1 }
  const types = await browseAll(connection, nodes, query, signal)
  return nodes.map((nodeId, at) => {
    const [nodeClass, browseName, displayName] = values.slice(3 * at, 3 * at + 3).map(goodValue)
    if (typeof nodeClass !== 'number') return undefined
    const [type] = types[at]!.references
    const names = namesOf(browseName as ReferenceDescription['browseName'], displayName)
    return { nodeId, nodeClass, ...names, typeDefinition: type && localId(connection, type.nodeId) }
  })
}

function namesOf(
  browseName: { readonly namespaceIndex: number; readonly name?: string | null } | undefined,
  displayName: unknown,
): Pick<FoundNode, 'browseName' | 'displayName'> {
  const name = (browseName?.name ?? '').slice(0, MOST_TEXT)
  return {
    browseName: { namespaceIndex: browseName?.namespaceIndex ?? 0, name },
    displayName: textOf(displayName) ?? name,
  }
}

/** A String or a LocalizedText; undefined where it says nothing. */
export function textOf(value: unknown): string | undefined {
  const text = typeof value === 'string' ? value : (value as { text?: unknown } | null | undefined)?.text
  return typeof text === 'string' && text.trim() !== '' ? text.slice(0, MOST_TEXT) : undefined
}

/** What was read, where it is good. */
export const goodValue = (data: DataValue | undefined): unknown =>
  data === undefined || data.statusCode.value >= 0x8000_0000 ? undefined : ((data.value?.value as unknown) ?? undefined)
