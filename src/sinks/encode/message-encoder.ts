/** A batch as messages: topic and payload each. Topics and payload heads are made once a tag and kept by tag id. */
import type { SampleBatch } from '../../core/batch.ts'
import type { TagInfo, TagTable } from '../../core/tags.ts'
import { NeuronTags } from './neuron-tags.ts'
import { rowFormat, type RowFormat } from './payload.ts'
import { sharedFormat, SharedMessages, type SharedFormat } from './shared-messages.ts'
import type { Template } from './template.ts'
import { MAX_TOPIC_BYTES, topicName, type Slashes, type TopicFields } from './topic.ts'
import { isPlainNumber, jsonText, type ValueText } from './value-text.ts'

/** The messages of one batch, in the order of its rows. */
export interface Messages {
  readonly topics: string[]
  readonly payloads: string[]
  /** Row to the index of its message; -1 for a row that has none. */
  readonly messageOf: Int32Array
  /** Row to the reason why it can never be sent. */
  readonly rejected: Map<number, string>
}

export interface MessageEncoderOptions {
  readonly topic: Template
  readonly slashes: Slashes
  /** A preset or a payload template. */
  readonly payload: string
  readonly logId: string
  readonly clientId: string
  readonly tags: TagTable
  /** With more than one, rows that share a topic travel together; 1 where absent. */
  readonly samplesPerMessage?: number
}

/** What is encoded, and how large a message may be. */
export interface Part {
  /** Topic and payload together; no bound where absent. */
  readonly maxBytes?: number
  /** Of these rows alone. */
  readonly rows?: readonly number[]
}

interface TagText {
  readonly info: TagInfo
  readonly topic: string
  readonly head: string
  /** Why this tag can have no topic. */
  readonly refusal: string | undefined
}

export class MessageEncoder {
  readonly #options: MessageEncoderOptions
  readonly #format: RowFormat | undefined
  readonly #shared: SharedFormat | undefined
  readonly #values: ValueText
  readonly #texts: (TagText | undefined)[] = []

  constructor(options: MessageEncoderOptions) {
    const { payload, logId, samplesPerMessage = 1 } = options
    this.#options = options
    this.#shared = samplesPerMessage > 1 ? sharedFormat(payload, logId) : undefined
    this.#format = payload === 'neuron-tags' ? undefined : (this.#shared?.row ?? rowFormat(payload, logId))
    this.#values = this.#format?.values ?? jsonText
  }

  /** The topic of a tag; undefined: it can have none. */
  topicOf({ id }: TagInfo): string | undefined {
    const text = this.#textOf(id)
    return text?.refusal === undefined ? text?.topic : undefined
  }

  encode(batch: SampleBatch, { maxBytes = Infinity, rows }: Part = {}): Messages {
    const messages: Messages = {
      topics: [],
      payloads: [],
      messageOf: new Int32Array(batch.length).fill(-1),
      rejected: new Map(),
    }
    const { logId, samplesPerMessage = 1 } = this.#options
    const groups = this.#format === undefined ? new NeuronTags(messages, logId) : undefined
    const limits = { samples: samplesPerMessage, bytes: maxBytes }
    const shared = this.#shared && new SharedMessages(messages, this.#shared, limits)
    const count = rows?.length ?? batch.length
    for (let at = 0; at < count; at++) {
      const row = rows?.[at] ?? at
      const text = this.#textOf(batch.tag[row]!)
      if (text === undefined || text.refusal !== undefined) {
        messages.rejected.set(row, text?.refusal ?? `tag ${batch.tag[row]} is no longer configured`)
        continue
      }
      const value = this.#valueText(batch, row)
      if (groups !== undefined) {
        groups.add(text.topic, text.info, batch, row, value)
        continue
      }
      const payload = this.#format!.encode(text.head, batch, row, value)
      if (shared !== undefined) {
        shared.add(text.topic, row, payload)
        continue
      }
      messages.messageOf[row] = messages.topics.length
      messages.topics.push(text.topic)
      messages.payloads.push(payload)
    }
    groups?.finish()
    shared?.finish()
    return messages
  }

  #valueText(batch: SampleBatch, row: number): string {
    if (isPlainNumber(batch, row)) return this.#values.number(batch.value[row]!)
    return this.#values.other(batch.lastValueAt(row))
  }

  #textOf(tag: number): TagText | undefined {
    const info = this.#options.tags.get(tag)
    const known = this.#texts[tag]
    if (info === undefined || known?.info === info) return info && known
    const { topic, slashes, clientId, logId } = this.#options
    const name = topicName(topic, topicFields(info, clientId, logId), slashes)
    const refusal = Buffer.byteLength(name) > MAX_TOPIC_BYTES ? 'its topic is longer than 65,535 bytes' : undefined
    const text = { info, topic: name, head: this.#format?.head(info) ?? '', refusal }
    this.#texts[tag] = text
    return text
  }
}

const topicFields = ({ device, settings }: TagInfo, client: string, log: string): TopicFields => ({
  device,
  tag: settings.name,
  unit: settings.unit,
  type: settings.type,
  client,
  log,
})
