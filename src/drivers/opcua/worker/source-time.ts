/**
 * Whose time a sample has, and when that is not believed (users' complaint: a PLC whose clock fell back to 2000-01-01). The
 * server's clock is known from the header of its answers; while it is off by more than `maxSkew`, or a single sample lies
 * further ahead than that, samples get the time of their arrival if the options say so. It is never done in silence: the
 * device says so, and it is counted.
 */
import type { OpcuaOptions } from '../options.ts'

/** 1601-01-01 is the standard's "no time"; before 1970 no field device is right. */
const EARLIEST = 1
/** A clock that goes back by more than this was set, not corrected. */
const STEP_MS = 1000
/** How much of a new measurement counts: one late answer is no skew. */
const WEIGHT = 0.2

export interface Times {
  readonly sourceTimestamp: Date | null | undefined
  readonly serverTimestamp: Date | null | undefined
}

export class SourceTime {
  /** The server's clock before ours, ms; undefined: not known yet. */
  skewMs: number | undefined
  /** How often the server's clock went back. */
  resets = 0
  /** Samples that got the time of their arrival because theirs was not believed. */
  corrected = 0
  readonly #options: OpcuaOptions['timestamps']
  /** The last server time, and ours then by a clock that nobody sets. */
  #last: { readonly server: number; readonly monotonic: number } | undefined

  constructor(options: OpcuaOptions['timestamps']) {
    this.#options = options
  }

  /** An answer came with this time of the server; true when its clock was set back. */
  observe(server: Date | null | undefined, now: number, monotonic: number): boolean {
    const time = server?.getTime()
    if (time === undefined || !(time > EARLIEST)) return false
    const measured = time - now
    const last = this.#last
    const stepped = last !== undefined && Math.abs(time - last.server - (monotonic - last.monotonic)) > STEP_MS
    const back = last !== undefined && time - last.server < monotonic - last.monotonic - STEP_MS && time < last.server
    this.#last = { server: time, monotonic }
    this.skewMs = this.skewMs === undefined || stepped ? measured : this.skewMs + WEIGHT * (measured - this.skewMs)
    if (back) this.resets++
    return back
  }

  get isOff(): boolean {
    return this.skewMs !== undefined && Math.abs(this.skewMs) > this.#options.maxSkew
  }

  /** The time of a sample that arrived at `arrived`; ms since 1970. */
  of({ sourceTimestamp, serverTimestamp }: Times, arrived: number): number {
    const { use, onSkew, maxSkew } = this.#options
    if (use === 'gateway') return arrived
    const source = use === 'source' ? (sourceTimestamp?.getTime() ?? 0) : 0
    const time = source > EARLIEST ? source : (serverTimestamp?.getTime() ?? 0)
    if (!(time > EARLIEST)) return arrived
    if (onSkew === 'keep' || (!this.isOff && time <= arrived + maxSkew)) return time
    this.corrected++
    return arrived
  }
}
