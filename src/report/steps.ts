/** A range in steps, and one number a step and label: how everything is asked of Prometheus, so that no answer is large. */
import type { Prometheus } from './prometheus.ts'

export interface Span {
  /** ms since 1970. */
  readonly from: number
  readonly to: number
}

export interface Grid extends Span {
  readonly stepMs: number
  /** Ends and lengths of the steps; the first is shorter where the range is not a whole number of them. */
  readonly steps: readonly { readonly at: number; readonly ms: number }[]
}

const MINUTE = 60_000
const FORTY_DAYS = 40 * 86_400_000
/** Steps of one question. */
const MOST_POINTS = 500

/** Five minutes, so that the start and end of an incident say something; an hour for more than forty days. */
export function gridOf({ from, to }: Span): Grid {
  const stepMs = Math.min(to - from, (to - from > FORTY_DAYS ? 60 : 5) * MINUTE)
  const rest = (to - from) % stepMs
  const whole = Math.floor((to - from) / stepMs)
  const first = rest === 0 ? [] : [{ at: from + rest, ms: rest }]
  const others = Array.from({ length: whole }, (_, i) => ({ at: from + rest + (i + 1) * stepMs, ms: stepMs }))
  return { from, to, stepMs, steps: [...first, ...others] }
}

/** By the value of `label`, a number a step; what is not there, or no number, is 0. */
export async function inSteps(
  prometheus: Prometheus,
  grid: Grid,
  label: string,
  query: (ms: number) => string,
  signal: AbortSignal,
): Promise<Map<string, Float64Array>> {
  const found = new Map<string, Float64Array>()
  const at = new Map(grid.steps.map((step, i) => [step.at, i]))
  for (let i = 0; i < grid.steps.length;) {
    const { at: start, ms } = grid.steps[i]!
    // The first step may be shorter than the rest.
    const count = ms === grid.stepMs ? Math.min(MOST_POINTS, grid.steps.length - i) : 1
    const end = grid.steps[i + count - 1]!.at
    for (const { labels, points } of await prometheus.range(query(ms), start, end, grid.stepMs, signal)) {
      const key = labels[label] ?? ''
      const row = found.get(key) ?? new Float64Array(grid.steps.length)
      found.set(key, row)
      for (const [time, value] of points) {
        const step = at.get(time)
        if (step !== undefined && Number.isFinite(value)) row[step]! += value
      }
    }
    i += count
  }
  return found
}

export const sumOf = (row: Float64Array | undefined): number => row?.reduce((sum, value) => sum + value, 0) ?? 0
