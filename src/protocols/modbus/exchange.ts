/**
 * Requests out, replies in, on one connection: what all framings share. Which requests are refused, the queue, aborts, the end
 * of the connection, counting, tracing. How requests are sent and replies matched is in `pipelined-exchange.ts` (transaction
 * ids on TCP), `datagram-exchange.ts` (UDP) and `serial-exchange.ts` (RTU and ASCII, one at a time).
 */
import type { Duplex } from 'node:stream'
import type { Clock } from '../../core/clock.ts'
import type { TraceTap } from '../../core/driver.ts'
import { BusyError, GatewayError, NotConnectedError, messageOf } from '../../core/errors.ts'
import { violation } from '../../wire/reader.ts'
import { tapOf } from '../../wire/tap.ts'
import { mayBeReset, reset } from '../../wire/reset.ts'
import { AbortWatch } from './abort-watch.ts'
import { roleHint } from './client-role.ts'
import { ModbusException, describeException } from './exception.ts'
import { MAX_PDU_BYTES } from './pdu/codec.ts'
import { describeFunction } from './pdu/message.ts'
import { READ_FUNCTIONS } from './read-functions.ts'
import { RequestQueue, type Pending } from './request-queue.ts'

/** How PDUs are carried: `tcp` (also over TLS) and `udp` with transaction ids; `rtu` and `ascii` one request at a time. */
export type ModbusFraming = 'tcp' | 'udp' | 'rtu' | 'ascii'

export interface ExchangeOptions {
  /** `tcp` where absent. */
  readonly framing?: ModbusFraming | undefined
  /** How many requests may be on the way at once, 1…4096; the rest wait here. Always 1 on `rtu` and `ascii`. */
  readonly maxInFlight: number
  /** From when a request is sent until its reply. */
  readonly timeoutMs: number
  readonly clock: Clock
  /** Names the far side in error texts and traces, e.g. `10.0.0.7:502`. */
  readonly name?: string | undefined
  /** How many requests may wait to be sent before the next is refused as BUSY; 10,000 where absent. */
  readonly maxQueued?: number | undefined
  /** Sees the bytes that answer nothing: late replies, noise, frames of others. */
  readonly strays?: TraceTap | undefined
  /** Pause between a reply and the next request; 0 where absent. */
  readonly requestPauseMs?: number | undefined
  /** `rtu`, `ascii`: pause after a broadcast, in which the devices carry it out; 100 where absent. */
  readonly broadcastPauseMs?: number | undefined
  /** `rtu`, `ascii`: how long the line has to be silent after a time-out or garbage; 100 where absent. */
  readonly lateReplyGuardMs?: number | undefined
  /** `rtu`, `ascii`: bits a second of a serial port, for the silence of 3.5 characters; absent over a TCP gateway. */
  readonly baud?: number | undefined
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
  /** Frames whose CRC or LRC was wrong. */
  crcErrors: number
  /** Whole frames of other units, which answer nothing here: another master's traffic, a wrong unit that answers. */
  foreign: number
  bytesSent: number
  bytesReceived: number
}

const ILLEGAL_FUNCTION = 0x01

/** We ended the connection ourselves, so that a write that was given up is not carried out later. The device may be well. */
export class AbandonedWriteError extends NotConnectedError {}

