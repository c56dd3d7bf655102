/**
 * Values as text. JSON: int64 and uint64 as decimal strings, bytes as base64 strings, never NaN or infinity (house rule: they
 * are null). InfluxDB line protocol: a typed field, so that one measurement never mixes types in one field.
 */
import { HAS_VALUE, HISTORICAL, type SampleBatch } from '../../core/batch.ts'
import type { Value } from '../../core/value.ts'
import { stringText } from './line-text.ts'

/** How a format writes values; `number` is the hot path. */
export interface ValueText {
  number(value: number): string
  other(value: Value | undefined): string
}

export const jsonText: ValueText = {
  number: (value) => (value - value === 0 ? `${value}` : 'null'),
  other(value) {
    if (value === undefined) return 'null'
    if (typeof value === 'number') return jsonText.number(value)
    if (typeof value === 'boolean') return value ? 'true' : 'false'
    if (typeof value === 'bigint') return `"${value}"`
    if (typeof value === 'string') return JSON.stringify(value)
    return `"${base64(value)}"`
  },
}

/** `value=1.5,`, `bool=true,`, `int=5i,`, `text="x",`: a field with its comma, or nothing where there is no value. */
export const influxField: ValueText = {
  number: (value) => (value - value === 0 ? `value=${value},` : ''),
  other(value) {
    if (value === undefined) return ''
    if (typeof value === 'number') return influxField.number(value)
    if (typeof value === 'boolean') return `bool=${value},`
    if (typeof value === 'bigint') return value > 0x7fff_ffff_ffff_ffffn ? `int=${value}u,` : `int=${value}i,`
    const text = typeof value === 'string' ? value : base64(value)
    return `text=${stringText(text)},`
  },
}

/** True when the row is a plain number: its value stands in the `value` column as it is. */
export const isPlainNumber = (batch: SampleBatch, row: number): boolean =>
  (batch.flags[row]! & ~HISTORICAL) === HAS_VALUE

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
