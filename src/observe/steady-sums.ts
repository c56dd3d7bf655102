/**
 * Counters that are sums over devices: those beyond the cap, all of a driver. Where a device goes its counts go with it, and one that joins
 * brings those it had; to a query a counter that falls has begun anew, and one that leaps has counted. So a sum goes on from where it was:
 * what was counted between the last scrape and the change is left out, and nothing is counted twice.
 */
interface Sum {
  /** Whom it was summed over. */
  of: string
  /** Between what is shown and the sum. */
  offset: number
  shown: number
}

export class SteadySums {
  readonly #sums = new Map<string, Sum>()

  /** `of`: another text whenever what is summed is over others than before. */
  over(of: string): (series: string, value: number) => number {
    return (series, value) => {
      let sum = this.#sums.get(series)
      if (sum === undefined) this.#sums.set(series, (sum = { of, offset: 0, shown: value }))
      if (sum.of !== of) {
        sum.of = of
        sum.offset = sum.shown - value
      }
      return (sum.shown = Math.max(sum.shown, value + sum.offset))
    }
  }
}
