/** The accounts as the rest of the gateway sees them: puts the tables together, and does what signing in and the set-up need of several. */
import type { X509Certificate } from 'node:crypto'
import type { AccessConfig } from '../core/access.ts'
import type { Timer } from '../core/clock.ts'
import { BusyError, GatewayError, messageOf } from '../core/errors.ts'
import type { Principal } from '../core/permissions.ts'
import type {
  AccountCounters,
  Accounts,
  AccountsSetup,
  AreaOf,
  Origin,
  RoleInfo,
  Session,
  SessionInfo,
  SignedIn,
} from './accounts.ts'
import { CertificateTable } from './certificates.ts'
import type { AccountsDatabase } from './database.ts'
import { placeOf, type Inside } from './inside.ts'
import { Lockout } from './lockout.ts'
import { ProviderDoor, type ProviderContext } from './oidc.ts'
import { isOutdated, PasswordHasher } from './password.ts'
import { passwordFault } from './password-rules.ts'
import { principalOf, RoleTable } from './rights.ts'
import { SessionTable } from './sessions.ts'
import { SetupToken } from './setup.ts'
import { SignInRecord } from './sign-in-record.ts'
import { isApiToken, TokenTable } from './tokens.ts'
import { alreadySetUp, keyOf, paused, UserTable, type UserRow } from './users.ts'

/** Last uses are written so often, at most. */
const TIDY_MS = 60_000
/** How soon live connections learn what the command line changed. */
const LOOK_MS = 1000
/** Longer ones are no cookie and no token of ours; a JWT has a few kilobytes. */
const LONGEST_BEARER = 8192

export class AccountsDoor implements Accounts {
  readonly users: UserTable
  readonly tokens: TokenTable
  readonly sessions: SessionTable
  readonly counters: AccountCounters = {
    signIns: 0,
    signInsFailed: 0,
    signInsPaused: 0,
    lockOuts: 0,
    bearersRefused: 0,
    setupsRefused: 0,
    certificatesRefused: 0,
  }
  readonly #db: AccountsDatabase
  readonly #inside: Inside
  readonly #record: SignInRecord
  readonly #certificates = new CertificateTable([])
  readonly #observers = new Set<() => void>()
  readonly #timers: Timer[]
  #roles: RoleTable
  #hasAdmin: boolean | undefined
  #token: SetupToken | undefined
  #provider: ProviderDoor | undefined
  #providerKey = ''

