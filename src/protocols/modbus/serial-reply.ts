/**
 * Whether a frame on a serial line is the reply that a request waits for. There is no transaction id (Modbus over Serial Line
 * Specification V1.02, 2.4.1), so a reply is told by its unit, its function, its length or repeated fields, its check and its
 * time:
 * - A late reply from another unit, to another function, of another length or (for writes) another address is told and passed
 *   over; the request waits on. One of the very same shape (as many registers of the same unit, or an exception of the same
 *   function) is told by its time only: what comes before the line was silent for the guard is dropped. While a unit owes
 *   answers, a reply of the right shape is held for the guard: if another one follows, the first was the late one. A late reply
 *   that is followed by nothing within the guard is taken for the answer.
 * - Whole frames of other units and noise are passed over: the right reply may still come.
 * - Converters that hear themselves give back our own request first. Where the reply is the same bytes (writing one coil or
 *   register), earlier requests tell whether this line does so; where there was none, the first copy counts as the reply
 *   unless a second one follows within the guard.
 */
import { BROADCAST_UNIT, type LineFrame, type PassedOver } from './line-frames.ts'
import { replyMismatch } from './pdu/message.ts'
import type { Pending } from './request-queue.ts'

/** What earlier requests have told about a line. */
export class LineMemory {
  /** Whether our own requests are heard on this line; undefined: nothing has told yet. */
  heard: boolean | undefined
  /** By unit: requests that were given up without an answer, which may come still. */
  readonly #owed = new Map<number, number>()

  /** A request to this unit was given up. */
  unanswered(unit: number): void {
    this.#owed.set(unit, (this.#owed.get(unit) ?? 0) + 1)
  }

  /** Something came from this unit that may be a late answer; true: one was owed. */
  settles(unit: number): boolean {
    const owed = this.#owed.get(unit)
    if (owed === undefined) return false
    if (owed === 1) this.#owed.delete(unit)
    else this.#owed.set(unit, owed - 1)
    return true
  }

  /** This unit has answered what it was asked: nothing older comes any more. */
  answered(unit: number): void {
    this.#owed.delete(unit)
  }
}

export class SerialReply {
  /** What may be an echo (`copy`) or a late reply; it is the answer if nothing more comes until then. */
  held: { readonly pdu: Uint8Array; readonly bytes: Uint8Array; readonly copy: boolean } | undefined
  heldUntil: number | undefined
  /** What came in place of the reply, and why it is none. */
  spoilt: { readonly problem: string; readonly bytes: Uint8Array } | undefined
  readonly #pending: Pending
  readonly #memory: LineMemory
  readonly #guardMs: number
  #echoed = false
  #problem: string | undefined
  #mismatched = false
  #foreign = 0
  #foreignUnit = 0
  #noiseBytes = 0
  #noise = ''

  constructor(pending: Pending, memory: LineMemory, guardMs: number) {
    this.#pending = pending
    this.#memory = memory
    this.#guardMs = guardMs
  }

  /** Why what came is no answer, when time is up; undefined: nothing came that could have been one. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** A reply came, useless as it was: no late one is to be expected. */
  get came(): boolean {
    return this.spoilt !== undefined || this.#mismatched
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
    const ours = same(pdu, frame.pdu)
    if (unit === BROADCAST_UNIT) return ours ? this.#copy(false, frame, now) : "another master's broadcast"
    const problem = replyMismatch(pdu, frame.pdu, 0, frame.pdu.length)
    if (ours) return this.#copy(problem === undefined, frame, now)
    const late = this.#memory.settles(unit)
    if (problem !== undefined) {
      this.#mismatched ||= !late
      return (this.#problem = problem)
    }
    // An echo may have been among what was damaged.
    const clean = this.#noiseBytes === 0 && this.spoilt === undefined
    if (!this.#echoed && clean) this.#memory.heard = false
    return late ? this.#hold(frame, now, false) : 'answer'
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
  #copy(couldAnswer: boolean, frame: LineFrame, now: number): string {
    const first = !this.#echoed
    this.#echoed = true
    if (!couldAnswer) {
      this.#memory.heard = true
      return 'echo'
    }
    if (!first || this.#memory.heard === false) {
      if (this.heldUntil !== undefined) this.#memory.heard = true
      return 'answer'
    }
    if (this.#memory.heard === true) return 'echo'
    return this.#hold(frame, now, true)
  }

  /** Until the guard is over, but never longer than that after the request's time. */
  #hold({ pdu, bytes }: LineFrame, now: number, copy: boolean): string {
    this.held = { pdu: new Uint8Array(pdu), bytes: new Uint8Array(bytes), copy }
    this.heldUntil = Math.min(now, this.#pending.deadline) + this.#guardMs
    return 'held'
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
