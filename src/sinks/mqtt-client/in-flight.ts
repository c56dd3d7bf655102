/**
 * The messages of one write on their way: at most `window` unconfirmed (MQTT 5.0, 4.9), in order, and what the broker says to
 * each. Acks that arrive together make room for sends that leave together, so that both travel in few packets.
 */
import type { MqttClient } from 'mqtt'

/** What is sent, in this order. */
export interface Outgoing {
  readonly topics: readonly string[]
  readonly payloads: readonly (string | Uint8Array)[]
  /** Messages that the broker must not keep, whatever the settings say. */
  readonly unretained?: ReadonlySet<number>
  /** Message to the trace that it belongs to, as `traceparent`; absent where none does. MQTT 5.0 only. */
  readonly traceparents?: ReadonlyMap<number, string> | undefined
}

export interface PublishSettings {
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  readonly properties?: {
    readonly messageExpiryInterval?: number
    readonly correlationData?: Buffer
    readonly userProperties?: { readonly traceparent: string }
  }
}

/** Message index to the reason code of its refusal. */
export type Refusals = ReadonlyMap<number, number>

export class InFlight {
  readonly #client: MqttClient
  readonly #window: number
  readonly #settings: PublishSettings
  readonly #messages: Outgoing
  readonly #skip: ReadonlyMap<number, number>
  readonly #done: (refusals: Refusals) => void
  readonly #refusals: Map<number, number>
  /** Packet id to message index. */
  readonly #idOf = new Map<number, number>()
  #next = 0
  #unconfirmed = 0
  #scheduled = false
  #ended = false
  /** Messages confirmed so far: no progress here is a stalled broker. */
  confirmed = 0

  /** `refused`: messages that are not sent because it is known what the broker would say. */
  constructor(
    client: MqttClient,
    window: number,
    settings: PublishSettings,
    messages: Outgoing,
    refused: ReadonlyMap<number, number>,
    done: (refusals: Refusals) => void,
  ) {
    this.#client = client
    this.#window = window
    this.#settings = settings
    this.#messages = messages
    this.#skip = refused
    this.#refusals = new Map(refused)
    this.#done = done
  }

  start(): void {
    this.#send()
  }

  /** After the connection is lost nothing that is still called back counts. */
  cancel(): void {
    this.#ended = true
  }

  readonly #send = (): void => {
    this.#scheduled = false
    const { topics, payloads } = this.#messages
    while (!this.#ended && this.#next < topics.length && this.#unconfirmed < this.#window) {
      const message = this.#next++
      if (this.#skip.has(message)) continue
      this.#unconfirmed++
      const settings = this.#settingsOf(message)
      this.#client.publish(topics[message]!, payloads[message]! as string, settings as object, this.#onConfirmed)
      if (this.#settings.qos > 0) this.#idOf.set(this.#client.getLastMessageId(), message)
      else if (this.#client.stream.writableNeedDrain) break
    }
    this.#finish()
  }

  #settingsOf(message: number): PublishSettings {
    const { unretained, traceparents } = this.#messages
    const settings = unretained?.has(message) === true ? { ...this.#settings, retain: false } : this.#settings
    const traceparent = traceparents?.get(message)
    if (traceparent === undefined) return settings
    return { ...settings, properties: { ...settings.properties, userProperties: { traceparent } } }
  }

  /** One function for all messages: the broker's refusal carries its reason code and the packet that names the message. */
  readonly #onConfirmed = (error?: Error | null, packet?: { messageId?: number }): void => {
    // Anything else is mqtt.js giving up a message of a dying connection: nobody confirmed it, and the end comes by itself.
    if (this.#ended || (error && !this.#refuse(error, packet?.messageId))) return
    this.#unconfirmed--
    this.confirmed++
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#send)
  }

  #refuse(error: Error, id: number | undefined): boolean {
    const message = id === undefined ? undefined : this.#idOf.get(id)
    if (message === undefined || !('code' in error) || typeof error.code !== 'number') return false
    this.#refusals.set(message, error.code)
    return true
  }

  #finish(): void {
    if (this.#ended || this.#unconfirmed > 0 || this.#next < this.#messages.topics.length) return
    this.#ended = true
    this.#done(this.#refusals)
  }
}
