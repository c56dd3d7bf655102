/**
 * Faults that a simulated device can be told to have, as text: `slow unit=2 ms=500`, `silent unit=1`,
 * `exception unit=1 code=2 from=100 to=109`, `rst`, `garbage`, `half`, `clear`. Without `unit` a fault concerns every unit.
 */
import type { Fault as WireFault, ServerRequest } from '../../src/protocols/modbus/index.ts'

const FAULT_KINDS = ['slow', 'silent', 'exception', 'rst', 'garbage', 'half'] as const

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

/** What the protocol's server shall do to this request; undefined when the fault does not concern it. */
export function toWireFault(fault: Fault, request: ServerRequest): WireFault | undefined {
  if (fault.unit !== undefined && fault.unit !== request.unit) return undefined
  switch (fault.kind) {
    case 'slow':
      return { delayMs: fault.ms }
    case 'silent':
      return { silent: true }
    case 'exception':
      return touches(fault, request.pdu) ? { exception: fault.code } : undefined
    case 'rst':
      // oxlint-disable-next-line unicorn/no-thenable -- it is the server's word for what happens next, nothing awaits it
      return { silent: true, then: 'reset' }
    case 'garbage':
      return { alter: () => GARBAGE }
    case 'half':
      // oxlint-disable-next-line unicorn/no-thenable -- it is the server's word for what happens next, nothing awaits it
      return { alter: (frame) => frame.subarray(0, frame.length >> 1), then: 'reset' }
  }
}

const GARBAGE = Buffer.from('\x7f\x80garbage on the line\xff\xfe', 'latin1')

function touches(fault: Fault, pdu: Uint8Array): boolean {
  if (pdu.length < 5) return false
  const address = (pdu[1]! << 8) | pdu[2]!
  const single = pdu[0] === 5 || pdu[0] === 6 || pdu[0] === 22
  const count = single ? 1 : (pdu[3]! << 8) | pdu[4]!
  return address <= fault.to && address + count > fault.from
}

function isFaultKind(text: string | undefined): text is FaultKind {
  return FAULT_KINDS.some((kind) => kind === text)
}