  constructor(db: AccountsDatabase, setup: AccountsSetup) {
    const { config, clock, log, audit, areaOf = () => undefined } = setup
    this.#db = db
    this.#roles = new RoleTable(config.roles, areaOf)
    const rolesNow = () => this.#roles
    this.#inside = {
      db,
      clock,
      log,
      audit,
      hasher: new PasswordHasher(),
      lockout: new Lockout(config.lockout, clock),
      counters: this.counters,
      get roles() {
        return rolesNow()
      },
      changed: () => this.#forget(),
    }
    this.#record = new SignInRecord(audit, log)
    this.sessions = new SessionTable(this.#inside, config.sessions)
    this.users = new UserTable(this.#inside, this.sessions)
    this.tokens = new TokenTable(this.#inside)
    this.configure(config, areaOf)
    this.#timers = [clock.every(LOOK_MS, () => this.#freshen()), clock.every(TIDY_MS, () => this.#tidy())]
  }

  /** Makes the administrator that the environment names, or the token of the set-up, where one is needed. */
  async begin(initial: AccountsSetup['initialAdmin']): Promise<void> {
    if (this.needsSetup && initial !== undefined) await this.#makeInitial(initial)
    if (this.needsSetup) this.#token = new SetupToken()
  }

  get needsSetup(): boolean {
    this.#freshen()
    this.#hasAdmin ??= this.users.hasAdmin()
    if (this.#hasAdmin) this.#token = undefined
    return !this.#hasAdmin
  }

  get setupToken(): string | undefined {
    return this.needsSetup ? this.#token?.text : undefined
  }

  get oidc(): ProviderDoor | undefined {
    return this.#provider
  }

  async setUp({
    token,
    name,
    password,
    from,
  }: {
    readonly token: string
    readonly name: string
    readonly password: string
    readonly from: Origin
  }): Promise<SignedIn> {
    const { lockout, hasher, audit } = this.#inside
    if (!this.needsSetup) return this.#refuseSetup(alreadySetUp(), from)
    const attempt = { key: 'set-up', address: from.address, isKnown: true }
    const left = lockout.begin(attempt)
    if (left > 0) return this.#refuseSetup(paused(left), from)
    if (this.#token?.matches(token) !== true)
      return this.#refuseSetup(
        new GatewayError(
          'SIGN_IN_FAILED',
          'This is not the one-time token that the gateway printed when it started; restart it for a new one.',
        ),
        from,
      )
    lockout.succeeded(attempt)
    const fault = this.users.faultOf(name, password)
    if (fault !== undefined) throw new GatewayError('INVALID_REQUEST', fault)
    const hash = await hasher.hash(password)
    const event = {
      action: 'set-up',
      user: name,
      from: placeOf(from),
      trace: from.trace,
      object: `user ${name}`,
      after: { roles: ['admin'] },
    }
    await audit.record({ ...event, outcome: 'requested' })
    const user = this.users.insert({ name, hash, roles: ['admin'], onlyFirst: true })
    this.#token = undefined
    await audit.record({ ...event, outcome: 'done' })
    return this.#signedIn(user, 'setup', from)
  }

  async signIn({
    name,
    password,
    from,
  }: {
    readonly name: string
    readonly password: string
    readonly from: Origin
  }): Promise<SignedIn> {
    const { lockout, hasher } = this.#inside
    const key = keyOf(name)
    const user = this.users.row(name)
    const attempt = {
      key,
      address: from.address,
      isKnown: user !== undefined && this.users.isKnownAt(user, from.address),
    }
    const known = user?.name ?? 'unknown'
    const left = lockout.begin(attempt)
    if (left > 0) {
      this.counters.signInsPaused++
      await this.#record.failed({ action: 'sign-in', user: known, from, outcome: 'BUSY' })
      throw paused(left)
    }
    let isRight: boolean
    try {
      isRight = await hasher.verify(user?.password ?? undefined, password)
    } catch (error) {
      if (error instanceof BusyError) lockout.undo(attempt)
      throw error
    }
    // The file may have changed while the hash was made.
    const now = isRight && user !== undefined ? this.users.row(user.name) : undefined
    if (now === undefined || now.enabled === 0 || now.password !== user!.password) {
      this.counters.signInsFailed++
      if (lockout.leftOf(attempt) > 0) this.counters.lockOuts++
      await this.#record.failed({ action: 'sign-in', user: known, from, outcome: 'SIGN_IN_FAILED' })
      throw new GatewayError('SIGN_IN_FAILED', 'Name or password is wrong, or the user is disabled.')
    }
    lockout.succeeded(attempt)
    if (isOutdated(now.password!)) await this.#renewHash(now, password)
    await this.#inside.audit.record({
      action: 'sign-in',
      user: now.name,
      from: placeOf(from),
      trace: from.trace,
      object: 'accounts',
      outcome: 'done',
    })
    return this.#signedIn(now, 'password', from)
  }

  sessionOf(cookie: string): Session | undefined {
    this.#freshen()
    return this.sessions.find(cookie)
  }

  async signOut(cookie: string, from: Origin): Promise<void> {
    const session = this.sessions.end(cookie)
    if (session === undefined) return
    const { audit } = this.#inside
    await audit.record({
      action: 'sign-out',
      user: session.user,
      from: placeOf(from),
      trace: from.trace,
      object: 'accounts',
      outcome: 'done',
    })
  }

  bearerOf(bearer: string, from: Origin): Principal | undefined | Promise<Principal | undefined> {
    this.#freshen()
    if (bearer.length <= LONGEST_BEARER) {
      if (!isApiToken(bearer) && this.#provider?.takesBearers === true)
        return this.#provider.bearerOf(bearer).then((principal) => principal ?? this.#refuseBearer())
      const principal = this.tokens.find(bearer, from)
      if (principal !== undefined) return principal
    }
    return this.#refuseBearer()
  }

  certificateOf(certificate: X509Certificate): Principal | undefined {
    this.#freshen()
    const principal = this.#certificates.find(certificate, {
      users: this.users,
      roles: this.#roles,
      clock: this.#inside.clock,
    })
    if (principal === undefined) this.counters.certificatesRefused++
    return principal
  }

