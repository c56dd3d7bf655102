/**
 * The way from the Objects folder to nodes, found from below, many at a time: one that is in several places has the first that the
 * server names.
 */
import type { ReferenceDescription } from 'node-opcua-client'
import type { BrowseName } from '../address.ts'
import type { Connection } from './connection.ts'
import { foundBy, type FoundNode } from './found-node.ts'
import { namespaceOf } from './node-text.ts'
import { browseAll, ReferenceType } from './references.ts'

const OBJECTS = 85
const MOST_LEVELS = 50
const MOST_PARENTS = 20

/** Names from below the Objects folder on; empty for that itself; undefined where it leads elsewhere. One a node, in order. */
export async function pathsOf(
  connection: Connection,
  nodes: readonly FoundNode[],
  signal: AbortSignal,
): Promise<(readonly BrowseName[] | undefined)[]> {
  const parents = new Map<string, FoundNode | undefined>()
  let level = unknown(nodes, parents)
  for (let depth = 0; level.length > 0 && depth < MOST_LEVELS; depth++) {
    const ids = level.map(({ nodeId }) => nodeId)
    const query = { type: ReferenceType.hierarchical, inverse: true, most: MOST_PARENTS }
    const above = await browseAll(connection, ids, query, signal)
    for (const [at, node] of level.entries())
      parents.set(keyOf(node), parentAmong(connection, node, above[at]!.references))
    level = unknown(
      level.flatMap((node) => parents.get(keyOf(node)) ?? []),
      parents,
    )
  }
  return nodes.map((node) => follow(connection, node, parents))
}

const keyOf = ({ nodeId }: FoundNode): string => nodeId.toString()

const isObjects = ({ nodeId: { namespace, value } }: FoundNode): boolean => namespace === 0 && value === OBJECTS

/** Each once, without those that are known and the Objects folder. */
function unknown(nodes: readonly FoundNode[], parents: ReadonlyMap<string, unknown>): FoundNode[] {
  const each = new Map(nodes.map((node) => [keyOf(node), node]))
  return [...each.values()].filter((node) => !isObjects(node) && !parents.has(keyOf(node)))
}

function parentAmong(
  connection: Connection,
  node: FoundNode,
  references: readonly ReferenceDescription[],
): FoundNode | undefined {
  const all = references.flatMap((reference) => foundBy(connection, reference) ?? [])
  return all.find((parent) => keyOf(parent) !== keyOf(node))
}

function follow(
  connection: Connection,
  node: FoundNode,
  parents: ReadonlyMap<string, FoundNode | undefined>,
): readonly BrowseName[] | undefined {
  const names: BrowseName[] = []
  let at: FoundNode | undefined = node
  // A circle of nodes has no beginning.
  while (at !== undefined && names.length < MOST_LEVELS) {
    if (isObjects(at)) return names
    const { namespaceIndex, name } = at.browseName
    names.unshift({ namespace: namespaceOf(connection, namespaceIndex), name })
    at = parents.get(keyOf(at))
  }
  return undefined
}
