/**
 * Makes the monitored items of events, each with the largest filter that the server takes (OPC 10000-4, 7.22.3): first everything,
 * then without what the server named as wrong, last the fields that every event has and no condition.
 */
import type {
  CreateMonitoredItemsResponse,
  EventFilterResult,
  MonitoredItemCreateRequestOptions,
  MonitoredItemCreateResult,
  NodeId,
} from 'node-opcua-client'
import { Status, statusName, type StatusCode } from '../../../core/status.ts'
import type { SentEvents } from '../messages.ts'
import type { Connection } from './connection.ts'
import { LEAST_FIELDS, operandOf, STANDARD_FIELDS, type Selected } from './event-fields.ts'
import { resolveWhere, whereClause, type WherePart } from './event-where.ts'
import { resolveNodes } from './nodes.ts'
import { Attribute, inChunks } from './reading.ts'

export interface EventItem {
  /** Its place in the list: what the server calls it to us. */
  readonly handle: number
  readonly wanted: SentEvents
  /** What its events carry, in order. */
  selected: readonly Selected[]
  parts: readonly WherePart[]
  /** The server does not look at the types of events: we do. */
  needsLineage: boolean
  /** Between the start and the end of a refresh. */
  refreshing: boolean
  /** The server's number; undefined: it does not watch this node. */
  serverId: number | undefined
  status: StatusCode
  /** What is not as it was asked for, as a sentence. */
  reason: string | undefined
}

/** The server knows no such filter, or something in it: BadMonitoredItemFilterInvalid … BadContentFilterInvalid, BadFilterOperator… */
const NO_FILTER: ReadonlySet<StatusCode> = new Set([
  0x80430000, 0x80440000, 0x80450000, 0x80470000, 0x80480000, 0x80490000, 0x80c10000, 0x80c20000, 0x80c30000,
  0x80c40000, 0x80c50000,
])
const REPORTING = 2

/** What is asked for of one item. */
interface Attempt {
  readonly item: EventItem
  readonly nodeId: NodeId
  readonly selected: readonly Selected[]
  readonly parts: readonly WherePart[]
  readonly isServerFiltering: boolean
  /** How often it was made smaller. */
  readonly cuts: number
}

/** Each item has its status afterwards. Throws for the whole request alone. */
export async function createEventItems(
  connection: Connection,
  subscriptionId: number,
  items: readonly EventItem[],
): Promise<void> {
  let attempts = await firstAttempts(connection, items)
  while (attempts.length > 0) {
    const results = await create(connection, subscriptionId, attempts)
    attempts = attempts.flatMap((attempt, at) => settle(attempt, results[at]) ?? [])
  }
}

async function firstAttempts(connection: Connection, items: readonly EventItem[]): Promise<Attempt[]> {
  const nodes = await resolveNodes(
    connection,
    items.map(({ wanted }) => wanted.address.node),
  )
  const attempts: Attempt[] = []
  for (const [at, item] of items.entries()) {
    const { nodeId, status, reason } = nodes[at]!
    item.reason = undefined
    const where = await resolveWhere(connection, item.wanted.address.filter.parts)
    if (nodeId === undefined) Object.assign(item, { status, reason })
    else if (where.parts === undefined) Object.assign(item, { status: where.status, reason: where.reason })
    else {
      const extras = item.wanted.address.filter.fields.map((extra): Selected => ({ extra }))
      const selected = [...STANDARD_FIELDS.map((name): Selected => ({ name })), ...extras]
      const known = selected.filter((one) => operandOf(connection, one) !== undefined)
      attempts.push({ item, nodeId, selected: known, parts: where.parts, isServerFiltering: true, cuts: 0 })
    }
  }
  return attempts
}

async function create(connection: Connection, subscriptionId: number, attempts: readonly Attempt[]) {
  const { CreateMonitoredItemsRequest, TimestampsToReturn } = connection.library
  return inChunks<Attempt, MonitoredItemCreateResult>(connection.limits, 'monitor', attempts, async (chunk) => {
    const request = new CreateMonitoredItemsRequest({
      subscriptionId,
      timestampsToReturn: TimestampsToReturn.Neither,
      itemsToCreate: chunk.map((attempt) => itemRequest(connection, attempt)),
    })
    return (await connection.session.request<CreateMonitoredItemsResponse>(request)).results ?? []
  })
}

