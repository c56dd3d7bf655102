/** `bifrost maintenance …`: windows in which a running gateway wakes nobody. */
import { GatewayError } from '../core/errors.ts'
import { api, gatewayUrl, send } from './api-client.ts'
import { textOption, type Call } from './call.ts'
import { Exit } from './exit-code.ts'

interface WindowView {
  readonly id: string
  readonly devices: readonly string[] | null
  readonly area: string | null
  readonly all: boolean
  readonly by: string
  readonly reason: string
  readonly from: string
  readonly until: string
}

export async function start(call: Call): Promise<number> {
  const { device, all } = call.options
  const devices = typeof device === 'string' ? [device] : Array.isArray(device) ? (device as readonly string[]) : []
  const area = textOption(call, 'area')
  if ([devices.length > 0, area !== undefined, all === true].filter(Boolean).length !== 1)
    throw new GatewayError('USAGE', 'of what? --device NAME (more than once for more), --area NAME, or --all')
  const lasts = textOption(call, 'for')
  if (lasts === undefined) throw new GatewayError('USAGE', 'for how long? --for 2h; 7d at most')
  const reason = textOption(call, 'reason')
  if (reason === undefined) throw new GatewayError('USAGE', 'why? Everybody sees it: --reason "new pump"')
  const what = devices.length > 0 ? { devices } : area !== undefined ? { area } : { all: true }
  const body = { ...what, for: lasts, reason }
  const window = await send<WindowView>(gatewayUrl(call), 'maintenance', { method: 'POST', body })
  if (call.terminal.json) call.terminal.resultJson(window)
  else call.terminal.result(`${windowWords(window)}; \`bifrost maintenance end ${window.id}\` ends it before`)
  return Exit.ok
}

export async function list(call: Call): Promise<number> {
  const answer = await api<{ windows: readonly WindowView[] }>(gatewayUrl(call), 'maintenance')
  if (call.terminal.json) call.terminal.resultJson(answer)
  else if (answer.windows.length === 0) call.terminal.say('no maintenance window is active')
  else for (const one of answer.windows) call.terminal.result(windowWords(one))
  return Exit.ok
}

export async function end(call: Call): Promise<number> {
  const [id] = call.args
  if (id === undefined) throw new GatewayError('USAGE', 'which window? `bifrost maintenance list` shows them')
  const reason = textOption(call, 'reason')
  const query = reason === undefined ? '' : `?${new URLSearchParams({ reason }).toString()}`
  const path = `maintenance/${encodeURIComponent(id)}${query}`
  const window = await send<WindowView>(gatewayUrl(call), path, { method: 'DELETE' })
  if (call.terminal.json) call.terminal.resultJson(window)
  else call.terminal.result(`maintenance of ${scopeWords(window)} is over; its alerts are told again`)
  return Exit.ok
}

/** `3f1c2a9e  press-1  until 2026-11-23T12:00:00Z  by anna: new pump`. */
const windowWords = (one: WindowView): string => `${one.id}  ${scopeWords(one)}  until ${one.until}  by ${one.by}: ${one.reason}` // prettier-ignore

const scopeWords = ({ devices, area }: WindowView): string =>
  devices?.join(', ') ?? (area === null ? 'the whole gateway' : `area ${area}`)
