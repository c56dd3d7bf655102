/**
 * The contract by which a receiver names the samples that it will never take, in an answer of 2xx, 400 or 422:
 * `{"rejected":[{"seq":4711,"reason":"unknown machine"}]}`. With 2xx all others are stored; with 400 or 422 nothing is, and the
 * others are sent again without these.
 */
import type { SampleBatch } from '../../core/batch.ts'
import { GatewayError } from '../../core/errors.ts'
import { oneLine } from '../../core/one-line.ts'

const REASON_CHARACTERS = 300

/** Row to reason; empty when none is named. A number in place of the list says how many, but not which: undefined. */
export function rejectedRows(
  text: string,
  batch: SampleBatch,
  rows: readonly number[],
  where: string,
): ReadonlyMap<number, string> | undefined {
  const list = listIn(text)
  if (!Array.isArray(list)) return typeof list === 'number' && list > 0 ? undefined : NONE
  if (list.length === 0) return NONE
  const rowOf = new Map(rows.map((row) => [batch.seq?.[row], row]))
  const rejected = new Map<number, string>()
  for (const entry of list) {
    const { seq, reason } = Object(entry) as { seq?: unknown; reason?: unknown }
    const row = rowOf.get(seq as number)
    if (row === undefined)
      throw new GatewayError(
        'PROTOCOL_VIOLATION',
        `${where} refuses a sample that was not sent: seq ${oneLine(String(seq)).slice(0, 40)}`,
      )
    rejected.set(
      row,
      typeof reason === 'string' ? oneLine(reason).slice(0, REASON_CHARACTERS) : 'refused without a reason',
    )
  }
  return rejected
}

const NONE: ReadonlyMap<number, string> = new Map()

function listIn(text: string): unknown {
  if (!text.includes('"rejected"')) return undefined
  try {
    return (Object(JSON.parse(text)) as { rejected?: unknown }).rejected
  } catch {
    return undefined
  }
}
