/**
 * Fields of the table (`core/log-fields.ts`) as a JSON line has them: the names and types of ECS, secrets blanked. By construction no value
 * has another type than its field: what does not fit, or has an unknown name, goes into `bifrost.details`, which takes anything.
 */
import { isIP } from 'node:net'
import { LOG_FIELDS, type LogField, type LogFields } from '../core/log-fields.ts'
import { redactText, redactValue } from './redact.ts'

type Line = Record<string, unknown>

const FIELDS: ReadonlyMap<string, LogField> = new Map(Object.entries(LOG_FIELDS))
const DETAILS = LOG_FIELDS.details.name
/** Elasticsearch keeps no keyword that is longer (32,766 bytes), and no reader wants one. */
const KEYWORD_LIMIT = 8192
const OUTCOMES: ReadonlySet<unknown> = new Set(['success', 'failure', 'unknown'])

/** `erase` blanks what else is secret. */
export function ecsFields(fields: object, erase?: (text: string) => string): Line {
  const out: Line = {}
  let others: Line | undefined
  for (const [name, value] of Object.entries(fields as LogFields)) {
    if (value === undefined || value === null) continue
    const field = FIELDS.get(name) ?? (value instanceof Error ? LOG_FIELDS.error : undefined)
    if (field === undefined || !put(out, field, name, value)) (others ??= {})[name] = redactValue(name, value)
  }
  if (others !== undefined) out[DETAILS] = { ...(out[DETAILS] as object | undefined), ...others }
  if (erase === undefined) return out
  // Names of fields are ours; those within details may be anybody's.
  for (const [name, value] of Object.entries(out)) out[name] = erased(value, erase)
  return out
}

/** Every text in it, also those of details. */
function erased(value: unknown, erase: (text: string) => string): unknown {
  if (typeof value === 'string') return erase(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((one) => erased(one, erase))
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [erase(key), erased(one, erase)]))
}

/** False: the value is of no use as this field. */
function put(out: Line, { name, kind }: LogField, key: string, value: unknown): boolean {
  switch (kind) {
    case 'keyword':
    case 'text':
      if (typeof value === 'object') return false
      out[name] = cut(redactText(textOf(value as string | number)))
      return true
    case 'keywords':
      out[name] = (Array.isArray(value) ? value : [value]).map((one) => cut(redactText(String(one))))
      return true
    case 'long':
      return putNumber(out, name, value, 1)
    case 'milliseconds':
      return putNumber(out, name, value, 1e6)
    case 'boolean':
      out[name] = value === true
      return typeof value === 'boolean'
    case 'date':
      return putDate(out, name, value)
    case 'address':
      out[name] = cut(String(value))
      // Elasticsearch takes no zone (fe80::1%eth0), and refuses the whole line for it.
      if (isIP(String(value)) !== 0) out['source.ip'] = String(value).split('%', 1)[0]
      return true
    case 'ip':
      if (isIP(String(value)) !== 0) out[name] = value
      return out[name] === value
    case 'outcome':
      out[name] = OUTCOMES.has(value) ? value : 'unknown'
      return OUTCOMES.has(value)
    case 'error':
      putError(out, value)
      return true
    case 'flattened':
      if (typeof value !== 'object') return false
      out[name] = { ...(out[name] as object | undefined), ...asObject(redactValue(key, value)) }
      return true
  }
}

const textOf = (value: string | number | boolean | bigint): string => String(value)

const asObject = (value: unknown): object =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : { list: value }

function putNumber(out: Line, name: string, value: unknown, factor: number): boolean {
  const number = typeof value === 'number' || typeof value === 'bigint' ? Number(value) * factor : NaN
  if (!Number.isSafeInteger(Math.round(number))) return false
  out[name] = Math.round(number)
  return true
}

function putDate(out: Line, name: string, value: unknown): boolean {
  const date = new Date(value as string)
  if (Number.isNaN(date.getTime())) return false
  out[name] = date.toISOString()
  return true
}

function putError(out: Line, error: unknown): void {
  if (!(error instanceof Error)) {
    out['error.message'] = redactText(typeof error === 'string' ? error : JSON.stringify(redactValue('error', error)))
    return
  }
  out['error.type'] = error.name
  out['error.message'] = redactText(error.message)
  if ('code' in error) out['error.code'] = cut(redactText(String(error.code)))
  if (error.stack !== undefined) out['error.stack_trace'] = redactText(error.stack)
}

const cut = (text: string): string => (text.length <= KEYWORD_LIMIT ? text : `${text.slice(0, KEYWORD_LIMIT - 1)}…`)
