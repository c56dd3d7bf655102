/** Who we say we are: a user with a password, a token, an NKey, or a JWT with its key. Files are read for each connection. */
import { readFile } from 'node:fs/promises'
import type { ConnectionOptions } from '@nats-io/transport-node'
import { GatewayError, messageOf } from '../../core/errors.ts'
import type { Library } from './connection.ts'
import type { NatsOptions } from './options.ts'

/** The login as the client library takes it. */
export async function loginOf(
  options: NatsOptions,
  library: Library,
): Promise<Pick<ConnectionOptions, 'authenticator'>> {
  const { username, password, token, nkeyFile, credentialsFile } = options
  if (username !== undefined) return { authenticator: library.usernamePasswordAuthenticator(username, password) }
  if (token !== undefined) return { authenticator: library.tokenAuthenticator(token) }
  if (nkeyFile !== undefined) {
    const seed = (await read('nkeyFile', nkeyFile)).toString('utf8').trim()
    return { authenticator: library.nkeyAuthenticator(new TextEncoder().encode(seed)) }
  }
  if (credentialsFile !== undefined)
    return { authenticator: library.credsAuthenticator(new Uint8Array(await read('credentialsFile', credentialsFile))) }
  return {}
}

/** For sentences: whom the server refused. */
export function whoOf({ username, token, nkeyFile, credentialsFile }: NatsOptions): string {
  if (username !== undefined) return `user "${username}"`
  if (token !== undefined) return 'our token'
  if (nkeyFile !== undefined) return 'our NKey'
  return credentialsFile === undefined ? 'us (no login is configured)' : 'our credentials'
}

async function read(option: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `the file of ${option} cannot be read: ${messageOf(cause)}`, { cause })
  }
}
