/**
 * Modbus TCP: several requests at once, matched by transaction id. Kept lean because every poll of every device runs through
 * here: one timer for the connection, one write a turn, one object and one promise a request. Only lost framing closes the
 * connection. Clauses: Modbus Messaging on TCP/IP Implementation Guide V1.0b, 4.4 (transaction ids, time-outs, stray replies).
 */
import type { Duplex } from 'node:stream'
import type { Timer } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import { Framer } from '../../wire/framer.ts'
import { Exchange, type ExchangeOptions } from './exchange.ts'
import { replyMismatch } from './pdu/message.ts'
import type { Pending } from './request-queue.ts'
import { MBAP_BYTES, encodeFrame, mbapFormat, writeFrame } from './tcp.ts'
import { TransactionIds } from './transaction-ids.ts'

const MAX_IN_FLIGHT = 4096
/** Bytes that a device adds to a reply, at most. */
const MOST_ADDED = 16
const NO_FRAME = [new Uint8Array(0), 0, 0] as const

export class PipelinedExchange extends Exchange {
  protected readonly protocol: string = 'modbus/tcp'
  /** What comes in was sent on this connection: a reply with an id that was never used is meant for somebody here. */
  protected readonly isPrivate: boolean = true
  readonly #framer = new Framer(mbapFormat)
  /** A frame that is followed by too few bytes to tell whether it ended where it said. */
  #unsure: { readonly bytes: Uint8Array; readonly start: number; readonly end: number } | undefined
  readonly #ids = new TransactionIds()
  /** By transaction id, in the order of sending. */
  readonly #sent = new Map<number, Pending>()
  /** Sent in this turn; written at its end. */
  #outgoing: Pending[] = []
  #limit: number
  /** When the last bytes came that left a frame unfinished. */
  #unfinishedAt = 0
  #timer: Timer | undefined
  #timerAt = Infinity
  readonly #pauseMs: number
  /** While it runs nothing is sent: the pause after a reply. */
  #pause: Timer | undefined
  readonly #flush = () => this.#writeOutgoing()

  constructor(stream: Duplex, options: ExchangeOptions) {
    super(stream, options)
    this.#limit = checkedLimit(options.maxInFlight)
    this.#pauseMs = options.requestPauseMs ?? 0
  }

  get inFlight(): number {
    return this.#sent.size + this.queue.length
  }

  get maxInFlight(): number {
    return this.#limit
  }

  /** A lower limit holds for what is sent from now on. */
  set maxInFlight(limit: number) {
    this.#limit = checkedLimit(limit)
    this.sendQueued()
  }

