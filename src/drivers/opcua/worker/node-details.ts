/** All of one node: every attribute that it has, and its references in both directions. */
import type { NodeId, ReferenceDescription } from 'node-opcua-client'
import { toText } from '../../../protocols/opcua/value.ts'
import type { NodeReference } from '../browsed.ts'
import type { Connection } from './connection.ts'
import { classOf, goodValue, textOf } from './found-node.ts'
import { localId, nodeText } from './node-text.ts'
import { Attribute, readAttributes } from './reading.ts'
import { browseAll } from './references.ts'

/** OPC 10000-6, A.1, in its order from 1 on. */
const ATTRIBUTES = [
  'NodeId', 'NodeClass', 'BrowseName', 'DisplayName', 'Description', 'WriteMask', 'UserWriteMask', 'IsAbstract', 'Symmetric',
  'InverseName', 'ContainsNoLoops', 'EventNotifier', 'Value', 'DataType', 'ValueRank', 'ArrayDimensions', 'AccessLevel',
  'UserAccessLevel', 'MinimumSamplingInterval', 'Historizing', 'Executable', 'UserExecutable', 'DataTypeDefinition',
  'RolePermissions', 'UserRolePermissions', 'AccessRestrictions', 'AccessLevelEx',
] as const // prettier-ignore
const MOST_REFERENCES = 500
const MOST_TEXT = 4000

/** By the standard's names; those that the node does not have, or that we may not read, are absent. */
export async function readAllAttributes(connection: Connection, nodeId: NodeId): Promise<Record<string, string>> {
  const asked = ATTRIBUTES.map((_, at) => ({ nodeId, attributeId: at + 1 }))
  const values = await readAttributes(connection.session, connection.limits, asked)
  const attributes: Record<string, string> = {}
  for (const [at, name] of ATTRIBUTES.entries()) {
    const text = attributeText(connection, at + 1, goodValue(values[at]))
    if (text !== undefined) attributes[name] = text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text
  }
  return attributes
}

/** Bits of AccessLevel (OPC 10000-3, 8.57). */
const ACCESS = [
  'read',
  'write',
  'read history',
  'write history',
  'semantic change',
  'write status',
  'write time',
] as const

function attributeText(connection: Connection, attribute: number, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  if (attribute === Attribute.NodeClass) return classOf(value as number)
  if (attribute === Attribute.AccessLevel || attribute === Attribute.UserAccessLevel) {
    const names = ACCESS.filter((_, bit) => ((value as number) >> bit) & 1)
    return names.length === 0 ? 'none' : names.join(', ')
  }
  if (attribute === 1 || attribute === Attribute.DataType) return nodeText(connection, value as NodeId)
  if (attribute === Attribute.BrowseName) {
    const { namespaceIndex, name } = value as { namespaceIndex: number; name: string | null }
    return namespaceIndex === 0
      ? (name ?? '')
      : `{${connection.namespaces[namespaceIndex] ?? namespaceIndex}}${name ?? ''}`
  }
  return toText(value)
}

/** References of every type; `more`: there are more of them. */
export async function readReferences(
  connection: Connection,
  nodeId: NodeId,
  signal: AbortSignal,
): Promise<{ references: readonly NodeReference[]; more: boolean }> {
  const [found] = await browseAll(connection, [nodeId], { both: true, most: MOST_REFERENCES }, signal)
  const types = [
    ...new Map(found!.references.map(({ referenceTypeId }) => [referenceTypeId.toString(), referenceTypeId])),
  ]
  const asked = types.map(([, id]) => ({ nodeId: id, attributeId: Attribute.BrowseName }))
  const names = await readAttributes(connection.session, connection.limits, asked)
  const named = new Map(
    types.map(([key], at) => [key, (goodValue(names[at]) as { name?: string | null } | undefined)?.name ?? key]),
  )
  const references = found!.references.map((one) =>
    toReference(connection, one, named.get(one.referenceTypeId.toString())!),
  )
  return { references, more: found!.cut }
}

function toReference(
  connection: Connection,
  { nodeId, isForward, browseName, displayName }: ReferenceDescription,
  type: string,
): NodeReference {
  const local = localId(connection, nodeId)
  return {
    type,
    forward: isForward,
    node: local === undefined ? nodeId.toString() : nodeText(connection, local),
    name: textOf(displayName) ?? browseName.name ?? '',
  }
}
