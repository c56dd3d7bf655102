/**
 * From a part to a finished file: under its name at once where it stays as it is, else converted into `….making` and then renamed. At
 * every moment either the part is there or the whole finished file.
 */
import { createReadStream } from 'node:fs'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip, createZstdCompress } from 'node:zlib'
import { ParquetFile } from '../../formats/parquet.ts'
import { parquetRowOfLine } from '../../formats/parquet-line.ts'
import type { FileOptions } from './options.ts'
import { syncFolder } from '../../core/durable-file.ts'

const ENDINGS = { none: '', gzip: '.gz', zstd: '.zst' } as const
const PART = /\.part$/

/** The name under which a part is finished. */
export function finishedPath(part: string, compress: FileOptions['compress']): string {
  const path = part.replace(PART, '')
  return path.endsWith('.parquet') ? path : `${path}${ENDINGS[compress]}`
}

/** Finishes a part that nobody writes any more; resolves to its new path when that is on the disk. */
export async function finishPart(
  part: string,
  compress: FileOptions['compress'],
  signal: AbortSignal,
): Promise<string> {
  const path = finishedPath(part, compress)
  if (path === part.replace(PART, '') && !path.endsWith('.parquet')) {
    await rename(part, path)
    await syncFolder(dirname(path))
    return path
  }
  const making = `${path}.making`
  const file = await open(making, 'w', 0o644)
  try {
    await (path.endsWith('.parquet') ? toParquet(part, file, signal) : compressed(part, file, compress, signal))
    await file.datasync()
    await file.close()
    await rename(making, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await file.close().catch(() => undefined)
    await rm(making, { force: true })
    throw error
  }
  await rm(part, { force: true })
  return path
}

async function compressed(
  part: string,
  file: FileHandle,
  compress: FileOptions['compress'],
  signal: AbortSignal,
): Promise<void> {
  const squeeze = compress === 'gzip' ? createGzip() : createZstdCompress()
  await pipeline(createReadStream(part), squeeze, intoFile(file), { signal })
}

async function toParquet(part: string, file: FileHandle, signal: AbortSignal): Promise<void> {
  const parquet = await ParquetFile.begin((bytes) => file.writeFile(bytes))
  const input = createReadStream(part)
  try {
    for await (const line of linesOf(input)) {
      parquet.add(parquetRowOfLine(line))
      if (!parquet.isFull) continue
      signal.throwIfAborted()
      await parquet.write()
    }
    await parquet.finish()
  } finally {
    input.destroy()
  }
}

/** By line feeds alone: a string may hold what others take for the end of a line (U+2028). */
async function* linesOf(input: AsyncIterable<Buffer>): AsyncGenerator<string> {
  // Pieces of a line that is not at its end: joined once, or a long line would be copied with every piece.
  let begun: Buffer[] = []
  for await (const chunk of input) {
    let at = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, at)) {
      const piece = chunk.subarray(at, end)
      yield begun.length === 0 ? piece.toString() : Buffer.concat([...begun, piece]).toString()
      begun = []
      at = end + 1
    }
    if (at < chunk.length) begun.push(chunk.subarray(at))
  }
}

/** The file stays open, to be forced to the disk. */
const intoFile = (file: FileHandle): Writable =>
  new Writable({
    write(chunk: Buffer, _encoding, done) {
      file.writeFile(chunk).then(() => done(), done)
    },
  })
