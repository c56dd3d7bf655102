/**
 * What the status of an answer means for the rows that were sent (RFC 9110, 15; RFC 6585): they are taken, they are too many, some
 * of them are unacceptable; everything else concerns the connection or the settings and is thrown as an error of the catalogue.
 */
import { BusyError, GatewayError, NotConnectedError } from '../../core/errors.ts'
import { oneLine } from '../../core/one-line.ts'
import type { Backoff } from '../backoff.ts'
import type { HttpAnswer } from './http-client.ts'
import { retryAfterMs } from './retry-after.ts'

export type Verdict = 'taken' | 'too-large' | 'unacceptable'

export interface VerdictContext {
  /** Who was asked, for the sentence: the URL without its query. */
  readonly where: string
  /** As whom: `user "plant"`, `this token`; empty when no credentials were given. */
  readonly who: string
  /** Wall time, for dates. */
  readonly now: number
  /** The pause where the far side asks for patience but not for how much. */
  readonly patience: Backoff
}

const BUSY = new Set([408, 409, 425, 429, 502, 503, 504])
const UNACCEPTABLE = new Set([400, 422])
/** Retry-After: 0 is no invitation to ask in a loop. */
const LEAST_WAIT_MS = 100
const SAID_CHARACTERS = 300

/** See above. 2xx resets the patience. */
export function verdictOf(answer: HttpAnswer, context: VerdictContext): Verdict {
  const { status } = answer
  if (status >= 200 && status < 300) {
    context.patience.reset()
    return 'taken'
  }
  if (status === 413) return 'too-large'
  if (UNACCEPTABLE.has(status)) return 'unacceptable'
  throw errorOf(answer, context)
}

/** What the far side said, as one line for people; empty when it said nothing. */
export function saidOf({ text }: Pick<HttpAnswer, 'text'>): string {
  const said = spokenIn(parsed(text)) ?? (/^\s*</.test(text) ? '' : text)
  const line = oneLine(said.trim().replace(/\s+/g, ' '))
  return line.length > SAID_CHARACTERS ? `${line.slice(0, SAID_CHARACTERS)}…` : line
}

/** `answered 400: partial write: …` */
export function answered(answer: HttpAnswer): string {
  const said = saidOf(answer)
  return `answered ${answer.status}${said === '' ? '' : `: ${said}`}`
}

function errorOf(answer: HttpAnswer, context: VerdictContext): GatewayError {
  const { status, headers } = answer
  const { where, who } = context
  const details = { status }
  const sentence = `${where} ${answered(answer)}`
  const refused = (text: string) => new GatewayError('SINK_REFUSED', text, { details })
  if (BUSY.has(status)) {
    const ms = retryAfterMs(headers['retry-after'], context.now) ?? context.patience.next()
    return new BusyError(sentence, Math.max(LEAST_WAIT_MS, ms), { details })
  }
  // A fault of the server may come from one row, or from its disk: the rows are kept, the runner looks which it is.
  if (status >= 500) return new NotConnectedError(sentence, { details })
  if (status >= 300 && status < 400) {
    const to = headers.location === undefined ? '' : ` to ${oneLine(headers.location)}`
    return refused(`${where} redirects us${to} (${status}); redirects are not followed, give the final address as url`)
  }
  if (status === 401 || status === 407)
    return refused(`${where} does not accept ${who === '' ? 'us without credentials' : who}: ${sentenceTail(answer)}`)
  if (status === 403)
    return refused(`${where} does not permit this${who === '' ? '' : ` to ${who}`}: ${sentenceTail(answer)}`)
  if (status === 404) return refused(`${sentence}; is the path of the url right, and does what it names exist there?`)
  if (status < 200) return new GatewayError('PROTOCOL_VIOLATION', sentence, { details })
  return refused(sentence)
}

function sentenceTail(answer: HttpAnswer): string {
  const said = saidOf(answer)
  return said === '' ? `it answered ${answer.status}` : `${said} (${answer.status})`
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The words of the usual error documents: RFC 9457, InfluxDB, OAuth, and plain ones. */
function spokenIn(document: unknown): string | undefined {
  if (typeof document === 'string') return document
  if (typeof document !== 'object' || document === null) return undefined
  const fields = document as Record<string, unknown>
  for (const name of ['detail', 'error_description', 'message', 'error', 'title']) {
    const words = fields[name]
    if (typeof words === 'string' && words !== '') return words
  }
  return undefined
}
