/**
 * Local alerts and the rules of Prometheus are one language: the same names, severities and times, so that one runbook serves both, whoever
 * tells.
 */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { parseDuration } from '../core/duration.ts'
import { needsFile } from '../testing/peers.ts'
import { RULES } from './rules.ts'

const root = join(import.meta.dirname, '..', '..')
const folder = join(root, 'deploy', 'monitoring', 'rules')

interface PrometheusRule {
  readonly alert?: string
  readonly for?: string
  readonly labels?: { readonly severity?: string }
}

const theirs = new Map(
  globSync('*.yml', { cwd: folder }).flatMap((file) => {
    const { groups } = parse(readFileSync(join(folder, file), 'utf8')) as { groups: { rules: PrometheusRule[] }[] }
    return groups.flatMap(({ rules }) => rules.flatMap((rule) => (rule.alert === undefined ? [] : [[rule.alert, rule] as const]))) // prettier-ignore
  }),
)

for (const { alert, severity, forMs, isLocal } of RULES)
  test(`${alert} is the rule of the same name`, { skip: needsFile(folder) }, () => {
    const rule = theirs.get(alert)
    if (isLocal === true) return assert.equal(rule, undefined, 'Prometheus has it too: it is not local alone')
    assert.ok(rule !== undefined, `${folder} has no rule ${alert}`)
    assert.equal(severity, rule.labels?.severity, 'severity')
    assert.equal(forMs, parseDuration(rule.for ?? '0s'), 'for')
    assert.ok(existsSync(join(root, 'docs', 'runbooks', 'alerts', `${alert}.md`)), 'its runbook')
  })

test('no two alerts have one name, and each says what to do', () => {
  assert.equal(new Set(RULES.map(({ alert }) => alert)).size, RULES.length)
  for (const { alert, next } of RULES) assert.match(next, /\w.*[.?!]$/, alert)
})
