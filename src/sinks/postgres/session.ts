/**
 * One session with the server, from login to its end; it is never mended, the runner opens a new one. Statements run one at a
 * time, and each ends: by its answer, by the signal, by the time limit, or with the connection.
 */
import { isIP } from 'node:net'
import type { Client, QueryResult } from 'pg'
import type { CopyStreamQuery } from 'pg-copy-streams'
import { GatewayError, messageOf, NotConnectedError } from '../../core/errors.ts'
import type { SinkContext } from '../../core/sink.ts'
import { tlsOptionsOf } from '../../wire/tls.ts'
import { parseServer, usesTls, type PostgresOptions } from './options.ts'
import { isServerError, postgresError } from './reasons.ts'

const CLOSE_MS = 1000

/** Chunks of a COPY, one after the other; undefined at the end. A chunk stays as it is until the COPY has ended. */
export type NextChunk = () => Uint8Array | undefined

/** Connects and logs in. */
export async function openSession(
  options: PostgresOptions,
  context: SinkContext,
  signal: AbortSignal,
): Promise<Session> {
  const { default: pg } = await import('pg')
  const { from } = await import('pg-copy-streams')
  const server = parseServer(options.url)
  const { host, port } = server
  const address = (await context.resolve?.(host, port)) ?? host
  // The certificate has to be that of the host, whatever its address (RFC 6066, 3: no addresses in the server name indication).
  const names = isIP(host) === 0 ? { host, servername: host } : { host }
  const client = new pg.Client({
    ...server,
    host: address,
    user: options.username,
    // A function, so that neither PGPASSWORD nor a .pgpass file answers in its place.
    password: () => options.password ?? '',
    ssl: usesTls(options) ? { ...(await tlsOptionsOf(options)), ...names } : false,
    application_name: `bifrost-${context.name}`,
    keepAlive: true,
  })
  const session = new Session(client, from, options, context)
  await session.login(signal)
  return session
}

export class Session {
  readonly #client: Client
  readonly #copyFrom: (sql: string) => CopyStreamQuery
  readonly #options: PostgresOptions
  readonly #context: SinkContext
  /** Ends the statement that runs. */
  #fail: ((error: unknown) => void) | undefined
  #closing = false
  /** Statements that the server has answered. */
  answers = 0
  /** Why it ended; undefined while it stands. */
  lost: NotConnectedError | undefined
  /** Called once when it ends without our doing while nothing runs. */
  onLost: ((error: NotConnectedError) => void) | undefined

