/**
 * With what the command line asks a gateway: BIFROST_TOKEN (or the file that BIFROST_TOKEN_FILE names); on the gateway's own machine,
 * as its own user, the token that it left for us.
 */
import { readVariable } from '../config/environment.ts'
import { isLoopbackHost } from '../core/loopback.ts'
import { GatewayError } from '../core/errors.ts'
import { findHostFile, portOf } from '../http/auth/host-file.ts'

/** The headers that say who asks; none where nothing is known. Throws USAGE where a token would go over the network in the open. */
export function authorization(url: string, env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const { hostname, protocol, origin } = new URL(url)
  const isHere = isLoopbackHost(hostname.replace(/^\[|\]$/g, ''))
  const given = readVariable('BIFROST_TOKEN', env)?.trim() ?? ''
  if (given !== '' && !isHere && protocol !== 'https:' && protocol !== 'wss:')
    throw new GatewayError(
      'USAGE',
      `BIFROST_TOKEN would go to ${origin} as it is, for everybody in between to read; write https:// in place of http://`,
    )
  const token = given === '' && isHere ? findHostFile(portOf(url), env)?.token : given
  return token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` }
}

/** What to do where the gateway did not know us. */
export const HOW_TO_SAY_WHO =
  'run this on its machine as the user that it runs as, or set BIFROST_TOKEN (or BIFROST_TOKEN_FILE) to a token that `bifrost token create` made there'
