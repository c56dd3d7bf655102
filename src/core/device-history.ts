/** What a device has recorded by itself, and how it is read to fill a gap that the gateway has. */
import type { Emit, Point } from './driver.ts'
import type { StatusCode } from './status.ts'
import type { TagId } from './value.ts'

export interface DeviceHistory<Address> {
  /** Nobody asks for what is older than this, ms. */
  readonly lookBackMs: number
  /** Plans the reading of what was recorded between these times, both included: ms since 1970 by the device's clock. No I/O. */
  read(points: readonly Point<Address>[], from: number, to: number): HistoryRead
}

export interface HistoryRead {
  /**
   * One request; to be called again while it resolves to 'again'. Emits rows that are marked historical, with the status that was
   * recorded and its source time, each point's oldest first. Rejects with NotConnectedError when the connection is lost.
   */
  next(emit: Emit, signal: AbortSignal): Promise<'again' | void>
  /** Points of which nothing could be read; complete when there is no more to read. */
  readonly refused: readonly RefusedHistory[]
}

export interface RefusedHistory {
  readonly tag: TagId
  /** Status by number and, as the device calls it, by name. */
  readonly status: StatusCode
  readonly name: string
  /** It would be no different the next time: the device keeps no history of this point, or not for us. */
  readonly isLasting: boolean
}
