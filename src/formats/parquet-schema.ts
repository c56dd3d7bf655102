/**
 * The columns of our Parquet files (Apache Parquet format 2, LogicalTypes.md). `value` holds numbers and booleans (0, 1) and the nearest
 * number of 64-bit integers; `text` holds exactly what a double cannot: int64 and uint64 as decimals, strings, bytes as base64. `type`
 * says which of it is meant.
 */
import type { ParquetWriter } from 'hyparquet-writer'

/** One row; null where there is nothing. */
export interface ParquetRow {
  /** ms since 1970; kept in microseconds. */
  readonly time: number | null
  readonly device: string | null
  readonly tag: string | null
  readonly value: number | null
  readonly text: string | null
  readonly unit: string | null
  readonly status: number
  readonly log: string | null
  readonly seq: number | null
  readonly type: string | null
  readonly historical: boolean
}

export type ParquetColumn = keyof ParquetRow
type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number]

const optional = (
  name: ParquetColumn,
  type: SchemaElement['type'],
  more: Partial<SchemaElement> = {},
): SchemaElement => ({
  name,
  ...(type === undefined ? {} : { type }),
  repetition_type: 'OPTIONAL',
  ...more,
})

const text = (name: ParquetColumn): SchemaElement =>
  optional(name, 'BYTE_ARRAY', { converted_type: 'UTF8', logical_type: { type: 'STRING' } })

const COLUMNS: readonly SchemaElement[] = [
  optional('time', 'INT64', {
    converted_type: 'TIMESTAMP_MICROS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
  }),
  text('device'),
  text('tag'),
  optional('value', 'DOUBLE'),
  text('text'),
  text('unit'),
  optional('status', 'INT64'),
  text('log'),
  optional('seq', 'INT64'),
  text('type'),
  optional('historical', 'BOOLEAN'),
]

export const PARQUET_COLUMNS = COLUMNS.map(({ name }) => name as ParquetColumn)

export const parquetSchema = (): SchemaElement[] => [{ name: 'samples', num_children: COLUMNS.length }, ...COLUMNS]

/** What repeats little gains nothing from a dictionary, which takes time to try. */
export const PLAIN_COLUMNS: ReadonlySet<ParquetColumn> = new Set(['time', 'value', 'seq'])
