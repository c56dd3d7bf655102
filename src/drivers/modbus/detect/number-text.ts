/** Numbers for people: as many digits as say something, powers of ten only where they must be. */

/** `21.53`, `1.2e-38`, `9007199254740993`. */
export function formatNumber(value: number | bigint, digits = 7): string {
  if (typeof value === 'bigint') return value.toString()
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value)
  const rounded = Number(value.toPrecision(digits))
  const size = Math.abs(rounded)
  return size !== 0 && (size < 1e-4 || size >= 1e15) ? rounded.toExponential() : String(rounded)
}
