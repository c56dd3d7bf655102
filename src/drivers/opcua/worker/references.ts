/**
 * The references of nodes (Browse and BrowseNext, OPC 10000-4, 5.9.2 and 5.9.3). What a server holds back for later (continuation
 * points) is fetched, or given back where it is not wanted; a server that has no room left for that is asked again for those nodes
 * when the others are through.
 */
import type { BrowseNextResponse, BrowseResponse, BrowseResult, NodeId, ReferenceDescription } from 'node-opcua-client'
import type { StatusCode } from '../../../core/status.ts'
import type { Connection } from './connection.ts'
import { inChunks } from './reading.ts'

export const ReferenceType = { hierarchical: 33, hasSubtype: 45, hasProperty: 46, hasTypeDefinition: 40 } as const

export interface ReferenceQuery {
  /** A reference type of the standard, with its subtypes; undefined: every one. */
  readonly type?: number | undefined
  readonly inverse?: boolean | undefined
  /** References in both directions. */
  readonly both?: boolean | undefined
  /** No more of one node. */
  readonly most: number
}

/** The references of one node. */
export interface References {
  readonly references: readonly ReferenceDescription[]
  /** There were more than were wanted. */
  readonly cut: boolean
  /** Why there are none, or not all. */
  readonly refused?: StatusCode
}

/** References in one answer and of one node. */
const PAGE = 1000
const FORWARD = 0
const INVERSE = 1
const BOTH = 2
const ALL_FIELDS = 63
const NO_CONTINUATION_POINTS = 0x804b0000
const UNKNOWN_RESPONSE = 0x80090000
/** Answers with more to come and nothing in them. */
const MOST_EMPTY_PAGES = 10

interface Open {
  readonly references: ReferenceDescription[]
  continuation: Buffer | undefined
  cut: boolean
  refused?: StatusCode
  emptyPages: number
}

/** One result a node, in order. A node that cannot be browsed has a status; the others are not touched by that. */
export async function browseAll(
  connection: Connection,
  nodes: readonly NodeId[],
  query: ReferenceQuery,
  signal: AbortSignal,
): Promise<References[]> {
  const results: (Open | undefined)[] = nodes.map(() => undefined)
  let waiting = nodes.map((_, at) => at)
  // How many at once: fewer when the server has no room for so many half-told nodes.
  let most = nodes.length
  while (waiting.length > 0) {
    const now = waiting.slice(0, most)
    const answers = await browse(
      connection,
      now.map((at) => nodes[at]!),
      query,
    )
    await finish(connection, answers, query, signal)
    const crowded = now.filter((_, i) => answers[i]!.refused === NO_CONTINUATION_POINTS)
    // Alone, and still no room: it stays as it is.
    const again = now.length === 1 ? [] : crowded
    for (const [i, at] of now.entries()) if (!again.includes(at)) results[at] = answers[i]!
    waiting = [...again, ...waiting.slice(now.length)]
    if (again.length > 0) most = Math.max(1, Math.min(Math.floor(now.length / 2), now.length - again.length))
  }
  return results.map((one) => {
    const { references, cut, refused } = one!
    return { references, cut, ...(refused === undefined ? {} : { refused }) }
  })
}

async function browse(
  connection: Connection,
  nodes: readonly NodeId[],
  { type, inverse = false, both = false, most }: ReferenceQuery,
): Promise<Open[]> {
  const { BrowseRequest, NodeId: Id } = connection.library
  const description = {
    browseDirection: both ? BOTH : inverse ? INVERSE : FORWARD,
    includeSubtypes: true,
    nodeClassMask: 0,
    resultMask: ALL_FIELDS,
    ...(type === undefined ? {} : { referenceTypeId: new Id(1, type, 0) }),
  }
  const results = await inChunks(connection.limits, 'browse', nodes, async (chunk) => {
    const nodesToBrowse = chunk.map((nodeId) => ({ ...description, nodeId }))
    // One more than is wanted tells whether there are more.
    const request = new BrowseRequest({ requestedMaxReferencesPerNode: Math.min(PAGE, most + 1), nodesToBrowse })
    return (await connection.session.request<BrowseResponse>(request)).results ?? []
  })
  return results.map((result) => {
    const open: Open = { references: [], continuation: undefined, cut: false, emptyPages: 0 }
    take(open, result, most)
    return open
  })
}

/** Fetches what the server holds back, or gives it back. After an error what is still held there is given back too. */
async function finish(
  connection: Connection,
  all: readonly Open[],
  { most }: ReferenceQuery,
  signal: AbortSignal,
): Promise<void> {
  try {
    for (;;) {
      const open = all.filter(({ continuation, cut }) => continuation !== undefined && !cut)
      if (open.length === 0) break
      signal.throwIfAborted()
      const answers = await browseNext(connection, open, false)
      for (const [i, one] of open.entries()) take(one, answers[i], most)
    }
  } finally {
    const left = all.filter(({ continuation }) => continuation !== undefined)
    if (left.length > 0 && connection.isOpen) await browseNext(connection, left, true).catch(() => [])
  }
}

async function browseNext(
  connection: Connection,
  open: readonly Open[],
  releaseContinuationPoints: boolean,
): Promise<(BrowseResult | undefined)[]> {
  const { BrowseNextRequest } = connection.library
  const points = open.map(({ continuation }) => continuation!)
  for (const one of open) one.continuation = undefined
  return inChunks(connection.limits, 'browse', points, async (chunk) => {
    const request = new BrowseNextRequest({ continuationPoints: [...chunk], releaseContinuationPoints })
    return (await connection.session.request<BrowseNextResponse>(request)).results ?? []
  })
}

function take(open: Open, result: BrowseResult | undefined, most: number): void {
  const status = result?.statusCode.value ?? UNKNOWN_RESPONSE
  if (status >= 0x8000_0000) {
    open.refused = status
    return
  }
  const references = result!.references ?? []
  const room = most - open.references.length
  open.references.push(...references.slice(0, room))
  const point = result!.continuationPoint as Buffer | null
  open.continuation = point === null || point === undefined || point.length === 0 ? undefined : point
  if (references.length === 0 && ++open.emptyPages > MOST_EMPTY_PAGES) open.cut = true
  if (references.length > room || (open.continuation !== undefined && open.references.length >= most)) open.cut = true
}
