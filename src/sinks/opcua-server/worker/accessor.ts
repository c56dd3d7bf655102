/**
 * Read, Write and HistoryRead of our variables' values (OPC 10000-4, 5.11); everything else is node-opcua's own. Its reading changes
 * the timestamps of what it shows where the status is bad, and its writing is one node after the other and shows what was asked for
 * in place of what the device has.
 */
import {
  AttributeIds,
  BrowseResult,
  DataValue,
  StatusCodes,
  TimestampsToReturn,
  type HistoryReadResult,
  type StatusCode,
} from 'node-opcua-client'
import type { ServerEngine } from 'node-opcua-server'
import type { Access } from './access.ts'
import type { Devices, PlacedTag } from './address-space.ts'
import type { Asks } from './asks.ts'
import type { History } from './history.ts'
import { toStatusCode } from './status-codes.ts'
import { fromVariant, hasRange } from './values.ts'

type Accessor = NonNullable<ServerEngine['addressSpaceAccessor']>
type Context = Parameters<Accessor['read']>[0]
type ReadRequest = Parameters<Accessor['read']>[1]
type WriteValue = Parameters<Accessor['write']>[1][number]
type HistoryRequest = Parameters<Accessor['historyRead']>[1]
type NodeToRead = NonNullable<ReadRequest['nodesToRead']>[number]

/** As it stands in a request. */
const VALUE: number = AttributeIds.Value

export interface AccessorParts {
  readonly devices: Devices
  readonly access: Access
  readonly asks: Asks
  /** Undefined: clients may not read it. */
  readonly history: History | undefined
}

export class TagAccessor implements Accessor {
  readonly #own: Accessor
  readonly #parts: AccessorParts

  constructor(own: Accessor, parts: AccessorParts) {
    this.#own = own
    this.#parts = parts
  }

