/** Stretches in which an objective was missed: steps below the target that follow each other. */
import type { Step } from './figures.ts'

export interface Incident {
  /** ms since 1970. */
  readonly from: number
  readonly to: number
  /** Share that was good in it. */
  readonly ratio: number
  /** The worst step. */
  readonly worst: number
  /** Share of the range's whole error budget that it took. */
  readonly budget: number
}

export function findIncidents(steps: readonly Step[], target: number): Incident[] {
  const budget = (1 - target) * steps.reduce((sum, { total }) => sum + total, 0)
  const incidents: Incident[] = []
  let open: Step[] = []
  const close = (): void => {
    if (open.length > 0) incidents.push(incidentOf(open, budget))
    open = []
  }
  for (const step of steps) {
    if (step.total > 0 && step.good / step.total < target) open.push(step)
    // A step of which nothing is known neither ends an incident nor makes it longer.
    else if (step.total > 0) close()
  }
  close()
  return incidents
}

function incidentOf(steps: readonly Step[], budget: number): Incident {
  const good = steps.reduce((sum, step) => sum + step.good, 0)
  const total = steps.reduce((sum, step) => sum + step.total, 0)
  return {
    from: steps[0]!.at - steps[0]!.ms,
    to: steps.at(-1)!.at,
    ratio: good / total,
    worst: Math.min(...steps.map((step) => step.good / step.total)),
    budget: (total - good) / budget,
  }
}
