/** Which metrics and labels the rules may name: ours from the table, and those of the programs beside us that we rely on. */
import { metricsTable } from '../../src/observe/metrics-table.ts'
import { alertRules, ruleFiles } from '../../scripts/monitoring/rules/index.ts'

/** What Prometheus adds to every series of a gateway: `site` is a label of our targets. */
export const TARGET_LABELS = ['job', 'instance', 'site'] as const

/** Metrics of others, with their labels. */
const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  // Prometheus itself
  up: [],
  scrape_duration_seconds: [],
  ALERTS: ['alertname', 'alertstate', 'severity', 'category'],
  prometheus_rule_evaluation_failures_total: ['rule_group'],
  // Alertmanager 0.25 and, with `reason`, newer ones
  alertmanager_notifications_failed_total: ['integration', 'reason'],
  // The Prometheus client of Node in our own process
  process_resident_memory_bytes: [],
  process_open_fds: [],
  process_max_fds: [],
}

const OURS = new Map<string, { labels: readonly string[]; type: string }>(metricsTable.map((info) => [info.name, info]))

/** What recording rules make; their labels are those of what they are made of, and their own. */
export const RECORDED = new Set(
  ruleFiles.flatMap(({ groups }) => groups.flatMap(({ records = [] }) => records.map(({ record }) => record))),
)

/** Labels of a metric beside those of its target; undefined: there is no such metric. */
export function labelsOf(name: string): readonly string[] | undefined {
  const family = name.replace(/_(bucket|sum|count)$/, '')
  const histogram = OURS.get(family)
  if (family !== name && histogram?.type === 'histogram')
    return name.endsWith('_bucket') ? [...histogram.labels, 'le'] : histogram.labels
  if (OURS.has(name)) return OURS.get(name)!.labels
  return FOREIGN[name]
}

const NAME =
  /(?<![\w:"])(bifrost_[a-z_]+|slo:[\w:]+|process_\w+|prometheus_\w+|alertmanager_\w+|scrape_\w+|ALERTS|up)(?![\w:"(])\s*(\{[^}]*\})?/g

/** The metrics of an expression or selector, each with the labels that it selects by. */
export function metricsIn(expr: string): { name: string; labels: string[] }[] {
  return [...expr.matchAll(NAME)].map(([, name, selector = '']) => ({
    name: name!,
    labels: [...selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label]) => label!),
  }))
}

/** Words of PromQL that the rules use. */
const WORDS = new Set(
  'abs absent and avg_over_time bool by changes clamp_max clamp_min count count_over_time delta group_left histogram_quantile increase last_over_time offset on or predict_linear rate sum sum_over_time time unless vector without'.split(
    ' ',
  ),
)

/** What is neither a word of PromQL nor in braces, quotes or brackets, nor a label that is grouped by: metrics, known or not. */
export const namesIn = (expr: string): string[] =>
  [
    ...expr
      .replaceAll(/"[^"]*"/g, '')
      .replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, '')
      .replaceAll(/\b(by|without|on|group_left)\s*\([\w\s,]*\)/g, '')
      .replaceAll(/\boffset \w+|\b[\d.]+(e\d+)?\b/g, '')
      .matchAll(/[a-zA-Z_:][\w:]*/g),
  ]
    .map(([word]) => word)
    .filter((word) => !WORDS.has(word))

/** Labels that an expression groups or joins by. */
export const groupedBy = (expr: string): string[] =>
  [...expr.matchAll(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([\w\s,]*)\)/g)].flatMap(([, list]) =>
    list!
      .split(',')
      .map((label) => label.trim())
      .filter((label) => label !== ''),
  )

/** Every expression of the rules, by the name of its rule. */
export const expressions: readonly (readonly [rule: string, expr: string])[] = [
  ...alertRules.map(({ alert, expr }) => [alert, expr] as const),
  ...ruleFiles.flatMap(({ groups }) =>
    groups.flatMap(({ records = [] }) =>
      records.map(({ record, expr, labels }) => [`${record} ${labels?.slo ?? ''}`, expr] as const),
    ),
  ),
]
