/**
 * What a report says, as numbers: each objective in steps over the range, its sum, the budget that is left, and the stretches in which
 * it was missed. Where Prometheus has nothing the step is not measured, and never counts as good or bad.
 */
import { GatewayError } from '../core/errors.ts'
import { findIncidents, type Incident } from './incidents.ts'
import {
  DISTRIBUTIONS,
  LOSSES,
  OBJECTIVES,
  QUANTILES,
  increase,
  maintained,
  unlessMaintained,
  type Objective,
} from './objectives.ts'
import type { Prometheus } from './prometheus.ts'
import { bucketsOf, quantileOf } from './quantile.ts'
import { gridOf, inSteps, sumOf, type Grid, type Span } from './steps.ts'

export interface ReportRange extends Span {
  /** Job name of the gateways in Prometheus. */
  readonly job: string
}

export interface Step {
  /** Its end, ms since 1970. */
  readonly at: number
  readonly ms: number
  readonly good: number
  /** 0: not measured. */
  readonly total: number
}

export interface ObjectiveFigures {
  readonly objective: Objective
  readonly steps: readonly Step[]
  readonly good: number
  readonly total: number
  /** Share that was good; undefined where nothing was measured. */
  readonly ratio: number | undefined
  /** Share of the error budget of this range that is left; below 0: overdrawn. */
  readonly budgetLeft: number | undefined
  readonly incidents: readonly Incident[]
  /** The ratio by gateway. */
  readonly instances: Readonly<Record<string, number>>
  /** Percentiles in seconds, where there is a distribution. */
  readonly quantiles: readonly (readonly [number, number])[]
}

export interface Figures extends ReportRange {
  readonly stepMs: number
  readonly objectives: readonly ObjectiveFigures[]
  readonly instances: readonly string[]
  /** Share of the time of which Prometheus has data. */
  readonly measured: number
  /** What no sink will get: let go before it was delivered, or never taken into the log. */
  readonly samplesLost: number
  /** How long one gateway or more was in maintenance as a whole. */
  readonly maintenanceMs: number
}

/** Gathers everything; throws where Prometheus is away or has nothing of the range. */
export async function gatherFigures(prometheus: Prometheus, range: ReportRange, signal: AbortSignal): Promise<Figures> {
  const selector = `job=${JSON.stringify(range.job)}`
  const grid = gridOf(range)
  const ask = (label: string, query: (ms: number) => string) => inSteps(prometheus, grid, label, query, signal)
  const ups = await ask('instance', (ms) => OBJECTIVES[0]!.total(selector, ms))
  if (ups.size === 0) throw nothing(prometheus, range)
  const objectives: ObjectiveFigures[] = []
  for (const objective of OBJECTIVES) objectives.push(await figuresOf(objective, selector, grid, ask))
  const lost: Float64Array[] = []
  for (const metric of LOSSES) lost.push(...(await ask('instance', (ms) => increase(metric, selector, ms))).values())
  const maintenance = [...(await ask('instance', (ms) => maintained(selector, ms))).values()]
  return {
    ...range,
    stepMs: grid.stepMs,
    objectives,
    instances: [...ups.keys()].toSorted(),
    measured: timeOf(grid, (i) => [...ups.values()].some((row) => row[i]! > 0)) / (range.to - range.from),
    samplesLost: lost.reduce((sum, row) => sum + sumOf(row), 0),
    maintenanceMs: timeOf(grid, (i) => maintenance.some((row) => row[i]! > 0)),
  }
}

const timeOf = ({ steps }: Grid, counts: (step: number) => boolean): number =>
  steps.reduce((sum, { ms }, i) => sum + (counts(i) ? ms : 0), 0)

function nothing(prometheus: Prometheus, { from, to, job }: ReportRange): GatewayError {
  const span = `${new Date(from).toISOString()} to ${new Date(to).toISOString()}`
  return new GatewayError(
    'NOT_CONNECTED',
    `Prometheus at ${prometheus.url} has no data of job ${JSON.stringify(job)} from ${span}, so there is no report; check --from and --to, its retention time, and --job`,
  )
}

type Ask = (label: string, query: (ms: number) => string) => Promise<Map<string, Float64Array>>

async function figuresOf(objective: Objective, selector: string, grid: Grid, ask: Ask): Promise<ObjectiveFigures> {
  const counted = (query: Objective['good']) =>
    ask('instance', (ms) => unlessMaintained(query(selector, ms), selector, ms))
  const [goods, totals] = [await counted(objective.good), await counted(objective.total)]
  const at = (rows: Map<string, Float64Array>, i: number) => [...rows.values()].reduce((sum, row) => sum + row[i]!, 0)
  const steps = grid.steps.map(({ at: time, ms }, i) => {
    const total = at(totals, i)
    return { at: time, ms, total, good: Math.min(at(goods, i), total) }
  })
  const good = steps.reduce((sum, step) => sum + step.good, 0)
  const total = steps.reduce((sum, step) => sum + step.total, 0)
  const ratio = total === 0 ? undefined : good / total
  const measured = [...totals].filter(([, row]) => sumOf(row) > 0)
  return {
    objective,
    steps,
    good,
    total,
    ratio,
    budgetLeft: ratio === undefined ? undefined : 1 - (1 - ratio) / (1 - objective.target),
    incidents: findIncidents(steps, objective.target),
    instances: Object.fromEntries(
      measured.map(([name, row]) => [name, Math.min(1, sumOf(goods.get(name)) / sumOf(row))]),
    ),
    quantiles: await quantilesOf(objective.key, selector, ask),
  }
}

async function quantilesOf(key: Objective['key'], selector: string, ask: Ask): Promise<(readonly [number, number])[]> {
  const found = DISTRIBUTIONS.find((one) => one.key === key)
  if (found === undefined) return []
  const of = [selector, found.selector].filter((text) => text !== '').join(', ')
  const rows = await ask('le', (ms) => increase(found.metric, of, ms, 'by (le)'))
  const buckets = bucketsOf(new Map([...rows].map(([le, row]) => [le, sumOf(row)])))
  return QUANTILES.flatMap((quantile) => {
    const value = quantileOf(quantile, buckets)
    return value === undefined ? [] : [[quantile, value] as const]
  })
}
