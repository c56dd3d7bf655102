/**
 * Samples as a Parquet file that is written as it comes: rows are collected into a row group, which is encoded column by column, with
 * turns of the event loop between them, and handed on. Memory holds one group and the directory of those before, some kilobytes each.
 */
import { zstdCompressSync } from 'node:zlib'
import { HISTORICAL, type SampleBatch } from '../core/batch.ts'
import type { Value } from '../core/value.ts'
import { PARQUET_COLUMNS, parquetSchema, PLAIN_COLUMNS, type ParquetColumn, type ParquetRow } from './parquet-schema.ts'
import type { RowTextOptions } from './row-text.ts'
import { plainText } from './row-values.ts'

/** Rows of a group. */
const GROUP_ROWS = 16_384
/** Fewer where values are long: a column is encoded and compressed in one turn of the event loop. */
const GROUP_TEXT = 2 ** 20

const COMPRESSORS = { ZSTD: (bytes: Uint8Array): Uint8Array => zstdCompressSync(bytes) }

/** Takes bytes of the file in order; resolves when more may come. */
export type TakeBytes = (bytes: Uint8Array) => Promise<void>

type Library = Awaited<ReturnType<typeof loadLibrary>>

/** Loaded on first use. */
async function loadLibrary() {
  const [{ ByteWriter, ParquetWriter }, { writeColumn }, { encodeNestedValues }, { schemaPathResolver }] =
    await Promise.all([
      import('hyparquet-writer'),
      import('hyparquet-writer/src/column.js'),
      import('hyparquet-writer/src/dremel.js'),
      import('hyparquet-writer/src/schema.js'),
    ])
  return { ByteWriter, ParquetWriter, writeColumn, encodeNestedValues, schemaPathResolver }
}

export class ParquetFile {
  readonly #library: Library
  readonly #take: TakeBytes
  readonly #bytes: InstanceType<Library['ByteWriter']>
  readonly #writer: InstanceType<Library['ParquetWriter']>
  #rows: ParquetRow[] = []
  #text = 0

  /** `take` gets the file piece by piece. */
  static async begin(take: TakeBytes): Promise<ParquetFile> {
    return new ParquetFile(await loadLibrary(), take)
  }

  constructor(library: Library, take: TakeBytes) {
    this.#library = library
    this.#take = take
    this.#bytes = new library.ByteWriter()
    this.#writer = new library.ParquetWriter({
      writer: this.#bytes,
      schema: parquetSchema(),
      codec: 'ZSTD',
      compressors: COMPRESSORS,
      createdBy: 'bifrost-gateway',
    })
  }

  /** Collects a row. When `isFull`, `write` is due. */
  add(row: ParquetRow): void {
    this.#rows.push(row)
    this.#text += row.text?.length ?? 0
  }

  get isFull(): boolean {
    return this.#rows.length >= GROUP_ROWS || this.#text >= GROUP_TEXT
  }

  /** Writes what was collected as a row group. */
  async write(): Promise<void> {
    const rows = this.#rows
    if (rows.length === 0) return
    this.#rows = []
    this.#text = 0
    const { encodeNestedValues, schemaPathResolver, writeColumn } = this.#library
    const writer = this.#writer
    const pathOf = schemaPathResolver(writer.schema)
    const begin = this.#bytes.offset
    const columns = []
    let uncompressed = 0n
    for (const name of PARQUET_COLUMNS) {
      const path = pathOf([name])
      const schemaPath = path.map(({ element }) => element)
      const column = {
        columnName: name,
        element: schemaPath.at(-1)!,
        schemaPath,
        codec: writer.codec,
        compressors: COMPRESSORS,
        stats: true,
        pageSize: 2 ** 20,
        columnIndex: false,
        offsetIndex: false,
        ...(PLAIN_COLUMNS.has(name) ? { encoding: 'PLAIN' as const } : {}),
      }
      const pageData = encodeNestedValues(path, cellsOf(rows, name))
      const { chunk } = writeColumn({ writer: this.#bytes, column, pageData })
      columns.push(chunk)
      uncompressed += chunk.meta_data?.total_uncompressed_size ?? 0n
      await this.#hand()
    }
    writer.num_rows += BigInt(rows.length)
    writer.row_groups.push({
      columns,
      total_byte_size: uncompressed,
      num_rows: BigInt(rows.length),
      total_compressed_size: BigInt(this.#bytes.offset - begin),
    })
  }

  /** Writes the last group and the footer. */
  async finish(): Promise<void> {
    await this.write()
    await this.#writer.finish()
    await this.#hand()
  }

  /** Hands on what has been encoded, and gives the event loop a turn. */
  async #hand(): Promise<void> {
    const bytes = this.#bytes.getBytes().slice()
    this.#bytes.index = 0
    await this.#take(bytes)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function cellsOf(rows: readonly ParquetRow[], name: ParquetColumn): unknown[] {
  if (name === 'time') return rows.map(({ time }) => (time === null ? null : microsOf(time)))
  if (name === 'seq') return rows.map(({ seq }) => (seq === null ? null : BigInt(seq)))
  if (name === 'status') return rows.map(({ status }) => BigInt(status))
  return rows.map((row) => row[name])
}

/** Whole milliseconds apart from their fraction: the product would be beyond what a double has exactly. */
const microsOf = (ms: number): bigint | null => {
  if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15) return null
  const whole = Math.floor(ms)
  return BigInt(whole) * 1000n + BigInt(Math.round((ms - whole) * 1000))
}

/** A row of a batch. */
export function parquetRow(batch: SampleBatch, row: number, options: RowTextOptions): ParquetRow {
  const info = options.tags.get(batch.tag[row]!)
  const value = options.lastValues === true ? batch.lastValueAt(row) : batch.valueAt(row)
  return {
    time: batch.time[row]!,
    device: info?.device ?? null,
    tag: info?.settings.name ?? null,
    ...parquetValue(value),
    unit: info?.settings.unit ?? null,
    status: batch.status[row]!,
    log: batch.seq === undefined ? null : options.logId,
    seq: batch.seq?.[row] ?? null,
    type: info?.settings.type ?? null,
    historical: (batch.flags[row]! & HISTORICAL) !== 0,
  }
}

function parquetValue(value: Value | undefined): { value: number | null; text: string | null } {
  if (value === undefined) return { value: null, text: null }
  if (typeof value === 'number' || typeof value === 'boolean') return { value: Number(value), text: null }
  return { value: typeof value === 'bigint' ? Number(value) : null, text: plainText(value) }
}
