/**
 * The frames of the link: `length u32 | crc u32 | kind u8 | body`, where the length is that of kind and body and the checksum is
 * CRC-32C (RFC 3720, appendix B.4) over them. TLS keeps others from changing bytes; the checksum is for what no TLS is around: the
 * memory of either side, a proxy in between, a stream over loopback.
 */
import { crc32c } from '../../core/crc32c.ts'
import { Framer, type FrameFormat } from '../../wire/framer.ts'
import { violation } from '../../wire/reader.ts'
import { MAX_FRAME_BYTES, MAX_HELLO_BYTES } from './limits.ts'
import { LinkReader } from './link-reader.ts'

export const Kind = {
  hello: 1,
  welcome: 2,
  refused: 3,
  tags: 4,
  samples: 5,
  gap: 6,
  ack: 7,
  busy: 8,
  ping: 9,
  pong: 10,
} as const

export type KindName = keyof typeof Kind

const NAMES = new Map(Object.entries(Kind).map(([name, kind]) => [kind as number, name as KindName]))

export const FRAME_HEAD_BYTES = 9

/** A frame with its checksum, as one piece of bytes to send. */
export function encodeFrame(kind: KindName, body: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEAD_BYTES + body.length)
  if (frame.length > MAX_FRAME_BYTES)
    throw new RangeError(`a frame of ${frame.length} bytes: at most ${MAX_FRAME_BYTES}`)
  frame.writeUInt32BE(1 + body.length, 0)
  frame[8] = Kind[kind]
  frame.set(body, FRAME_HEAD_BYTES)
  frame.writeUInt32BE(crc32c(frame.subarray(8)), 4)
  return frame
}

/** A frame as it came: what it is, and its body to be read. */
export interface LinkFrame {
  readonly kind: KindName
  readonly body: LinkReader
  /** All of it, on the wire. */
  readonly bytes: number
}

class LinkFormat implements FrameFormat {
  readonly headerBytes = 4
  maxBytes = MAX_HELLO_BYTES

  measure(bytes: Uint8Array, start: number): number {
    const length =
      ((bytes[start]! << 24) | (bytes[start + 1]! << 16) | (bytes[start + 2]! << 8) | bytes[start + 3]!) >>> 0
    if (length === 0) throw violation('an empty frame')
    if (length > this.maxBytes - 8)
      throw violation(`a frame of ${length} bytes: at most ${this.maxBytes - 8} are allowed here`)
    return 8 + length
  }
}

/** Cuts a stream into frames. Until `widen` no more is taken at once than a hello needs. */
export class LinkFrames {
  readonly #format = new LinkFormat()
  readonly #framer = new Framer(this.#format)

  /** Throws PROTOCOL_VIOLATION when more is there already. */
  widen(): void {
    if (this.#framer.pending > 0) throw violation('it did not wait for an answer to its hello')
    this.#format.maxBytes = MAX_FRAME_BYTES
  }

  push(chunk: Uint8Array): void {
    this.#framer.push(chunk)
  }

  /** The next whole frame; undefined: not yet. Throws PROTOCOL_VIOLATION. What it gives is to be read before the next push. */
  next(): LinkFrame | undefined {
    const framer = this.#framer
    if (!framer.next()) return undefined
    const { bytes, start, end } = framer
    const crc = new LinkReader(bytes, start + 4, end).uint32('checksum')
    if (crc32c(bytes.subarray(start + 8, end)) !== crc) throw violation('a frame whose checksum is wrong')
    const kind = NAMES.get(bytes[start + 8]!)
    if (kind === undefined) throw violation(`a frame of the unknown kind ${bytes[start + 8]}`)
    return { kind, body: new LinkReader(bytes, start + FRAME_HEAD_BYTES, end), bytes: end - start }
  }
}
