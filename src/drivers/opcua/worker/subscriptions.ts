/**
 * All subscriptions of one device: planned, made, taken over by a new session, watched, and made anew when they go silent. Evidence
 * of life is what counts: notifications, keep-alives, and the shadow read (`canary.ts`).
 */
import type { SourceFacts } from '../../../core/driver.ts'
import { messageOf, NotConnectedError } from '../../../core/errors.ts'
import type { TagId } from '../../../core/value.ts'
import { Canary, valueReader } from './canary.ts'
import type { Opened } from './connection.ts'
import { Escalation, type Level } from './escalation.ts'
import type { EventItems } from './event-items.ts'
import { FallbackPolls, hasNoSubscription } from './fallback.ts'
import { doesAnswer } from './keep-alive.ts'
import { planSubscriptions } from './plan.ts'
import { Publisher } from './publisher.ts'
import type { SubscriptionsSetup } from './subscriptions-setup.ts'
import { Subscription, type SubscriptionContext, type SubscriptionCounts } from './subscription.ts'
import { endsSession, NoAnswerError, ServiceError } from './transaction.ts'
import { transferSubscriptions } from './transfer.ts'
import { isOfUse, Unwatched, watchedOf } from './unwatched.ts'
import { watchedSource } from './watched-source.ts'

/** How often it is looked whether everything is on time. */
const WATCH_MS = 250
/** Keep-alives that may be missing in a row. */
const MISSING_KEEP_ALIVES = 3
const MOST_PUBLISHES = 10

export class Subscriptions {
  readonly counts: SubscriptionCounts = { missed: 0, republished: 0, overflows: 0 }
  readonly escalation: Escalation
  readonly #setup: SubscriptionsSetup
  readonly #fallback: FallbackPolls
  readonly #unwatched: Unwatched
  readonly #events: EventItems | undefined
  #subscriptions: { readonly subscription: Subscription; readonly canary: Canary; dueAt: number }[] = []
  #publisher: Publisher | undefined
  #timer: NodeJS.Timeout | undefined
  #busy = false
  #lookedAt = 0
  #open = false
  /** Grows with each start and pause: what was begun before has nothing more to do. */
  #run = 0
  /** All that is planned has been made; what is there of a plan that failed half-way is no beginning to go on from. */
  #made = false
  #canaries = 0
  /** Why there is a subscription that the server does not give. */
  #refusal: string | undefined

  constructor(setup: SubscriptionsSetup) {
    this.#setup = setup
    const { canary, keepAlive } = setup.connection.options.liveness
    this.escalation = new Escalation(Math.max(4 * canary, 6 * keepAlive, 60_000))
    this.#fallback = new FallbackPolls(setup)
    this.#unwatched = new Unwatched(setup)
    const overflowed = () => this.counts.overflows++
    this.#events = setup.events.length > 0 ? setup.createEvents({ emit: setup.emit, overflowed }) : undefined
  }

  /** What the server does not offer, as a sentence. */
  get trouble(): string | undefined {
    const { size } = this.#fallback
    const unwatched = `The server watches no more items: ${size} tags are read at their interval instead.`
    return this.#refusal ?? (size > 0 ? unwatched : undefined)
  }

  get size(): number {
    return this.#subscriptions.length
  }

