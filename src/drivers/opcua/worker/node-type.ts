/** What a node takes when it is written to: its built-in type, and whether that is an array. Asked for once a session. */
import type { NodeId } from 'node-opcua-client'
import { Status, type StatusCode } from '../../../core/status.ts'
import type { Connection } from './connection.ts'
import { DataTypes } from './data-types.ts'
import { Attribute, readAttributes } from './reading.ts'

export interface NodeType {
  /** 0: any (BaseDataType, Number …): a value tells. */
  readonly builtIn: number
  /** -1 a single value, 1 and more an array of so many dimensions; else a value tells (OPC 10000-3, 5.6.2). */
  readonly rank: number
}

const ANY_RANK = -2
const MOST_KNOWN = 20_000

export class NodeTypes {
  readonly #connection: Connection
  #epoch = -1
  #types: DataTypes
  readonly #nodes = new Map<string, NodeType>()

  constructor(connection: Connection) {
    this.#connection = connection
    this.#types = new DataTypes(connection)
  }

  /** Throws for the whole request alone; a node that the server refuses is a status. */
  async of(nodeId: NodeId): Promise<NodeType | StatusCode> {
    this.#begin()
    const key = nodeId.toString()
    const known = this.#nodes.get(key)
    if (known !== undefined) return known
    const { session, limits } = this.#connection
    const attributes = [Attribute.DataType, Attribute.ValueRank].map((attributeId) => ({ nodeId, attributeId }))
    const [type, rank] = await readAttributes(session, limits, attributes)
    if (type === undefined) return Status.BadUnknownResponse
    if (type.statusCode.value >= 0x8000_0000) return type.statusCode.value
    const given: unknown = rank?.value?.value
    const builtIn = await this.builtInOf(type.value?.value as NodeId | null)
    const found = { builtIn, rank: typeof given === 'number' ? given : ANY_RANK }
    if (this.#nodes.size >= MOST_KNOWN) this.#nodes.clear()
    this.#nodes.set(key, found)
    return found
  }

  /** The built-in type that a data type travels as; 0: any, or the server does not say. */
  async builtInOf(type: NodeId | null | undefined): Promise<number> {
    this.#begin()
    if (type === null || type === undefined) return 0
    await this.#types.load([type], new AbortController().signal)
    return this.#types.get(type).builtIn
  }

  /** Node ids of another session may be those of other nodes. */
  #begin(): void {
    const { epoch } = this.#connection
    if (epoch === this.#epoch) return
    this.#epoch = epoch
    this.#nodes.clear()
    this.#types = new DataTypes(this.#connection)
  }
}
