/**
 * Names of tables and columns (PostgreSQL, 4.1.1): quoted, so that any script and case stands as it is; at most 63 bytes of UTF-8
 * (NAMEDATALEN - 1); no U+0000. A name that is longer, or that means something else to us, is cut and gets eight digits of its
 * SHA-256, so that two names never meet in one.
 */
import { createHash } from 'node:crypto'
import { fillTemplate, parseTemplate, type Template } from '../encode/template.ts'

/** NAMEDATALEN - 1. */
const MAX_BYTES = 63
/** Room for `__numeric_status` behind a name. */
const ROOM_BYTES = 16
const OWN_COLUMNS = new Set(['time', 'device', 'log', 'seq', 'historical', 'tableoid', 'ctid', 'xmin', 'cmin', 'xmax', 'cmax']) // prettier-ignore
const OWN_TABLE = /^bifrost_/

/** `"a""b"`: an identifier as SQL takes it. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** Text as PostgreSQL keeps it: well-formed, without U+0000. For names; a value is never changed. */
export const storable = (text: string): string => text.toWellFormed().replaceAll('\u0000', '\uFFFD')

/** `'it''s'`: a literal as SQL takes it. */
export const literal = (text: string): string => {
  const body = storable(text).replaceAll("'", "''")
  return body.includes('\\') ? ` E'${body.replaceAll('\\', '\\\\')}'` : `'${body}'`
}

/** The column of a tag. Its status stands in the column `…_status`. */
export function columnName(tag: string): string {
  const reserved = OWN_COLUMNS.has(tag) || tag.endsWith('_status') || tag.includes('__')
  return fitting(tag, MAX_BYTES - ROOM_BYTES, reserved)
}

/** A table template: names with `{device}`. */
export const parseTable = (text: string): Template => parseTemplate(text, ['device'])

/** The table of a device. */
export function tableName(template: Template, device: string): string {
  const name = fillTemplate(template, () => device)
  return fitting(name, MAX_BYTES, OWN_TABLE.test(name))
}

function fitting(name: string, maxBytes: number, reserved: boolean): string {
  const clean = storable(name)
  if (clean === name && clean !== '' && !reserved && Buffer.byteLength(clean) <= maxBytes) return clean
  const digits = createHash('sha256').update(name).digest('hex').slice(0, 8)
  let short = clean.replace(/_status$/, '').replaceAll('__', '_')
  while (Buffer.byteLength(short) > maxBytes - 9 || !short.isWellFormed()) short = short.slice(0, -1)
  return `${short}_${digits}`
}
