/**
 * The samples of one write on their way to the broker. A row that it refuses for good is named alone; in a message that many share
 * it is found by halving. Where the broker can refuse, a message waits for the one before it in its topic, so that rows that
 * have to be sent again never come after later ones of their tag.
 */
import { HISTORICAL, type SampleBatch } from '../../core/batch.ts'
import type { Latest, SinkContext } from '../../core/sink.ts'
import { Halving, type Reply } from '../encode/halving.ts'
import type { MessageEncoder, Messages } from '../encode/message-encoder.ts'
import { PUBLISH_OVERHEAD_BYTES, type Connection } from '../mqtt-client/connection.ts'
import { isMessageRejected, publishRefusal, reasonText } from '../mqtt-client/reasons.ts'

/** Messages, and those that the broker must not keep. */
type Outgoing = Messages & {
  readonly unretained: ReadonlySet<number>
  readonly traceparents: ReadonlyMap<number, string> | undefined
}

const TOPIC_INVALID = 0x90

export class Publisher {
  readonly #url: string
  readonly #encoder: MessageEncoder
  readonly #isShared: boolean
  readonly #latest: Latest | undefined
  readonly #traceparent: SinkContext['traceparent']

  /**
   * `isShared`: rows of several tags may travel in one message. `latest`: the broker keeps the last message of a topic, and an older
   * sample must not take the place of a newer one. `traceparent`: of the sample of a number, where it is traced.
   */
  constructor(
    url: string,
    encoder: MessageEncoder,
    isShared: boolean,
    latest: Latest | undefined,
    traceparent: SinkContext['traceparent'],
  ) {
    this.#traceparent = traceparent
    this.#latest = latest
    this.#url = url
    this.#encoder = encoder
    this.#isShared = isShared
  }

  /** Resolves when the broker has all rows but those of the answer, each with its reason. */
  async write(connection: Connection, batch: SampleBatch, signal: AbortSignal): Promise<ReadonlyMap<number, string>> {
    const messages = this.#encode(connection, batch)
    const waves = this.#isShared && connection.canRefuse ? wavesOf(messages) : [undefined]
    for (const wave of waves) {
      const refusals = await connection.publish(wave === undefined ? messages : partOf(messages, wave), signal)
      for (const [at, code] of refusals) {
        const message = wave?.[at] ?? at
        const topic = messages.topics[message]!
        if (!isMessageRejected(code)) throw publishRefusal(this.#url, topic, code)
        const rows = rowsOf(messages, message)
        if (this.#isShared && rows.length > 1 && code !== TOPIC_INVALID)
          await this.#search(connection, batch, rows, code, messages.rejected, signal)
        else for (const row of rows) messages.rejected.set(row, reasonText(code))
      }
    }
    return messages.rejected
  }

  #encode(connection: Connection, batch: SampleBatch, rows?: readonly number[]): Outgoing {
    const maxBytes = connection.maxPacketBytes - PUBLISH_OVERHEAD_BYTES
    const messages = this.#encoder.encode(batch, { maxBytes, ...(rows && { rows }) })
    return { ...messages, unretained: this.#outdated(messages, batch), traceparents: this.#traced(messages, batch) }
  }

  /** A message belongs to the trace of the first of its samples that is traced. */
  #traced({ messageOf }: Messages, { length, seq }: SampleBatch): ReadonlyMap<number, string> | undefined {
    const of = this.#traceparent
    if (of === undefined || seq === undefined || of() === undefined) return undefined
    const traced = new Map<number, string>()
    for (let row = 0; row < length; row++) {
      const message = messageOf[row]!
      const traceparent = message < 0 || traced.has(message) ? undefined : of(seq[row])
      if (traceparent !== undefined) traced.set(message, traceparent)
    }
    return traced
  }

  /** Messages all of whose samples are made up for, and are not the last ones of their tags. */
  #outdated({ messageOf, topics }: Messages, { length, flags, tag, seq }: SampleBatch): ReadonlySet<number> {
    const outdated = new Set<number>()
    if (this.#latest === undefined || !flags.subarray(0, length).some((some) => (some & HISTORICAL) !== 0))
      return outdated
    for (let message = 0; message < topics.length; message++) outdated.add(message)
    for (let row = 0; row < length; row++) {
      const isNow = (flags[row]! & HISTORICAL) === 0 || this.#latest.get(tag[row]!).seq === seq?.[row]
      if (isNow) outdated.delete(messageOf[row]!)
    }
    return outdated
  }

  /** Which rows of a refused message are to blame; all others are sent. */
  #search(
    connection: Connection,
    batch: SampleBatch,
    rows: readonly number[],
    code: number,
    rejected: Map<number, string>,
    signal: AbortSignal,
  ): Promise<void> {
    let known: Reply | undefined = refused(code)
    const post = async (some: readonly number[]): Promise<Reply> => {
      if (known !== undefined) {
        const reply = known
        known = undefined
        return reply
      }
      const part = this.#encode(connection, batch, some)
      const refusals = await connection.publish(part, signal)
      const [first] = refusals.values()
      if (first === undefined) return { taken: true }
      if (!isMessageRejected(first)) throw publishRefusal(this.#url, part.topics[0]!, first)
      return refused(first)
    }
    return new Halving().write(rows, post, rejected)
  }
}

const refused = (code: number): Reply => ({ taken: false, reason: reasonText(code) })

/** Messages by their place in their topic: all first ones, all second ones. */
function wavesOf({ topics }: Messages): number[][] {
  const waves: number[][] = []
  const next = new Map<string, number>()
  for (const [message, topic] of topics.entries()) {
    const wave = next.get(topic) ?? 0
    next.set(topic, wave + 1)
    ;(waves[wave] ??= []).push(message)
  }
  return waves
}

const partOf = ({ topics, payloads, unretained, traceparents }: Outgoing, wave: readonly number[]) => ({
  topics: wave.map((message) => topics[message]!),
  payloads: wave.map((message) => payloads[message]!),
  unretained: new Set(wave.flatMap((message, at) => (unretained.has(message) ? at : []))),
  traceparents: traceparents && new Map(wave.flatMap((message, at) => (traceparents.has(message) ? [[at, traceparents.get(message)!]] : []))), // prettier-ignore
})

function rowsOf({ messageOf }: Messages, message: number): number[] {
  const rows: number[] = []
  for (let row = 0; row < messageOf.length; row++) if (messageOf[row] === message) rows.push(row)
  return rows
}
