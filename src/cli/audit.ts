/**
 * `bifrost audit …`: what was done at a running gateway, by whom and why; and whether the log is as the gateway wrote it, also without one.
 */
import { dirname, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { GatewayError } from '../core/errors.ts'
import { api, gatewayUrl, sendRaw } from './api-client.ts'
import { textOption, type Call } from './call.ts'
import { configFile, loadConfigFile } from './config-file.ts'
import { Exit } from './exit-code.ts'
import { saveAnswer } from './save-answer.ts'
import { timeOf } from './time-option.ts'

interface Event {
  readonly n: number
  readonly time: string
  readonly action: string
  readonly user: string
  readonly from: string
  readonly object: string
  readonly before: unknown
  readonly after: unknown
  readonly reason: string | null
  readonly outcome: string
  readonly details?: Readonly<Record<string, unknown>>
}

interface Page {
  readonly events: readonly Event[]
  readonly next: string | null
}

interface Verdict {
  readonly ok: boolean
  readonly findings: readonly { file: string; line: number | null; n: number | null; problem: string }[]
  readonly files: number
  readonly lines: number
  readonly last: { readonly n: number; readonly hash: string } | null
  readonly signatures: boolean
  readonly waiting: number
}

const MOST_A_PAGE = 1000
const TAIL_EVERY_MS = 1000

/** Newest first. */
export async function list(call: Call): Promise<number> {
  const most = countOf(call, 'limit', 100)
  const events: Event[] = []
  for (let cursor: string | undefined; ;) {
    const limit = String(Math.min(MOST_A_PAGE, most - events.length))
    const query = queryOf(call, { limit, ...(cursor === undefined ? {} : { cursor }) })
    const page = await api<Page>(gatewayUrl(call), `audit?${query.toString()}`)
    events.push(...page.events)
    if (page.next === null || events.length >= most) break
    cursor = page.next
  }
  if (call.terminal.json) call.terminal.resultJson({ events })
  else for (const event of events) call.terminal.result(lineOf(event))
  if (events.length === 0) call.terminal.say('nothing of this is in the audit log')
  return Exit.ok
}

export async function exportLog(call: Call): Promise<number> {
  const file = textOption(call, 'output') ?? '-'
  const format = textOption(call, 'format') ?? (file.endsWith('.csv') ? 'csv' : 'ndjson')
  if (format !== 'csv' && format !== 'ndjson')
    throw new GatewayError('USAGE', `--format ${format}: expected ndjson or csv`)
  const query = queryOf(call, { format })
  return saveAnswer(call, file, (signal) => sendRaw(gatewayUrl(call), `audit/export?${query.toString()}`, { signal }))
}

/** Exit 5 when something was found. */
export async function verify(call: Call): Promise<number> {
  const anchor = textOption(call, 'anchor')
  const [, n, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(anchor ?? '') ?? []
  if (anchor !== undefined && (n === undefined || hash === undefined))
    throw new GatewayError('USAGE', `--anchor ${anchor}: expected what the gateway said in its log, N:HASH`)
  const anchors = n === undefined || hash === undefined ? [] : [{ n: Number(n), hash }]
  const verdict = isOffline(call)
    ? await verifyOffline(call, anchors)
    : await api<Verdict>(gatewayUrl(call), `audit/verify${anchor === undefined ? '' : `?anchor=${anchor}`}`)
  if (call.terminal.json) call.terminal.resultJson(verdict)
  else for (const line of wordsOf(verdict)) call.terminal.result(line)
  return verdict.ok ? Exit.ok : Exit.different
}

/** From now on, as it happens. */
export async function tail(call: Call): Promise<number> {
  const stop = new AbortController()
  const onSignal = () => stop.abort()
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
  const most = textOption(call, 'count') === undefined ? Infinity : countOf(call, 'count', 0)
  const first = await api<Page>(gatewayUrl(call), 'audit?limit=1')
  let last = first.events[0]?.n ?? 0
  try {
    for (let shown = 0; shown < most && !stop.signal.aborted;) {
      for (const event of await newerThan(call, last)) {
        last = event.n
        if (shown++ >= most) break
        if (call.terminal.json) call.terminal.resultJson(event)
        else call.terminal.result(lineOf(event))
      }
      if (shown < most) await pause(TAIL_EVERY_MS, undefined, { signal: stop.signal }).catch(() => undefined)
    }
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
  return stop.signal.aborted ? Exit.interrupted : Exit.ok
}

/** Oldest first; more than one page of them in a second is passed over. */
async function newerThan(call: Call, last: number): Promise<Event[]> {
  const { events } = await api<Page>(gatewayUrl(call), `audit?${queryOf(call, { limit: '1000' }).toString()}`)
  return events.filter(({ n }) => n > last).reverse()
}

const isOffline = (call: Call): boolean => call.args.length > 0 || textOption(call, 'config') !== undefined

async function verifyOffline(call: Call, anchors: readonly { n: number; hash: string }[]): Promise<Verdict> {
  const { auditFolder, readSecrets, verifyFolder } = await import('../gateway.ts')
  const [named] = call.args
  if (named !== undefined) {
    const secrets = await readSecrets(dirname(resolve(named)), { env: call.env })
    return verifyFolder(resolve(named), secrets, anchors)
  }
  const { data, secrets: options } = await loadConfigFile(configFile(call), call.env)
  return verifyFolder(auditFolder(data), await readSecrets(data, { ...options, env: call.env }), anchors)
}

function wordsOf({ ok, findings, files, lines, last, signatures, waiting }: Verdict): string[] {
  const found = findings.map(
    ({ file, line, n, problem }) => `${file}${line === null ? '' : `:${line}`}${n === null ? '' : ` (number ${n})`}  ${problem}`, // prettier-ignore
  )
  const extent = `${lines} lines in ${files} files, the last is ${last === null ? 'none' : `${last.n}:${last.hash}`}`
  return [
    ...found,
    ok ? `the audit log is whole: ${extent}` : `${findings.length} findings; ${extent}`,
    ...(signatures ? [] : ['the key is not here: the hashes were followed, and who wrote them was not checked']),
    ...(waiting === 0 ? [] : [`${waiting} events of the command line wait for a gateway to take them`]),
  ]
}

function queryOf(call: Call, more: Readonly<Record<string, string>>): URLSearchParams {
  const query = new URLSearchParams(more)
  for (const name of ['user', 'action', 'object'] as const) {
    const text = textOption(call, name)
    if (text !== undefined) query.set(name, text)
  }
  for (const name of ['from', 'to'] as const) {
    const text = textOption(call, name)
    if (text !== undefined) query.set(name, timeOf(name, text))
  }
  return query
}

/** `2026-11-23T10:00:00.000Z  anna  write  tag press-1/level  3 → 12.5  written  (batch 7)`. */
function lineOf({ time, user, action, object, before, after, outcome, reason, details }: Event): string {
  const change = before === null && after === null ? [] : [`${JSON.stringify(before)} → ${JSON.stringify(after)}`]
  const what = typeof details?.what === 'string' ? [details.what] : []
  const why = reason === null ? [] : [`(${reason})`]
  return [time, user, action, object, ...change, ...what, outcome, ...why].join('  ')
}

function countOf(call: Call, name: string, fallback: number): number {
  const text = textOption(call, name)
  if (text === undefined) return fallback
  const count = Number(text)
  if (Number.isInteger(count) && count > 0) return count
  throw new GatewayError('USAGE', `--${name} ${text}: expected a whole number above 0`)
}
