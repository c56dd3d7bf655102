/**
 * Failed sign-ins on record: each by itself, but no more than so many a minute, the rest as one line with their number, so that whoever
 * guesses passwords can neither hide nor fill the disk. A name that nobody has is left out: it is often a password in the wrong field.
 */
import type { Audit } from '../core/audit.ts'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Origin } from './accounts.ts'
import { placeOf } from './inside.ts'

const MOST_A_MINUTE = 60

export interface FailedSignIn {
  readonly action: string
  /** A user that there is, or `unknown`. */
  readonly user: string
  readonly from: Origin
  /** The code of the error. */
  readonly outcome: string
  readonly message?: string | undefined
}

export class SignInRecord {
  readonly #audit: Audit
  readonly #log: Log
  #written = 0
  #more = 0

  constructor(audit: Audit, log: Log) {
    this.#audit = audit
    this.#log = log
  }

  /** Never throws: what was refused stays refused, whatever the disk says. */
  async failed({ action, user, from, outcome, message }: FailedSignIn): Promise<void> {
    if (this.#written >= MOST_A_MINUTE) {
      this.#more++
      return
    }
    this.#written++
    await this.#write({
      action,
      user,
      from: placeOf(from),
      trace: from.trace,
      outcome,
      details: message === undefined ? undefined : { message },
    })
  }

  /** Once a minute. */
  async minute(): Promise<void> {
    const more = this.#more
    this.#written = 0
    this.#more = 0
    if (more === 0) return
    this.#log.warn({ more }, 'Many sign-ins failed within a minute; they are one line of the audit.')
    await this.#write({
      action: 'sign-in',
      user: 'unknown',
      from: 'http',
      outcome: 'SIGN_IN_FAILED',
      details: { more },
    })
  }

  async #write(event: Omit<Parameters<Audit['record']>[0], 'object'>): Promise<void> {
    try {
      await this.#audit.record({ ...event, object: 'accounts' })
    } catch (error) {
      this.#log.error({ error: messageOf(error) }, 'A failed sign-in could not be put on record.')
    }
  }
}
