/**
 * One connection to a server, from login to its end; it is never mended, the runner opens a new one. Commands travel together and
 * are answered in order; an exchange ends with its last reply, by the signal, with the connection, or when replies stay away.
 */
import type { Duplex } from 'node:stream'
import { GatewayError, isAbort, messageOf, NotConnectedError } from '../../core/errors.ts'
import type { SinkContext } from '../../core/sink.ts'
import type { Send } from './command-text.ts'
import { parseServer, type RedisOptions } from './options.ts'
import { RedisReply, replyError } from './reasons.ts'
import { command, ReplyReader, type Reply } from './resp.ts'

type OnReply = (index: number, reply: Reply) => void

interface Exchange {
  count: number
  readonly onReply: OnReply
  readonly asText: boolean
  received: number
  finish(): void
  fail(error: unknown): void
}

/** Connects and logs in. */
export async function openConnection(
  options: RedisOptions,
  context: SinkContext,
  signal: AbortSignal,
): Promise<Connection> {
  const { host, port, secure } = parseServer(options.url)
  const { ca, cert, key, insecure, connectTimeout } = options
  const endpoint = { host, port, connectTimeoutMs: connectTimeout }
  let stream: Duplex
  try {
    stream = await context.dial(secure ? { ...endpoint, tls: { ca, cert, key, insecure } } : endpoint, signal)
  } catch (error) {
    throw signal.aborted ? signal.reason : connectFailure(options.url, error)
  }
  const connection = new Connection(stream, options, context)
  try {
    await connection.login(signal)
    return connection
  } catch (error) {
    connection.destroy()
    throw error
  }
}

export class Connection {
  readonly #stream: Duplex
  readonly #options: RedisOptions
  readonly #context: SinkContext
  readonly #reader = new ReplyReader()
  #exchange: Exchange | undefined
  #closing = false
  /** Why it ended; undefined while it stands. */
  lost: NotConnectedError | undefined
  /** Called once when it ends without our doing while nothing is under way. */
  onLost: ((error: NotConnectedError) => void) | undefined
  /** What the server says it is, such as `Redis 7.0.15`; undefined where we may not ask. */
  server: string | undefined
  /** Since it was opened. */
  replies = 0

