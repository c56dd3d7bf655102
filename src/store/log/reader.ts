/**
 * Reads the samples frames of segments in order, for one reader. Damage on the way is skipped and told to `onCorrupt`; what is
 * missing shows in the sequence numbers of the next frame.
 */
import type { FileSystem, OpenFile } from '../files.ts'
import { claimedLength, findFrame, frameAt, FRAME_HEADER_BYTES, payloadOf, type FrameHead } from './frame.ts'
import { decodeRows, holdsRows, type DecodedFrame } from './frame-rows.ts'
import { newestOf, SEGMENT_HEADER_BYTES, type Segment } from './segment.ts'

const WINDOW_BYTES = 256 * 1024

export class FrameReader {
  readonly #files: FileSystem
  readonly #onCorrupt: (segment: Segment, offset: number) => void
  #segment: Segment | undefined
  #file: OpenFile | undefined
  #offset = 0
  #window: Buffer = Buffer.alloc(0)
  #windowAt = 0

  constructor(files: FileSystem, onCorrupt: (segment: Segment, offset: number) => void) {
    this.#files = files
    this.#onCorrupt = onCorrupt
  }

  /** The frame that holds `seq`, or the first one behind it in this segment; undefined when there is none. */
  async read(given: Segment, seq: number): Promise<DecodedFrame | undefined> {
    const segment = this.#segment === newestOf(given) ? this.#segment : await this.#open(newestOf(given))
    this.#seek(segment, seq)
    while (this.#offset < segment.dataEnd) {
      const at = await this.#load(segment, this.#offset)
      const head = frameAt(this.#window, at)
      if (head === undefined) {
        if (!(await this.#skipDamage(segment))) return undefined
        continue
      }
      this.#offset += FRAME_HEADER_BYTES + head.payloadLength
      this.#lastEnd = Math.max(this.#lastEnd, holdsRows(head) ? head.firstSeq + head.count : 0)
      if (head.firstSeq > segment.lastSeq) return undefined
      if (holdsRows(head) && head.firstSeq + head.count > seq) return this.#decode(head, at, segment)
    }
    return undefined
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    this.#segment = undefined
    await file?.close()
  }

  /** One past the last number passed in this segment: a reader that asks for less starts over from the index. */
  #lastEnd = 0

  #seek(segment: Segment, seq: number): void {
    const isBehind = seq < this.#lastEnd
    const entry = segment.index.findLast(([firstSeq]) => firstSeq <= seq)
    const offset = entry?.[1] ?? SEGMENT_HEADER_BYTES
    if (!isBehind && offset <= this.#offset) return
    this.#offset = offset
    this.#lastEnd = entry?.[0] ?? 0
  }

  /** Opens it, or what was put in its place meanwhile. */
  async #open(segment: Segment): Promise<Segment> {
    await this.close()
    const file = await this.#files.open(segment.path, 'read')
    await segment.renaming?.catch(() => undefined)
    if (segment.replacedBy !== undefined) {
      await file.close()
      return this.#open(newestOf(segment))
    }
    this.#file = file
    this.#segment = segment
    this.#offset = SEGMENT_HEADER_BYTES
    this.#lastEnd = 0
    this.#window = Buffer.alloc(0)
    this.#windowAt = 0
    return segment
  }

  /** Makes the frame at `offset` lie in the window as a whole; returns where. */
  async #load(segment: Segment, offset: number): Promise<number> {
    let at = offset - this.#windowAt
    let need = at < 0 || at >= this.#window.length ? Infinity : (claimedLength(this.#window, at) ?? 0)
    if (at >= 0 && at + Math.max(need, FRAME_HEADER_BYTES) <= this.#window.length) return at
    await this.#fill(segment, offset, WINDOW_BYTES)
    at = 0
    need = claimedLength(this.#window, 0) ?? 0
    if (need > this.#window.length) await this.#fill(segment, offset, need)
    return at
  }

  async #fill(segment: Segment, offset: number, bytes: number): Promise<void> {
    const window = Buffer.allocUnsafe(Math.max(0, Math.min(bytes, segment.dataEnd - offset)))
    const length = await this.#file!.read(window, offset)
    this.#window = window.subarray(0, length)
    this.#windowAt = offset
  }

  /** Moves to the next good frame; false when there is none. */
  async #skipDamage(segment: Segment): Promise<boolean> {
    this.#onCorrupt(segment, this.#offset)
    await this.#fill(segment, this.#offset, Infinity)
    const found = findFrame(this.#window, 1)
    this.#offset = found === undefined ? segment.dataEnd : this.#offset + found
    return found !== undefined
  }

  async #decode(head: FrameHead, at: number, segment: Segment): Promise<DecodedFrame> {
    const frame = decodeRows(head, await payloadOf(this.#window, at, head))
    return { ...frame, endSeq: Math.min(frame.endSeq, segment.lastSeq + 1) }
  }
}
