/**
 * What the data types of a server are: their names, the built-in type as which they travel, the words of enumerations and the fields
 * of structures (DataTypeDefinition, OPC 10000-3, 8.48 to 8.52; EnumStrings and EnumValues of older servers, 5.8.3). Asked for once
 * a session and type.
 */
import type { NodeId } from 'node-opcua-client'
import type { DataType } from '../../../core/value.ts'
import type { Connection } from './connection.ts'
import { goodValue } from './found-node.ts'
import { Attribute, readAttributes } from './reading.ts'
import { browseAll, ReferenceType } from './references.ts'
import { localId } from './node-text.ts'
import { toSymbols } from './symbols.ts'

export interface UaDataType {
  readonly name: string
  /** Its number (OPC 10000-6, 5.1.2); 0 where only the value tells: BaseDataType, Number, Integer, UInteger. */
  readonly builtIn: number
  readonly symbols?: string
  /** Of a structure whose description the server gives. */
  readonly fields?: readonly UaField[]
}

export interface UaField {
  readonly name: string
  readonly type: NodeId
  readonly valueRank: number
}

const NAMES = [
  'BaseDataType', 'Boolean', 'SByte', 'Byte', 'Int16', 'UInt16', 'Int32', 'UInt32', 'Int64', 'UInt64', 'Float', 'Double', 'String',
  'DateTime', 'Guid', 'ByteString', 'XmlElement', 'NodeId', 'ExpandedNodeId', 'StatusCode', 'QualifiedName', 'LocalizedText',
  'Structure', 'DataValue', 'BaseDataType', 'DiagnosticInfo',
] as const // prettier-ignore
const INT32 = 6
export const STRUCTURE = 22
const NUMBERS: Readonly<Record<number, string>> = { 26: 'Number', 27: 'Integer', 28: 'UInteger' }
const ENUMERATION = 29
/** Types above one another, and fields of one. */
const MOST_LEVELS = 32
const MOST_FIELDS = 500
const MOST_PROPERTIES = 20

/** The type of tag for each built-in type; what is absent is a text. */
const TAG_TYPES: Readonly<Record<number, DataType>> = {
  1: 'bool', 2: 'int8', 3: 'uint8', 4: 'int16', 5: 'uint16', 6: 'int32', 7: 'uint32', 8: 'int64', 9: 'uint64', 10: 'float32',
  11: 'float64', 15: 'bytes', 19: 'uint32',
} // prettier-ignore

export const tagTypeOf = (builtIn: number): DataType => TAG_TYPES[builtIn] ?? 'string'

interface Known {
  readonly name: string
  readonly above: NodeId | undefined
  readonly definition: unknown
  readonly id: NodeId
}

export class DataTypes {
  readonly #connection: Connection
  readonly #types = new Map<string, UaDataType>()
  readonly #known = new Map<string, Known>()

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** What was asked for before. A type that nobody knows is like BaseDataType. */
  get(id: NodeId): UaDataType {
    return standard(id) ?? this.#types.get(id.toString()) ?? { name: id.toString(), builtIn: 0 }
  }

  /** Asks for those that are not known yet, with the types of the fields of structures. */
  async load(ids: readonly NodeId[], signal: AbortSignal): Promise<void> {
    let missing = this.#missing(ids)
    for (let level = 0; missing.length > 0 && level < MOST_LEVELS; level++) {
      await this.#learn(missing, signal)
      const chains = await this.#learnAbove(missing, signal)
      await this.#describe(chains, signal)
      missing = this.#missing(
        chains.flatMap((id) => this.#types.get(id.toString())?.fields?.map(({ type }) => type) ?? []),
      )
    }
  }