  constructor(stream: Duplex, options: RedisOptions, context: SinkContext) {
    this.#stream = stream
    this.#options = options
    this.#context = context
    let cause: Error | undefined
    stream.on('error', (error) => (cause = error))
    stream.on('data', (bytes: Buffer) => this.#received(bytes))
    stream.on('close', () => this.#ended(this.#lossOf(cause)))
    stream.on('end', () => this.#ended(this.#lossOf(cause)))
  }

  async login(signal: AbortSignal): Promise<void> {
    const { url, username, password, connectTimeout } = this.#options
    const { database } = parseServer(url)
    const commands: string[][] = [['PING'], ['CLIENT', 'SETNAME', this.#name()], ['INFO', 'server']]
    if (database !== 0) commands.unshift(['SELECT', `${database}`])
    if (password !== undefined) commands.unshift(['AUTH', ...(username === undefined ? [] : [username]), password])
    const replies = await this.commands(commands, signal, connectTimeout)
    for (const [at, [name = '', key = '']] of commands.entries()) {
      const reply = replies[at]
      if (!(reply instanceof RedisReply)) continue
      // A name and a version are nice to have; whether we may write shows when we write.
      const isMild = name === 'CLIENT' || name === 'INFO' || (name === 'PING' && reply.code === 'NOPERM')
      if (!isMild || reply.code === 'NOAUTH') throw this.error(reply, name, name === 'AUTH' ? '' : key)
    }
    this.server = versionOf(replies.at(-1))
  }

  /** Sends these commands; resolves with all replies, errors among them. */
  async commands(
    commands: readonly (readonly string[])[],
    signal: AbortSignal,
    silentMs = this.#options.replyTimeout,
  ): Promise<Reply[]> {
    const replies: Reply[] = []
    const feed = (send: Send) => {
      send(commands.map((each) => command(...each)).join(''), 'utf8')
      return commands.length
    }
    await this.#run(feed, (index, reply) => (replies[index] = reply), true, silentMs, signal)
    return replies
  }

  /** Sends what `feed` sends, which says how many commands that was; resolves when each is answered. Texts in replies are left out. */
  exchange(feed: (send: Send) => number, onReply: OnReply, signal: AbortSignal): Promise<void> {
    return this.#run(feed, onReply, false, this.#options.replyTimeout, signal)
  }

  #run(
    feed: (send: Send) => number,
    onReply: OnReply,
    asText: boolean,
    silentMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    if (this.lost !== undefined) return Promise.reject(this.lost)
    return new Promise((resolve, reject) => {
      let seen = 0
      const end = (then: () => void) => {
        timer.cancel()
        signal.removeEventListener('abort', onAbort)
        this.#exchange = undefined
        then()
      }
      const fail = (error: unknown) => end(() => reject(error))
      const onAbort = () => {
        fail(signal.reason)
        this.destroy()
      }
      const timer = this.#context.clock.every(silentMs, () => {
        if (exchange.received === seen) this.#silent(silentMs)
        seen = exchange.received
      })
      const exchange: Exchange = { count: 0, onReply, asText, received: 0, finish: () => end(resolve), fail }
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      this.#exchange = exchange
      try {
        exchange.count = feed((text, encoding) => void this.#stream.write(text, encoding))
      } catch (error) {
        // Half of the commands are gone: what they lead to must not be taken for the answers to others.
        fail(error)
        return this.destroy()
      }
      if (exchange.count === 0) exchange.finish()
    })
  }

  /** An error reply as an error of the catalogue. */
  error(reply: RedisReply, command: string, key: string): GatewayError {
    return replyError(this.#options.url, reply, command, key, this.#options.username ?? 'default')
  }

  close(): void {
    this.#closing = true
    this.#stream.end()
    this.destroy()
  }

  /** Cuts the connection. */
  destroy(): void {
    this.#closing = true
    this.lost ??= new NotConnectedError(`not connected to ${this.#options.url}`)
    this.#stream.destroy()
  }

  #received(bytes: Buffer): void {
    try {
      this.#reader.read(bytes, (reply) => this.#reply(reply), this.#exchange?.asText)
    } catch (error) {
      const cause = error instanceof GatewayError ? error : new GatewayError('INTERNAL', messageOf(error), { cause: error }) // prettier-ignore
      this.#ended(new GatewayError('PROTOCOL_VIOLATION', `${this.#options.url}: ${cause.message}`, { cause }))
    }
  }

  #reply(reply: Reply): void {
    const exchange = this.#exchange
    if (exchange === undefined) {
      const error = reply instanceof RedisReply ? this.error(reply, 'connection', '') : undefined
      return this.#ended(error ?? new GatewayError('PROTOCOL_VIOLATION', `${this.#options.url} replies to nothing`))
    }
    this.replies++
    exchange.onReply(exchange.received++, reply)
    if (exchange.received === exchange.count) exchange.finish()
  }

  #silent(ms: number): void {
    this.#ended(new NotConnectedError(`${this.#options.url} replied nothing for ${ms} ms, the connection was closed`))
  }

  #ended(error: GatewayError): void {
    if (this.lost !== undefined) return
    this.lost = error instanceof NotConnectedError ? error : new NotConnectedError(error.message, { cause: error })
    this.#stream.destroy()
    if (this.#exchange !== undefined) this.#exchange.fail(error)
    else if (!this.#closing) this.onLost?.(this.lost)
  }

  /** With TLS 1.3 a server may refuse our certificate only now; its error says so. */
  #lossOf(cause: Error | undefined): GatewayError {
    const { url } = this.#options
    const why = cause === undefined || isAbort(cause) ? '' : `: ${cause.message}`
    if (why.includes('certificate'))
      return new GatewayError('SINK_REFUSED', `${url} does not let us in${why}`, { cause })
    return new NotConnectedError(`the connection to ${url} is lost${why}`, cause === undefined ? {} : { cause })
  }

  /** CLIENT SETNAME takes printable ASCII without spaces. */
  #name(): string {
    return `bifrost-${this.#context.name.replace(/[^\x21-\x7e]/g, '_')}`
  }
}

function versionOf(reply: Reply | undefined): string | undefined {
  const text = typeof reply === 'string' ? reply : ''
  const valkey = /^valkey_version:(\S+)/m.exec(text)?.[1]
  const redis = /^redis_version:(\S+)/m.exec(text)?.[1]
  return valkey !== undefined ? `Valkey ${valkey}` : redis === undefined ? undefined : `Redis ${redis}`
}

function connectFailure(url: string, error: unknown): GatewayError {
  if (!(error instanceof GatewayError)) return new NotConnectedError(`${url} cannot be connected: ${messageOf(error)}`, { cause: error }) // prettier-ignore
  const { tls } = error.details
  if (typeof tls !== 'string') return error
  return new GatewayError('SINK_REFUSED', `no secure connection to ${url}: ${tls}`, { cause: error })
}
