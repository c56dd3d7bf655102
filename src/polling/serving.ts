/**
 * Runs what a driver does beside the polls (`Driver.serve`: a proxy) from start to stop, connected or not. When it fails it
 * begins again after growing pauses; the log hears of a failure once, not of each one.
 */
import { sleep, type Clock } from '../core/clock.ts'
import type { Driver, LineAccess } from '../core/driver.ts'
import { formatDuration } from '../core/duration.ts'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { Backoff } from '../wire/backoff.ts'

const PAUSE_MIN_MS = 1000
const PAUSE_MAX_MS = 60_000
/** Who served this long has recovered: the next failure is news again. */
const STEADY_MS = 60_000

export interface ServingContext {
  readonly device: string
  readonly clock: Clock
  readonly log: Log
  readonly random: () => number
}

/** Serves until the signal aborts; never rejects. A driver that has nothing to serve resolves at once and is left alone. */
export async function keepServing(
  driver: Driver<unknown>,
  access: LineAccess,
  { device, clock, log, random }: ServingContext,
  signal: AbortSignal,
): Promise<void> {
  const pauses = new Backoff({ firstMs: PAUSE_MIN_MS, maxMs: PAUSE_MAX_MS, random })
  let told: string | undefined
  while (!signal.aborted) {
    const began = clock.monotonic()
    try {
      return await driver.serve?.(access, signal)
    } catch (error) {
      if (signal.aborted) return
      if (clock.monotonic() - began >= STEADY_MS) {
        pauses.reset()
        told = undefined
      }
      const pause = pauses.next()
      const message = messageOf(error)
      if (message !== told) {
        log.error({ device, err: error }, `${message.replace(/[.!?]$/, '')}. Next attempt in ${formatDuration(pause)}.`)
      }
      told = message
      await sleep(clock, pause, signal).catch(() => undefined)
    }
  }
}