function itemRequest(connection: Connection, attempt: Attempt): MonitoredItemCreateRequestOptions {
  const { options, library } = connection
  const { item, nodeId, selected, parts, isServerFiltering } = attempt
  const where = isServerFiltering ? whereClause(connection, parts) : undefined
  const filter = new library.EventFilter({
    selectClauses: selected.map((one) => operandOf(connection, one)!),
    ...(where === undefined ? {} : { whereClause: where }),
  })
  return {
    itemToMonitor: { nodeId, attributeId: Attribute.EventNotifier },
    monitoringMode: REPORTING,
    requestedParameters: {
      clientHandle: item.handle,
      samplingInterval: 0,
      queueSize: options.eventQueueSize,
      discardOldest: options.discardOldest,
      filter,
    },
  }
}

/** What the server said is kept; a filter that it refused is tried again in a smaller form. */
function settle(attempt: Attempt, result: MonitoredItemCreateResult | undefined): Attempt | undefined {
  const { item } = attempt
  const status = result?.statusCode.value ?? Status.BadUnknownResponse
  item.status = status
  if (status < 0x8000_0000) {
    Object.assign(item, { serverId: result!.monitoredItemId, selected: attempt.selected, parts: attempt.parts })
    item.needsLineage = !attempt.isServerFiltering && attempt.parts.some(({ field }) => field === 'type')
    item.reason ??= unknownFields(attempt, result!)
    return undefined
  }
  const smaller = NO_FILTER.has(status) && attempt.cuts < 2 ? cut(attempt, result!) : undefined
  item.reason = sentence(attempt, smaller, result?.statusCode.name ?? statusName(status))
  return smaller
}

function cut(attempt: Attempt, result: MonitoredItemCreateResult): Attempt {
  const cuts = attempt.cuts + 1
  if (attempt.cuts > 0) {
    const selected = attempt.selected.filter(({ name }) => name !== undefined && LEAST_FIELDS.includes(name))
    return { ...attempt, selected, isServerFiltering: false, cuts }
  }
  const refused = refusedFields(attempt, result)
  const { whereClauseResult } = (result.filterResult ?? {}) as Partial<EventFilterResult>
  const isWhereBad = whereClauseResult?.elementResults?.some(({ statusCode }) => statusCode.value >= 0x8000_0000)
  const selected = attempt.selected.filter((one) => !refused.includes(one))
  // A server that does not say what is wrong may mean either.
  return { ...attempt, selected, isServerFiltering: refused.length > 0 && isWhereBad !== true, cuts }
}

/** Those that the server named as wrong. */
function refusedFields({ selected }: Attempt, { filterResult }: MonitoredItemCreateResult): readonly Selected[] {
  const { selectClauseResults } = (filterResult ?? {}) as Partial<EventFilterResult>
  return selected.filter((_, at) => (selectClauseResults?.[at]?.value ?? 0) >= 0x8000_0000)
}

function unknownFields(attempt: Attempt, result: MonitoredItemCreateResult): string | undefined {
  const names = refusedFields(attempt, result).flatMap(({ extra }) => extra?.text ?? [])
  if (names.length === 0) return undefined
  return `The server knows no field ${names.join(', ')} of the events of ${attempt.item.wanted.address.text}.`
}

function sentence(before: Attempt, after: Attempt | undefined, name: string): string {
  const { text, filter } = before.item.wanted.address
  if (after === undefined)
    return `The server sends no events for ${text} (${name}). Look whether the node is an event notifier.`
  const left = filter.fields.filter((field) => !after.selected.some(({ extra }) => extra?.text === field.text))
  const without = left.length === 0 ? '' : ` Its events come without ${left.map((field) => field.text).join(', ')}.`
  const filtered = before.parts.length > 0 && !after.isServerFiltering ? ' The gateway filters its events itself.' : ''
  return `The server refused the filter of ${text} (${name}).${filtered}${without}`
}
