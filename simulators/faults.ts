/**
 * Faults that a simulated device can be told to have, as text: `slow unit=2 ms=500`, `silent unit=1`,
 * `exception unit=1 code=2 from=100 to=109`, `rst`, `garbage`, `half`, `clear`. Without `unit` a fault concerns every unit.
 */
export const FAULT_KINDS = ['slow', 'silent', 'exception', 'rst', 'garbage', 'half'] as const

export type FaultKind = (typeof FAULT_KINDS)[number]

export interface Fault {
  readonly kind: FaultKind
  /** Undefined: every unit. */
  readonly unit: number | undefined
  /** Delay of `slow`. */
  readonly ms: number
  /** Exception code of `exception`. */
  readonly code: number
  /** First and last address that `exception` concerns. */
  readonly from: number
  readonly to: number
}

/** One request as a fault looks at it. */
export interface FaultTarget {
  readonly unit: number
  readonly address: number
  readonly count: number
}

/** Parses the words after `fault`; throws an Error that says what is wrong. `clear` gives undefined. */
export function parseFault(text: string): Fault | undefined {
  const [kind, ...words] = text.trim().split(/\s+/)
  if (kind === 'clear') return undefined
  if (!isFaultKind(kind)) throw new Error(`unknown fault "${kind}": use ${FAULT_KINDS.join(', ')} or clear`)
  const settings = new Map<string, number>()
  for (const word of words) {
    const match = /^(unit|ms|code|from|to)=(\d+)$/.exec(word)
    if (match === null) throw new Error(`"${word}" is not one of unit=, ms=, code=, from=, to= with a whole number`)
    settings.set(match[1]!, Number(match[2]))
  }
  return {
    kind,
    unit: settings.get('unit'),
    ms: settings.get('ms') ?? 500,
    code: settings.get('code') ?? 2,
    from: settings.get('from') ?? 0,
    to: settings.get('to') ?? 65_535,
  }
}

/** True when the fault concerns this request. */
export function concerns(fault: Fault, target: FaultTarget): boolean {
  if (fault.unit !== undefined && fault.unit !== target.unit) return false
  if (fault.kind !== 'exception') return true
  return target.address <= fault.to && target.address + target.count > fault.from
}

function isFaultKind(text: string | undefined): text is FaultKind {
  return FAULT_KINDS.some((kind) => kind === text)
}
