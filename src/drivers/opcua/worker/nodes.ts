/**
 * From a node as it is configured to the node id of this session: namespace URIs become the indexes of now, browse paths are
 * asked for (OPC 10000-4, 5.9.4). What cannot be found is a status with a reason, for that node alone.
 */
import type { BrowsePathResult, NodeId, TranslateBrowsePathsToNodeIdsResponse } from 'node-opcua-client'
import type { ClientLibrary } from '../../../protocols/opcua/library.ts'
import { Status, type StatusCode } from '../../../core/status.ts'
import { formatNode, type BrowseName, type NodeRef } from '../address.ts'
import type { Connection } from './connection.ts'
import { inChunks } from './reading.ts'

export type Resolved =
  | { readonly nodeId: NodeId; readonly status?: undefined; readonly reason?: undefined }
  | { readonly nodeId?: undefined; readonly status: StatusCode; readonly reason: string }

const OBJECTS_FOLDER = 85
const HIERARCHICAL_REFERENCES = 33

/** One result a node, in order. */
export async function resolveNodes(connection: Connection, nodes: readonly NodeRef[]): Promise<Resolved[]> {
  const paths = nodes.flatMap((node, at) => (node.kind === 'path' ? [{ at, node }] : []))
  const results = nodes.map((node) => (node.kind === 'id' ? resolveId(connection, node) : unresolved(node)))
  const known = paths.filter(({ at, node }) => {
    const missing = node.names.map(({ namespace }) => namespace).find((one) => indexOf(connection, one) === undefined)
    if (missing !== undefined) results[at] = unknownNamespace(connection, missing)
    return missing === undefined
  })
  const answers = await inChunks(connection.limits, 'translate', known, (chunk) =>
    translate(
      connection,
      chunk.map(({ node }) => node.names),
    ),
  )
  for (const [i, { at, node }] of known.entries()) results[at] = fromPath(connection.library, answers[i], node)
  return results
}

const unresolved = (node: NodeRef): Resolved => ({
  status: Status.BadNodeIdUnknown,
  reason: `The server knows no node at ${formatNode(node)}. Look for it with \`bifrost opcua browse\`.`,
})

function resolveId(connection: Connection, node: NodeRef & { kind: 'id' }): Resolved {
  const namespace = indexOf(connection, node.namespace)
  if (namespace === undefined) return unknownNamespace(connection, node.namespace)
  return { nodeId: toNodeId(connection.library, namespace, node) }
}

/** NodeIdType of OPC 10000-6, 5.2.2.9 in the library's numbers. */
const TYPES = { i: 1, s: 2, g: 3, b: 4 } as const

function toNodeId({ NodeId }: ClientLibrary, namespace: number, { type, id }: NodeRef & { kind: 'id' }): NodeId {
  const value = type === 'i' ? Number(id) : type === 'b' ? Buffer.from(id, 'base64') : id
  return new NodeId(TYPES[type], value, namespace)
}

export function indexOf({ namespaces }: Connection, namespace: number | string): number | undefined {
  if (typeof namespace === 'number') return namespace
  const index = namespaces.indexOf(namespace)
  return index < 0 ? undefined : index
}

const unknownNamespace = ({ namespaces }: Connection, namespace: number | string): Resolved => ({
  status: Status.BadNodeIdUnknown,
  reason: `The server has no namespace ${namespace}; it has ${namespaces.slice(0, 20).join(', ')}.`,
})

async function translate(
  connection: Connection,
  paths: readonly (readonly BrowseName[])[],
): Promise<readonly BrowsePathResult[]> {
  const { NodeId, TranslateBrowsePathsToNodeIdsRequest } = connection.library
  const browsePaths = paths.map((names) => ({
    startingNode: new NodeId(1, OBJECTS_FOLDER, 0),
    relativePath: {
      elements: names.map(({ namespace, name }) => ({
        referenceTypeId: new NodeId(1, HIERARCHICAL_REFERENCES, 0),
        isInverse: false,
        includeSubtypes: true,
        targetName: { namespaceIndex: indexOf(connection, namespace)!, name },
      })),
    },
  }))
  const request = new TranslateBrowsePathsToNodeIdsRequest({ browsePaths })
  return (await connection.session.request<TranslateBrowsePathsToNodeIdsResponse>(request)).results ?? []
}

/** The child of this name in the standard's namespace; undefined: there is none. */
export async function translateFrom(
  connection: Connection,
  startingNode: NodeId,
  name: string,
): Promise<NodeId | undefined> {
  const { NodeId, TranslateBrowsePathsToNodeIdsRequest } = connection.library
  const referenceTypeId = new NodeId(1, HIERARCHICAL_REFERENCES, 0)
  const target = { referenceTypeId, isInverse: false, includeSubtypes: true, targetName: { namespaceIndex: 0, name } }
  const request = new TranslateBrowsePathsToNodeIdsRequest({
    browsePaths: [{ startingNode, relativePath: { elements: [target] } }],
  })
  const { results } = await connection.session.request<TranslateBrowsePathsToNodeIdsResponse>(request)
  const found = results?.[0]?.statusCode.value === 0 ? results[0].targets?.[0]?.targetId : undefined
  return found === undefined ? undefined : new NodeId(found.identifierType, found.value, found.namespace)
}

/** A path that leads to several nodes leads nowhere: nobody could tell which of them is meant. */
function fromPath({ NodeId }: ClientLibrary, result: BrowsePathResult | undefined, node: NodeRef): Resolved {
  const targets = (result?.targets ?? []).filter(({ remainingPathIndex }) => remainingPathIndex === 0xffff_ffff)
  if (result?.statusCode.value !== 0 || targets.length === 0) return unresolved(node)
  if (targets.length > 1)
    return {
      status: Status.BadConfigurationError,
      reason: `${formatNode(node)} leads to ${targets.length} nodes. Name the node by its id.`,
    }
  const { identifierType, value, namespace } = targets[0]!.targetId
  return { nodeId: new NodeId(identifierType, value, namespace) }
}
