/**
 * `bifrost sink …`: what became of the samples of each sink of a running gateway, and what people may do about it. What loses samples
 * wants `--confirm NAME`.
 */
import { formatDuration, parseDuration } from '../core/duration.ts'
import { GatewayError } from '../core/errors.ts'
import { api, gatewayUrl, send } from './api-client.ts'
import { textOption, type Call } from './call.ts'
import { Exit } from './exit-code.ts'

interface SinkView {
  readonly name: string
  readonly kind: string
  readonly state: string
  readonly reason: string | null
  readonly routed: number
  readonly delivered: number
  readonly pending: number
  readonly dropped: Readonly<Record<string, number>>
  readonly replayed: number
  readonly replay: Replay | null
  readonly oldestPendingAgeMs: number | null
  readonly facts: Readonly<Record<string, string | number | boolean | null>>
}

interface Replay {
  readonly kind: string
  readonly state: string
  readonly delivered: number
  readonly rejected: number
  readonly withoutNumber: number
  readonly reason: string | null
}

interface Letter {
  readonly at: string
  readonly device: string | null
  readonly tag: string | null
  readonly value: unknown
  readonly reason: string
}

interface LogView {
  readonly hoursLeft: number | null
  readonly hoursHeld: number | null
  readonly full: boolean
}

/** Every sink, or one. */
export async function list(call: Call): Promise<number> {
  const [name] = call.args
  const { sinks } = await api<{ sinks: readonly SinkView[] }>(gatewayUrl(call), 'sinks')
  const shown = name === undefined ? sinks : sinks.filter((sink) => sink.name === name)
  if (name !== undefined && shown.length === 0) throw new GatewayError('NOT_FOUND', `there is no sink ${name}`)
  if (call.terminal.json) call.terminal.resultJson({ sinks: shown })
  else {
    for (const sink of shown) for (const line of linesOf(sink)) call.terminal.result(line)
    call.terminal.result(lineOf(await api<LogView>(gatewayUrl(call), 'log')))
  }
  return Exit.ok
}

export async function replay(call: Call): Promise<number> {
  const sink = sinkOf(call)
  if (call.options.cancel === true) {
    const { replay: ended } = await send<{ replay: Replay | null }>(gatewayUrl(call), path(sink, 'replay'), {
      method: 'DELETE',
    })
    if (call.terminal.json) call.terminal.resultJson({ replay: ended })
    else call.terminal.say(ended === null ? 'there is no replay' : `the replay: ${wordsOf(ended)}`)
    return Exit.ok
  }
  const now = Date.now()
  const to = timeOption(call, 'to', now) ?? now
  const from = timeOption(call, 'from', now)
  if (from === undefined)
    throw new GatewayError('USAGE', 'from when? For example --from 2h, or --from 2026-11-23T10:00Z')
  const body = { from: new Date(from).toISOString(), to: new Date(to).toISOString(), ...reasonOf(call) }
  return tellReplay(call, await send(gatewayUrl(call), path(sink, 'replay'), { method: 'POST', body }))
}

export async function purge(call: Call): Promise<number> {
  const sink = sinkOf(call)
  return tellPurge(
    call,
    await send(gatewayUrl(call), path(sink, 'purge'), { method: 'POST', body: confirmed(call, sink) }),
  )
}

export async function deadLetters(call: Call): Promise<number> {
  const sink = sinkOf(call)
  const limit = textOption(call, 'limit') ?? '100'
  if (call.options.replay === true && call.options.purge === true)
    throw new GatewayError('USAGE', '--replay delivers them again, --purge lets go of them: say one of the two')
  if (call.options.replay === true) {
    const body = reasonOf(call)
    return tellReplay(call, await send(gatewayUrl(call), path(sink, 'dead-letters/replay'), { method: 'POST', body }))
  }
  if (call.options.purge === true) {
    const body = confirmed(call, sink)
    return tellPurge(call, await send(gatewayUrl(call), path(sink, 'dead-letters/purge'), { method: 'POST', body }))
  }
  const answer = await api<{ deadLetters: readonly Letter[] }>(
    gatewayUrl(call),
    `${path(sink, 'dead-letters')}?limit=${limit}`,
  )
  if (call.terminal.json) call.terminal.resultJson(answer)
  else if (answer.deadLetters.length === 0) call.terminal.say(`${sink} has no dead letters`)
  else
    for (const { at, device, tag, value, reason } of answer.deadLetters)
      call.terminal.result(`${at}  ${device}/${tag} = ${JSON.stringify(value)}  ${reason}`)
  return Exit.ok
}

