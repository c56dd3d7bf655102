/** A provider of single sign-on that we did not write (npm oidc-provider), in this process, and a browser that signs in there. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import * as http from 'node:http'
import * as https from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import type { RequestContext } from 'oidc-provider'

export interface Person {
  readonly sub: string
  readonly [claim: string]: unknown
}

export interface IdentityProvider {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Of its signatures (PEM), and its name. */
  readonly signingKey: string
  readonly keyId: string
  /** Who is in front of the browser. */
  person: Person
  /** The browser says no. */
  refuses: boolean
  /** Answers nothing any more. */
  stop(): Promise<void>
}

export const REDIRECT_URI = 'http://127.0.0.1:8080/api/v1/sign-in/callback'

/** `tls`: over HTTPS, with this key and certificate (PEM). `redirectUri`: where it sends browsers back to. */
export async function startIdentityProvider(
  t: TestContext,
  tls?: { readonly key: string; readonly cert: string },
  redirectUri = REDIRECT_URI,
): Promise<IdentityProvider> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const keyId = 'signing-key'
  const server = tls === undefined ? http.createServer() : https.createServer(tls)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const issuer = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
  const clientSecret = randomBytes(16).toString('hex')
  const state = { person: { sub: 'u-1' } as Person, refuses: false }
  const { Provider } = await import('oidc-provider')
  const provider = new Provider(issuer, {
    clients: [{ client_id: 'bifrost', client_secret: clientSecret, redirect_uris: [redirectUri] }],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: keyId, alg: 'RS256', use: 'sig' }] },
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups', 'realm_access'], email: ['email'] },
    cookies: { keys: ['for tests'] },
    features: { devInteractions: { enabled: false } },
    findAccount: (_context: unknown, id: string) => ({ accountId: id, claims: () => ({ ...state.person, sub: id }) }),
    interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    async loadExistingGrant({ oidc }: RequestContext) {
      const { client, session, provider: own } = oidc
      const grant = new own.Grant({ clientId: client.clientId, accountId: session.accountId })
      grant.addOIDCScope('openid profile email')
      await grant.save()
      return grant
    },
  })
  const answer = provider.callback()
  server.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
    if (request.url?.startsWith('/interaction/') !== true) return answer(request, response)
    const result = state.refuses
      ? { error: 'access_denied', error_description: 'the person said no' }
      : { login: { accountId: state.person.sub } }
    void provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
  })
  const stop = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    })
  t.after(stop)
  const signingKey = privateKey.export({ format: 'pem', type: 'pkcs8' })
  return Object.assign(state, { issuer, clientId: 'bifrost', clientSecret, signingKey, keyId, stop })
}

/** Follows `url` as a browser does, cookies and all, until it is sent back to us; resolves with the whole URL that it would ask us for. */
export async function browseBack(url: string, ca?: string): Promise<string> {
  const cookies = new Map<string, string>()
  let at = url
  for (let hops = 0; hops < 10; hops++) {
    if (at.startsWith(REDIRECT_URI)) return at
    const { status, location, set, body } = await get(
      at,
      [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      ca,
    )
    for (const each of set) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(each)!
      cookies.set(name!, value!)
    }
    if (location === undefined) throw new Error(`the provider answered ${status}: ${body.slice(0, 300)}`)
    at = new URL(location, at).href
  }
  throw new Error('the provider sends round in a circle')
}

interface Page {
  readonly status: number | undefined
  readonly location: string | undefined
  readonly set: readonly string[]
  readonly body: string
}

function get(url: string, cookie: string, ca: string | undefined): Promise<Page> {
  const { request } = url.startsWith('https') ? https : http
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      { headers: { cookie, accept: 'text/html' }, ca, agent: false } as https.RequestOptions,
      (answer) => {
        let body = ''
        answer.setEncoding('utf8').on('data', (text: string) => (body += text))
        answer.on('end', () =>
          resolve({
            status: answer.statusCode,
            location: answer.headers.location,
            set: answer.headers['set-cookie'] ?? [],
            body,
          }),
        )
      },
    )
    asked.on('error', reject)
    asked.end()
  })
}
