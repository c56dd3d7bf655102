/** Who a session belongs to: a user by name and password, by certificate, or nobody (OPC 10000-4, 5.7.3). */
import { AnonymousIdentityToken, UserNameIdentityToken, X509IdentityToken } from 'node-opcua-client'
import type { OPCUAServerOptions, ServerSession } from 'node-opcua-server'
import { oneLine } from '../../../core/one-line.ts'
import { parseCertificate } from '../../../wire/certificates/certificate.ts'
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
          if (user === undefined && gate.mayTell()) {
            const shown = oneLine(name.slice(0, 100))
            say('warn', `${shown} was not let in: no such user, or another password`, { user: shown, from })
          }
          callback(null, user !== undefined)
        })
        .catch(() => callback(null, false))
    },
  }
}

/** A session is opened, or taken over by another user: it gets that user's role. What it is was checked right before. */
export function admit({ users, access }: LoginParts, session: ServerSession, token: unknown): void {
  const user = userOf(users, token)
  access.admit(session, user?.name ?? 'nobody', user?.role)
}

function userOf(users: Users, token: unknown): User | undefined {
  if (token instanceof UserNameIdentityToken) return users.named(token.userName ?? '')
  // A person whom somebody trusted may look; more is said in the file of users.
  if (token instanceof X509IdentityToken) {
    const { thumbprint, commonName } = parseCertificate(token.certificateData)
    return users.certified(thumbprint) ?? { name: commonName, role: 'viewer' }
  }
  if (token instanceof AnonymousIdentityToken) return { name: 'anonymous', role: 'viewer' }
  return undefined
}
