/** Reads attributes of nodes in as few requests as the server bears. */
import type { DataValue, NodeId, ReadResponse, ReadValueIdOptions } from 'node-opcua-client'
import { ServiceError } from './transaction.ts'
import type { LimitName, Limits } from './limits.ts'
import type { UaSession } from './session.ts'

/** OPC 10000-6, A.1. */
export const Attribute = {
  NodeId: 1,
  NodeClass: 2,
  BrowseName: 3,
  DisplayName: 4,
  Description: 5,
  EventNotifier: 12,
  Value: 13,
  DataType: 14,
  ValueRank: 15,
  ArrayDimensions: 16,
  AccessLevel: 17,
  UserAccessLevel: 18,
  Executable: 21,
  DataTypeDefinition: 23,
} as const

export interface NodeAttribute {
  readonly nodeId: NodeId
  readonly attributeId: number
}

/** One value a node, in order; undefined where the server gave none. The result is as long as what was asked, whatever came. */
export async function readAttributes(
  session: UaSession,
  limits: Limits,
  nodes: readonly NodeAttribute[],
): Promise<(DataValue | undefined)[]> {
  const results = await inChunks(limits, 'read', nodes, async (chunk) => {
    const { ReadRequest, TimestampsToReturn } = session.library
    const nodesToRead = chunk as readonly ReadValueIdOptions[] as ReadValueIdOptions[]
    const request = new ReadRequest({ maxAge: 0, nodesToRead, timestampsToReturn: TimestampsToReturn.Both })
    return (await session.request<ReadResponse>(request)).results ?? []
  })
  return results
}

/**
 * Sends `items` in chunks of what the server bears, halving a chunk that it refuses as too large. One result an item: where the
 * server gives fewer than it was asked for, the rest is undefined; what it gives beyond that is left out.
 */
export async function inChunks<Item, Result>(
  limits: Limits,
  limit: LimitName,
  items: readonly Item[],
  send: (chunk: readonly Item[]) => Promise<ArrayLike<Result>>,
): Promise<(Result | undefined)[]> {
  const results: (Result | undefined)[] = []
  while (results.length < items.length) {
    const chunk = items.slice(results.length, results.length + limits.of(limit))
    try {
      const given = await send(chunk)
      for (let i = 0; i < chunk.length; i++) results.push(given[i])
    } catch (error) {
      if (!(error instanceof ServiceError) || !limits.halve(limit, chunk.length, error.statusName)) throw error
    }
  }
  return results
}
