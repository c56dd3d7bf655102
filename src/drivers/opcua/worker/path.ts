/** The way from the Objects folder to a node, found from below: one that is in several places has the first that the server names. */
import type { NodeId } from 'node-opcua-client'
import type { BrowseName } from '../address.ts'
import type { Connection } from './connection.ts'
import { foundBy, type FoundNode } from './found-node.ts'
import { namespaceOf } from './node-text.ts'
import { browseAll, ReferenceType } from './references.ts'

const OBJECTS = 85
const MOST_LEVELS = 50
const MOST_PARENTS = 20

/** Names from below the Objects folder on; empty for that itself; undefined where it leads elsewhere. */
export async function pathOf(
  connection: Connection,
  { nodeId, browseName }: FoundNode,
  signal: AbortSignal,
): Promise<readonly BrowseName[] | undefined> {
  const names: BrowseName[] = []
  const seen = new Set<string>()
  let at: NodeId | undefined = nodeId
  let name = browseName
  while (at !== undefined && names.length < MOST_LEVELS) {
    if (at.namespace === 0 && at.value === OBJECTS) return names
    if (seen.has(at.toString())) return undefined
    seen.add(at.toString())
    names.unshift({ namespace: namespaceOf(connection, name.namespaceIndex), name: name.name })
    const query = { type: ReferenceType.hierarchical, inverse: true, most: MOST_PARENTS }
    const [above] = await browseAll(connection, [at], query, signal)
    const parents = above!.references.flatMap((reference) => foundBy(connection, reference) ?? [])
    const next: FoundNode | undefined = parents.find((parent) => !seen.has(parent.nodeId.toString()))
    at = next?.nodeId
    name = next?.browseName ?? name
  }
  return undefined
}
