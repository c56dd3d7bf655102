/**
 * `bifrost trace`: the requests and answers of one device of a running gateway as they go over the wire, in words and in hex, and as
 * a capture file for Wireshark. Starts a trace and stops it at the end, also where a signal or a reader that has gone ends it; one that
 * somebody else started is only watched.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseDuration } from '../core/duration.ts'
import { GatewayError } from '../core/errors.ts'
import type { ExchangeView } from '../observe/trace/exchange-view.ts'
import { gatewayUrl, send, sendRaw } from './api-client.ts'
import { textOption, type Call } from './call.ts'
import { checkCaptureFile, isStdout, openCaptureFile, type CaptureFile } from './capture-file.ts'
import { exchangeLines } from './exchange-lines.ts'
import { Exit } from './exit-code.ts'
import type { Terminal } from './terminal.ts'

const DEFAULT_MS = 30_000
const LONGEST_MS = 86_400_000
const POLL_MS = 200
const PAGE = 1000
/** `bifrost trace | head` is an ordinary end. */
const READER_GONE = 'nobody reads any more'

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
  const { terminal } = call
  await checkCaptureFile(file)
  const before = await send<TraceAnswer>(base, `${path}?limit=1`)
  if (!before.active) {
    const body = { duration: Math.max(1000, request.durationMs), count: 1_000_000 }
    await send(base, path, { method: 'POST', body })
  } else terminal.say(`${call.args[0]} is traced already: watching that trace, which goes on afterwards`)
  let isWhole = false
  let capture: CaptureFile | undefined
  try {
    if (file !== undefined) capture = await openCaptureFile(file)
    isWhole = await follow(request, before.active ? before.captured : 0, capture, terminal)
  } finally {
    await capture?.close()
    if (!before.active) await send(base, path, { method: 'DELETE' })
  }
  if (capture !== undefined && !isStdout(file)) terminal.say(`${file}: ${capture.size} bytes, for Wireshark`)
  return isWhole || follows ? Exit.ok : Exit.interrupted
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

/** Shows and captures what comes until the time is over, enough was shown, the trace has stopped, or it is interrupted: then false. */
async function follow(
  { base, path, query, durationMs, count, file }: TraceRequest,
  after: number,
  capture: CaptureFile | undefined,
  terminal: Terminal,
): Promise<boolean> {
  const interrupt = new AbortController()
  const end = performance.now() + durationMs
  let shown = 0
  using _ = interruptedBySignals(interrupt)
  // The head of the file: a reader knows what it is before the first exchange.
  await capture?.append(await captured(base, path, after, after))
  while (shown < count) {
    const isLast = performance.now() >= end || interrupt.signal.aborted
    const answer: TraceAnswer = await send(base, `${path}?${query}&after=${after}`)
    const lost = answer.captured - answer.held - after
    if (lost > 0) terminal.say(`${lost} exchanges were pushed out by newer ones before they could be shown`)
    const exchanges = answer.exchanges.slice(0, count - shown)
    if (!isStdout(file)) for (const exchange of exchanges) show(exchange, terminal)
    shown += exchanges.length
    const until = shown >= count ? exchanges.at(-1)!.number : answer.next
    if (until > after) await capture?.append(await captured(base, path, after, until))
    after = answer.next
    if (answer.exchanges.length === PAGE) continue
    if (isLast || !answer.active) break
    const pause = Math.max(1, Math.min(POLL_MS, end - performance.now()))
    await sleep(pause, undefined, { signal: interrupt.signal }).catch(() => undefined)
  }
  if (shown === 0) terminal.say('nothing came over the wire that matches')
  return !interrupt.signal.aborted || interrupt.signal.reason === READER_GONE
}

/** Ctrl-C, SIGTERM (of `timeout`), and a reader that has gone. A second Ctrl-C ends the process at once. */
function interruptedBySignals(interrupt: AbortController): Disposable {
  const onInterrupt = () => interrupt.abort()
  process.once('SIGINT', onInterrupt).once('SIGTERM', onInterrupt)
  process.stdout.once('error', () => interrupt.abort(READER_GONE))
  return {
    [Symbol.dispose]() {
      process.off('SIGINT', onInterrupt).off('SIGTERM', onInterrupt)
    },
  }
}

/** The exchanges after the one number and up to the other, as a section of a capture file. */
async function captured(base: string, path: string, after: number, until: number): Promise<Uint8Array> {
  const response = await sendRaw(base, `${path}.pcapng?after=${after}&until=${until}`)
  return new Uint8Array(await response.arrayBuffer())
}

function show(exchange: ExchangeView, terminal: Terminal): void {
  if (terminal.json) return terminal.resultJson(exchange)
  const { isTTY, columns } = process.stdout
  const width = isTTY ? Math.max(40, columns) : Infinity
  for (const line of exchangeLines(exchange, width, (style, text) => terminal.style(style, text))) terminal.result(line)
}
