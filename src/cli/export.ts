/** `bifrost export`: samples of a running gateway as a file. */
import { GatewayError } from '../core/errors.ts'
import { gatewayUrl, sendRaw } from './api-client.ts'
import { textOption, type Call } from './call.ts'
import { saveAnswer } from './save-answer.ts'
import { timeOf } from './time-option.ts'

const FORMATS = ['csv', 'ndjson', 'parquet']

export async function run(call: Call): Promise<number> {
  const file = textOption(call, 'output') ?? '-'
  const query = queryOf(call, file).toString()
  return saveAnswer(call, file, (signal) => sendRaw(gatewayUrl(call), `export?${query}`, { signal }))
}

function queryOf(call: Call, file: string): URLSearchParams {
  const query = new URLSearchParams({ format: formatOf(call, file) })
  for (const name of ['from', 'to']) {
    const text = textOption(call, name)
    if (text !== undefined) query.set(name, timeOf(name, text))
  }
  const tags = textOption(call, 'tags')
  if (tags !== undefined) query.set('tags', tags)
  return query
}

/** As asked for, else as the file's name ends, else CSV. */
function formatOf(call: Call, file: string): string {
  const given = textOption(call, 'format')
  const format = given ?? FORMATS.find((name) => file.endsWith(`.${name}`)) ?? 'csv'
  if (FORMATS.includes(format)) return format
  throw new GatewayError('USAGE', `--format ${format}: expected ${FORMATS.join(', ')}`)
}
