/**
 * Whether a frame on a serial line is the reply that a request waits for. There is no transaction id (Modbus over Serial Line
 * Specification V1.02, 2.4.1), so a reply is told by its unit, its function, its length or repeated fields, its check and its
 * time:
 * - A late reply from another unit, to another function, of another count or (for writes) another address is told and passed
 *   over; the request waits on. One of the very same shape (as many registers of the same unit, or an
 *   exception of the same function) is told only by its time: what comes before the line was silent for the guard is dropped.
 *   A reply that is later still is taken for the next request's.
 * - Whole frames of other units and noise are passed over: the right reply may still come.
 * - Converters that hear themselves give back our own request first. Where the reply is the same bytes (writing one coil or
 *   register), earlier requests tell whether this line does so; where there was none, the first copy counts as the reply
 *   unless a second one follows within the guard.
 */
import { BROADCAST_UNIT, type LineFrame, type PassedOver } from './line-frames.ts'
import { replyMismatch } from './pdu/message.ts'
import type { Pending } from './request-queue.ts'

/** Whether our own requests are heard on this line; undefined: nothing has told yet. */
export class EchoMemory {
  heard: boolean | undefined
}

export class SerialReply {
  /** A copy of the request that is an echo or the reply; it is the reply if nothing more comes until then. */
  held: { readonly pdu: Uint8Array; readonly bytes: Uint8Array } | undefined
  heldUntil: number | undefined
  /** What came in place of the reply, and why it is none. */
  spoilt: { readonly problem: string; readonly bytes: Uint8Array } | undefined
  readonly #pending: Pending
  readonly #echoes: EchoMemory
  readonly #guardMs: number
  #echoed = false
  #problem: string | undefined
  #foreign = 0
  #foreignUnit = 0
  #noiseBytes = 0
  #noise = ''

  constructor(pending: Pending, echoes: EchoMemory, guardMs: number) {
    this.#pending = pending
    this.#echoes = echoes
    this.#guardMs = guardMs
  }

  /** Why what came is no answer, when time is up; undefined: nothing came that could have been one. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** What was passed over meanwhile, to be added to "no answer". */
  get hint(): string {
    const foreign =
      this.#foreign === 0 ? '' : `; ${this.#foreign} frames of other units (${this.#foreignUnit}) were passed over`
    const noise = this.#noiseBytes === 0 ? '' : `; noise was passed over (${this.#noise})`
    return foreign + noise
  }

  /** `answer`, `echo`, `held` (one of both, wait), or why it answers something else. */
  judge(frame: LineFrame, now: number): string {
    const { unit, pdu } = this.#pending
    if (frame.unit !== unit) return this.#other(frame.unit)
    if (unit === BROADCAST_UNIT) return this.#copy(false, frame, now)
    const problem = replyMismatch(pdu, frame.pdu, 0, frame.pdu.length)
    if (same(pdu, frame.pdu)) return this.#copy(problem === undefined, frame, now)
    if (problem !== undefined) return (this.#problem = problem)
    if (!this.#echoed) this.#echoes.heard = false
    return 'answer'
  }

  /** Bytes that were no frame. */
  note({ bytes, reason, damaged }: PassedOver): void {
    this.#noiseBytes += bytes.length
    this.#noise = reason
    if (damaged) this.#problem ??= reason
  }

  /** What begins like the reply is damaged. */
  spoil(problem: string, bytes: Uint8Array): void {
    this.spoilt = { problem, bytes: new Uint8Array(bytes) }
  }

  #other(unit: number): string {
    this.#foreign++
    this.#foreignUnit = unit
    return `a frame of unit ${unit}, unit ${this.#pending.unit} was asked`
  }

  /** The very bytes that we sent. */
  #copy(couldAnswer: boolean, { pdu, bytes }: LineFrame, now: number): string {
    const first = !this.#echoed
    this.#echoed = true
    if (!couldAnswer) {
      this.#echoes.heard = true
      return 'echo'
    }
    if (!first || this.#echoes.heard === false) {
      if (this.heldUntil !== undefined) this.#echoes.heard = true
      return 'answer'
    }
    if (this.#echoes.heard === true) return 'echo'
    this.held = { pdu: new Uint8Array(pdu), bytes: new Uint8Array(bytes) }
    this.heldUntil = now + this.#guardMs
    return 'held'
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
