/** Exchanges as they are filtered, written as text, and laid out in bytes. */
import { matchesWords } from '../../parts/matches-words.ts'
import { traceStrings as strings } from '../../strings/trace.ts'
import type { Exchange } from './use-trace.ts'

export interface TraceFilter {
  readonly text: string
  readonly code: string
  readonly errorsOnly: boolean
}

export function filterExchanges(exchanges: readonly Exchange[], { text, code, errorsOnly }: TraceFilter): Exchange[] {
  const hex = text.replaceAll(/\s/g, '').toLowerCase()
  const isHex = hex.length >= 4 && /^[\da-f]+$/.test(hex)
  return exchanges.filter((one) => {
    if (errorsOnly && one.error === null) return false
    if (code !== '' && String(one.function) !== code) return false
    const { request, response, error } = one
    if (matchesWords(text, [request?.text, response?.text, error])) return true
    return isHex && [request, response].some((frame) => plainHex(frame?.hex ?? '').includes(hex))
  })
}

export const plainHex = (hex: string): string => hex.replaceAll(/\s/g, '').toLowerCase()

/** `14:02:11.123`, local. */
export function timeOf(time: string): string {
  const at = new Date(time)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`
}

/** As text, two lines an exchange, oldest first. */
export function linesOf(newestFirst: readonly Exchange[]): string {
  return newestFirst
    .toReversed()
    .map(({ number, time, unit, request, response, error, roundTripMs }) => {
      const head = `${number} ${time} unit ${unit ?? '-'}`
      const round = roundTripMs === null ? '' : ` ${strings.ms(String(roundTripMs))}`
      const sent = `${head} ${strings.tx} ${request === null ? strings.unasked : `${request.hex}  ${request.text}`}`
      const came = `${head} ${strings.rx} ${response === null ? '' : `${response.hex}  `}${error ?? response?.text ?? strings.noAnswer}${round}`
      return `${sent}\n${came}\n`
    })
    .join('')
}

/** Bytes with their offsets and what they are as text, 16 a line. */
export function hexDump(hex: string): string {
  const bytes = plainHex(hex).match(/../g) ?? []
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += 16) {
    const line = bytes.slice(at, at + 16)
    const text = line.map((byte) => asText(Number.parseInt(byte, 16))).join('')
    lines.push(`${at.toString(16).padStart(4, '0')}  ${line.join(' ').padEnd(47)}  ${text}`)
  }
  return lines.join('\n')
}

const asText = (byte: number): string => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')
