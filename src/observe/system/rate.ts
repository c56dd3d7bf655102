/** How fast a counter goes, over the last ten seconds or so: its readings at each turn, the oldest make room. */
const READINGS = 6

export class Rate {
  readonly #counts: number[] = []
  readonly #times: number[] = []

  /** `at`: monotonic ms. A counter that begins anew forgets what was before. */
  read(count: number, at: number): void {
    if (count < (this.#counts.at(-1) ?? 0)) this.#counts.length = this.#times.length = 0
    this.#counts.push(count)
    this.#times.push(at)
    if (this.#counts.length <= READINGS) return
    this.#counts.shift()
    this.#times.shift()
  }

  /** Per second; null before there are two readings. */
  get perSecond(): number | null {
    const last = this.#counts.length - 1
    if (last < 1) return null
    const ms = this.#times[last]! - this.#times[0]!
    return ms <= 0 ? null : roundRate(((this.#counts[last]! - this.#counts[0]!) * 1000) / ms)
  }
}

/** Three digits are enough for people. */
export const roundRate = (rate: number): number => Number(rate.toPrecision(4))