  protected begin(pending: Pending): void {
    if (this.#sent.size < this.#limit && this.#pause === undefined) this.#send(pending)
    else this.queue.push(pending)
  }

  #send(pending: Pending): void {
    pending.transaction = this.#ids.take(this.#sent)
    pending.deadline = this.clock.monotonic() + pending.timeoutMs
    pending.strays = this.stats.strays
    if (pending.trace !== undefined) this.stamp(pending)
    this.#sent.set(pending.transaction, pending)
    if (pending.deadline < this.#timerAt) this.#arm(pending.deadline)
    if (this.#limit === 1) return this.#writeNow(pending)
    // After the microtasks: what the replies of one chunk lead to leaves in one write.
    if (this.#outgoing.push(pending) === 1) process.nextTick(this.#flush)
  }

  /** One at a time: there is nothing that could leave together with it. */
  #writeNow(pending: Pending): void {
    this.stats.requests++
    this.write([pending])
  }

  #writeOutgoing(): void {
    // What was aborted since then is not sent.
    const outgoing = this.#outgoing.filter((pending) => this.#sent.get(pending.transaction) === pending)
    this.#outgoing = []
    if (outgoing.length === 0) return
    this.stats.requests += outgoing.length
    this.write(outgoing)
  }

  /** All of them in one write. */
  protected write(outgoing: readonly Pending[]): void {
    let length = 0
    for (const { pdu } of outgoing) length += MBAP_BYTES + pdu.length
    const bytes = Buffer.allocUnsafe(length)
    let at = 0
    for (const { transaction, unit, pdu } of outgoing) at = writeFrame(bytes, at, transaction, unit, pdu)
    this.stats.bytesSent += length
    this.stream.write(bytes)
  }

  protected received(chunk: Uint8Array): void {
    this.stats.bytesReceived += chunk.length
    this.#framer.push(chunk)
    const { replies } = this.stats
    try {
      this.#takeFrames()
    } catch (error) {
      this.stats.violations++
      if (!this.#resume(replies))
        return this.fail(this.lost(`the device broke the framing: ${messageOf(error)}`, error))
    }
    if (this.#framer.pending > 0) this.#unfinishedAt = this.clock.monotonic()
    this.sendQueued()
  }

  /**
   * A frame counts once what came after it begins like a frame too, or nothing came: a device that sends fewer bytes than it
   * announced has the beginning of its next reply in the place of the last values. Where only one reply can come there is no next.
   */
  #takeFrames(): void {
    const framer = this.#framer
    const unsure = this.#unsure
    this.#unsure = undefined
    let [bytes, start, end] = unsure === undefined ? NO_FRAME : [unsure.bytes, unsure.start, unsure.end]
    while (!this.closed && framer.next()) {
      if (end > 0) this.#reply(bytes, start, end)
      bytes = framer.bytes
      start = framer.start
      end = framer.end
      if (this.#sent.size > 1 || this.#ids.hasRetired) continue
      this.#reply(bytes, start, end)
      end = 0
    }
    if (end === 0) return
    // What was read is gone at the next read.
    if (framer.pending > 0 && framer.pending < mbapFormat.headerBytes)
      this.#unsure = { bytes: copy(bytes, start, end), start: 0, end: end - start }
    else this.#reply(bytes, start, end)
  }

  /**
   * Bytes that begin no frame, some devices add them to each reply (a CRC that has no place here): dropped, where what is behind them
   * is the reply that alone can come, or where none can come. `before`: replies before this chunk. False: nothing can be told.
   */
  #resume(before: number): boolean {
    if (this.closed || this.#sent.size > 1 || this.#ids.hasRetired) return false
    const [only] = this.#sent.values()
    if (only === undefined && this.stats.replies === before) return false
    const rest = this.#framer.rest()
    const begin = only === undefined ? rest.length : headerAt(rest, only)
    if (begin < 0) return false
    this.strayed(rest.subarray(0, begin), 'bytes after a reply that belong to no frame')
    this.#framer.push(rest.subarray(begin))
    try {
      this.#takeFrames()
    } catch {
      return false
    }
    return true
  }

  #reply(bytes: Uint8Array, start: number, end: number): void {
    const transaction = bytes[start]! * 256 + bytes[start + 1]!
    const pending = this.settle(transaction)
    if (pending === undefined) return this.unexpected(transaction, bytes.subarray(start, end))
    this.matched(pending, bytes, start, end)
  }

  /** A frame with the transaction id of this request. */
  protected matched(pending: Pending, bytes: Uint8Array, start: number, end: number): void {
    const body = start + MBAP_BYTES
    const problem =
      bytes[start + 6] === pending.unit
        ? replyMismatch(pending.pdu, bytes, body, end)
        : `reply is from unit ${bytes[start + 6]}, unit ${pending.unit} was asked`
    if (problem !== undefined) return this.violated(pending, problem, copy(bytes, start, end))
    if (pending.trace !== undefined) this.traced(pending, copy(bytes, start, end), undefined)
    this.answered(pending, kept(bytes, body, end))
  }

  /** The request with this id, no longer outstanding; undefined: there is none. */
  protected settle(transaction: number): Pending | undefined {
    const pending = this.#sent.get(transaction)
    if (pending === undefined) return undefined
    this.#sent.delete(transaction)
    if (this.#pauseMs > 0) this.#rest()
    return pending
  }

  /** A reply to nothing outstanding. An id that was never sent cannot be a late reply: it is meant for the only request. */
  protected unexpected(transaction: number, frame: Uint8Array): void {
    this.stats.strays++
    const late = this.#ids.late(transaction)
    const alone = this.isPrivate && !late && !this.#ids.wasUsed(transaction) && this.#sent.size === 1
    if (!alone) return this.strayed(frame, late ? 'a late reply' : 'a reply to nothing that was asked')
    const only = this.#sent.values().next().value!
    this.#sent.delete(only.transaction)
    this.#ids.retire(only.transaction)
    this.violated(only, `reply has transaction id ${transaction}, ${only.transaction} was asked`, new Uint8Array(frame))
  }

  #rest(): void {
    this.#pause?.cancel()
    this.#pause = this.clock.after(this.#pauseMs, () => {
      this.#pause = undefined
      this.sendQueued()
    })
  }

