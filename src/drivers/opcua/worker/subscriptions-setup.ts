/** What the subscriptions of one device get from it. */
import type { DataValue, MonitoredItemNotification } from 'node-opcua-client'
import type { SampleBatch } from '../../../core/batch.ts'
import type { NotConnectedError } from '../../../core/errors.ts'
import type { SentEvents, SentPoint } from '../messages.ts'
import type { Connection } from './connection.ts'
import type { EventItems, EventOutlets } from './event-items.ts'
import type { PollContext } from './poll.ts'
import type { Misfit } from './rows.ts'
import type { SourceTime } from './source-time.ts'

export interface SubscriptionsSetup {
  readonly connection: Connection
  readonly times: SourceTime
  readonly misfit: Misfit
  readonly emit: (batch: SampleBatch) => void
  readonly expandAnswer: PollContext['expand']
  readonly expand: (values: readonly MonitoredItemNotification[]) => Promise<void>
  readonly expandValues: (values: readonly DataValue[]) => Promise<void>
  readonly tell: (level: 'debug' | 'info' | 'warn', sentence: string) => void
  /** Nothing but a new connection helps. */
  readonly lost: (error: NotConnectedError) => void
  readonly points: readonly SentPoint[]
  readonly events: readonly SentEvents[]
  readonly createEvents: (outlets: EventOutlets) => EventItems
}
