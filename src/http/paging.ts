/**
 * Pages of lists: `limit` and `cursor` of the question, `next` of the answer, in one form for all. A cursor names the row that comes next and
 * the one before it, so that it finds its place again when the list has changed meanwhile; it is opaque, belongs to one list, and is checked.
 */
import { z } from 'zod'
import { GatewayError } from '../core/errors.ts'

/** Query parameters of a list of which a page has `usual` rows, `most` at most. */
export const pageQuery = (usual: number, most: number) =>
  z.object({
    limit: z.coerce.number().int().min(1).max(most).default(usual).describe('Rows of a page'),
    cursor: z.string().max(LONGEST).optional().describe('`next` of the page before'),
  })

export const nextSchema = z.string().nullable().describe('`cursor` of the next page; null on the last')

export interface PageQuery {
  readonly limit: number
  readonly cursor?: string | undefined
}

/** Two names of 1024 characters, in base64. */
const LONGEST = 12_000

export type CursorPart = string | number | null

/** `list` is the list that it belongs to. */
export const encodeCursor = (list: string, parts: readonly CursorPart[]): string =>
  Buffer.from(JSON.stringify([list, ...parts])).toString('base64url')

/** The parts of a cursor of `list`: as many as `kinds`, each of this type. Throws INVALID_REQUEST. */
export function decodeCursor(
  list: string,
  cursor: string,
  kinds: readonly ('string' | 'number' | 'any')[],
): CursorPart[] {
  const [of, ...parts] = parsed(cursor)
  const fits = of === list && parts.length === kinds.length && parts.every((part, at) => fitsKind(part, kinds[at]!))
  if (!fits) throw cursorProblem('this is no `next` of this list')
  return parts as CursorPart[]
}

const fitsKind = (part: unknown, kind: 'string' | 'number' | 'any'): boolean => {
  if (kind === 'number') return Number.isSafeInteger(part) && (part as number) >= 0
  return typeof part === 'string' || (kind === 'any' && (part === null || Number.isSafeInteger(part)))
}

function parsed(cursor: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}

/** What is wrong with the cursor, in the form of every wrong parameter. */
export function cursorProblem(what: string): GatewayError {
  const detail = `query parameter cursor: ${what}`
  return new GatewayError('INVALID_REQUEST', detail, { details: { errors: [{ detail, pointer: '#/cursor' }] } })
}

export interface Page<T> {
  readonly rows: readonly T[]
  readonly next: string | null
}

/** A page of rows that are all there; `keyOf` names each row for good. */
export function pageOf<T>(
  list: string,
  all: readonly T[],
  keyOf: (row: T) => string,
  { limit, cursor }: PageQuery,
): Page<T> {
  const start = cursor === undefined ? 0 : placeOf(list, all, keyOf, cursor)
  const rows = all.slice(start, start + limit)
  const following = all[start + limit]
  const next =
    following === undefined ? null : encodeCursor(list, [start + limit, keyOf(following), keyOf(rows.at(-1)!)])
  return { rows, next }
}

/** Where the page of this cursor begins now. */
function placeOf<T>(list: string, all: readonly T[], keyOf: (row: T) => string, cursor: string): number {
  const [at, key, before] = decodeCursor(list, cursor, ['number', 'string', 'string']) as [number, string, string]
  const there = all[at]
  if (there !== undefined && keyOf(there) === key) return at
  const following = all.findIndex((row) => keyOf(row) === key)
  if (following >= 0) return following
  const last = all.findIndex((row) => keyOf(row) === before)
  if (last >= 0) return last + 1
  throw cursorProblem('this page is gone, begin again without a cursor')
}
