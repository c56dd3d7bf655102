/** The files for shippers and Elasticsearch, as far as they can be judged without the programs: keys, shapes, and the fields that exist. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { loggingFiles } from '../scripts/logging-files.ts'
import { OWN_FIELDS } from '../src/testing/ecs.ts'

const FOLDER = join(import.meta.dirname, '..', 'deploy', 'monitoring', 'logging')
const read = (...path: string[]): string => readFileSync(join(FOLDER, ...path), 'utf8')

test('templates and policies are what the table of fields says (scripts/logging-files.ts)', () => {
  for (const [name, text] of loggingFiles()) assert.equal(read('elasticsearch', name), text, name)
})

test('each own field of the log has a mapping of its type, and no other has', () => {
  const { template } = JSON.parse(read('elasticsearch', 'component-template-bifrost-fields.json')) as {
    template: { mappings: { properties: Record<string, { type: string }> } }
  }
  const mapped = Object.entries(template.mappings.properties).map(([name, { type }]) => [name, type])
  assert.deepEqual(new Map(mapped as [string, string][]), new Map(OWN_FIELDS))
})

test('each stream has a template, and a policy that rolls over before it deletes; the audit is kept longest', () => {
  const kept = ['access', 'log', 'audit'].map((name) => {
    const index = JSON.parse(read('elasticsearch', `index-template-${name}.json`)) as {
      index_patterns: string[]
      data_stream: object
      composed_of: string[]
      template: { settings: Record<string, string> }
    }
    assert.deepEqual(index.index_patterns, [`logs-bifrost.${name}-*`])
    assert.deepEqual(index.composed_of, ['ecs@mappings', 'bifrost-fields'])
    assert.equal(index.template.settings['index.lifecycle.name'], `bifrost-${name}`)
    const { policy } = JSON.parse(read('elasticsearch', `ilm-policy-${name}.json`)) as {
      policy: { phases: { hot: { actions: { rollover: { max_age: string } } }; delete: { min_age: string } } }
    }
    const days = [policy.phases.hot.actions.rollover.max_age, policy.phases.delete.min_age].map((text) =>
      Number.parseInt(text, 10),
    )
    assert.ok(days[0]! < days[1]!)
    return days[1]!
  })
  assert.deepEqual(
    kept,
    [...kept].sort((a, b) => a - b),
  )
})

test('Filebeat: known keys only, and lines are parsed as they are written', () => {
  const config = parse(read('filebeat', 'filebeat.yml')) as Record<string, unknown>
  assert.deepEqual(Object.keys(config).sort(), ['filebeat.inputs', 'output.elasticsearch', 'processors', 'setup.ilm.enabled', 'setup.template.enabled']) // prettier-ignore
  const [input] = config['filebeat.inputs'] as Record<string, unknown>[]
  const known = [
    'type',
    'id',
    'paths',
    'file_identity.fingerprint',
    'prospector.scanner.fingerprint.enabled',
    'parsers',
  ]
  assert.deepEqual(
    Object.keys(input!).filter((key) => !known.includes(key)),
    [],
  )
  const [parser] = input!.parsers as { ndjson: Record<string, unknown> }[]
  assert.equal(parser!.ndjson.expand_keys, true, 'dotted names become objects')
  assert.equal((config['output.elasticsearch'] as Record<string, unknown>).index, 'logs-%{[event.dataset]}-default')
})

test('Logstash: braces close, and only plug-ins that it brings along', () => {
  const text = read('logstash', 'bifrost.conf')
    .replace(/#.*$/gm, '')
    .replace(/"[^"]*"/g, '""')
  assert.equal(text.split('{').length, text.split('}').length)
  const plugIns = [...text.matchAll(/^\s*(?:if .*\{\s*)?(\w+) \{/gm)].map(([, name]) => name)
  assert.deepEqual([...new Set(plugIns)].sort(), [
    'drop',
    'elasticsearch',
    'file',
    'filter',
    'input',
    'mutate',
    'output',
  ])
})
