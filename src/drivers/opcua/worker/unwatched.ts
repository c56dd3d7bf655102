/** Points that the server does not watch, because it does not have their nodes or refuses them: told, and asked for again now and then. */
import { SampleBatch } from '../../../core/batch.ts'
import { Status, type StatusCode } from '../../../core/status.ts'
import type { SentPoint } from '../messages.ts'
import type { Connection } from './connection.ts'
import { createItems, type MonitoredItem } from './monitored-item.ts'
import { planSubscriptions, type Plan } from './plan.ts'
import type { Misfit, Wanted } from './rows.ts'
import type { Subscription } from './subscription.ts'

export interface UnwatchedSetup {
  readonly connection: Connection
  readonly points: readonly SentPoint[]
  readonly misfit: Misfit
  readonly emit: (batch: SampleBatch) => void
}

const RETRY_MS = 60_000

export class Unwatched {
  readonly #setup: UnwatchedSetup
  /** Nodes that the server does not have at all: no subscription has an item for them. */
  #lost: Plan['lost'] = []
  #retryAt = Infinity

  constructor(setup: UnwatchedSetup) {
    this.#setup = setup
  }

  clear(): void {
    this.#lost = []
    this.#retryAt = Infinity
  }

  lost(lost: Plan['lost']): void {
    this.#lost = lost
    if (lost.length > 0) this.#retryAt = performance.now() + RETRY_MS
    this.#tellLost()
  }

  /** Of a subscription that has been made; the points that may be read instead. */
  refused(subscription: Subscription): SentPoint[] {
    this.#tellRefused(subscription)
    return subscription.plan.items.flatMap(({ wanted, status, serverId }) =>
      serverId === undefined && isOnlyUnwatched(status) ? wanted : [],
    )
  }

  /** All points were told to be bad for another reason, which is over. */
  retell(subscriptions: readonly Subscription[]): void {
    this.#tellLost()
    for (const subscription of subscriptions) this.#tellRefused(subscription)
  }

  /**
   * A node may have come meanwhile, as after a new program of the controller. Items of these subscriptions are made without a pause
   * for the others; true when there are nodes that no subscription has an item for.
   */
  async retry(now: number, subscriptions: readonly Subscription[]): Promise<boolean> {
    if (now < this.#retryAt) return false
    this.#retryAt = now + RETRY_MS
    const { connection, points } = this.#setup
    for (const subscription of subscriptions) {
      const items = refusedOf(subscription)
      if (items.length > 0) await createItems(connection, subscription.id, items)
    }
    if (this.#lost.length === 0) return false
    const missing = new Set(this.#lost.flatMap(({ wanted }) => wanted.map(({ tag }) => tag)))
    const plan = await planSubscriptions(
      connection,
      points.filter(({ tag }) => missing.has(tag)),
    )
    return plan.subscriptions.length > 0
  }

  #tellLost(): void {
    for (const { wanted, status, reason } of this.#lost) this.#tell(wanted, status, reason)
  }

  #tellRefused(subscription: Subscription): void {
    const items = refusedOf(subscription)
    if (items.length > 0) this.#retryAt = Math.min(this.#retryAt, performance.now() + RETRY_MS)
    for (const { wanted, status } of items) this.#tell(wanted, status, undefined)
  }

  #tell(wanted: readonly Wanted[], status: StatusCode, reason: string | undefined): void {
    const { misfit, emit } = this.#setup
    const batch = new SampleBatch(wanted.length, Date.now())
    for (const { tag } of wanted) {
      batch.push(tag, undefined, status)
      if (reason !== undefined) misfit(tag, reason)
    }
    emit(batch)
  }
}

/** A subscription of which the server watches nothing, and never will, is of no use. */
export const isOfUse = ({ items }: Subscription['plan']): boolean =>
  items.length === 0 || items.some(({ serverId, status }) => serverId !== undefined || !isOnlyUnwatched(status))

/** It may be only a matter of watching: such a node is read instead. */
const isOnlyUnwatched = (status: StatusCode): boolean =>
  status === Status.BadTooManyMonitoredItems || status === Status.BadNotSupported

export const watchedOf = ({ plan }: Subscription): MonitoredItem[] =>
  plan.items.filter(({ serverId }) => serverId !== undefined)

const refusedOf = ({ plan }: Subscription): MonitoredItem[] =>
  plan.items.filter(({ serverId, status }) => serverId === undefined && !isOnlyUnwatched(status))
