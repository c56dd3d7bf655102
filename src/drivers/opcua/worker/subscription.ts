/**
 * One subscription of the server and what it reports. Every notification is asked for again when its number shows that one is
 * missing (Republish, OPC 10000-4, 5.14.6); what the server has no more is counted as missed.
 */
import type {
  CreateSubscriptionResponse,
  MonitoredItemNotification,
  NotificationMessage,
  PublishResponse,
  RepublishResponse,
} from 'node-opcua-client'
import { SampleBatch } from '../../../core/batch.ts'
import { isStructure } from '../../../protocols/opcua/value.ts'
import type { Connection } from './connection.ts'
import { createItems, isServiceError, type MonitoredItem } from './monitored-item.ts'
import { hasOverflow, pushRow, type Misfit } from './rows.ts'
import type { SourceTime } from './source-time.ts'
import { endsSession } from './transaction.ts'

export interface SubscriptionPlan {
  readonly publishMs: number
  readonly items: readonly MonitoredItem[]
  /** What belongs to it besides its items, made after them. */
  readonly also?: (subscription: Subscription) => Promise<void>
}

export interface SubscriptionContext {
  readonly connection: Connection
  readonly times: SourceTime
  readonly misfit: Misfit
  readonly emit: (batch: SampleBatch) => void
  readonly counts: SubscriptionCounts
  readonly expand: (values: readonly MonitoredItemNotification[]) => Promise<void>
  /** The server need not keep it any more. */
  readonly acknowledge: (subscriptionId: number, sequenceNumber: number) => void
  /** Other notifications than changes of values: events, changes of the subscription's status. */
  readonly other: (subscription: Subscription, notification: unknown) => void
}

export interface SubscriptionCounts {
  /** Notifications that the server had no more when they were asked for again. */
  missed: number
  republished: number
  /** Values before which the server's queue overflowed. */
  overflows: number
}

/** Sequence numbers go from 1 to this, then 1 again. */
const LAST_SEQUENCE = 0xffff_ffff
/** A server that skips more than these has begun anew. */
const MOST_REPUBLISHED = 1000

const nextSequence = (sequence: number): number => (sequence >= LAST_SEQUENCE ? 1 : sequence + 1)

export class Subscription {
  readonly plan: SubscriptionPlan
  id = 0
  /** As the server revised them. */
  publishMs = 0
  keepAliveMs = 0
  /** When it was last heard of, ms by a clock that nobody sets. */
  heardAt = 0
  /** The number of the last notification; undefined: none yet. */
  #last: number | undefined
  /** When the session was taken up again, until the server has said what changed meanwhile; ms by the same clock. */
  #resumedAt: number | undefined
  readonly #context: SubscriptionContext

  constructor(context: SubscriptionContext, plan: SubscriptionPlan) {
    this.#context = context
    this.plan = plan
  }

  /** Makes it and its items at the server. Throws ServiceError where the server has none. */
  async create(): Promise<void> {
    const { connection } = this.#context
    const { options, library } = connection
    const { publishMs, items } = this.plan
    // Who wants values of a certain age has to hear that they still hold.
    let stalest = Infinity
    for (const { wanted } of items)
      for (const { staleAfterMs } of wanted) stalest = Math.min(stalest, staleAfterMs ?? Infinity)
    const keepAliveMs = Math.min(options.liveness.keepAlive, stalest / 3)
    const keepAlive = Math.max(1, Math.round(keepAliveMs / publishMs))
    const request = new library.CreateSubscriptionRequest({
      requestedPublishingInterval: publishMs,
      requestedMaxKeepAliveCount: keepAlive,
      // At least three times the keep-alive (5.14.2.2), and as long as the session waits for us.
      requestedLifetimeCount: Math.max(3 * keepAlive, Math.ceil(options.sessionTimeout / publishMs)),
      maxNotificationsPerPublish: 10_000,
      publishingEnabled: true,
      priority: 0,
    })
    const response = await connection.session.request<CreateSubscriptionResponse>(request)
    this.id = response.subscriptionId
    this.publishMs = response.revisedPublishingInterval
    this.keepAliveMs = response.revisedPublishingInterval * Math.max(1, response.revisedMaxKeepAliveCount)
    this.heardAt = performance.now()
    // The first notification has the number 1.
    this.#last = LAST_SEQUENCE
    this.#resumedAt = undefined
    for (const item of items) Object.assign(item, { last: undefined, lastAt: 0, serverId: undefined })
    try {
      await createItems(connection, this.id, items)
      await this.plan.also?.(this)
    } catch (error) {
      // One without items is nobody's, and would take the place of another.
      if (!endsSession(error)) await this.delete().catch(() => {})
      throw error
    }
  }

  /** Away from the server; a server that does not know it any more has done so already. */
  async delete(): Promise<void> {
    const { session, library } = this.#context.connection
    try {
      await session.request(new library.DeleteSubscriptionsRequest({ subscriptionIds: [this.id] }))
    } catch (error) {
      if (!isServiceError(error, 'BadSubscriptionIdInvalid', 'BadNothingToDo')) throw error
    }
  }

