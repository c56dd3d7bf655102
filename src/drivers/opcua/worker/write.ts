/**
 * Writes of values or of a member of an array, calls of methods, and what is done about conditions. One status an item: a refusal is data. What has to be asked first is asked before the
 * write is announced as sent; then each item is one request, and what is not wanted any more by then is not sent. Nothing is sent twice,
 * but the value alone where a server refused it with a time or a status.
 */
import type { DataValueOptions, NodeId, VariantOptions, WriteResponse, WriteValueOptions } from 'node-opcua-client'
import { Status, type StatusCode } from '../../../core/status.ts'
import type { Value } from '../../../core/value.ts'
import { BuiltIn } from '../../../protocols/opcua/value.ts'
import type { MemberStep, OpcuaAddress } from '../address.ts'
import type { SentWrite } from '../messages.ts'
import { prepareCall } from './call.ts'
import { settleCondition } from './condition-call.ts'
import type { Conditions } from './conditions.ts'
import type { Connection } from './connection.ts'
import { resolveNodes } from './nodes.ts'
import { Attribute, readAttributes } from './reading.ts'
import { endsSession, NoAnswerError, ServiceError } from './transaction.ts'
import { toVariant } from './write-value.ts'

export interface Outcome {
  readonly status: StatusCode
  readonly remark?: string | undefined
}

/** Nothing was changed yet; `send` does it. */
export interface ReadyWrite {
  send(): Promise<Outcome>
}

export const isReady = (one: ReadyWrite | Outcome): one is ReadyWrite => 'send' in one

/** What is ready to be sent, and what never will be. Throws NotConnectedError alone. */
export async function prepareWrite(
  connection: Connection,
  conditions: Conditions,
  { address, value }: SentWrite,
): Promise<ReadyWrite | Outcome> {
  const ready = await settled(connection, async () => {
    if (address.kind === 'call') return prepareCall(connection, address, value)
    if (address.kind === 'value') return prepareValue(connection, address, value)
    return { send: () => settleCondition(connection, conditions, String(value)) }
  })
  if (!isReady(ready)) return ready
  const { epoch } = connection
  return {
    // Node ids of another session may be those of other nodes.
    send: async () =>
      epoch === connection.epoch
        ? settled(connection, () => ready.send())
        : { status: Status.BadRequestNotComplete, remark: 'The session began anew before the write was sent.' },
  }
}

/** What a request came to as a status; a session that is no more throws. */
async function settled<T>(connection: Connection, work: () => Promise<T>): Promise<T | Outcome> {
  try {
    return await work()
  } catch (error) {
    if (endsSession(error)) throw connection.lost(error)
    if (error instanceof NoAnswerError) return { status: Status.BadTimeout }
    if (error instanceof ServiceError) return { status: error.status }
    throw error
  }
}

async function prepareValue(
  connection: Connection,
  { node, member }: OpcuaAddress & { kind: 'value' },
  value: Value,
): Promise<ReadyWrite | Outcome> {
  const [resolved] = await resolveNodes(connection, [node])
  if (resolved?.nodeId === undefined) return { status: resolved!.status, remark: resolved!.reason }
  const { nodeId } = resolved
  const [step] = member
  if (member.length > 1 || typeof step === 'string')
    return { status: Status.BadNotSupported, remark: 'A field of a structure cannot be written by itself.' }
  const variant = await variantOf(connection, nodeId, step, value)
  if ('status' in variant) return variant
  const item = { nodeId, attributeId: Attribute.Value, ...(step === undefined ? {} : rangeOf(step)) }
  return { send: () => sendValue(connection, item, variant) }
}

async function variantOf(
  connection: Connection,
  nodeId: NodeId,
  step: MemberStep | undefined,
  value: Value,
): Promise<VariantOptions | Outcome> {
  const type = await connection.types.of(nodeId)
  if (typeof type === 'number') return { status: type }
  let { builtIn } = type
  let isArray = type.rank >= 1
  if (builtIn === 0 || (type.rank !== -1 && !isArray)) {
    // Only what it holds now says what it takes.
    const [now] = await readAttributes(connection.session, connection.limits, [
      { nodeId, attributeId: Attribute.Value },
    ])
    const held = now?.value
    if (builtIn === 0) builtIn = held?.dataType ?? 0
    if (type.rank !== -1 && !isArray) isArray = (held?.arrayType ?? 0) !== 0
  }
  if (builtIn === BuiltIn.ExtensionObject)
    return { status: Status.BadNotSupported, remark: 'A structure cannot be written.' }
  if (step !== undefined && !isArray)
    return { status: Status.BadIndexRangeInvalid, remark: 'The node holds a single value, not an array.' }
  const variant = toVariant(builtIn, step !== undefined ? 'element' : isArray ? 'array' : 'single', value)
  return variant ?? { status: Status.BadTypeMismatch, remark: misfit(isArray && step === undefined) }
}

const misfit = (isArray: boolean): string =>
  isArray
    ? 'The node holds an array: it takes a text with a JSON list of values that fit its type.'
    : 'The value does not fit the type of the node.'

async function sendValue(
  connection: Connection,
  item: Omit<WriteValueOptions, 'value'>,
  value: VariantOptions,
): Promise<Outcome> {
  const { writeTimestamps } = connection.options
  const data: DataValueOptions = { value }
  if (writeTimestamps !== 'none') data.sourceTimestamp = new Date()
  if (writeTimestamps === 'both') data.statusCode = connection.library.StatusCodes.Good
  const status = await send(connection, { ...item, value: data })
  // It takes a value without time and status alone (OPC 10000-4, 5.11.4).
  if (status !== Status.BadWriteNotSupported || writeTimestamps === 'none') return { status }
  const bare = await send(connection, { ...item, value: { value } })
  return { status: bare, remark: 'The server takes no source time with a write; the value went without.' }
}

/** OPC 10000-4, 7.27: `2`, and `1,2` in a matrix. */
function rangeOf(step: readonly number[]): Pick<WriteValueOptions, 'indexRange'> {
  return { indexRange: step.join(',') as never }
}

async function send(connection: Connection, item: WriteValueOptions): Promise<StatusCode> {
  const { WriteRequest } = connection.library
  const { results } = await connection.session.request<WriteResponse>(new WriteRequest({ nodesToWrite: [item] }))
  return results?.[0]?.value ?? Status.BadUnknownResponse
}
