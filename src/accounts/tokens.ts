/**
 * API tokens: `bfr_` and 43 random letters (256 bits), and six that check them, so that a scanner of leaked secrets knows one and a
 * mistyped one needs no look into the file. Kept as a hash. A token never has more than whoever made it has now; expired is for good, even
 * when the clock goes back.
 */
import { randomBytes, randomInt } from 'node:crypto'
import type { Grant } from '../core/access.ts'
import { crc32c } from '../core/crc32c.ts'
import { GatewayError } from '../core/errors.ts'
import { PERMISSIONS, type Principal } from '../core/permissions.ts'
import type { Actor, Origin, TokenInfo, Tokens } from './accounts.ts'
import { sha256 } from './database.ts'
import { onRecord, requirePermission, type Inside } from './inside.ts'
import { bothOf, principalOf } from './rights.ts'
import { keyOf } from './users.ts'

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const SECRET_LENGTH = 43
const CHECK_LENGTH = 6
const TOKEN = /^bfr_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/
const MOST_TOKENS = 1000
const MOST_REMEMBERED = 2000
const LONGEST_NAME = 64
const MOST_PATTERNS = 1000

interface Row {
  readonly id: string
  readonly hash: string
  readonly name: string
  readonly owner: number | null
  readonly owner_name: string
  /** What the owner had when it was made, for owners that are in no file. */
  readonly owner_roles: string
  readonly grants: string
  readonly created: number
  readonly expires: number | null
  readonly used: number | null
  readonly used_from: string | null
  readonly ended: 'expired' | 'revoked' | null
  /** Of the owner now. */
  readonly roles: string | null
  readonly enabled: number | null
}

interface Live {
  readonly row: Row
  readonly principal: Principal
  used: number | null
  usedFrom: string | null
  isDirty: boolean
}

const SELECT = 'SELECT tokens.*, users.roles, users.enabled FROM tokens LEFT JOIN users ON users.id = tokens.owner'

/** Whether it looks like one of ours: a JWT does not. */
export const isApiToken = (text: string): boolean => text.startsWith('bfr_')

export class TokenTable implements Tokens {
  readonly #inside: Inside
  readonly #live = new Map<string, Live>()

  constructor(inside: Inside) {
    this.#inside = inside
  }

  find(token: string, from: Origin): Principal | undefined {
    const [, secret, check] = TOKEN.exec(token) ?? []
    if (secret === undefined || check !== checkOf(secret)) return undefined
    const hash = sha256(token)
    let live = this.#live.get(hash)
    if (live === undefined) {
      const row = this.#inside.db.one<Row>(`${SELECT} WHERE tokens.hash = ?`, hash)
      if (row === undefined) return undefined
      live = this.#enter(row)
    }
    const { row } = live
    const now = this.#inside.clock.now()
    if (stateOf(row, now) === 'expired' && row.ended === null) this.tidy()
    if (stateOf(row, now) !== 'valid' || row.enabled === 0) return undefined
    live.used = now
    live.usedFrom = from.address
    live.isDirty = true
    return live.principal
  }

