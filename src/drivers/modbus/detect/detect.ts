/**
 * The byte-order detective: what do these registers mean? Every type in every order is judged by the whole story that it tells:
 * its own values, and what is then left to be said of the registers behind it. The shortest story is the most plausible one. What
 * a person knows (a reading, a range) decides before anything else. Pure: bytes in, findings out.
 */
import type { ByteOrder } from '../order.ts'
import { agreementOf, type Agreement } from './agreement.ts'
import { blankReason } from './blank.ts'
import { bitsOf } from './cost.ts'
import { interpret, type DetectedType, type Interpretation } from './interpretation.ts'
import { formatNumber } from './number-text.ts'
import { isUnused, reasonsOf } from './reasons.ts'

/** What a person knows about the value. */
export interface DetectionHints {
  /** What the device, its display or another instrument shows at this time. */
  readonly reading?: number | undefined
  /** How far a value may be from the reading, as a part of it; 0.005 where absent. */
  readonly tolerance?: number | undefined
  readonly low?: number | undefined
  readonly high?: number | undefined
}

/** A type in an order; some tell the same values and cannot be told apart by these reads. */
export interface TypeAndOrder {
  readonly type: DetectedType
  readonly order: ByteOrder
  readonly registers: number
}

export interface Finding extends TypeAndOrder {
  /** One a read. */
  readonly values: Interpretation['values']
  /** 0…100; all together are about 100. */
  readonly score: number
  readonly reasons: readonly string[]
  /** How the value becomes the reading that was given. */
  readonly agreement: Agreement | undefined
  /** Types and orders that show exactly the same values. */
  readonly same: readonly TypeAndOrder[]
}

export interface Detection {
  /** The most plausible first. */
  readonly findings: readonly Finding[]
  /** The outcome in a sentence or two, honest about what cannot be told. */
  readonly verdict: string
  /** How many of the first findings are about equally plausible. */
  readonly tied: number
  /** The first finding stands out: a tag may be made of it. */
  readonly settled: boolean
}

interface Judged {
  readonly interpretation: Interpretation
  readonly bits: number
  readonly agreement: Agreement | undefined
  readonly notes: readonly string[]
}

/** A reading that a person gave outweighs all else; scaled, a bit less. */
const DISAGREES_BITS = 400
const SCALED_BITS = 120
const OUT_OF_RANGE_BITS = 100
const UNUSED_BITS = 10
const ZERO_REST_BITS = 2
/** Who asks what registers mean asks seldom for those that hold zeros. */
const ALWAYS_ZERO_BITS = 6
/** Scores halve with so many bits more: a humble scale, because the bits are rough. */
const HALF_SCORE_BITS = 3
/** Findings that are no further apart than this are not told apart. */
const TIE_BITS = 3

/** Judges reads of the same 1, 2, 3 or 4 registers (big-endian bytes as on the wire), the oldest first; at least one. */
export function detect(reads: readonly Uint8Array[], hints: DetectionHints = {}): Detection {
  const available = Math.min(4, ...reads.map((bytes) => bytes.length >>> 1))
  if (!(available >= 1)) throw new RangeError('at least one read of one register')
  const rest = restBits(reads, available)
  const judged = [1, 2, 4]
    .filter((registers) => registers <= available)
    .flatMap((registers) =>
      interpret(reads, 0, registers).map((interpretation) => judge(interpretation, rest[registers]!, hints)),
    )
    .sort((a, b) => a.bits - b.bits)
  const grouped = groupSame(judged)
  const best = grouped[0]![0]!.bits
  const weights = grouped.map(([first]) => 2 ** (-(first!.bits - best) / HALF_SCORE_BITS))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  const findings = grouped.map((group, at) => findingOf(group, (weights[at]! / sum) * 100))
  const tied = grouped.filter(([first]) => first!.bits - best <= TIE_BITS).length
  const agrees = findings[0]!.agreement !== undefined
  const blank = agrees ? undefined : blankReason(reads)
  const settled = blank === undefined && tied === 1 && agrees === (hints.reading !== undefined)
  const verdict =
    blank === undefined
      ? verdictOf(findings, tied, reads, hints)
      : `${blank}. Read again when there is a value, or look at another address.`
  return { findings, tied, settled, verdict }
}

/**
 * The fewest bits for the registers from each position on, in whatever types tell them best. Zeros up to the end are told at
 * once: nothing uses these registers, so that they are no reason for a wider value.
 */
