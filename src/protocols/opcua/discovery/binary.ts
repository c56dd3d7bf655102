/** OPC UA Binary, as far as discovery needs it (OPC 10000-6, 5.2): little-endian numbers, strings with their length, null as -1. */
import { violation } from '../../../wire/reader.ts'

/** 1 January 1601 in ms before 1970. */
const EPOCH_MS = 11_644_473_600_000
/** Texts, and items of one list. */
const MOST_BYTES = 1024 * 1024
const MOST_ITEMS = 1000
const MOST_NESTED = 10

export class UaWriter {
  readonly #parts: Buffer[] = []

  uint8(value: number): this {
    return this.bytes(Buffer.from([value]))
  }

  uint32(value: number): this {
    const buffer = Buffer.alloc(4)
    buffer.writeUInt32LE(value)
    return this.bytes(buffer)
  }

  int32(value: number): this {
    const buffer = Buffer.alloc(4)
    buffer.writeInt32LE(value)
    return this.bytes(buffer)
  }

  /** 100 ns since 1601. */
  time(ms: number): this {
    const buffer = Buffer.alloc(8)
    buffer.writeBigInt64LE((BigInt(Math.trunc(ms)) + BigInt(EPOCH_MS)) * 10_000n)
    return this.bytes(buffer)
  }

  string(text: string | undefined): this {
    if (text === undefined) return this.int32(-1)
    const bytes = Buffer.from(text, 'utf8')
    return this.int32(bytes.length).bytes(bytes)
  }

  /** A node id of the standard's namespace, in its four-byte form. */
  nodeId(id: number): this {
    return this.bytes(Buffer.from([1, 0, id & 0xff, id >> 8]))
  }

  bytes(bytes: Uint8Array): this {
    this.#parts.push(Buffer.from(bytes))
    return this
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts)
  }
}

/** Reading past the end, or a length that is none, is a PROTOCOL_VIOLATION that names the field. */
export class UaReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  uint8(field: string): number {
    return this.#bytes[this.#advance(1, field)]!
  }

  uint32(field: string): number {
    return this.#bytes.readUInt32LE(this.#advance(4, field))
  }

  int32(field: string): number {
    return this.#bytes.readInt32LE(this.#advance(4, field))
  }

  /** Null is undefined. */
  byteString(field: string): Buffer | undefined {
    const length = this.int32(field)
    if (length < 0) return undefined
    if (length > MOST_BYTES) throw violation(`${field}: ${length} bytes are too many`)
    const at = this.#advance(length, field)
    return this.#bytes.subarray(at, at + length)
  }

  /** Null is an empty text. */
  string(field: string): string {
    return this.byteString(field)?.toString('utf8') ?? ''
  }

  localizedText(field: string): string {
    const mask = this.uint8(field)
    if ((mask & 1) !== 0) this.string(`${field} locale`)
    return (mask & 2) === 0 ? '' : this.string(field)
  }

  list<T>(field: string, item: () => T): T[] {
    const length = this.int32(field)
    if (length > MOST_ITEMS) throw violation(`${field}: ${length} items are too many`)
    return Array.from({ length: Math.max(0, length) }, item)
  }

  /** The identifier of a numeric node id in the standard's namespace; undefined: another one. */
  nodeId(field: string): number | undefined {
    const form = this.uint8(field) & 0x3f
    if (form === 0) return this.uint8(field)
    if (form === 1) {
      const [namespace, low, high] = [this.uint8(field), this.uint8(field), this.uint8(field)]
      return namespace === 0 ? low + high * 256 : undefined
    }
    this.skip(2, field)
    if (form === 2) this.uint32(field)
    else if (form === 3 || form === 5) this.byteString(field)
    else if (form === 4) this.skip(16, field)
    else throw violation(`${field}: a node id has no form ${form}`)
    return undefined
  }

  /** The header of every answer (OPC 10000-4, 7.33): its status. */
  responseHeader(): number {
    this.skip(8, 'timestamp')
    this.uint32('request handle')
    const status = this.uint32('service result')
    this.#diagnostics(0)
    this.list('string table', () => this.string('string table'))
    this.nodeId('additional header')
    if (this.uint8('additional header') !== 0) this.byteString('additional header')
    return status
  }

  skip(count: number, field: string): void {
    this.#advance(count, field)
  }

  /** DiagnosticInfo (OPC 10000-6, 5.2.2.12), which nobody asked for. */
  #diagnostics(depth: number): void {
    if (depth > MOST_NESTED) throw violation('diagnostics: too deep')
    const mask = this.uint8('diagnostics')
    for (const bit of [1, 2, 4, 8]) if ((mask & bit) !== 0) this.int32('diagnostics')
    if ((mask & 16) !== 0) this.string('diagnostics')
    if ((mask & 32) !== 0) this.uint32('diagnostics')
    if ((mask & 64) !== 0) this.#diagnostics(depth + 1)
  }

  #advance(count: number, field: string): number {
    const at = this.#at
    if (count > this.#bytes.length - at)
      throw violation(`${field}: ${count} bytes announced or needed, ${this.#bytes.length - at} are there`)
    this.#at = at + count
    return at
  }
}
