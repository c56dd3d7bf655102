/**
 * One connection to one server, from CONNECT to its end. It is never mended: the client's own reconnecting is off, the runner opens a new
 * one. Confirmations of all messages come to one inbox.
 */
import { isIP } from 'node:net'
import type { Msg, NatsConnection } from '@nats-io/transport-node'
import { GatewayError, NotConnectedError } from '../../core/errors.ts'
import type { SinkContext } from '../../core/sink.ts'
import { endpointOf } from '../../wire/connect-error.ts'
import { tlsOptionsOf } from '../../wire/tls.ts'
import { loginOf, whoOf } from './credentials.ts'
import { InFlight, made, MAX_BYTES } from './in-flight.ts'
import type { Messages } from './messages.ts'
import { isSecure, type NatsOptions, type Server } from './options.ts'
import { lostError, serverError } from './reasons.ts'

export type Library = typeof import('@nats-io/transport-node')

/** Opens a connection and waits until the server has accepted it. */
export async function openConnection(
  server: Server,
  options: NatsOptions,
  context: SinkContext,
  signal: AbortSignal,
): Promise<Connection> {
  const library = await import('@nats-io/transport-node')
  const address = (await context.resolve?.(server.host, server.port)) ?? server.host
  const target = { host: server.host, port: server.port, connectTimeoutMs: options.connectTimeout }
  const secure = isSecure(options)
  const opening = library.connect({
    servers: `${address.includes(':') ? `[${address}]` : address}:${server.port}`,
    name: options.name ?? `bifrost-${context.name}-${context.logId}`,
    ...(await loginOf(options, library)),
    ...(secure ? { tls: { ...(await tlsOptionsOf(options)), ...namesOf(server.host) } as object } : {}),
    timeout: options.connectTimeout,
    pingInterval: options.keepalive,
    inboxPrefix: options.inboxPrefix,
    maxPingOut: 2,
    reconnect: false,
    maxReconnectAttempts: 0,
    ignoreClusterUpdates: true,
    noAsyncTraces: true,
  })
  let onAbort: (() => void) | undefined
  try {
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason)
      if (signal.aborted) onAbort()
      else signal.addEventListener('abort', onAbort, { once: true })
    })
    return new Connection(await Promise.race([opening, aborted]), library, endpointOf(target), options, context)
  } catch (error) {
    void opening.then((late) => late.close()).catch(() => undefined)
    if (signal.aborted) throw signal.reason
    throw serverError(target, error, whoOf(options))
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort)
  }
}

/**
 * Whose certificate it has to be: the library knows the address alone, and checks that against `localhost`. RFC 6066, 3: no
 * addresses in the server name indication.
 */
const namesOf = (host: string): object => (isIP(host) === 0 ? { host, servername: host } : { host })

interface Writing {
  readonly inFlight: InFlight | undefined
  fail(error: unknown): void
}

export class Connection {
  readonly client: NatsConnection
  readonly name: string
  readonly #options: NatsOptions
  readonly #context: SinkContext
  readonly #inbox: string
  #writing: Writing | undefined
  /** Number of the next message's confirmation. */
  #number = 1
  #closing = false
  /** Why no confirmation can ever come. */
  #deaf: GatewayError | undefined
  /** Messages that the stream had already. */
  duplicates = 0
  /** Since it was opened: confirmations of a stream, or stretches that the server has read. */
  answers = 0
  /** Why it ended; undefined while it stands. */
  lost: GatewayError | undefined
  /** Called once when the connection ends without our doing. */
  onLost: ((error: GatewayError) => void) | undefined

