/**
 * Who sends a request: by `Authorization: Bearer` (the host's own token, or one of the accounts), the cookie of a session, or the
 * certificate of the connection, in this order. What is shown and not valid is refused, never passed over.
 */
import { timingSafeEqual, createHash, type X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { Origin } from '../../accounts/accounts.ts'
import { GatewayError } from '../../core/errors.ts'
import type { Principal } from '../../core/permissions.ts'
import type { Gateway } from '../../gateway.ts'
import type { FarSide } from '../far-side.ts'
import type { CookieJar } from './cookies.ts'
import { ANYBODY, hostPrincipal, NOBODY } from './principals.ts'

export interface DoorOptions {
  readonly access: 'accounts' | 'open'
  readonly cookies: CookieJar
  readonly farSide: FarSide
  /** The token of `DATA/run/host.json`, and whose file it is; undefined: there is none. */
  readonly host: { readonly token: string; readonly user: string } | undefined
}

export interface Door {
  readonly access: 'accounts' | 'open'
  readonly cookies: CookieJar
  /** NOBODY where nothing was shown. Throws SIGN_IN_REQUIRED for a bearer that is not valid. Some microseconds. */
  find(request: IncomingMessage): Principal | Promise<Principal>
  /** Why NOBODY may not pass: nobody is signed in, or there is no administrator yet. */
  refusal(): GatewayError
  origin(request: IncomingMessage): Origin
}

export function createDoor({ accounts }: Gateway, { access, cookies, farSide, host }: DoorOptions): Door {
  if (access === 'accounts' && accounts === undefined)
    throw new GatewayError('CONFIG_INVALID', 'http.access: the gateway was started without accounts')
  const hostHash = host === undefined ? undefined : sha256(host.token)
  const ofHost = host === undefined ? undefined : hostPrincipal(host.user)
  const certificates = new WeakMap<object, X509Certificate | null>()
  const otherwise = access === 'open' ? ANYBODY : NOBODY

  const origin = (request: IncomingMessage): Origin => ({
    address: farSide.of(request),
    agent: request.headers['user-agent'],
    trace: request.correlation?.traceId,
  })

  function byBearer(header: string, request: IncomingMessage): Principal | Promise<Principal> {
    const token = /^Bearer +([\x21-\x7e]+)$/i.exec(header)?.[1]
    if (token === undefined) throw refused('the header Authorization is not understood; expected Bearer and a token')
    if (ofHost !== undefined && isLocal(request) && timingSafeEqual(sha256(token), hostHash!)) return ofHost
    if (accounts === undefined) return otherwise
    const found = accounts.bearerOf(token, origin(request))
    if (found instanceof Promise) return found.then((principal) => principal ?? Promise.reject(badToken()))
    if (found === undefined) throw badToken()
    return found
  }

  function byCertificate(request: IncomingMessage): Principal | undefined {
    // A plain socket has no `authorized`.
    const socket = request.socket as TLSSocket
    if (accounts === undefined || !socket.authorized) return undefined
    let certificate = certificates.get(socket)
    if (certificate === undefined) {
      certificate = socket.getPeerX509Certificate() ?? null
      certificates.set(socket, certificate)
    }
    return certificate === null ? undefined : accounts.certificateOf(certificate)
  }

  return {
    access,
    cookies,
    origin,
    find(request) {
      const { authorization } = request.headers
      if (authorization !== undefined) return byBearer(authorization, request)
      const cookie = accounts === undefined ? undefined : cookies.session(request)
      const session = cookie === undefined ? undefined : accounts!.sessionOf(cookie)
      return session?.principal ?? byCertificate(request) ?? otherwise
    },
    refusal: () =>
      accounts?.needsSetup === true
        ? new GatewayError('SETUP_REQUIRED', 'nothing is done for anybody before this gateway has an administrator')
        : refused('nobody is signed in'),
  }
}

const refused = (sentence: string): GatewayError => new GatewayError('SIGN_IN_REQUIRED', sentence)
const badToken = (): GatewayError => refused('the token is not valid: it is unknown, has ended, or was revoked')

/** Of equal length, so that the comparison takes the same time for every wrong token. */
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

/** IPv4 within IPv6 (RFC 4291, 2.5.5.2) as people write it. */
const plainAddress = (address = ''): string => address.replace(/^::ffff:(?=\d+\.)/i, '')

const isLocal = ({ socket }: IncomingMessage): boolean => /^(127\.|::1$)/.test(plainAddress(socket.remoteAddress))
