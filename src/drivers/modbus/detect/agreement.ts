/**
 * Does a value agree with what a person reads off the device: as it stands, or once it is scaled, as registers often are (tenths,
 * hundredths, thousands, seconds for hours, kilojoules for watt-hours)?
 */

/** How a raw value becomes what the person reads: `reading = raw × factor`. */
export interface Agreement {
  readonly factor: number
  /** In words: `as it stands`, `× 0.1`. */
  readonly text: string
}

/** In the order in which they are met. */
const FACTORS: readonly (readonly [factor: number, text: string])[] = [
  [1, 'as it stands'],
  [0.1, '× 0.1'], [0.01, '× 0.01'], [0.001, '× 0.001'], [10, '× 10'], [100, '× 100'], [1000, '× 1000'],
  [0.0001, '× 0.0001'], [1e-6, '× 0.000001'], [1e6, '× 1000000'],
  [1 / 3.6, '÷ 3.6 (kJ to Wh, km/h to m/s)'], [3.6, '× 3.6 (m/s to km/h)'], [1 / 3600, '÷ 3600 (seconds to hours)'],
] // prettier-ignore

/**
 * The factor by which one of the values gives the reading, within half of the reading's last digit and at least `tolerance`
 * of it; undefined: none does.
 */
export function agreementOf(values: readonly number[], reading: number, tolerance: number): Agreement | undefined {
  const allowed = Math.max(Math.abs(reading) * tolerance, lastDigit(reading) / 2) * (1 + 1e-9)
  for (const [factor, text] of FACTORS) {
    // Scaled by much, nearly every number comes near zero.
    if (factor !== 1 && reading === 0) return undefined
    if (values.some((value) => Math.abs(value * factor - reading) <= allowed)) return { factor, text }
  }
  return undefined
}

/** 0.1 for 21.5; 1 for whole numbers, because zeros at their end may be meant. */
function lastDigit(reading: number): number {
  const text = String(Math.abs(reading))
  const [mantissa = '', exponent = '0'] = text.split('e')
  const decimals = mantissa.split('.')[1]?.length ?? 0
  return Math.min(1, 10 ** (Number(exponent) - decimals))
}
