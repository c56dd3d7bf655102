/** `1, 2, 5-8` as numbers. What is none stays as NaN, for the gateway to refuse with the place. */
export const numbersOf = (text: string): number[] =>
  text
    .split(/[\s,]+/)
    .filter((one) => one !== '')
    .flatMap((one) => {
      const [first = Number.NaN, last = first] = one.split('-').map(Number)
      const count = Math.min(256, Math.max(0, last - first)) + 1
      return Number.isFinite(count) ? Array.from({ length: count }, (_, at) => first + at) : [Number.NaN]
    })
