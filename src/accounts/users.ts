/** The users of the file, and what administrators do to them. The last administrator cannot be lost by a slip. */
import { BusyError, GatewayError } from '../core/errors.ts'
import type { Actor, Origin, UserInfo, Users } from './accounts.ts'
import { networkOf } from './lockout.ts'
import { onRecord, placeOf, requirePermission, requireCovers, type Inside } from './inside.ts'
import { passwordFault } from './password-rules.ts'
import type { SessionTable } from './sessions.ts'

const MOST_USERS = 10_000
/** Addresses of a user that strangers' failures do not count for; the oldest goes first. */
const MOST_KNOWN = 20
const KNOWN_MS = 30 * 86_400_000
/** In names of the audit these stand for something else. */
const RESERVED = new Set(['host', 'open', 'unknown', 'anonymous'])

export interface UserRow {
  readonly id: number
  readonly name: string
  readonly key: string
  readonly origin: 'local' | 'oidc'
  readonly subject: string | null
  readonly password: string | null
  /** JSON. */
  readonly roles: string
  readonly enabled: number
  readonly created: number
  readonly password_changed: number | null
  readonly last_sign_in: number | null
}

/** Users are found by it: case and width do not matter. */
export const keyOf = (name: string): string => name.slice(0, 256).normalize('NFKC').toLowerCase()
export const rolesOf = ({ roles }: Pick<UserRow, 'roles'>): string[] => JSON.parse(roles) as string[]

export class UserTable implements Users {
  readonly #inside: Inside
  readonly #sessions: SessionTable
  /** Whether somebody may be administrator without being in the file, by certificate or provider. */
  hasAdminElsewhere = false

  constructor(inside: Inside, sessions: SessionTable) {
    this.#inside = inside
    this.#sessions = sessions
  }

  row(name: string): UserRow | undefined {
    return this.#inside.db.one<UserRow>('SELECT * FROM users WHERE key = ?', keyOf(name))
  }

  bySubject(subject: string): UserRow | undefined {
    return this.#inside.db.one<UserRow>('SELECT * FROM users WHERE subject = ?', subject)
  }

  hasAdmin(): boolean {
    return this.hasAdminElsewhere || this.#admins().length > 0
  }

  list(): readonly UserInfo[] {
    const counts = new Map(
      this.#inside.db
        .all<{ user: number; n: number }>('SELECT user, count(*) AS n FROM sessions GROUP BY user')
        .map(({ user, n }) => [user, n]),
    )
    return this.#inside.db
      .all<UserRow>('SELECT * FROM users ORDER BY key')
      .map((row) => this.#info(row, counts.get(row.id) ?? 0))
  }

  get(name: string): UserInfo | undefined {
    const row = this.row(name)
    return row && this.#info(row, this.#sessions.count(row.id))
  }

  async add(
    { name, password, roles }: { name: string; password: string; roles: readonly string[] },
    actor: Actor,
  ): Promise<UserInfo> {
    const { roles: table, hasher } = this.#inside
    return onRecord(this.#inside, actor, { action: 'user.add', object: `user ${name}`, after: { roles } }, async () => {
      requirePermission(actor.by, 'accounts.manage')
      this.#checkRoles(roles)
      requireCovers(actor.by, roles, table)
      refuseFault(this.faultOf(name, password))
      if (this.row(name) !== undefined) throw taken(name)
      const hash = await hasher.hash(password)
      this.insert({ name, hash, roles })
      return this.get(name)!
    })
  }

  /** What is wrong with these for a new user. */
  faultOf(name: string, password: string): string | undefined {
    return userNameFault(name) ?? passwordFault(password, name)
  }

