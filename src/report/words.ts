/** Numbers and times of a report as people read them; times are UTC, or in the zone that is asked for. */
export interface Words {
  /** The zone of all times, by its name. */
  readonly zone: string
  time(ms: number): string
  day(ms: number): string
}

export function wordsIn(timeZone = 'UTC'): Words {
  const parts = { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' } as const
  const day = new Intl.DateTimeFormat('sv-SE', parts)
  const time = new Intl.DateTimeFormat('sv-SE', { ...parts, hour: '2-digit', minute: '2-digit' })
  return { zone: timeZone, time: (ms) => time.format(ms), day: (ms) => day.format(ms) }
}

/** Cut off, never rounded up: 99.9997 % is not 100 %. */
export function percent(ratio: number | undefined, digits = 3): string {
  if (ratio === undefined) return 'not measured'
  const factor = 10 ** digits
  return `${(Math.floor(ratio * 100 * factor + 1e-6) / factor).toFixed(digits)} %`
}

const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
] as const

/** The two largest parts: `2 h 5 min`. */
export function span(ms: number): string {
  let rest = Math.round(ms)
  const parts: string[] = []
  for (const [size, name] of UNITS) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) parts.push(`${count} ${name}`)
    if (parts.length === 2) break
  }
  return parts.length === 0 ? '0 s' : parts.join(' ')
}

export const seconds = (value: number): string =>
  value < 1 ? `${Math.round(value * 10_000) / 10} ms` : `${Math.round(value * 100) / 100} s`

export const count = (value: number): string => Math.round(value).toLocaleString('en-GB')
