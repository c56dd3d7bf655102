/**
 * One connection of a server: frames in, answers out in the same order. Requests that come while one is being answered wait
 * in a bounded line; at the bound the stream is paused, so that a flood holds no memory.
 */
import type { Duplex } from 'node:stream'
import { Socket } from 'node:net'
import { Framer } from '../../wire/framer.ts'
import { ModbusException } from './exception.ts'
import { decodeRequest, encodeResponse } from './pdu/message.ts'
import type { Answer, Fault, ModbusServerOptions, ServerRequest, ServerStats } from './server.ts'
import { encodeFrame, mbapFormat, MBAP_BYTES } from './tcp.ts'

const MAX_WAITING = 256
const CLOSE_WITHIN_MS = 1000

export class ServerConnection {
  readonly #stream: Duplex
  readonly #number: number
  readonly #options: ModbusServerOptions
  readonly #stats: ServerStats
  readonly #onEnd: () => void
  readonly #framer = new Framer(mbapFormat)
  readonly #waiting: ServerRequest[] = []
  #busy = false
  #ended = false
  /** The far side does not take our answers; nothing more is read until it does. */
  #blocked = false
  #answers: Uint8Array[] = []

  constructor(stream: Duplex, number: number, options: ModbusServerOptions, stats: ServerStats, onEnd: () => void) {
    this.#stream = stream
    this.#number = number
    this.#options = options
    this.#stats = stats
    this.#onEnd = onEnd
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
    this.#onEnd()
    if (how === 'reset' && this.#stream instanceof Socket) this.#stream.resetAndDestroy()
    else if (how === 'reset') this.#stream.destroy()
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
    this.#framer.push(chunk)
    this.#pull()
  }

  /** Takes frames off the stream as long as there is room, answers them, then writes all answers at once. */
  #pull(): void {
    while (!this.#full && !this.#ended && this.#next()) this.#take()
    if (this.#ended) return
    this.#write()
    if (this.#full) this.#stream.pause()
    else if (this.#stream.isPaused()) this.#stream.resume()
  }

  #next(): boolean {
    try {
      return this.#framer.next()
    } catch {
      // Framing is lost: nothing more can be understood on this connection.
      this.#stats.violations++
      this.end('close')
      return false
    }
  }

  get #full(): boolean {
    return this.#blocked || this.#waiting.length >= MAX_WAITING
  }

  #take(): void {
    const { bytes, start, end } = this.#framer
    const request = {
      transaction: bytes[start]! * 256 + bytes[start + 1]!,
      unit: bytes[start + 6]!,
      pdu: bytes.subarray(start + MBAP_BYTES, end),
      connection: this.#number,
    }
    this.#stats.requests++
    if (this.#busy) this.#waiting.push(request)
    else this.#answer(request)
  }

  /** Answers at once where nothing has to be waited for. */
  #answer(request: ServerRequest): void {
    const fault = this.#fault(request)
    if (fault?.delayMs !== undefined && fault.delayMs > 0) {
      this.#busy = true
      this.#options.clock.after(fault.delayMs, () => this.#resume(() => this.#produce(request, fault)))
      return
    }
    this.#produce(request, fault)
  }

  #fault(request: ServerRequest): Fault | undefined {
    try {
      return this.#options.intercept?.(request)
    } catch (error) {
      this.#options.onError?.(error, request)
      return undefined
    }
  }

  #produce(request: ServerRequest, fault: Fault | undefined): void {
    if (fault?.silent === true) return this.#finish(undefined, fault)
    if (fault?.exception !== undefined) return this.#finish(this.#refuse(request, fault.exception), fault)
    const unit = this.#options.unit(request.unit)
    if (unit === undefined) {
      // Application protocol, clause 7: 0B, no response from the target device.
      return this.#finish(this.#options.unknownUnit === 'silent' ? undefined : this.#refuse(request, 11), fault)
    }
    let answer: Answer | Promise<Answer>
    try {
      answer = unit.answer(decodeRequest(request.pdu), request.pdu)
    } catch (error) {
      return this.#finish(this.#failed(request, error), fault)
    }
    if (!(answer instanceof Promise)) return this.#finish(this.#encode(request, answer), fault)
    this.#busy = true
    answer.then(
      (late) => this.#resume(() => this.#finish(this.#encode(request, late), fault)),
      (error: unknown) => this.#resume(() => this.#finish(this.#failed(request, error), fault)),
    )
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

  #finish(frame: Uint8Array | undefined, fault: Fault | undefined): void {
    if (frame !== undefined) this.#answers.push(fault?.alter === undefined ? frame : fault.alter(frame))
    if (fault?.then !== undefined) this.end(fault.then)
  }

  #encode(request: ServerRequest, answer: Answer): Uint8Array {
    try {
      return encodeFrame(
        request.transaction,
        request.unit,
        answer instanceof Uint8Array ? answer : encodeResponse(answer),
      )
    } catch (error) {
      return this.#failed(request, error)
    }
  }

  /** Malformed requests get exception 03, defects of the unit 04. */
  #failed(request: ServerRequest, error: unknown): Uint8Array {
    if (error instanceof ModbusException) return this.#refuse(request, error.exceptionCode)
    if (isViolation(error)) return this.#refuse(request, 3)
    this.#options.onError?.(error, request)
    return this.#refuse(request, 4)
  }

  #refuse(request: ServerRequest, code: number): Uint8Array {
    this.#stats.exceptions++
    return encodeFrame(request.transaction, request.unit, Uint8Array.of(request.pdu[0]! | 0x80, code))
  }

  #write(): void {
    const answers = this.#answers
    if (answers.length === 0) return
    this.#answers = []
    if (this.#ended || !this.#stream.writable) return
    this.#blocked = !this.#stream.write(answers.length === 1 ? answers[0] : Buffer.concat(answers))
  }
}

const isViolation = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'PROTOCOL_VIOLATION'
