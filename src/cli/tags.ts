/** `bifrost tags import|export`: the tag list of a device of a running gateway as a file, out and back. */
import { readFileSync } from 'node:fs'
import { GatewayError } from '../core/errors.ts'
import { api, gatewayUrl, jsonOf, request, sendRaw, toError } from './api-client.ts'
import { textOption, type Call } from './call.ts'
import { Exit } from './exit-code.ts'
import { saveAnswer } from './save-answer.ts'

const SHEET_TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
/** A list of 100,000 tags takes its time. */
const TIMEOUT_MS = 120_000

interface ImportView {
  readonly dryRun: boolean
  readonly counts: Readonly<Record<'create' | 'update' | 'unchanged' | 'remove' | 'rejected', number>>
  readonly rows: readonly {
    readonly action: string
    readonly place: string | null
    readonly name: string
    readonly column?: string
    readonly reason?: string
    readonly changes?: readonly string[]
  }[]
}

const isSheet = (file: string): boolean => /\.xlsx$/i.test(file)
const listOf = (call: Call): string => `config/devices/${encodeURIComponent(call.args[0]!)}/tags`

export async function exportTags(call: Call): Promise<number> {
  const file = call.args[1] ?? '-'
  const format = isSheet(file) ? 'xlsx' : 'csv'
  return saveAnswer(call, file, (signal) =>
    sendRaw(gatewayUrl(call), `${listOf(call)}/export?format=${format}`, { signal }),
  )
}

export async function importTags(call: Call): Promise<number> {
  const base = gatewayUrl(call)
  const file = call.args[1]!
  const query = new URLSearchParams()
  if (call.options.replace === true) query.set('mode', 'replace')
  for (const name of ['dryRun', 'skipRejected']) if (call.options[name] === true) query.set(name, 'true')
  for (const name of ['message', 'confirmWithin']) {
    const given = textOption(call, name)
    if (given !== undefined) query.set(name, given)
  }
  const { hash } = await api<{ hash: string }>(base, 'config/status')
  const response = await request(`${base}/api/v1/${listOf(call)}/import?${query.toString()}`, {
    method: 'POST',
    headers: { 'content-type': isSheet(file) ? SHEET_TYPE : 'text/csv', 'if-match': `"${hash}"` },
    body: readList(file),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  if (!response.ok) throw told(await toError(response, base), call)
  const answer = (await jsonOf(response, base)) as ImportView
  if (call.terminal.json) call.terminal.resultJson(answer)
  else tell(answer, call)
  return Exit.ok
}

const SIGNS: Readonly<Record<string, string>> = { create: '+', update: '~', remove: '-', rejected: '!' }

function tell({ dryRun, counts, rows }: ImportView, { terminal }: Call): void {
  for (const { action, place, name, column, reason, changes } of rows) {
    const more = changes === undefined ? '' : `: ${changes.join(', ')}`
    terminal.result(
      `${SIGNS[action]} ${action === 'rejected' ? `${place ?? name}, column ${column}: ${reason}` : `${name}${more}`}`,
    )
  }
  const { create, update, unchanged, remove, rejected } = counts
  const what = `${create} created, ${update} updated, ${remove} removed, ${unchanged} unchanged, ${rejected} rejected`
  terminal.say(dryRun ? `${what}; nothing was written (--dry-run)` : what)
}

/** Every row that was refused, one a line. */
function told(error: GatewayError, { terminal }: Call): GatewayError {
  const { errors } = error.details
  if (error.code !== 'CONFIG_INVALID' || !Array.isArray(errors) || terminal.json) return error
  for (const { detail } of errors as { detail: string }[]) terminal.complain(detail)
  return new GatewayError('CONFIG_INVALID', 'nothing was changed; --skip-rejected takes over the other rows')
}

function readList(file: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(readFileSync(file))
  } catch (cause) {
    throw new GatewayError('USAGE', `${file} cannot be read: ${(cause as Error).message}`, { cause })
  }
}
