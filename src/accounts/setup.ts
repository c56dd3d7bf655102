/**
 * The one-time token of the set-up: 100 random bits, new with each start that needs one, kept as a hash. It is printed once, on the
 * console, and dies with the first administrator, whoever made it.
 */
import { createHash, randomInt, timingSafeEqual } from 'node:crypto'

/** Crockford's base 32: no letter that is taken for another. */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const LENGTH = 20

export class SetupToken {
  readonly #hash: Buffer
  /** Until it was printed. */
  text: string | undefined

  constructor() {
    const letters = Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)]!).join('')
    this.text = letters.replace(/(.{5})(?=.)/g, '$1-')
    this.#hash = hashOf(letters)
  }

  /** In the same time for every wrong one. */
  matches(given: string): boolean {
    return timingSafeEqual(hashOf(toLetters(given)), this.#hash)
  }
}

/** As people type it. */
const toLetters = (given: string): string =>
  given.slice(0, 100).toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1')

const hashOf = (letters: string): Buffer => createHash('sha256').update(letters).digest()
