/** `bifrost watch`: follows the live socket of a running gateway; a line, or a JSON object, for each change. */
import type { IncomingMessage } from 'node:http'
import { text as consumeText } from 'node:stream/consumers'
import type { RawData } from 'ws'
import { parseDuration } from '../core/duration.ts'
import { GatewayError, NotConnectedError } from '../core/errors.ts'
import type { DataType } from '../core/value.ts'
import { gatewayUrl, noGateway, toError } from './api-client.ts'
import { textOption, type Call } from './call.ts'
import { Exit } from './exit-code.ts'
import { authorization } from './gateway-token.ts'
import { statusView, valueLine, type ShownValue } from './value-line.ts'

interface SnapshotValue {
  readonly id: number
  readonly device: string
  readonly tag: string
  readonly unit: string | null
  readonly type: DataType
  readonly value: ShownValue['value']
  readonly status: number
  readonly time: number | null
  readonly receivedAt: number | null
  readonly reason: string | null
}

type Change = readonly [
  id: number,
  value: ShownValue['value'],
  status: number,
  time: number | null,
  receivedAt: number | null,
  reason?: string,
]

type Message =
  | { readonly type: 'hello'; readonly serverTime: number }
  | { readonly type: 'snapshot'; readonly values: readonly SnapshotValue[] }
  | {
      readonly type: 'delta'
      readonly serverTime: number
      readonly values: readonly Change[]
      readonly conflated: number
    }
  | { readonly type: 'devices' }

export async function run(call: Call): Promise<number> {
  const intervalMs = parseDuration(textOption(call, 'interval') ?? '250ms')
  const count = Number(textOption(call, 'count') ?? Infinity)
  if (intervalMs === undefined || intervalMs < 50 || intervalMs > 60_000)
    throw new GatewayError('USAGE', '--interval: expected a duration from 50ms to 60s, such as 250ms or 2s')
  if (!(count >= 1)) throw new GatewayError('USAGE', '--count: expected a number from 1')
  const { WebSocket } = await import('ws')
  const base = gatewayUrl(call)
  const socket = new WebSocket(`${base.replace(/^http/, 'ws')}/api/v1/live`, { headers: authorization(base) })
  process.once('SIGINT', () => socket.close())
  const lines = new LineWriter(call, count, () => socket.close())
  return new Promise((resolve, reject) => {
    socket.on('open', () => socket.send(JSON.stringify(subscription(call.args, intervalMs))))
    socket.on('message', (data: RawData) => {
      const message = parseMessage(data)
      if (message !== undefined) return lines.take(message)
      reject(noGateway(base, undefined))
      socket.terminate()
    })
    socket.on('unexpected-response', (_request, answer) => void refusalOf(answer, base).then(reject, reject))
    socket.on('error', (error) =>
      reject(new NotConnectedError(`no live values from ${base}: ${error.message}`, { cause: error })),
    )
    socket.on('close', (code, reason) => {
      if (lines.empty) resolve(Exit.failure)
      else if (lines.done || code === 1000 || code === 1005) resolve(Exit.ok)
      else
        reject(
          new NotConnectedError(
            `the gateway at ${base} closed the connection (${[code, ...(reason.length > 0 ? [reason.toString()] : [])].join(': ')})`,
          ),
        )
    })
  })
}

/** Why the live socket was refused: a problem of the gateway, or something else answers there. */
async function refusalOf(answer: IncomingMessage, base: string): Promise<GatewayError> {
  const text = await consumeText(answer)
  return toError(
    new Response(text, {
      status: answer.statusCode ?? 500,
      headers: { 'content-type': answer.headers['content-type'] ?? '' },
    }),
    base,
  )
}

function parseMessage(data: RawData): Message | undefined {
  try {
    return JSON.parse((data as Buffer).toString()) as Message
  } catch {
    return undefined
  }
}

/** Words with a slash are tags, the others devices; none means everything. */
function subscription(words: readonly string[], intervalMs: number): object {
  const tags = words.filter((word) => word.includes('/'))
  const devices = words.filter((word) => !word.includes('/'))
  return { type: 'subscribe', intervalMs, ...(devices.length > 0 && { devices }), ...(tags.length > 0 && { tags }) }
}

class LineWriter {
  done = false
  /** The gateway has no tag of those asked for: there is nothing to wait for. */
  empty = false
  readonly #call: Call
  readonly #limit: number
  readonly #finish: () => void
  readonly #known = new Map<number, SnapshotValue>()
  #written = 0
  #width = 0

  constructor(call: Call, limit: number, finish: () => void) {
    this.#call = call
    this.#limit = limit
    this.#finish = finish
  }

  take(message: Message): void {
    if (message.type === 'snapshot') this.#takeSnapshot(message.values)
    if (message.type !== 'delta') return
    for (const change of message.values) this.#takeChange(change, message.serverTime)
    if (message.conflated > 0) this.#call.terminal.say(`${message.conflated} changes were replaced by newer ones`)
  }

  #takeSnapshot(values: readonly SnapshotValue[]): void {
    this.#known.clear()
    for (const value of values) this.#known.set(value.id, value)
    this.#width = Math.max(0, ...values.map(({ device, tag }) => device.length + tag.length + 1))
    for (const value of values) this.#write(value, Date.now())
    const { args, terminal } = this.#call
    const names = new Set(values.flatMap(({ device, tag }) => [device, `${device}/${tag}`]))
    const unknown = args.filter((word) => !names.has(word))
    if (unknown.length > 0)
      terminal.complain(`nothing matches ${unknown.join(', ')}; \`bifrost read\` lists what there is`)
    else if (values.length === 0) terminal.complain('this gateway has no tags; add some to its configuration')
    this.empty = values.length === 0
    if (this.empty) this.#finish()
  }

  #takeChange([id, value, status, time, receivedAt, reason]: Change, now: number): void {
    const known = this.#known.get(id)
    if (known !== undefined) this.#write({ ...known, value, status, time, receivedAt, reason: reason ?? null }, now)
  }

  #write({ device, tag, unit, type, value, status, time, receivedAt, reason }: SnapshotValue, now: number): void {
    if (this.done) return
    const shown: ShownValue = {
      device,
      tag,
      value,
      unit,
      type,
      status: statusView(status),
      time: time === null ? null : new Date(time).toISOString(),
      ageMs: receivedAt === null ? null : Math.max(0, now - receivedAt),
      reason,
    }
    const { terminal } = this.#call
    if (terminal.json) terminal.resultJson(shown)
    else terminal.result(valueLine(shown, this.#width, terminal))
    this.#written++
    if (this.#written < this.#limit) return
    this.done = true
    this.#finish()
  }
}
