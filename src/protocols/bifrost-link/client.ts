/**
 * The client's end of a link, over any stream. One write at a time: it sends as the server gives credit, and is done when the server has
 * it on its disk. Loses itself when the far side is silent; is never mended: a new stream is a new link.
 */
import type { Duplex } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { Clock, Timer } from '../../core/clock.ts'
import { GatewayError, NotConnectedError } from '../../core/errors.ts'
import { violation } from '../../wire/reader.ts'
import { LinkFrames, type LinkFrame } from './frame.ts'
import { decodeRefused, decodeWelcome, encodeHello, type Hello, type Welcome } from './hello.ts'
import { LINK_VERSION } from './limits.ts'
import { brokenBy, busyError, lossOf, refusalError } from './link-errors.ts'
import { decodeAck, decodeBusy, decodeStamp, encodeStamp, type Busy } from './messages.ts'
import { answerTo } from './opening.ts'

export interface LinkClientOptions {
  readonly clock: Clock
  /** Who is at the other end, for messages: `central.example:7180`. */
  readonly endpoint: string
  readonly hello: Omit<Hello, 'oldestVersion' | 'newestVersion'>
  readonly helloTimeoutMs: number
  /** A server that confirms nothing for this long, though it says that it is there, is taken as lost. */
  readonly ackTimeoutMs: number
}

/** Silence of so many heartbeats is the end. */
const SILENT_HEARTBEATS = 3
/** After so long of encoding and pressing others get their turn: what is sent may be small, and wait for nothing. */
const TURN_MS = 10

export class LinkClient {
  /** What the server said at the beginning. */
  readonly welcome: Welcome
  readonly #stream: Duplex
  readonly #options: LinkClientOptions
  readonly #frames: LinkFrames
  readonly #timer: Timer
  #lost: GatewayError | undefined
  #heardAt: number
  #progressAt: number
  #pings = 0
  #pingedAt = 0
  /** Bytes that count against the credit, and the credit. */
  #charged = 0
  #credit: number
  #lastNumber = 0
  #acked = 0
  #epoch = 0
  #begunIn = 0
  #turnSince = 0
  #busy: Busy | undefined
  #rejected = new Map<number, string>()
  #wake: () => void = () => undefined
  /** Called once when the connection is lost or the far side breaks the rules. */
  onLost: ((error: GatewayError) => void) | undefined
  /** ms from a ping to its pong; undefined before the first. */
  roundTripMs: number | undefined
  bytesSent = 0
  bytesReceived = 0

