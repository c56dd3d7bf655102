/**
 * A made-up day of a gateway, minute by minute, whose true figures are known because they are counted while it is written: down for 14
 * minutes, slow for ten, failing for ten, short of samples for five, late with its deliveries for twenty, and in maintenance for an hour
 * in which nothing works and nothing counts.
 */
const MINUTE = 60_000

export interface Day {
  /** For `promtool tsdb create-blocks-from openmetrics`. */
  readonly text: string
  readonly from: number
  readonly to: number
  /** Good and all there was, counted here. */
  readonly truth: Readonly<
    Record<'availability' | 'latency' | 'errors' | 'completeness' | 'freshness', readonly [number, number]>
  >
  readonly lost: number
}

/** A number for each minute of the day from 1 on. */
type OfMinute = (minute: number) => number

const during =
  (from: number, to: number, then: number, otherwise: number): OfMinute =>
  (minute) =>
    minute > from && minute <= to ? then : otherwise

/** Minutes of the day. */
const AT = { down: 600, slow: 660, failing: 720, short: 780, late: 840, maintenance: 1200 }
const [M_FROM, M_TO] = [AT.maintenance, AT.maintenance + 60]
const counts = (minute: number): boolean => minute <= M_FROM || minute > M_TO

export function makeDay(from: number, instance = 'edge-1:8080'): Day {
  const lines: string[] = []
  const labels = `job="bifrost",instance="${instance}"`
  const write = (type: 'gauge' | 'counter', family: string, series: Record<string, OfMinute>): void => {
    lines.push(`# TYPE ${family} ${type}`)
    const isCounter = type === 'counter'
    for (const [more, value] of Object.entries(series)) {
      let sum = 0
      for (let minute = 0; minute <= 1440; minute++) {
        const one = minute === 0 && isCounter ? 0 : value(minute)
        sum = isCounter ? sum + one : one
        if (Number.isNaN(sum)) continue
        const name = `${family}${isCounter && !/_(bucket|count)$/.test(family) ? '_total' : ''}`
        lines.push(`${name}{${labels}${more}} ${sum} ${(from + minute * MINUTE) / 1000}`)
      }
    }
  }
  const nothingIn = during(M_FROM, M_TO, 0, 1)
  const up: OfMinute = (minute) => during(AT.down, AT.down + 14, 0, 1)(minute) * nothingIn(minute)
  const ok = during(AT.failing, AT.failing + 10, 54, 60)
  const failed = during(AT.failing, AT.failing + 10, 6, 0)
  const fast = during(AT.slow, AT.slow + 10, 20, 58)
  const good = during(AT.short, AT.short + 5, 40, 1000)
  const fresh = during(AT.late, AT.late + 20, 300, 1000)
  const all =
    (value: number): OfMinute =>
    () =>
      value
  write('gauge', 'up', { '': up })
  write('gauge', 'bifrost_maintenance_active', {
    ',device=""': (minute) => (minute > M_FROM && minute <= M_TO ? 1 : NaN),
  })
  write('counter', 'bifrost_http_requests', {
    ',route="/api/v1/values",method="GET",status="200"': ok,
    ',route="/api/v1/values",method="GET",status="503"': failed,
    ',route="/metrics",method="GET",status="500"': all(4),
  })
  const route = ',route="/api/v1/values"'
  const lasting = (le: string): string => `${route},le="${le}"`
  write('counter', 'bifrost_http_request_duration_seconds_bucket', { [lasting('0.1')]: all(20), [lasting('0.5')]: fast, [lasting('1.0')]: all(60), [lasting('+Inf')]: all(60) }) // prettier-ignore
  write('counter', 'bifrost_http_request_duration_seconds_count', { [route]: all(60) })
  write('counter', 'bifrost_device_samples_expected', { ',device="press",driver="modbus"': all(1000) })
  write('counter', 'bifrost_device_samples_good', {
    ',device="press",driver="modbus"': (minute) => (counts(minute) ? good(minute) : 0),
  })
  const sink = ',sink="plant",kind="mqtt"'
  write('counter', 'bifrost_sink_delivery_age_seconds_bucket', { [`${sink},le="1.0"`]: all(200), [`${sink},le="10.0"`]: fresh, [`${sink},le="+Inf"`]: all(1000) }) // prettier-ignore
  write('counter', 'bifrost_sink_delivery_age_seconds_count', { [sink]: all(1000) })
  write('counter', 'bifrost_sink_samples_dropped', {
    [`${sink},reason="rejected"`]: (minute) => (minute === 900 ? 7 : 0),
  })
  write('counter', 'bifrost_log_refused_samples', { '': (minute) => (minute === 910 ? 5 : 0) })
  const sum = (value: OfMinute): number => {
    let total = 0
    for (let minute = 1; minute <= 1440; minute++) if (counts(minute)) total += value(minute)
    return total
  }
  return {
    text: `${lines.join('\n')}\n# EOF\n`,
    from,
    to: from + 1440 * MINUTE,
    lost: 12,
    truth: {
      availability: [sum(up), sum(all(1))],
      latency: [sum(fast), sum(all(60))],
      errors: [sum(ok), sum((minute) => ok(minute) + failed(minute))],
      completeness: [sum(good), sum(all(1000))],
      freshness: [sum(fresh), sum(all(1000))],
    },
  }
}
