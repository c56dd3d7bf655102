/**
 * Modbus on a serial line, RTU or ASCII, at a port or through a TCP gateway: one request at a time (Modbus over Serial Line
 * Specification V1.02, 2.4.1). There is no transaction id; what a reply is told by, and what cannot be told, is in
 * `serial-reply.ts`. Between a time-out and the next request the line has to be silent for `lateReplyGuardMs`; a request that
 * was given up keeps the line until its reply came or its time is up, so that the reply becomes nobody else's.
 */
import type { Duplex } from 'node:stream'
import type { Timer } from '../../core/clock.ts'
import { GatewayError } from '../../core/errors.ts'
import { AsciiFrames, encodeAsciiFrame } from './ascii.ts'
import { Exchange, type ExchangeOptions } from './exchange.ts'
import { BROADCAST_UNIT, type FrameFinder, type LineFrame, type PassedOver } from './line-frames.ts'
import type { Pending } from './request-queue.ts'
import { MAX_RTU_BYTES, RtuFrames, encodeRtuFrame } from './rtu.ts'
import { LineMemory, SerialReply } from './serial-reply.ts'
import { SerialTiming } from './serial-timing.ts'

const NOTHING = new Uint8Array(0)
/** Functions that ask for data: nobody answers a broadcast (V1.02, 2.1). */
const READS = new Set([1, 2, 3, 4, 7, 11, 12, 17, 20, 23, 24, 43])

/** The request that has the line. */
interface OnLine {
  readonly pending: Pending
  readonly reply: SerialReply
  /** Nobody waits for it any more. */
  abandoned: boolean
}

export class SerialExchange extends Exchange {
  protected readonly protocol: string
  readonly #encode: (unit: number, pdu: Uint8Array) => Uint8Array
  readonly #finder: FrameFinder
  readonly #timing: SerialTiming
  readonly #memory = new LineMemory()
  #current: OnLine | undefined
  /** When the last byte came, or ours had left. */
  #lineUsedAt = -Infinity
  /** How long the line has to be silent before the next request. */
  #quietMs = 0
  /** From when on the oldest waiting request could not be sent because the line is not silent. */
  #blockedSince: number | undefined
  #timer: Timer | undefined
  #timerAt = Infinity

  constructor(stream: Duplex, options: ExchangeOptions) {
    super(stream, options)
    const ascii = options.framing === 'ascii'
    this.protocol = ascii ? 'modbus/ascii' : 'modbus/rtu'
    this.#encode = ascii ? encodeAsciiFrame : encodeRtuFrame
    this.#finder = ascii ? new AsciiFrames() : new RtuFrames()
    this.#timing = new SerialTiming(options)
  }

