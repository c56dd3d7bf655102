/**
 * Calls of methods (OPC 10000-4, 5.12). The value that is written is JSON with the input arguments, `[1, "fast"]`; anything else is the
 * only argument. What the method gives back is the remark, as JSON.
 */
import type { Argument, CallMethodResult, CallResponse, NodeId, Variant, VariantOptions } from 'node-opcua-client'
import { Status, statusInfo, statusName } from '../../../core/status.ts'
import type { Value } from '../../../core/value.ts'
import { BuiltIn, toPlain } from '../../../protocols/opcua/value.ts'
import type { OpcuaAddress } from '../address.ts'
import type { Connection } from './connection.ts'
import { resolveNodes, translateFrom } from './nodes.ts'
import { Attribute, readAttributes } from './reading.ts'
import type { Outcome, ReadyWrite } from './write.ts'
import { toVariant, variantOfList } from './write-value.ts'

/** A remark is a sentence, not a file. */
const MOST_RETURNED = 2000

export async function prepareCall(
  connection: Connection,
  { object, method }: OpcuaAddress & { kind: 'call' },
  value: Value,
): Promise<ReadyWrite | Outcome> {
  const resolved = await resolveNodes(connection, [object, method])
  const missing = resolved.find(({ nodeId }) => nodeId === undefined)
  if (missing !== undefined) return { status: missing.status!, remark: missing.reason! }
  const [objectId, methodId] = resolved.map(({ nodeId }) => nodeId!) as [NodeId, NodeId]
  const inputs = await inputsOf(connection, methodId)
  const given = argumentsOf(value, inputs.length)
  if (inputs.length !== given.length) return wrongCount(inputs, given.length)
  const inputArguments: VariantOptions[] = []
  for (const [at, input] of inputs.entries()) {
    const variant = await argumentOf(connection, input, given[at]!)
    if (variant === undefined)
      return {
        status: Status.BadTypeMismatch,
        remark: `Argument ${input.name} is of another type than ${JSON.stringify(given[at]!.value, bigintAsText)}.`,
      }
    inputArguments.push(variant)
  }
  return {
    async send() {
      const { CallRequest } = connection.library
      const request = new CallRequest({ methodsToCall: [{ objectId, methodId, inputArguments }] })
      const { results } = await connection.session.request<CallResponse>(request)
      return outcomeOf(results?.[0], inputs)
    },
  }
}

const bigintAsText = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value)

function wrongCount(inputs: readonly Argument[], given: number): Outcome {
  const names = inputs.length === 0 ? '' : ` (${inputs.map(({ name }) => name).join(', ')})`
  return {
    status: given < inputs.length ? Status.BadArgumentsMissing : Status.BadTooManyArguments,
    remark: `The method takes ${inputs.length} argument${inputs.length === 1 ? '' : 's'}${names}, got ${given}. Write a JSON list, such as [1, "fast"].`,
  }
}

/** What the method says that it takes; nothing where it has no such property. */
async function inputsOf(connection: Connection, methodId: NodeId): Promise<readonly Argument[]> {
  const property = await translateFrom(connection, methodId, 'InputArguments')
  if (property === undefined) return []
  const { session, limits } = connection
  const [data] = await readAttributes(session, limits, [{ nodeId: property, attributeId: Attribute.Value }])
  const listed: unknown = data?.value?.value
  return Array.isArray(listed) ? (listed as Argument[]) : []
}

/** One argument: as JSON has it, and as it was written where it was written alone. */
interface Given {
  readonly value: unknown
  readonly text?: string
}

function argumentsOf(value: Value, wanted: number): readonly Given[] {
  if (typeof value !== 'string') return [{ value }]
  if (value.trim() === '') return wanted === 1 ? [{ value, text: value }] : []
  try {
    const parsed: unknown = JSON.parse(value)
    return Array.isArray(parsed) ? parsed.map((one: unknown) => ({ value: one })) : [{ value: parsed, text: value }]
  } catch {
    return [{ value, text: value }]
  }
}

async function argumentOf(
  connection: Connection,
  { dataType, valueRank }: Argument,
  { value, text }: Given,
): Promise<VariantOptions | undefined> {
  const builtIn = await connection.types.builtInOf(dataType)
  if (valueRank >= 1) return Array.isArray(value) ? variantOfList(builtIn, value) : undefined
  const fitting = toVariant(builtIn === 0 ? builtInOfJson(value) : builtIn, 'single', value as Value)
  // A text argument that was written alone: 5 is the text 5.
  if (fitting !== undefined || text === undefined) return fitting
  return toVariant(builtIn, 'single', text)
}

/** An argument of any type gets the one that JSON tells apart. */
function builtInOfJson(value: unknown): number {
  if (typeof value === 'boolean') return BuiltIn.Boolean
  if (typeof value === 'bigint') return BuiltIn.Int64
  return typeof value === 'number' ? BuiltIn.Double : BuiltIn.String
}

function outcomeOf(result: CallMethodResult | undefined, inputs: readonly Argument[]): Outcome {
  if (result === undefined) return { status: Status.BadUnknownResponse }
  const { value: status } = result.statusCode
  if (status >= 0x8000_0000) {
    const refused = (result.inputArgumentResults ?? []).flatMap(({ value }, at) =>
      value >= 0x8000_0000 ? [`${inputs[at]?.name ?? at + 1}: ${statusName(value)}`] : [],
    )
    return { status, remark: [statusInfo(status).text, ...refused].join(' ') }
  }
  const outputs = (result.outputArguments ?? []) as readonly Variant[]
  if (outputs.length === 0) return { status }
  const text = JSON.stringify(outputs.map((one) => toPlain(one.value, one.dataType)))
  return { status, remark: `It returned ${text.length > MOST_RETURNED ? `${text.slice(0, MOST_RETURNED)}…` : text}.` }
}
