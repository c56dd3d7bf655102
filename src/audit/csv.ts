/**
 * Lines of the audit log as CSV (RFC 4180) for spreadsheets. A text that a spreadsheet would take for a formula (OWASP, "CSV Injection")
 * gets an apostrophe before it: what somebody typed as a reason must not run where it is read.
 */
import { decodeLine, splitLines } from './line.ts'

const COLUMNS = ['n', 'time', 'id', 'action', 'user', 'from', 'object', 'before', 'after', 'reason', 'outcome', 'details', 'hash'] as const // prettier-ignore

export const CSV_HEADER = `${COLUMNS.join(',')}\r\n`

/** Of lines with their LF. One that cannot be read is a row that says so. */
export function toCsv(bytes: Buffer): string {
  return splitLines(bytes).lines.map(rowOf).join('')
}

function rowOf(bytes: Buffer): string {
  const decoded = decodeLine(bytes)
  if (decoded === undefined) return `${cellOf('this line was changed: see bifrost audit verify')}${','.repeat(COLUMNS.length - 1)}\r\n` // prettier-ignore
  const values: Record<string, unknown> = { ...decoded.line, hash: decoded.hash }
  return `${COLUMNS.map((column) => cellOf(values[column])).join(',')}\r\n`
}

/** A number and a boolean stay what they are; everything else is text. */
function cellOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const safe = FORMULA.test(text) ? `'${text}` : text
  return /[",\r\n;\t]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** Also behind blanks and line breaks, and in full-width letters, as spreadsheets see them. */
const FORMULA = /^[\s\u00a0\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20|%]|^[\t\r\n]/