  /** An answer of the publisher that is for this subscription. */
  take(response: PublishResponse): Promise<void> | void {
    this.heardAt = performance.now()
    const work = this.#take(response)
    if (this.#resumedAt === undefined || response.moreNotifications) return work
    return work === undefined ? this.#restate() : work.then(() => this.#restate())
  }

  #take({ notificationMessage: message }: PublishResponse): Promise<void> | void {
    const { sequenceNumber } = message
    const isKeepAlive = (message.notificationData ?? []).length === 0
    const expected = this.#last === undefined ? sequenceNumber : nextSequence(this.#last)
    // 0 is no number of a notification; a server that begins with it is taken as it is.
    if (sequenceNumber !== expected && sequenceNumber !== 0) {
      // Sent twice: a request was answered and we did not hear it.
      if (this.#last !== undefined && isBefore(sequenceNumber, expected)) return
      return this.#fetch(expected, sequenceNumber).then(() => this.#accept(message, isKeepAlive))
    }
    return this.#accept(message, isKeepAlive)
  }

  /**
   * After the session was taken up again: what was sent into the broken connection, in order, until the server has no more of it.
   * Rejects when the server does not know the subscription.
   */
  async catchUp(): Promise<void> {
    this.heardAt = this.#resumedAt = performance.now()
    if (this.#last === undefined) return
    for (let at = nextSequence(this.#last), i = 0; i < MOST_REPUBLISHED; i++, at = nextSequence(at))
      if (!(await this.#republish(at))) return
  }

  /** The number of the last notification; undefined: none yet. */
  get sequence(): number | undefined {
    return this.#last === LAST_SEQUENCE ? undefined : this.#last
  }

  /** How far the server is behind what it promised; 0 while it is on time. */
  overdueMs(now: number): number {
    return Math.max(0, now - this.heardAt - this.keepAliveMs)
  }

  #accept(message: NotificationMessage, isKeepAlive: boolean): Promise<void> | void {
    // A keep-alive carries the number of the notification to come (5.14.1.1).
    if (isKeepAlive) {
      this.#last = message.sequenceNumber === 1 ? LAST_SEQUENCE : message.sequenceNumber - 1
      return
    }
    this.#last = message.sequenceNumber
    return this.#process(message)
  }

  async #fetch(from: number, to: number): Promise<void> {
    const missing = (to - from + LAST_SEQUENCE) % LAST_SEQUENCE
    if (missing > MOST_REPUBLISHED) {
      this.#context.counts.missed += missing
      return
    }
    for (let at = from; at !== to; at = nextSequence(at)) {
      if (!(await this.#republish(at))) this.#context.counts.missed++
    }
  }

  /** True when the server still had it. */
  async #republish(sequence: number): Promise<boolean> {
    const { connection, counts, acknowledge } = this.#context
    const { RepublishRequest } = connection.library
    const request = new RepublishRequest({ subscriptionId: this.id, retransmitSequenceNumber: sequence })
    try {
      const { notificationMessage } = await connection.session.request<RepublishResponse>(request)
      // Some servers answer for what they do not have with an empty message.
      if (notificationMessage.sequenceNumber !== sequence) return false
      counts.republished++
      acknowledge(this.id, sequence)
      this.#last = sequence
      await this.#process(notificationMessage)
      return true
    } catch (error) {
      if (isServiceError(error, 'BadMessageNotAvailable', 'BadSequenceNumberUnknown', 'BadServiceUnsupported'))
        return false
      throw error
    }
  }

  #process(message: NotificationMessage): Promise<void> | void {
    const { DataChangeNotification } = this.#context.connection.library
    const all = message.notificationData ?? []
    const changes = all.flatMap((one) => (one instanceof DataChangeNotification ? (one.monitoredItems ?? []) : []))
    if (changes.some(({ value }) => isStructure(value.value?.dataType)))
      return this.#context.expand(changes).then(() => this.#hand(all))
    this.#hand(all)
  }

  #hand(notifications: NonNullable<NotificationMessage['notificationData']>): void {
    const { DataChangeNotification } = this.#context.connection.library
    for (const one of notifications) {
      if (one instanceof DataChangeNotification) this.#report(one.monitoredItems ?? [])
      else if (one !== null) this.#context.other(this, one)
    }
  }

  /** What the server does not mention after a break has not changed, but all was told to be bad. */
  #restate(): void {
    const since = this.#resumedAt ?? 0
    this.#resumedAt = undefined
    const { times, misfit, emit } = this.#context
    const still = this.plan.items.filter(({ last, lastAt }) => last !== undefined && lastAt < since)
    const batch = new SampleBatch(still.reduce((sum, { wanted }) => sum + wanted.length, 0), Date.now()) // prettier-ignore
    for (const { last, wanted } of still) for (const one of wanted) pushRow(batch, one, last, times, false, misfit)
    if (batch.length > 0) emit(batch)
  }

  #report(values: readonly MonitoredItemNotification[]): void {
    const { items } = this.plan
    const { times, misfit, emit, counts } = this.#context
    let rows = 0
    for (const { clientHandle } of values) rows += items[clientHandle]?.wanted.length ?? 0
    if (rows === 0) return
    const batch = new SampleBatch(rows, Date.now())
    for (const { clientHandle, value } of values) {
      const item = items[clientHandle]
      if (item === undefined) continue
      item.last = value
      item.lastAt = this.heardAt
      if (hasOverflow(value.statusCode.value)) counts.overflows++
      for (const wanted of item.wanted) pushRow(batch, wanted, value, times, false, misfit)
    }
    emit(batch)
  }
}

/** Numbers go round: the nearer way tells which is the earlier one. */
const isBefore = (a: number, b: number): boolean => (b - a + LAST_SEQUENCE) % LAST_SEQUENCE < LAST_SEQUENCE / 2
