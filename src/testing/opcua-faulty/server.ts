/** node-opcua's server with the faults put between it and its channels. */
import {
  DataChangeNotification,
  DataType,
  DataValue,
  MonitoredItemNotification,
  NotificationMessage,
  PublishResponse,
  ReadResponse,
  ServiceFault,
  Variant,
  type StatusCode,
} from 'node-opcua-client'
import { OPCUAServer, type OPCUAServerOptions } from 'node-opcua-server'
import { toStatus, type Faults, type Rule } from './faults.ts'
import { steerPublishing } from './publishing.ts'

type Message = Parameters<OPCUAServer['on_request']>[0]
type Channel = Parameters<OPCUAServer['on_request']>[1]
type Response = Parameters<Channel['send_response']>[1]

export class FaultyServer extends OPCUAServer {
  readonly #faults: Faults
  /** The rule that a request met, until it is answered. */
  readonly #met = new WeakMap<Message, Rule>()
  readonly #remembered = new Map<string, DataValue>()

  constructor(options: OPCUAServerOptions, faults: Faults) {
    super(options)
    this.#faults = faults
    steerPublishing(faults)
    this.on('newChannel', (channel) => {
      const send = channel.send_response.bind(channel)
      channel.send_response = (type, response, message, callback) => {
        const changed = type === 'MSG' ? this.#change(response, message) : response
        send(type, changed, message, callback)
      }
    })
  }

  override on_request(message: Message, channel: Channel): void {
    const service = message.request.schema.name.replace(/Request$/, '')
    this.#faults.asked.set(service, (this.#faults.asked.get(service) ?? 0) + 1)
    const rule = this.#faults.take(service)
    if (rule === undefined) return super.on_request(message, channel)
    this.#met.set(message, rule)
    if (rule.silent === true) return
    if (rule.close === true) return channel.abruptlyInterrupt()
    const go = () => {
      if (rule.status === undefined) super.on_request(message, channel)
      else channel.send_response('MSG', fault(toStatus(rule.status)), message)
    }
    if (rule.delayMs === undefined) go()
    else setTimeout(go, rule.delayMs)
  }

  #change(response: Response, message: Message): Response {
    const rule = this.#met.get(message)
    let changed = rule === undefined ? response : forge(response, rule)
    if (changed instanceof PublishResponse) changed = this.#published(changed)
    if (this.#faults.skewMs !== 0) changed = this.#skewed(changed)
    return changed
  }

  #published(response: PublishResponse): PublishResponse {
    const faults = this.#faults
    const { notificationMessage, subscriptionId } = response
    if ((notificationMessage.notificationData ?? []).length === 0) return response
    if (faults.gap > 0) {
      faults.gap--
      faults.taken++
      const { sequenceNumber } = notificationMessage
      if (faults.forget) forgetMessage(this, subscriptionId, sequenceNumber)
      return withMessage(response, new NotificationMessage({ sequenceNumber: sequenceNumber + 1, notificationData: [], publishTime: new Date() })) // prettier-ignore
    }
    if (faults.publishing === 'stale') return eachItem(response, (item) => this.#stale(subscriptionId, item))
    eachItem(response, (item) => {
      this.#remembered.set(`${subscriptionId}:${item.clientHandle}`, item.value)
      return item
    })
    return response
  }

  #stale(subscriptionId: number, item: MonitoredItemNotification): MonitoredItemNotification {
    const { clientHandle } = item
    const value = this.#remembered.get(`${subscriptionId}:${clientHandle}`) ?? item.value
    return new MonitoredItemNotification({ clientHandle, value })
  }

  #skewed(response: Response): Response {
    const by = this.#faults.skewMs
    response.responseHeader.timestamp = moved(response.responseHeader.timestamp ?? new Date(), by)
    if (response instanceof ReadResponse)
      response.results = (response.results ?? []).map((value) => skewValue(value, by))
    if (!(response instanceof PublishResponse)) return response
    return eachItem(response, ({ clientHandle, value }) => new MonitoredItemNotification({ clientHandle, value: skewValue(value, by) })) // prettier-ignore
  }
}

const fault = (serviceResult: StatusCode): ServiceFault => new ServiceFault({ responseHeader: { serviceResult } })

function forge(response: Response, rule: Rule): Response {
  if (rule.answer === 'Read') return new ReadResponse({ results: [] })
  if (rule.answer === 'Publish') return new PublishResponse({})
  const holder = response as { results?: unknown[] | null }
  if (!Array.isArray(holder.results) || response instanceof PublishResponse) return response
  let results = holder.results.map((result) => forgeResult(result, rule))
  if (rule.fewer !== undefined) results = results.slice(0, Math.max(0, results.length - rule.fewer))
  for (let more = rule.more ?? 0; more > 0 && results.length > 0; more--) results.push(results.at(-1))
  holder.results = results
  return response
}

function forgeResult(result: unknown, rule: Rule): unknown {
  const status = rule.itemStatus === undefined ? undefined : toStatus(rule.itemStatus)
  if (result instanceof DataValue) {
    const made = new DataValue(result)
    if (rule.value !== undefined)
      made.value = new Variant({ dataType: DataType[rule.value.type], value: rule.value.value })
    if (status !== undefined) made.statusCode = status
    return made
  }
  if (status === undefined || typeof result !== 'object' || result === null) return result
  if (!('statusCode' in result)) return status
  result.statusCode = status
  return result
}

/** A copy whose items were replaced: the message itself stays in the server's retransmission queue as it is. */
function eachItem(
  response: PublishResponse,
  change: (item: MonitoredItemNotification) => MonitoredItemNotification,
): PublishResponse {
  const { sequenceNumber, publishTime, notificationData } = response.notificationMessage
  const changed = (notificationData ?? []).map((data) =>
    data instanceof DataChangeNotification
      ? new DataChangeNotification({ monitoredItems: (data.monitoredItems ?? []).map(change) })
      : data,
  )
  return withMessage(response, new NotificationMessage({ sequenceNumber, publishTime, notificationData: changed }))
}

function withMessage(response: PublishResponse, notificationMessage: NotificationMessage): PublishResponse {
  const made = new PublishResponse({})
  Object.assign(made, response, { notificationMessage })
  return made
}

function forgetMessage(server: OPCUAServer, subscriptionId: number, sequenceNumber: number): void {
  const subscription = server.engine.findSubscription(subscriptionId)
  subscription?.acknowledgeNotification(sequenceNumber)
}

function skewValue(value: DataValue, by: number): DataValue {
  const made = new DataValue(value)
  made.sourceTimestamp = value.sourceTimestamp === null ? null : moved(value.sourceTimestamp, by)
  made.serverTimestamp = value.serverTimestamp === null ? null : moved(value.serverTimestamp, by)
  if (made.value.dataType === DataType.DateTime && made.value.value instanceof Date) {
    made.value = new Variant({ dataType: DataType.DateTime, value: moved(made.value.value, by) })
  }
  return made
}

const moved = (time: Date | undefined, by: number): Date => new Date((time ?? new Date()).getTime() + by)