  list(owner?: string): readonly TokenInfo[] {
    const now = this.#inside.clock.now()
    return this.#inside.db
      .all<Row>(`${SELECT} ORDER BY tokens.created DESC`)
      .filter((row) => owner === undefined || keyOf(row.owner_name) === keyOf(owner))
      .map((row) => this.#info(row, now))
  }

  async create(
    {
      name,
      grants,
      expiresAt,
    }: { readonly name: string; readonly grants: readonly Grant[]; readonly expiresAt: number | null },
    actor: Actor,
  ): Promise<{ readonly token: string; readonly info: TokenInfo }> {
    const { db, clock } = this.#inside
    const change = {
      action: 'token.create',
      object: `token ${name.slice(0, LONGEST_NAME)}`,
      after: { grants, expiresAt },
    }
    return onRecord(this.#inside, actor, change, () => {
      const { by } = actor
      if (by.kind === 'token') throw new GatewayError('FORBIDDEN', 'A token makes no tokens; sign in to make one.')
      this.#check(name, grants, expiresAt)
      for (const grant of grants) requireGrant(by, grant)
      const now = clock.now()
      const [secret, id] = [randomLetters(SECRET_LENGTH), randomBytes(6).toString('hex')]
      const token = `bfr_${secret}${checkOf(secret)}`
      db.transaction(() => {
        if (db.one<{ n: number }>('SELECT count(*) AS n FROM tokens WHERE ended IS NULL')!.n >= MOST_TOKENS)
          throw new GatewayError(
            'CONFLICT',
            `There are ${MOST_TOKENS} tokens, which is the most; revoke those not needed.`,
          )
        if (db.one('SELECT 1 AS taken FROM tokens WHERE name = ? AND ended IS NULL', name) !== undefined)
          throw new GatewayError('CONFLICT', `There is a token "${name}" already.`)
        const owner =
          by.kind === 'host' ? undefined : db.one<{ id: number }>('SELECT id FROM users WHERE key = ?', keyOf(by.name))
        // It would outlive what it comes from: nobody takes anything away from a certificate of a role.
        if (by.kind !== 'host' && owner === undefined)
          throw new GatewayError('FORBIDDEN', `${by.name} is no user here, and makes no tokens.`)
        db.run(
          'INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL)',
          id,
          sha256(token),
          name,
          owner?.id ?? null,
          by.kind === 'host' ? 'host' : by.name,
          JSON.stringify(by.roles),
          JSON.stringify(grants),
          now,
          expiresAt,
        )
        forgetOld()
      })
      return { token, info: this.#info(this.#byId(id)!, now) }
    })
    /** Ended ones stay to be looked at, but not for ever. */
    function forgetOld(): void {
      db.run(
        `DELETE FROM tokens WHERE ended IS NOT NULL AND id NOT IN
           (SELECT id FROM tokens WHERE ended IS NOT NULL ORDER BY created DESC LIMIT ${MOST_TOKENS})`,
      )
    }
  }

  async revoke(id: string, actor: Actor): Promise<void> {
    const { db } = this.#inside
    const row = this.#byId(id)
    const isOwn = row !== undefined && isPerson(actor.by) && keyOf(row.owner_name) === keyOf(actor.by.name)
    if (!isOwn) requirePermission(actor.by, 'accounts.manage')
    if (row === undefined) throw new GatewayError('NOT_FOUND', `There is no token "${id.slice(0, 64)}".`)
    if (row.ended !== null) return
    await onRecord(this.#inside, actor, { action: 'token.revoke', object: `token ${row.name}` }, () => {
      db.run("UPDATE tokens SET ended = 'revoked' WHERE id = ?", row.id)
      this.#inside.changed()
    })
  }

  /** Last uses, written now and then; what expired stays so. */
  tidy(): void {
    const { db, clock } = this.#inside
    const now = clock.now()
    const dirty = [...this.#live.values()].filter(({ isDirty }) => isDirty)
    const expired = db.one<{ n: number }>(
      'SELECT count(*) AS n FROM tokens WHERE expires <= ? AND ended IS NULL',
      now,
    )!.n
    if (dirty.length === 0 && expired === 0) return
    db.transaction(() => {
      for (const { row, used, usedFrom } of dirty)
        db.run('UPDATE tokens SET used = ?, used_from = ? WHERE id = ?', used, usedFrom, row.id)
      db.run("UPDATE tokens SET ended = 'expired' WHERE expires <= ? AND ended IS NULL", now)
    })
    for (const live of dirty) live.isDirty = false
    if (expired > 0) this.#live.clear()
  }

  forget(): void {
    this.tidy()
    this.#live.clear()
  }

  #byId(id: string): Row | undefined {
    return this.#inside.db.one<Row>(`${SELECT} WHERE tokens.id = ?`, id)
  }

