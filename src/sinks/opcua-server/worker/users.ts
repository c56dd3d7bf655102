/**
 * Users of the server, from a file with a line each: `name:role:password hash` or `name:role:certificate:thumbprint`. The file is read
 * anew when it has changed, so that a user can be added or removed without a restart. Hashes are PHC strings, scrypt or argon2id.
 */
import { readFile, stat } from 'node:fs/promises'
import { messageOf } from '../../../core/errors.ts'
import { ROLE, type Role } from './access.ts'
import { isPasswordHash, verifyPassword } from '../../../core/password.ts'

export interface User {
  readonly name: string
  readonly role: Role
}

interface Known {
  readonly passwords: ReadonlyMap<string, User & { readonly hash: string }>
  /** By thumbprint: SHA-1 of the certificate, hexadecimal, capital letters. */
  readonly certificates: ReadonlyMap<string, User>
}

const NONE: Known = { passwords: new Map(), certificates: new Map() }

export class Users {
  readonly #file: string | undefined
  readonly #onFault: (sentence: string) => void
  #known: Known = NONE
  #stamp = ''

  /** `onFault`: hears of a file that cannot be used, each time that it has changed. */
  constructor(file: string | undefined, onFault: (sentence: string) => void) {
    this.#file = file
    this.#onFault = onFault
  }

  /** The user with this name and password; undefined: there is none. It takes as long either way. */
  async withPassword(name: string, password: string): Promise<User | undefined> {
    const user = (await this.#current()).passwords.get(name)
    const isRight = await verifyPassword(user?.hash, password)
    return user !== undefined && isRight ? user : undefined
  }

  /** Looks whether the file has changed. */
  async refresh(): Promise<void> {
    await this.#current()
  }

  /** As known now, without a look at the file. */
  named(name: string): User | undefined {
    return this.#known.passwords.get(name)
  }

  certified(thumbprint: string): User | undefined {
    return this.#known.certificates.get(thumbprint)
  }

  /** Reads the file where it has changed. One that cannot be read lets nobody in. */
  async #current(): Promise<Known> {
    if (this.#file === undefined) return NONE
    try {
      const { mtimeMs, size, ino } = await stat(this.#file)
      const stamp = `${mtimeMs} ${size} ${ino}`
      if (stamp !== this.#stamp) {
        this.#known = parseUsers(await readFile(this.#file, 'utf8'), (fault) =>
          this.#onFault(`${this.#file}: ${fault}`),
        )
        this.#stamp = stamp
      }
    } catch (error) {
      this.#known = NONE
      this.#stamp = ''
      this.#onFault(`the file of users cannot be read: ${messageOf(error)}`)
    }
    return this.#known
  }
}

/** A line that is wrong is told and left out; the others count. */
export function parseUsers(text: string, onFault: (sentence: string) => void): Known {
  const passwords = new Map<string, User & { hash: string }>()
  const certificates = new Map<string, User>()
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const [name = '', role = '', ...rest] = line.trim().split(':')
    const secret = rest.join(':')
    const thumbprint = /^certificate:\s*([0-9a-f][0-9a-f: ]*)$/i
      .exec(secret)?.[1]
      ?.replaceAll(/[: ]/g, '')
      .toUpperCase()
    if (name === '' || !Object.hasOwn(ROLE, role))
      onFault(`line ${at + 1}: expected name:role:… with role ${Object.keys(ROLE).join(' or ')}`)
    else if (thumbprint?.length === 40) certificates.set(thumbprint, { name, role: role as Role })
    else if (isPasswordHash(secret)) passwords.set(name, { name, role: role as Role, hash: secret })
    else
      onFault(
        `line ${at + 1}: neither a password hash ($scrypt$… or $argon2id$…) nor certificate: and a SHA-1 thumbprint`,
      )
  }
  return { passwords, certificates }
}
