/** Why a connection could not be made, as a sentence with the next step: what the library and the server say, put into words. */
import { GatewayError, NotConnectedError } from '../../../core/errors.ts'
import { connectError } from '../../../wire/connect-error.ts'
import type { OpcuaOptions } from '../options.ts'
import { placeOf } from '../place.ts'
import { tokenOf } from './endpoints.ts'
import type { ClientSecurity } from './security.ts'

type Words = (options: OpcuaOptions, security: ClientSecurity | undefined) => string

const clock: Words = () => 'a clock is wrong: compare the time of the server with that of the gateway'
const userRefused: Words = (options) =>
  tokenOf(options) === 'user and password'
    ? `refused user "${options.user!.name}" or the password. Check both at the server`
    : tokenOf(options) === 'certificate'
      ? `refused the user certificate ${options.user!.cert}. Trust it at the server, among the user certificates`
      : 'takes no anonymous users. Set `user`'
const untrusted: Words = (_, security) =>
  `does not trust our certificate${security === undefined ? '' : ` (thumbprint ${security.thumbprint}, ${security.certificateFile})`}. Trust it at the server; it is often among its rejected certificates`

/** What a server refuses with, in words behind "the server at X". */
const REFUSALS: Record<string, Words> = {
  BadUserAccessDenied: userRefused,
  BadIdentityTokenRejected: userRefused,
  BadIdentityTokenInvalid: userRefused,
  BadIdentityChangeNotSupported: userRefused,
  BadCertificateUntrusted: untrusted,
  BadSecurityChecksFailed: untrusted,
  BadCertificateUriInvalid: (_, security) =>
    `finds another application URI in our certificate than we say (${security?.applicationUri}). Renew it: \`bifrost opcua renew\``,
  BadCertificateTimeInvalid: (options, security) =>
    `finds our certificate outside its validity: it has expired, or ${clock(options, security)}`,
  BadCertificateHostNameInvalid: () => 'finds another host name in our certificate. Renew it: `bifrost opcua renew`',
  BadCertificateUseNotAllowed: () => 'does not take our certificate for this use. Renew it: `bifrost opcua renew`',
  BadCertificateInvalid: () => 'cannot read our certificate. Renew it: `bifrost opcua renew`',
  BadCertificateRevoked: () => 'has our certificate on a revocation list. Renew it: `bifrost opcua renew`',
  BadTooManySessions: () =>
    'has no session left. Close other clients, or wait until the sessions they left behind have timed out',
  // A server at its limit may end a session that is not activated yet, in favour of a newer one (OPC 10000-4, 5.7.2).
  BadSessionIdInvalid: () =>
    'ended the new session at once, perhaps because it has no session left. Close other clients, or wait until the sessions they left behind have timed out',
  BadSecurityPolicyRejected: () => 'does not take this security policy. Set `securityPolicy` to one that it offers',
  BadSecurityModeRejected: () => 'does not take this security mode. Set `securityMode` to one that it offers',
  BadTcpEndpointUrlInvalid: (options) => `does not know itself by ${options.endpoint}. Use the address that it shows`,
  BadTcpServerTooBusy: () => 'is too busy. Lower the number of its clients',
  BadServerHalted: () => 'is halted. Start its application',
  BadShutdown: () => 'is shutting down',
  BadLicenseExpired: () => 'has no valid licence',
  BadInvalidTimestamp: clock,
  BadNonceInvalid: () => 'used a nonce twice or a short one; its security cannot be relied on',
  BadUserSignatureInvalid: userRefused,
  BadApplicationSignatureInvalid: untrusted,
  BadTimeout: () => 'did not complete the connection in time',
}

const NAME = /\b(Bad[A-Z][A-Za-z]+)\b/
const SYSTEM = /\b(E(?!RROR\b)[A-Z]{4,}|EAI_AGAIN)\b/

/** The error that the device shows; what is one of ours already stays. */
export function toConnectError(
  error: unknown,
  options: OpcuaOptions,
  security: ClientSecurity | undefined,
): GatewayError {
  if (error instanceof GatewayError) return error
  const message = error instanceof Error ? error.message : String(error)
  const { endpoint } = options
  const name = NAME.exec(message)?.[1]
  if (name !== undefined && name in REFUSALS)
    return refused(`the server at ${endpoint} ${REFUSALS[name]!(options, security)} (${name})`, endpoint, error)
  const code = SYSTEM.exec(message)?.[1]
  if (code !== undefined)
    return connectError({ ...placeOf(endpoint), connectTimeoutMs: options.connectTimeout }, { code, message })
  if (name !== undefined)
    return refused(`the server at ${endpoint} refused the connection with ${name}`, endpoint, error)
  return new NotConnectedError(`${endpoint} cannot be connected: ${oneLine(message)}`, {
    details: { endpoint, unexplained: true },
    cause: error,
  })
}

/** What the library says goes over several lines. */
const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, 300)

/** The same error, or the better one that whoever listens there gives away when it is asked. */
export async function explain(error: GatewayError, ask: () => Promise<string | undefined>): Promise<GatewayError> {
  const { endpoint, unexplained } = error.details
  if (unexplained !== true) return error
  const what = await ask()
  if (what === undefined) return error
  return new NotConnectedError(`what listens at ${String(endpoint)} ${what}`, {
    details: { endpoint },
    cause: error,
  })
}

const refused = (message: string, endpoint: string, cause: unknown): GatewayError =>
  new GatewayError('ACCESS_REFUSED', message, { details: { endpoint }, cause })
