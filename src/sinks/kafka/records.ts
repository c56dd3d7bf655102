/**
 * Rows as records: which topic, which partition, which bytes. Key, headers and what a payload says of the tag alone are made once a tag
 * and kept by tag id. The partition comes from the key as Java's clients have it (murmur2), so it stays the same for as long as the topic
 * has the same number of partitions.
 */
import type { SampleBatch } from '../../core/batch.ts'
import type { TagInfo, TagTable } from '../../core/tags.ts'
import { rowFormat, seqOf, timeOf } from '../encode/payload.ts'
import type { Template } from '../encode/template.ts'
import { isPlainNumber } from '../encode/value-text.ts'
import type { RecordBatch, RecordFrame } from './record-batch.ts'
import { topicOf, topicRefusal } from './topic-name.ts'
import { varint } from './varint.ts'

/** How a record's value is written: what depends on the tag alone, as bytes or as a text that the rest is made with, and the rest. */
export interface ValueFormat {
  head(info: TagInfo): Buffer
  text(info: TagInfo): string
  tail(text: string, batch: SampleBatch, row: number): string | Uint8Array
}

export interface RecordsOptions {
  readonly topic: Template
  readonly keyBy: 'tag' | 'device'
  readonly logId: string
  readonly tags: TagTable
  readonly format: ValueFormat
  /** Kafka's murmur2 of a key. */
  readonly hash: (key: Buffer) => number
}

/** Where a tag's records go and what they have in common. */
export interface TagRecord extends RecordFrame {
  readonly info: TagInfo
  readonly topic: string
  readonly hash: number
  readonly head: Buffer
  readonly text: string
  /** Why its samples can never be sent. */
  readonly refusal: string | undefined
}

export class Records {
  readonly #options: RecordsOptions
  readonly #known: (TagRecord | undefined)[] = []

  constructor(options: RecordsOptions) {
    this.#options = options
  }

  /** What is known of the tag of a row; a sentence where it can have no record. */
  tagOf(tag: number): TagRecord | string {
    const info = this.#options.tags.get(tag)
    if (info === undefined) return `tag ${tag} is no longer configured`
    const known = this.#known[tag]
    const record = known?.info === info ? known : this.#make(info)
    this.#known[tag] = record
    return record.refusal ?? record
  }

  /** The value of the record of a row, as `append` writes it. */
  valueOf({ head, text }: TagRecord, batch: SampleBatch, row: number): Buffer {
    const tail = this.#options.format.tail(text, batch, row)
    return Buffer.concat([head, typeof tail === 'string' ? Buffer.from(tail) : tail])
  }

  /** Appends the record of a row; false when the batch would become larger than `limit`. */
  append(to: RecordBatch, record: TagRecord, batch: SampleBatch, row: number, limit: number): boolean {
    const tail = this.#options.format.tail(record.text, batch, row)
    // A record's own time may not lie before 1970; the payload has it as it is.
    const time = Math.max(0, timeOf(batch, row))
    return to.add(row, time, record, record.head, tail, `${seqOf(batch, row)}`, limit)
  }

  #make(info: TagInfo): TagRecord {
    const { topic: template, keyBy, logId, format, hash } = this.#options
    const key = Buffer.from(keyOf(info, keyBy))
    const topic = topicOf(template, info, logId)
    const refusal = topicRefusal(topic)
    return {
      info,
      topic,
      hash: hash(key) & 0x7fff_ffff,
      key: withLength(key),
      headers: headersOf({ log: logId, device: info.device, tag: info.settings.name, type: info.settings.type }),
      head: format.head(info),
      text: format.text(info),
      refusal: refusal === undefined ? undefined : `its topic ${topic.slice(0, 40)}… cannot be: ${refusal}`,
    }
  }
}

/** The key of a tag's records. */
export const keyOf = (
  { device, settings }: { device: string; settings: { name: string } },
  keyBy: 'tag' | 'device',
): string => (keyBy === 'tag' ? `${device}/${settings.name}` : device)

/** JSON texts, as `encode/payload.ts` makes them. */
export function jsonFormat(payload: string, logId: string): ValueFormat {
  const format = rowFormat(payload, logId)
  return {
    head: () => NOTHING,
    text: (info) => format.head(info),
    tail(text, batch, row) {
      const value = isPlainNumber(batch, row)
        ? format.values.number(batch.value[row]!)
        : format.values.other(batch.lastValueAt(row))
      return format.encode(text, batch, row, value)
    },
  }
}

const NOTHING = Buffer.alloc(0)

/** A record's headers up to the value of the last one, `seq`, which is written a row. */
export function headersOf(headers: Readonly<Record<string, string>>): Buffer {
  const texts = Object.entries(headers).flat()
  const parts = texts.map((text) => withLength(Buffer.from(text)))
  return Buffer.concat([number(texts.length / 2 + 1), ...parts, withLength(Buffer.from('seq'))])
}

/** Bytes behind their length. */
export const withLength = (bytes: Buffer): Buffer => Buffer.concat([number(bytes.length), bytes])

function number(value: number): Buffer {
  const bytes = Buffer.alloc(10)
  return bytes.subarray(0, varint(bytes, 0, value))
}
