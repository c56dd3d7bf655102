/** What watches the gateways asks for metrics that there are, with the same rules as everywhere; and the autoscaler asks for what its adapter serves. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { parse } from 'yaml'
import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap'
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler'
import type { IPrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule'
import type { IServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor'
import { monitoringStaleness } from '../../scripts/generate-monitoring.ts'
import { metricsTable } from '../../src/observe/metrics-table.ts'
import { needsKubectl } from '../../src/testing/kubectl.ts'
import { needs, temporaryFolder } from '../../src/testing/peers.ts'
import { buildAll, ofKind, ROOT, type Composition, type Objects } from './manifests.ts'

const skip = needsKubectl()
let built: Readonly<Record<Composition, Objects>>
before(async () => {
  if (skip === false) built = await buildAll({ after })
})

const configMap = (objects: Objects, name: string): Readonly<Record<string, string>> =>
  ofKind<IConfigMap>(objects, 'ConfigMap').find(({ metadata }) => metadata.name === name)!.data!

interface Group {
  readonly name: string
  readonly rules: readonly { readonly expr: string }[]
}
/** The rules as Prometheus without Kubernetes has them, read as files and not by what made them. */
const groups = globSync('deploy/monitoring/rules/*.yml', { cwd: ROOT })
  .toSorted()
  .flatMap((file) => (parse(readFileSync(join(ROOT, file), 'utf8')) as { groups: Group[] }).groups)
const byName = (list: readonly Group[]) => [...list].toSorted((a, b) => a.name.localeCompare(b.name))

test(
  'the Prometheus Operator and a plain Prometheus have the rules of deploy/monitoring, all of them and no others',
  { skip },
  () => {
    assert.ok(groups.length > 10)
    const [rule] = ofKind<IPrometheusRule>(built.production, 'PrometheusRule')
    assert.deepEqual(byName(rule!.spec.groups as unknown as Group[]), byName(groups))
    const folder = configMap(built['base with a plain Prometheus'], 'prometheus-rules')
    const found = Object.values(folder).flatMap((text) => (parse(text) as { groups: Group[] }).groups)
    assert.deepEqual(byName(found), byName(groups))
    assert.deepEqual(monitoringStaleness(), { stale: [], extra: [] })
    // Its crippled control: a threshold that somebody changed in one of the two.
    const other = structuredClone(rule!.spec.groups) as unknown as { rules: { expr: string }[] }[]
    other[0]!.rules[0]!.expr += ' * 2'
    assert.notDeepEqual(byName(other as unknown as Group[]), byName(groups))
  },
)

test('every rule asks for metrics that there are', () => {
  const known = new Set<string>(metricsTable.map(({ name }) => name))
  const asked = new Set(
    groups.flatMap(({ rules }) => rules.flatMap(({ expr }) => expr.match(/\bbifrost_[a-z0-9_]+/g) ?? [])),
  )
  const unknown = [...asked].filter((name) => !known.has(name.replace(/_(bucket|sum|count)$/, '')) && !known.has(name))
  assert.ok(asked.size > 30)
  assert.deepEqual(unknown, [])
})

test('the rules ask for the job that the ServiceMonitor makes', { skip }, () => {
  const [monitor] = ofKind<IServiceMonitor>(built.production, 'ServiceMonitor')
  const label = monitor!.spec.jobLabel!
  const services = built.production.filter(({ kind, metadata }) => kind === 'Service' && metadata.labels?.['bifrost.example.com/scrape'] === 'true') // prettier-ignore
  assert.deepEqual(
    services.map(({ metadata }) => metadata.labels![label]),
    ['bifrost'],
  )
  assert.ok(groups.some(({ rules }) => rules.some(({ expr }) => expr.includes('job="bifrost"'))))
})

test('the autoscaler asks for what the adapter serves, of a metric that there is', { skip }, () => {
  const [scaler] = ofKind<IHorizontalPodAutoscaler>(built.replicas, 'HorizontalPodAutoscaler')
  const asked = scaler!.spec.metrics!.flatMap(({ pods }) => (pods === undefined ? [] : [pods.metric.name]))
  const { rules } = parse(configMap(built.replicas, 'bifrost-adapter-rule')['config.yaml']!) as {
    rules: { seriesQuery: string; name: { as: string }; metricsQuery: string; resources: { overrides: object } }[]
  }
  assert.deepEqual(
    rules.map(({ name }) => name.as),
    asked,
  )
  for (const { seriesQuery, metricsQuery, resources } of rules) {
    const metric = metricsTable.find(({ name }) => name === seriesQuery.replace(/\{.*/, ''))
    assert.ok(metric, seriesQuery)
    assert.deepEqual(Object.keys(resources.overrides), ['namespace', 'pod'])
    // Filled in as the adapter does it, it is a query; its labels are those of the metric.
    const query = metricsQuery.replaceAll('<<.Series>>', metric.name).replaceAll('<<.LabelMatchers>>', 'namespace="bifrost",pod=~"bifrost-0"').replaceAll('<<.GroupBy>>', 'pod') // prettier-ignore
    for (const [, label = ''] of query.matchAll(/(\w+)=~?"/g))
      assert.ok([...metric.labels, 'namespace', 'pod'].includes(label), label)
    if (needs('promtool') === false) {
      const file = join(temporaryFolder({ after }), 'rule.yml')
      writeFileSync(file, JSON.stringify({ groups: [{ name: 'x', rules: [{ record: 'x', expr: query }] }] }))
      assert.equal(spawnSync('promtool', ['check', 'rules', file]).status, 0, query)
    }
  }
})

test('a plain Prometheus takes its files', { skip: skip === false ? needs('promtool') : skip }, (t) => {
  const folder = temporaryFolder(t)
  const objects = built['base with a plain Prometheus']
  mkdirSync(join(folder, 'rules'))
  for (const [name, text] of Object.entries(configMap(objects, 'prometheus-rules')))
    writeFileSync(join(folder, 'rules', name), text)
  for (const name of ['ca.crt', 'tls.crt', 'tls.key']) writeFileSync(join(folder, name), '')
  // Debian builds Prometheus without the part that asks Kubernetes: how it finds the pods is left out here, and that it is there is all that is known of it.
  const text = configMap(objects, 'prometheus-config')['prometheus.yml'] ?? ''
  const settings = parse(
    text.replaceAll('/etc/prometheus-rules', join(folder, 'rules')).replaceAll('/etc/prometheus-tls', folder),
  ) as { scrape_configs: { kubernetes_sd_configs?: { role: string; namespaces: { names: string[] } }[] }[] }
  const [found] = settings.scrape_configs[0]!.kubernetes_sd_configs ?? []
  assert.deepEqual([found?.role, found?.namespaces.names], ['pod', ['bifrost']])
  delete settings.scrape_configs[0]!.kubernetes_sd_configs
  const file = join(folder, 'prometheus.yml')
  writeFileSync(file, JSON.stringify(settings))
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'config', file], { encoding: 'utf8' })
  assert.equal(status, 0, stdout + stderr)
})
