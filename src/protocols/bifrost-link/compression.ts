/**
 * Payloads pressed by zstd (RFC 8878), each a whole zstd frame of its own with what was sent before as its dictionary, so that small
 * batches have a window over their predecessors and a large one costs no more than itself. What does not get smaller goes as it is.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { violation } from '../../wire/reader.ts'
import { MAX_RAW_BYTES } from './limits.ts'

/** How much of what went before is the dictionary of a payload … */
const WINDOW_BYTES = 8192
/** … that is shorter than this; a longer one would pay more for it than it gains. */
const LONG_BYTES = 16_384
/** Fewer bytes than this have nothing to press. */
const LEAST_BYTES = 24
/** A dictionary must have eight bytes; fewer are none. */
const LEAST_DICTIONARY = 64

const PARAMS = { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 0 }

export const STORED = 0
export const ZSTD = 1

/** The last bytes of what went before, the same at both ends. */
class Window {
  #bytes: Buffer = Buffer.alloc(0)

  for(length: number): { dictionary?: Buffer } {
    return length < LONG_BYTES && this.#bytes.length >= LEAST_DICTIONARY ? { dictionary: this.#bytes } : {}
  }

  add(payload: Uint8Array): void {
    if (payload.length >= WINDOW_BYTES) this.#bytes = Buffer.from(payload.subarray(payload.length - WINDOW_BYTES))
    else this.#bytes = Buffer.concat([this.#bytes.subarray(-(WINDOW_BYTES - payload.length)), payload])
  }
}

export class Compressor {
  readonly #window = new Window()

  /** The form, and the bytes: good until the payload changes. */
  compress(payload: Buffer): { form: number; bytes: Buffer } {
    const dictionary = this.#window.for(payload.length)
    const pressed =
      payload.length < LEAST_BYTES ? payload : zstdCompressSync(payload, { params: PARAMS, ...dictionary })
    this.#window.add(payload)
    return pressed.length < payload.length ? { form: ZSTD, bytes: pressed } : { form: STORED, bytes: payload }
  }
}

export class Decompressor {
  readonly #window = new Window()

  /** The payload of this length, or PROTOCOL_VIOLATION; never more bytes than were announced. */
  decompress(form: number, bytes: Buffer, length: number): Buffer {
    if (length > MAX_RAW_BYTES) throw violation(`samples of ${length} bytes: at most ${MAX_RAW_BYTES}`)
    const payload = form === STORED ? bytes : form === ZSTD ? this.#inflate(bytes, length) : undefined
    if (payload?.length !== length) throw violation('samples whose length is not as announced')
    this.#window.add(payload)
    return payload
  }

  #inflate(bytes: Buffer, length: number): Buffer {
    try {
      return zstdDecompressSync(bytes, { maxOutputLength: length, ...this.#window.for(length) })
    } catch {
      throw violation('samples that zstd cannot unpack')
    }
  }
}
