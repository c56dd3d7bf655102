/** A traced exchange as lines: what was asked, what came, what went wrong; as wide as the terminal is. */
import { wrapped } from '../core/wrapped-text.ts'
import type { ExchangeView, FrameView } from '../observe/trace/exchange-view.ts'
import type { Terminal } from './terminal.ts'

const TIME_WIDTH = '10:00:00.123'.length
const INDENT = ' '.repeat(TIME_WIDTH + 3)

/** One line a frame where `width` is Infinity (a file, a pipe); otherwise hex has lines of its own where it does not fit. */
export function exchangeLines(exchange: ExchangeView, width: number, style: Terminal['style']): string[] {
  const { time, request, response, roundTripMs, error } = exchange
  const clock = time.slice(11, 11 + TIME_WIDTH)
  const trip = (roundTripMs === null ? '' : `+${roundTripMs.toFixed(3)} ms`).padStart(TIME_WIDTH)
  const lines: string[] = []
  if (request !== null) lines.push(...frameLines(`${clock} → `, request, width, style))
  if (response !== null) lines.push(...frameLines(`${request === null ? clock : trip} ← `, response, width, style))
  // An exception stands in the answer's own words already.
  if (error !== null && error !== response?.text)
    lines.push(...filled(`${''.padStart(TIME_WIDTH)} `, `✗ ${error}`, width).map((line) => style('red', line)))
  return lines
}

function frameLines(lead: string, { text, hex }: FrameView, width: number, style: Terminal['style']): string[] {
  const oneLine = `${lead}${text}  `
  if (oneLine.length + hex.length <= width) return [`${oneLine}${style('dim', hex)}`]
  return [...filled(lead, text, width), ...filled(INDENT, hex, width).map((line) => style('dim', line))]
}

const filled = (lead: string, text: string, width: number): string[] =>
  wrapped(text, Math.max(20, width - INDENT.length)).map((line, at) => `${at === 0 ? lead : INDENT}${line}`)
