/** One line of the audit log (FORMAT.md, "A line"): made, taken apart, and held against the line before it. */
import { createHash } from 'node:crypto'
import type { Signer } from '../secrets/secrets.ts'

/** An event as it lies in the log. */
export interface AuditLine {
  readonly n: number
  /** ISO 8601, UTC. */
  readonly time: string
  readonly id: string
  readonly action: string
  readonly user: string
  readonly from: string
  readonly object: string
  readonly before: unknown
  readonly after: unknown
  readonly reason: string | null
  readonly outcome: string
  /** Trace id of the request, where there was one. */
  readonly trace?: string
  readonly details?: Readonly<Record<string, unknown>>
}

/** Number and hash of a line. */
export interface Place {
  readonly n: number
  readonly hash: string
}

/** Before the first line. */
export const GENESIS: Place = { n: 0, hash: '0'.repeat(64) }

export const LINE_BYTES = 64 * 1024
const SIGNED = ',"mac":"'
const CHAINED = '","hash":"'
const END = '"}'
const DIGITS = 64
const SIGNED_BYTES = SIGNED.length + DIGITS
const TAIL_BYTES = SIGNED_BYTES + CHAINED.length + DIGITS + END.length
const HEX = /^[0-9a-f]{64}$/

/** The bytes of a line with its LF, and its hash. */
export function encodeLine(line: AuditLine, before: Place, signer: Signer): { bytes: Buffer; hash: string } {
  const body = bodyOf(line)
  const mac = signer.sign(before.hash, body).toString('hex')
  const signed = Buffer.concat([body, Buffer.from(`${SIGNED}${mac}`)])
  const hash = hashOf(before, signed)
  return { bytes: Buffer.concat([signed, Buffer.from(`${CHAINED}${hash}${END}\n`)]), hash }
}

/** What is too long loses what is longest first; the event itself stays. */
function bodyOf(line: AuditLine): Buffer {
  const whole = Buffer.from(JSON.stringify(line).slice(0, -1))
  if (whole.length + TAIL_BYTES < LINE_BYTES) return whole
  const short = (text: string): string => (text.length > 500 ? `${text.slice(0, 500)}…` : text)
  const words = Object.entries(line).map(([key, value]) => [key, typeof value === 'string' ? short(value) : value])
  const { before, after, details: _details, ...rest } = Object.fromEntries(words) as AuditLine
  const cut = { before: before === null ? null : '…', after: after === null ? null : '…' }
  return Buffer.from(JSON.stringify({ ...rest, ...cut, details: { cut: whole.length } }).slice(0, -1))
}

export interface DecodedLine {
  readonly line: AuditLine
  readonly hash: string
  readonly mac: string
  readonly body: Buffer
  /** Body and MAC: what the hash is of. */
  readonly signed: Buffer
}

/** A line without its LF; undefined for what is no line. Whether it fits the one before is not looked at. */
export function decodeLine(bytes: Buffer): DecodedLine | undefined {
  if (bytes.length <= TAIL_BYTES || bytes.length > LINE_BYTES) return undefined
  const at = bytes.length - TAIL_BYTES
  const tail = bytes.toString('latin1', at)
  const mac = tail.slice(SIGNED.length, SIGNED_BYTES)
  const hash = tail.slice(SIGNED_BYTES + CHAINED.length, -END.length)
  if (tail !== `${SIGNED}${mac}${CHAINED}${hash}${END}` || !HEX.test(mac) || !HEX.test(hash)) return undefined
  const line = parseEvent(bytes.toString('utf8'))
  if (line === undefined) return undefined
  return { line, hash, mac, body: bytes.subarray(0, at), signed: bytes.subarray(0, at + SIGNED_BYTES) }
}

function parseEvent(text: string): AuditLine | undefined {
  try {
    const { mac: _mac, hash: _hash, ...line } = JSON.parse(text) as AuditLine & { mac: string; hash: string }
    const words = [line.time, line.id, line.action, line.user, line.from, line.object, line.outcome]
    return Number.isSafeInteger(line.n) && words.every((word) => typeof word === 'string') ? line : undefined
  } catch {
    return undefined
  }
}

/** Whether the line follows this one: nobody changed it, or what lies before it. */
export const follows = ({ hash, signed }: DecodedLine, before: Pick<Place, 'hash'>): boolean =>
  hashOf(before, signed) === hash

/** Whether who wrote the line had the key. */
export const isSignedBy = ({ body, mac }: DecodedLine, before: Pick<Place, 'hash'>, signer: Signer): boolean =>
  signer.verify(Buffer.from(mac, 'hex'), before.hash, body)

const hashOf = ({ hash }: Pick<Place, 'hash'>, signed: Buffer): string =>
  createHash('sha256').update(hash).update(signed).digest('hex')

/** The lines of a file, without their LF; `rest` is what comes after the last LF. */
export function splitLines(bytes: Buffer): { lines: Buffer[]; rest: Buffer } {
  const lines: Buffer[] = []
  let start = 0
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    lines.push(bytes.subarray(start, end))
    start = end + 1
  }
  return { lines, rest: bytes.subarray(start) }
}

/** What the first line of a file says. */
export interface Beginning {
  readonly format: number
  readonly log: string
  readonly key: string
  readonly previous: Place
}

export const BEGIN = 'audit.begin'
export const REMOVE = 'audit.remove'

/** Undefined for a line that begins no file. */
export function beginningOf({ action, details = {} }: AuditLine): Beginning | undefined {
  const { format, log, key, previous } = details as Partial<Beginning>
  if (action !== BEGIN || format !== 1 || typeof log !== 'string' || typeof key !== 'string') return undefined
  if (typeof previous !== 'object' || previous === null) return undefined
  return Number.isSafeInteger(previous.n) && HEX.test(previous.hash) ? { format, log, key, previous } : undefined
}

/** The file whose first line has this number. */
export const fileNameOf = (n: number): string => `${String(n).padStart(12, '0')}.ndjson`

/** The names of the files of a log among others, oldest first. */
export const auditFiles = (names: readonly string[]): string[] => names.filter((name) => /^\d{12,15}\.ndjson$/.test(name)).sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)) // prettier-ignore
