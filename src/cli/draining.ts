/**
 * What a gateway that goes for good still has to do: devices are let go of, and what waits for the sinks is delivered, within a time. For
 * `bifrost run --drain`, and for `bifrost drain` on a data folder whose gateway is gone.
 */
import type { Config } from '../config/config.ts'
import { parseDuration } from '../core/duration.ts'
import { GatewayError } from '../core/errors.ts'
import type { Gateway } from '../gateway.ts'
import { textOption, type Call } from './call.ts'

/** A sink for which samples still wait. */
export interface Undelivered {
  readonly sink: string
  readonly pending: number
  /** Why, where that is known. */
  readonly reason: string | null
}

const LOOK_MS = 100

/** The same configuration with nothing to read; its devices and tags stay known, so that samples keep their names. */
export const withoutReading = (config: Config): Config => ({
  ...config,
  devices: config.devices.map((device) => ({ ...device, enabled: false })),
})

/**
 * Waits until every sink that is enabled has all there is, or `withinMs` are over, or `signal` aborts; resolves with what still waits then: nothing,
 * when all is delivered. Dead letters wait for nobody: they stay in the data folder.
 */
export async function deliverAll(
  gateway: Gateway,
  withinMs: number,
  signal: AbortSignal,
): Promise<readonly Undelivered[]> {
  const { clock, store } = gateway
  await store.flush()
  const end = clock.monotonic() + withinMs
  const waiting = () => gateway.runners.map((runner) => runner.status()).filter(({ pending }) => pending > 0)
  while (waiting().some(({ state }) => state !== 'Disabled')) {
    if (signal.aborted || clock.monotonic() >= end) break
    await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve))
  }
  return waiting().map(({ name, pending, state, reason }) => ({
    sink: name,
    pending,
    reason: state === 'Disabled' ? 'it is disabled' : reason,
  }))
}

/** `plant: 120 samples (connect ECONNREFUSED)`. */
export const undeliveredWords = ({ sink, pending, reason }: Undelivered): string =>
  `${sink}: ${pending} ${pending === 1 ? 'sample' : 'samples'}${reason === null ? '' : ` (${reason})`}`

/** The milliseconds of an option such as `--within 10m`. Throws USAGE. */
export function durationOption(call: Call, name: string): number | undefined {
  const text = textOption(call, name)
  if (text === undefined) return undefined
  const ms = parseDuration(text)
  if (ms === undefined || ms <= 0)
    throw new GatewayError('USAGE', `--${name} ${text}: give a duration such as 90s or 10m`)
  return ms
}
