/**
 * A walk through the address space, a part at a time, so that polls have their turn in between: from a node along its hierarchical
 * references, level by level, each node once however many ways lead to it. What it holds is bounded by the number of nodes asked for.
 */
import type { NodeId } from 'node-opcua-client'
import { statusHex } from '../../../core/status.ts'
import type { BrowseName } from '../address.ts'
import type { BrowsedNode, OpenWalk, WalkPart } from '../browsed.ts'
import type { Connection } from './connection.ts'
import type { DataTypes } from './data-types.ts'
import { classOf, foundBy, isProperty, type FoundNode } from './found-node.ts'
import { readDescriptions, readFacts, shown, type Facts } from './node-facts.ts'
import { namespaceOf, nodeText, pathBelow, pathText } from './node-text.ts'
import { parsePattern, type Matcher } from './pattern.ts'
import { browseAll, ReferenceType, type References } from './references.ts'

/** Nodes of one part, and nodes whose children one request asks for. */
const PART = 500
const PARENTS = 200
const MOST_PROBLEMS = 20
const SERVER_OBJECT = 2253
const METHOD = 4
/** Of a node that is looked for among many. */
const MOST_OF_ONE = 1_000_000

/** A node whose children are still to be looked at. */
interface Parent {
  readonly nodeId: NodeId
  readonly index: number
  readonly level: number
  readonly path: readonly BrowseName[] | undefined
  readonly text: string
  readonly children?: References | undefined
}

/** A node that was found and is still to be described. */
interface Pending {
  readonly found: FoundNode
  readonly index: number
  readonly parent: Parent
}

export type WalkOptions = Pick<OpenWalk, 'depth' | 'most' | 'withServer' | 'members' | 'bare' | 'pattern'>

export class Walk {
  readonly #connection: Connection
  readonly #types: DataTypes
  readonly #options: WalkOptions
  readonly #fits: Matcher | undefined
  readonly #seen = new Set<string>()
  #frontier: Parent[]
  #pending: Pending[] = []
  /** Described, and not given yet. */
  #ready: BrowsedNode[] = []
  #given = 0
  #next = 1
  #cut = false
  #problems = 0

  /** Throws INVALID_REQUEST for a pattern that is none. `path`: of the start, from the Objects folder on. */
  constructor(
    connection: Connection,
    types: DataTypes,
    start: { readonly nodeId: NodeId; readonly path: readonly BrowseName[] | undefined },
    options: WalkOptions,
  ) {
    this.#connection = connection
    this.#types = types
    this.#options = options
    this.#fits = options.pattern === undefined ? undefined : parsePattern(options.pattern)
    this.#seen.add(start.nodeId.toString())
    this.#frontier = [{ ...start, index: 0, level: 0, text: nodeText(connection, start.nodeId) }]
  }

