/**
 * Five OPC UA clients in a process of their own (node-opcua-client), each with one subscription to the same nodes. Each node counts up by
 * one a round: what is missing, comes twice or out of order shows. Told by `process.send`.
 */
import { setImmediate } from 'node:timers/promises'
import {
  AttributeIds,
  ClientSubscription,
  DataType,
  MessageSecurityMode,
  OPCUAClient,
  SecurityPolicy,
  TimestampsToReturn,
  type ClientSession,
  type DataValue,
  type StatusCode,
} from 'node-opcua-client'

export interface Received {
  readonly kind: 'ready' | 'received'
  /** Of all clients: values that came, and those that were not one more than the one before. */
  readonly values: number
  readonly faults: number
  /** ms from the source time to here, in order. */
  readonly latencies: readonly number[]
}

const [url = '', nodes = '0', clients = '0'] = process.argv.slice(2)
const ITEMS_PER_CALL = 1000
const LATENCY_ONE_IN = 97

let values = 0
let faults = 0
let latencies: number[] = []
const tell = (kind: Received['kind']): void => {
  process.send?.({ kind, values, faults, latencies: latencies.toSorted((a, b) => a - b) } satisfies Received)
}

async function subscribe(client: OPCUAClient): Promise<void> {
  await client.connect(url)
  const session = await client.createSession()
  const subscription = ClientSubscription.create(session, {
    requestedPublishingInterval: 500,
    requestedMaxKeepAliveCount: 20,
    requestedLifetimeCount: 100,
    maxNotificationsPerPublish: 0,
    publishingEnabled: true,
    priority: 1,
  })
  const last = new Float64Array(Number(nodes)).fill(NaN)
  let initial = 0
  subscription.on('raw_notification', (message) => {
    for (const data of message.notificationData ?? []) {
      for (const { clientHandle, value } of (data as unknown as { monitoredItems: Item[] }).monitoredItems ?? []) {
        if (take(last, clientHandle - 1, value)) initial++
      }
    }
  })
  await new Promise<void>((resolve) => subscription.once('started', () => resolve()))
  for (let from = 0; from < Number(nodes); from += ITEMS_PER_CALL)
    await monitor(session, subscription.subscriptionId, from)
  while (initial < Number(nodes)) await setImmediate()
}

/** What the session has beside its declaration. */
interface ItemMaker {
  createMonitoredItems(request: object): Promise<{ results?: { statusCode: StatusCode }[] }>
}

interface Item {
  readonly clientHandle: number
  readonly value: DataValue
}

/** True for the first value of a node. */
function take(last: Float64Array, at: number, dataValue: DataValue): boolean {
  const value = dataValue.value.dataType === DataType.Null ? 0 : Number(dataValue.value.value)
  const before = last[at]!
  last[at] = value
  if (Number.isNaN(before)) return true
  values++
  if (value !== before + 1) faults++
  if (values % LATENCY_ONE_IN === 0) latencies.push(Date.now() - dataValue.sourceTimestamp!.getTime())
  return false
}

async function monitor(session: ClientSession, subscriptionId: number, from: number): Promise<void> {
  const ids = Array.from({ length: Math.min(ITEMS_PER_CALL, Number(nodes) - from) }, (_, at) => from + at)
  const { results } = await (session as unknown as ItemMaker).createMonitoredItems({
    subscriptionId,
    timestampsToReturn: TimestampsToReturn.Both,
    itemsToCreate: ids.map((at) => ({
      itemToMonitor: { nodeId: `ns=2;s=press-${at % 10}/tag-${at}`, attributeId: AttributeIds.Value },
      monitoringMode: 2,
      requestedParameters: { clientHandle: at + 1, samplingInterval: 0, queueSize: 10, discardOldest: true },
    })),
  })
  const bad = results?.find(({ statusCode }) => statusCode.isNotGood())
  if (bad !== undefined) throw new Error(`an item was refused: ${bad.statusCode.toString()}`)
}

process.on('message', () => {
  tell('received')
  latencies = []
})
for (let at = 0; at < Number(clients); at++) {
  const client = OPCUAClient.create({
    endpointMustExist: false,
    securityMode: MessageSecurityMode.None,
    securityPolicy: SecurityPolicy.None,
    requestedSessionTimeout: 60_000,
  })
  await subscribe(client)
}
tell('ready')
