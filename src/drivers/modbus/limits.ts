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

export class TableLimits {
  readonly #breaks: Break[] = []
  #longest = 0
  #length: LengthLimit | undefined
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

  /** A request of this length was answered. One that was said to be too long takes that back. */
  answered(length: number): void {
    if (length <= this.#longest) return
    const before = this.allowed
    this.#longest = length
    if (this.#length !== undefined && length >= this.#length.refused) this.#length = undefined
    if (this.allowed !== before) this.#onChange()
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
    this.#breaks.push(found)
    this.#onChange()
  }

  /** True when nothing that was learned speaks against reading `block` and `next` together. */
  mayJoin(block: Span, next: Span): boolean {
    if (this.#breaks.length === 0) return true
    const end = Math.max(block.offset + block.length, next.offset + next.length)
    return !this.#breaks.some(({ after, before }) => block.offset <= after && before < end)
  }

  /** True when a request of this block is known to be refused. */
  forbids({ offset, length }: Span): boolean {
    if (length > this.allowed) return true
    return this.#breaks.some(({ after, before }) => offset <= after && before < offset + length)
  }

  /** Begins anew. */
  forget(): void {
    this.#breaks.length = 0
    this.#longest = 0
    this.#length = undefined
    this.#onChange()
  }
}
