/**
 * Passwords at rest: argon2id with the parameters of the OWASP Password Storage Cheat Sheet (19 MiB, 2 passes), as PHC strings. Each
 * takes 19 MiB and a thread while it is made, so that few are made at once, and a queue that is full says so.
 */
import * as crypto from 'node:crypto'
import { promisify } from 'node:util'
import { BusyError } from '../core/errors.ts'
import { verifyPassword as verifyHash } from '../core/password.ts'

const PARAMETERS = { memory: 19_456, passes: 2, parallelism: 1 } as const
const PREFIX = `$argon2id$v=19$m=${PARAMETERS.memory},t=${PARAMETERS.passes},p=${PARAMETERS.parallelism}$`
/** Node has four threads for this and for all files. */
const MOST_AT_ONCE = 2
/** At 40 ms each, whoever comes last waits for about two seconds. */
const MOST_WAITING = 100
/** Longer ones are refused before any work: NIST 800-63B asks for 64 at least. */
export const LONGEST_PASSWORD = 128
/** Checked where there is no such user, so that the answer takes as long. */
const NOBODY = `${PREFIX}AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA`

/** Makes and checks hashes, a few at a time. */
export class PasswordHasher {
  #running = 0
  readonly #waiting: (() => void)[] = []

  async hash(password: string): Promise<string> {
    const nonce = crypto.randomBytes(16)
    const argon2 = promisify(crypto.argon2)
    const key = await this.#inTurn(async () =>
      argon2('argon2id', { ...PARAMETERS, message: normal(password), nonce, tagLength: 32 }),
    )
    return `${PREFIX}${bare(nonce)}$${bare(Buffer.from(key))}`
  }

  /** Takes as long for undefined in place of a hash, and is never right then. */
  verify(hash: string | undefined, password: string): Promise<boolean> {
    const isSound = Array.from(password).length <= LONGEST_PASSWORD
    return this.#inTurn(
      async () => (await verifyHash(hash ?? NOBODY, isSound ? normal(password) : '')) && hash !== undefined && isSound,
    )
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= MOST_AT_ONCE) {
      if (this.#waiting.length >= MOST_WAITING)
        throw new BusyError('Too many people sign in at this moment.', 2000, { details: { retryAfterMs: 2000 } })
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else this.#running++
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }
}

/** Made with other parameters than are right now: to be made anew when the password is known. */
export const isOutdated = (hash: string): boolean => !hash.startsWith(PREFIX)

/** The same password from any keyboard (NIST 800-63B, 3.1.1.2). */
const normal = (password: string): string => password.normalize('NFKC')
const bare = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')
