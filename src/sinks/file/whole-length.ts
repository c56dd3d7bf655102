/**
 * How much of a file that was being written is whole records. A kill leaves half a line at the end; a power cut may leave stretches of
 * zeros there, as the size of a file can be on the disk before its content.
 */
import type { FileHandle } from 'node:fs/promises'

const CHUNK_BYTES = 256 * 1024
const [NEWLINE, QUOTE, COMMA, OPEN, CLOSE] = [10, 34, 44, 123, 125]

/** Looks at bytes one after another; `end` is where the last whole record ends. */
interface Records {
  readonly end: number
  /** False: from here on nothing is whole. */
  take(byte: number): boolean
}

/** Lines that begin with { and end with }; JSON has no zero byte. */
class JsonLines implements Records {
  end = 0
  #at = 0
  #last = NEWLINE

  take(byte: number): boolean {
    this.#at++
    const last = this.#last
    this.#last = byte
    if (last === NEWLINE && byte !== OPEN) return false
    if (byte !== NEWLINE) return byte !== 0
    if (last !== CLOSE) return false
    this.end = this.#at
    return true
  }
}

/** Records of RFC 4180 with so many fields; a line break between quotes ends none. */
class CsvRecords implements Records {
  end = 0
  readonly #commas: number
  #at = 0
  #seen = 0
  #isQuoted = false

  constructor(fields: number) {
    this.#commas = fields - 1
  }

  take(byte: number): boolean {
    this.#at++
    if (byte === QUOTE) this.#isQuoted = !this.#isQuoted
    if (this.#isQuoted) return true
    if (byte === COMMA) this.#seen++
    if (byte !== NEWLINE) return byte !== 0
    if (this.#seen !== this.#commas) return false
    this.#seen = 0
    this.end = this.#at
    return true
  }
}

/** `fields`: of a CSV file; undefined for lines of JSON. Resolves to the length of what is whole, and of the file. */
export async function wholeLength(
  file: FileHandle,
  fields: number | undefined,
  signal: AbortSignal,
): Promise<{ whole: number; size: number }> {
  const { size } = await file.stat()
  const records = fields === undefined ? new JsonLines() : new CsvRecords(fields)
  const chunk = Buffer.alloc(CHUNK_BYTES)
  for (let at = 0; at < size;) {
    signal.throwIfAborted()
    const { bytesRead } = await file.read(chunk, 0, chunk.length, at)
    if (bytesRead === 0) break
    for (let i = 0; i < bytesRead; i++) if (!records.take(chunk[i]!)) return { whole: records.end, size }
    at += bytesRead
  }
  return { whole: records.end, size }
}
