/** Node ids and browse paths as addresses have them, with the namespace by its URI, which outlives a restart of the server. */
import type { ExpandedNodeId, NodeId } from 'node-opcua-client'
import { formatNode, type BrowseName, type NodeRef } from '../address.ts'
import type { Connection } from './connection.ts'

/** By IdentifierType less one (OPC 10000-6, 5.2.2.9, in the library's numbers). */
const TYPES = ['i', 's', 'g', 'b'] as const

/** URI of a namespace; its index where the server does not say one. */
export const namespaceOf = ({ namespaces }: Pick<Connection, 'namespaces'>, index: number): number | string =>
  index === 0 ? 0 : (namespaces[index] ?? index)

/** `nsu=http://example.org/plant;s=Line1.Level`; `i=85` in the standard's namespace. */
export function nodeText(connection: Pick<Connection, 'namespaces'>, nodeId: NodeId): string {
  const type = TYPES[nodeId.identifierType - 1]
  const { value } = nodeId
  if (type === undefined) return nodeId.toString()
  const id = Buffer.isBuffer(value)
    ? value.toString('base64')
    : type === 'g'
      ? String(value).toLowerCase()
      : String(value)
  const reference: NodeRef = { kind: 'id', namespace: namespaceOf(connection, nodeId.namespace), type, id }
  return formatNode(reference)
}

/** The plain id of a reference's target; undefined where another server has it. */
export function localId(
  { namespaces, library: { NodeId: Id } }: Pick<Connection, 'namespaces' | 'library'>,
  { serverIndex, namespaceUri, namespace, identifierType, value }: ExpandedNodeId,
): NodeId | undefined {
  if (serverIndex !== 0) return undefined
  const named =
    namespaceUri === null || namespaceUri === undefined || namespaceUri === '' ? -1 : namespaces.indexOf(namespaceUri)
  return new Id(identifierType, value, named < 0 ? namespace : named)
}

/** The path of a node below one whose path is known. */
export function pathBelow(
  path: readonly BrowseName[] | undefined,
  name: BrowseName,
): readonly BrowseName[] | undefined {
  return path === undefined ? undefined : [...path, name]
}

/** As an address has it; null: there is none. */
export const pathText = (path: readonly BrowseName[] | undefined): string | null =>
  path === undefined || path.length === 0 ? null : formatNode({ kind: 'path', names: path })

/** As `nodeText`; undefined: a null node id, which stands for nothing. */
export const nodeTextOf = (namespaces: readonly string[], nodeId: NodeId | null | undefined): string | undefined =>
  nodeId === null || nodeId === undefined || nodeId.isEmpty() ? undefined : nodeText({ namespaces }, nodeId)
