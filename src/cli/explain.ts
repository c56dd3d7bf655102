/** `bifrost explain`: how the next sample of a tag came to be, from the bytes on the wire to every sink, as lines for people. */
import { oneLine } from '../core/one-line.ts'
import { GatewayError } from '../core/errors.ts'
import type { ExchangeView } from '../observe/trace/exchange-view.ts'
import { gatewayUrl, send } from './api-client.ts'
import { textOption, type Call } from './call.ts'
import { exchangeLines } from './exchange-lines.ts'
import { Exit } from './exit-code.ts'
import type { Terminal } from './terminal.ts'

interface Shown {
  readonly value: number | string | boolean | null
  readonly status: { readonly name: string }
}

/** What of the answer is told. */
interface Answer {
  readonly fate: string
  readonly reason: string | null
  readonly addressText: string
  readonly wire: {
    readonly exchange: ExchangeView | null
    readonly earlier: readonly ExchangeView[]
    readonly place: { readonly block: string; readonly bytes: string | null; readonly reading: string } | null
    readonly together: { readonly total: number }
    readonly source: Readonly<Record<string, unknown>> | null
    readonly problem: string | null
  }
  readonly raw: Shown | null
  readonly steps: readonly { readonly name: string; readonly decision: string; readonly text: string }[]
  readonly store: (Shown & { readonly seq: number; readonly durable: boolean; readonly isThis: boolean }) | null
  readonly sinks: readonly {
    readonly name: string
    readonly outcome: string
    readonly afterMs: number | null
    readonly reason: string | null
    readonly messages:
      readonly { readonly place: string; readonly text: string | null; readonly hex: string | null }[] | null
  }[]
}

/** The gateway waits for the sample, the disk and the sinks. */
const TIMEOUT_MS = 100_000

export async function run(call: Call): Promise<number> {
  const [name = ''] = call.args
  const slash = name.indexOf('/')
  if (slash <= 0) throw new GatewayError('USAGE', `${name} names no tag: it is DEVICE/TAG, such as press-1/level`)
  const query = new URLSearchParams()
  for (const option of ['wait', 'settle']) {
    const given = textOption(call, option)
    if (given !== undefined) query.set(option, given)
  }
  const place = [name.slice(0, slash), name.slice(slash + 1)].map(encodeURIComponent).join('/')
  const path = `explain/${place}?${query.toString()}`
  const answer = await send<Answer>(gatewayUrl(call), path, { timeoutMs: TIMEOUT_MS })
  if (call.terminal.json) call.terminal.resultJson(answer)
  else for (const line of linesOf(answer, call.terminal)) call.terminal.result(line)
  return answer.fate === 'none' ? Exit.unreachable : Exit.ok
}

function linesOf({ fate, reason, addressText, wire, raw, steps, store, sinks }: Answer, terminal: Terminal): string[] {
  const style: Terminal['style'] = (of, text) => terminal.style(of, text)
  const title = (text: string): string => style('bold', text)
  const lines = [title('wire'), `  ${addressText}`]
  for (const exchange of [...wire.earlier, ...(wire.exchange === null ? [] : [wire.exchange])])
    lines.push(...exchangeLines(exchange, Infinity, style).map((line) => `  ${line}`))
  const { place, together, source, problem } = wire
  if (place !== null)
    lines.push(
      `  ${place.block} with ${together.total} tags; this one: ${place.bytes ?? 'no bytes'} (${place.reading})`,
    )
  if (source !== null) lines.push(...Object.entries(source).map(([key, value]) => `  ${key}: ${String(value)}`))
  if (problem !== null) lines.push(`  ${problem}`)
  if (raw !== null) lines.push(title('raw'), `  ${shown(raw)}`)
  if (steps.length > 0) lines.push(title('pipeline'))
  for (const { name, decision, text } of steps)
    if (decision !== 'not-set') lines.push(`  ${name}: ${decision}. ${text}`)
  lines.push(title('store'))
  if (store !== null)
    lines.push(
      `  ${store.isThis ? '' : 'the last one before: '}${shown(store)}, number ${store.seq}, ${store.durable ? 'on the disk' : 'not on the disk yet'}`,
    )
  if (fate !== 'stored') lines.push(`  ${fate}: ${reason ?? ''}`)
  if (sinks.length > 0) lines.push(title('sinks'))
  for (const { name, outcome, afterMs, reason: why, messages } of sinks) {
    const more = [afterMs === null ? undefined : `after ${afterMs} ms`, why ?? undefined].filter(
      (one) => one !== undefined,
    )
    lines.push(`  ${name}: ${[outcome, ...more].join(', ')}`)
    for (const message of messages ?? [])
      lines.push(`    ${message.place}  ${oneLine(message.text ?? message.hex ?? '')}`)
  }
  return lines
}

const shown = ({ value, status }: Shown): string =>
  `${value === null ? 'no value' : oneLine(String(value))}, ${status.name}`
