/**
 * `bifrost trace`: the requests and answers of one device of a running gateway as they go over the wire, in words and in hex, and as
 * a capture file for Wireshark. Starts a trace and stops it at the end; one that somebody else started is only watched.
 */
import { access, constants, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseDuration } from '../core/duration.ts'
import { GatewayError } from '../core/errors.ts'
import type { ExchangeView } from '../observe/trace/exchange-view.ts'
import { gatewayUrl, send, sendRaw } from './api-client.ts'
import { textOption, type Call } from './call.ts'
import { exchangeLines } from './exchange-lines.ts'
import { Exit } from './exit-code.ts'
import type { Terminal } from './terminal.ts'

const DEFAULT_MS = 30_000
const LONGEST_MS = 86_400_000
const POLL_MS = 200
const PAGE = 1000

interface TraceAnswer {
  readonly active: boolean
  readonly captured: number
  readonly held: number
  readonly exchanges: readonly ExchangeView[]
  readonly next: number
}

interface TraceRequest {
  readonly base: string
  /** Below /api/v1. */
  readonly path: string
  readonly query: string
  readonly durationMs: number
  /** Ctrl-C is its ordinary end. */
  readonly follows: boolean
  readonly count: number
  readonly file: string | undefined
}

export async function run(call: Call): Promise<number> {
  const request = requestOf(call)
  const { base, path, file, follows } = request
  await checkFile(file)
  const before = await send<TraceAnswer>(base, `${path}?limit=1`)
  if (!before.active) {
    const body = { duration: Math.max(1000, request.durationMs), count: 1_000_000 }
    await send(base, path, { method: 'POST', body })
  } else call.terminal.say(`${call.args[0]} is traced already: watching that trace, which goes on afterwards`)
  let isWhole = false
  try {
    isWhole = await follow(request, before.active ? before.captured : 0, call.terminal)
  } finally {
    if (!before.active) await send(base, path, { method: 'DELETE' })
  }
  if (file !== undefined) await save(base, path, file, call.terminal)
  return isWhole || follows ? Exit.ok : Exit.interrupted
}

/** A trace of a minute should not end with a file that cannot be written. */
async function checkFile(file: string | undefined): Promise<void> {
  if (file === undefined || file === '-') return
  const isThere = await access(file, constants.F_OK).then(
    () => true,
    () => false,
  )
  const place = isThere ? file : dirname(file)
  await access(place, constants.W_OK).catch((error: unknown) => {
    throw new GatewayError('USAGE', `--pcapng ${file}: ${place} cannot be written to`, { cause: error })
  })
}

function requestOf(call: Call): TraceRequest {
  const [device] = call.args
  const number = (name: string, from: number, to: number): number | undefined => {
    const text = textOption(call, name)
    if (text === undefined) return undefined
    const value = Number(text)
    if (text.trim() !== '' && Number.isInteger(value) && value >= from && value <= to) return value
    throw new GatewayError('USAGE', `--${name} ${text}: expected a whole number from ${from} to ${to}`)
  }
  const duration = textOption(call, 'for')
  const follows = call.options.follow === true
  if (follows && duration !== undefined)
    throw new GatewayError('USAGE', '--follow has no end, --for has one: give one of them')
  const durationMs = duration === undefined ? (follows ? LONGEST_MS : DEFAULT_MS) : parseDuration(duration)
  if (durationMs === undefined || durationMs < POLL_MS || durationMs > LONGEST_MS)
    throw new GatewayError('USAGE', `--for ${duration}: expected a duration from 200ms to 24h, such as 30s`)
  const filter = new URLSearchParams({ limit: String(PAGE) })
  for (const [name, value] of [
    ['function', number('function', 1, 127)],
    ['unit', number('unit', 0, 255)],
  ] as const)
    if (value !== undefined) filter.set(name, String(value))
  if (call.options.errors === true) filter.set('errors', 'true')
  return {
    base: gatewayUrl(call),
    path: `devices/${encodeURIComponent(device!)}/trace`,
    query: filter.toString(),
    durationMs,
    follows,
    count: number('count', 1, 1_000_000) ?? Infinity,
    file: textOption(call, 'pcapng'),
  }
}

/** Shows what comes until the time is over, enough was shown, the trace has stopped, or Ctrl-C: then false. */
async function follow(
  { base, path, query, durationMs, count, file }: TraceRequest,
  after: number,
  terminal: Terminal,
): Promise<boolean> {
  const interrupt = new AbortController()
  const onInterrupt = () => interrupt.abort()
  process.once('SIGINT', onInterrupt)
  const end = performance.now() + durationMs
  let shown = 0
  try {
    while (shown < count) {
      const isLast = performance.now() >= end || interrupt.signal.aborted
      const answer: TraceAnswer = await send(base, `${path}?${query}&after=${after}`)
      const lost = answer.captured - answer.held - after
      if (lost > 0) terminal.say(`${lost} exchanges were pushed out by newer ones before they could be shown`)
      after = answer.next
      for (const exchange of answer.exchanges.slice(0, count - shown)) {
        if (file !== '-') show(exchange, terminal)
        shown++
      }
      if (answer.exchanges.length === PAGE) continue
      if (isLast || !answer.active) break
      await sleep(Math.max(1, Math.min(POLL_MS, end - performance.now())), undefined, {
        signal: interrupt.signal,
      }).catch(() => undefined)
    }
  } finally {
    process.off('SIGINT', onInterrupt)
  }
  if (shown === 0) terminal.say('nothing came over the wire that matches')
  return !interrupt.signal.aborted
}

async function save(base: string, path: string, file: string, terminal: Terminal): Promise<void> {
  const response = await sendRaw(base, `${path}.pcapng`)
  const bytes = Buffer.from(await response.arrayBuffer())
  if (file === '-') {
    await new Promise<void>((resolve) => process.stdout.write(bytes, () => resolve()))
    return
  }
  await writeFile(file, bytes)
  terminal.say(`${file}: ${bytes.length} bytes, for Wireshark`)
}

function show(exchange: ExchangeView, terminal: Terminal): void {
  if (terminal.json) return terminal.resultJson(exchange)
  const { isTTY, columns } = process.stdout
  const width = isTTY ? Math.max(40, columns) : Infinity
  for (const line of exchangeLines(exchange, width, (style, text) => terminal.style(style, text))) terminal.result(line)
}