  #enter(row: Row): Live {
    const { roles: table } = this.#inside
    const ownerRoles = JSON.parse(row.roles ?? row.owner_roles) as string[]
    const owned = row.owner_name === 'host' && row.owner === null ? ['admin'] : ownerRoles
    const rights = bothOf(table.rightsOfGrants(JSON.parse(row.grants) as Grant[]), table.rightsOf(owned))
    const principal = principalOf('token', `token ${row.name}`, [], rights, row.owner_name)
    const live: Live = { row, principal, used: row.used, usedFrom: row.used_from, isDirty: false }
    if (this.#live.size >= MOST_REMEMBERED) this.forget()
    this.#live.set(row.hash, live)
    return live
  }

  #check(name: string, grants: readonly Grant[], expiresAt: number | null): void {
    const refuse = (sentence: string) => {
      throw new GatewayError('INVALID_REQUEST', sentence)
    }
    if (!/^[\p{L}\p{N}][\p{L}\p{N} ._@+-]*$/u.test(name) || name.length > LONGEST_NAME)
      refuse('A token has a name of up to 64 letters, digits, blanks and . _ @ + -')
    if (grants.length === 0 || grants.some(({ permissions }) => permissions.length === 0))
      refuse('A token needs a permission.')
    if (expiresAt !== null && !(expiresAt > this.#inside.clock.now())) refuse('The token would have expired already.')
    for (const { permissions, devices, areas } of grants) {
      const unknown = permissions.find((permission) => !Object.hasOwn(PERMISSIONS, permission))
      if (unknown !== undefined) refuse(`There is no permission "${unknown.slice(0, 64)}".`)
      if ((devices?.length ?? 0) + (areas?.length ?? 0) > MOST_PATTERNS) refuse('These are too many devices and areas.')
      const whole = permissions.find((permission) => !PERMISSIONS[permission].scoped)
      if (whole !== undefined && (devices !== undefined || areas !== undefined))
        refuse(`"${whole}" cannot be limited to devices or areas.`)
    }
  }

  #info(row: Row, now: number): TokenInfo {
    const live = this.#live.get(row.hash)
    return {
      id: row.id,
      name: row.name,
      owner: row.owner_name,
      grants: JSON.parse(row.grants) as Grant[],
      createdAt: row.created,
      expiresAt: row.expires,
      lastUsedAt: live?.used ?? row.used,
      lastUsedFrom: live?.usedFrom ?? row.used_from,
      state: stateOf(row, now),
    }
  }
}

const stateOf = ({ ended, expires }: Row, now: number): TokenInfo['state'] =>
  ended ?? (expires !== null && expires <= now ? 'expired' : 'valid')

/** A limited grant is within what the owner has at each use; a whole one must be so from the start, or it would promise too much. */
function requireGrant(by: Principal, { permissions, devices, areas }: Grant): void {
  const isWhole = devices === undefined && areas === undefined
  for (const permission of permissions) {
    if (isWhole ? by.isWhole(permission) : by.may(permission)) continue
    const words = by.may(permission) ? `has "${permission}" for some devices only` : `has no permission "${permission}"`
    throw new GatewayError('FORBIDDEN', `${by.name} ${words}, and a token never has more than who makes it.`, {
      details: { permission },
    })
  }
}

/** By a password, the provider, or a certificate; the name of a certificate of a role is that of no user. */
const isPerson = ({ kind }: Principal): boolean => kind === 'user' || kind === 'certificate'

const randomLetters = (count: number): string =>
  Array.from({ length: count }, () => LETTERS[randomInt(LETTERS.length)]!).join('')

function checkOf(secret: string): string {
  let rest = crc32c(Buffer.from(secret, 'latin1'))
  let text = ''
  for (let at = 0; at < CHECK_LENGTH; at++) {
    text = LETTERS[rest % LETTERS.length]! + text
    rest = Math.floor(rest / LETTERS.length)
  }
  return text
}
