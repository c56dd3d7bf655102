/**
 * Requests out, replies in, on one connection: window, transaction ids, deadlines, matching. Kept lean because every poll
 * of every device runs through here: one timer for the connection, one write a turn, one object and one promise a request.
 * Clauses: Modbus Messaging on TCP/IP Implementation Guide V1.0b, 4.4 (client: transaction ids, time-outs, stray replies).
 */
import type { Duplex } from 'node:stream'
import type { Clock, Timer } from '../../core/clock.ts'
import { BusyError, GatewayError, NotConnectedError, messageOf } from '../../core/errors.ts'
import { Framer } from '../../wire/framer.ts'
import { violation } from '../../wire/reader.ts'
import { ModbusException, describeException } from './exception.ts'
import { MAX_PDU_BYTES } from './pdu/codec.ts'
import { describeFunction, replyMismatch } from './pdu/message.ts'
import { AbortWatch } from './abort-watch.ts'
import { MBAP_BYTES, mbapFormat, writeFrame } from './tcp.ts'
import { TransactionIds } from './transaction-ids.ts'

export interface ExchangeOptions {
  /** How many requests may be on the way at once, 1…4096; the rest wait here. Serial gateways often bear just 1. */
  readonly maxInFlight: number
  /** From when a request is sent until its reply. */
  readonly timeoutMs: number
  readonly clock: Clock
  /** Names the far side in error texts, e.g. `10.0.0.7:502`. */
  readonly name?: string
  /** How many requests may wait to be sent before the next is refused as BUSY; 10,000 where absent. */
  readonly maxQueued?: number
  /** Sees every chunk of bytes in either direction. */
  readonly trace?: ((direction: 'tx' | 'rx', bytes: Uint8Array) => void) | undefined
}

/** Counted from the start of the connection. */
export interface ExchangeStats {
  requests: number
  replies: number
  exceptions: number
  timeouts: number
  /** Replies to nothing that is outstanding: late, twice, or with another transaction id. They are dropped. */
  strays: number
  violations: number
  bytesSent: number
  bytesReceived: number
}

interface Pending {
  readonly unit: number
  readonly pdu: Uint8Array
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  readonly resolve: (pdu: Uint8Array) => void
  readonly reject: (error: unknown) => void
  transaction: number
  deadline: number
  /** `stats.strays` when it was sent. */
  strays: number
}