  /** Throws CONFLICT where the name is taken. With `onlyFirst` also where there is an administrator already. */
  insert(user: { name: string; hash: string; roles: readonly string[]; onlyFirst?: boolean }): UserRow {
    const { db, clock } = this.#inside
    const now = clock.now()
    db.transaction(() => {
      if (user.onlyFirst === true && this.#admins().length > 0) throw alreadySetUp()
      if (this.row(user.name) !== undefined) throw taken(user.name)
      this.#refuseTooMany()
      db.run(
        `INSERT INTO users (name, key, origin, password, roles, created, password_changed) VALUES (?, ?, 'local', ?, ?, ?, ?)`,
        user.name.normalize('NFKC'),
        keyOf(user.name),
        user.hash,
        JSON.stringify(user.roles),
        now,
        now,
      )
    })
    this.#inside.changed()
    return this.row(user.name)!
  }

  async resetPassword(name: string, password: string, actor: Actor): Promise<void> {
    const { db, clock, hasher, lockout } = this.#inside
    await this.#change('user.reset', name, actor, {}, async (row) => {
      if (row.origin !== 'local')
        throw new GatewayError('CONFLICT', `${row.name} signs in at the provider; the password is changed there.`)
      refuseFault(passwordFault(password, row.name))
      const hash = await hasher.hash(password)
      db.transaction(() => {
        db.run('UPDATE users SET password = ?, password_changed = ? WHERE id = ?', hash, clock.now(), row.id)
        this.#sessions.endOfUser(row.id)
      })
      lockout.forget(row.key)
    })
  }

  async changePassword(
    name: string,
    change: { readonly old: string; readonly new: string; readonly keep?: string | undefined },
    from: Origin,
  ): Promise<void> {
    const { db, clock, audit, hasher, lockout } = this.#inside
    const row = this.#existing(name)
    const record = (outcome: string) =>
      audit.record({
        action: 'user.password',
        object: `user ${row.name}`,
        user: row.name,
        from: placeOf(from),
        trace: from.trace,
        outcome,
      })
    if (row.password === null)
      throw new GatewayError('CONFLICT', `${row.name} signs in at the provider; the password is changed there.`)
    const attempt = { key: row.key, address: from.address, isKnown: true }
    const left = lockout.begin(attempt)
    if (left > 0) throw paused(left)
    if (!(await hasher.verify(row.password, change.old))) {
      await record('SIGN_IN_FAILED')
      throw new GatewayError('SIGN_IN_FAILED', 'The old password is wrong.')
    }
    lockout.succeeded(attempt)
    refuseFault(passwordFault(change.new, row.name))
    const hash = await hasher.hash(change.new)
    await record('requested')
    db.transaction(() => {
      const changed = db.run(
        'UPDATE users SET password = ?, password_changed = ? WHERE id = ? AND password = ?',
        hash,
        clock.now(),
        row.id,
        row.password,
      )
      if (changed === 0) throw new GatewayError('CONFLICT', 'Somebody else changed the password meanwhile.')
      this.#sessions.endOfUser(row.id, change.keep)
    })
    this.#inside.changed()
    await record('done')
  }

  async setRoles(name: string, roles: readonly string[], actor: Actor): Promise<UserInfo> {
    const { db, roles: table } = this.#inside
    return this.#change('user.role', name, actor, { roles }, (row) => {
      this.#checkRoles(roles)
      requireCovers(actor.by, roles, table)
      if (row.origin === 'oidc')
        throw new GatewayError('CONFLICT', `The roles of ${row.name} come from the provider (access.oidc.roles).`)
      db.transaction(() => {
        if (!roles.includes('admin')) this.#refuseLastAdmin(row)
        db.run('UPDATE users SET roles = ? WHERE id = ?', JSON.stringify(roles), row.id)
        this.#sessions.endOfUser(row.id)
      })
    })
  }

  async setEnabled(name: string, enabled: boolean, actor: Actor): Promise<UserInfo> {
    const { db } = this.#inside
    return this.#change(enabled ? 'user.enable' : 'user.disable', name, actor, { enabled }, (row) => {
      db.transaction(() => {
        if (!enabled) this.#refuseLastAdmin(row)
        db.run('UPDATE users SET enabled = ? WHERE id = ?', enabled ? 1 : 0, row.id)
        if (!enabled) this.#sessions.endOfUser(row.id)
      })
    })
  }

  async unlock(name: string, actor: Actor): Promise<void> {
    await this.#change('user.unlock', name, actor, {}, (row) => this.#inside.lockout.forget(row.key))
  }

  async remove(name: string, actor: Actor): Promise<void> {
    const { db } = this.#inside
    const row = this.#existing(name)
    const change = { action: 'user.remove', object: `user ${row.name}`, before: shown(row) }
    await onRecord(this.#inside, actor, change, () => {
      requirePermission(actor.by, 'accounts.manage')
      requireCovers(actor.by, rolesOf(row), this.#inside.roles)
      db.transaction(() => {
        this.#refuseLastAdmin(row)
        db.run("UPDATE tokens SET ended = 'revoked' WHERE owner = ? AND ended IS NULL", row.id)
        db.run('DELETE FROM users WHERE id = ?', row.id)
      })
      this.#inside.changed()
    })
  }

  /** Whoever the provider says it is; made with the first sign-in. Other sessions end when the roles are others than before. */
  upsertFromProvider(user: { subject: string; name: string; host: string; roles: readonly string[] }): UserRow {
    const { db, clock } = this.#inside
    const roles = JSON.stringify(user.roles)
    db.transaction(() => {
      const known = this.bySubject(user.subject)
      if (known !== undefined) {
        if (known.roles === roles) return
        db.run('UPDATE users SET roles = ? WHERE id = ?', roles, known.id)
        this.#sessions.endOfUser(known.id)
        return
      }
      this.#refuseTooMany()
      const name = this.#freeName(user.name, user.host)
      db.run(
        `INSERT INTO users (name, key, origin, subject, roles, created) VALUES (?, ?, 'oidc', ?, ?, ?)`,
        name,
        keyOf(name),
        user.subject,
        roles,
        clock.now(),
      )
    })
    this.#inside.changed()
    return this.bySubject(user.subject)!
  }

  isKnownAt(user: UserRow, address: string): boolean {
    const since = this.#inside.clock.now() - KNOWN_MS
    const sql = 'SELECT 1 AS is_known FROM known_addresses WHERE user = ? AND address = ? AND at > ?'
    return this.#inside.db.one(sql, user.id, networkOf(address), since) !== undefined
  }

  /** In a transaction. */
  noteSignIn(user: UserRow, address: string): void {
    const { db, clock } = this.#inside
    const now = clock.now()
    db.run('UPDATE users SET last_sign_in = ? WHERE id = ?', now, user.id)
    db.run('INSERT OR REPLACE INTO known_addresses VALUES (?, ?, ?)', user.id, networkOf(address), now)
    db.run(
      `DELETE FROM known_addresses WHERE user = ?1 AND address NOT IN
         (SELECT address FROM known_addresses WHERE user = ?1 ORDER BY at DESC LIMIT ${MOST_KNOWN})`,
      user.id,
    )
  }

  #admins(): UserRow[] {
    return this.#inside.db
      .all<UserRow>("SELECT * FROM users WHERE enabled = 1 AND origin = 'local'")
      .filter((row) => rolesOf(row).includes('admin'))
  }

  #refuseLastAdmin(row: UserRow): void {
    const admins = this.#admins()
    if (admins.length !== 1 || admins[0]!.id !== row.id || this.hasAdminElsewhere) return
    throw new GatewayError('CONFLICT', `${row.name} is the last administrator; make another one first.`)
  }

  #refuseTooMany(): void {
    if (this.#inside.db.one<{ n: number }>('SELECT count(*) AS n FROM users')!.n >= MOST_USERS)
      throw new GatewayError('CONFLICT', `There are ${MOST_USERS} users, which is the most.`)
  }

  async #change(
    action: string,
    name: string,
    actor: Actor,
    after: object,
    work: (row: UserRow) => void | Promise<void>,
  ): Promise<UserInfo> {
    const row = this.#existing(name)
    const change = { action, object: `user ${row.name}`, before: shown(row), after: { ...shown(row), ...after } }
    return onRecord(this.#inside, actor, change, async () => {
      requirePermission(actor.by, 'accounts.manage')
      requireCovers(actor.by, rolesOf(row), this.#inside.roles)
      await work(row)
      this.#inside.changed()
      return this.get(row.name)!
    })
  }

  #existing(name: string): UserRow {
    const row = this.row(name)
    if (row === undefined) throw new GatewayError('NOT_FOUND', `There is no user "${name.slice(0, 64)}".`)
    return row
  }

  #checkRoles(roles: readonly string[]): void {
    if (roles.length === 0) throw new GatewayError('INVALID_REQUEST', 'A user needs a role.')
    const unknown = roles.find((role) => !this.#inside.roles.has(role))
    if (unknown === undefined) return
    const known = this.#inside.roles.names.join(', ')
    throw new GatewayError('INVALID_REQUEST', `There is no role "${unknown.slice(0, 64)}"; there are ${known}.`)
  }

  #freeName(wanted: string, host: string): string {
    const plain = userNameFault(wanted) === undefined ? wanted.normalize('NFKC') : tidy(wanted)
    const candidates = [plain, `${plain}@${host}`, ...Array.from({ length: 98 }, (_, n) => `${plain}@${host}-${n + 2}`)]
    const free = candidates.find((name) => this.row(name) === undefined)
    if (free === undefined) throw taken(plain)
    return free
  }

  #info(row: UserRow, sessions: number): UserInfo {
    const { clock, lockout } = this.#inside
    const left = lockout.pausedFor(row.key)
    return {
      name: row.name,
      origin: row.origin,
      roles: rolesOf(row),
      enabled: row.enabled === 1,
      createdAt: row.created,
      passwordChangedAt: row.password_changed,
      lastSignInAt: row.last_sign_in,
      sessions,
      pausedUntil: left === 0 ? null : clock.now() + left,
    }
  }
}

