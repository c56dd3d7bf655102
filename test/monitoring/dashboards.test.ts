/**
 * The dashboards are what their source says, load by Grafana's own types, name only metrics that exist, and every query of every
 * panel gives data from a real Prometheus that scrapes real gateways under load. Grafana itself cannot be run here.
 */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import * as units from '@grafana/grafana-foundation-sdk/units'
import { parse } from 'yaml'
import { DASHBOARDS, dashboardFiles } from '../../scripts/dashboards/index.ts'
import { metricsTable } from '../../src/observe/metrics.ts'
import { needsMonitoring, startMonitoredPlant } from '../../src/testing/monitored-plant.ts'
import { temporaryFolder } from '../../src/testing/peers.ts'
import { grafanaSchema } from './grafana-schema.ts'
import { ask, metricsIn, panelQueries, type Answer } from './panel-queries.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const UIDS = ['overview', 'devices', 'data', 'sinks', 'slo', 'security', 'fleet'].map((name) => `bifrost-${name}`)

/** Metrics of exporters; that they exist is shown by the queries that return data. */
const EXPORTERS = /^(node|redis|process|nodejs)_|^(up|ALERTS)$/

/** Queries that may be empty on a gateway where all is well, with the reason. */
const MAY_BE_EMPTY: Readonly<Record<string, string>> = {}

const panelsOf = (page: (typeof DASHBOARDS)[number]): Panel[] =>
  (page.panels ?? []).filter((panel): panel is Panel => panel.type !== 'row')

test('the committed files are what the source says (npm run docs)', () => {
  const files = dashboardFiles()
  for (const [path, text] of Object.entries(files))
    assert.equal(readFileSync(join(ROOT, path), 'utf8'), text, `${path}: run npm run docs`)
  assert.deepEqual(globSync('deploy/monitoring/grafana/dashboards/*', { cwd: ROOT }).sort(), Object.keys(files).sort())
  assert.deepEqual(DASHBOARDS.map(({ uid }) => uid).sort(), [...UIDS].sort())
})

test('the committed files are dashboards by Grafana’s published types', (t) => {
  const schema = grafanaSchema(temporaryFolder(t))
  for (const path of Object.keys(dashboardFiles())) {
    const page = JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Parameters<typeof schema.judge>[0]
    assert.deepEqual(schema.judge(page), [], path)
  }
  // Control: the judge sees a misspelt key of each level.
  const [first] = DASHBOARDS
  const wrong = JSON.parse(JSON.stringify(first)) as Record<string, unknown> & { panels: Record<string, object>[] }
  wrong.titel = 'x'
  Object.assign(wrong.panels[1]!.options!, { colourMode: 'value' })
  assert.equal(schema.judge(wrong).length, 2)
})

test('every panel has a description, a unit that Grafana knows, and says its limits in words too', () => {
  const known = new Set<unknown>(Object.values(units))
  for (const page of DASHBOARDS) {
    const ids = panelsOf(page).map(({ id }) => id)
    assert.equal(new Set(ids).size, ids.length, `${page.uid}: ids`)
    for (const panel of panelsOf(page)) {
      const name = `${page.uid} / ${panel.title}`
      assert.match(panel.description ?? '', /^[A-Z\d].{15,}\.$/, name)
      const { unit, thresholds } = panel.fieldConfig!.defaults
      assert.ok(known.has(unit), `${name}: unit ${unit}`)
      assert.ok((panel.targets ?? []).length > 0, `${name}: no query`)
      for (const { color } of thresholds!.steps.filter(({ color }) => color !== 'text'))
        assert.ok(panel.description!.includes(color.replace('-', ' ')), `${name}: ${color} is not told`)
    }
  }
})

test('no dashboard names a host, and links lead to dashboards that exist', () => {
  for (const [path, text] of Object.entries(dashboardFiles())) {
    assert.doesNotMatch(text, /https?:/, path)
    for (const [, uid] of text.matchAll(/"\/d\/([a-z-]+)/g)) assert.ok(UIDS.includes(uid!), `${path}: ${uid}`)
  }
})

test('every metric of a query exists', () => {
  const names = new Set<string>(metricsTable.map(({ name }) => name))
  const histograms = metricsTable.filter(({ type }) => type === 'histogram')
  for (const { name } of histograms) for (const suffix of ['_bucket', '_count', '_sum']) names.add(name + suffix)
  for (const name of recordedNames()) names.add(name)
  const unknown = panelQueries().flatMap(({ dashboard, panel, written }) =>
    metricsIn(written)
      .filter((name) => !names.has(name) && !EXPORTERS.test(name))
      .map((name) => `${dashboard} / ${panel}: ${name}`),
  )
  assert.deepEqual(unknown, [])
})

/** What the shipped rules record. */
function recordedNames(): string[] {
  const rules = join(ROOT, 'deploy', 'monitoring', 'rules')
  return globSync('*.yml', { cwd: rules }).flatMap((name) => {
    const { groups } = parse(readFileSync(join(rules, name), 'utf8')) as { groups: { rules: { record?: string }[] }[] }
    return groups.flatMap((group) => group.rules.flatMap(({ record }) => (record === undefined ? [] : [record])))
  })
}

test('provisioning: the folders and the data source that the dashboards expect', () => {
  const folder = join(ROOT, 'deploy', 'monitoring', 'grafana', 'provisioning')
  const sources = parse(readFileSync(join(folder, 'datasources', 'bifrost.yml'), 'utf8')) as {
    apiVersion: number
    datasources: { type: string; uid: string; url: string; access: string }[]
  }
  assert.equal(sources.apiVersion, 1)
  assert.deepEqual(sources.datasources.map(({ type, access }) => [type, access]), [['prometheus', 'proxy']]) // prettier-ignore
  const { providers } = parse(readFileSync(join(folder, 'dashboards', 'bifrost.yml'), 'utf8')) as {
    providers: { type: string; options: { path: string } }[]
  }
  assert.equal(providers[0]!.type, 'file')
  assert.ok(existsSync(join(ROOT, 'deploy', 'monitoring', 'grafana', 'dashboards')))
})

test(
  'every query of every panel gives data from gateways under load',
  { skip: needsMonitoring(), timeout: 240_000 },
  async (t) => {
    const { url } = await startMonitoredPlant(t)
    const queries = panelQueries()
    const end = Date.now() + 120_000
    let empty: Answer[] = []
    do {
      await new Promise((resolve) => setTimeout(resolve, 2000))
      empty = []
      for (const query of queries) {
        const answer = await ask(url, query)
        if (answer.series === 0 && MAY_BE_EMPTY[query.panel] === undefined) empty.push(answer)
      }
    } while (empty.length > 0 && Date.now() < end)
    assert.deepEqual(
      empty.map(({ query }) => `${query.dashboard} / ${query.panel} ${query.refId}: ${query.expr}`),
      [],
    )
    assert.ok(queries.length > 120, `${queries.length} queries`)
  },
)
