/**
 * Rows in the binary format of COPY (PostgreSQL, COPY, "Binary Format"), into buffers that are used again for the next batch:
 *
 *     file   = "PGCOPY\n\377\r\n\0" flags:int32 extension:int32 row* trailer:int16(-1)
 *     row    = columns:int16 field*
 *     field  = length:int32 bytes | -1 for NULL
 *
 * Big-endian. timestamptz is µs since 2000-01-01 as int64; numeric is the struct of `numeric_send`.
 */
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')
const CHUNK_BYTES = 65_536
/** 2000-01-01T00:00:00Z in µs since 1970. */
const EPOCH_2000_US = 946_684_800_000_000
const TWO_32 = 4_294_967_296
const NUMERIC_NEGATIVE = 0x4000

export class CopyEncoder {
  readonly #pool: Buffer[] = []
  #used = 0
  #buffer: Buffer = Buffer.alloc(0)
  #view: DataView = new DataView(new ArrayBuffer(0))
  #at = 0

  /** Begins a file. What earlier chunks held is gone. */
  begin(): void {
    this.#used = 0
    this.#chunk(CHUNK_BYTES)
    SIGNATURE.copy(this.#buffer, 0)
    this.#at = SIGNATURE.length
  }

  /** True when a row of so many bytes still fits into this chunk. */
  fits(bytes: number): boolean {
    return this.#at + bytes <= this.#buffer.length
  }

  /** Takes what is there as a chunk and begins the next one, with room for so many bytes. */
  take(bytes = CHUNK_BYTES): Uint8Array {
    const chunk = this.#buffer.subarray(0, this.#at)
    this.#chunk(bytes)
    return chunk
  }

  /** The end of the file. */
  trailer(): void {
    this.#view.setInt16(this.#at, -1)
    this.#at += 2
  }

  row(columns: number): void {
    this.#view.setInt16(this.#at, columns)
    this.#at += 2
  }

  none(): void {
    this.#view.setInt32(this.#at, -1)
    this.#at += 4
  }

  int32(value: number): void {
    this.#view.setInt32(this.#at, 4)
    this.#view.setInt32(this.#at + 4, value)
    this.#at += 8
  }

  /** A whole number within ±2^53 as int8. */
  int64(value: number): void {
    this.#view.setInt32(this.#at, 8)
    this.#view.setInt32(this.#at + 4, Math.floor(value / TWO_32))
    this.#view.setInt32(this.#at + 8, value >>> 0)
    this.#at += 12
  }

  bigint(value: bigint): void {
    this.#view.setInt32(this.#at, 8)
    this.#view.setBigInt64(this.#at + 4, value)
    this.#at += 12
  }

  float64(value: number): void {
    this.#view.setInt32(this.#at, 8)
    this.#view.setFloat64(this.#at + 4, value)
    this.#at += 12
  }

  boolean(value: boolean): void {
    this.#view.setInt32(this.#at, 1)
    this.#view.setUint8(this.#at + 4, value ? 1 : 0)
    this.#at += 5
  }

  /** A time in ms since 1970, kept to the µs. */
  time(ms: number): void {
    this.int64(Math.round(ms * 1000) - EPOCH_2000_US)
  }

  bytes(value: Uint8Array): void {
    this.#view.setInt32(this.#at, value.length)
    this.#buffer.set(value, this.#at + 4)
    this.#at += 4 + value.length
  }

  /** At most 22 bytes for 64 bits. */
  numeric(value: bigint): void {
    let rest = value < 0n ? -value : value
    let count = 0
    for (let left = rest; left > 0n; left /= 10_000n) count++
    const view = this.#view
    view.setInt32(this.#at, 8 + 2 * count)
    view.setInt16(this.#at + 4, count)
    view.setInt16(this.#at + 6, Math.max(0, count - 1))
    view.setInt16(this.#at + 8, value < 0n ? NUMERIC_NEGATIVE : 0)
    view.setInt16(this.#at + 10, 0)
    for (let digit = count - 1; digit >= 0; digit--, rest /= 10_000n) {
      view.setInt16(this.#at + 12 + 2 * digit, Number(rest % 10_000n))
    }
    this.#at += 12 + 2 * count
  }

  #chunk(bytes: number): void {
    const known = this.#pool[this.#used]
    if (bytes > CHUNK_BYTES) this.#buffer = Buffer.allocUnsafeSlow(bytes)
    else if (known !== undefined) {
      this.#buffer = known
      this.#used++
    } else {
      this.#buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES)
      this.#pool.push(this.#buffer)
      this.#used++
    }
    this.#view = new DataView(this.#buffer.buffer, this.#buffer.byteOffset, this.#buffer.length)
    this.#at = 0
  }
}

/** The times that a timestamptz holds: 4714-11-24 BC to AD 294276 (8.5). */
export const isStorableTime = (ms: number): boolean => ms >= -210_866_803_200_000 && ms < 9_224_318_016_000_000
