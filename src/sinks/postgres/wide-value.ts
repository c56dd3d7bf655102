/** Values in the typed columns of the wide layout: what fits, how large it is, and its bytes. */
import type { SampleBatch } from '../../core/batch.ts'
import { IS_OTHER } from '../../core/batch.ts'
import type { Value } from '../../core/value.ts'
import type { CopyEncoder } from './copy-encoder.ts'
import type { Column, ColumnType } from './wide-table.ts'

const FITS: Record<ColumnType, (value: Value) => boolean> = {
  'double precision': (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  bigint: (value) => isWhole(value) && BigInt.asIntN(64, BigInt(value)) === BigInt(value),
  numeric: (value) => isWhole(value),
  text: (value) => typeof value === 'string' && !value.includes('\u0000'),
  bytea: (value) => value instanceof Uint8Array,
}

const isWhole = (value: Value): value is number | bigint => typeof value === 'bigint' || Number.isInteger(value)

/** Why this value cannot stand in this column; undefined when it can. */
export function wideMisfit({ type }: Column, value: Value | undefined): string | undefined {
  if (value === undefined || FITS[type](value)) return undefined
  if (type === 'text' && typeof value === 'string')
    return 'its text has U+0000, which a text column cannot hold (layout: narrow keeps it)'
  return `its value is a ${value instanceof Uint8Array ? 'string of bytes' : typeof value}, and its column is ${type}`
}

/** The most bytes that the value of a row takes. */
export function wideValueBytes(batch: SampleBatch, row: number): number {
  if ((batch.flags[row]! & IS_OTHER) === 0) return 24
  const value = batch.other!.get(row)!
  return 8 + (typeof value === 'string' ? 3 * value.length : (value as Uint8Array).length)
}

export function encodeWideValue(encoder: CopyEncoder, { type }: Column, batch: SampleBatch, row: number): void {
  const value = batch.lastValueAt(row)
  if (value === undefined) return encoder.none()
  switch (type) {
    case 'double precision':
      return encoder.float64(Number(value))
    case 'boolean':
      return encoder.boolean(value === true)
    case 'bigint':
      return encoder.bigint(BigInt(value as number | bigint))
    case 'numeric':
      return encoder.numeric(BigInt(value as number | bigint))
    case 'text':
      return encoder.bytes(Buffer.from((value as string).toWellFormed()))
    case 'bytea':
      return encoder.bytes(value as Uint8Array)
  }
}
