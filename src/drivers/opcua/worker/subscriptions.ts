/**
 * All subscriptions of one device: planned, made, taken over by a new session, watched, and made anew when they go silent. Evidence
 * of life is what counts: notifications, keep-alives, and the shadow read (`canary.ts`).
 */
import type { MonitoredItemNotification } from 'node-opcua-client'
import { SampleBatch } from '../../../core/batch.ts'
import { messageOf, NotConnectedError } from '../../../core/errors.ts'
import type { StatusCode } from '../../../core/status.ts'
import { Status } from '../../../core/status.ts'
import type { SentEvents, SentPoint } from '../messages.ts'
import { Canary, valueReader } from './canary.ts'
import type { Connection, Opened } from './connection.ts'
import { Escalation, type Level } from './escalation.ts'
import type { EventItems, EventOutlets } from './event-items.ts'
import { FallbackPolls } from './fallback.ts'
import { planSubscriptions, type Plan } from './plan.ts'
import type { PollContext } from './poll.ts'
import { Publisher } from './publisher.ts'
import type { Misfit, Wanted } from './rows.ts'
import type { SourceTime } from './source-time.ts'
import { Subscription, type SubscriptionCounts } from './subscription.ts'
import { endsSession, NoAnswerError, ServiceError } from './transaction.ts'
import { transferSubscriptions } from './transfer.ts'

export interface SubscriptionsSetup {
  readonly connection: Connection
  readonly times: SourceTime
  readonly misfit: Misfit
  readonly emit: (batch: SampleBatch) => void
  readonly expandAnswer: PollContext['expand']
  readonly expand: (values: readonly MonitoredItemNotification[]) => Promise<void>
  readonly tell: (level: 'debug' | 'info' | 'warn', sentence: string) => void
  /** Nothing but a new connection helps. */
  readonly lost: (error: NotConnectedError) => void
  readonly points: readonly SentPoint[]
  readonly events: readonly SentEvents[]
  readonly createEvents: (outlets: EventOutlets) => EventItems
}

/** How often it is looked whether everything is on time. */
const WATCH_MS = 250
/** Keep-alives that may be missing in a row. */
const MISSING_KEEP_ALIVES = 3
/** Nodes that the server did not have are asked for again after this. */
const RETRY_MS = 60_000
const MOST_PUBLISHES = 10
/** Statuses of a server that has no subscriptions, or none left. */
const NO_SUBSCRIPTIONS = ['BadServiceUnsupported', 'BadNotImplemented', 'BadNotSupported', 'BadTooManySubscriptions']

export class Subscriptions {
  readonly counts: SubscriptionCounts = { missed: 0, republished: 0, overflows: 0 }
  readonly escalation: Escalation
  readonly #setup: SubscriptionsSetup
  readonly #fallback: FallbackPolls
  readonly #events: EventItems | undefined
  #subscriptions: { readonly subscription: Subscription; readonly canary: Canary; dueAt: number }[] = []
  #publisher: Publisher | undefined
  #timer: NodeJS.Timeout | undefined
  #busy = false
  #open = false
  #refused = false
  #retryAt = 0
  #canaries = 0
  /** What the server does not offer, as a sentence. */
  trouble: string | undefined

  constructor(setup: SubscriptionsSetup) {
    this.#setup = setup
    const { canary, keepAlive } = setup.connection.options.liveness
    this.escalation = new Escalation(Math.max(4 * canary, 6 * keepAlive, 60_000))
    this.#fallback = new FallbackPolls(setup)
    const overflowed = () => this.counts.overflows++
    this.#events = setup.events.length > 0 ? setup.createEvents({ emit: setup.emit, overflowed }) : undefined
  }

  get size(): number {
    return this.#subscriptions.length
  }

