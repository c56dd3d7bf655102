/** The commands of one write as bytes, in buffers that are used again once all of them are answered. */
const CHUNK_BYTES = 65_536

export class CommandBuffer {
  readonly #pool: Buffer[] = []
  #used = 0
  #buffer: Buffer = Buffer.alloc(0)
  #at = 0
  #chunks: Uint8Array[] = []

  /** Begins anew. What earlier chunks held is gone. */
  begin(): void {
    this.#used = 0
    this.#chunks = []
    this.#chunk(CHUNK_BYTES)
  }

  bytes(piece: Uint8Array): void {
    this.#room(piece.length)
    this.#buffer.set(piece, this.#at)
    this.#at += piece.length
  }

  /** Text of which the caller knows that it is ASCII. */
  ascii(text: string): void {
    this.#room(text.length)
    this.#at += this.#buffer.write(text, this.#at, 'latin1')
  }

  text(text: string, byteLength: number): void {
    this.#room(byteLength)
    this.#at += this.#buffer.write(text, this.#at, 'utf8')
  }

  /** All of it. */
  chunks(): readonly Uint8Array[] {
    this.#take()
    return this.#chunks
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return
    this.#take()
    this.#chunk(Math.max(bytes, CHUNK_BYTES))
  }

  #take(): void {
    if (this.#at > 0) this.#chunks.push(this.#buffer.subarray(0, this.#at))
    this.#at = 0
    this.#buffer = EMPTY
  }

  #chunk(bytes: number): void {
    if (bytes > CHUNK_BYTES) this.#buffer = Buffer.allocUnsafeSlow(bytes)
    else {
      this.#buffer = this.#pool[this.#used] ??= Buffer.allocUnsafeSlow(CHUNK_BYTES)
      this.#used++
    }
    this.#at = 0
  }
}

const EMPTY: Buffer = Buffer.alloc(0)
