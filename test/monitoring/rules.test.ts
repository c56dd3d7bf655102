/** The rules that we ship: promtool takes them, each fires and clears, and each names metrics that exist. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { monitoringStaleness } from '../../scripts/generate-monitoring.ts'
import { alertRules, ruleFiles } from '../../scripts/monitoring/rules/index.ts'
import { ofGateway } from '../../scripts/monitoring/render.ts'
import { findCommand, needs } from '../../src/testing/peers.ts'
import { expressions, groupedBy, labelsOf, metricsIn, namesIn, RECORDED, TARGET_LABELS } from './metric-names.ts'
import { MONITORING, monitoringFolder } from './stack.ts'

const run = promisify(execFile)
const RULES = join(MONITORING, 'rules')

interface PlainRule {
  readonly alert?: string
  readonly record?: string
  readonly expr: string
  readonly for?: string
  readonly keep_firing_for?: string
  readonly labels?: Record<string, string>
  readonly annotations?: Record<string, string>
}
interface PlainTest {
  readonly name: string
  readonly input_series: readonly { series: string }[]
  readonly alert_rule_test?: readonly { eval_time: string; alertname: string; exp_alerts?: readonly unknown[] }[]
  readonly promql_expr_test?: readonly { expr: string; exp_samples?: readonly unknown[] }[]
}

const read = (file: string): unknown => parse(readFileSync(file, 'utf8'))
const rules = globSync(join(RULES, '*.yml')).flatMap((file) =>
  (read(file) as { groups: { rules: PlainRule[] }[] }).groups.flatMap((group) => group.rules),
)
const testFiles = globSync(join(RULES, 'tests', '*.yml')).sort()
const tests = testFiles.flatMap((file) => (read(file) as { tests: PlainTest[] }).tests)

test('rules, their tests and their pages are what the table says (npm run docs)', () => {
  assert.deepEqual(monitoringStaleness(), { stale: [], extra: [] })
})

test('promtool takes the configuration and every rule', { skip: needs('promtool') }, async (t) => {
  const folder = monitoringFolder(t)
  const { stdout } = await run('promtool', ['check', 'config', join(folder, 'prometheus', 'prometheus.yml')])
  assert.match(stdout, /is valid prometheus config file/)
  const found = [...stdout.matchAll(/SUCCESS: (\d+) rules found/g)].reduce((sum, [, count]) => sum + Number(count), 0)
  assert.equal(found, rules.length, stdout)
  assert.doesNotMatch(stdout, /duplicate/i)
})

for (const file of testFiles) {
  const name = file.slice(RULES.length + 1)
  test(`promtool test rules ${name}`, { skip: needs('promtool') }, async () => {
    try {
      await run('promtool', ['test', 'rules', file])
    } catch (error) {
      assert.fail((error as { stdout: string }).stdout + (error as { stderr: string }).stderr)
    }
  })
}

test('every alert fires and clears in one case, and is silent in another', () => {
  for (const { alert } of rules) {
    if (alert === undefined) continue
    const own = tests.flatMap(({ alert_rule_test: checks = [] }) => {
      const about = checks.filter(({ alertname }) => alertname === alert)
      return about.length === 0 ? [] : [about.map(({ exp_alerts: expected = [] }) => expected.length > 0)]
    })
    assert.ok(
      own.some((checks) => checks.includes(true) && checks.at(-1) === false),
      `${alert} has no case in which it fires and clears`,
    )
    assert.ok(
      own.some((checks) => !checks.includes(true)),
      `${alert} has no case in which it must not fire`,
    )
  }
})

test('every recording rule is asked for by a case', () => {
  const asked = new Set(
    tests.flatMap(({ promql_expr_test: checks = [] }) =>
      checks.flatMap(({ expr }) => metricsIn(expr).map(({ name }) => name)),
    ),
  )
  // Events and bad events are what the ratios are made of.
  assert.deepEqual(
    [...RECORDED].filter((name) => !asked.has(name)),
    [],
  )
})

test('every rule says how long, how bad, what about, in words with the value, and where to read on', () => {
  const names = rules.flatMap(({ alert }) => alert ?? [])
  assert.equal(new Set(names).size, names.length, 'a name is there twice')
  for (const { alert, labels = {}, annotations = {}, ...rule } of rules) {
    if (alert === undefined) continue
    assert.ok(rule.for !== undefined || rule.keep_firing_for !== undefined, `${alert}: neither for nor keep_firing_for`)
    assert.match(labels.severity!, /^(critical|warning|info|none)$/, alert)
    for (const text of ['summary', 'description'])
      assert.ok(annotations[text]!.length > 10 && !/\{[a-z_:]+\}/.test(annotations[text]!), `${alert}: ${text}`)
    assert.ok(annotations.runbook_url!.endsWith(`/${alert}.md`), alert)
    assert.match(
      annotations.dashboard_url!,
      /\/d\/bifrost-(overview|devices|data|sinks|slo|security|fleet)(\?|$)/,
      alert,
    )
    // About a device: with its area, so that it can be sent to those who are there.
    if (rule.expr.includes('bifrost_device_') && /\{\{ \$labels\.device \}\}/.test(annotations.summary!))
      assert.match(rule.expr, /group_left \(area\) bifrost_device_info/, alert)
  }
})

test('every metric and label of a rule exists', () => {
  for (const [rule, expr] of expressions) {
    const named = metricsIn(expr)
    for (const name of namesIn(expr))
      assert.ok(RECORDED.has(name) || labelsOf(name) !== undefined, `${rule}: there is no metric ${name}`)
    assert.ok(named.length > 0 || expr.startsWith('vector('), `${rule}: no metric found in ${expr}`)
    for (const { name, labels } of named) {
      if (RECORDED.has(name)) {
        assert.deepEqual(
          labels.filter((label) => !['slo', ...TARGET_LABELS].includes(label)),
          [],
          `${rule}: ${name}`,
        )
        continue
      }
      const known = labelsOf(name)
      assert.ok(known !== undefined, `${rule}: there is no metric ${name}`)
      for (const label of labels)
        assert.ok([...known, ...TARGET_LABELS].includes(label), `${rule}: ${name} has no label ${label}`)
    }
    const all = new Set([...named.flatMap(({ name }) => labelsOf(name) ?? ['slo']), ...TARGET_LABELS])
    for (const label of groupedBy(expr)) assert.ok(all.has(label), `${rule}: no metric in it has the label ${label}`)
  }
})

test('the series of the cases have exactly the labels of the metrics', () => {
  const given = ruleFiles.flatMap(({ groups, recordingCases = [] }) => [
    ...groups.flatMap(({ alerts = [] }) => alerts.flatMap(({ firing, quiet }) => [firing.series, quiet.series])),
    ...recordingCases.map(({ series }) => series),
  ])
  for (const selector of given.flatMap((series) => Object.keys(series))) {
    const [found] = metricsIn(ofGateway(selector))
    const labels = found!.labels.filter((label) => label !== 'job' && label !== 'instance')
    // A label of Alertmanager that only newer ones have.
    const known = labelsOf(found!.name)?.filter(
      (label) => label !== 'reason' || !found!.name.startsWith('alertmanager_'),
    )
    assert.deepEqual(labels.toSorted(), known?.toSorted(), selector)
  }
})

test('a rule about nothing is found (control)', () => {
  assert.equal(labelsOf('bifrost_device_upp'), undefined)
  assert.deepEqual(metricsIn('rate(bifrost_sink_up{sink="x",kindd=~"y"}[5m]) > 1'), [
    { name: 'bifrost_sink_up', labels: ['sink', 'kindd'] },
  ])
  assert.deepEqual(namesIn('sum by (x) (rate(foo_bar{a="b"}[5m] offset 1d)) > 1e3'), ['foo_bar'])
  assert.ok(alertRules.length > 50 && findCommand('promtool') !== null)
})
