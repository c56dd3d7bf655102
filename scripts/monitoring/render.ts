/** The table of rules as files: rules for Prometheus, their tests for promtool, and a page an alert. */
import { stringify } from 'yaml'
import {
  CASE_TARGET,
  toTemplate,
  writtenOut,
  type AlertRule,
  type RecordingCase,
  type RuleFile,
  type Series,
} from './rule.ts'

const MADE = 'Made from scripts/monitoring/rules by `npm run docs`; edit the table, not this file.'

/** Where pages and dashboards are found; the external labels of Prometheus say it in one place, for all rules. */
const RUNBOOKS = { label: 'bifrost_runbooks', fallback: 'docs/runbooks/alerts' }
const DASHBOARDS = { label: 'bifrost_dashboards', fallback: 'http://127.0.0.1:3000' }

const base = ({ label, fallback }: typeof RUNBOOKS): string =>
  `{{ with $externalLabels.${label} }}{{ . }}{{ else }}${fallback}{{ end }}`

/** What the cases set the external labels to. */
const CASE_BASES = { bifrost_runbooks: 'https://docs.plant/alerts', bifrost_dashboards: 'https://grafana.plant' }

const yaml = (header: string, value: unknown): string =>
  `# ${MADE}\n# ${header}\n${stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })}`

/** One file of rules. */
export function rulesYaml(file: RuleFile): string {
  return yaml(file.about, {
    groups: file.groups.map(({ name, interval, records = [], alerts = [] }) => ({
      name,
      ...(interval === undefined ? {} : { interval }),
      rules: [...records, ...alerts.map(alertYaml)],
    })),
  })
}

function alertYaml(rule: AlertRule): object {
  return {
    alert: rule.alert,
    expr: rule.expr,
    ...(rule.for === undefined ? {} : { for: rule.for }),
    ...(rule.keepFiringFor === undefined ? {} : { keep_firing_for: rule.keepFiringFor }),
    labels: { severity: rule.severity, category: rule.category },
    annotations: {
      summary: toTemplate(rule.summary),
      description: toTemplate(rule.description),
      runbook_url: `${base(RUNBOOKS)}/${rule.alert}.md`,
      dashboard_url: base(DASHBOARDS) + toTemplate(dashboardPath(rule)),
    },
  }
}

/** The dashboard, at the gateway and the device or sink that the alert is of. */
function dashboardPath({ dashboard, firing: { labels = {}, isGlobal } }: AlertRule): string {
  const variables = [
    ...(isGlobal === true ? [] : ['instance']),
    ...['device', 'sink'].filter((name) => labels[name] !== undefined),
  ]
  const query = variables.map((name) => `var-${name}={${name}}`).join('&')
  return `/d/${dashboard}${query === '' ? '' : `?${query}`}`
}

/** The tests of one file of rules for `promtool test rules`, by file name: a file for each interval of evaluation. */
export function testsYaml({ name, groups, evaluate = '15s', recordingCases = [] }: RuleFile): Record<string, string> {
  const alerts = groups.flatMap((group) => group.alerts ?? [])
  const tests = [
    ...alerts.flatMap((rule) => [
      [rule.firing.evaluate, firingTest(rule)] as const,
      [rule.quiet.evaluate, quietTest(rule)] as const,
    ]),
    ...recordingCases.map((one) => [one.evaluate, recordingTest(one)] as const),
  ]
  const intervals = [...new Set(tests.map(([interval = evaluate]) => interval))]
  return Object.fromEntries(
    intervals.map((interval) => {
      const file = interval === evaluate ? `${name}.yml` : `${name}-${interval}.yml`
      const text = yaml(`Proves ${name}.yml: promtool test rules tests/${file}`, {
        rule_files: [`../${name}.yml`],
        evaluation_interval: interval,
        tests: tests.filter(([own = evaluate]) => own === interval).map(([, test]) => test),
      })
      return [file, text]
    }),
  )
}

const recordingTest = ({ why, series, step = '15s', expect }: RecordingCase): object => ({
  name: why,
  interval: step,
  input_series: inputSeries(series),
  promql_expr_test: expect.map(({ expr, at, samples }) => ({
    expr,
    eval_time: at,
    exp_samples: Object.entries(samples).map(([labels, value]) => ({ labels, value })),
  })),
})

