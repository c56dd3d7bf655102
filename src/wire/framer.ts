/**
 * Cuts a stream of bytes into frames, whatever the chunks: a frame, "not yet", or PROTOCOL_VIOLATION. A pure state machine:
 * it holds at most one unfinished frame, copies a byte at most twice, and knows nothing of sockets or time.
 */

/** How long a frame is, told from its first bytes. */
export interface FrameFormat {
  /** The bytes that `measure` needs to see. */
  readonly headerBytes: number
  /** The longest frame there is. */
  readonly maxBytes: number
  /** The length of the frame that begins at `start`, header included; throws PROTOCOL_VIOLATION with the reason. */
  measure(bytes: Uint8Array, start: number): number
}

/**
 * `push(chunk)`, then `while (framer.next()) use(framer.bytes, framer.start, framer.end)`. A chunk is looked at in place;
 * only a frame that was split over chunks is put together in a buffer of its own, never used again. After a violation the
 * stream has no meaning any more: every further `next` throws the same.
 */
export class Framer {
  /** Where the frame that `next` found lies. */
  bytes: Uint8Array = EMPTY
  start = 0
  end = 0
  readonly #format: FrameFormat
  #chunk: Uint8Array = EMPTY
  #at = 0
  /** The beginning of an unfinished frame, and how much of it is there. */
  #partial: Uint8Array | undefined
  #have = 0
  #violation: unknown

  constructor(format: FrameFormat) {
    this.#format = format
  }

  /** How many bytes of an unfinished frame are kept. */
  get pending(): number {
    return this.#have + this.#chunk.length - this.#at
  }

  /** Takes the next bytes of the stream; what an earlier chunk still holds stays in front of them. */
  push(chunk: Uint8Array): void {
    const left = this.#chunk.length - this.#at
    this.#chunk = left === 0 ? chunk : joined(this.#chunk.subarray(this.#at), chunk)
    this.#at = 0
  }

  /** True when `bytes`, `start` and `end` give the next frame; false: not yet. Throws PROTOCOL_VIOLATION. */
  next(): boolean {
    if (this.#violation !== undefined) throw this.#violation
    try {
      return this.#partial === undefined ? this.#nextInPlace() : this.#nextAcross(this.#partial)
    } catch (error) {
      this.#violation = error
      throw error
    }
  }

  /** Begins anew: gives back all bytes that are in no frame yet, for whoever knows better where the next one begins. */
  rest(): Uint8Array {
    const begun = this.#partial?.subarray(0, this.#have) ?? EMPTY
    const rest = joined(begun, this.#chunk.subarray(this.#at))
    this.#partial = undefined
    this.#have = 0
    this.#violation = undefined
    this.#release()
    return rest
  }

  #nextInPlace(): boolean {
    const start = this.#at
    const left = this.#chunk.length - start
    if (left === 0) return this.#release()
    const length = left < this.#format.headerBytes ? Infinity : this.#format.measure(this.#chunk, start)
    if (left < length) {
      this.#partial = new Uint8Array(this.#format.maxBytes)
      this.#take(this.#partial, left)
      return this.#release()
    }
    return this.#found(this.#chunk, start, (this.#at = start + length))
  }

  #nextAcross(partial: Uint8Array): boolean {
    const { headerBytes } = this.#format
    if (this.#have < headerBytes) this.#take(partial, headerBytes - this.#have)
    if (this.#have < headerBytes) return this.#release()
    const length = this.#format.measure(partial, 0)
    this.#take(partial, length - this.#have)
    if (this.#have < length) return this.#release()
    this.#partial = undefined
    this.#have = 0
    return this.#found(partial, 0, length)
  }

  #take(partial: Uint8Array, wanted: number): void {
    const count = Math.min(wanted, this.#chunk.length - this.#at)
    partial.set(this.#chunk.subarray(this.#at, this.#at + count), this.#have)
    this.#have += count
    this.#at += count
  }

  #found(bytes: Uint8Array, start: number, end: number): true {
    this.bytes = bytes
    this.start = start
    this.end = end
    return true
  }

  /** Nothing left in the chunk: lets go of it. */
  #release(): false {
    this.#chunk = EMPTY
    this.#at = 0
    return false
  }
}

const EMPTY = new Uint8Array(0)

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length)
  all.set(first)
  all.set(second, first.length)
  return all
}
