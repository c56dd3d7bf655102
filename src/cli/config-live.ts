/** `bifrost reload`, `bifrost config apply|confirm|history|rollback`: the configuration of a running gateway. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parseDuration } from '../core/duration.ts'
import { GatewayError } from '../core/errors.ts'
import { api, gatewayUrl, send } from './api-client.ts'
import { textOption, type Call } from './call.ts'
import { Exit } from './exit-code.ts'

interface AppliedView {
  readonly version: number
  readonly hash: string
  readonly changes: readonly string[]
  readonly report: { readonly devices: { readonly untouched: number }; readonly durationMs: number }
  readonly confirmUntil: string | null
}

interface VersionView {
  readonly version: number
  readonly hash: string
  readonly time: string
  readonly user: string
  readonly source: string
  readonly message: string | null
}

/** A configuration of 100,000 tags takes its time. */
const TIMEOUT_MS = 120_000

export function reload(call: Call): Promise<number> {
  return tell(call, 'config/reload', { ...messageOf(call) })
}

export async function apply(call: Call): Promise<number> {
  const [file] = call.args
  const files = file === undefined ? {} : { files: { [await mainFile(call)]: readFile(file) } }
  return tell(call, 'config/apply', { ...files, ...messageOf(call), ...withinOf(call) })
}

export function rollback(call: Call): Promise<number> {
  const version = Number(call.args[0])
  if (!Number.isInteger(version) || version < 1)
    throw new GatewayError('USAGE', `${call.args[0]} is no number of a version; \`bifrost config history\` shows them`)
  return tell(call, 'config/rollback', { version, ...messageOf(call), ...withinOf(call) })
}

export async function confirm(call: Call): Promise<number> {
  const body = messageOf(call)
  const answer = await send<{ version: number }>(gatewayUrl(call), 'config/confirm', { method: 'POST', body })
  if (call.terminal.json) call.terminal.resultJson(answer)
  else call.terminal.result(`version ${answer.version} stays`)
  return Exit.ok
}

export async function history(call: Call): Promise<number> {
  const answer = await api<{ versions: readonly VersionView[] }>(gatewayUrl(call), 'config/history')
  if (call.terminal.json) call.terminal.resultJson(answer)
  else
    for (const { version, time, hash, user, source, message } of answer.versions)
      call.terminal.result(
        `${String(version).padStart(4)}  ${time}  ${hash.slice(0, 12)}  ${source} by ${user}${message === null ? '' : `: ${message}`}`,
      )
  return Exit.ok
}

async function tell(call: Call, path: string, body: object): Promise<number> {
  const match = textOption(call, 'ifMatch')
  const headers = match === undefined ? {} : { 'if-match': `"${match}"` }
  let applied: AppliedView
  try {
    applied = await send<AppliedView>(gatewayUrl(call), path, { method: 'POST', body, headers, timeoutMs: TIMEOUT_MS })
  } catch (error) {
    throw withProblems(error, call)
  }
  if (call.terminal.json) call.terminal.resultJson(applied)
  else {
    for (const line of applied.changes) call.terminal.result(line)
    const { devices, durationMs } = applied.report
    const what = applied.changes.length === 0 ? 'nothing differs' : `done in ${durationMs} ms`
    call.terminal.say(`version ${applied.version}: ${what}; ${devices.untouched} devices were left alone`)
    if (applied.confirmUntil !== null)
      call.terminal.say(`it goes back at ${applied.confirmUntil} unless you say \`bifrost config confirm\``)
  }
  return Exit.ok
}

/** Every problem of a configuration that was refused, one a line. */
function withProblems(error: unknown, call: Call): unknown {
  if (!(error instanceof GatewayError) || error.code !== 'CONFIG_INVALID' || call.terminal.json) return error
  const { errors } = error.details
  if (!Array.isArray(errors)) return error
  for (const { detail } of errors as { detail: string }[]) call.terminal.complain(detail)
  return new GatewayError('CONFIG_INVALID', 'nothing was changed: what ran before goes on')
}

async function mainFile(call: Call): Promise<string> {
  const { file } = await api<{ file: string }>(gatewayUrl(call), 'config/status')
  return basename(file)
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new GatewayError('USAGE', `${file} cannot be read: ${(cause as Error).message}`, { cause })
  }
}

function messageOf(call: Call): { message?: string } {
  const message = textOption(call, 'message')
  return message === undefined ? {} : { message }
}

function withinOf(call: Call): { confirmWithin?: string } {
  const text = textOption(call, 'confirmWithin')
  if (text === undefined) return {}
  if (parseDuration(text) === undefined) throw new GatewayError('USAGE', `${text} is no time such as 5m`)
  return { confirmWithin: text }
}
