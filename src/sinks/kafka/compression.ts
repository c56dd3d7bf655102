/** How a batch's records are compressed; the numbers are those of the batch's attributes. gzip and zstd run beside the event loop. */
import { promisify } from 'node:util'
import { gzip, zstdCompress } from 'node:zlib'
import type { Library } from './broker.ts'
import type { KafkaOptions } from './options.ts'
import type { Compression } from './record-batch.ts'

const gzipAsync = promisify(gzip)
const zstdAsync = promisify(zstdCompress)

export function compressionOf(
  name: KafkaOptions['compression'],
  { compressionsAlgorithms }: Library,
): Compression | undefined {
  const { snappy, lz4 } = compressionsAlgorithms
  const all: Record<KafkaOptions['compression'], Compression | undefined> = {
    none: undefined,
    gzip: { id: 1, compress: (bytes) => gzipAsync(bytes) },
    snappy: { id: 2, compress: async (bytes) => snappy.compressSync(bytes) },
    lz4: { id: 3, compress: async (bytes) => lz4.compressSync(bytes) },
    zstd: { id: 4, compress: (bytes) => zstdAsync(bytes) },
  }
  return all[name]
}
