/**
 * Reads the payload of a command (Sparkplug 3.0, 6.4.23 and 6.4.24): what a host asks for, metric by metric. The bytes come from
 * anybody who may publish: lengths are checked, unknown fields are passed over, nothing is read twice.
 */
import { GatewayError } from '../../core/errors.ts'

/** The kind of field that a value stood in; which number it means depends on the metric's type. */
export type CommandValue =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'long'; readonly value: bigint }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }

export interface CommandMetric {
  readonly name: string | undefined
  readonly alias: number | undefined
  readonly value: CommandValue | undefined
}

const METRIC_FIELD = 2

/** The metrics of a payload; PROTOCOL_VIOLATION when it is none. */
export function readCommand(payload: Uint8Array): CommandMetric[] {
  const metrics: CommandMetric[] = []
  const reader = new FieldReader(payload)
  while (reader.next()) if (reader.field === METRIC_FIELD) metrics.push(readMetric(reader.bytes()))
  return metrics
}

function readMetric(bytes: Uint8Array): CommandMetric {
  const reader = new FieldReader(bytes)
  let name: string | undefined
  let alias: number | undefined
  let isNull = false
  let value: CommandValue | undefined
  while (reader.next()) {
    if (reader.field === 1) name = reader.text()
    else if (reader.field === 2) alias = Number(reader.varint())
    else if (reader.field === 7) isNull = reader.varint() !== 0n
    else value = readValue(reader) ?? value
  }
  return { name, alias, value: isNull ? undefined : value }
}

function readValue(reader: FieldReader): CommandValue | undefined {
  switch (reader.field) {
    case 10:
      return { kind: 'int', value: Number(BigInt.asUintN(32, reader.varint())) }
    case 11:
      return { kind: 'long', value: reader.varint() }
    case 12:
      return { kind: 'number', value: reader.fixed(4).getFloat32(0, true) }
    case 13:
      return { kind: 'number', value: reader.fixed(8).getFloat64(0, true) }
    case 14:
      return { kind: 'boolean', value: reader.varint() !== 0n }
    case 15:
      return { kind: 'string', value: reader.text() }
    case 16:
      return { kind: 'bytes', value: reader.bytes() }
    default:
      return undefined
  }
}

/** Field by field: `next`, then at most one of the readers; a field that nobody reads is passed over. */
class FieldReader {
  readonly #bytes: Uint8Array
  #at = 0
  #wireType = -1
  field = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  next(): boolean {
    if (this.#wireType !== -1) this.#skip()
    if (this.#at === this.#bytes.length) return false
    const tag = Number(this.#varint())
    this.field = Math.floor(tag / 8)
    this.#wireType = tag % 8
    return true
  }

  varint(): bigint {
    this.#is(0)
    return this.#varint()
  }

  bytes(): Uint8Array {
    this.#is(2)
    return this.#take(Number(this.#varint()))
  }

  text(): string {
    return Buffer.from(this.bytes()).toString()
  }

  fixed(length: 4 | 8): DataView {
    this.#is(length === 4 ? 5 : 1)
    const { buffer, byteOffset } = this.#take(length)
    return new DataView(buffer, byteOffset, length)
  }

  #is(wireType: number): void {
    if (this.#wireType !== wireType) throw broken(`field ${this.field} has wire type ${this.#wireType}`)
    this.#wireType = -1
  }

  #skip(): void {
    const wireType = this.#wireType
    this.#wireType = -1
    if (wireType === 0) this.#varint()
    else if (wireType === 1) this.#take(8)
    else if (wireType === 2) this.#take(Number(this.#varint()))
    else if (wireType === 5) this.#take(4)
    else throw broken(`field ${this.field} has the unknown wire type ${wireType}`)
  }

  #varint(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#take(1)[0]!
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    throw broken('a number has more than ten bytes')
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw broken('it ends within a field')
    const taken = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    return taken
  }
}

const broken = (why: string) => new GatewayError('PROTOCOL_VIOLATION', `this is no Sparkplug payload: ${why}`)
