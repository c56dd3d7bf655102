/** How much goes through each sink, over the answers of the last minutes: as long as somebody looks. The rates are the gateway's. */
import { useEffect, useRef, useState } from 'react'
import type { SinkView } from '../../api.ts'

/** Five minutes, an answer every two seconds. */
const MOST_POINTS = 150
const GAP_MS = 6000

export interface Throughput {
  /** Samples per second, the newest last; null: not known. */
  readonly routed: readonly (number | null)[]
  readonly delivered: readonly (number | null)[]
}

export const NOTHING: Throughput = { routed: [], delivered: [] }

/** `at`: when the answer came. */
export function useThroughput(sinks: readonly SinkView[] | undefined, at: number): ReadonlyMap<string, Throughput> {
  const [rates, setRates] = useState<ReadonlyMap<string, Throughput>>(new Map())
  const before = useRef(0)
  useEffect(() => {
    if (sinks === undefined || at === 0) return
    // While nobody answered nothing is known.
    const gap = before.current > 0 && at - before.current > GAP_MS ? [null] : []
    before.current = at
    setRates(
      (known) =>
        new Map(
          sinks.map(({ name, inPerSecond, outPerSecond }) => {
            const { routed, delivered } = known.get(name) ?? NOTHING
            const next = {
              routed: [...routed, ...gap, inPerSecond].slice(-MOST_POINTS),
              delivered: [...delivered, ...gap, outPerSecond].slice(-MOST_POINTS),
            }
            return [name, next]
          }),
        ),
    )
  }, [sinks, at])
  return rates
}
