/** When a resource will be used up, from how its use has grown in Prometheus over the last day. */
import { GatewayError } from '../core/errors.ts'
import type { Prometheus } from './prometheus.ts'

export interface Trend {
  readonly resource: string
  /** Change of the used share in a day, from the last 24 hours. */
  readonly perDay: number
  /** Undefined: not within a year. */
  readonly fullInMs: number | undefined
}

const DAY = 86_400_000

export async function exhaustionOf(
  prometheus: Prometheus,
  instance: string,
  at: number,
  signal: AbortSignal,
): Promise<Trend[]> {
  const selector = `bifrost_capacity_used_ratio{instance=${JSON.stringify(instance)}}`
  const slopes = await prometheus.instant(`deriv(${selector}[1d]) * 86400`, at, signal)
  const now = new Map(
    (await prometheus.instant(selector, at, signal)).map(({ labels, points }) => [labels.resource, points[0]![1]]),
  )
  if (slopes.every(({ labels }) => !now.has(labels.resource)))
    throw new GatewayError(
      'NOT_CONNECTED',
      `Prometheus at ${prometheus.url} has no trend of bifrost_capacity_used_ratio of instance ${JSON.stringify(instance)}; say what Prometheus calls this gateway with --instance, or wait until it was scraped a few times`,
    )
  return slopes.flatMap(({ labels, points }) => {
    const perDay = points[0]![1]
    const used = now.get(labels.resource)
    // It was there within the day and is not now: nothing is known of when it will be used up.
    if (used === undefined) return []
    const fullInMs = ((1 - used) / perDay) * DAY
    return {
      resource: labels.resource ?? '',
      perDay,
      fullInMs: perDay > 0 && fullInMs <= 365 * DAY ? Math.max(0, fullInMs) : undefined,
    }
  })
}