  browse: Accessor['browse'] = (context, nodes) =>
    this.#splitHidden(
      context,
      nodes,
      () => new BrowseResult({ statusCode: StatusCodes.BadUserAccessDenied }),
      (rest) => this.#own.browse(context, rest),
    )

  call: Accessor['call'] = (context, methods) => this.#own.call(context, methods)

  async read(context: Context, request: ReadRequest): Promise<DataValue[]> {
    const nodes = request.nodesToRead ?? []
    const stamps = request.timestampsToReturn ?? TimestampsToReturn.Neither
    return split(
      nodes,
      (node) => (isWhole(node) ? this.#parts.devices.find(node.nodeId) : undefined),
      (placed) => this.#readOne(context, placed, stamps),
      (others) =>
        this.#splitHidden(
          context,
          others,
          () => new DataValue({ statusCode: StatusCodes.BadUserAccessDenied }),
          (rest) => this.#own.read(context, { ...request, nodesToRead: rest }),
        ),
    )
  }

  async write(context: Context, nodes: WriteValue[]): Promise<StatusCode[]> {
    const { devices } = this.#parts
    return split(
      nodes,
      (node) => (node.attributeId === VALUE ? devices.find(node.nodeId) : undefined),
      (placed, node) => this.#writeOne(context, placed, node),
      // Some of node-opcua's own nodes may be written by anybody, diagnostics of other sessions among them.
      async (rest) =>
        rest.map(({ nodeId }) =>
          devices.isUnknown(nodeId) ? StatusCodes.BadNodeIdUnknown : StatusCodes.BadNotWritable,
        ),
    )
  }

  async historyRead(context: Context, request: HistoryRequest): Promise<HistoryReadResult[]> {
    const { history, devices, access } = this.#parts
    if (history === undefined) return this.#own.historyRead(context, request)
    const visitor = access.of(context.session)
    return split(
      request.nodesToRead ?? [],
      (node) => devices.find(node.nodeId),
      (placed, node) => history.read(placed, node, request, visitor),
      (rest) => this.#own.historyRead(context, Object.assign(request, { nodesToRead: rest })),
    )
  }

  /** Nodes of tags that this visitor may not see get `denied`; `others` has the rest. */
  #splitHidden<Node extends { nodeId?: Parameters<Devices['isHidden']>[0] }, Result>(
    { session }: Context,
    nodes: readonly Node[],
    denied: () => Result,
    others: (rest: Node[]) => Promise<Result[]>,
  ): Promise<Result[]> {
    const { access, devices } = this.#parts
    const visitor = access.of(session)
    return split(nodes, ({ nodeId }) => devices.isHidden(nodeId, visitor) || undefined, denied, others)
  }

  #readOne(context: Context, placed: PlacedTag, stamps: TimestampsToReturn): DataValue {
    if (!this.#parts.access.of(context.session).mayRead(placed.rights))
      return new DataValue({ statusCode: StatusCodes.BadUserAccessDenied })
    return stamped(placed.holder.$dataValue, stamps)
  }

  async #writeOne(
    context: Context,
    { node, rights }: PlacedTag,
    { value, indexRange }: WriteValue,
  ): Promise<StatusCode> {
    const visitor = this.#parts.access.of(context.session)
    if (rights.writers === 0) return StatusCodes.BadNotWritable
    if (!visitor.mayWrite(rights)) return StatusCodes.BadUserAccessDenied
    if (hasRange(indexRange)) return StatusCodes.BadWriteNotSupported
    // A status or a time of the client's own is nothing that a device could take (OPC 10000-4, 5.11.4.2).
    if (value.statusCode.isNotGood() || value.sourceTimestamp !== null || value.serverTimestamp !== null)
      return StatusCodes.BadWriteNotSupported
    const asked = fromVariant(node.type, value.value)
    if (asked === undefined) return StatusCodes.BadTypeMismatch
    if (typeof asked === 'number' && !Number.isFinite(asked)) return StatusCodes.BadOutOfRange
    const { device, name: tag } = node
    const { user, from } = visitor
    const answer = await this.#parts.asks.ask({ what: 'write', args: { device, tag, value: asked, user, from } })
    return toStatusCode(answer.status)
  }
}

/** Those that `find` finds by `mine`, all at once; the others together by `others`; the results in the order of the nodes. */
async function split<Node, Found, Result>(
  nodes: readonly Node[],
  find: (node: Node) => Found | undefined,
  mine: (found: Found, node: Node) => Result | Promise<Result>,
  others: (rest: Node[]) => Promise<Result[]>,
): Promise<Result[]> {
  const results: (Result | Promise<Result>)[] = []
  const rest: Node[] = []
  const places: number[] = []
  for (const [at, node] of nodes.entries()) {
    const found = find(node)
    if (found !== undefined) results[at] = mine(found, node)
    else {
      rest.push(node)
      places.push(at)
    }
  }
  if (rest.length > 0) for (const [at, result] of (await others(rest)).entries()) results[places[at]!] = result
  return Promise.all(results)
}

/** The value itself, whole. */
function isWhole({ attributeId, indexRange, dataEncoding }: NodeToRead): boolean {
  if (attributeId !== VALUE || hasRange(indexRange)) return false
  return typeof dataEncoding !== 'object' || dataEncoding === null || !dataEncoding.name
}

/** A copy with the timestamps that were asked for. Whether a value came is seen by its status. */
export function stamped(
  { value, statusCode, sourceTimestamp, serverTimestamp }: DataValue,
  stamps: TimestampsToReturn,
): DataValue {
  const copy = new DataValue(null)
  copy.value = value
  copy.statusCode = statusCode
  if (stamps === TimestampsToReturn.Source || stamps === TimestampsToReturn.Both) copy.sourceTimestamp = sourceTimestamp
  if (stamps === TimestampsToReturn.Server || stamps === TimestampsToReturn.Both) copy.serverTimestamp = serverTimestamp
  return copy
}
