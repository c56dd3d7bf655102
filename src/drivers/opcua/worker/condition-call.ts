/** Acknowledge, confirm, comment, enable, disable and shelve conditions: calls of their methods (OPC 10000-9, 5.5 to 5.8). */
import type { CallResponse, NodeId, VariantOptions } from 'node-opcua-client'
import { Status, statusInfo } from '../../../core/status.ts'
import { parseNode, type NodeRef } from '../address.ts'
import {
  describeDone,
  parseConditionCommand,
  type ConditionAction,
  type ConditionCommand,
} from '../condition-command.ts'
import type { Conditions, KnownCondition } from './conditions.ts'
import type { Connection } from './connection.ts'
import { resolveNodes, translateFrom } from './nodes.ts'

export interface Settled {
  readonly status: number
  readonly remark: string
}

/** Methods of the types in the standard's namespace: what an object of such a type is called with. */
const METHODS: Readonly<Record<ConditionAction, number>> = {
  acknowledge: 9111,
  confirm: 9113,
  addComment: 9029,
  enable: 9027,
  disable: 9028,
  shelve: 2949,
  unshelve: 2947,
}
const ONE_SHOT_SHELVE = 2948
/** These are of an event, the others of a condition. */
const OF_EVENT: ReadonlySet<ConditionAction> = new Set(['acknowledge', 'confirm', 'addComment'])

interface Target {
  readonly node: NodeRef
  readonly eventId: string | undefined
  /** For people. */
  readonly label: string
}

/** `written`: the command as JSON. A refusal is data; rejects when the connection is lost. */
export async function settleCondition(
  connection: Connection,
  conditions: Conditions,
  written: string,
): Promise<Settled> {
  const command = parseConditionCommand(written)
  if (typeof command === 'string') return { status: Status.BadTypeMismatch, remark: command }
  const target = findTarget(conditions, command)
  if ('remark' in target) return target
  const [resolved] = await resolveNodes(connection, [target.node])
  if (resolved?.nodeId === undefined) return { status: resolved!.status, remark: resolved!.reason }
  const objectId = await objectOf(connection, command.action, resolved.nodeId)
  const { value: status, name } = await call(connection, objectId, command, target.eventId)
  if (status < 0x8000_0000) return { status, remark: describeDone(command, target.label) }
  const { text, name: known } = statusInfo(status)
  return { status, remark: known === name ? `${target.label}: ${text}` : `${target.label}: the server says ${name}.` }
}

function findTarget(conditions: Conditions, command: ConditionCommand): Target | Settled {
  const { which, condition, action } = command
  const named = conditions.find(which).filter(({ id }) => condition === undefined || id === condition)
  if (named.length > 1) return ambiguous(which, named)
  const [known] = named
  const isOfEvent = OF_EVENT.has(action)
  if (known !== undefined) {
    if (isOfEvent && known.eventId === undefined)
      return { status: Status.BadEventIdUnknown, remark: `No event of ${labelOf(known)} itself has been heard.` }
    return { node: parseNode(known.id), eventId: known.eventId, label: labelOf(known) }
  }
  const heard = conditions.ofEvent(which)
  if (heard !== undefined) return { node: parseNode(heard.id), eventId: which, label: labelOf(heard) }
  const node = nodeOf(condition ?? (isOfEvent ? '' : which))
  if (node !== undefined) return { node, eventId: isOfEvent ? which : undefined, label: condition ?? which }
  return { status: Status.BadNodeIdUnknown, remark: unknown(command) }
}

const labelOf = ({ name, sourceName, id }: KnownCondition): string =>
  name === undefined ? id : sourceName === undefined || sourceName === name ? name : `${name} of ${sourceName}`

function ambiguous(which: string, found: readonly KnownCondition[]): Settled {
  const names = found.slice(0, 5).map(({ sourceName, name, id }) => `${sourceName}/${name} (${id})`)
  return {
    status: Status.BadOutOfRange,
    remark: `"${which}" is the name of ${found.length} conditions: ${names.join(', ')}. Name one by source and name, or by its id.`,
  }
}

const unknown = ({ which }: ConditionCommand): string =>
  `No condition and no event "${which}" has been heard of. Give the EventId of the event and the id of its "condition".`

function nodeOf(text: string): NodeRef | undefined {
  try {
    return parseNode(text)
  } catch {
    return undefined
  }
}

/** Shelving is done by the ShelvingState of the condition, where the server shows it (5.8.17). */
async function objectOf(connection: Connection, action: ConditionAction, condition: NodeId): Promise<NodeId> {
  if (action !== 'shelve' && action !== 'unshelve') return condition
  return (await translateFrom(connection, condition, 'ShelvingState')) ?? condition
}

async function call(
  connection: Connection,
  objectId: NodeId,
  { action, comment, forMs }: ConditionCommand,
  eventId: string | undefined,
): Promise<{ readonly value: number; readonly name: string }> {
  const { CallRequest, NodeId, DataType } = connection.library
  const inputArguments: VariantOptions[] = []
  if (OF_EVENT.has(action))
    inputArguments.push(
      { dataType: DataType.ByteString, value: Buffer.from(eventId ?? '', 'base64') },
      { dataType: DataType.LocalizedText, value: { text: comment, locale: null } },
    )
  if (forMs !== undefined) inputArguments.push({ dataType: DataType.Double, value: forMs })
  const method = action === 'shelve' && forMs === undefined ? ONE_SHOT_SHELVE : METHODS[action]
  const methodsToCall = [{ objectId, methodId: new NodeId(1, method, 0), inputArguments }]
  const { results } = await connection.session.request<CallResponse>(new CallRequest({ methodsToCall }))
  return results?.[0]?.statusCode ?? { value: Status.BadUnknownResponse, name: 'BadUnknownResponse' }
}
