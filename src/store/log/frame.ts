/** Frames: the checked unit of a segment (FORMAT.md, "frame"). A frame is whole and right, or it is not there. */
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync } from 'node:zlib'
import { crc32c } from '../crc32c.ts'

export const FRAME_HEADER_BYTES = 48
export const FrameKind = { dictionary: 1, samples: 2, gap: 3, footer: 4, thinned: 5 } as const
const MAGIC = 0x3152_4642 // "BFR1"
/** Longer is no frame of ours: a block of the longest strings stays below. */
const MAX_PAYLOAD_BYTES = 1 << 30
/** Below this zstd on the event loop is cheaper than the way to the thread pool and back. */
const ASYNC_BYTES = 64 * 1024
const MIN_COMPRESS_BYTES = 128
const level = (value: number) => ({ params: { [constants.ZSTD_c_compressionLevel]: value } })
/** As fast as level 1 with these columns, and a tenth smaller. */
const ZSTD_LARGE = level(3)
/** Small frames come where little is written, and flash counts more than 0.1 µs a sample. */
const ZSTD_SMALL = level(6)

const compressLater = promisify<Uint8Array, object, Buffer>(zstdCompress)
const decompressLater = promisify<Uint8Array, object, Buffer>(zstdDecompress)

export interface FrameHead {
  readonly kind: number
  readonly codec: number
  readonly count: number
  readonly rawLength: number
  readonly firstSeq: number
  readonly firstReceived: number
  readonly lastReceived: number
  readonly payloadLength: number
}

export type FrameMeta = Pick<FrameHead, 'kind' | 'count' | 'firstSeq' | 'firstReceived' | 'lastReceived'>

/** One frame, compressed where that pays. */
export async function encodeFrame(meta: FrameMeta, raw: Uint8Array): Promise<Buffer> {
  let payload = raw
  if (raw.length >= ASYNC_BYTES) payload = await compressLater(raw, ZSTD_LARGE)
  else if (raw.length >= MIN_COMPRESS_BYTES) payload = zstdCompressSync(raw, ZSTD_SMALL)
  const codec = payload.length < raw.length ? 1 : 0
  return assemble(meta, raw.length, codec, codec === 1 ? payload : raw)
}

function assemble(meta: FrameMeta, rawLength: number, codec: number, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length)
  frame.writeUInt32LE(MAGIC, 0)
  frame.writeUInt32LE(payload.length, 8)
  frame[12] = meta.kind
  frame[13] = codec
  frame.writeUInt16LE(0, 14)
  frame.writeUInt32LE(meta.count, 16)
  frame.writeUInt32LE(rawLength, 20)
  frame.writeDoubleLE(meta.firstSeq, 24)
  frame.writeDoubleLE(meta.firstReceived, 32)
  frame.writeDoubleLE(meta.lastReceived, 40)
  frame.set(payload, FRAME_HEADER_BYTES)
  frame.writeUInt32LE(crc32c(frame.subarray(8)), 4)
  return frame
}

/** The length of the frame that claims to begin at `at`; undefined when none does. What it says is not checked yet. */
export function claimedLength(bytes: Buffer, at: number): number | undefined {
  if (at + FRAME_HEADER_BYTES > bytes.length || bytes.readUInt32LE(at) !== MAGIC) return undefined
  const length = bytes.readUInt32LE(at + 8)
  return length > MAX_PAYLOAD_BYTES ? undefined : FRAME_HEADER_BYTES + length
}

/** The frame at `at`, checked; undefined when there is no whole and right one. */
export function frameAt(bytes: Buffer, at: number): FrameHead | undefined {
  const length = claimedLength(bytes, at)
  if (length === undefined || at + length > bytes.length) return undefined
  if (crc32c(bytes.subarray(at + 8, at + length)) !== bytes.readUInt32LE(at + 4)) return undefined
  return {
    kind: bytes[at + 12]!,
    codec: bytes[at + 13]!,
    count: bytes.readUInt32LE(at + 16),
    rawLength: bytes.readUInt32LE(at + 20),
    firstSeq: bytes.readDoubleLE(at + 24),
    firstReceived: bytes.readDoubleLE(at + 32),
    lastReceived: bytes.readDoubleLE(at + 40),
    payloadLength: length - FRAME_HEADER_BYTES,
  }
}

/** Where the next whole and right frame after `at` begins; undefined when there is none. */
export function findFrame(bytes: Buffer, at: number): number | undefined {
  for (let found = bytes.indexOf('BFR1', at); found >= 0; found = bytes.indexOf('BFR1', found + 1)) {
    if (frameAt(bytes, found) !== undefined) return found
  }
  return undefined
}

/** The payload of the checked frame at `at`, decompressed; large ones off the event loop. */
export async function payloadOf(bytes: Buffer, at: number, head: FrameHead): Promise<Uint8Array> {
  const payload = bytes.subarray(at + FRAME_HEADER_BYTES, at + FRAME_HEADER_BYTES + head.payloadLength)
  if (head.codec === 0) return payload
  return head.rawLength >= ASYNC_BYTES ? decompressLater(payload, {}) : zstdDecompressSync(payload)
}

/** The payload of a JSON frame. */
export async function jsonOf(bytes: Buffer, at: number, head: FrameHead): Promise<unknown> {
  return JSON.parse(Buffer.from(await payloadOf(bytes, at, head)).toString('utf8'))
}
