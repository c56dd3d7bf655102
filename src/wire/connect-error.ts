/** Why a connection could not be made, or broke: the system's codes as sentences for people. The code itself is in `details`. */
import { NotConnectedError } from '../core/errors.ts'

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'refused the connection; nothing listens on this port',
  ECONNRESET: 'closed the connection at once',
  EHOSTUNREACH: 'cannot be reached; no route, or the device is off',
  ENETUNREACH: 'cannot be reached; there is no route to its network',
  EHOSTDOWN: 'is down',
  ENOTFOUND: 'has a name that is not known',
  EAI_AGAIN: 'has a name that could not be looked up; the name server does not answer',
  EACCES: 'may not be connected to from here',
  EPERM: 'may not be connected to from here',
  EMFILE: 'was not tried: this process has too many open files',
}

/** Who was to be reached, and how long that may take. */
export interface Target {
  readonly host: string
  readonly port: number
  readonly connectTimeoutMs: number
}

/** `10.0.0.5:502`. */
export const endpointOf = ({ host, port }: Target): string => `${host}:${port}`

/** The error for a system error. */
export function connectError(
  target: Target,
  error: { code?: string | undefined; message?: string },
): NotConnectedError {
  const endpoint = endpointOf(target)
  const code = error.code ?? 'UNKNOWN'
  const reason =
    code === 'ETIMEDOUT'
      ? `did not answer within ${target.connectTimeoutMs} ms`
      : code === 'EFORBIDDEN'
        ? `may not be dialled: ${error.message}`
        : (REASONS[code] ?? `cannot be connected (${error.message ?? code})`)
  return new NotConnectedError(`${endpoint} ${reason}`, { details: { endpoint, reason: code }, cause: error })
}
