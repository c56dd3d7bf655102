/**
 * One unit of a device as SunSpec sees it: walked at the first read, recognised after each reconnect, walked anew when it is
 * another. One call of `advance` is one request, so that others get their turns on the line.
 */
import type { Clock } from '../../../core/clock.ts'
import { isAbort, messageOf } from '../../../core/errors.ts'
import { Status, type StatusCode } from '../../../core/status.ts'
import { ModbusException } from '../../../protocols/modbus/index.ts'
import { Backoff } from '../../../wire/backoff.ts'
import { failureOf } from '../outcome.ts'
import { BASES, recognise, walk, type Directory, type Seen, type Wanted } from './directory.ts'

/** Reads holding registers: the bytes of the reply, without its head. Rejects as `ModbusClient.request` does. */
export type ReadRegisters = (unit: number, address: number, count: number, signal: AbortSignal) => Promise<Uint8Array>

/** What a request of the walk led to: more to ask, all known, or why not. */
export type Progress = 'again' | 'ready' | NoProgress

export interface NoProgress {
  readonly status: StatusCode
  readonly reason: string
  /** Whether there was a request. */
  readonly asked: boolean
  /** No answer here, but other places are still to be asked. */
  readonly goesOn?: boolean
}

type Found = Directory | boolean | 'silent' | undefined
type Search = Generator<Wanted, Found, Seen>

/** Unanswered requests in a row after which a unit is asked only after pauses. */
const SILENT_REQUESTS = 3
const PAUSE_MIN_MS = 10_000
const PAUSE_MAX_MS = 300_000

export class SunSpecUnit {
  readonly id: number
  readonly #clock: Clock
  readonly #read: ReadRegisters
  readonly #pauses = new Backoff({ firstMs: PAUSE_MIN_MS, maxMs: PAUSE_MAX_MS })
  /** What was found; undefined until the walk has ended. A new walk makes a new one. */
  directory: Directory | undefined
  #search: Search | undefined
  #wanted: Wanted | undefined
  #isCertain = false
  #askAt = -Infinity
  /** Requests in a row that got no answer. */
  #silent = 0
  #failure: { readonly status: StatusCode; readonly reason: string } | undefined
  #underway: Promise<Progress> | undefined

  constructor(id: number, clock: Clock, read: ReadRegisters) {
    this.id = id
    this.#clock = clock
    this.#read = read
  }

  /** A new connection: it may be another device. */
  reconnected(): void {
    this.#isCertain = false
    this.#search = undefined
    this.#askAt = -Infinity
  }

  /** It was silent on a connection that others share: it may be another device. One request tells. */
  doubt(): void {
    this.reconnected()
  }

  get isReady(): boolean {
    return this.#isCertain && this.directory !== undefined
  }

  /** At most one request; none during a pause, unless somebody is `waiting` for it. Throws only when the connection is lost or the caller gives up. */
  async advance(signal: AbortSignal, waiting = false): Promise<Progress> {
    if (this.isReady) return 'ready'
    if (!waiting && this.#clock.monotonic() < this.#askAt) return { ...this.#failure!, asked: false }
    this.#underway ??= this.#step(signal).finally(() => (this.#underway = undefined))
    try {
      return await this.#underway
    } catch (error) {
      // Another poll of this unit gave up its request, not ours.
      if (isAbort(error) && !signal.aborted) return 'again'
      throw error
    }
  }

  async #step(signal: AbortSignal): Promise<Progress> {
    if (this.#search === undefined) this.#begin()
    const wanted = this.#wanted!
    let seen: Seen
    try {
      seen = await this.#read(this.id, wanted.address, wanted.count, signal)
    } catch (error) {
      if (!isRefusal(error, wanted)) return this.#missed(error, wanted)
      seen = 'refused'
    }
    this.#silent = 0
    return this.#next(seen)
  }

  /** No registers, and no refusal: the same is asked in the next cycle, or the next place where silence may be an answer. */
  #missed(error: unknown, { address, maybeSilent = false }: Wanted): Progress {
    const { kind, status } = failureOf(error)
    const failure = this.#failed(status, `${maybeSilent ? 'no marker "SunS" yet' : `the walk through the SunSpec models stopped at hr:${address}`}: ${messageOf(error)}`) // prettier-ignore
    if (kind !== 'silent' || !maybeSilent) return failure
    const progress = this.#next('silent')
    if (progress !== 'again') return progress
    // After each pause as many places are asked as before it.
    this.#silent %= SILENT_REQUESTS
    return { ...failure, goesOn: true }
  }

  #next(seen: Seen): Progress {
    const next = this.#search!.next(seen)
    if (next.done !== true) {
      this.#wanted = next.value
      return 'again'
    }
    return this.#settle(next.value)
  }

  #begin(): void {
    this.#search = this.directory === undefined ? walk() : recognise(this.directory)
    const first = this.#search.next('refused')
    if (first.done === true) {
      this.directory = undefined
      return this.#begin()
    }
    this.#wanted = first.value
  }

  #settle(found: Found): Progress {
    this.#search = undefined
    // The last silence is a failure already, and may have begun a pause.
    if (found === 'silent') {
      const { status, reason } = this.#failure!
      this.#failure = { status, reason: `${reason}; the unit answered at none of hr:${BASES.join(', ')}` }
      return { ...this.#failure, asked: true }
    }
    if (found === false) {
      this.directory = undefined
      return 'again'
    }
    if (found === undefined) {
      this.#pause()
      return this.#failed(
        Status.BadConfigurationError,
        `unit ${this.id} is no SunSpec device: no marker "SunS" at hr:${BASES.join(', ')}`,
      )
    }
    if (typeof found === 'object') this.directory = found
    this.#isCertain = true
    this.#pauses.reset()
    return 'ready'
  }

  /** The same request is sent again in the next cycle; after a few without an answer only after pauses. */
  #failed(status: StatusCode, reason: string): NoProgress {
    this.#failure = { status, reason }
    this.#silent = status === Status.BadTimeout ? this.#silent + 1 : 0
    if (this.#silent >= SILENT_REQUESTS) this.#pause()
    return { status, reason, asked: true }
  }

  #pause(): void {
    this.#askAt = this.#clock.monotonic() + this.#pauses.next()
  }
}

/** The device answers, but not with these registers: some say 04 where 02 is meant, and where nothing need be, any code will do. */
function isRefusal(error: unknown, { maybeSilent = false }: Wanted): boolean {
  if (!(error instanceof ModbusException)) return false
  return error.exceptionCode <= 4 || (maybeSilent && failureOf(error).kind === 'refused')
}

/** Not at its end: more places are to be asked. */
export const isUnderway = (progress: Progress): boolean =>
  progress === 'again' || (typeof progress === 'object' && progress.goesOn === true)
