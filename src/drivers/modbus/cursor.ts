/**
 * Reads an address text from left to right, and complains with the column at which it stopped and with what was probably meant.
 */
import { GatewayError } from '../../core/errors.ts'
import { LAST_OFFSET, type Area } from './address.ts'

/** The text and how far it has been read. */
export class Cursor {
  readonly #text: string
  #index: number

  constructor(text: string) {
    this.#text = text.trimEnd()
    this.#index = text.length - text.trimStart().length
  }

  get done(): boolean {
    return this.#index >= this.#text.length
  }

  get rest(): string {
    return this.#text.slice(this.#index)
  }

  looksLike(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#index
    return pattern.exec(this.#text) ?? undefined
  }

  take(pattern: RegExp): RegExpExecArray | undefined {
    const match = this.looksLike(pattern)
    if (match !== undefined) this.#index += match[0].length
    return match
  }

  /** The number in `digits`, which end `after` characters before the cursor. */
  number(digits: string, min: number, max: number, what: string, after = 0): number {
    const value = Number(digits)
    if (value >= min && value <= max) return value
    throw addressError(
      this.#text,
      this.#index - after - digits.length,
      `${what} ${digits} is not within ${min} to ${max}`,
    )
  }

  /** A number of table `area` that counts from 1, as the offset that counts from 0. */
  oneBased(digits: string, area: Area): number {
    if (Number(digits) !== 0) return this.number(digits, 1, LAST_OFFSET + 1, 'number') - 1
    return this.failBack(digits, 'this notation counts from 1', `${area}:0`)
  }

  error(problem: string, suggestion?: string): GatewayError {
    return addressError(this.#text, this.#index, problem, suggestion)
  }

  fail(problem: string, suggestion?: string): never {
    throw this.error(problem, suggestion)
  }

  /** Complains about `taken`, which ends at the cursor. */
  failBack(taken: string, problem: string, suggestion?: string): never {
    throw addressError(this.#text, this.#index - taken.length, problem, suggestion)
  }
}

/** The refusal of an address text, `index` being where it went wrong. */
function addressError(text: string, index: number, problem: string, suggestion?: string): GatewayError {
  const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`
  return new GatewayError('CONFIG_INVALID', `address '${text}', column ${index + 1}: ${problem}${hint}`, {
    details: { column: index + 1, ...(suggestion === undefined ? {} : { suggestion }) },
  })
}
