/** From a value of ours to a Variant of exactly the type that the server's node or argument has. */
import type { Argument, DataValue, NodeId, VariantOptions } from 'node-opcua-client'
import { INTEGER_RANGES, type DataType, type Value } from '../../../core/value.ts'
import { BuiltIn, halvesOf } from '../../../protocols/opcua/value.ts'
import type { Connection } from './connection.ts'
import { Attribute, readAttributes } from './reading.ts'

/** Integers of OPC UA by their numbers, as we call them. */
const INTEGERS: Readonly<Record<number, DataType>> = {
  2: 'int8',
  3: 'uint8',
  4: 'int16',
  5: 'uint16',
  6: 'int32',
  7: 'uint32',
  8: 'int64',
  9: 'uint64',
}

const SCALAR = 0
const ARRAY = 1

/** `current`: what the node holds now, whose type is taken; undefined: the value does not fit. */
export async function variantOf(
  connection: Connection,
  nodeId: NodeId,
  current: DataValue | undefined,
  index: readonly number[] | undefined,
  value: Value,
): Promise<VariantOptions | undefined> {
  const known: number | undefined = current?.value?.dataType
  const builtIn = known !== undefined && known !== 0 ? known : await builtInOf(connection, nodeId)
  const arrayType: number = current?.value?.arrayType ?? SCALAR
  const isArray = arrayType !== SCALAR
  if (isArray && index === undefined) return arrayOf(builtIn, value)
  const raw = toRaw(builtIn, value)
  if (raw === undefined) return undefined
  // One element of an array is written as an array of one.
  if (index === undefined) return { dataType: builtIn, arrayType: SCALAR, value: raw }
  return { dataType: builtIn, arrayType: ARRAY, value: [raw] }
}

/** A whole array is given as JSON. */
function arrayOf(builtIn: number, value: Value): VariantOptions | undefined {
  if (typeof value !== 'string') return undefined
  let items: unknown
  try {
    items = JSON.parse(value)
  } catch {
    return undefined
  }
  if (!Array.isArray(items)) return undefined
  const raw = items.map((item) => toRaw(builtIn, item as Value))
  return raw.includes(undefined) ? undefined : { dataType: builtIn, arrayType: ARRAY, value: raw }
}

async function builtInOf(connection: Connection, nodeId: NodeId): Promise<number> {
  const [data] = await readAttributes(connection.session, connection.limits, [
    { nodeId, attributeId: Attribute.DataType },
  ])
  const type = data?.value?.value as NodeId | undefined
  return type === undefined ? 0 : resolveBuiltIn(connection, type)
}

/** Subtypes of built-in types (Duration, UtcTime, enumerations) travel as those. */
async function resolveBuiltIn(connection: Connection, type: NodeId): Promise<number> {
  if (type.namespace === 0 && typeof type.value === 'number' && type.value > 0 && type.value <= 25) return type.value
  return connection.library.findBasicDataType(connection.session.session, type)
}

/** One input argument of a method; `given` as JSON has it. */
export async function argumentOf(
  connection: Connection,
  { dataType, valueRank }: Argument,
  given: unknown,
): Promise<VariantOptions | undefined> {
  const builtIn = await resolveBuiltIn(connection, dataType)
  if (valueRank >= 1) return Array.isArray(given) ? arrayOf(builtIn, JSON.stringify(given)) : undefined
  const raw = toRaw(builtIn, given as Value)
  // Two halves of an Int64 are an array to the library until it is told that they are none.
  return raw === undefined ? undefined : { dataType: builtIn, arrayType: SCALAR, value: raw }
}

/** The value as the library encodes it in a Variant of this built-in type; undefined: it does not fit. */
function toRaw(builtIn: number, value: Value): unknown {
  const integer = INTEGERS[builtIn]
  if (integer !== undefined) return toInteger(integer, value)
  if (builtIn === BuiltIn.Boolean)
    return typeof value === 'boolean' ? value : value === 0 || value === 1 ? value === 1 : undefined
  if (builtIn === BuiltIn.Float || builtIn === BuiltIn.Double) {
    const number = typeof value === 'bigint' ? Number(value) : value
    return typeof number === 'number' && Number.isFinite(number) ? number : undefined
  }
  if (builtIn === BuiltIn.ByteString)
    return value instanceof Uint8Array
      ? Buffer.from(value)
      : typeof value === 'string'
        ? Buffer.from(value, 'base64')
        : undefined
  if (builtIn === BuiltIn.DateTime) return toDate(value)
  if (typeof value !== 'string') return undefined
  if (builtIn === BuiltIn.LocalizedText) return { text: value, locale: null }
  return builtIn === BuiltIn.String || builtIn === BuiltIn.Guid || builtIn === BuiltIn.XmlElement ? value : undefined
}

function toInteger(type: DataType, value: Value): unknown {
  const given = typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : value
  if (typeof given !== 'bigint' && !(typeof given === 'number' && Number.isInteger(given))) return undefined
  const [least, greatest] = INTEGER_RANGES[type]!
  if (given < least || given > greatest) return undefined
  return type === 'int64' || type === 'uint64' ? halvesOf(BigInt(given)) : Number(given)
}

function toDate(value: Value): Date | undefined {
  const date =
    typeof value === 'bigint'
      ? new Date(Number(value))
      : typeof value === 'string' || typeof value === 'number'
        ? new Date(value)
        : undefined
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date
}