  #missing(ids: readonly NodeId[]): NodeId[] {
    const missing = new Map(ids.map((id) => [id.toString(), id]))
    return [...missing].flatMap(([key, id]) => (standard(id) !== undefined || this.#types.has(key) ? [] : [id]))
  }

  /** Name, definition and the type above, of each. */
  async #learn(ids: readonly NodeId[], signal: AbortSignal): Promise<void> {
    const connection = this.#connection
    const attributes = ids.flatMap((nodeId) => [
      { nodeId, attributeId: Attribute.BrowseName },
      { nodeId, attributeId: Attribute.DataTypeDefinition },
    ])
    const values = await readAttributes(connection.session, connection.limits, attributes)
    const above = await browseAll(connection, ids, { type: ReferenceType.hasSubtype, inverse: true, most: 1 }, signal)
    for (const [at, id] of ids.entries()) {
      const name = goodValue(values[2 * at]) as { name?: string | null } | undefined
      const [reference] = above[at]!.references
      this.#known.set(id.toString(), {
        id,
        name: name?.name ?? id.toString(),
        above: reference === undefined ? undefined : localId(connection, reference.nodeId),
        definition: goodValue(values[2 * at + 1]),
      })
    }
  }

  /** Up to types of the standard; returns what was asked for. */
  async #learnAbove(ids: readonly NodeId[], signal: AbortSignal): Promise<readonly NodeId[]> {
    let next = ids
    for (let level = 0; level < MOST_LEVELS; level++) {
      const above = next.flatMap((id) => this.#known.get(id.toString())?.above ?? [])
      next = [...new Map(above.map((id) => [id.toString(), id])).values()].filter(
        (id) => standard(id) === undefined && !isEnumeration(id) && !this.#known.has(id.toString()),
      )
      if (next.length === 0) break
      await this.#learn(next, signal)
    }
    return ids
  }

  async #describe(ids: readonly NodeId[], signal: AbortSignal): Promise<void> {
    const untold: Known[] = []
    for (const id of ids) {
      const known = this.#known.get(id.toString())
      if (known === undefined) continue
      const { name, definition } = known
      const builtIn = this.#builtInOf(known)
      if (builtIn !== 'enumeration') {
        this.#types.set(id.toString(), { name, builtIn, ...fieldsOf(builtIn, definition) })
        continue
      }
      const symbols = symbolsOf(definition)
      this.#types.set(id.toString(), { name, builtIn: INT32, ...(symbols === undefined ? {} : { symbols }) })
      if (symbols === undefined) untold.push(known)
    }
    if (untold.length > 0) await this.#readWords(untold, signal)
  }

  #builtInOf(type: Known): number | 'enumeration' {
    let id: NodeId | undefined = type.id
    for (let level = 0; id !== undefined && level < MOST_LEVELS; level++) {
      if (isEnumeration(id)) return 'enumeration'
      const found = standard(id)
      if (found !== undefined) return found.builtIn
      id = this.#known.get(id.toString())?.above
    }
    return 0
  }

  /** EnumStrings or EnumValues of a type: servers before 1.04. */
  async #readWords(types: readonly Known[], signal: AbortSignal): Promise<void> {
    const connection = this.#connection
    const query = { type: ReferenceType.hasProperty, most: MOST_PROPERTIES }
    const properties = await browseAll(
      connection,
      types.map(({ id }) => id),
      query,
      signal,
    )
    const found = types.flatMap((type, at) => {
      const property = properties[at]!.references.find(({ browseName }) =>
        /^Enum(Strings|Values)$/.test(browseName.name ?? ''),
      )
      const nodeId = property === undefined ? undefined : localId(connection, property.nodeId)
      return nodeId === undefined ? [] : [{ type, nodeId }]
    })
    const asked = found.map(({ nodeId }) => ({ nodeId, attributeId: Attribute.Value }))
    const values = await readAttributes(connection.session, connection.limits, asked)
    for (const [at, { type }] of found.entries()) {
      const symbols = toSymbols(goodValue(values[at]))
      if (symbols !== undefined) this.#types.set(type.id.toString(), { name: type.name, builtIn: INT32, symbols })
    }
  }
}

const isEnumeration = ({ namespace, value }: NodeId): boolean => namespace === 0 && value === ENUMERATION

function standard({ namespace, value }: NodeId): UaDataType | undefined {
  if (namespace !== 0 || typeof value !== 'number') return undefined
  if (value > 0 && value < NAMES.length) return { name: NAMES[value]!, builtIn: value === 24 ? 0 : value }
  const number = NUMBERS[value]
  return number === undefined ? undefined : { name: number, builtIn: 0 }
}

interface Definition {
  readonly fields?:
    | readonly {
        readonly name?: string | null
        readonly value?: unknown
        readonly dataType?: NodeId
        readonly valueRank?: number
      }[]
    | null
  /** 2: a union, of which one field is there at a time (OPC 10000-3, 8.49). */
  readonly structureType?: number
}

function fieldsOf(builtIn: number, definition: unknown): { readonly fields?: readonly UaField[] } {
  const { fields, structureType } = (definition ?? {}) as Definition
  if (builtIn !== STRUCTURE || structureType === 2 || !Array.isArray(fields)) return {}
  const named = fields
    .slice(0, MOST_FIELDS)
    .flatMap(({ name, dataType, valueRank }): UaField[] =>
      typeof name === 'string' && name !== '' && dataType !== undefined
        ? [{ name, type: dataType, valueRank: valueRank ?? -1 }]
        : [],
    )
  return named.length === 0 ? {} : { fields: named }
}

/** EnumDefinition. */
function symbolsOf(definition: unknown): string | undefined {
  const { fields } = (definition ?? {}) as Definition
  if (!Array.isArray(fields) || fields.length === 0) return undefined
  return toSymbols(fields.map(({ name, value }) => ({ value, displayName: { text: name ?? '' } })))
}
