/**
 * Sessions: 256 random bits in a cookie, kept as a hash, with an idle and an absolute end (OWASP ASVS 5, 7.3). Both are measured twice, by
 * the clock of the wall and by one that never goes back: a clock set forward ends sessions early, one set back ends none late; a session
 * from the future (after a restart with a clock set back) has ended, since nobody can tell its age.
 */
import { randomBytes } from 'node:crypto'
import type { SessionsConfig } from '../core/access.ts'
import { GatewayError } from '../core/errors.ts'
import type { Actor, Origin, Session, SessionInfo, Sessions, SignedIn } from './accounts.ts'
import { sha256 } from './database.ts'
import { onRecord, requirePermission, type Inside } from './inside.ts'
import { principalOf } from './rights.ts'
import { keyOf, rolesOf, type UserRow } from './users.ts'

const COOKIE = /^[A-Za-z0-9_-]{43}$/
/** The oldest of a user goes first. */
const MOST_OF_A_USER = 50
const MOST_REMEMBERED = 20_000
/** How far clocks may be set back without ending a session. */
const CLOCK_SLACK_MS = 300_000
const LONGEST_AGENT = 200

interface Row {
  readonly hash: string
  readonly id: string
  readonly user: number
  readonly via: SessionInfo['via']
  readonly created: number
  readonly used: number
  readonly address: string
  readonly agent: string | null
  readonly name: string
  readonly roles: string
}

/** One that was used in this process. */
interface Live {
  readonly row: Row
  readonly session: Session
  used: number
  readonly seenMonotonic: number
  readonly ageWhenSeen: number
  usedMonotonic: number
  isDirty: boolean
}

const SELECT =
  'SELECT sessions.*, users.name, users.roles FROM sessions JOIN users ON users.id = sessions.user AND users.enabled = 1'

export class SessionTable implements Sessions {
  readonly #inside: Inside
  readonly #live = new Map<string, Live>()
  config: SessionsConfig

  constructor(inside: Inside, config: SessionsConfig) {
    this.#inside = inside
    this.config = config
  }

  /** In a transaction; the cookie is nowhere but in what is returned. */
  create(user: UserRow, via: SessionInfo['via'], from: Origin): SignedIn {
    const { db, clock } = this.#inside
    const cookie = randomBytes(32).toString('base64url')
    const now = clock.now()
    db.run(
      'INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      sha256(cookie),
      randomBytes(9).toString('base64url'),
      user.id,
      via,
      now,
      now,
      from.address,
      from.agent?.slice(0, LONGEST_AGENT) ?? null,
    )
    const evicted = db.all<{ hash: string }>(
      `DELETE FROM sessions WHERE user = ?1 AND hash NOT IN
         (SELECT hash FROM sessions WHERE user = ?1 ORDER BY created DESC LIMIT ${MOST_OF_A_USER}) RETURNING hash`,
      user.id,
    )
    for (const each of evicted) this.#live.delete(each.hash)
    return { cookie, session: this.#enter(this.#row(sha256(cookie))!).session }
  }

  find(cookie: string): Session | undefined {
    if (!COOKIE.test(cookie)) return undefined
    const hash = sha256(cookie)
    let live = this.#live.get(hash)
    if (live === undefined) {
      const row = this.#row(hash)
      if (row === undefined) return undefined
      live = this.#enter(row)
    }
    if (this.#hasEnded(live)) return undefined
    const { clock } = this.#inside
    live.used = Math.max(live.used, clock.now())
    live.usedMonotonic = clock.monotonic()
    live.isDirty = true
    return live.session
  }

  count(user: number): number {
    return this.#inside.db.one<{ n: number }>('SELECT count(*) AS n FROM sessions WHERE user = ?', user)!.n
  }

  list(user?: string): readonly SessionInfo[] {
    const { db } = this.#inside
    const rows =
      user === undefined
        ? db.all<Row>(`${SELECT} ORDER BY created DESC`)
        : db.all<Row>(`${SELECT} WHERE users.key = ? ORDER BY created DESC`, keyOf(user))
    return rows
      .filter((row) => !this.#hasEnded(this.#live.get(row.hash) ?? this.#toLive(row)))
      .map((row) => this.#info(row))
  }

  async revoke(id: string, actor: Actor): Promise<void> {
    const { db } = this.#inside
    const row = db.one<Row>(`${SELECT} WHERE sessions.id = ?`, id)
    // Whether there is such a session is told to those alone who may see it.
    if (row === undefined || !isOwn(actor, row.name)) requirePermission(actor.by, 'accounts.manage')
    if (row === undefined) throw new GatewayError('NOT_FOUND', 'There is no such session.')
    await onRecord(this.#inside, actor, { action: 'session.revoke', object: `user ${row.name}` }, () => {
      db.run('DELETE FROM sessions WHERE hash = ?', row.hash)
      this.#inside.changed()
    })
  }

  async revokeAll(user: string, actor: Actor, keep?: string): Promise<number> {
    if (!isOwn(actor, user)) requirePermission(actor.by, 'accounts.manage')
    const row = this.#inside.db.one<{ id: number; name: string }>(
      'SELECT id, name FROM users WHERE key = ?',
      keyOf(user),
    )
    if (row === undefined) throw new GatewayError('NOT_FOUND', `There is no user "${user.slice(0, 64)}".`)
    return onRecord(this.#inside, actor, { action: 'session.revoke-all', object: `user ${row.name}` }, () => {
      const ended = this.endOfUser(row.id, keep)
      this.#inside.changed()
      return ended
    })
  }

  /** Those of a user but the one of this cookie. */
  endOfUser(user: number, keep?: string): number {
    return this.#inside.db.run(
      'DELETE FROM sessions WHERE user = ? AND hash <> ?',
      user,
      keep === undefined ? '' : sha256(keep),
    )
  }

