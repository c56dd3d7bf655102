/**
 * One byte stream of a server, be it a socket or a serial port: requests in, answers out in the same order. Requests that
 * come while one is being answered wait in a bounded line; at the bound the stream is paused, so that a flood holds no memory.
 */
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../core/clock.ts'
import { reset } from '../../wire/reset.ts'
import type { AnswerPdu, ServerAnswers } from './server-answer.ts'
import type { RequestFrames } from './server-frames.ts'
import type { Fault, ServerRequest, ServerStats } from './server.ts'

const MAX_WAITING = 256
/** A chunk can hold thousands of requests. */
const MAX_A_TURN = 256
const CLOSE_WITHIN_MS = 1000

/** What a connection needs of its server. */
export interface ConnectionOptions {
  readonly clock: Clock
  readonly answers: ServerAnswers
  readonly stats: ServerStats
  /** Made with what wakes the connection when time, not bytes, gave a request. */
  frames(wake: () => void): RequestFrames
  onEnd(): void
}

export class ServerConnection {
  readonly #stream: Duplex
  readonly #options: ConnectionOptions
  readonly #frames: RequestFrames
  /** Only sockets can be closed to make room for others: who holds a serial port wants it served for ever. */
  readonly isSocket: boolean
  /** When the last whole request came, or the connection itself; on the monotonic clock. */
  activeAt: number
  readonly #waiting: ServerRequest[] = []
  #busy = false
  #ended = false
  /** The far side does not take our answers; nothing more is read until it does. */
  #blocked = false
  /** It had its share of this turn of the event loop. */
  #yielding = false
  #written: Uint8Array[] = []

  constructor(stream: Duplex, options: ConnectionOptions) {
    this.#stream = stream
    this.#options = options
    this.#frames = options.frames(() => this.#pull())
    this.isSocket = stream instanceof Socket
    this.activeAt = options.clock.monotonic()
    stream.on('data', (chunk: Uint8Array) => this.#received(chunk))
    stream.on('error', () => this.end('reset'))
    stream.on('end', () => this.end('close'))
    stream.on('close', () => this.end('close'))
    stream.on('drain', () => {
      this.#blocked = false
      this.#pull()
    })
  }

  /** Ends the connection; what is being answered is forgotten. */
  end(how: 'close' | 'reset'): void {
    if (this.#ended) return
    this.#write()
    this.#ended = true
    this.#waiting.length = 0
    this.#frames.close()
    this.#options.onEnd()
    if (how === 'reset') reset(this.#stream)
    else this.#endInOrder()
  }

  /** A far side that takes no bytes would keep the connection for ever. */
  #endInOrder(): void {
    const timer = this.#options.clock.after(CLOSE_WITHIN_MS, () => this.#stream.destroy())
    this.#stream.end()
    this.#stream.once('finish', () => {
      timer.cancel()
      this.#stream.destroy()
    })
    this.#stream.once('close', () => timer.cancel())
  }

  #received(chunk: Uint8Array): void {
    if (this.#ended) return
    this.#frames.push(chunk)
    this.#pull()
  }

  /** Takes requests off the stream as long as there is room, answers them, then writes all answers at once. */
  #pull(): void {
    let left = MAX_A_TURN
    while (!this.#full && !this.#ended && left > 0) {
      const request = this.#next()
      if (request === undefined) break
      left--
      this.#options.stats.requests++
      this.activeAt = this.#options.clock.monotonic()
      if (this.#busy) this.#waiting.push(request)
      else this.#answer(request)
    }
    if (this.#ended) return
    this.#write()
    if (left === 0) this.#yield()
    if (this.#full) this.#stream.pause()
    else if (this.#stream.isPaused()) this.#stream.resume()
  }

  /** A flood of one client's is no reason for the others to wait. */
  #yield(): void {
    this.#yielding = true
    setImmediate(() => {
      this.#yielding = false
      this.#pull()
    })
  }

  #next(): ServerRequest | undefined {
    try {
      return this.#frames.next()
    } catch {
      // Framing is lost: nothing more can be understood on this connection.
      this.#options.stats.violations++
      this.end('close')
      return undefined
    }
  }

  get #full(): boolean {
    return this.#blocked || this.#yielding || this.#waiting.length >= MAX_WAITING
  }

  /** Answers at once where nothing has to be waited for. */
  #answer(request: ServerRequest): void {
    const fault = this.#options.answers.fault(request)
    const delayMs = (fault?.delayMs ?? 0) + this.#frames.answerDelayMs
    if (delayMs <= 0) return this.#produce(request, fault)
    this.#busy = true
    this.#options.clock.after(delayMs, () => this.#resume(() => this.#produce(request, fault)))
  }

  #produce(request: ServerRequest, fault: Fault | undefined): void {
    const answer = this.#options.answers.answer(request, fault)
    if (!(answer instanceof Promise)) return this.#finish(request, answer, fault)
    this.#busy = true
    void answer.then((late) => this.#resume(() => this.#finish(request, late, fault)))
  }

  /** A request that was waited for is done; goes on with those behind it. */
  #resume(produce: () => void): void {
    if (this.#ended) return
    this.#busy = false
    produce()
    while (!this.#busy && !this.#ended) {
      const next = this.#waiting.shift()
      if (next === undefined) break
      this.#answer(next)
    }
    this.#pull()
  }

  #finish(request: ServerRequest, pdu: AnswerPdu, fault: Fault | undefined): void {
    if (pdu !== undefined) {
      const frame = this.#frames.encode(request, pdu)
      this.#written.push(fault?.alter === undefined ? frame : fault.alter(frame))
    }
    if (fault?.then !== undefined) this.end(fault.then)
  }

  #write(): void {
    const answers = this.#written
    if (answers.length === 0) return
    this.#written = []
    if (this.#ended || !this.#stream.writable) return
    this.#blocked = !this.#stream.write(answers.length === 1 ? answers[0] : Buffer.concat(answers))
  }
}
