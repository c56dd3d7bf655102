/**
 * What the command line keeps for devices that are given by their address, without a configuration: our certificate and those that
 * are trusted. By the XDG Base Directory Specification, as `~/.local/share/bifrost`.
 */
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { GatewayError } from '../core/errors.ts'

/** The folder; it may not exist yet. */
export function localData({ XDG_DATA_HOME: base }: NodeJS.ProcessEnv): string {
  const home = base !== undefined && isAbsolute(base) ? base : join(homedir(), '.local', 'share')
  return join(home, 'bifrost')
}

/** Where the certificates of a data folder lie. */
export const certificatesIn = (data: string): string => join(data, 'certificates')

/** The next step names the folder that was looked into. */
export function withLocalFlag(error: unknown): unknown {
  if (!(error instanceof GatewayError)) return error
  const { code, details, cause } = error
  const message = error.message.replace(/`bifrost opcua (trust|import|renew)([^`]*)`/g, '`bifrost opcua $1$2 --local`')
  return message === error.message ? error : new GatewayError(code, message, { details, cause })
}