/** For the audit. */
const shown = (row: UserRow) => ({ roles: rolesOf(row), enabled: row.enabled === 1 })

/** What is wrong with a name, in a sentence; undefined: nothing. */
function userNameFault(name: string): string | undefined {
  const plain = name.normalize('NFKC')
  if (!/^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,63}$/u.test(plain))
    return 'A user name has up to 64 letters, digits and . _ @ + -, and begins with a letter or digit.'
  return RESERVED.has(plain.toLowerCase()) ? `The name "${plain}" stands for something else in the audit.` : undefined
}

/** What a provider calls people may have blanks and more. */
function tidy(wanted: string): string {
  const plain = wanted
    .normalize('NFKC')
    .replace(/[^\p{L}\p{N}._@+-]+/gu, '-')
    .replace(/^[^\p{L}\p{N}]+/u, '')
    .slice(0, 48)
  return userNameFault(plain) === undefined ? plain : `user-${plain}`.slice(0, 48)
}

function refuseFault(fault: string | undefined): void {
  if (fault !== undefined) throw new GatewayError('INVALID_REQUEST', fault)
}

const taken = (name: string) => new GatewayError('CONFLICT', `There is a user "${name}" already.`)

export const alreadySetUp = () => new GatewayError('CONFLICT', 'This gateway has an administrator already.')

export const paused = (leftMs: number) => {
  const retryAfterMs = Math.ceil(leftMs)
  const seconds = Math.ceil(leftMs / 1000)
  return new BusyError(`Too many failures: the next attempt is possible in ${seconds} s.`, retryAfterMs, {
    details: { retryAfterMs },
  })
}