  get inFlight(): number {
    return this.queue.length + (this.#current === undefined ? 0 : 1)
  }

  /** A line carries one request at a time, whatever is asked for. */
  get maxInFlight(): number {
    return 1
  }

  set maxInFlight(_limit: number) {
    // One it stays.
  }

  protected override objection(unit: number, pdu: Uint8Array): GatewayError | undefined {
    if (unit !== BROADCAST_UNIT || !READS.has(pdu[0]!)) return undefined
    return new GatewayError(
      'INVALID_REQUEST',
      `${this.name}: unit 0 is everybody, and nobody answers: it cannot be read`,
    )
  }

  protected begin(pending: Pending): void {
    this.queue.push(pending)
    if (this.#current === undefined) this.#turn()
  }

  protected received(chunk: Uint8Array): void {
    this.stats.bytesReceived += chunk.length
    this.#lineUsedAt = this.clock.monotonic()
    this.#finder.push(chunk)
    this.#takeFrames(false)
    this.#turn()
  }

  /** Does what is due, and sets the timer to what is due next. */
  #turn(): void {
    if (this.closed) return
    const now = this.clock.monotonic()
    if (this.#finder.pending > 0 && now >= this.#lineUsedAt + this.#timing.settleMs) this.#settled()
    if (this.#current !== undefined) this.#judge(this.#current, now)
    if (this.#current === undefined) this.#sendNext(now)
    this.#arm(now)
  }

  #arm(now: number): void {
    if (this.closed) return
    const next = this.#nextAt(now)
    if (next === this.#timerAt) return
    this.#timer?.cancel()
    this.#timerAt = next
    this.#timer =
      next === Infinity
        ? undefined
        : this.clock.after(Math.max(0, next - now), () => {
            this.#timerAt = Infinity
            this.#turn()
          })
  }

  #nextAt(now: number): number {
    const settled = this.#finder.pending > 0 ? this.#lineUsedAt + this.#timing.settleMs : Infinity
    const current = this.#current
    if (current === undefined) return this.queue.length > 0 ? Math.max(now, this.#sendableAt()) : settled
    if (current.reply.heldUntil !== undefined) return Math.min(settled, current.reply.heldUntil)
    const spoilt = current.reply.spoilt === undefined ? Infinity : this.#lineUsedAt + this.#timing.settleMs
    return Math.min(settled, spoilt, this.#deadline(current, now))
  }

  /** A reply whose bytes are coming in may end after the deadline, as far as the line's speed makes it. */
  #deadline({ pending }: OnLine, now: number): number {
    if (this.#finder.pending === 0 || now < pending.deadline) return pending.deadline
    const latest = pending.deadline + this.#timing.bytesMs(MAX_RTU_BYTES)
    return Math.min(latest, this.#lineUsedAt + this.#timing.settleMs)
  }

  #sendableAt(): number {
    return this.#lineUsedAt + this.#quietMs
  }

  #sendNext(now: number): void {
    const next = this.queue.peek()
    if (next === undefined) {
      this.#blockedSince = undefined
      return
    }
    if (now < this.#sendableAt()) return this.#blocked(next, now)
    this.#blockedSince = undefined
    this.queue.shift()
    this.#finder.silence()
    this.#takeFrames(true)
    this.#send(next, now)
  }

  /** A line that never falls silent fails its requests, one after the other. */
  #blocked(next: Pending, now: number): void {
    this.#blockedSince ??= now
    if (now < this.#blockedSince + next.timeoutMs + this.#quietMs) return
    this.#blockedSince = undefined
    this.queue.shift()
    this.violated(next, `not sent: the line was never silent for ${this.#quietMs} ms within ${next.timeoutMs} ms`)
    this.#sendNext(now)
  }

  #send(pending: Pending, now: number): void {
    const frame = this.#encode(pending.unit, pending.pdu)
    const sentAt = now + this.#timing.bytesMs(frame.length)
    const broadcast = pending.unit === BROADCAST_UNIT
    pending.deadline = sentAt + (broadcast ? this.#timing.broadcastPauseMs : pending.timeoutMs)
    if (pending.trace !== undefined) this.stamp(pending)
    this.#current = { pending, reply: new SerialReply(pending, this.#memory, this.#timing.guardMs), abandoned: false }
    this.#finder.expect(pending.unit, pending.pdu)
    this.#quietMs = this.#timing.pauseMs
    this.#lineUsedAt = sentAt
    this.stats.requests++
    this.stats.bytesSent += frame.length
    this.stream.write(frame)
  }

  /** Is the request that has the line at its end? */
  #judge(current: OnLine, now: number): void {
    const { pending, reply } = current
    if (reply.held !== undefined) {
      if (now >= reply.heldUntil!) this.#answer(current, reply.held)
      return
    }
    // An awaited reply that came damaged will not get better once the line is silent.
    if (reply.spoilt !== undefined && now >= this.#lineUsedAt + this.#timing.settleMs) return this.#giveUp(current)
    if (now < this.#deadline(current, now)) return
    if (pending.unit === BROADCAST_UNIT) return this.#broadcastDone(current)
    this.#finder.silence()
    this.#takeFrames(true)
    if (this.#current !== current) return
    this.#lineUsedAt = Math.max(this.#lineUsedAt, now)
    this.#giveUp(current)
  }

  /** No usable answer came. */
  #giveUp(current: OnLine): void {
    const { pending, reply } = current
    this.#release(this.#timing.guardMs)
    if (!reply.came) this.#memory.unanswered(pending.unit)
    if (current.abandoned) return
    if (reply.spoilt !== undefined) this.violated(pending, reply.spoilt.problem, reply.spoilt.bytes)
    else if (reply.problem === undefined) this.unanswered(pending, reply.hint)
    else this.violated(pending, `no usable answer within ${pending.timeoutMs} ms: ${reply.problem}`)
  }

  #broadcastDone(current: OnLine): void {
    this.#release(0)
    if (current.abandoned) return
    if (current.pending.trace !== undefined) this.traced(current.pending, NOTHING, undefined)
    current.pending.resolve(NOTHING)
  }

  /** Nothing more belongs to what came. */
  #settled(): void {
    this.#finder.silence()
    this.#takeFrames(true)
  }

  #takeFrames(silent: boolean): void {
    for (let found = this.#finder.next(); found !== undefined; found = this.#finder.next()) {
      if (found.kind === 'frame') this.#frame(found, silent)
      else this.#passed(found)
    }
  }

  #frame(frame: LineFrame, silent: boolean): void {
    const current = this.#current
    if (current === undefined) {
      this.#memory.settles(frame.unit)
      return this.#stray(frame, 'a late reply, or another master')
    }
    const { held } = current.reply
    const verdict = current.reply.judge(frame, this.clock.monotonic())
    const followed = verdict === 'answer' || verdict === 'held'
    if (followed && held?.copy === false) this.#stray({ ...frame, bytes: held.bytes }, 'a late reply')
    if (verdict === 'answer') return this.#answer(current, frame)
    if (verdict === 'echo' || verdict === 'held') return
    this.#stray(frame, verdict)
    // A frame that only the silence ended has a length that lies: it was the reply, and a wrong one.
    if (silent && frame.unit === current.pending.unit) current.reply.spoil(verdict, frame.bytes)
  }

  #stray(frame: LineFrame, why: string): void {
    if (frame.unit === this.#current?.pending.unit || this.#current === undefined) this.stats.strays++
    else this.stats.foreign++
    this.strayed(frame.bytes, why)
  }

  #passed(passed: PassedOver): void {
    if (passed.damaged) this.stats.crcErrors++
    const current = this.#current
    if (current === undefined) return this.strayed(passed.bytes, passed.reason)
    if (passed.awaited) return current.reply.spoil(passed.reason, passed.bytes)
    current.reply.note(passed)
    this.strayed(passed.bytes, passed.reason)
  }

  #answer(current: OnLine, { pdu, bytes }: { readonly pdu: Uint8Array; readonly bytes: Uint8Array }): void {
    const { pending } = current
    this.#memory.answered(pending.unit)
    this.#release(this.#timing.pauseMs)
    if (current.abandoned) {
      this.stats.strays++
      return this.strayed(bytes, 'a reply to a request that was given up')
    }
    if (pending.trace !== undefined) this.traced(pending, new Uint8Array(bytes), undefined)
    this.answered(pending, pdu)
  }

  #release(quietMs: number): void {
    this.#current = undefined
    this.#quietMs = quietMs
  }

  protected outstanding(): Iterable<Pending> {
    return this.#current === undefined || this.#current.abandoned ? [] : [this.#current.pending]
  }

  protected forget(): void {
    this.#timer?.cancel()
    this.#current = undefined
  }

  protected aborted(signal: AbortSignal): void {
    const current = this.#current
    const isOurs = current !== undefined && current.pending.signal === signal && !current.abandoned
    if (isOurs) {
      current.abandoned = true
      this.abandoned(current.pending)
    }
    for (const pending of this.queue.remove(signal)) this.abandoned(pending)
    if (isOurs && this.mayRunLate(current.pending)) this.cancel(current.pending)
    else this.#turn()
  }

  protected frameOf({ unit, pdu }: Pending): Uint8Array {
    return this.#encode(unit, pdu)
  }
}
