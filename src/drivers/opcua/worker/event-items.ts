/** Events of the server as samples: what the subscriptions need of it. */
import type { Connection } from './connection.ts'
import type { Subscription } from './subscription.ts'

export interface EventItems {
  readonly size: number
  /** Makes what it needs at the server. */
  create(connection: Connection, add: (subscription: Subscription) => void): Promise<void>
  /** A notification that is no change of a value. */
  take(subscription: Subscription, notification: unknown): void
  forget(): void
}
