/** Batches of samples as the bytes of a file, piece by piece: nobody makes the next piece before the one before was taken. */
import type { SampleBatch } from '../core/batch.ts'
import { ParquetFile, parquetRow } from '../formats/parquet.ts'
import { CsvText, NdjsonText, type RowText, type RowTextOptions } from '../formats/row-text.ts'

export const EXPORT_FORMATS = ['csv', 'ndjson', 'parquet'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

const PIECE = 64 * 1024

export function exportBytes(
  format: ExportFormat,
  batches: AsyncIterable<SampleBatch>,
  options: RowTextOptions,
): AsyncGenerator<Buffer> {
  if (format === 'parquet') return parquetBytes(batches, options)
  return textBytes(batches, format === 'csv' ? new CsvText(options) : new NdjsonText(options))
}

async function* textBytes(batches: AsyncIterable<SampleBatch>, lines: RowText): AsyncGenerator<Buffer> {
  let text = lines.header
  for await (const batch of batches) {
    for (let row = 0; row < batch.length; row++) {
      text += lines.row(batch, row)
      if (text.length < PIECE) continue
      yield Buffer.from(text)
      text = ''
    }
  }
  if (text !== '') yield Buffer.from(text)
}

async function* parquetBytes(batches: AsyncIterable<SampleBatch>, options: RowTextOptions): AsyncGenerator<Buffer> {
  const pieces: Buffer[] = []
  const file = await ParquetFile.begin(async (bytes) => void pieces.push(Buffer.from(bytes)))
  for await (const batch of batches) {
    for (let row = 0; row < batch.length; row++) {
      file.add(parquetRow(batch, row, options))
      if (!file.isFull) continue
      await file.write()
      yield* pieces.splice(0)
    }
  }
  await file.finish()
  yield* pieces
}
