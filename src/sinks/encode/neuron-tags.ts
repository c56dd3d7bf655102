/**
 * The `neuron-tags` preset: one message for all tags of a device that share a source time, as Neuron's "tags format" has it:
 * `{"timestamp":…,"node":"press-1","group":"default","log":"k3f9","tags":[{"name":"level","value":1.5,"seq":4711}]}`. A tag
 * of bad quality has `"error"` (the status code) in place of a value; an uncertain one has its value and `"q"`.
 */
import type { SampleBatch } from '../../core/batch.ts'
import { isBad } from '../../core/status.ts'
import type { TagInfo } from '../../core/tags.ts'
import type { Messages } from './message-encoder.ts'
import { seqOf, timeOf } from './payload.ts'

export class NeuronTags {
  readonly #messages: Messages
  readonly #log: string
  /** Topic to the message that still takes tags, and its time. */
  readonly #open = new Map<string, { readonly message: number; readonly time: number }>()

  constructor(messages: Messages, logId: string) {
    this.#messages = messages
    this.#log = `,"group":"default","log":${JSON.stringify(logId)},"tags":[`
  }

  add(topic: string, info: TagInfo, batch: SampleBatch, row: number, value: string): void {
    const { topics, payloads, messageOf } = this.#messages
    const time = timeOf(batch, row)
    const key = `${info.device}\n${topic}`
    let open = this.#open.get(key)
    if (open === undefined || open.time !== time) {
      open = { message: topics.length, time }
      this.#open.set(key, open)
      topics.push(topic)
      payloads.push(`{"timestamp":${time},"node":${JSON.stringify(info.device)}${this.#log}`)
    } else {
      payloads[open.message] += ','
    }
    messageOf[row] = open.message
    payloads[open.message] += neuronTag(info.settings.name, batch, row, value)
  }

  /** Closes every message. */
  finish(): void {
    const { payloads } = this.#messages
    for (let message = 0; message < payloads.length; message++) payloads[message] += ']}'
  }
}

function neuronTag(name: string, batch: SampleBatch, row: number, value: string): string {
  const status = batch.status[row]!
  const quality = isBad(status)
    ? `"error":${status}`
    : status === 0
      ? `"value":${value}`
      : `"value":${value},"q":${status}`
  return `{"name":${JSON.stringify(name)},${quality},"seq":${seqOf(batch, row)}}`
}