  /** Sends what waits, as far as limit and pause allow. */
  protected sendQueued(): void {
    if (this.#pause !== undefined) return
    while (this.#sent.size < this.#limit && this.queue.length > 0) this.#send(this.queue.shift()!)
  }

  #arm(deadline: number): void {
    this.#timer?.cancel()
    this.#timerAt = deadline
    this.#timer = this.clock.after(Math.max(0, deadline - this.clock.monotonic()), () => this.#due())
  }

  /** The timer stands at the deadline of some request, most often one that was answered long ago. */
  #due(): void {
    const now = this.clock.monotonic()
    this.#timerAt = Infinity
    let next = Infinity
    for (const pending of this.#sent.values()) {
      if (pending.deadline <= now) this.#timedOut(pending, now)
      else if (pending.deadline < next) next = pending.deadline
    }
    if (this.closed) return
    if (next < this.#timerAt) this.#arm(next)
    this.sendQueued()
  }

  #timedOut(pending: Pending, now: number): void {
    this.#sent.delete(pending.transaction)
    this.#ids.retire(pending.transaction)
    const cut = this.#cutFrame(pending.timeoutMs, now)
    const strays = this.stats.strays - pending.strays
    const dropped = strays === 0 ? '' : `; ${strays} replies with other transaction ids were dropped meanwhile`
    this.unanswered(pending, cut === undefined ? dropped : `${dropped}; ${cut}`)
    if (cut !== undefined) this.fail(this.lost(`the device broke the framing: ${cut}`))
  }

  /** A frame whose rest does not come: what the device says next would be taken for that rest, value after value. */
  #cutFrame(timeoutMs: number, now: number): string | undefined {
    const { pending } = this.#framer
    if (pending === 0 || (now - this.#unfinishedAt) * 2 < timeoutMs) return undefined
    return `a frame was cut off after ${pending} bytes`
  }

  protected aborted(signal: AbortSignal): void {
    let late: Pending | undefined
    for (const pending of this.#sent.values()) {
      if (pending.signal !== signal) continue
      this.#sent.delete(pending.transaction)
      this.#ids.retire(pending.transaction)
      this.abandoned(pending)
      if (this.mayRunLate(pending) && !this.#outgoing.includes(pending)) late = pending
    }
    for (const pending of this.queue.remove(signal)) this.abandoned(pending)
    if (late === undefined) this.sendQueued()
    else this.cancel(late)
  }

  protected outstanding(): Iterable<Pending> {
    return this.#sent.values()
  }

  protected forget(): void {
    this.#timer?.cancel()
    this.#pause?.cancel()
    this.#sent.clear()
    this.#outgoing = []
  }

  protected frameOf({ transaction, unit, pdu }: Pending): Uint8Array {
    return encodeFrame(transaction, unit, pdu)
  }
}

/** As `copy`, from the pool of small buffers. */
function kept(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const own = Buffer.allocUnsafe(end - start)
  own.set(bytes.subarray(start, end))
  return own
}

/** Where the header of the reply to this request begins, near the beginning; -1: it is not there. */
function headerAt(bytes: Uint8Array, { transaction, unit }: Pending): number {
  for (let at = 1; at <= MOST_ADDED && at + MBAP_BYTES <= bytes.length; at++) {
    const isOurs = bytes[at] === transaction >>> 8 && bytes[at + 1] === (transaction & 0xff) && bytes[at + 6] === unit
    if (isOurs && bytes[at + 2] === 0 && bytes[at + 3] === 0) return at
  }
  return -1
}

/** Not `slice`: that of a Buffer is a view. */
const copy = (bytes: Uint8Array, start: number, end: number) => new Uint8Array(bytes.subarray(start, end))

function checkedLimit(limit: number): number {
  if (!(limit >= 1 && limit <= MAX_IN_FLIGHT)) throw new RangeError(`maxInFlight: 1 to ${MAX_IN_FLIGHT}`)
  return limit
}
