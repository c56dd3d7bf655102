/** `bifrost writes …`: the lock of all writes of a running gateway, and the writes that wait for a second person. */
import { GatewayError } from '../core/errors.ts'
import { api, gatewayUrl, send } from './api-client.ts'
import { textOption, type Call } from './call.ts'
import { Exit } from './exit-code.ts'

interface LockView {
  readonly locked: boolean
  readonly by: string | null
  readonly since: string | null
  readonly reason: string | null
}

export interface PendingView {
  readonly id: string
  readonly device: string
  readonly tag: string
  readonly before: unknown
  readonly value: unknown
  readonly user: string
  readonly reason: string | null
  readonly expiresAt: string
}

export async function status(call: Call): Promise<number> {
  return tell(call, await api<LockView>(gatewayUrl(call), 'writes/lock'))
}

export async function lock(call: Call): Promise<number> {
  const reason = textOption(call, 'reason')
  if (reason === undefined) throw new GatewayError('USAGE', 'why? Everybody sees it: --reason "works on press 1"')
  return tell(call, await api<LockView>(gatewayUrl(call), 'writes/lock', { reason }))
}

export async function unlock(call: Call): Promise<number> {
  const reason = textOption(call, 'reason')
  const query = reason === undefined ? '' : `?${new URLSearchParams({ reason }).toString()}`
  return tell(call, await send<LockView>(gatewayUrl(call), `writes/lock${query}`, { method: 'DELETE' }))
}

export async function pending(call: Call): Promise<number> {
  const answer = await api<{ pending: readonly PendingView[] }>(gatewayUrl(call), 'writes/pending')
  if (call.terminal.json) call.terminal.resultJson(answer)
  else if (answer.pending.length === 0) call.terminal.say('no write waits')
  else for (const one of answer.pending) call.terminal.result(pendingWords(one))
  return Exit.ok
}

export async function approve(call: Call): Promise<number> {
  const answer = await decide<{ device: string; tag: string; readBack: unknown }>(call, 'approve')
  if (call.terminal.json) call.terminal.resultJson(answer)
  else call.terminal.result(`${answer.device}/${answer.tag} is written and reads back ${JSON.stringify(answer.readBack)}`) // prettier-ignore
  return Exit.ok
}

export async function reject(call: Call): Promise<number> {
  const answer = await decide<{ rejected: string }>(call, 'reject')
  if (call.terminal.json) call.terminal.resultJson(answer)
  else call.terminal.result(`${answer.rejected} waits no longer; nothing was written`)
  return Exit.ok
}

function decide<T>(call: Call, what: 'approve' | 'reject'): Promise<T> {
  const [id] = call.args
  if (id === undefined) throw new GatewayError('USAGE', 'which write? `bifrost writes pending` shows them')
  const reason = textOption(call, 'reason')
  const body = reason === undefined ? {} : { reason }
  return send(gatewayUrl(call), `writes/pending/${encodeURIComponent(id)}/${what}`, { method: 'POST', body })
}

/** `3f1c…  press-1/level  3 → 12.5  by anna (batch 7), until 2026-11-23T10:02:00Z`. */
export function pendingWords({ id, device, tag, before, value, user, reason, expiresAt }: PendingView): string {
  const why = reason === null ? '' : ` (${reason})`
  return `${id}  ${device}/${tag}  ${JSON.stringify(before)} → ${JSON.stringify(value)}  by ${user}${why}, waits for a second person until ${expiresAt}`
}

function tell(call: Call, view: LockView): number {
  const words = view.locked ? `all writes are locked by ${view.by}, since ${view.since}: ${view.reason}` : 'writes are not locked' // prettier-ignore
  if (call.terminal.json) call.terminal.resultJson(view)
  else call.terminal.result(words)
  return Exit.ok
}
