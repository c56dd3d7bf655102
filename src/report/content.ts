/** What a report says, in order, before it is Markdown or HTML: one place for the words, so that both say the same. */
import type { Figures, ObjectiveFigures } from './figures.ts'
import { count, percent, seconds, span, type Words } from './words.ts'

/** Incidents of one objective that are listed; the longest ones. */
const MOST_INCIDENTS = 20

export interface Table {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export interface Section {
  readonly title: string
  readonly lines: readonly string[]
  readonly table?: Table
  /** The objective whose course is drawn here. */
  readonly figures?: ObjectiveFigures
}

export interface Content {
  readonly title: string
  readonly verdict: string
  readonly isMet: boolean
  readonly lines: readonly string[]
  readonly sections: readonly Section[]
}

export function contentOf(figures: Figures, words: Words, name: string): Content {
  const { from, to, job, stepMs, measured, maintenanceMs, samplesLost } = figures
  return {
    title: `Service report: ${name}`,
    isMet: !figures.objectives.some(isMissed),
    verdict: verdictOf(figures),
    lines: [
      `From ${words.time(from)} to ${words.time(to)} (${span(to - from)}), job ${job}, in steps of ${span(stepMs)}. Times are those of ${words.zone}.`,
      `Prometheus has data of ${percent(measured, 2)} of the time; what it does not have counts neither as good nor as bad.`,
      `Samples that were lost for good: ${count(samplesLost)}. Maintenance of whole gateways: ${span(maintenanceMs)}; it does not count.`,
    ],
    sections: [
      { title: 'Objectives', lines: [], table: objectivesTable(figures) },
      ...figures.objectives.map((each) => objectiveSection(each, words)),
      ...(figures.instances.length > 1 ? [{ title: 'Gateways', lines: [], table: gatewaysTable(figures) }] : []),
    ],
  }
}

/** `Data completeness` within a sentence; `API errors` stays. */
const inSentence = (title: string): string => title.replace(/^[A-Z](?=[a-z])/, (first) => first.toLowerCase())

/** What nobody measured was not met: it is named. */
function verdictOf({ objectives }: Figures): string {
  const names = (all: readonly ObjectiveFigures[]): string =>
    all.map(({ objective }) => inSentence(objective.title)).join(', ')
  const [missed, unknown] = [objectives.filter(isMissed), objectives.filter(({ ratio }) => ratio === undefined)]
  if (unknown.length === 0) return missed.length === 0 ? 'All objectives were met.' : `Missed: ${names(missed)}.`
  const measured = missed.length === 0 ? 'All objectives that were measured were met.' : `Missed: ${names(missed)}.`
  return `${measured} Not measured: ${names(unknown)}.`
}

const isMissed = ({ ratio, objective }: ObjectiveFigures): boolean => ratio !== undefined && ratio < objective.target

function objectivesTable({ objectives }: Figures): Table {
  return {
    head: ['objective', 'target', 'reached', 'met', 'error budget left', 'incidents'],
    rows: objectives.map((each) => [
      each.objective.title,
      percent(each.objective.target, 1),
      percent(each.ratio),
      each.ratio === undefined ? '–' : isMissed(each) ? '✕ no' : '✓ yes',
      budgetText(each.budgetLeft),
      String(each.incidents.length),
    ]),
  }
}

const budgetText = (left: number | undefined): string => {
  if (left === undefined) return '–'
  return left < 0 ? `none, overdrawn by ${percent(-left, 1)}` : percent(left, 1)
}

function objectiveSection(figures: ObjectiveFigures, words: Words): Section {
  const { objective, ratio, good, total, quantiles, incidents } = figures
  const { title, promise, unit } = objective
  if (ratio === undefined)
    return { title, lines: [`Promised: ${promise}.`, 'Not measured: Prometheus has nothing of it in this time.'] }
  const shown = incidents.toSorted((a, b) => b.to - b.from - (a.to - a.from)).slice(0, MOST_INCIDENTS)
  const percentiles = quantiles.map(([q, value]) => `p${q * 100} ${seconds(value)}`).join(', ')
  return {
    title,
    figures,
    lines: [
      `Promised: ${promise}.`,
      `Reached: ${percent(ratio)}: ${count(good)} of ${count(total)} ${unit}.${percentiles === '' ? '' : ` ${percentiles}.`}`,
      ...(incidents.length === 0 ? ['It was never missed.'] : []),
      ...(incidents.length > shown.length ? [`Missed ${incidents.length} times; the ${shown.length} longest:`] : []),
    ],
    ...(shown.length === 0
      ? {}
      : {
          table: incidentsTable(
            shown.toSorted((a, b) => a.from - b.from),
            words,
          ),
        }),
  }
}

const incidentsTable = (incidents: ObjectiveFigures['incidents'], words: Words): Table => ({
  head: ['missed from', 'to', 'for', 'reached meanwhile', 'worst step', 'of the error budget'],
  rows: incidents.map(({ from, to, ratio, worst, budget }) => [
    words.time(from),
    words.time(to),
    span(to - from),
    percent(ratio, 2),
    percent(worst, 2),
    percent(budget, 1),
  ]),
})

const gatewaysTable = ({ instances, objectives }: Figures): Table => ({
  head: ['gateway', ...objectives.map(({ objective }) => inSentence(objective.title))],
  rows: instances.map((name) => [name, ...objectives.map((each) => percent(each.instances[name]))]),
})
