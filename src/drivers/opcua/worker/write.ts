/**
 * Writes of values, or of a member of an array, calls of methods, and what is done about conditions. One status an item: a refusal is data. The type of a node is
 * asked for once a session, so that the server gets exactly what it stores.
 */
import type {
  CallMethodResult,
  CallResponse,
  DataValueOptions,
  NodeId,
  WriteResponse,
  WriteValueOptions,
} from 'node-opcua-client'
import { Status, statusInfo } from '../../../core/status.ts'
import type { Value } from '../../../core/value.ts'
import { halvesOf, toText } from '../../../protocols/opcua/value.ts'
import type { OpcuaAddress } from '../address.ts'
import type { SentWrite, WriteAnswer } from '../messages.ts'
import { settleCondition } from './condition-call.ts'
import type { Conditions } from './conditions.ts'
import type { Connection } from './connection.ts'
import { resolveNodes } from './nodes.ts'
import { Attribute, readAttributes } from './reading.ts'
import { endsSession, NoAnswerError, ServiceError } from './transaction.ts'
import { variantOf } from './write-value.ts'

interface Outcome {
  readonly status: number
  readonly remark?: string | undefined
}

export async function write(
  connection: Connection,
  conditions: Conditions,
  items: readonly SentWrite[],
): Promise<WriteAnswer> {
  const outcomes: Outcome[] = []
  // In order: the last write of a node is the one that stays.
  for (const item of items) outcomes.push(await writeOne(connection, conditions, item))
  return { statuses: outcomes.map(({ status }) => status), remarks: outcomes.map(({ remark }) => remark) }
}

async function writeOne(connection: Connection, conditions: Conditions, item: SentWrite): Promise<Outcome> {
  try {
    if (item.address.kind === 'call') return await call(connection, item.address, item.value)
    if (item.address.kind === 'value') return await writeValue(connection, item.address, item)
    return await settleCondition(connection, conditions, String(item.value))
  } catch (error) {
    if (endsSession(error)) throw connection.lost(error)
    if (error instanceof NoAnswerError) return { status: Status.BadTimeout }
    if (error instanceof ServiceError) return { status: error.status }
    throw error
  }
}

async function writeValue(
  connection: Connection,
  { node, member }: OpcuaAddress & { kind: 'value' },
  { value }: SentWrite,
): Promise<Outcome> {
  const [resolved] = await resolveNodes(connection, [node])
  if (resolved?.nodeId === undefined) return { status: resolved!.status, remark: resolved!.reason }
  const { nodeId } = resolved
  const [step] = member
  if (member.length > 1 || typeof step === 'string')
    return { status: Status.BadNotSupported, remark: 'A field of a structure cannot be written by itself.' }
  const current = await readAttributes(connection.session, connection.limits, [
    { nodeId, attributeId: Attribute.Value },
  ])
  const variant = await variantOf(connection, nodeId, current[0], step, value)
  if (variant === undefined)
    return { status: Status.BadTypeMismatch, remark: 'The value does not fit the type of the node.' }
  const { writeTimestamps } = connection.options
  const data: DataValueOptions = { value: variant }
  if (writeTimestamps !== 'none') data.sourceTimestamp = new Date()
  if (writeTimestamps === 'both') data.statusCode = connection.library.StatusCodes.Good
  const indexRange = step === undefined ? undefined : step.join(',')
  const status = await send(connection, { nodeId, attributeId: Attribute.Value, value: data, ...rangeOf(indexRange) })
  // A server may refuse times and status and take the value alone (BadWriteNotSupported).
  if (status !== WRITE_NOT_SUPPORTED || writeTimestamps === 'none') return { status }
  const bare = await send(connection, {
    nodeId,
    attributeId: Attribute.Value,
    value: { value: variant },
    ...rangeOf(indexRange),
  })
  return { status: bare, remark: 'The server takes no source time with a write; the value went without.' }
}

const WRITE_NOT_SUPPORTED = 0x80730000

function rangeOf(text: string | undefined): Pick<WriteValueOptions, 'indexRange'> {
  return text === undefined ? {} : { indexRange: text as never }
}

async function send(connection: Connection, item: WriteValueOptions): Promise<number> {
  const { WriteRequest } = connection.library
  const { results } = await connection.session.request<WriteResponse>(new WriteRequest({ nodesToWrite: [item] }))
  return results?.[0]?.value ?? Status.BadUnknownResponse
}

/** `value`: JSON with the input arguments, `[1, "fast"]`; anything else is the only argument. What comes back is the remark. */
async function call(
  connection: Connection,
  { object, method }: OpcuaAddress & { kind: 'call' },
  value: Value,
): Promise<Outcome> {
  const resolved = await resolveNodes(connection, [object, method])
  const missing = resolved.find(({ nodeId }) => nodeId === undefined)
  if (missing !== undefined) return { status: missing.status!, remark: missing.reason! }
  const given = argumentsOf(value)
  if (given === undefined)
    return { status: Status.BadTypeMismatch, remark: 'Expected a JSON list of arguments, such as [1, "fast"].' }
  const [objectId, methodId] = resolved.map(({ nodeId }) => nodeId!) as [NodeId, NodeId]
  const { inputArguments } = await connection.session.session.getArgumentDefinition(methodId)
  if (inputArguments.length !== given.length)
    return {
      status: given.length < inputArguments.length ? ARGUMENTS_MISSING : TOO_MANY_ARGUMENTS,
      remark: `The method takes ${inputArguments.length} arguments (${inputArguments.map(({ name }) => name).join(', ')}), got ${given.length}.`,
    }
  const { argumentOf } = await import('./write-value.ts')
  const variants = await Promise.all(inputArguments.map((one, at) => argumentOf(connection, one, given[at])))
  const wrong = variants.indexOf(undefined)
  if (wrong >= 0)
    return {
      status: Status.BadTypeMismatch,
      remark: `Argument ${inputArguments[wrong]!.name} is of another type than ${JSON.stringify(given[wrong])}.`,
    }
  const { CallRequest } = connection.library
  const methodsToCall = [{ objectId, methodId, inputArguments: variants.map((variant) => variant!) }]
  const { results } = await connection.session.request<CallResponse>(new CallRequest({ methodsToCall }))
  return outcomeOf(results?.[0])
}

const ARGUMENTS_MISSING = 0x80760000
const TOO_MANY_ARGUMENTS = 0x80e50000

function outcomeOf(result: CallMethodResult | undefined): Outcome {
  if (result === undefined) return { status: Status.BadUnknownResponse }
  const outputs = (result.outputArguments ?? []).map(({ value }) => value as unknown)
  const { value: status } = result.statusCode
  if (status >= 0x8000_0000) return { status, remark: statusInfo(status).text }
  return { status, remark: outputs.length === 0 ? undefined : `It returned ${toText(outputs)}` }
}

function argumentsOf(value: Value): readonly unknown[] | undefined {
  if (typeof value !== 'string') return [typeof value === 'bigint' ? halvesOf(value) : value]
  if (value.trim() === '') return []
  try {
    const parsed: unknown = JSON.parse(value)
    return Array.isArray(parsed) ? parsed : [parsed]
  } catch {
    return undefined
  }
}
