/**
 * One unit of a device as SunSpec sees it: walked at the first read, recognised after each reconnect, walked anew when it is
 * another. One call of `advance` is one request, so that others get their turns on the line.
 */
import type { Clock } from '../../../core/clock.ts'
import { isAbort } from '../../../core/errors.ts'
import { Status, type StatusCode } from '../../../core/status.ts'
import { ModbusException } from '../../../protocols/modbus/index.ts'
import { Backoff } from '../../../wire/backoff.ts'
import { statusOfFailure } from '../outcome.ts'
import { BASES, recognise, walk, type Directory, type Seen, type Wanted } from './directory.ts'

/** Reads holding registers: the bytes of the reply, without its head. Rejects as `ModbusClient.request` does. */
export type ReadRegisters = (unit: number, address: number, count: number, signal: AbortSignal) => Promise<Uint8Array>

/** What a request of the walk led to: more to ask, all known, or why not (`asked`: whether there was a request). */
export type Progress =
  'again' | 'ready' | { readonly status: StatusCode; readonly reason: string; readonly asked: boolean }

type Search = Generator<Wanted, Directory | boolean | undefined, Seen>

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

  /** At most one request. Throws only when the connection is lost or the caller gives up. */
  async advance(signal: AbortSignal): Promise<Progress> {
    if (this.isReady) return 'ready'
    if (this.#clock.monotonic() < this.#askAt) return { ...this.#failure!, asked: false }
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
    const { address, count } = this.#wanted!
    let seen: Seen
    try {
      seen = await this.#read(this.id, address, count, signal)
    } catch (error) {
      if (!isRefusal(error)) return this.#failed(statusOfFailure(error), reasonOf(error, address))
      seen = 'refused'
    }
    this.#silent = 0
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

  #settle(found: Directory | boolean | undefined): Progress {
    this.#search = undefined
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
  #failed(status: StatusCode, reason: string): Progress {
    this.#failure = { status, reason }
    this.#silent = status === Status.BadTimeout ? this.#silent + 1 : 0
    if (this.#silent >= SILENT_REQUESTS) this.#pause()
    return { status, reason, asked: true }
  }

  #pause(): void {
    this.#askAt = this.#clock.monotonic() + this.#pauses.next()
  }
}

/** The device answers, but not with these registers; some answer 04 where 02 is meant. */
const isRefusal = (error: unknown): boolean => error instanceof ModbusException && error.exceptionCode <= 4

const reasonOf = (error: unknown, address: number): string =>
  `the walk through the SunSpec models stopped at hr:${address}: ${error instanceof Error ? error.message : String(error)}`