function firingTest({
  alert,
  severity,
  category,
  summary,
  description,
  dashboard,
  firing,
  ...rule
}: AlertRule): object {
  const { series, step = '15s', notYet, fires, clears, labels = {}, isGlobal, value } = firing
  const all = { ...(isGlobal === true ? {} : CASE_TARGET), ...labels, severity, category }
  const expected = {
    exp_labels: all,
    exp_annotations: {
      summary: writtenOut(summary, all, value),
      description: writtenOut(description, all, value),
      runbook_url: `${CASE_BASES.bifrost_runbooks}/${alert}.md`,
      dashboard_url:
        CASE_BASES.bifrost_dashboards +
        writtenOut(
          dashboardPath({ alert, severity, category, summary, description, dashboard, firing, ...rule }),
          all,
          '',
        ),
    },
  }
  return {
    name: `${alert} fires and clears`,
    interval: step,
    external_labels: CASE_BASES,
    input_series: inputSeries(series),
    alert_rule_test: [
      ...(notYet === undefined ? [] : [{ eval_time: notYet, alertname: alert, exp_alerts: [] }]),
      { eval_time: fires, alertname: alert, exp_alerts: [expected] },
      { eval_time: clears, alertname: alert, exp_alerts: [] },
    ],
  }
}

function quietTest({ alert, quiet: { why, series, step = '15s', at } }: AlertRule): object {
  return {
    name: `${alert} is silent: ${why}`,
    interval: step,
    input_series: inputSeries(series),
    alert_rule_test: at.map((time) => ({ eval_time: time, alertname: alert, exp_alerts: [] })),
  }
}

const inputSeries = (series: Series): object[] =>
  Object.entries(series).map(([selector, values]) => ({ series: ofGateway(selector), values }))

/** `job` and `instance` of the gateway of the cases, where the selector names no job. */
export function ofGateway(selector: string): string {
  if (selector.includes('job="')) return selector
  const target = `job="${CASE_TARGET.job}",instance="${CASE_TARGET.instance}"`
  return selector.includes('{') ? selector.replace('{', `{${target},`) : `${selector}{${target}}`
}

/** The page of an alert. */
export function alertPage({ alert, expr, severity, category, dashboard, page, ...rule }: AlertRule): string {
  const since = [
    ...(rule.for === undefined ? [] : [`for ${rule.for}`]),
    ...(rule.keepFiringFor === undefined ? [] : [`kept for ${rule.keepFiringFor} after it is over`]),
  ].join(', ')
  const steps = page.steps.map(([question, command, ...answers], i) => {
    const lines = answers.map((answer) => `   - ${answer}`).join('\n')
    return `${i + 1}. ${question}\n\n   \`\`\`sh\n   ${command}\n   \`\`\`\n\n${lines}`
  })
  return [
    `# ${alert}`,
    MADE,
    `${severity} · ${category} · ${since} · dashboard \`${dashboard}\``,
    page.meaning,
    `\`\`\`promql\n${expr}\n\`\`\``,
    `## Likely causes\n\n${page.causes.map((cause) => `- ${cause}`).join('\n')}`,
    `## What to do\n\n${steps.join('\n\n')}`,
    `## How it clears\n\n${page.clears}`,
  ]
    .join('\n\n')
    .concat('\n')
}

/** The list of the pages. */
export function pageIndex(rules: readonly AlertRule[]): string {
  const rows = rules.map(({ alert, severity, category, summary }) => {
    const text = summary.replaceAll(/ ?\{at\}/g, '').replaceAll(/\{(?:value:)?([a-z_]+)\}/g, '…')
    return `| [${alert}](${alert}.md) | ${severity} | ${category} | ${text} |`
  })
  const text =
    'What each alert of `deploy/monitoring/rules` means, how to find the cause, and how it clears. Critical wakes somebody, warning is for the working day, info is for the record.'
  return `# Alerts\n\n${MADE}\n\n${text}\n\n| alert | severity | about | says |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`
}