  constructor(
    client: Client,
    copyFrom: (sql: string) => CopyStreamQuery,
    options: PostgresOptions,
    context: SinkContext,
  ) {
    this.#client = client
    this.#copyFrom = copyFrom
    this.#options = options
    this.#context = context
    guardParser(client, (error) => this.#ended(error))
    client.on('error', (error: Error) => this.#ended(error))
    client.on('end', () => this.#ended(new Error('Connection terminated')))
  }

  async login(signal: AbortSignal): Promise<void> {
    const { url, connectTimeout } = this.#options
    const silence = `${url} did not finish the login within ${connectTimeout} ms`
    try {
      await this.#watched(signal, connectTimeout, silence, () => this.#client.connect())
    } catch (error) {
      this.destroy()
      throw error
    }
  }

  /** One statement; its rows as objects. */
  query(text: string, signal: AbortSignal, values?: unknown[]): Promise<QueryResult<Record<string, unknown>>> {
    return this.#statement(signal, () => this.#client.query<Record<string, unknown>>(text, values))
  }

  /** A COPY … FROM STDIN; resolves when the server has taken and committed it, or it is part of a transaction. */
  copy(text: string, next: NextChunk, signal: AbortSignal): Promise<void> {
    return this.#statement(signal, () => this.#copy(text, next))
  }

  /** The server's error as it came, for those who look at its details. */
  async #statement<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> {
    if (this.lost !== undefined) throw this.lost
    const { url, writeTimeout } = this.#options
    return this.#watched(signal, writeTimeout, `${url} did not answer within ${writeTimeout} ms`, run)
  }

  /** A chunk at a time: after an error of the server nothing may be waiting in the stream, which has no connection any more. */
  #copy(text: string, next: NextChunk): Promise<void> {
    return new Promise((resolve, reject) => {
      const stream = this.#client.query(this.#copyFrom(text))
      let over = false
      stream.once('error', (error) => {
        over = true
        reject(error)
      })
      stream.on('error', () => undefined)
      stream.once('finish', resolve)
      const send = () => {
        if (over) return
        try {
          const chunk = next()
          if (chunk === undefined) stream.end()
          else stream.write(chunk, send)
        } catch (error) {
          // The encoder failed in the middle of a COPY: the server drops what it has when the connection goes.
          reject(error)
          this.destroy()
        }
      }
      send()
    })
  }

  #watched<T>(signal: AbortSignal, ms: number, silence: string, run: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const finish = (then: () => void) => {
        timer.cancel()
        signal.removeEventListener('abort', onAbort)
        this.#fail = undefined
        then()
      }
      const fail = (error: unknown) => finish(() => reject(isServerError(error) ? error : this.#explained(error)))
      const give = (error: unknown) => {
        fail(error)
        this.destroy()
      }
      const onAbort = () => {
        finish(() => reject(signal.reason))
        this.destroy()
      }
      const timer = this.#context.clock.after(ms, () => give(new NotConnectedError(silence)))
      this.#fail = fail
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      const answered = (result: T) => {
        this.answers++
        finish(() => resolve(result))
      }
      run().then(answered, fail)
    })
  }

  /** Says goodbye, and cuts the connection when that takes too long. */
  async close(): Promise<void> {
    this.#closing = true
    if (this.lost !== undefined) return
    await new Promise<void>((resolve) => {
      const timer = this.#context.clock.after(CLOSE_MS, resolve)
      void this.#client
        .end()
        .then(resolve, () => resolve())
        .finally(() => timer.cancel())
    })
    this.destroy()
  }

  /** Cuts the connection; the server rolls back what was not committed. */
  destroy(): void {
    this.#closing = true
    this.lost ??= new NotConnectedError(`not connected to ${this.#options.url}`)
    streamOf(this.#client).destroy()
  }

  #ended(error: unknown): void {
    if (this.lost !== undefined) return
    const explained = this.#explained(error)
    this.lost = explained instanceof NotConnectedError ? explained : new NotConnectedError(messageOf(explained), { cause: error }) // prettier-ignore
    streamOf(this.#client).destroy()
    if (this.#fail !== undefined) this.#fail(explained)
    else if (!this.#closing) this.onLost?.(this.lost)
  }

  #explained(error: unknown): GatewayError {
    return postgresError(this.#options, error)
  }
}

interface Source {
  on(event: string, listener: (data: Buffer) => void): unknown
}

/** What pg keeps to itself: its socket, the one way to cut a connection at once, and the place where its parser begins to read. */
interface Insides {
  readonly stream: { destroy(): void }
  attachListeners(stream: Source): void
}

const insidesOf = (client: Client): Insides => (client as unknown as { connection: Insides }).connection

const streamOf = (client: Client) => insidesOf(client).stream

/** pg's parser throws at bytes that are no PostgreSQL, and throws where nobody can catch it: the process would end. */
function guardParser(client: Client, onGarbage: (error: GatewayError) => void): void {
  const insides = insidesOf(client)
  const attach = insides.attachListeners.bind(insides)
  insides.attachListeners = (stream) =>
    attach({
      on: (event, listener) =>
        stream.on(event, (data) => {
          try {
            listener(data)
          } catch (cause) {
            onGarbage(
              new GatewayError('PROTOCOL_VIOLATION', `it answers with what is no PostgreSQL: ${messageOf(cause)}`, {
                cause,
              }),
            )
          }
        }),
    })
}