  end(cookie: string): Session | undefined {
    const hash = sha256(cookie)
    const row = this.#row(hash)
    if (row === undefined) return undefined
    this.#inside.db.run('DELETE FROM sessions WHERE hash = ?', hash)
    const { session } = this.#toLive(row)
    this.#inside.changed()
    return session
  }

  /** Last uses, written now and then; those that ended go. True where some did. */
  tidy(): boolean {
    const { db, clock } = this.#inside
    const ended = [...this.#live.values()].filter((live) => this.#hasEnded(live))
    const now = clock.now()
    const { idleMs, absoluteMs } = this.config
    const dirty = [...this.#live.values()].filter(({ isDirty }) => isDirty)
    const stale = db.one<{ n: number }>(
      'SELECT count(*) AS n FROM sessions WHERE used < ? OR created < ? OR created > ?',
      now - idleMs,
      now - absoluteMs,
      now + CLOCK_SLACK_MS,
    )!.n
    if (dirty.length === 0 && ended.length === 0 && stale === 0) return false
    let gone = 0
    db.transaction(() => {
      for (const { row, used } of dirty)
        db.run('UPDATE sessions SET used = ? WHERE hash = ? AND used < ?', used, row.hash, used)
      for (const { row } of ended) gone += db.run('DELETE FROM sessions WHERE hash = ?', row.hash)
      gone += db.run(
        'DELETE FROM sessions WHERE used < ? OR created < ? OR created > ?',
        now - idleMs,
        now - absoluteMs,
        now + CLOCK_SLACK_MS,
      )
    })
    for (const live of dirty) live.isDirty = false
    for (const { row } of ended) this.#live.delete(row.hash)
    return gone > 0
  }

  /** Nothing that is remembered holds any more; the age by the monotonic clock does. */
  forget(): void {
    for (const [hash, live] of this.#live) {
      const row = this.#row(hash)
      if (row === undefined) this.#live.delete(hash)
      else this.#live.set(hash, { ...live, row, session: this.#toSession(row, live) })
    }
  }

  #row(hash: string): Row | undefined {
    return this.#inside.db.one<Row>(`${SELECT} WHERE sessions.hash = ?`, hash)
  }

  #enter(row: Row): Live {
    const live = this.#toLive(row)
    if (this.#live.size >= MOST_REMEMBERED) {
      this.tidy()
      this.#live.clear()
    }
    this.#live.set(row.hash, live)
    return live
  }

  #toLive(row: Row): Live {
    const { clock } = this.#inside
    const now = clock.monotonic()
    const idle = Math.max(0, clock.now() - row.used)
    const live = { row, used: row.used, seenMonotonic: now, usedMonotonic: now - idle, isDirty: false }
    return { ...live, ageWhenSeen: Math.max(0, clock.now() - row.created), session: this.#toSession(row, live) }
  }

  #toSession(row: Row, live: { readonly used: number }): Session {
    const roles = rolesOf(row)
    const principal = principalOf('user', row.name, roles, this.#inside.roles.rightsOf(roles))
    return { ...this.#infoOf(row, live.used), principal }
  }

  #hasEnded({ row, used, seenMonotonic, ageWhenSeen, usedMonotonic }: Live): boolean {
    const { clock } = this.#inside
    const { idleMs, absoluteMs } = this.config
    const [now, monotonic] = [clock.now(), clock.monotonic()]
    if (row.created > now + CLOCK_SLACK_MS || used > now + CLOCK_SLACK_MS) return true
    const idle = Math.max(now - used, monotonic - usedMonotonic)
    const age = Math.max(now - row.created, ageWhenSeen + monotonic - seenMonotonic)
    return idle > idleMs || age > absoluteMs
  }

  #info(row: Row): SessionInfo {
    return this.#infoOf(row, this.#live.get(row.hash)?.used ?? row.used)
  }

  #infoOf({ id, name, via, created, address, agent }: Row, used: number): SessionInfo {
    const endsAt = created + this.config.absoluteMs
    return { id, user: name, via, createdAt: created, lastUsedAt: used, endsAt, address, agent }
  }
}

const isOwn = ({ by }: Actor, user: string): boolean => by.kind === 'user' && keyOf(by.name) === keyOf(user)
