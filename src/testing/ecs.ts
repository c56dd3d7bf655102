/** A judge of log lines that nobody here wrote: `@elastic/ecs` says which names and types there are; own ones come from the table of fields. */
import { isIP } from 'node:net'
import { EcsFlat, EcsVersion } from '@elastic/ecs'
import { LOG_FIELDS } from '../core/log-fields.ts'

interface EcsField {
  readonly type: string
  readonly normalize: readonly string[]
  readonly allowed_values?: readonly { readonly name: string }[]
}

const ECS = EcsFlat as unknown as Readonly<Record<string, EcsField>>
const OWN_TYPES: Readonly<Record<string, string>> = { keywords: 'keyword', text: 'match_only_text' }
export const OWN_FIELDS: ReadonlyMap<string, string> = new Map(
  Object.values(LOG_FIELDS)
    .filter(({ name }) => name.startsWith('bifrost.'))
    .map(({ name, kind }) => [name, OWN_TYPES[kind] ?? kind]),
)
const REQUIRED = ['@timestamp', 'log.level', 'message', 'ecs.version', 'event.dataset', 'service.name', 'log.logger']

/** What is wrong with a line; empty: nothing. */
export function ecsProblems(text: string): string[] {
  let line: Record<string, unknown>
  try {
    line = JSON.parse(text) as Record<string, unknown>
  } catch {
    return [`no JSON: ${text.slice(0, 200)}`]
  }
  const problems = REQUIRED.filter((name) => line[name] === undefined).map((name) => `${name} is missing`)
  // A name that comes twice is lost in parsing, and refused by Elasticsearch.
  if (JSON.stringify(line) !== text.trim()) problems.push('a name comes twice')
  if (line['ecs.version'] !== undefined && line['ecs.version'] !== EcsVersion)
    problems.push(`ecs.version is not ${EcsVersion}`)
  for (const [name, value] of Object.entries(line)) {
    const field = ECS[name]
    const type = field?.type ?? OWN_FIELDS.get(name)
    if (type === undefined) problems.push(`${name} is no field`)
    else problems.push(...valueProblems(name, type, value, field))
  }
  return problems
}

function valueProblems(name: string, type: string, value: unknown, field: EcsField | undefined): string[] {
  const values: unknown[] = Array.isArray(value) ? value : [value]
  if (field?.normalize.includes('array') === true && !Array.isArray(value)) return [`${name} is no array`]
  const allowed = field?.allowed_values?.map((one) => one.name)
  return values.flatMap((one) => [
    ...(isOfType(type, one) ? [] : [`${name} is ${JSON.stringify(one)?.slice(0, 80)}, not of type ${type}`]),
    ...(allowed === undefined || allowed.includes(String(one)) ? [] : [`${name}: ${String(one)} is not allowed`]),
  ])
}

function isOfType(type: string, value: unknown): boolean {
  if (type === 'long') return Number.isSafeInteger(value)
  if (type === 'boolean') return typeof value === 'boolean'
  if (type === 'ip') return typeof value === 'string' && isIP(value) !== 0
  if (type === 'date') return typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)
  if (type === 'flattened' || type === 'object')
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  return typeof value === 'string'
}
