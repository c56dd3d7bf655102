/** How each version of InfluxDB wants to be written to, and how it says which lines it did not take. */
import { oneLine } from '../../core/one-line.ts'
import type { HttpAnswer } from '../../wire/http/http-client.ts'
import { credentialsOf, type Credentials } from '../../wire/http/http-endpoint.ts'
import type { InfluxOptions } from './options.ts'

const PATHS = { 1: 'write', 2: 'api/v2/write', 3: 'api/v3/write_lp' } as const
const REASON_CHARACTERS = 300

/** Path and query of a write. */
export function writePath(options: InfluxOptions): string {
  const { version, precision, database, retentionPolicy, org, bucket } = options
  const base = new URL(options.url).pathname.replace(/\/$/, '')
  const query = new URLSearchParams()
  const set = (name: string, value: string | undefined) => (value === undefined ? undefined : query.set(name, value))
  if (version === 2) {
    set('org', org)
    set('bucket', bucket)
    set('precision', precision)
  } else {
    set('db', database)
    set('rp', retentionPolicy)
    set('precision', version === 1 ? precision : precision === 'ns' ? 'nanosecond' : 'millisecond')
  }
  // Version 3 acknowledges when the write is on its disk, and takes the good lines of a batch with bad ones.
  if (version === 3) {
    set('accept_partial', 'true')
    set('no_sync', 'false')
  }
  return `${base}/${PATHS[version]}?${query.toString()}`
}

/** Version 1 knows users, version 2 `Token`, version 3 `Bearer`. */
export const influxCredentials = (options: InfluxOptions): Credentials =>
  credentialsOf(options, options.version === 2 ? 'Token' : 'Bearer')

/**
 * Version 3 names the lines it did not take, numbered from 1, in an answer of 400; all others are stored then. Undefined: the
 * answer names none. `rows` are those of the lines, in order.
 */
export function refusedLines({ text }: HttpAnswer, rows: readonly number[]): ReadonlyMap<number, string> | undefined {
  const data = dataIn(text)
  if (!Array.isArray(data) || data.length === 0) return undefined
  const refused = new Map<number, string>()
  for (const entry of data) {
    const { line_number: line, error_message: message } = Object(entry) as Record<string, unknown>
    const row = typeof line === 'number' ? rows[line - 1] : undefined
    if (row === undefined) return undefined
    refused.set(row, oneLine(String(message)).slice(0, REASON_CHARACTERS))
  }
  return refused
}

function dataIn(text: string): unknown {
  try {
    return (Object(JSON.parse(text)) as { data?: unknown }).data
  } catch {
    return undefined
  }
}
