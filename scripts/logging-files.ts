/**
 * Makes what Elasticsearch needs for the gateway's logs from the table of fields: a component template with the mappings of own fields, one
 * index template a stream, and one ILM policy a stream. `--check` says what differs. ECS's own mappings come from `ecs@mappings`, which
 * Elasticsearch brings along.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LOG_FIELDS } from '../src/core/log-fields.ts'

const FOLDER = join(import.meta.dirname, '..', 'deploy', 'monitoring', 'logging', 'elasticsearch')

/** How long lines are kept, and when they move to slower disks. */
const STREAMS = [
  { name: 'log', hotDays: 7, warmDays: 14, keptDays: 30 },
  { name: 'access', hotDays: 3, warmDays: 7, keptDays: 14 },
  // As long as the gateway keeps its own (audit.maxAge).
  { name: 'audit', hotDays: 30, warmDays: 90, keptDays: 730 },
] as const

const MAPPINGS: Readonly<Record<string, object>> = {
  keyword: { type: 'keyword', ignore_above: 8192 },
  keywords: { type: 'keyword', ignore_above: 8192 },
  text: { type: 'match_only_text' },
  long: { type: 'long' },
  boolean: { type: 'boolean' },
  date: { type: 'date' },
  ip: { type: 'ip' },
  flattened: { type: 'flattened', ignore_above: 8192 },
}

function fieldsTemplate(): object {
  const own = Object.values(LOG_FIELDS).filter(({ name }) => name.startsWith('bifrost.'))
  const properties = Object.fromEntries(own.map(({ name, kind }) => [name, MAPPINGS[kind]!]))
  return {
    template: { mappings: { properties } },
    _meta: { description: 'Own fields of the gateway, from its table of log fields' },
  }
}

const policy = ({ hotDays, warmDays, keptDays }: (typeof STREAMS)[number]): object => ({
  policy: {
    phases: {
      hot: { actions: { rollover: { max_age: `${hotDays}d`, max_primary_shard_size: '10gb' } } },
      warm: { min_age: `${warmDays}d`, actions: { forcemerge: { max_num_segments: 1 }, readonly: {} } },
      delete: { min_age: `${keptDays}d`, actions: { delete: {} } },
    },
  },
})

const indexTemplate = (name: string): object => ({
  index_patterns: [`logs-bifrost.${name}-*`],
  data_stream: {},
  priority: 500,
  composed_of: ['ecs@mappings', 'bifrost-fields'],
  template: { settings: { 'index.lifecycle.name': `bifrost-${name}`, 'index.codec': 'best_compression' } },
})

export function loggingFiles(): ReadonlyMap<string, string> {
  const files = new Map<string, object>([['component-template-bifrost-fields.json', fieldsTemplate()]])
  for (const stream of STREAMS) {
    files.set(`index-template-${stream.name}.json`, indexTemplate(stream.name))
    files.set(`ilm-policy-${stream.name}.json`, policy(stream))
  }
  return new Map([...files].map(([name, content]) => [name, `${JSON.stringify(content, null, 2)}\n`]))
}

if (import.meta.main) {
  mkdirSync(FOLDER, { recursive: true })
  let written = 0
  for (const [name, text] of loggingFiles()) {
    const path = join(FOLDER, name)
    const before = readIfThere(path)
    if (before === text) continue
    writeFileSync(path, text)
    written++
  }
  process.stdout.write(`deploy/monitoring/logging/elasticsearch: ${written} files written\n`)
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