  private constructor(stream: Duplex, frames: LinkFrames, welcome: Welcome, options: LinkClientOptions) {
    const { clock } = options
    this.welcome = welcome
    this.#stream = stream
    this.#frames = frames
    this.#options = options
    this.#credit = welcome.credit
    this.#heardAt = this.#progressAt = clock.monotonic()
    stream.on('data', (chunk: Buffer) => this.#receive(chunk))
    stream.on('error', (error) => this.#lose(lossOf(options.endpoint, error)))
    for (const end of ['end', 'close']) stream.on(end, () => this.#lose(lossOf(options.endpoint, undefined)))
    this.#timer = clock.every(welcome.heartbeatMs, () => this.#beat())
    this.#beat()
    // What came in one piece with the welcome.
    this.#receive(Buffer.alloc(0))
  }

  /** Says hello. Rejects with SINK_REFUSED, BUSY, NOT_CONNECTED, PROTOCOL_VIOLATION or TIMEOUT, and the stream is destroyed then. */
  static async open(stream: Duplex, options: LinkClientOptions, signal: AbortSignal): Promise<LinkClient> {
    const frames = new LinkFrames()
    frames.widen()
    try {
      const hello = encodeHello({ ...options.hello, oldestVersion: LINK_VERSION, newestVersion: LINK_VERSION })
      const frame = await answerTo(stream, hello, frames, options, signal)
      if (frame.kind === 'refused') throw refusalError(options.endpoint, decodeRefused(frame.body))
      if (frame.kind !== 'welcome') throw violation(`${options.endpoint} answered hello by ${frame.kind}`)
      const welcome = decodeWelcome(frame.body)
      if (welcome.version !== LINK_VERSION) throw violation(`${options.endpoint} speaks version ${welcome.version}`)
      return new LinkClient(stream, frames, welcome, options)
    } catch (error) {
      stream.on('error', () => undefined)
      stream.destroy()
      throw error
    }
  }

  /** How often the server asked for patience; goes into every frame of samples and gaps. */
  get epoch(): number {
    return this.#epoch
  }

  /** The last frame that the server has on its disk. */
  get acked(): number {
    return this.#acked
  }

  get lost(): GatewayError | undefined {
    return this.#lost
  }

  /** The number for the next frame of samples or a gap. */
  nextNumber(): number {
    return ++this.#lastNumber
  }

  /** Begins a write: what the server asks from now on counts for it. */
  begin(): void {
    this.#begunIn = this.#epoch
    this.#turnSince = this.#options.clock.monotonic()
  }

  /** Resolves when a frame may be sent, at once. Throws BusyError when the server asks for patience. */
  async ready(signal: AbortSignal): Promise<void> {
    const { endpoint, clock } = this.#options
    if (clock.monotonic() - this.#turnSince > TURN_MS) {
      await setImmediate()
      this.#turnSince = clock.monotonic()
    }
    await this.#until(() => {
      if (this.#charged < this.#credit) return !this.#stream.writableNeedDrain
      if (this.#busy !== undefined) throw busyError(endpoint, this.#busy)
      return false
    }, signal)
  }

  /**
   * Sends a frame of tags, samples or a gap, right after `ready`. Between the two nothing is encoded: what is encoded has to be sent, as
   * both ends remember it.
   */
  send(frame: Buffer): void {
    if (this.#lost !== undefined) throw this.#lost
    this.#charged += frame.length
    this.#progressAt = this.#options.clock.monotonic()
    this.#put(frame)
  }

  /** Resolves when the server has this frame and all before it on its disk: numbers of samples that it will never take, with reasons. */
  async settled(number: number, signal: AbortSignal): Promise<ReadonlyMap<number, string>> {
    await this.#until(() => this.#acked >= number, signal)
    const rejected = this.#rejected
    this.#rejected = new Map()
    return rejected
  }

  /** Ends the link; what is on its way may still arrive. */
  async close(): Promise<void> {
    this.#timer.cancel()
    this.#lost ??= new NotConnectedError(`the link to ${this.#options.endpoint} is closed`)
    this.#wake()
    const stream = this.#stream
    if (stream.destroyed) return
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.after(500, resolve)
      stream.end(() => {
        timer.cancel()
        resolve()
      })
    })
    stream.destroy()
  }

  async #until(isTrue: () => boolean, signal: AbortSignal): Promise<void> {
    const onAbort = () => this.#wake()
    signal.addEventListener('abort', onAbort)
    this.#stream.on('drain', onAbort)
    try {
      for (;;) {
        this.#check(signal)
        if (isTrue()) return
        await new Promise<void>((resolve) => (this.#wake = resolve))
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
      this.#stream.off('drain', onAbort)
    }
  }

  /** Throws when the link is lost, the signal aborted, or the server has asked for patience since the write began. */
  #check(signal: AbortSignal): void {
    if (this.#lost !== undefined) throw this.#lost
    signal.throwIfAborted()
    if (this.#begunIn !== this.#epoch) throw busyError(this.#options.endpoint, this.#busy)
  }

  #put(frame: Buffer): void {
    this.bytesSent += frame.length
    this.#stream.write(frame)
  }

  #receive(chunk: Buffer): void {
    if (this.#lost !== undefined) return
    this.#heardAt = this.#options.clock.monotonic()
    this.bytesReceived += chunk.length
    this.#frames.push(chunk)
    try {
      for (let frame = this.#frames.next(); frame !== undefined; frame = this.#frames.next()) this.#take(frame)
    } catch (error) {
      this.#lose(brokenBy(this.#options.endpoint, error))
    }
    this.#wake()
  }

  #take({ kind, body }: LinkFrame): void {
    if (kind === 'ack') {
      const { number, credit, rejected } = decodeAck(body)
      if (number > this.#lastNumber || number < this.#acked) throw violation(`an ack of frame ${number}, which is none`)
      this.#acked = number
      this.#credit = credit
      if (credit > this.#charged) this.#busy = undefined
      for (const [reason, numbers] of rejected) for (const seq of numbers) this.#rejected.set(seq, reason)
      this.#progressAt = this.#heardAt
    } else if (kind === 'busy') {
      this.#busy = decodeBusy(body)
      this.#credit = this.#busy.credit
      this.#epoch++
      this.#progressAt = this.#heardAt
    } else if (kind === 'pong') {
      if (decodeStamp(body) === this.#pings) this.roundTripMs = this.#heardAt - this.#pingedAt
    } else if (kind === 'refused') throw refusalError(this.#options.endpoint, decodeRefused(body))
    else throw violation(`a frame of ${kind}, which no server sends here`)
  }

  #beat(): void {
    const { clock, endpoint, ackTimeoutMs } = this.#options
    const now = clock.monotonic()
    const silentMs = this.welcome.heartbeatMs * SILENT_HEARTBEATS
    if (now - this.#heardAt > silentMs)
      return this.#lose(new GatewayError('TIMEOUT', `${endpoint} was silent for ${Math.round(silentMs / 1000)} s`))
    if (this.#acked < this.#lastNumber && this.#busy === undefined && now - this.#progressAt > ackTimeoutMs)
      return this.#lose(new GatewayError('TIMEOUT', `${endpoint} has confirmed nothing for ${ackTimeoutMs} ms`))
    this.#pingedAt = now
    this.#put(encodeStamp('ping', ++this.#pings))
  }

  #lose(error: GatewayError): void {
    if (this.#lost !== undefined) return
    this.#lost = error
    this.#timer.cancel()
    this.#stream.destroy()
    this.#wake()
    this.onLost?.(error)
  }
}
