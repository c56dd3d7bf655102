/**
 * How old samples were when the far side had confirmed them, by samples: from their arrival here. A batch from the log holds several
 * arrivals, and only its first and its last are looked at: the rows between are taken to have come evenly. One reading of the clock
 * and a few additions a batch, however large it is.
 */
import type { SampleBatch } from '../core/batch.ts'
import { AGE_BOUNDS, createHistogram, observeSpread } from '../core/histogram.ts'

export class DeliveryAge {
  readonly seconds = createHistogram(AGE_BOUNDS)

  /** `delivered` rows of the batch are there, `now`: ms since 1970. A clock that was set back makes nothing younger than 0. */
  confirmed({ receivedAt, receivedUntil = receivedAt }: SampleBatch, delivered: number, now: number): void {
    const first = Math.max(0, now - receivedAt) / 1000
    const last = Math.max(0, now - receivedUntil) / 1000
    observeSpread(this.seconds, Math.min(first, last), Math.max(first, last), delivered)
  }
}
