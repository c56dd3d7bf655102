/** A provider that hands out any ID token a test wants: what a forged one would look like, if TLS did not stop it. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { exportJWK } from 'jose'

export interface ForgingProvider {
  readonly issuer: string
  readonly key: KeyObject
  readonly publicKey: KeyObject
  readonly keyId: string
  /** The next token. */
  idToken: string
}

export async function startForgingProvider(t: TestContext): Promise<ForgingProvider> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }
  const server = createServer((request, response) => {
    const { issuer } = state
    const answers: Record<string, object> = {
      '/.well-known/openid-configuration': {
        issuer,
        authorization_endpoint: `${issuer}/auth`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
      },
      '/jwks': { keys: [jwk] },
      '/token': { access_token: 'opaque', token_type: 'Bearer', id_token: state.idToken },
    }
    const answer = answers[request.url!]
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer ?? {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const state = { issuer: `http://127.0.0.1:${port}`, key: privateKey, publicKey, keyId: 'k1', idToken: '' }
  return state
}