function restBits(reads: readonly Uint8Array[], available: number): number[] {
  const rest: number[] = []
  rest[available] = 0
  for (let first = available - 1; first >= 1; first--) {
    if (reads.every((bytes) => bytes.subarray(first * 2, available * 2).every((byte) => byte === 0))) {
      rest[first] = ZERO_REST_BITS
      continue
    }
    const widths = [1, 2].filter((registers) => first + registers <= available)
    rest[first] = Math.min(
      ...widths.flatMap((registers) =>
        interpret(reads, first, registers).map((one) => bitsOf(one) + rest[first + registers]!),
      ),
    )
  }
  return rest
}

function judge(interpretation: Interpretation, rest: number, hints: DetectionHints): Judged {
  const { reading, tolerance = 0.005, low, high } = hints
  const numbers = interpretation.values.filter((value) => value !== undefined && typeof value !== 'string').map(Number)
  const notes: string[] = []
  let bits = bitsOf(interpretation) + rest
  if (isUnused(interpretation)) bits += UNUSED_BITS
  if (numbers.length > 0 && numbers.every((number) => number === 0)) bits += ALWAYS_ZERO_BITS
  const agreement = reading === undefined ? undefined : agreementOf(numbers, reading, tolerance)
  if (agreement !== undefined) {
    if (agreement.factor !== 1) bits += SCALED_BITS
    notes.push(`${agreement.text} it is the reading ${formatNumber(reading!)}`)
  } else if (reading !== undefined) bits += DISAGREES_BITS
  const outside = numbers.filter((number) => number < (low ?? -Infinity) || number > (high ?? Infinity)).length
  if (outside > 0 || (numbers.length === 0 && (low !== undefined || high !== undefined))) bits += OUT_OF_RANGE_BITS
  if (outside > 0) notes.push(`outside ${low ?? '-∞'} … ${high ?? '∞'}`)
  else if (numbers.length > 0 && (low !== undefined || high !== undefined)) notes.push('within the range given')
  return { interpretation, bits, agreement, notes }
}

/** Those with the same values under their most plausible member. */
function groupSame(judged: readonly Judged[]): Judged[][] {
  const groups = new Map<string, Judged[]>()
  for (const one of judged) {
    const { values, type, order } = one.interpretation
    const isNone = values.every((value) => value === undefined)
    const key = isNone ? `${type} ${order}` : `${typeof values[0] === 'string'} ${values.map(String).join(' ')}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [one])
    else group.push(one)
  }
  return [...groups.values()]
}

function findingOf(group: readonly Judged[], score: number): Finding {
  const [{ interpretation, agreement, notes }] = group as [Judged]
  const { type, order, registers, values } = interpretation
  const same = group.slice(1).map(({ interpretation: other }) => ({
    type: other.type,
    order: other.order,
    registers: other.registers,
  }))
  return {
    type,
    order,
    registers,
    values,
    score: Math.round(score),
    reasons: [...notes, ...reasonsOf(interpretation)],
    agreement,
    same,
  }
}

function verdictOf(
  findings: readonly Finding[],
  tied: number,
  reads: readonly Uint8Array[],
  { reading }: DetectionHints,
): string {
  const [best] = findings as [Finding]
  const moved = reads.some((bytes) => Buffer.compare(bytes, reads[0]!) !== 0)
  const again = moved
    ? 'read for longer, or give a reading that you can see at the device'
    : 'read again when the value changes, or give a reading that you can see at the device'
  if (reading !== undefined && best.agreement === undefined)
    return `Nothing here gives the reading ${formatNumber(reading)}: check the address, and that it was read at the same time.`
  if (tied > 1) {
    const names = findings.slice(0, tied).map(nameOf)
    return `${listed(names)} cannot be told apart yet: ${again}.`
  }
  const others = sameNames(best)
  const same =
    others.length === 0 ? '' : ` ${listed(others)} ${others.length === 1 ? 'shows' : 'show'} the same values so far.`
  const sure =
    reads.length > 1 || reading !== undefined
      ? ''
      : ' It is one read only: several while the value changes, or a reading that you can see at the device, make sure.'
  return `${nameOf(best)} is the most plausible.${same}${sure}`
}

const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`

/** What shows the same values as this finding, each name once: strings of any length have one. */
export const sameNames = (finding: Finding): string[] =>
  [...new Set(finding.same.map(nameOf))].filter((name) => name !== nameOf(finding))

/** `float32 CDAB`; one register has no words to swap. */
export const nameOf = ({ type, order, registers }: TypeAndOrder): string =>
  registers > 1 ? `${type} ${order}` : order === 'ABCD' ? type : `${type} ${order}`