  constructor(client: NatsConnection, library: Library, name: string, options: NatsOptions, context: SinkContext) {
    this.client = client
    this.name = name
    this.#options = options
    this.#context = context
    this.#inbox = `${library.createInbox(options.inboxPrefix)}.`
    if (options.delivery === 'jetstream')
      client.subscribe(`${this.#inbox}*`, { callback: (error, message) => this.#confirmed(error, message) })
    void client.closed().then((error) => this.#ended(error))
    void this.#watch(library)
  }

  /** Throws what is already known to be in the way of any write. */
  check(): void {
    const reason = this.lost ?? this.#deaf
    if (reason !== undefined) throw reason
  }

  /** The most bytes of headers and payload that the server takes. */
  get maxPayload(): number {
    return this.client.info?.max_payload ?? 1024 * 1024
  }

  /** Sends the messages in order; resolves when a stream has confirmed each. Rows that it refuses are noted in `messages.rejected`. */
  async publish(messages: Messages, signal: AbortSignal): Promise<void> {
    if (messages.subjects.length === 0) return
    const base = this.#number
    this.#number += messages.subjects.length
    await this.#watched(signal, (done, fail) => {
      const inFlight = new InFlight({
        client: this.client,
        inbox: this.#inbox,
        base,
        window: this.#options.window,
        messages,
        done,
        fail,
      })
      inFlight.start()
      return inFlight
    })
  }

  /** Sends the messages to whoever listens; resolves when the server has read them. */
  async hand(messages: Messages, signal: AbortSignal): Promise<void> {
    const { subjects, payloads, headers } = messages
    let at = 0
    while (at < subjects.length) {
      await this.#watched(signal, (done, fail) => {
        const end = at + this.#options.window
        for (let bytes = 0; at < subjects.length && at < end && bytes < MAX_BYTES; at++) {
          bytes += payloads[at]!.length + headers[at]!.length
          this.client.publish(subjects[at]!, payloads[at], { headers: made(headers[at]!) })
        }
        // A refusal comes before the answer to a ping sent after the message; it is told a turn later.
        this.client.flush().then(() => setImmediate(done), fail)
        return undefined
      })
      this.answers++
    }
  }

  /** Ends the connection. */
  destroy(): void {
    this.#closing = true
    this.lost ??= new NotConnectedError(`not connected to ${this.name}`)
    this.#writing?.fail(this.lost)
    void this.client.close().catch(() => undefined)
  }

  /** Runs one exchange; ends it when the connection is lost, the signal aborts or nothing is confirmed any more. */
  async #watched(
    signal: AbortSignal,
    begin: (done: () => void, fail: (error: unknown) => void) => InFlight | undefined,
  ): Promise<void> {
    this.check()
    return new Promise((resolve, reject) => {
      let seen = 0
      const finish = (then: () => void) => {
        timer.cancel()
        signal.removeEventListener('abort', onAbort)
        this.duplicates += this.#writing?.inFlight?.duplicates ?? 0
        this.#writing?.inFlight?.cancel()
        this.#writing = undefined
        then()
      }
      const fail = (error: unknown) => finish(() => reject(error))
      const onAbort = () => {
        fail(signal.reason)
        this.destroy()
      }
      const timer = this.#context.clock.every(this.#options.ackTimeout, () => {
        const confirmed = this.#writing?.inFlight?.confirmed ?? 0
        if (confirmed === seen) this.#stalled(fail)
        seen = confirmed
      })
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      this.#writing = { inFlight: undefined, fail }
      try {
        const inFlight = begin(() => finish(resolve), fail)
        if (this.#writing !== undefined) this.#writing = { inFlight, fail }
      } catch (error) {
        fail(error)
      }
    })
  }

  #stalled(fail: (error: unknown) => void): void {
    fail(
      new NotConnectedError(
        `${this.name} confirmed nothing for ${this.#options.ackTimeout} ms, the connection was closed`,
      ),
    )
    this.destroy()
  }

  #confirmed(error: Error | null, message: Msg): void {
    if (error !== null) return
    this.answers++
    this.#writing?.inFlight?.answer(Number(message.subject.slice(this.#inbox.length)), message)
  }

  /** A message that we may not publish gets no confirmation: the server says so beside it. */
  async #watch(library: Library): Promise<void> {
    for await (const status of this.client.status()) {
      if (status.type !== 'error' || !(status.error instanceof library.PermissionViolationError)) continue
      this.#forbidden(status.error)
    }
  }

  #forbidden({ operation, subject }: { operation: string; subject: string }): void {
    if (operation === 'publish') {
      const sentence = `${this.name} gives no permission to publish to "${subject}"`
      return this.#writing?.fail(new GatewayError('SINK_REFUSED', sentence))
    }
    const sentence = `${this.name} gives no permission to receive confirmations at "${subject}"; allow it, or set inboxPrefix to what is allowed`
    this.#deaf = new GatewayError('SINK_REFUSED', sentence)
    this.#writing?.fail(this.#deaf)
  }

  #ended(error: unknown): void {
    this.lost ??= lostError(this.name, error ?? undefined, whoOf(this.#options))
    this.#writing?.fail(this.lost)
    if (!this.#closing) this.onLost?.(this.lost)
  }
}