/** One connection's requests. `ModbusClient` gives it names; its calling rules are there. `start` before the first request. */
export abstract class Exchange {
  readonly name: string
  readonly stats: ExchangeStats = {
    requests: 0,
    replies: 0,
    exceptions: 0,
    timeouts: 0,
    strays: 0,
    violations: 0,
    crcErrors: 0,
    foreign: 0,
    bytesSent: 0,
    bytesReceived: 0,
  }
  /** For traces, e.g. `modbus/tcp`. */
  protected abstract readonly protocol: string
  protected readonly stream: Duplex
  protected readonly options: ExchangeOptions
  protected readonly clock: Clock
  protected readonly queue = new RequestQueue()
  readonly #aborts = new AbortWatch(
    (signal) => this.aborted(signal),
    () => new Set([...this.outstanding(), ...this.queue].map((pending) => pending.signal)),
  )
  #closeReason: Error | undefined
  #onClose: ((reason: Error) => void)[] = []

  constructor(stream: Duplex, options: ExchangeOptions) {
    this.stream = stream
    this.options = options
    this.clock = options.clock
    this.name = options.name ?? 'device'
  }

  /** Begins to listen to the stream. */
  start(): this {
    const { stream } = this
    tapOf(stream)?.listen((bytes) => this.received(bytes))
    stream.on('data', (chunk: Uint8Array) => this.received(chunk))
    stream.on('error', (error) => this.fail(this.lost(`the connection broke (${messageOf(error)})`, error)))
    stream.on('end', () => this.fail(this.lost('the device closed the connection')))
    stream.on('close', () => this.fail(this.lost('the connection is closed')))
    if (stream.destroyed) this.fail(this.lost('the connection is closed'))
    return this
  }

  get closed(): boolean {
    return this.#closeReason !== undefined
  }

  get closeReason(): Error | undefined {
    return this.#closeReason
  }

  abstract get inFlight(): number
  abstract get maxInFlight(): number
  abstract set maxInFlight(limit: number)

  onClose(action: (reason: Error) => void): void {
    if (this.#closeReason === undefined) this.#onClose.push(action)
    else action(this.#closeReason)
  }

  close(): void {
    this.fail(this.lost('the connection was closed on this side'))
  }

  request(
    unit: number,
    pdu: Uint8Array,
    signal?: AbortSignal,
    timeoutMs = this.options.timeoutMs,
    trace?: TraceTap,
    skip = 0,
  ): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const refusal = this.#refusal(unit, pdu, signal) ?? this.objection(unit, pdu)
      if (refusal !== undefined) return reject(refusal)
      if (signal !== undefined) this.#aborts.watch(signal)
      this.begin({
        unit,
        pdu,
        timeoutMs,
        signal,
        resolve,
        reject,
        skip,
        trace,
        sentAt: 0,
        sentTick: 0,
        transaction: 0,
        deadline: 0,
        strays: 0,
      })
    })
  }

  /** Sends it, or lets it wait. */
  protected abstract begin(pending: Pending): void
  protected abstract received(chunk: Uint8Array): void
  /** What was sent and is neither answered nor given up. */
  protected abstract outstanding(): Iterable<Pending>
  /** The connection is gone: forgets what was sent, cancels its timers. */
  protected abstract forget(): void
  /** Rejects with its reason what carries this signal, sent or waiting. */
  protected abstract aborted(signal: AbortSignal): void
  /** The request as it stood on the wire. */
  protected abstract frameOf(pending: Pending): Uint8Array

  /** Why a request cannot be sent with this framing. */
  protected objection(_unit: number, _pdu: Uint8Array): GatewayError | undefined {
    return undefined
  }

  #refusal(unit: number, pdu: Uint8Array, signal: AbortSignal | undefined): unknown {
    if (this.#closeReason !== undefined) return this.#closeReason
    if (signal?.aborted === true) return signal.reason
    if (pdu.length < 1 || pdu.length > MAX_PDU_BYTES) {
      return new GatewayError('INVALID_REQUEST', `${this.name}: PDU of ${pdu.length} bytes, 1 to ${MAX_PDU_BYTES} fit`)
    }
    if (!(unit >= 0 && unit <= 255))
      return new GatewayError('INVALID_REQUEST', `${this.name}: unit ${unit} is outside 0…255`)
    const queued = this.queue.length
    if (queued < (this.options.maxQueued ?? 10_000)) return undefined
    return new BusyError(`${this.name}: ${queued} requests wait already`, this.options.timeoutMs)
  }

  /** Notes the time for the trace, if there is one that is active. */
  protected stamp(pending: Pending): void {
    if (pending.trace?.active !== true) {
      pending.trace = undefined
      return
    }
    pending.sentAt = this.clock.now()
    pending.sentTick = this.clock.monotonic()
  }

  /** Settles a request with its reply, which was found to fit it. */
  protected answered(pending: Pending, pdu: Uint8Array): void {
    this.stats.replies++
    if (pdu[0]! < 0x80) return pending.resolve(pending.skip === 0 ? pdu : pdu.subarray(pending.skip))
    this.stats.exceptions++
    const code = pdu[1]!
    const hint = code === ILLEGAL_FUNCTION ? roleHint(this.stream) : undefined
    const words = hint === undefined ? describeException(code) : `${describeException(code)}, ${hint}`
    pending.reject(new ModbusException(code, `${this.label(pending)}: ${words}`, { unit: pending.unit }, hint))
  }

  /** Fails a request for what came in place of its reply. */
  protected violated(pending: Pending, problem: string, response?: Uint8Array): void {
    this.stats.violations++
    if (pending.trace !== undefined) this.traced(pending, response, problem)
    pending.reject(violation(`${this.label(pending)}: ${problem}`, { unit: pending.unit }))
  }

  /** Fails a request that was not answered. */
  protected unanswered(pending: Pending, hint: string): void {
    this.stats.timeouts++
    const problem = `no answer within ${pending.timeoutMs} ms${hint}`
    if (pending.trace !== undefined) this.traced(pending, undefined, problem)
    const message = `${this.label(pending)}: ${problem}`
    pending.reject(new GatewayError('TIMEOUT', message, { details: { unit: pending.unit } }))
    if (this.mayRunLate(pending)) return this.cancel(pending)
    // It would leave when nobody waits for it any more, a write too, and others would pile up behind it.
    if (this.stream.writableLength > 0) this.fail(this.lost('takes no more requests, the last one has not left'))
  }

  /** Gives up a request for its signal. */
  protected abandoned(pending: Pending): void {
    if (pending.trace !== undefined && pending.sentAt > 0) this.traced(pending, undefined, 'given up on this side')
    pending.reject(pending.signal?.reason)
  }

  /** It was sent and would change the device, and our kernel may still have it: it goes on trying while the cable is out. */
  protected mayRunLate({ pdu }: Pending): boolean {
    return !READ_FUNCTIONS.has(pdu[0]!) && mayBeReset(this.stream)
  }

  /** Nobody waits for this write any more: takes back what has not left, with all of the connection. */
  protected cancel(pending: Pending): void {
    const why = `${this.label(pending)}: given up without an answer; the connection was reset, so that it is not carried out later`
    this.fail(new AbandonedWriteError(why, { details: { endpoint: this.name } }))
  }

  /** Rejects everything and closes the stream, once. */
  protected fail(reason: NotConnectedError): void {
    if (this.#closeReason !== undefined) return
    this.#closeReason = reason
    this.#aborts.stop()
    const sent = [...this.outstanding()]
    if (reason instanceof AbandonedWriteError || sent.some((pending) => this.mayRunLate(pending))) reset(this.stream)
    else this.stream.destroy()
    const waiting = this.queue.remove()
    this.forget()
    for (const pending of sent) if (pending.trace !== undefined) this.traced(pending, undefined, reason.message)
    for (const pending of [...sent, ...waiting]) pending.reject(reason)
    const actions = this.#onClose
    this.#onClose = []
    for (const action of actions) action(reason)
  }

  protected lost(why: string, cause?: unknown): NotConnectedError {
    return new NotConnectedError(`${this.name}: ${why}`, { details: { endpoint: this.name }, cause })
  }

  /** `press-1 unit 7, Read Holding Registers (03) at 100`. */
  protected label({ unit, pdu }: Pending): string {
    const address = pdu.length >= 3 && pdu[0]! < 43 ? ` at ${pdu[1]! * 256 + pdu[2]!}` : ''
    return `${this.name} unit ${unit}, ${describeFunction(pdu[0]!)}${address}`
  }

  /** Hands a finished request to its trace; `response` is the trace's own. */
  protected traced(pending: Pending, response: Uint8Array | undefined, error: string | undefined): void {
    pending.trace?.exchange({
      protocol: this.protocol,
      endpoint: this.name,
      sentAt: pending.sentAt,
      request: this.frameOf(pending),
      receivedAt: response === undefined ? undefined : pending.sentAt + this.clock.monotonic() - pending.sentTick,
      response,
      error,
    })
  }

  /** Shows bytes that answer nothing to whoever wants to see them. */
  protected strayed(bytes: Uint8Array, why: string): void {
    const { strays } = this.options
    if (strays?.active !== true) return
    const now = this.clock.now()
    strays.exchange({
      protocol: this.protocol,
      endpoint: this.name,
      sentAt: now,
      request: undefined,
      receivedAt: now,
      response: new Uint8Array(bytes),
      error: why,
    })
  }
}
