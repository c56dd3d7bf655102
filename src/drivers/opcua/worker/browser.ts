/**
 * Browsing of one server: walks that are under way, each with a number by which it goes on, and single nodes. What was learned holds
 * for one session: indexes of namespaces may be others in the next.
 */
import type { Identity } from '../../../core/driver.ts'
import { GatewayError } from '../../../core/errors.ts'
import { parseNode, type BrowseName } from '../address.ts'
import type {
  BrowsedNode,
  DescribeNodes,
  NextOfWalk,
  NodeDetails,
  OneNode,
  OpenWalk,
  WalkPart,
  WalkStart,
} from '../browsed.ts'
import type { Connection } from './connection.ts'
import { DataTypes } from './data-types.ts'
import { readDeviceIdentity } from './device-identity.ts'
import { classOf, findNodes, isServerPath, type FoundNode } from './found-node.ts'
import { readAllAttributes, readReferences } from './node-details.ts'
import { readFacts, shown } from './node-facts.ts'
import { nodeText, pathText } from './node-text.ts'
import { resolveNodes } from './nodes.ts'
import { pathsOf } from './path.ts'
import { endsSession, NoAnswerError, ServiceError } from './transaction.ts'
import { Walk } from './walk.ts'

/** Walks of one server at a time; the one that waited longest goes when another begins. */
const MOST_WALKS = 8
const OBJECTS = 'i=85'

export class Browser {
  readonly #connection: Connection
  readonly #walks = new Map<number, Walk>()
  #nextWalk = 1
  #epoch = -1
  #types: DataTypes

  constructor(connection: Connection) {
    this.#connection = connection
    this.#types = new DataTypes(connection)
  }

  /** Throws NOT_FOUND where the server has no such node. */
  async open(request: OpenWalk, signal: AbortSignal): Promise<WalkStart> {
    return this.#guarded(async () => {
      const { found, path } = await this.#find(request.start ?? OBJECTS, signal)
      const start = await this.#describe(found, path, signal)
      const inServer = found.nodeId.namespace === 0 && isServerPath(path)
      const options = { ...request, withServer: request.withServer || inServer }
      const walk = new Walk(this.#connection, this.#types, { nodeId: found.nodeId, path }, options)
      const number = this.#nextWalk++
      this.#walks.set(number, walk)
      for (const oldest of this.#walks.keys()) if (this.#walks.size > MOST_WALKS) this.#walks.delete(oldest)
      return { walk: number, start }
    })
  }

  /** Throws NOT_FOUND for a walk that has ended, was given up, or began in another session. */
  async next({ walk: number, most }: NextOfWalk, signal: AbortSignal): Promise<WalkPart> {
    return this.#guarded(async () => {
      const walk = this.#walks.get(number)
      if (walk === undefined)
        throw new GatewayError('NOT_FOUND', 'this search is over, or the connection was lost meanwhile: begin again')
      // It goes to the end of the row: it is in use.
      this.#walks.delete(number)
      this.#walks.set(number, walk)
      const part = await walk.next(signal, most)
      if (part.done) this.#walks.delete(number)
      return part
    })
  }

  end(number: number): void {
    this.#walks.delete(number)
  }

  /** What tags of these nodes would be; undefined for a node that the server does not have. */
  async describe(
    { nodes, members, paths = false }: DescribeNodes,
    signal: AbortSignal,
  ): Promise<(BrowsedNode | undefined)[]> {
    return this.#guarded(async () => {
      const resolved = await resolveNodes(this.#connection, nodes)
      const ids = resolved.flatMap(({ nodeId }) => nodeId ?? [])
      const found = await findNodes(this.#connection, ids, signal)
      const known = found.flatMap((one) => one ?? [])
      const facts = await readFacts(this.#connection, this.#types, known, { members }, signal)
      const described = new Map(known.map((one, at) => [one, facts[at]!]))
      const ways = paths ? await pathsOf(this.#connection, known, signal) : []
      const placed = new Map(known.map((one, at) => [one, ways[at]]))
      let at = 0
      return resolved.map(({ nodeId }) => {
        const one = nodeId === undefined ? undefined : found[at++]
        if (one === undefined) return undefined
        return { ...this.#head(one, placed.get(one)), ...shown(described.get(one)!) }
      })
    })
  }

  /** What the device says of itself, and where it says nothing what its server does. */
  async identity(signal: AbortSignal): Promise<Identity> {
    return this.#guarded(async () => ({
      ...this.#connection.identity,
      ...(await readDeviceIdentity(this.#connection, signal)),
    }))
  }

  /** All of one node. Throws NOT_FOUND where the server has no such node. */
  async details({ node }: OneNode, signal: AbortSignal): Promise<NodeDetails> {
    return this.#guarded(async () => {
      const { found, path } = await this.#find(node, signal)
      const facts = await this.#describe(found, path, signal)
      const attributes = await readAllAttributes(this.#connection, found.nodeId)
      return { facts, attributes, ...(await readReferences(this.#connection, found.nodeId, signal)) }
    })
  }

  async #find(
    text: string,
    signal: AbortSignal,
  ): Promise<{ found: FoundNode; path: readonly BrowseName[] | undefined }> {
    const [resolved] = await resolveNodes(this.#connection, [parseNode(text)])
    if (resolved?.nodeId === undefined) throw new GatewayError('NOT_FOUND', resolved!.reason)
    const [found] = await findNodes(this.#connection, [resolved.nodeId], signal)
    if (found === undefined) throw unknownNode(text)
    const [path] = await pathsOf(this.#connection, [found], signal)
    return { found, path }
  }

  async #describe(
    found: FoundNode,
    path: readonly BrowseName[] | undefined,
    signal: AbortSignal,
  ): Promise<BrowsedNode> {
    const [facts] = await readFacts(this.#connection, this.#types, [found], {}, signal)
    return { ...this.#head(found, path), ...shown(facts!) }
  }

  #head(found: FoundNode, path: readonly BrowseName[] | undefined): BrowsedNode {
    return {
      index: 0,
      parent: null,
      level: 0,
      node: nodeText(this.#connection, found.nodeId),
      path: pathText(path),
      nodeClass: classOf(found.nodeClass),
      browseName: found.browseName.name,
      displayName: found.displayName,
    }
  }

  /** Errors of the service in words; what a session taught goes with it. */
  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    const connection = this.#connection
    if (this.#epoch !== connection.epoch) {
      this.#epoch = connection.epoch
      this.#types = new DataTypes(connection)
      this.#walks.clear()
    }
    try {
      return await work()
    } catch (error) {
      if (endsSession(error)) throw connection.lost(error)
      const { endpoint } = connection.options
      if (error instanceof NoAnswerError)
        throw new GatewayError('TIMEOUT', `${endpoint}: ${error.message}`, { cause: error })
      if (error instanceof ServiceError)
        throw new GatewayError('ACCESS_REFUSED', `the server at ${endpoint} refused it: ${error.message}`, {
          cause: error,
        })
      throw error
    }
  }
}

const unknownNode = (text: string): GatewayError =>
  new GatewayError('NOT_FOUND', `The server knows no node at ${text}. Look for it with \`bifrost opcua browse\`.`)
