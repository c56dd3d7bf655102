/**
 * Events of the server as samples: one monitored item on the EventNotifier of each node that an events tag names, all in one
 * subscription. A filter that the server refuses is made smaller; what is left of it is decided here. Active conditions are asked
 * for when the items have been made (ConditionRefresh, OPC 10000-9, 5.5.7): those that were raised while nobody listened count too.
 */
import type { CallResponse, EventFieldList } from 'node-opcua-client'
import { SampleBatch } from '../../../core/batch.ts'
import { messageOf } from '../../../core/errors.ts'
import { isBad, Status } from '../../../core/status.ts'
import type { SentEvents } from '../messages.ts'
import type { Conditions } from './conditions.ts'
import type { Connection } from './connection.ts'
import { RawEvent, type EventRecord } from './event-fields.ts'
import { createEventItems, type EventItem } from './event-monitor.ts'
import type { EventTypes } from './event-types.ts'
import { matches } from './event-where.ts'
import type { Misfit } from './rows.ts'
import type { SourceTime } from './source-time.ts'
import type { Subscription, SubscriptionPlan } from './subscription.ts'
import { endsSession, type ServiceError } from './transaction.ts'

/** Where events go. */
export interface EventOutlets {
  readonly emit: (batch: SampleBatch) => void
  /** The server's queue overflowed: events were lost. */
  readonly overflowed: () => void
}

export interface EventItemsSetup extends EventOutlets {
  readonly connection: Connection
  readonly times: SourceTime
  readonly misfit: Misfit
  readonly tell: (level: 'debug' | 'info' | 'warn', sentence: string) => void
  readonly events: readonly SentEvents[]
  readonly conditions: Conditions
  readonly types: EventTypes
}

const CONDITION_TYPE = 2782
const CONDITION_REFRESH = 3875
/** Event types that are about the events themselves (OPC 10000-9, 5.11; OPC 10000-4, 7.22.3). */
const REFRESH_START = 2787
const REFRESH_END = 2788
const REFRESH_REQUIRED = 2789
const QUEUE_OVERFLOW = 3035

/** Items that the server refused are tried again after this. */
const RETRY_MS = 60_000
/** One event as JSON, at most; beyond it its own fields are left out. */
const MOST_JSON = 256 * 1024

interface Arrived {
  readonly item: EventItem
  readonly event: RawEvent
}

export class EventItems {
  readonly plan: SubscriptionPlan
  readonly #setup: EventItemsSetup
  #items: readonly EventItem[] = []
  #subscription: Subscription | undefined
  #retryAt = Infinity
  /** Events are handed on in the order in which they came, also while the name of a type is asked for. */
  #turn: Promise<void> | undefined

  constructor(setup: EventItemsSetup) {
    this.#setup = setup
    const fastest = Math.min(...setup.events.map(({ everyMs }) => everyMs))
    const publishMs = setup.connection.options.publishEvery ?? fastest
    this.plan = { publishMs, items: [], also: (subscription) => this.#create(subscription) }
  }

  get size(): number {
    return this.#items.filter(({ serverId }) => serverId !== undefined).length
  }

  /** The server has no subscription for them. */
  refused({ status, statusName }: ServiceError): void {
    this.#tell(
      this.#setup.events.map(({ tag }) => tag),
      status,
      `The server gives no subscription (${statusName}), and events come by nothing else.`,
    )
  }

