/** Who a session belongs to: a user by name and password, by certificate, or nobody (OPC 10000-4, 5.7.3). */
import { createHash, X509Certificate } from 'node:crypto'
import {
  AnonymousIdentityToken,
  StatusCodes,
  UserNameIdentityToken,
  X509IdentityToken,
  type StatusCode,
} from 'node-opcua-client'
import type { OPCUAServerOptions, ServerSession } from 'node-opcua-server'
import { addressOf, type Access } from './access.ts'
import { say } from './asks.ts'
import type { LoginGate } from './login-gate.ts'
import type { User, Users } from './users.ts'

export interface LoginParts {
  readonly users: Users
  readonly gate: LoginGate
  readonly access: Access
}

/** What node-opcua asks: is this the password? */
export function userManagerOf({ users, gate }: LoginParts): NonNullable<OPCUAServerOptions['userManager']> {
  return {
    isValidUserAsync(this: ServerSession, name, password, callback) {
      const from = addressOf(this)
      const address = this.channel?.remoteAddress ?? from
      gate
        .pass(address, name, () => users.withPassword(name, password))
        .then((user) => {
          if (user === undefined)
            say('warn', `${name} was not let in: no such user, or another password`, { user: name, from })
          callback(null, user !== undefined)
        })
        .catch(() => callback(null, false))
    },
  }
}

/** What node-opcua asks of a user's certificate, of which it has seen that the client has the key: is it somebody's, and valid today? */
export function userCertificatesOf({ users }: LoginParts): NonNullable<OPCUAServerOptions['userCertificateManager']> {
  const verdict = async (der: Uint8Array): Promise<StatusCode> => {
    const now = Date.now()
    const { validFromDate, validToDate } = new X509Certificate(der)
    const user = await users.withCertificate(thumbprintOf(der))
    if (user === undefined) {
      say('warn', `a user's certificate is nobody's here: add its thumbprint to the file of users`, {
        thumbprint: thumbprintOf(der),
      })
      return StatusCodes.BadCertificateUntrusted
    }
    return validFromDate.getTime() <= now && now < validToDate.getTime()
      ? StatusCodes.Good
      : StatusCodes.BadCertificateTimeInvalid
  }
  const store = {
    referenceCounter: 0,
    initialize: async () => undefined,
    dispose: async () => undefined,
    checkCertificate(
      certificate: Uint8Array | readonly Uint8Array[],
      callback: (error: Error | null, status?: StatusCode) => void,
    ) {
      const der = certificate instanceof Uint8Array ? certificate : certificate[0]!
      verdict(der).then(
        (status) => callback(null, status),
        () => callback(null, StatusCodes.BadCertificateInvalid),
      )
    },
  }
  return store as unknown as NonNullable<OPCUAServerOptions['userCertificateManager']>
}

/** A session is opened, or taken over by another user: it gets that user's role. What it is was checked right before. */
export function admit({ users, access }: LoginParts, session: ServerSession, token: unknown): void {
  const user = userOf(users, token)
  access.admit(session, user?.name ?? 'nobody', user?.role)
}

function userOf(users: Users, token: unknown): User | undefined {
  if (token instanceof UserNameIdentityToken) return users.named(token.userName ?? '')
  if (token instanceof X509IdentityToken) return users.certified(thumbprintOf(token.certificateData))
  if (token instanceof AnonymousIdentityToken) return { name: 'anonymous', role: 'viewer' }
  return undefined
}

/** SHA-1 over the DER of the certificate, as certificates are named in OPC UA (OPC 10000-6, 6.2.2). */
const thumbprintOf = (certificate: Uint8Array): string => createHash('sha1').update(certificate).digest('hex')
