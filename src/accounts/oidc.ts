/**
 * Single sign-on (OpenID Connect Core 1.0, authorization code with PKCE, RFC 7636 and RFC 9700): state, nonce and verifier travel in the
 * browser's own cookie, sealed, so that a flood of beginnings fills nothing. The ID token's signature is verified, whatever TLS says. A
 * provider that is away is asked again with the next sign-in; nothing else of the gateway waits for it.
 */
import type * as openid from 'openid-client'
import type { JWTVerifyGetKey } from 'jose'
import type { OidcConfig } from '../core/access.ts'
import { GatewayError, messageOf } from '../core/errors.ts'
import type { Principal } from '../core/permissions.ts'
import type { Origin, SessionInfo, SignedIn, SingleSignOn } from './accounts.ts'
import { nameOfClaims, rolesOfClaims, type Claims } from './claims.ts'
import { placeOf, type Inside } from './inside.ts'
import { providerFetch } from './provider-fetch.ts'
import { principalOf } from './rights.ts'
import { Sealer } from './sealed.ts'
import type { SignInRecord } from './sign-in-record.ts'
import type { UserRow, UserTable } from './users.ts'

/** From being sent to the provider to coming back. */
const LONGEST_SIGN_IN_MS = 600_000
/** Keys and addresses of the provider are asked for anew. */
const REDISCOVER_MS = 3_600_000
/** A provider that is away is not asked more often. */
const RETRY_MS = 2000
/** No `none`, and nothing with a shared secret: what verifies a token must not be able to make one. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

interface Pending {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly redirectUri: string
  readonly at: number
}

interface Provider {
  readonly client: typeof openid
  readonly configuration: openid.Configuration
  readonly keys: JWTVerifyGetKey | undefined
}

export interface ProviderContext {
  readonly inside: Inside
  readonly users: UserTable
  readonly record: SignInRecord
  signedIn(user: UserRow, via: SessionInfo['via'], from: Origin): SignedIn
}

export class ProviderDoor implements SingleSignOn {
  readonly #config: OidcConfig
  readonly #context: ProviderContext
  readonly #sealer = new Sealer()
  readonly #stop = new AbortController()
  #provider: { readonly found: Promise<Provider>; readonly until: number } | undefined

  constructor(config: OidcConfig, context: ProviderContext) {
    this.#config = config
    this.#context = context
  }

  get issuer(): string {
    return this.#config.issuer
  }

  get takesBearers(): boolean {
    return this.#config.bearerAudience !== undefined
  }

  async begin(redirectUri: string, signal: AbortSignal): Promise<{ readonly url: string; readonly state: string }> {
    const { client, configuration } = await within(this.#found(), signal)
    const verifier = client.randomPKCECodeVerifier()
    const [state, nonce] = [client.randomState(), client.randomNonce()]
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: this.#config.scopes.join(' '),
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    })
    const pending: Pending = { state, nonce, verifier, redirectUri, at: this.#context.inside.clock.monotonic() }
    return { url: url.href, state: this.#sealer.seal(pending) }
  }

  async finish(callbackUrl: string, state: string, from: Origin, signal: AbortSignal): Promise<SignedIn> {
    const { inside, users, record, signedIn } = this.#context
    const refuse = async (error: GatewayError, user = 'unknown'): Promise<never> => {
      inside.counters.signInsFailed++
      await record.failed({ action: 'sign-in', user, from, outcome: error.code, message: error.message })
      throw error
    }
    const pending = this.#sealer.open(state) as Pending | undefined
    if (pending === undefined || inside.clock.monotonic() - pending.at > LONGEST_SIGN_IN_MS)
      return refuse(
        new GatewayError(
          'SIGN_IN_FAILED',
          'This sign-in was begun in another browser or too long ago; begin it again.',
        ),
      )
    const provider = await within(this.#found(), signal)
    let claims: Claims
    try {
      claims = await within(this.#claimsOf(provider, callbackUrl, pending), signal)
    } catch (error) {
      if (signal.aborted) throw error
      return refuse(this.#refusal(error))
    }
    const { issuer } = this.#config
    const subject = `${issuer} ${String(claims.sub)}`
    const known = users.bySubject(subject)
    const name = known?.name ?? nameOfClaims(claims, this.#config)
    const roles = rolesOfClaims(claims, this.#config)
    if (roles.length === 0)
      return refuse(
        new GatewayError(
          'FORBIDDEN',
          `${name} signed in at ${issuer}, but has no role here: none of access.oidc.roles fits what the provider says.`,
        ),
        known?.name,
      )
    if (known?.enabled === 0) return refuse(new GatewayError('FORBIDDEN', `${name} is disabled here.`), known.name)
    const user = users.upsertFromProvider({ subject, name, host: new URL(issuer).hostname, roles })
    await inside.audit.record({
      action: 'sign-in',
      user: user.name,
      from: placeOf(from),
      trace: from.trace,
      object: 'accounts',
      outcome: 'done',
      details: { issuer, roles },
    })
    return signedIn(user, 'oidc', from)
  }

  /** Of a JWT of this provider for our audience; undefined: not valid, or nobody here. */
  async bearerOf(bearer: string): Promise<Principal | undefined> {
    const { inside, users } = this.#context
    const { bearerAudience, issuer, clockToleranceMs } = this.#config
    if (bearerAudience === undefined || bearer.split('.').length !== 3) return undefined
    const { jwtVerify } = await import('jose')
    let claims: Claims
    try {
      const { keys } = await this.#found()
      if (keys === undefined) return undefined
      const { payload } = await jwtVerify(bearer, keys, {
        issuer,
        audience: bearerAudience,
        algorithms: ALGORITHMS,
        clockTolerance: clockToleranceMs / 1000,
        currentDate: new Date(inside.clock.now()),
        requiredClaims: ['exp', 'sub'],
      })
      claims = payload
    } catch (error) {
      inside.log.debug({ error: messageOf(error) }, 'A bearer token of the provider was refused.')
      return undefined
    }
    const known = users.bySubject(`${issuer} ${String(claims.sub)}`)
    const roles = rolesOfClaims(claims, this.#config)
    if (roles.length === 0 || known?.enabled === 0) return undefined
    const name = known?.name ?? nameOfClaims(claims, this.#config)
    return principalOf('token', `token of ${name}`, roles, inside.roles.rightsOf(roles), name)
  }

  close(): void {
    this.#stop.abort()
  }

  async #claimsOf({ client, configuration }: Provider, callbackUrl: string, pending: Pending): Promise<Claims> {
    const came = new URL(pending.redirectUri)
    came.search = new URL(callbackUrl, pending.redirectUri).search
    const tokens = await client.authorizationCodeGrant(configuration, came, {
      pkceCodeVerifier: pending.verifier,
      expectedState: pending.state,
      expectedNonce: pending.nonce,
      idTokenExpected: true,
    })
    const claims = tokens.claims()!
    const needed = [...this.#config.roles.map(({ claim }) => claim), this.#config.nameClaim]
    const isComplete = needed.every(
      (claim) => Object.hasOwn(claims, claim) || Object.hasOwn(claims, claim.split('.', 1)[0] ?? claim),
    )
    if (isComplete || configuration.serverMetadata().userinfo_endpoint === undefined) return claims
    return { ...(await client.fetchUserInfo(configuration, tokens.access_token, claims.sub)), ...claims }
  }

  /** The provider's addresses and keys; one that is away is asked again a little later. */
  #found(): Promise<Provider> {
    const now = this.#context.inside.clock.monotonic()
    if (this.#provider !== undefined && now < this.#provider.until) return this.#provider.found
    const found = this.#discover()
    const entry = { found, until: now + REDISCOVER_MS }
    this.#provider = entry
    found.catch(() => {
      if (this.#provider === entry) this.#provider = { found, until: this.#context.inside.clock.monotonic() + RETRY_MS }
    })
    return found
  }

  async #discover(): Promise<Provider> {
    const { issuer, clientId, clientSecret, clockToleranceMs, caFile } = this.#config
    const { clock, log } = this.#context.inside
    try {
      const [client, jose, fetch] = await Promise.all([
        import('openid-client'),
        import('jose'),
        providerFetch(issuer, caFile, this.#stop.signal),
      ])
      const server = new URL(issuer)
      const configuration = await client.discovery(
        server,
        clientId,
        {
          [client.clockTolerance]: clockToleranceMs / 1000,
          [client.clockSkew]: Math.round((clock.now() - Date.now()) / 1000),
        },
        clientSecret === undefined ? client.None() : client.ClientSecretBasic(clientSecret),
        {
          [client.customFetch]: fetch,
          // The configuration lets this through for loopback alone.
          ...(server.protocol === 'http:' ? { execute: [client.allowInsecureRequests] } : {}),
        },
      )
      client.enableNonRepudiationChecks(configuration)
      const { jwks_uri: keysAt } = configuration.serverMetadata()
      const keys =
        keysAt === undefined ? undefined : jose.createRemoteJWKSet(new URL(keysAt), { [jose.customFetch]: fetch })
      return { client, configuration, keys }
    } catch (error) {
      const reason = reasonOf(error)
      log.warn(
        { issuer, error: reason },
        'The provider of single sign-on cannot be asked; the next sign-in tries again.',
      )
      throw new GatewayError('NOT_CONNECTED', `${issuer} cannot be asked now: ${reason}`, { cause: error })
    }
  }

  /** In words for people; nothing of what the provider sent in confidence. */
  #refusal(error: unknown): GatewayError {
    const { issuer } = this.#config
    if (error instanceof GatewayError) return error
    const code = error instanceof Error && 'error' in error && typeof error.error === 'string' ? error.error : undefined
    const said = code?.replace(/[^\w.-]/g, '').slice(0, 64)
    const reason = said === undefined ? reasonOf(error) : `it said ${said}`
    return new GatewayError('SIGN_IN_FAILED', `The sign-in at ${issuer} was not accepted: ${reason}.`, { cause: error })
  }
}

/** The innermost sentence: libraries wrap the one that helps. */
function reasonOf(error: unknown): string {
  let inner = error
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause
  return messageOf(inner).replace(/\.$/, '')
}

/** What the caller waits for ends with the caller; what others share goes on. */
function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason)
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
