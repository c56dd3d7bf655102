/** Nodes that are read again and again get a handle from the server, which may answer sooner (RegisterNodes, OPC 10000-4, 5.9.5). */
import type { NodeId } from 'node-opcua-client'
import type { Connection } from './connection.ts'
import { inChunks } from './reading.ts'
import { endsSession } from './transaction.ts'

/** The handles for this session; the nodes themselves where the server has none. */
export async function registerNodes(connection: Connection, nodes: readonly NodeId[]): Promise<readonly NodeId[]> {
  try {
    const handles = await inChunks(connection.limits, 'register', nodes, (chunk) =>
      connection.session.session.registerNodes([...chunk]),
    )
    return nodes.map((node, at) => handles[at] ?? node)
  } catch (error) {
    if (endsSession(error)) throw connection.lost(error)
    return nodes
  }
}
