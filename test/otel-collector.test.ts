/** The configuration of the collector that is shipped: known fields only, and a pipeline of what is defined, in an order that holds. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import { parse } from 'yaml'

const FOLDER = join(import.meta.dirname, '..', 'deploy', 'monitoring', 'otel')
const text = readFileSync(join(FOLDER, 'collector.yaml'), 'utf8')
const validate = new Ajv({ strict: true }).compile(JSON.parse(readFileSync(join(FOLDER, 'collector.schema.json'), 'utf8')) as object) // prettier-ignore

interface Collector {
  readonly receivers: Record<string, unknown>
  readonly processors: Record<string, { policies?: { name: string; type: string }[] }>
  readonly exporters: Record<string, unknown>
  readonly service: {
    readonly pipelines: { readonly traces: Record<'receivers' | 'processors' | 'exporters', string[]> }
  }
}

const read = (from = text) => parse(from) as Collector

test('every field is one that its component has', () => {
  assert.ok(validate(read()), JSON.stringify(validate.errors))
  assert.equal(validate(read(text.replace('limit_mib: 256', 'limit_mb: 256'))), false)
  assert.equal(validate(read(text.replace('timeout: 10s', 'timeout: 10'))), false)
})

test('the pipeline is made of what is defined, and of all of it; memory is looked at first, batches are made last', () => {
  const { service, ...defined } = read()
  const { traces } = service.pipelines
  for (const kind of ['receivers', 'processors', 'exporters'] as const)
    assert.deepEqual(traces[kind].toSorted(), Object.keys(defined[kind]).toSorted(), kind)
  assert.deepEqual([traces.processors[0], traces.processors.at(-1)], ['memory_limiter', 'batch'])
})

test('each policy has the settings of its own type', () => {
  const policies = read().processors['tail_sampling']!.policies!
  assert.ok(policies.length > 0)
  for (const policy of policies) assert.ok(Object.hasOwn(policy, policy.type), policy.name)
})

test('no secret stands in it: where spans go and who we are comes from the environment', () => {
  assert.match(text, /endpoint: \$\{env:TRACES_ENDPOINT\}/)
  assert.match(text, /Bearer \$\{env:TRACES_TOKEN/)
})