  hostPrincipal(user: string): Principal {
    return principalOf('host', `host ${user}`, ['admin'], this.#roles.rightsOf(['admin']))
  }

  roles(): readonly RoleInfo[] {
    return this.#roles.names.map((name) => ({
      name,
      custom: this.#roles.custom.has(name),
      grants: this.#roles.grantsOf(name),
    }))
  }

  passwordFault(password: string, userName: string): string | undefined {
    return passwordFault(password, userName)
  }

  onChange(observer: () => void): () => void {
    this.#observers.add(observer)
    return () => this.#observers.delete(observer)
  }

  configure(config: AccessConfig, areaOf: AreaOf): void {
    const { log } = this.#inside
    this.#roles = new RoleTable(config.roles, areaOf)
    this.#inside.lockout.config = config.lockout
    this.sessions.config = config.sessions
    this.#certificates.rules = config.certificates
    this.users.hasAdminElsewhere =
      config.certificates.some(({ role }) => role === 'admin') ||
      config.oidc?.roles.some(({ role }) => role === 'admin') === true
    const key = JSON.stringify(config.oidc)
    if (key !== this.#providerKey) {
      this.#providerKey = key
      this.#provider?.close()
      this.#provider = config.oidc && new ProviderDoor(config.oidc, this.#forProvider())
    }
    for (const { name, roles } of this.users.list())
      for (const role of roles)
        if (!this.#roles.has(role))
          log.warn({ user: name, role }, 'A user has a role that there is not: it allows nothing.')
    this.#forget()
  }

  async close(): Promise<void> {
    this.#provider?.close()
    for (const timer of this.#timers) timer.cancel()
    try {
      this.sessions.tidy()
      this.tokens.tidy()
    } catch (error) {
      this.#inside.log.error({ error: messageOf(error) }, 'The last uses of sessions and tokens could not be written.')
    }
    await this.#record.minute()
    this.#db.close()
  }

  #signedIn(user: UserRow, via: SessionInfo['via'], from: Origin): SignedIn {
    const signedIn = this.#db.transaction(() => {
      this.users.noteSignIn(user, from.address)
      return this.sessions.create(user, via, from)
    })
    this.counters.signIns++
    return signedIn
  }

  #forProvider(): ProviderContext {
    return {
      inside: this.#inside,
      users: this.users,
      record: this.#record,
      signedIn: (user, via, from) => this.#signedIn(user, via, from),
    }
  }

  async #refuseSetup(error: GatewayError, from: Origin): Promise<never> {
    this.counters.setupsRefused++
    await this.#record.failed({ action: 'set-up', user: 'unknown', from, outcome: error.code })
    throw error
  }

  #refuseBearer(): undefined {
    this.counters.bearersRefused++
    return undefined
  }

  async #renewHash(user: UserRow, password: string): Promise<void> {
    const hash = await this.#inside.hasher.hash(password)
    this.#db.run('UPDATE users SET password = ? WHERE id = ? AND password = ?', hash, user.id, user.password)
  }

  /** A password that is not good enough leaves the gateway in set-up, which says why. */
  async #makeInitial({ name, password }: { readonly name: string; readonly password: string }): Promise<void> {
    const { log, hasher, audit } = this.#inside
    const fault = this.users.faultOf(name, password)
    if (fault !== undefined) {
      log.error({ name }, `The administrator that the environment names was not made: ${fault}`)
      return
    }
    const hash = await hasher.hash(password)
    const event = {
      action: 'set-up',
      user: 'environment',
      from: 'environment',
      object: `user ${name}`,
      after: { roles: ['admin'] },
    }
    await audit.record({ ...event, outcome: 'requested' })
    this.users.insert({ name, hash, roles: ['admin'], onlyFirst: true })
    await audit.record({ ...event, outcome: 'done' })
    log.info({ name }, 'The first administrator was made, as the environment says.')
  }

  #freshen(): void {
    if (this.#db.changedElsewhere()) this.#forget()
  }

  #forget(): void {
    this.#hasAdmin = undefined
    this.sessions.forget()
    this.tokens.forget()
    this.#certificates.forget()
    for (const observer of this.#observers) observer()
  }

  #tidy(): void {
    try {
      const ended = this.sessions.tidy()
      this.tokens.tidy()
      if (ended) for (const observer of this.#observers) observer()
    } catch (error) {
      this.#inside.log.error({ error: messageOf(error) }, 'The uses of sessions and tokens cannot be written now.')
    }
    void this.#record.minute()
  }
}
