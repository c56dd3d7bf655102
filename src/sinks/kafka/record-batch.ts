/**
 * A record batch of Kafka (message format 2, KIP-98), written once into one buffer: no object a record.
 *
 *     batch    = baseOffset i64, length i32, leaderEpoch i32, magic i8 (2), crc u32 (CRC-32C of what follows), attributes i16,
 *                lastOffsetDelta i32, baseTimestamp i64, maxTimestamp i64, producerId i64, producerEpoch i16, baseSequence i32,
 *                count i32, record …            (the records together compressed, as attributes say)
 *     record   = length, attributes i8, timestampDelta, offsetDelta, keyLength, key, valueLength, value, headers
 *     headers  = count, { nameLength, name, valueLength, value } …        (lengths, deltas and counts: zigzag varints)
 */
import { varint, varintBytes } from './varint.ts'

export const BATCH_OVERHEAD_BYTES = 61
const MAGIC = 2
const CRC_AT = 17
const ATTRIBUTES_AT = 21
const FIRST_BYTES = 16 * 1024
/** Lengths, attributes and deltas of a record: never more than this besides its key, value and headers. */
const RECORD_OVERHEAD_BYTES = 32

/** What all records of a tag share. */
export interface RecordFrame {
  /** Key with its length. */
  readonly key: Buffer
  /** Headers with their count, up to the length of the sequence number's digits. */
  readonly headers: Buffer
}

/** Who numbers the batch; -1 and 0 where nobody does. */
export interface Numbering {
  readonly producerId: bigint
  readonly epoch: number
  readonly sequence: number
}

/** An algorithm by its number in the attributes. */
export interface Compression {
  readonly id: number
  compress(bytes: Buffer): Promise<Buffer>
}

export type Checksum = (bytes: Buffer) => number

export class RecordBatch {
  readonly topic: string
  readonly partition: number
  /** The rows it was made of. */
  readonly rows: number[] = []
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #length = BATCH_OVERHEAD_BYTES
  #first = 0
  #last = 0

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  get length(): number {
    return this.#length
  }

  /** The records as they stand, for comparison. */
  get records(): Buffer {
    return this.#bytes.subarray(BATCH_OVERHEAD_BYTES, this.#length)
  }

  /**
   * Appends a record unless the batch would grow past `limit`: false then. `head` and `tail` together are the value; `time` is ms
   * since 1970.
   */
  add(
    row: number,
    time: number,
    frame: RecordFrame,
    head: Buffer,
    tail: string | Uint8Array,
    seq: string,
    limit: number,
  ): boolean {
    const at = this.rows.length
    if (at === 0) this.#first = this.#last = time
    const tailBytes = typeof tail === 'string' ? Buffer.byteLength(tail) : tail.length
    const valueBytes = head.length + tailBytes
    const delta = time - this.#first
    const size =
      1 + varintBytes(delta) + varintBytes(at) + frame.key.length + varintBytes(valueBytes) + valueBytes +
      frame.headers.length + varintBytes(seq.length) + seq.length // prettier-ignore
    if (this.#length + varintBytes(size) + size > limit) return false
    this.#room(size + RECORD_OVERHEAD_BYTES)
    const bytes = this.#bytes
    let to = varint(bytes, this.#length, size)
    bytes[to++] = 0
    to = varint(bytes, to, delta)
    to = varint(bytes, to, at)
    bytes.set(frame.key, to)
    to = varint(bytes, to + frame.key.length, valueBytes)
    bytes.set(head, to)
    to += head.length
    if (typeof tail === 'string') bytes.write(tail, to, tailBytes)
    else bytes.set(tail, to)
    to += tailBytes
    bytes.set(frame.headers, to)
    to = varint(bytes, to + frame.headers.length, seq.length)
    to += bytes.write(seq, to, 'latin1')
    this.#length = to
    this.rows.push(row)
    if (time > this.#last) this.#last = time
    return true
  }

  /** The batch as it travels. */
  async finish(numbering: Numbering, compression: Compression | undefined, checksum: Checksum): Promise<Buffer> {
    let bytes = this.#bytes.subarray(0, this.#length)
    if (compression !== undefined) {
      const packed = await compression.compress(this.records)
      bytes = Buffer.concat([bytes.subarray(0, BATCH_OVERHEAD_BYTES), packed])
    }
    bytes.writeBigInt64BE(0n, 0)
    bytes.writeInt32BE(bytes.length - 12, 8)
    bytes.writeInt32BE(-1, 12)
    bytes[16] = MAGIC
    bytes.writeInt16BE(compression?.id ?? 0, ATTRIBUTES_AT)
    bytes.writeInt32BE(this.rows.length - 1, 23)
    bytes.writeBigInt64BE(BigInt(this.#first), 27)
    bytes.writeBigInt64BE(BigInt(this.#last), 35)
    bytes.writeBigInt64BE(numbering.producerId, 43)
    bytes.writeInt16BE(numbering.epoch, 51)
    bytes.writeInt32BE(numbering.sequence, 53)
    bytes.writeInt32BE(this.rows.length, 57)
    bytes.writeUInt32BE(checksum(bytes.subarray(ATTRIBUTES_AT)), CRC_AT)
    return bytes
  }

  #room(more: number): void {
    const need = this.#length + more
    if (need <= this.#bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(need, this.#bytes.length * 2))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}