/** One connection's requests. `ModbusClient` gives it names; its calling rules are there. */
export class Exchange {
  readonly name: string
  readonly stats: ExchangeStats = {
    requests: 0,
    replies: 0,
    exceptions: 0,
    timeouts: 0,
    strays: 0,
    violations: 0,
    bytesSent: 0,
    bytesReceived: 0,
  }
  readonly #stream: Duplex
  readonly #options: ExchangeOptions
  readonly #framer = new Framer(mbapFormat)
  /** A frame that is followed by too few bytes to tell whether it ended where it said. */
  #unsure: { readonly bytes: Uint8Array; readonly start: number; readonly end: number } | undefined
  readonly #ids = new TransactionIds()
  /** By transaction id, in the order of sending. */
  readonly #sent = new Map<number, Pending>()
  /** Sent in this turn; written at its end. */
  #outgoing: Pending[] = []
  #queue: Pending[] = []
  #queueHead = 0
  #timer: Timer | undefined
  #timerAt = Infinity
  readonly #aborts = new AbortWatch(
    (signal) => this.#aborted(signal),
    () => new Set([...this.#sent.values(), ...this.#queue].map((pending) => pending.signal)),
  )
  #closeReason: Error | undefined
  #onClose: ((reason: Error) => void)[] = []
  readonly #flush = () => this.#write()

  constructor(stream: Duplex, options: ExchangeOptions) {
    if (!(options.maxInFlight >= 1 && options.maxInFlight <= 4096)) throw new RangeError('maxInFlight: 1 to 4096')
    this.#stream = stream
    this.#options = options
    this.name = options.name ?? 'device'
    stream.on('data', (chunk: Uint8Array) => this.#received(chunk))
    stream.on('error', (error) => this.#fail(this.#lost(`the connection broke (${messageOf(error)})`, error)))
    stream.on('end', () => this.#fail(this.#lost('the device closed the connection')))
    stream.on('close', () => this.#fail(this.#lost('the connection is closed')))
    if (stream.destroyed) this.#fail(this.#lost('the connection is closed'))
  }

  get closed(): boolean {
    return this.#closeReason !== undefined
  }

  get closeReason(): Error | undefined {
    return this.#closeReason
  }

  get inFlight(): number {
    return this.#sent.size + this.#queue.length - this.#queueHead
  }

  onClose(action: (reason: Error) => void): void {
    if (this.#closeReason === undefined) this.#onClose.push(action)
    else action(this.#closeReason)
  }

  close(): void {
    this.#fail(this.#lost('the connection was closed on this side'))
  }

  request(
    unit: number,
    pdu: Uint8Array,
    signal?: AbortSignal,
    timeoutMs = this.#options.timeoutMs,
  ): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const refusal = this.#refusal(unit, pdu, signal)
      if (refusal !== undefined) return reject(refusal)
      if (signal !== undefined) this.#aborts.watch(signal)
      const pending: Pending = { unit, pdu, timeoutMs, signal, resolve, reject, transaction: 0, deadline: 0, strays: 0 }
      if (this.#sent.size < this.#options.maxInFlight) this.#send(pending)
      else this.#queue.push(pending)
    })
  }

  #refusal(unit: number, pdu: Uint8Array, signal: AbortSignal | undefined): unknown {
    if (this.#closeReason !== undefined) return this.#closeReason
    if (signal?.aborted === true) return signal.reason
    if (pdu.length < 1 || pdu.length > MAX_PDU_BYTES) {
      return new GatewayError('INVALID_REQUEST', `${this.name}: PDU of ${pdu.length} bytes, 1 to ${MAX_PDU_BYTES} fit`)
    }
    if (!(unit >= 0 && unit <= 255))
      return new GatewayError('INVALID_REQUEST', `${this.name}: unit ${unit} is outside 0…255`)
    const queued = this.#queue.length - this.#queueHead
    if (queued < (this.#options.maxQueued ?? 10_000)) return undefined
    return new BusyError(`${this.name}: ${queued} requests wait already`, this.#options.timeoutMs)
  }

  #send(pending: Pending): void {
    pending.transaction = this.#ids.take(this.#sent)
    pending.deadline = this.#options.clock.monotonic() + pending.timeoutMs
    pending.strays = this.stats.strays
    this.#sent.set(pending.transaction, pending)
    if (pending.deadline < this.#timerAt) this.#arm(pending.deadline)
    // After the microtasks: what the replies of one chunk lead to leaves in one write.
    if (this.#outgoing.push(pending) === 1) process.nextTick(this.#flush)
  }

  #write(): void {
    // What was aborted since then is not sent.
    const outgoing = this.#outgoing.filter((pending) => this.#sent.get(pending.transaction) === pending)
    this.#outgoing = []
    if (outgoing.length === 0) return
    let length = 0
    for (const { pdu } of outgoing) length += MBAP_BYTES + pdu.length
    const bytes = Buffer.allocUnsafe(length)
    let at = 0
    for (const { transaction, unit, pdu } of outgoing) at = writeFrame(bytes, at, transaction, unit, pdu)
    this.stats.requests += outgoing.length
    this.stats.bytesSent += length
    this.#options.trace?.('tx', bytes)
    this.#stream.write(bytes)
  }

  #received(chunk: Uint8Array): void {
    this.stats.bytesReceived += chunk.length
    this.#options.trace?.('rx', chunk)
    this.#framer.push(chunk)
    try {
      this.#takeFrames()
    } catch (error) {
      this.stats.violations++
      this.#fail(this.#lost(`the device broke the framing: ${messageOf(error)}`, error))
      return
    }
    this.#sendQueued()
  }

  /**
   * A frame counts once what came after it begins like a frame too, or nothing came: a device that sends fewer bytes than it
   * announced has the beginning of its next reply in the place of the last values.
   */
  #takeFrames(): void {
    const framer = this.#framer
    let last = this.#unsure
    this.#unsure = undefined
    while (this.#closeReason === undefined && framer.next()) {
      const { bytes, start, end } = framer
      if (last !== undefined) this.#reply(last.bytes, last.start, last.end)
      last = { bytes, start, end }
    }
    if (last === undefined) return
    if (framer.pending > 0 && framer.pending < mbapFormat.headerBytes) this.#unsure = last
    else this.#reply(last.bytes, last.start, last.end)
  }

  #reply(bytes: Uint8Array, start: number, end: number): void {
    const transaction = bytes[start]! * 256 + bytes[start + 1]!
    const pending = this.#sent.get(transaction)
    if (pending === undefined) return this.#stray(transaction)
    this.#sent.delete(transaction)
    const body = start + MBAP_BYTES
    const problem =
      bytes[start + 6] === pending.unit
        ? replyMismatch(pending.pdu, bytes, body, end)
        : `reply is from unit ${bytes[start + 6]}, unit ${pending.unit} was asked`
    if (problem !== undefined) return this.#violated(pending, problem)
    this.stats.replies++
    if (bytes[body]! < 0x80) return pending.resolve(bytes.subarray(body, end))
    this.stats.exceptions++
    const code = bytes[body + 1]!
    pending.reject(
      new ModbusException(code, `${this.#label(pending)}: ${describeException(code)}`, { unit: pending.unit }),
    )
  }

  /** A reply to nothing outstanding. An id that was never sent cannot be a late reply: it is meant for the only request. */
  #stray(transaction: number): void {
    this.stats.strays++
    if (this.#ids.late(transaction) || this.#ids.wasUsed(transaction) || this.#sent.size !== 1) return
    const only = this.#sent.values().next().value!
    this.#sent.delete(only.transaction)
    this.#ids.retire(only.transaction)
    this.#violated(only, `reply has transaction id ${transaction}, ${only.transaction} was asked`)
  }

  #violated(pending: Pending, problem: string): void {
    this.stats.violations++
    pending.reject(violation(`${this.#label(pending)}: ${problem}`, { unit: pending.unit }))
  }

  #sendQueued(): void {
    while (this.#sent.size < this.#options.maxInFlight && this.#queueHead < this.#queue.length) {
      this.#send(this.#queue[this.#queueHead++]!)
    }
    if (this.#queueHead === this.#queue.length || this.#queueHead > 1024) {
      this.#queue = this.#queue.slice(this.#queueHead)
      this.#queueHead = 0
    }
  }

  #arm(deadline: number): void {
    this.#timer?.cancel()
    this.#timerAt = deadline
    this.#timer = this.#options.clock.after(Math.max(0, deadline - this.#options.clock.monotonic()), () => this.#due())
  }

  /** The timer stands at the deadline of some request, most often one that was answered long ago. */
  #due(): void {
    const now = this.#options.clock.monotonic()
    this.#timerAt = Infinity
    let next = Infinity
    for (const pending of this.#sent.values()) {
      if (pending.deadline <= now) this.#timedOut(pending)
      else if (pending.deadline < next) next = pending.deadline
    }
    if (next < this.#timerAt) this.#arm(next)
    this.#sendQueued()
  }

  #timedOut(pending: Pending): void {
    this.stats.timeouts++
    this.#sent.delete(pending.transaction)
    this.#ids.retire(pending.transaction)
    const strays = this.stats.strays - pending.strays
    const hint = strays === 0 ? '' : `; ${strays} replies with other transaction ids were dropped meanwhile`
    const message = `${this.#label(pending)}: no answer within ${pending.timeoutMs} ms${hint}`
    pending.reject(new GatewayError('TIMEOUT', message, { details: { unit: pending.unit } }))
  }

  #aborted(signal: AbortSignal): void {
    for (const pending of this.#sent.values()) {
      if (pending.signal !== signal) continue
      this.#sent.delete(pending.transaction)
      this.#ids.retire(pending.transaction)
      pending.reject(signal.reason)
    }
    const waiting = this.#queue.slice(this.#queueHead)
    for (const pending of waiting) if (pending.signal === signal) pending.reject(signal.reason)
    this.#queue = waiting.filter((pending) => pending.signal !== signal)
    this.#queueHead = 0
    this.#sendQueued()
  }

  #fail(reason: NotConnectedError): void {
    if (this.#closeReason !== undefined) return
    this.#closeReason = reason
    this.#timer?.cancel()
    this.#aborts.stop()
    this.#stream.destroy()
    const lost = [...this.#sent.values(), ...this.#queue.slice(this.#queueHead)]
    this.#sent.clear()
    this.#queue = []
    this.#queueHead = 0
    this.#outgoing = []
    for (const pending of lost) pending.reject(reason)
    const actions = this.#onClose
    this.#onClose = []
    for (const action of actions) action(reason)
  }

  #lost(why: string, cause?: unknown): NotConnectedError {
    return new NotConnectedError(`${this.name}: ${why}`, { details: { endpoint: this.name }, cause })
  }

  #label({ unit, pdu }: Pending): string {
    const address = pdu.length >= 3 && pdu[0]! < 43 ? ` at ${pdu[1]! * 256 + pdu[2]!}` : ''
    return `${this.name} unit ${unit}, ${describeFunction(pdu[0]!)}${address}`
  }
}
