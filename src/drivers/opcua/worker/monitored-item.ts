/** One node of a subscription, and how the server is asked to watch it (OPC 10000-4, 5.13.2 and 7.22). */
import type {
  CreateMonitoredItemsResponse,
  DataValue,
  MonitoredItemCreateRequestOptions,
  MonitoredItemCreateResult,
  NodeId,
} from 'node-opcua-client'
import { Status, type StatusCode } from '../../../core/status.ts'
import type { DataType } from '../../../core/value.ts'
import type { SentPoint } from '../messages.ts'
import type { OpcuaOptions } from '../options.ts'
import type { Connection } from './connection.ts'
import { Attribute, inChunks } from './reading.ts'
import type { Wanted } from './rows.ts'
import { ServiceError } from './transaction.ts'

export interface MonitoredItem {
  /** Its place in the list of its subscription: what the server calls it to us. */
  readonly handle: number
  readonly nodeId: NodeId
  readonly wanted: readonly (Wanted & SentPoint)[]
  readonly everyMs: number
  /** The server's number; undefined: it does not watch this node. */
  serverId: number | undefined
  /** What the server said when it was asked to watch it. */
  status: StatusCode
  /** How often the server looks, as it revised it. */
  samplingMs: number
  /** What it reported last. */
  last: DataValue | undefined
  /** When, ms by a clock that nobody sets. */
  lastAt: number
  /** The server applies the deadband; small differences are no fault. */
  filtered: boolean
}

/** DataChangeTrigger and DeadbandType by their numbers. */
const TRIGGERS = { status: 0, value: 1, timestamp: 2 } as const
const ABSOLUTE = 1
const REPORTING = 2

/** The server knows no such filter, or not for this node: BadMonitoredItemFilterInvalid, …Unsupported, BadFilterNotAllowed, BadDeadbandFilterInvalid. */
const NO_FILTER: ReadonlySet<StatusCode> = new Set([0x80430000, 0x80440000, 0x80450000, 0x808e0000])

/** Makes the items of a subscription; each has its status afterwards. Throws for the whole request alone. */
export async function createItems(
  connection: Connection,
  subscriptionId: number,
  items: readonly MonitoredItem[],
): Promise<void> {
  await create(connection, subscriptionId, items)
  const unfiltered = items.filter((item) => item.filtered && NO_FILTER.has(item.status))
  for (const item of unfiltered) item.filtered = false
  if (unfiltered.length > 0) await create(connection, subscriptionId, unfiltered)
}

async function create(connection: Connection, subscriptionId: number, items: readonly MonitoredItem[]): Promise<void> {
  const { CreateMonitoredItemsRequest, TimestampsToReturn } = connection.library
  const results = await inChunks<MonitoredItem, MonitoredItemCreateResult>(
    connection.limits,
    'monitor',
    items,
    async (chunk) => {
      const request = new CreateMonitoredItemsRequest({
        subscriptionId,
        timestampsToReturn: TimestampsToReturn.Both,
        itemsToCreate: chunk.map((item) => itemRequest(connection, item)),
      })
      return (await connection.session.request<CreateMonitoredItemsResponse>(request)).results ?? []
    },
  )
  for (const [at, item] of items.entries()) {
    const result = results[at]
    item.status = result?.statusCode.value ?? Status.BadUnknownResponse
    item.samplingMs = Math.max(0, result?.revisedSamplingInterval ?? item.everyMs)
    item.serverId = item.status < 0x8000_0000 ? result!.monitoredItemId : undefined
  }
}

function itemRequest(connection: Connection, item: MonitoredItem): MonitoredItemCreateRequestOptions {
  const { options, library } = connection
  const filter = item.filtered || options.trigger !== 'value' ? filterOf(options, item) : undefined
  return {
    itemToMonitor: { nodeId: item.nodeId, attributeId: Attribute.Value },
    monitoringMode: REPORTING,
    requestedParameters: {
      clientHandle: item.handle,
      samplingInterval: item.everyMs,
      queueSize: options.queueSize,
      discardOldest: options.discardOldest,
      ...(filter === undefined ? {} : { filter: new library.DataChangeFilter(filter) }),
    },
  }
}

function filterOf({ trigger }: OpcuaOptions, { wanted, filtered }: MonitoredItem) {
  const deadband = filtered ? wanted[0]!.deadband : undefined
  return {
    trigger: TRIGGERS[trigger],
    deadbandType: deadband === undefined ? 0 : ABSOLUTE,
    deadbandValue: deadband ?? 0,
  }
}

/** Tags that have no distance from one value to another. */
const NO_NUMBERS: ReadonlySet<DataType> = new Set(['bool', 'string', 'bytes'])

/** A deadband that the server can apply: all tags of the node want the same, all are numbers, and none is a member of it. */
export function canFilter({ deadband: who }: OpcuaOptions, wanted: readonly SentPoint[]): boolean {
  const [first] = wanted
  return (
    who === 'server' &&
    first?.deadband !== undefined &&
    wanted.every(
      ({ deadband, member, type }) => member.length === 0 && deadband === first.deadband && !NO_NUMBERS.has(type),
    )
  )
}

export const isServiceError = (error: unknown, ...names: readonly string[]): error is ServiceError =>
  error instanceof ServiceError && names.includes(error.statusName)