  /** A notification that is no change of a value. */
  take(notification: unknown): void {
    const { connection, types } = this.#setup
    if (!(notification instanceof connection.library.EventNotificationList)) return
    const arrivedAt = Date.now()
    const arrived = (notification.events ?? []).flatMap((one) => this.#read(one))
    const isKnown = arrived.every(({ item, event }) => {
      const { type } = event
      return type === undefined || types.known(connection, type, item.needsLineage) !== undefined
    })
    if (this.#turn === undefined && isKnown) return this.#deliver(arrived, arrivedAt)
    const turn = (this.#turn ?? Promise.resolve())
      .then(() => this.#learnTypes(arrived))
      .then(() => this.#deliver(arrived, arrivedAt))
      .catch((error: unknown) => this.#setup.tell('warn', `events could not be taken: ${messageOf(error)}`))
      .finally(() => {
        if (this.#turn === turn) this.#turn = undefined
      })
    this.#turn = turn
  }

  /** Nodes may have come meanwhile. */
  async retry(now: number): Promise<void> {
    const subscription = this.#subscription
    if (now < this.#retryAt || subscription === undefined) return
    this.#retryAt = Infinity
    const refused = this.#items.filter(({ serverId }) => serverId === undefined)
    await createEventItems(this.#setup.connection, subscription.id, refused)
    this.#report(refused.filter(({ serverId }) => serverId !== undefined))
    if (this.#items.some(({ serverId }) => serverId === undefined)) this.#retryAt = now + RETRY_MS
  }

  /** The session was taken up again with its items. */
  resumed(): void {
    this.#report(this.#items)
  }

  forget(): void {
    this.#items = []
    this.#subscription = undefined
    this.#retryAt = Infinity
  }

  async #create(subscription: Subscription): Promise<void> {
    const { connection, events } = this.#setup
    this.#items = events.map((wanted, handle) => ({
      handle,
      wanted,
      selected: [],
      parts: [],
      needsLineage: false,
      refreshing: false,
      serverId: undefined,
      status: 0,
      reason: undefined,
    }))
    this.#subscription = subscription
    await createEventItems(connection, subscription.id, this.#items)
    this.#report(this.#items)
    if (this.size < this.#items.length) this.#retryAt = performance.now() + RETRY_MS
    if (this.size > 0) await this.#refresh(subscription)
  }

  /** That the server listens now, or why not. */
  #report(items: readonly EventItem[]): void {
    for (const { wanted, status, reason, serverId } of items)
      this.#tell([wanted.tag], serverId === undefined ? status : Status.GoodNoData, reason)
  }

  #tell(tags: readonly number[], status: number, reason: string | undefined): void {
    const { emit, misfit, tell } = this.#setup
    const batch = new SampleBatch(tags.length, Date.now())
    for (const tag of tags) {
      batch.push(tag, undefined, status)
      misfit(tag, reason)
    }
    if (reason !== undefined) tell(isBad(status) ? 'warn' : 'info', reason)
    emit(batch)
  }

  async #refresh(subscription: Subscription): Promise<void> {
    const { connection, tell } = this.#setup
    const { CallRequest, NodeId, DataType } = connection.library
    const request = new CallRequest({
      methodsToCall: [
        {
          objectId: new NodeId(1, CONDITION_TYPE, 0),
          methodId: new NodeId(1, CONDITION_REFRESH, 0),
          inputArguments: [{ dataType: DataType.UInt32, value: subscription.id }],
        },
      ],
    })
    try {
      const { results } = await connection.session.request<CallResponse>(request)
      const refused = results?.[0]?.statusCode
      if (refused !== undefined && refused.value >= 0x8000_0000)
        tell('debug', `the server refreshes no conditions (${refused.name})`)
    } catch (error) {
      if (endsSession(error)) throw error
      tell('debug', `the server refreshes no conditions: ${messageOf(error)}`)
    }
  }

  #read({ clientHandle, eventFields }: EventFieldList): Arrived[] {
    const item = this.#items[clientHandle]
    if (item === undefined) return []
    return [{ item, event: new RawEvent(this.#setup.connection.namespaces, item.selected, eventFields ?? []) }]
  }

  async #learnTypes(arrived: readonly Arrived[]): Promise<void> {
    const { connection, types } = this.#setup
    for (const { item, event } of arrived) {
      const { type } = event
      if (type === undefined || types.known(connection, type, item.needsLineage) !== undefined) continue
      await types.learn(connection, type, item.needsLineage)
    }
  }

  #deliver(arrived: readonly Arrived[], arrivedAt: number): void {
    const batch = new SampleBatch(arrived.length, arrivedAt)
    for (const { item, event } of arrived) {
      const record = this.#recordOf(item, event)
      if (record === undefined) continue
      const times = { sourceTimestamp: event.time, serverTimestamp: event.receiveTime }
      batch.push(item.wanted.tag, toJson(record), Status.Good, this.#setup.times.of(times, arrivedAt))
    }
    if (batch.length > 0) this.#setup.emit(batch)
  }

  /** What the tag shall have of it; undefined: nothing. */
  #recordOf(item: EventItem, event: RawEvent): EventRecord | undefined {
    const { connection, types, conditions, tell, overflowed } = this.#setup
    const standard = event.type?.namespace === 0 ? event.type.value : undefined
    if (standard === REFRESH_START || standard === REFRESH_END) {
      item.refreshing = standard === REFRESH_START
      return undefined
    }
    if (standard === REFRESH_REQUIRED) {
      this.#refreshAgain()
      return undefined
    }
    const type = (event.type && types.known(connection, event.type, item.needsLineage)) ?? { name: undefined }
    const record = event.record(type.name, item.refreshing)
    if (standard === QUEUE_OVERFLOW) {
      overflowed()
      tell('warn', `the server's queue of events overflowed for ${item.wanted.address.text}: events were lost`)
      return record
    }
    conditions.take(record)
    return matches(item.parts, record, type) ? record : undefined
  }

  #refreshAgain(): void {
    const subscription = this.#subscription
    if (subscription === undefined) return
    this.#refresh(subscription).catch((error: unknown) => this.#setup.tell('debug', messageOf(error)))
  }
}

function toJson(record: EventRecord): string {
  const text = JSON.stringify(record)
  return text.length <= MOST_JSON ? text : JSON.stringify({ ...record, fields: undefined, truncated: true })
}
