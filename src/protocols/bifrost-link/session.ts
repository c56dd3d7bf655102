/**
 * The server's end of a link, over any stream: hello, then what the client sends, one frame at a time. The next one is read when the one
 * before was dealt with, so that a server that is slow slows its client down by TCP too.
 */
import type { Duplex } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { Clock, Timer } from '../../core/clock.ts'
import { GatewayError, NotConnectedError } from '../../core/errors.ts'
import { violation } from '../../wire/reader.ts'
import { Decompressor } from './compression.ts'
import { RowDecoder } from './decode-rows.ts'
import { LinkFrames, type LinkFrame } from './frame.ts'
import { decodeHello, encodeRefused, encodeWelcome, type Hello, type Refused, type Welcome } from './hello.ts'
import {
  decodeGap,
  decodeSamples,
  decodeStamp,
  encodeAck,
  encodeBusy,
  encodeStamp,
  type Ack,
  type Busy,
  type GapFrame,
  type SamplesFrame,
  type Settles,
} from './messages.ts'
import { decodeTags, type LinkTag } from './tags.ts'

export interface LinkSessionOptions {
  readonly clock: Clock
  readonly heartbeatMs: number
}

/** What a client sent; `bytes` counts against its credit. */
export type ClientFrame =
  | { readonly kind: 'tags'; readonly tags: readonly LinkTag[]; readonly bytes: number }
  | ({ readonly kind: 'samples'; readonly bytes: number } & SamplesFrame)
  | ({ readonly kind: 'gap'; readonly bytes: number } & GapFrame)

const SILENT_HEARTBEATS = 3
/** After so long on what is there already others get their turn: a few bytes may be pressed out of very many. */
const TURN_MS = 10
/** What a client may leave unread of what we say. */
const MAX_UNREAD_BYTES = 1024 * 1024

export class LinkSession {
  readonly #stream: Duplex
  readonly #options: LinkSessionOptions
  readonly #frames = new LinkFrames()
  readonly #chunks: AsyncIterator<Buffer>
  readonly #introduced = new Set<number>()
  readonly #rows = new RowDecoder((alias) => this.#introduced.has(alias))
  readonly #decompressor = new Decompressor()
  #timer: Timer | undefined
  #heardAt = 0
  #saidAt = 0
  #isWaiting = false
  #number = 0
  #epoch = 0
  #why: GatewayError | undefined
  bytesReceived = 0
  bytesSent = 0

  constructor(stream: Duplex, options: LinkSessionOptions) {
    this.#stream = stream
    this.#options = options
    this.#chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>
    stream.on('error', () => undefined)
  }

