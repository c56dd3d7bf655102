/**
 * The messages of one write on their way to a stream: at most `window` unconfirmed, in order, and what the stream says to each. A message
 * carries where its confirmation goes: our inbox and its number. No promise and no timer a message.
 */
import type { Msg, MsgHdrs, NatsConnection } from '@nats-io/transport-node'
import { GatewayError } from '../../core/errors.ts'
import type { Messages } from './messages.ts'
import { errorText, isMessageRejected, publishRefusal, type JetStreamError } from './reasons.ts'

/** Whatever the window says, no more than this waits for confirmation. */
export const MAX_BYTES = 16 * 1024 * 1024
const NO_RESPONDERS = 503

/** Nobody has a stream for this subject. */
export class NoStreamError extends Error {
  readonly subject: string

  constructor(subject: string) {
    super(`no stream takes the subject "${subject}"`)
    this.subject = subject
  }
}

export interface InFlightOptions {
  readonly client: NatsConnection
  /** Where confirmations come: this and a number. */
  readonly inbox: string
  /** Number of the first message; those of earlier writes are no longer listened to. */
  readonly base: number
  readonly window: number
  readonly messages: Messages
  readonly done: () => void
  readonly fail: (error: unknown) => void
}

export class InFlight {
  readonly #options: InFlightOptions
  readonly #answered: Uint8Array
  #next = 0
  #bytes = 0
  #scheduled = false
  #ended = false
  /** Messages answered so far: no progress here is a stalled server. */
  confirmed = 0
  /** Those of them that the stream had already. */
  duplicates = 0

  constructor(options: InFlightOptions) {
    this.#options = options
    this.#answered = new Uint8Array(options.messages.subjects.length)
  }

  start(): void {
    this.#send()
  }

  /** After this nothing is sent, and nothing that still comes counts. */
  cancel(): void {
    this.#ended = true
  }

  /** A confirmation; `number` is that of its inbox. */
  answer(number: number, message: Msg): void {
    const at = number - this.#options.base
    // Whatever somebody else may send to the inbox: only what is awaited has a 0 here.
    if (this.#ended || at >= this.#next || this.#answered[at] !== 0) return
    this.#answered[at] = 1
    const failure = this.#judge(at, message)
    if (failure !== undefined) {
      this.#ended = true
      return this.#options.fail(failure)
    }
    this.confirmed++
    this.#bytes -= this.#sizeOf(at)
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#send)
  }

  readonly #send = (): void => {
    this.#scheduled = false
    const { client, inbox, base, window, messages } = this.#options
    const { subjects, payloads } = messages
    while (
      !this.#ended &&
      this.#next < subjects.length &&
      this.#next - this.confirmed < window &&
      this.#bytes < MAX_BYTES
    ) {
      const at = this.#next++
      this.#bytes += this.#sizeOf(at)
      client.publish(subjects[at]!, payloads[at], { reply: inbox + (base + at), headers: made(messages.headers[at]!) })
    }
    if (this.#ended || this.confirmed < subjects.length) return
    this.#ended = true
    this.#options.done()
  }

  /** What an answer says; an error where the write cannot go on. */
  #judge(at: number, message: Msg): unknown {
    const { messages } = this.#options
    const subject = messages.subjects[at]!
    if (message.data.length === 0 && message.headers?.code === NO_RESPONDERS) return new NoStreamError(subject)
    const text = message.string()
    if (text.startsWith('{"stream":"') && text.includes('"seq":')) {
      if (text.includes('"duplicate":')) this.duplicates++
      return undefined
    }
    const error = errorOf(text)
    if (error === undefined)
      return new GatewayError(
        'SINK_REFUSED',
        `something else than a stream answers to the subject "${subject}": ${text.slice(0, 100)}`,
      )
    if (!isMessageRejected(error)) return publishRefusal(subject, error)
    messages.rejected.set(messages.rows[at]!, errorText(error))
    return undefined
  }

  #sizeOf(at: number): number {
    const { headers, payloads } = this.#options.messages
    return headers[at]!.length + payloads[at]!.length
  }
}

/** The client asks headers for nothing but their bytes; ours are bytes already. */
export const made = (bytes: Buffer): MsgHdrs => ({ encode: () => bytes }) as unknown as MsgHdrs

function errorOf(text: string): JetStreamError | undefined {
  try {
    return (JSON.parse(text) as { error?: JetStreamError }).error
  } catch {
    return undefined
  }
}
