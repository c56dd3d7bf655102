/**
 * What one table of one unit was found to bear: how many registers or bits a request, and where two neighbours are not read
 * together, because the addresses between them exist in no tag and break a block, or because the device's memory has a seam.
 */
import type { Span } from './plan.ts'

/** A block that covers both addresses is refused. */
export interface Break {
  /** The last address before the gap or seam. */
  readonly after: number
  /** The first address behind it; `after + 1` where there is nothing between them. */
  readonly before: number
  /** What the device answered, for people. */
  readonly evidence: string
  /** ms since 1970. */
  readonly at: number
}

/** Requests of `refused` registers or bits are refused for their length; those of `longest` are answered. */
export interface LengthLimit {
  readonly longest: number
  readonly refused: number
  readonly evidence: string
  readonly at: number
}

/** What was learned is doubted an hour later and then once a day: new firmware may bear more. */
const FIRST_DOUBT_MS = 3_600_000
const DOUBT_MS = 24 * FIRST_DOUBT_MS

export class TableLimits {
  #breaks: readonly Break[] = []
  #longest = 0
  #length: LengthLimit | undefined
  /** When the next fact is doubted, monotonic ms, and which. */
  #doubtAt: number | undefined
  #doubt = 0
  readonly #onChange: () => void

  /** `onChange` is called whenever blocks have to be planned anew. */
  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  /** The longest request that was answered. */
  get longest(): number {
    return this.#longest
  }

  get length(): LengthLimit | undefined {
    return this.#length === undefined ? undefined : { ...this.#length, longest: this.#longest }
  }

  get breaks(): readonly Break[] {
    return this.#breaks
  }

  /**
   * How long a request may be: in the middle between what was answered and what was refused, so that a few requests find the
   * longest; Infinity while nothing was refused for its length.
   */
  get allowed(): number {
    if (this.#length === undefined) return Infinity
    return this.#longest + Math.ceil((this.#length.refused - 1 - this.#longest) / 2)
  }

  /** This was answered. What was said to be too long, or not to be read together, is taken back by it. */
  answered(offset: number, length: number): void {
    if (this.#breaks.length > 0) this.#rejoin(offset, offset + length)
    if (length <= this.#longest) return
    const before = this.allowed
    this.#longest = length
    if (this.#length !== undefined && length >= this.#length.refused) this.#length = undefined
    if (this.allowed !== before) this.#onChange()
  }

  /** What to ask for again although it was refused: one fact after the other, once a day; undefined: nothing now. */
  takeDoubt(now: number): Break | LengthLimit | undefined {
    const facts = [...(this.#length === undefined ? [] : [this.#length]), ...this.#breaks]
    if (facts.length === 0) return undefined
    this.#doubtAt ??= now + FIRST_DOUBT_MS
    if (now < this.#doubtAt) return undefined
    const fact = facts[this.#doubt++]
    if (this.#doubt < facts.length) return fact
    this.#doubt = 0
    this.#doubtAt = now + DOUBT_MS
    return fact
  }

  /** A request of `refused` is refused for its length, whereas its parts, of `longest` at most, were answered. */
  tooLong(longest: number, refused: number, evidence: string, at: number): void {
    if (this.#length !== undefined && this.#length.refused <= refused) return
    this.#length = { longest, refused, evidence, at }
    this.#longest = Math.min(Math.max(this.#longest, longest), refused - 1)
    this.#onChange()
  }

  /** The block is refused whenever it covers both addresses. */
  separate(found: Break): void {
    this.#breaks = [...this.#breaks, found]
    this.#onChange()
  }

  /** True when nothing that was learned speaks against reading `block` and `next` together. */
  mayJoin(block: Span, next: Span): boolean {
    if (this.#breaks.length === 0) return true
    const end = Math.max(block.offset + block.length, next.offset + next.length)
    return !this.#breaks.some(({ after, before }) => block.offset <= after && before < end)
  }

  /** True when a request of this block is known to be refused. */
  forbids(block: Span): boolean {
    return block.length > this.allowed || this.divides(block)
  }

  /** True when a gap or a seam lies in this block. */
  divides({ offset, length }: Span): boolean {
    return this.#breaks.some(({ after, before }) => offset <= after && before < offset + length)
  }

  #rejoin(from: number, end: number): void {
    const left = this.#breaks.filter(({ after, before }) => after < from || before >= end)
    if (left.length === this.#breaks.length) return
    this.#breaks = left
    this.#onChange()
  }

  /** Begins anew. */
  forget(): void {
    this.#breaks = []
    this.#longest = 0
    this.#length = undefined
    this.#onChange()
  }
}