  /** The first frame of a client; rejects with PROTOCOL_VIOLATION, TIMEOUT or NOT_CONNECTED. */
  async hello(timeoutMs: number): Promise<Hello> {
    const timer = this.#options.clock.after(timeoutMs, () =>
      this.end(new GatewayError('TIMEOUT', `it did not say hello within ${timeoutMs} ms`)),
    )
    try {
      const frame = await this.#next()
      if (frame.kind !== 'hello') throw violation(`it began with ${frame.kind} in place of a hello`)
      return decodeHello(frame.body)
    } finally {
      timer.cancel()
    }
  }

  /** Lets it in: from now on `frames` gives what it sends. */
  welcome(welcome: Omit<Welcome, 'heartbeatMs'>): void {
    const { clock, heartbeatMs } = this.#options
    this.#frames.widen()
    this.#heardAt = clock.monotonic()
    const timer = (this.#timer = clock.every(heartbeatMs, () => this.#beat()))
    this.#stream.once('close', () => timer.cancel())
    this.#put(encodeWelcome({ ...welcome, heartbeatMs }))
  }

  /** Says why not, and ends. */
  refuse(refused: Refused): void {
    this.#put(encodeRefused(refused))
    this.#timer?.cancel()
    this.#stream.end()
    // Until then the client can read why.
    const timer = this.#options.clock.after(1000, () => this.#stream.destroy())
    this.#stream.once('close', () => timer.cancel())
  }

  /** Until the client ends; rejects with what ended it. Frames that were sent before the client heard of `busy` are left out. */
  async *frames(): AsyncGenerator<ClientFrame> {
    let since = this.#options.clock.monotonic()
    for (;;) {
      if (this.#options.clock.monotonic() - since > TURN_MS) {
        await setImmediate()
        since = this.#options.clock.monotonic()
      }
      const { kind, body, bytes } = await this.#next()
      if (kind === 'ping') this.#put(encodeStamp('pong', decodeStamp(body)))
      else if (kind === 'tags') {
        const tags = decodeTags(body)
        for (const { alias } of tags) this.#introduced.add(alias)
        yield { kind, tags, bytes }
      } else if (kind === 'samples') {
        const frame = decodeSamples(body, this.#decompressor, this.#rows)
        if (this.#follows(frame)) yield { kind, ...frame, bytes }
        else this.onLeftOut(bytes)
      } else if (kind === 'gap') {
        const frame = decodeGap(body)
        if (this.#follows(frame)) yield { kind, ...frame, bytes }
        else this.onLeftOut(bytes)
      } else throw violation(`a frame of ${kind}, which no client sends here`)
    }
  }

  /** Hears of the bytes of frames that `frames` left out. */
  onLeftOut: (bytes: number) => void = () => undefined

  ack(ack: Ack): void {
    this.#put(encodeAck(ack))
  }

  /** From the frame `number` on nothing was taken, nor will be of what is on its way. */
  busy(busy: Busy): void {
    this.#epoch++
    this.#put(encodeBusy(busy))
  }

  /** Nothing comes any more. */
  get isEnded(): boolean {
    return this.#stream.destroyed
  }

  /** Cuts the connection; `frames` rejects with this. */
  end(why: GatewayError): void {
    this.#why ??= why
    this.#timer?.cancel()
    this.#stream.destroy()
  }

  #follows({ number, epoch }: Settles): boolean {
    if (number !== this.#number + 1) throw violation(`frame ${number} after frame ${this.#number}`)
    this.#number = number
    if (epoch > this.#epoch) throw violation(`a frame of epoch ${epoch} in epoch ${this.#epoch}`)
    return epoch === this.#epoch
  }

  async #next(): Promise<LinkFrame> {
    for (;;) {
      const frame = this.#frames.next()
      if (frame !== undefined) return frame
      this.#isWaiting = true
      const { value, done } = await this.#chunks.next().catch((error: Error) => {
        throw this.#why ?? new NotConnectedError(`the connection is lost: ${error.message}`, { cause: error })
      })
      this.#isWaiting = false
      if (done === true) throw this.#why ?? new NotConnectedError('the client closed the connection')
      this.#heardAt = this.#options.clock.monotonic()
      this.bytesReceived += value.length
      this.#frames.push(value)
    }
  }

  /** A client waits for us no longer than a heartbeat without a word, nor do we for it. */
  #beat(): void {
    const now = this.#options.clock.monotonic()
    const { heartbeatMs } = this.#options
    if (this.#isWaiting && now - this.#heardAt > heartbeatMs * SILENT_HEARTBEATS)
      return this.end(new GatewayError('TIMEOUT', 'the client fell silent'))
    if (now - this.#saidAt >= heartbeatMs) this.#put(encodeStamp('pong', 0))
  }

  #put(frame: Buffer): void {
    if (this.#stream.destroyed || this.#stream.writableEnded) return
    this.bytesSent += frame.length
    this.#saidAt = this.#options.clock.monotonic()
    this.#stream.write(frame)
    if (this.#stream.writableLength > MAX_UNREAD_BYTES) this.end(new NotConnectedError('the client reads nothing'))
  }
}
