/** The types of a server's events: their names, and which stands below which. Asked for when the first event of a type comes. */
import type { BrowseResponse, NodeId, QualifiedName } from 'node-opcua-client'
import type { Connection } from './connection.ts'
import { nodeTextOf } from './node-text.ts'
import { Attribute, readAttributes } from './reading.ts'

export interface EventType {
  /** Without its namespace; undefined: the server does not say. */
  readonly name: string | undefined
  /** Itself and the types above it, as they are written; known where somebody asked for it. */
  readonly lineage?: ReadonlySet<string> | undefined
}

const HAS_SUBTYPE = 45
const INVERSE = 1
/** Nobody has more types, nor deeper ones. */
const MOST_TYPES = 5000
const DEEPEST = 32

export class EventTypes {
  readonly #types = new Map<string, EventType>()
  #epoch = -1

  /** What is known of it without asking. */
  known(connection: Connection, type: NodeId, withLineage: boolean): EventType | undefined {
    // Namespace URIs may mean other types in another session's server.
    if (this.#epoch !== connection.epoch) this.#types.clear()
    this.#epoch = connection.epoch
    const found = this.#types.get(nodeTextOf(connection.namespaces, type) ?? '')
    return withLineage && found?.lineage === undefined ? undefined : found
  }

  /** Never rejects: what cannot be found out stays unknown. */
  async learn(connection: Connection, type: NodeId, withLineage: boolean): Promise<EventType> {
    const text = nodeTextOf(connection.namespaces, type) ?? ''
    let learned: EventType = { name: undefined }
    try {
      const name = await nameOf(connection, type)
      learned = withLineage ? { name, lineage: await lineageOf(connection, type) } : { name }
    } catch {
      // The event is worth more than the name of its type.
    }
    if (this.#types.size >= MOST_TYPES) this.#types.clear()
    this.#types.set(text, learned)
    return learned
  }
}

async function nameOf(connection: Connection, nodeId: NodeId): Promise<string | undefined> {
  const asked = [{ nodeId, attributeId: Attribute.BrowseName }]
  const [data] = await readAttributes(connection.session, connection.limits, asked)
  return (data?.value?.value as QualifiedName | undefined)?.name ?? undefined
}

async function lineageOf(connection: Connection, type: NodeId): Promise<ReadonlySet<string>> {
  const { BrowseRequest, NodeId } = connection.library
  const lineage = new Set<string>()
  let at: NodeId | undefined = type
  while (at !== undefined && lineage.size < DEEPEST) {
    lineage.add(nodeTextOf(connection.namespaces, at) ?? '')
    const request: object = new BrowseRequest({
      requestedMaxReferencesPerNode: 1,
      nodesToBrowse: [
        {
          nodeId: at,
          browseDirection: INVERSE,
          referenceTypeId: new NodeId(1, HAS_SUBTYPE, 0),
          includeSubtypes: true,
          nodeClassMask: 0,
          resultMask: 0,
        },
      ],
    })
    const { results }: BrowseResponse = await connection.session.request<BrowseResponse>(request)
    const above = results?.[0]?.references?.[0]?.nodeId
    at = above === undefined ? undefined : new NodeId(above.identifierType, above.value, above.namespace)
  }
  return lineage
}