function sinkOf({ args: [name] }: Call): string {
  if (name === undefined) throw new GatewayError('USAGE', 'which sink? `bifrost sink list` shows them')
  return name
}

const path = (sink: string, what: string): string => `sinks/${encodeURIComponent(sink)}/${what}`

function confirmed(call: Call, sink: string) {
  const confirm = textOption(call, 'confirm')
  if (confirm === sink) return { confirm, ...reasonOf(call) }
  throw new GatewayError('USAGE', `this cannot be undone; say --confirm ${sink} to do it`)
}

function reasonOf(call: Call) {
  const reason = textOption(call, 'reason')
  return reason === undefined ? {} : { reason }
}

/** An ISO 8601 time, or how long ago. */
function timeOption(call: Call, name: string, now: number): number | undefined {
  const text = textOption(call, name)
  if (text === undefined) return undefined
  // A bare number could be a year, milliseconds, or an epoch; each would be another stretch.
  const ago = /^\d+$/.test(text) ? NaN : parseDuration(text)
  const at = ago === undefined ? Date.parse(text) : now - ago
  if (Number.isFinite(at)) return at
  throw new GatewayError(
    'USAGE',
    `--${name} ${text} is neither a time such as 2026-11-23T10:00Z nor how long ago, such as 2h`,
  )
}

function tellReplay(call: Call, { replay: begun }: { replay: Replay | null }): number {
  if (call.terminal.json) call.terminal.resultJson({ replay: begun })
  else
    call.terminal.say(
      begun === null
        ? 'there is nothing to deliver again'
        : 'it goes on beside what comes; `bifrost sink list` shows how far it is',
    )
  return Exit.ok
}

function tellPurge(call: Call, answer: { purged: number }): number {
  if (call.terminal.json) call.terminal.resultJson(answer)
  else call.terminal.result(`${answer.purged} samples were let go`)
  return Exit.ok
}

function lineOf({ hoursLeft, hoursHeld, full }: LogView): string {
  if (full) return 'log  is full: new samples are refused until a sink has taken what waits'
  if (hoursLeft === null || hoursHeld === null)
    return 'log  how long it holds is known after it has been written for some seconds'
  return `log  at today's rate it holds ${hours(hoursHeld)}; if no sink takes any, samples are lost in ${hours(hoursLeft)}`
}

/** `9 h 40 min`, `12 d`. */
function hours(count: number): string {
  if (count >= 72) return `${Math.floor(count / 24)} d`
  const minutes = Math.round(count * 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** `done, 1200 delivered, 3 refused`. */
function wordsOf({ state, delivered, rejected, withoutNumber, reason }: Replay): string {
  const words = [state, `${delivered} delivered`]
  if (rejected > 0) words.push(`${rejected} refused`)
  if (withoutNumber > 0)
    words.push(`${withoutNumber} left out: only their trend is kept, which has no sequence numbers`)
  if (reason !== null) words.push(reason)
  return words.join(', ')
}

function linesOf(sink: SinkView): string[] {
  const { name, kind, state, reason, routed, delivered, pending, oldestPendingAgeMs, replayed, replay: going } = sink
  const dropped = Object.entries(sink.dropped).map(([why, count]) => `${count} ${why}`)
  const age = oldestPendingAgeMs === null ? '' : `, the oldest ${formatDuration(Math.round(oldestPendingAgeMs))} old`
  const lines = [
    `${name}  ${kind}  ${state}${reason === null ? '' : `: ${reason}`}`,
    `  routed ${routed} = delivered ${delivered} + pending ${pending}${age} + dropped ${dropped.length === 0 ? 0 : dropped.join(', ')}`,
  ]
  if (replayed > 0 || going !== null)
    lines.push(
      `  delivered again ${replayed}${going === null ? '' : `; the last replay (${going.kind}): ${wordsOf(going)}`}`,
    )
  for (const [fact, value] of Object.entries(sink.facts)) if (value !== null) lines.push(`  ${fact}: ${String(value)}`)
  return lines
}