  get items(): number {
    return this.#subscriptions.reduce(
      (sum, { subscription }) => sum + subscription.plan.items.filter(({ serverId }) => serverId !== undefined).length,
      this.#events?.size ?? 0,
    )
  }

  get canaries(): number {
    return this.#canaries + this.#subscriptions.reduce((sum, { canary }) => sum + canary.reads, 0)
  }

  /** When the last of them was heard, ms by a clock that nobody sets. */
  get provenAt(): number {
    return this.#open
      ? Math.min(...this.#subscriptions.map(({ subscription }) => subscription.heardAt), performance.now())
      : 0
  }

  /** Since when (ms by a clock that nobody sets) the evidence speaks against it; undefined: it does not. */
  staleSince(now: number): number | undefined {
    const since = this.#subscriptions.flatMap(({ subscription, canary }) => {
      const late = subscription.overdueMs(now) > subscription.keepAliveMs ? [subscription.heardAt] : []
      return canary.suspectSince === undefined ? late : [...late, canary.suspectSince]
    })
    return since.length === 0 ? undefined : Math.min(...since)
  }

  /** Begins or goes on with a session that was opened like this. Throws NotConnectedError. */
  async start(opened: Opened): Promise<void> {
    this.#open = true
    await this.#guard(async () => {
      if (opened !== 'new' && this.#subscriptions.length > 0) await this.#resume()
      else if (this.#subscriptions.length > 0 && (await this.#transfer())) await this.#resume()
      else await this.#makeAll()
    })
    this.#timer ??= setInterval(() => void this.#watch(), WATCH_MS)
  }

  /** Nothing is sent any more; what the server has of it stays for a session to come. */
  pause(): void {
    this.#open = false
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#publisher?.stop()
    this.#fallback.stop()
  }

  /** Takes them away from the server. */
  async end(): Promise<void> {
    this.pause()
    const all = this.#subscriptions
    this.#forget()
    await Promise.allSettled(all.map(({ subscription }) => subscription.delete()))
  }

  async #makeAll(): Promise<void> {
    this.#forget()
    const { connection, points } = this.#setup
    const plan = await planSubscriptions(connection, points)
    this.#tellLost(plan)
    this.trouble = undefined
    this.#startPublisher()
    for (const one of [...plan.subscriptions, ...(this.#events === undefined ? [] : [this.#events.plan])]) {
      const subscription = new Subscription(
        { ...this.#setup, counts: this.counts, other: (...args) => this.#other(...args) },
        one,
      )
      try {
        await subscription.create()
      } catch (error) {
        if (!(error instanceof ServiceError) || !NO_SUBSCRIPTIONS.includes(error.statusName)) throw error
        this.trouble = `The server gives no subscription (${error.statusName}): its tags are read at their interval instead.`
        this.#fallback.add(one.items.flatMap(({ wanted }) => wanted))
        if (one === this.#events?.plan) this.#events.refused(error)
        continue
      }
      const isOfUse = one.items.length === 0 || one.items.some(({ serverId }) => serverId !== undefined)
      if (isOfUse) this.#add(subscription)
      else {
        this.#tellRefused(subscription)
        await subscription.delete()
      }
    }
    this.#publisher!.keep(this.#publishes)
  }

  #add(subscription: Subscription): void {
    const { connection } = this.#setup
    const statusOnly = connection.options.trigger === 'status'
    const canary = new Canary(subscription, valueReader(connection), statusOnly)
    this.#subscriptions.push({ subscription, canary, dueAt: performance.now() + connection.options.liveness.canary })
    this.#tellRefused(subscription)
    this.#publisher!.keep(this.#publishes)
  }

  get #publishes(): number {
    return this.#subscriptions.length === 0 ? 0 : Math.min(MOST_PUBLISHES, this.#subscriptions.length + 1)
  }

  #startPublisher(): void {
    this.#publisher?.stop()
    const { connection, tell } = this.#setup
    this.#publisher = new Publisher({
      session: connection.session,
      patienceMs: () =>
        connection.options.requestTimeout +
        Math.max(...this.#subscriptions.map(({ subscription }) => subscription.keepAliveMs), 1000) * 2,
      deliver: (response) => {
        const found = this.#subscriptions.find(({ subscription }) => subscription.id === response.subscriptionId)
        const { timestamp } = response.responseHeader
        if (this.#setup.times.observe(timestamp, Date.now(), performance.now())) tell('warn', CLOCK_SET_BACK)
        if (found === undefined) return
        const { notificationMessage } = response
        if ((notificationMessage.notificationData ?? []).length > 0)
          this.#publisher?.acknowledge(response.subscriptionId, notificationMessage.sequenceNumber)
        const work = found.subscription.take(response)
        return work?.catch((error: unknown) => this.#failed(error, found.subscription))
      },
      lost: (error) => this.#lose(error),
      tell: (sentence) => tell('debug', sentence),
    })
  }

  /** The session is the one of before, on a new channel. */
  async #resume(): Promise<void> {
    this.#startPublisher()
    this.#fallback.start()
    const gone: Subscription[] = []
    for (const { subscription } of this.#subscriptions) {
      try {
        await subscription.catchUp()
      } catch (error) {
        if (endsSession(error)) throw error
        gone.push(subscription)
      }
    }
    if (gone.length > 0) return this.#makeAll()
    this.#events?.resumed()
    this.#publisher!.keep(this.#publishes)
  }

  #transfer(): Promise<boolean> {
    const { connection, tell } = this.#setup
    const all = this.#subscriptions.map(({ subscription }) => subscription)
    return transferSubscriptions(connection, all, tell)
  }

  async #watch(): Promise<void> {
    if (this.#busy || !this.#open) return
    this.#busy = true
    try {
      const now = performance.now()
      const silent = this.#subscriptions.find(
        ({ subscription }) =>
          subscription.overdueMs(now) > (MISSING_KEEP_ALIVES - 1) * subscription.keepAliveMs + WATCH_MS,
      )
      if (silent !== undefined)
        return await this.#rebuild(silent.subscription, 'it sent neither values nor keep-alives')
      const frozen = await this.#lookForFrozen(now)
      if (frozen !== undefined)
        return await this.#rebuild(frozen, 'a value of it has changed at the server and was not reported')
      if (this.#refused && now > this.#retryAt) await this.#retryLost(now)
      await this.#events?.retry(now)
    } catch (error) {
      if (endsSession(error)) this.#lose(error)
      else this.#setup.tell('debug', messageOf(error))
    } finally {
      this.#busy = false
    }
  }

  async #lookForFrozen(now: number): Promise<Subscription | undefined> {
    const { canary: periodMs } = this.#setup.connection.options.liveness
    for (const one of this.#subscriptions) {
      if (now < one.dueAt) continue
      const frozen = await one.canary.look(now)
      one.dueAt = now + (one.canary.suspectSince === undefined ? periodMs : one.canary.patienceMs)
      if (frozen) return one.subscription
    }
    return undefined
  }

  /** The ladder: what is made anew this time, and further up at once when that fails. */
  async #rebuild(subscription: Subscription, why: string): Promise<void> {
    let level: Level = this.escalation.next(performance.now())
    for (;;) {
      this.#setup.tell('warn', `${why}: the ${level} is made anew`)
      try {
        if (level === 'socket') return this.#lose(new NotConnectedError(`the subscriptions had gone silent: ${why}`))
        if (level === 'session') {
          this.#publisher?.stop()
          await this.#setup.connection.renewSession(AbortSignal.timeout(this.#setup.connection.options.connectTimeout))
        } else await subscription.delete()
        return await (level === 'session' ? this.#makeAll() : this.#remake(subscription))
      } catch (error) {
        if (!this.#open) return
        this.#setup.tell('info', `the ${level} could not be made anew: ${messageOf(error)}`)
        level = this.escalation.further(performance.now())
      }
    }
  }

  async #remake(subscription: Subscription): Promise<void> {
    await subscription.create()
    const found = this.#subscriptions.find((one) => one.subscription === subscription)
    if (found !== undefined) {
      found.canary.reset()
      found.dueAt = performance.now() + this.#setup.connection.options.liveness.canary
    }
    this.#tellRefused(subscription)
    this.#publisher?.keep(this.#publishes)
  }

  /** Something of a notification failed: the server does not know the subscription, or gave it up. */
  async #failed(error: unknown, subscription: Subscription): Promise<void> {
    if (!this.#open) return
    if (endsSession(error)) return this.#lose(error)
    this.#setup.tell('info', messageOf(error))
    if (this.#busy) return
    this.#busy = true
    try {
      await this.#rebuild(subscription, 'the server does not have it any more')
    } finally {
      this.#busy = false
    }
  }

  #other(subscription: Subscription, notification: unknown): void {
    const { StatusChangeNotification } = this.#setup.connection.library
    if (notification instanceof StatusChangeNotification) {
      const { status } = notification as { status: { name: string } }
      void this.#failed(new Error(`the server ended a subscription (${status.name})`), subscription)
    } else this.#events?.take(notification)
  }

  #tellLost({ lost }: Plan): void {
    this.#refused = lost.length > 0
    this.#retryAt = performance.now() + RETRY_MS
    for (const { wanted, status, reason } of lost) this.#tellStatus(wanted, status, reason)
  }

  /** Items that the server does not watch: read instead where it may be only a matter of watching, else bad. */
  #tellRefused({ plan }: Subscription): void {
    const [unwatched, watched] = [[] as SentPoint[], [] as SentPoint[]]
    for (const { wanted, status, serverId } of plan.items) {
      if (serverId !== undefined) watched.push(...wanted)
      else if (status === Status.BadTooManyMonitoredItems || status === Status.BadNotSupported)
        unwatched.push(...wanted)
      else {
        this.#refused = true
        this.#retryAt = performance.now() + RETRY_MS
        this.#tellStatus(wanted, status, undefined)
      }
    }
    this.#fallback.remove(watched)
    this.#fallback.add(unwatched)
    if (unwatched.length > 0)
      this.trouble = `The server watches no more items: ${this.#fallback.size} tags are read at their interval instead.`
  }

  #tellStatus(wanted: readonly Wanted[], status: StatusCode, reason: string | undefined): void {
    const batch = new SampleBatch(wanted.length, Date.now())
    for (const { tag } of wanted) {
      batch.push(tag, undefined, status)
      if (reason !== undefined) this.#setup.misfit(tag, reason)
    }
    this.#setup.emit(batch)
  }

  /** A node may have come meanwhile, as after a new program of the controller. */
  async #retryLost(now: number): Promise<void> {
    this.#retryAt = now + RETRY_MS
    const plan = await planSubscriptions(this.#setup.connection, this.#setup.points)
    const known = new Set(
      this.#subscriptions.flatMap(({ subscription }) =>
        subscription.plan.items
          .filter(({ serverId }) => serverId !== undefined)
          .flatMap(({ wanted }) => wanted.map(({ tag }) => tag)),
      ),
    )
    const found = plan.subscriptions.some(({ items }) =>
      items.some(({ wanted }) => wanted.some(({ tag }) => !known.has(tag))),
    )
    if (!found) return
    const all = this.#subscriptions
    await Promise.allSettled(all.map(({ subscription }) => subscription.delete()))
    await this.#makeAll()
  }

  #lose(error: unknown): void {
    if (!this.#open) return
    this.pause()
    this.#setup.lost(this.#setup.connection.lost(error))
  }

  #forget(): void {
    this.#canaries = this.canaries
    this.#subscriptions = []
    this.#fallback.clear()
    this.#events?.forget()
  }

  /** A session that ends while this runs is a lost connection, as is one that does not answer. */
  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.pause()
      throw endsSession(error) || error instanceof NoAnswerError || error instanceof ServiceError
        ? this.#setup.connection.lost(error)
        : error
    }
  }
}

const CLOCK_SET_BACK = 'the clock of the server was set back'