  /** The next nodes: some hundreds, `most` of them, or none although there are more to come. */
  async next(signal: AbortSignal, most = PART): Promise<WalkPart> {
    const problems: string[] = []
    if (this.#ready.length === 0) {
      if (this.#pending.length === 0) await this.#look(problems, signal)
      const part = this.#pending.splice(0, PART)
      if (part.length > 0) this.#ready = await this.#describe(part, signal)
    }
    const nodes = this.#ready.splice(0, Math.min(most, this.#options.most - this.#given))
    this.#given += nodes.length
    if (this.#given >= this.#options.most && !this.#isDone) this.#end()
    return { nodes, looked: this.#next - 1, done: this.#isDone, cut: this.#cut, problems }
  }

  get #isDone(): boolean {
    return this.#ready.length === 0 && this.#pending.length === 0 && this.#frontier.length === 0
  }

  #end(): void {
    this.#cut = true
    this.#ready = []
    this.#pending = []
    this.#frontier = []
  }

  /** The children of the next nodes of the frontier. */
  async #look(problems: string[], signal: AbortSignal): Promise<void> {
    const parents = this.#frontier.splice(0, PARENTS)
    const unknown = parents.filter(({ children }) => children === undefined)
    // With a pattern most of what is found is not given.
    const most = this.#fits === undefined ? this.#options.most - this.#given : MOST_OF_ONE
    const answers = await browseAll(
      this.#connection,
      unknown.map(({ nodeId }) => nodeId),
      { type: ReferenceType.hierarchical, most },
      signal,
    )
    const found = new Map(unknown.map((parent, at) => [parent, answers[at]!]))
    for (const parent of parents) {
      const { references, cut, refused } = parent.children ?? found.get(parent)!
      if (cut) this.#cut = true
      if (refused !== undefined && this.#problems++ < MOST_PROBLEMS)
        problems.push(`${parent.text} cannot be looked into: ${nameOfStatus(this.#connection, refused)}`)
      for (const reference of references) {
        const node = foundBy(this.#connection, reference)
        if (node !== undefined && this.#isNew(node)) this.#pending.push({ found: node, index: this.#next++, parent })
      }
    }
  }

  #isNew({ nodeId }: FoundNode): boolean {
    const key = nodeId.toString()
    if (this.#seen.has(key)) return false
    this.#seen.add(key)
    return true
  }

  async #describe(part: readonly Pending[], signal: AbortSignal): Promise<BrowsedNode[]> {
    const given = this.#fits === undefined ? part : await this.#fitting(part, this.#fits)
    const nodes = given.map(({ found }) => found)
    const facts =
      this.#options.bare === true
        ? nodes.map((node): Facts => (isProperty(node) ? { isProperty: true } : {}))
        : await readFacts(this.#connection, this.#types, nodes, this.#options, signal)
    const known = new Map(given.map((one, at) => [one, facts[at]!]))
    for (const one of part) this.#follow(one, known.get(one)?.children)
    return given.map((one) => this.#toNode(one, known.get(one)!))
  }

  async #fitting(part: readonly Pending[], fits: Matcher): Promise<readonly Pending[]> {
    const descriptions = await readDescriptions(
      this.#connection,
      part.map(({ found }) => found.nodeId),
    )
    const texts = part.flatMap(({ found }, at) => [found.browseName.name, found.displayName, descriptions[at] ?? ''])
    const results = fits(texts)
    return part.filter((_, at) => results[3 * at] || results[3 * at + 1] || results[3 * at + 2])
  }

  #follow({ found, index, parent }: Pending, children: References | undefined): void {
    const level = parent.level + 1
    if (level >= this.#options.depth || found.nodeClass === METHOD || isProperty(found)) return
    if (children?.references.length === 0 || (!this.#options.withServer && isServerObject(found.nodeId))) return
    const { nodeId } = found
    const path = pathBelow(parent.path, nameOf(this.#connection, found))
    this.#frontier.push({ nodeId, index, level, path, text: nodeText(this.#connection, nodeId), children })
  }

  #toNode({ found, index, parent }: Pending, facts: Facts): BrowsedNode {
    return {
      index,
      parent: parent.index,
      level: parent.level + 1,
      node: nodeText(this.#connection, found.nodeId),
      path: pathText(pathBelow(parent.path, nameOf(this.#connection, found))),
      nodeClass: classOf(found.nodeClass),
      browseName: found.browseName.name,
      displayName: found.displayName,
      ...shown(facts),
    }
  }
}

const isServerObject = ({ namespace, value }: NodeId): boolean => namespace === 0 && value === SERVER_OBJECT

/** The standard has more statuses than values can have. */
const nameOfStatus = ({ library: { StatusCodes } }: Connection, status: number): string =>
  Object.values(StatusCodes as unknown as Record<string, { readonly value: number; readonly name: string }>).find(
    ({ value }) => value === status,
  )?.name ?? statusHex(status)

const nameOf = (connection: Connection, { browseName: { namespaceIndex, name } }: FoundNode): BrowseName => ({
  namespace: namespaceOf(connection, namespaceIndex),
  name,
})
