/** Every query of the dashboards, as Grafana would send it: variables put in, over a range or at one moment. */
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus'
import { DASHBOARDS } from '../../scripts/dashboards/index.ts'

export interface PanelQuery {
  readonly dashboard: string
  readonly panel: string
  readonly refId: string
  readonly isRange: boolean
  /** As it stands in the dashboard. */
  readonly written: string
  /** With everything chosen, and windows that fit a scrape each second. */
  readonly expr: string
}

const VALUES: readonly (readonly [RegExp, string])[] = [
  [/\$(instance|device|sink)\b/g, '.+'],
  [/\$__rate_interval/g, '15s'],
  [/\$__range/g, '2m'],
]

export function panelQueries(): PanelQuery[] {
  return DASHBOARDS.flatMap((page) => {
    const panels = (page.panels ?? []).filter((panel): panel is Panel => panel.type !== 'row')
    const ofPanels = panels.flatMap((panel) =>
      ((panel.targets ?? []) as Dataquery[]).map(({ expr, refId, range = false }) =>
        query(page.uid!, panel.title!, refId!, range, expr),
      ),
    )
    const notes = (page.annotations.list ?? []).map(({ name, expr = '' }) =>
      query(page.uid!, `annotation: ${name}`, 'A', true, expr),
    )
    return [...ofPanels, ...notes]
  })
}

function query(dashboard: string, panel: string, refId: string, isRange: boolean, written: string): PanelQuery {
  const expr = VALUES.reduce((text, [variable, value]) => text.replaceAll(variable, value), written)
  return { dashboard, panel, refId, isRange, written, expr }
}

export interface Answer {
  readonly query: PanelQuery
  /** Series with at least one number. */
  readonly series: number
  /** Names and the newest value of one of them. */
  readonly example: string
}

interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly value?: readonly [number, string]
  readonly values?: readonly (readonly [number, string])[]
}

/** Asks Prometheus; an error of the query is thrown with the panel's name. */
export async function ask(url: string, query: PanelQuery): Promise<Answer> {
  const now = Date.now() / 1000
  const parameters: Record<string, string> = query.isRange
    ? { query: query.expr, start: String(now - 20), end: String(now), step: '1' }
    : { query: query.expr, time: String(now) }
  const path = query.isRange ? 'query_range' : 'query'
  const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`)
  const { data, error } = (await response.json()) as { data?: { result: Series[] }; error?: string }
  if (data === undefined) throw new Error(`${query.dashboard} / ${query.panel} ${query.refId}: ${error}\n${query.expr}`)
  const series = data.result
    .map(({ metric, value, values = value === undefined ? [] : [value] }) => ({
      metric,
      newest: values.map(([, text]) => text).findLast((text) => text !== 'NaN'),
    }))
    .filter(({ newest }) => newest !== undefined)
  const first = series[0]
  const names = Object.entries(first?.metric ?? {}).filter(([name]) => !['__name__', 'instance', 'job'].includes(name))
  const label = names.map(([name, value]) => `${name}=${value}`).join(' ')
  return {
    query,
    series: series.length,
    example: first === undefined ? '' : `${label} ${shorten(first.newest!)}`.trim(),
  }
}

const shorten = (text: string): string => String(Number(Number(text).toPrecision(4)))

/** Names of metrics in a query; what stands in quotes and braces is no metric. */
export function metricsIn(expr: string): string[] {
  const bare = expr
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\{[^}]*\}/g, '{}')
    .replaceAll(/\$\w+/g, '')
  return [
    ...new Set(bare.match(/\b(?:bifrost|process|nodejs|node|redis|slo)[_:][a-z0-9_:]+\b|\bup\b|\bALERTS\b/gi) ?? []),
  ]
}
