/**
 * Rows as messages: subject, headers and payload. Subject and what the headers say of the tag are made once a tag and kept by tag id. The
 * headers are those of NATS (ADR-4): `NATS/1.0`, then a name and a value a line.
 */
import type { SampleBatch } from '../../core/batch.ts'
import type { TagInfo, TagTable } from '../../core/tags.ts'
import { rowFormat, seqOf, type RowFormat } from '../encode/payload.ts'
import type { Template } from '../encode/template.ts'
import { isPlainNumber } from '../encode/value-text.ts'
import { subjectOf, subjectRefusal, type Dots } from './subject.ts'

/** The messages of one write, in the order of their rows. */
export interface Messages {
  readonly subjects: string[]
  readonly headers: Buffer[]
  readonly payloads: Buffer[]
  /** Message to its row. */
  readonly rows: number[]
  /** Row to the reason why it can never be sent. */
  readonly rejected: Map<number, string>
}

export const noMessages = (): Messages => ({ subjects: [], headers: [], payloads: [], rows: [], rejected: new Map() })

export interface MessageMakerOptions {
  readonly subject: Template
  readonly dots: Dots
  readonly payload: string
  readonly logId: string
  readonly tags: TagTable
}

interface TagMessage {
  readonly info: TagInfo
  readonly subject: string
  readonly headers: string
  readonly head: string
  readonly refusal: string | undefined
}

export class MessageMaker {
  readonly #options: MessageMakerOptions
  readonly #format: RowFormat
  readonly #known: (TagMessage | undefined)[] = []

  constructor(options: MessageMakerOptions) {
    this.#options = options
    this.#format = rowFormat(options.payload, options.logId)
  }

  /** `maxBytes`: the most that headers and payload may have together. */
  make(batch: SampleBatch, maxBytes: number): Messages {
    const messages = noMessages()
    const { values } = this.#format
    for (let row = 0; row < batch.length; row++) {
      const tag = this.#tagOf(batch.tag[row]!)
      if (typeof tag === 'string') {
        messages.rejected.set(row, tag)
        continue
      }
      const value = isPlainNumber(batch, row) ? values.number(batch.value[row]!) : values.other(batch.lastValueAt(row))
      const payload = Buffer.from(this.#format.encode(tag.head, batch, row, value))
      const id = `${this.#options.logId}-${seqOf(batch, row)}`
      const headers = headersOf(id, `${tag.headers}status: ${batch.status[row]!}\r\n`)
      if (headers.length + payload.length > maxBytes) {
        messages.rejected.set(
          row,
          `the message is larger than the ${maxBytes} bytes that the server takes (max_payload)`,
        )
        continue
      }
      messages.subjects.push(tag.subject)
      messages.headers.push(headers)
      messages.payloads.push(payload)
      messages.rows.push(row)
    }
    return messages
  }

  /** The subject of a tag; undefined: it can have none. */
  subjectOf({ id }: TagInfo): string | undefined {
    const tag = this.#tagOf(id)
    return typeof tag === 'string' ? undefined : tag.subject
  }

  #tagOf(id: number): TagMessage | string {
    const info = this.#options.tags.get(id)
    if (info === undefined) return `tag ${id} is no longer configured`
    const known = this.#known[id]
    const tag = known?.info === info ? known : this.#make(info)
    this.#known[id] = tag
    return tag.refusal ?? tag
  }

  #make(info: TagInfo): TagMessage {
    const { subject: template, logId, dots } = this.#options
    const subject = subjectOf(template, info, logId, dots)
    const { name, type } = info.settings
    const headers = `device: ${headerText(info.device)}\r\ntag: ${headerText(name)}\r\ntype: ${type}\r\n`
    return { info, subject, headers, head: this.#format.head(info), refusal: subjectRefusal(subject) }
  }
}

/** Headers with the id by which a stream knows what it has already. */
export const headersOf = (id: string, lines: string): Buffer =>
  Buffer.from(`NATS/1.0\r\nNats-Msg-Id: ${id}\r\n${lines}\r\n`)

/** A header is one line. */
const headerText = (text: string): string => text.toWellFormed().replace(/\p{Cc}/gu, ' ')
