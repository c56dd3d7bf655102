/**
 * Many samples a message: the rows of one topic travel together, up to a number and a size. What stands around them is given by the
 * payload: JSON with the log id once, lines, or an array. No object a sample; texts are put together as they come.
 */
import { HISTORICAL } from '../../core/batch.ts'
import type { Messages } from './message-encoder.ts'
import { rowFormat, seqOf, timeOf, type RowFormat } from './payload.ts'
import { jsonText } from './value-text.ts'

/** What stands around the samples of a message, and how each is written. */
export interface SharedFormat {
  readonly before: string
  readonly between: string
  readonly after: string
  readonly row: RowFormat
}

/** Presets that have no form for many samples of several tags. */
export const SINGLE_PAYLOADS: Readonly<Record<string, string>> = {
  umh: 'umh says one value of one tag: it has no place for the names of several',
  'neuron-tags': 'neuron-tags groups the tags of a device by itself',
}

export function sharedFormat(payload: string, logId: string): SharedFormat {
  if (payload === 'uns-json')
    return { before: `{"log":${JSON.stringify(logId)},"samples":[`, between: ',', after: ']}', row: named }
  const row = rowFormat(payload, logId)
  return payload === 'telegraf-influx'
    ? { before: '', between: '\n', after: '', row }
    : { before: '[', between: ',', after: ']', row }
}

/** `{"device":"press-1","tag":"level","v":1.5,"t":1732356000123,"q":0,"seq":4711}`, `"h":true` on historical samples. */
const named: RowFormat = {
  values: jsonText,
  head: ({ device, settings }) => `{"device":${JSON.stringify(device)},"tag":${JSON.stringify(settings.name)},"v":`,
  encode: (head, batch, row, value) =>
    `${head}${value},"t":${timeOf(batch, row)},"q":${batch.status[row]!},"seq":${seqOf(batch, row)}${batch.flags[row]! & HISTORICAL ? ',"h":true}' : '}'}`,
}

export interface SharedLimits {
  readonly samples: number
  /** Of topic and payload together. */
  readonly bytes: number
}

/** The message of a topic that still takes samples. */
interface Open {
  message: number
  samples: number
  bytes: number
}

export class SharedMessages {
  readonly #messages: Messages
  readonly #format: SharedFormat
  readonly #limits: SharedLimits
  readonly #open = new Map<string, Open>()

  constructor(messages: Messages, format: SharedFormat, limits: SharedLimits) {
    this.#messages = messages
    this.#format = format
    this.#limits = limits
  }

  /** A row that is too large by itself gets a message of its own, so that it is refused alone. */
  add(topic: string, row: number, text: string): void {
    const { payloads, messageOf } = this.#messages
    const { before, between } = this.#format
    const { samples, bytes } = this.#limits
    const size = bytes === Infinity ? 0 : Buffer.byteLength(text) + between.length
    let open = this.#open.get(topic)
    if (open === undefined) this.#open.set(topic, (open = { message: -1, samples: 0, bytes: 0 }))
    if (open.samples > 0 && open.samples < samples && open.bytes + size <= bytes) {
      payloads[open.message] += between + text
    } else {
      this.#begin(topic, open)
      payloads[open.message] = before + text
    }
    open.samples++
    open.bytes += size
    messageOf[row] = open.message
  }

  /** Closes every message. */
  finish(): void {
    const { payloads } = this.#messages
    const { after } = this.#format
    if (after !== '') for (let message = 0; message < payloads.length; message++) payloads[message] += after
  }

  #begin(topic: string, open: Open): void {
    const { before, between, after } = this.#format
    open.message = this.#messages.topics.length
    open.samples = 0
    // Nothing stands before the first sample.
    open.bytes = this.#limits.bytes === Infinity ? 0 : Buffer.byteLength(topic + before + after) - between.length
    this.#messages.topics.push(topic)
    this.#messages.payloads.push('')
  }
}