  get #all(): readonly Subscription[] {
    return this.#subscriptions.map(({ subscription }) => subscription)
  }

  /** How the values of this tag come; undefined: they are not watched. */
  sourceOf(tag: TagId): SourceFacts | undefined {
    const { options } = this.#setup.connection
    return this.#all.map((one) => watchedSource(one, tag, options)).find((facts) => facts !== undefined)
  }

  get items(): number {
    return this.#all.reduce((sum, one) => sum + watchedOf(one).length, this.#events?.size ?? 0)
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
    this.#run++
    const { connection, tell } = this.#setup
    await this.#guard(async () => {
      const isThere = this.#made && this.#subscriptions.length > 0
      if (isThere && (opened !== 'new' || (await transferSubscriptions(connection, this.#all, tell))))
        return this.#resume()
      if (opened !== 'new') await this.#deleteAll()
      await this.#makeAll()
    })
    this.#timer ??= setInterval(() => void this.#watch(), WATCH_MS)
  }

  /** Nothing is sent any more; what the server has of it stays for a session to come. */
  pause(): void {
    this.#open = false
    this.#run++
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#publisher?.stop()
    this.#fallback.stop()
  }

  /** Takes them away from the server. */
  async end(): Promise<void> {
    this.pause()
    await this.#deleteAll()
  }

  async #deleteAll(): Promise<void> {
    const all = this.#all
    this.#forget()
    await Promise.allSettled(all.map((subscription) => subscription.delete()))
  }

  async #makeAll(): Promise<void> {
    this.#forget()
    const run = this.#run
    const { connection, points } = this.#setup
    const plan = await planSubscriptions(connection, points)
    this.#stillWanted(run)
    this.#unwatched.lost(plan.lost)
    this.#refusal = undefined
    this.#startPublisher()
    const other: SubscriptionContext['other'] = (...args) => this.#other(...args)
    const acknowledge: SubscriptionContext['acknowledge'] = (...args) => this.#publisher?.acknowledge(...args)
    const context = { ...this.#setup, counts: this.counts, other, acknowledge }
    for (const one of [...plan.subscriptions, ...(this.#events === undefined ? [] : [this.#events.plan])]) {
      const subscription = new Subscription(context, one)
      try {
        await subscription.create()
      } catch (error) {
        if (!hasNoSubscription(error)) throw error
        this.#refusal = `The server gives no subscription (${error.statusName}): its tags are read at their interval instead.`
        this.#fallback.add(one.items.flatMap(({ wanted }) => wanted))
        if (one === this.#events?.plan) this.#events.refused(error)
        continue
      }
      await this.#orDelete(subscription, run)
      if (isOfUse(one)) this.#add(subscription)
      else {
        this.#readInstead(subscription)
        await subscription.delete()
      }
    }
    this.#publisher!.keep(this.#publishes)
    this.#made = true
  }

  /** Throws when it was ended while something of it was on its way. */
  #stillWanted(run: number): void {
    if (run !== this.#run) throw new NotConnectedError('the subscriptions were ended meanwhile')
  }

  /** One that was made for nobody does not stay at the server. */
  async #orDelete(subscription: Subscription, run: number): Promise<void> {
    if (run === this.#run) return
    await subscription.delete().catch(() => {})
    this.#stillWanted(run)
  }

  /** Items that the server does not watch are read where that helps. */
  #readInstead(subscription: Subscription): void {
    this.#fallback.remove(watchedOf(subscription).flatMap(({ wanted }) => wanted))
    this.#fallback.add(this.#unwatched.refused(subscription))
  }

  #add(subscription: Subscription): void {
    const { connection } = this.#setup
    const read = valueReader(connection, (values) => this.#setup.expandValues(values))
    const canary = new Canary(subscription, read, connection.options.trigger === 'status')
    this.#subscriptions.push({ subscription, canary, dueAt: performance.now() + connection.options.liveness.canary })
    this.#readInstead(subscription)
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
        if (this.#setup.times.observe(timestamp, Date.now(), performance.now()))
          tell('warn', 'the clock of the server was set back')
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
    for (const { subscription } of this.#subscriptions) {
      try {
        await subscription.catchUp()
      } catch (error) {
        if (endsSession(error) || error instanceof NoAnswerError) throw error
        // What is still there of the others would report for ever to nobody.
        await this.#deleteAll()
        return this.#makeAll()
      }
    }
    this.#unwatched.retell(this.#all)
    this.#events?.resumed()
    this.#publisher!.keep(this.#publishes)
  }

  async #watch(): Promise<void> {
    if (this.#busy || !this.#open) return
    this.#busy = true
    try {
      const now = performance.now()
      const stoodStill = now - this.#lookedAt > 4 * WATCH_MS
      this.#lookedAt = now
      // What has come meanwhile is to be heard first.
      if (stoodStill) return
      const silent = this.#subscriptions.find(
        ({ subscription }) =>
          subscription.overdueMs(now) > (MISSING_KEEP_ALIVES - 1) * subscription.keepAliveMs + WATCH_MS,
      )
      if (silent !== undefined) {
        // A dead connection keeps what is sent now for later: to delete anything would be to lose what the server has kept.
        if (await doesAnswer(this.#setup.connection))
          return await this.#rebuild(silent.subscription, 'it sent neither values nor keep-alives')
        return this.#lose(new NotConnectedError('the server does not answer any more'))
      }
      const frozen = await this.#lookForFrozen(now)
      if (frozen !== undefined)
        return await this.#rebuild(frozen, 'a value of it has changed at the server and was not reported')
      await this.#retry(now)
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
    const run = this.#run
    let level: Level = this.escalation.next(performance.now())
    for (;;) {
      this.#setup.tell('warn', `${why}: the ${level} is made anew`)
      try {
        if (level === 'socket') return await this.#loseAll(why)
        if (level === 'session') {
          this.#publisher?.stop()
          await this.#setup.connection.renewSession(AbortSignal.timeout(this.#setup.connection.options.connectTimeout))
        } else await subscription.delete()
        return await (level === 'session' ? this.#makeAll() : this.#remake(subscription))
      } catch (error) {
        if (run !== this.#run) return
        this.#setup.tell('info', `the ${level} could not be made anew: ${messageOf(error)}`)
        level = this.escalation.further(performance.now())
      }
    }
  }

  /** With the session goes what has failed in it: none of it is taken over. */
  async #loseAll(why: string): Promise<void> {
    this.#made = false
    await this.#setup.connection.close()
    this.#lose(new NotConnectedError(`the subscriptions had gone silent: ${why}`))
  }

  async #remake(subscription: Subscription): Promise<void> {
    const run = this.#run
    await subscription.create()
    await this.#orDelete(subscription, run)
    const found = this.#subscriptions.find((one) => one.subscription === subscription)
    if (found !== undefined) {
      found.canary.reset()
      found.dueAt = performance.now() + this.#setup.connection.options.liveness.canary
    }
    this.#readInstead(subscription)
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

  async #retry(now: number): Promise<void> {
    const run = this.#run
    if (!(await this.#unwatched.retry(now, this.#all))) return
    this.#stillWanted(run)
    await this.#deleteAll()
    await this.#makeAll()
  }

  #lose(error: unknown): void {
    if (!this.#open) return
    this.pause()
    this.#setup.lost(this.#setup.connection.lost(error))
  }

  #forget(): void {
    this.#made = false
    this.#unwatched.clear()
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
      const { connection } = this.#setup
      if (endsSession(error)) throw connection.lost(error)
      if (!(error instanceof NoAnswerError) && !(error instanceof ServiceError)) throw error
      // What was made half-way shall not stay at the server, time after time.
      if (!this.#made) await connection.close()
      throw connection.lost(error)
    }
  }
}
