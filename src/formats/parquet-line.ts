/** A line of our NDJSON as a row of our Parquet: what a file sink has on the disk becomes Parquet when the file is finished. */
import type { ParquetRow } from './parquet-schema.ts'

interface Line {
  readonly time: string | null
  readonly device: string | null
  readonly tag: string | null
  readonly value: unknown
  readonly unit: string | null
  readonly status: number
  readonly log: string | null
  readonly seq: number | null
  readonly type: string | null
  readonly historical?: boolean
}

/** Throws SyntaxError for what is no JSON. */
export function parquetRowOfLine(text: string): ParquetRow {
  const { time, value, historical, ...same } = JSON.parse(text) as Line
  return { ...same, time: timeOf(time), ...cellOf(value, same.type), historical: historical === true }
}

const ISO_MS = 24

/** Dates have no microseconds: they are what follows the milliseconds. */
function timeOf(text: string | null): number | null {
  if (text === null) return null
  const cut = text.lastIndexOf('.') + 4
  const micros = text.length > ISO_MS ? Number(text.slice(cut, -1)) : 0
  return Date.parse(`${text.slice(0, cut)}Z`) + (Number.isFinite(micros) ? micros / 1000 : 0)
}

const NOT_FINITE = new Set(['NaN', 'Infinity', '-Infinity'])
const TEXTS = new Set(['string', 'bytes'])

function cellOf(value: unknown, type: string | null): { value: number | null; text: string | null } {
  if (typeof value === 'number' || typeof value === 'boolean') return { value: Number(value), text: null }
  if (value === null || value === undefined) return { value: null, text: null }
  if (typeof value !== 'string') return { value: null, text: JSON.stringify(value) }
  if (type !== null && !TEXTS.has(type) && NOT_FINITE.has(value)) return { value: Number(value), text: null }
  const isBig = (type === 'int64' || type === 'uint64') && /^-?\d+$/.test(value)
  return { value: isBig ? Number(value) : null, text: value }
}
