/**
 * Keeps secrets out of the log: fields whose name says that they hold one, and the password inside a URL. Also turns what
 * a caller passes into plain fields, with a bound on depth, so that a cyclic object cannot stop the log.
 */
import { hideUrlPasswords } from '../core/url-password.ts'

const SECRET_NAME =
  /pass(word|phrase|code)?s?$|passwd|pwd|^psk$|secret|token|api[-_]?key|authorization|cookie|private[-_]?key|credential/i
const MAX_DEPTH = 4

/** What stands in the log in place of a secret. */
const REDACTED = '[redacted]'

/** True for a field name that says that its value is a secret. */
const looksSecret = (name: string): boolean => SECRET_NAME.test(name)

// What a header, a query or a line of settings says is one, in the middle of a sentence.
const SCHEME = /\b(bearer|Bearer|BEARER|(?:basic|Basic|BASIC)(?= +\S*(?:[a-z][A-Z]|\d|=)))( +)[\w.~+/=-]{6,}/g
const COOKIE = /\b((?:set-)?cookie["']?\s*[:=]\s*)[^\r\n]+/gi
const SETTING =
  /((?:pass(?:word|phrase|code)?|passwd|pwd|psk|secret|token|api[-_]?key|private[-_]?key|x-auth-token)["']?(?:=|:\s?(?=["']))["']?)[^\s"'&;,]+/gi
const KEY_BLOCK = /(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(-----END|$)/g
/** Cheap: most sentences have none of the words. */
const SUSPICIOUS = /bearer|basic|digest|cookie|pass|pwd|psk|secret|token|key/i

/** A sentence with the passwords of its URLs blanked, and what follows a word that says that a secret comes. */
export function redactText(text: string): string {
  const hidden = hideUrlPasswords(text, REDACTED)
  if (!SUSPICIOUS.test(hidden)) return hidden
  return hidden
    .replace(SCHEME, `$1$2${REDACTED}`)
    .replace(COOKIE, `$1${REDACTED}`)
    .replace(SETTING, `$1${REDACTED}`)
    .replace(KEY_BLOCK, `$1${REDACTED}$2`)
}

/** A value as the log may show it: secrets blanked, bytes as hex, bigint as text, depth bounded. */
export function redactValue(name: string, value: unknown, depth = 0): unknown {
  if (value === undefined || value === null) return value
  if (looksSecret(name)) return REDACTED
  if (typeof value === 'string') return redactText(value)
  if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function') return String(value)
  if (typeof value !== 'object') return value
  if (value instanceof Error) return redactText(value.message)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')
  if (depth >= MAX_DEPTH) return Array.isArray(value) ? '[…]' : '{…}'
  if (Array.isArray(value)) return value.map((item) => redactValue('', item, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactValue(key, item, depth + 1)]))
}
