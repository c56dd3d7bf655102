/** Single sign-on against a provider that we did not write, and against one that forges. */
import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { SignJWT, UnsecuredJWT } from 'jose'
import type { OidcConfig } from '../core/access.ts'
import { systemClock } from '../core/clock.ts'
import { codeOf, OFFICE, openRig, PASSWORD } from '../testing/accounts-rig.ts'
import { createAuthority, createCertificate } from '../testing/certificates.ts'
import { startForgingProvider, type ForgingProvider } from '../testing/forging-provider.ts'
import { browseBack, REDIRECT_URI, startIdentityProvider, type IdentityProvider } from '../testing/identity-provider.ts'
import { temporaryFolder } from '../testing/peers.ts'

const AUDIENCE = 'bifrost-api'
const never = new AbortController().signal

const ROLES: OidcConfig['roles'] = [
  { claim: 'groups', value: 'plant-engineers', role: 'engineer' },
  { claim: 'realm_access.roles', value: 'watch', role: 'viewer' },
]

const oidcOf = (issuer: string, more: Partial<OidcConfig> = {}): OidcConfig => ({
  issuer,
  clientId: 'bifrost',
  clientSecret: undefined,
  scopes: ['openid', 'profile', 'email'],
  nameClaim: 'preferred_username',
  roles: ROLES,
  caFile: undefined,
  clockToleranceMs: 30_000,
  bearerAudience: AUDIENCE,
  ...more,
})

async function openWith(t: TestContext, { issuer, clientSecret }: IdentityProvider, more: Partial<OidcConfig> = {}) {
  const rig = await openRig(t, { config: { oidc: oidcOf(issuer, { clientSecret, ...more }) } })
  const real = await rig.open({ clock: systemClock })
  return { ...rig, accounts: real, oidc: real.oidc! }
}

test('authorization code with PKCE: name and roles come from the claims, again with each sign-in', async (t) => {
  const provider = await startIdentityProvider(t)
  const { accounts, oidc, events } = await openWith(t, provider)
  provider.person = { sub: 'u-1', preferred_username: 'Anna Berg', groups: ['plant-engineers', 'other'] }
  const begun = await oidc.begin(REDIRECT_URI, never)
  const asked = new URL(begun.url).searchParams
  assert.equal(asked.get('code_challenge_method'), 'S256')
  assert.equal(asked.get('response_type'), 'code')
  assert.ok(asked.get('state') && asked.get('nonce') && asked.get('code_challenge'))
  assert.equal(begun.state.includes(asked.get('nonce')!), false, 'the cookie is sealed')

  const { cookie, session } = await oidc.finish(await browseBack(begun.url), begun.state, OFFICE, never)
  assert.deepEqual([session.user, session.via, session.principal.roles], ['Anna-Berg', 'oidc', ['engineer']])
  assert.equal(session.principal.may('config.write'), true)
  assert.deepEqual(accounts.users.get('anna-berg')?.origin, 'oidc')

  provider.person = { ...provider.person, groups: [], realm_access: { roles: ['watch'] } }
  const again = await oidc.begin(REDIRECT_URI, never)
  const second = await oidc.finish(await browseBack(again.url), again.state, OFFICE, never)
  assert.deepEqual(second.session.principal.roles, ['viewer'])
  assert.equal(accounts.sessionOf(cookie), undefined, 'the session with the roles of before has ended')
  assert.equal(accounts.users.list().length, 1)
  assert.deepEqual(
    events.filter(({ action }) => action === 'sign-in').map(({ user, outcome }) => [user, outcome]),
    [
      ['Anna-Berg', 'done'],
      ['Anna-Berg', 'done'],
    ],
  )
})

test('who has no role is refused in a sentence, and no user is made', async (t) => {
  const provider = await startIdentityProvider(t)
  const { accounts, oidc } = await openWith(t, provider)
  provider.person = { sub: 'u-2', preferred_username: 'eve', groups: ['visitors'] }
  const { url, state } = await oidc.begin(REDIRECT_URI, never)
  await assert.rejects(oidc.finish(await browseBack(url), state, OFFICE, never), {
    code: 'FORBIDDEN',
    message: `eve signed in at ${provider.issuer}, but has no role here: none of access.oidc.roles fits what the provider says.`,
  })
  assert.equal(accounts.users.list().length, 0)
  assert.equal(accounts.counters.signInsFailed, 1)
})

test('a local user of the same name is another one; a disabled one stays out', async (t) => {
  const provider = await startIdentityProvider(t)
  const { accounts, oidc, host } = await openWith(t, provider)
  await accounts.users.add({ name: 'anna', password: PASSWORD, roles: ['admin'] }, host)
  provider.person = { sub: 'u-3', preferred_username: 'anna', groups: 'plant-engineers' }
  const first = await oidc.begin(REDIRECT_URI, never)
  const { cookie, session } = await oidc.finish(await browseBack(first.url), first.state, OFFICE, never)
  assert.equal(session.user, 'anna@127.0.0.1')
  assert.equal(
    await codeOf(() => accounts.signIn({ name: session.user, password: '', from: OFFICE })),
    'SIGN_IN_FAILED',
  )
  await accounts.users.setEnabled(session.user, false, host)
  assert.equal(accounts.sessionOf(cookie), undefined)
  const second = await oidc.begin(REDIRECT_URI, never)
  const back = await browseBack(second.url)
  assert.equal(await codeOf(() => oidc.finish(back, second.state, OFFICE, never)), 'FORBIDDEN')
})

test('a replayed code, the cookie of another browser, a changed state, a refusal: each is refused', async (t) => {
  const provider = await startIdentityProvider(t)
  const { oidc, accounts } = await openWith(t, provider)
  provider.person = { sub: 'u-1', preferred_username: 'anna', groups: ['plant-engineers'] }
  const mine = await oidc.begin(REDIRECT_URI, never)
  const others = await oidc.begin(REDIRECT_URI, never)
  const back = await browseBack(mine.url)
  const finish = (url: string, state: string) => codeOf(() => oidc.finish(url, state, OFFICE, never))
  assert.equal(await finish(back, others.state), 'SIGN_IN_FAILED', 'another browser')
  assert.equal(await finish(back, ''), 'SIGN_IN_FAILED', 'no cookie')
  assert.equal(await finish(back, `${mine.state.slice(0, -2)}AA`), 'SIGN_IN_FAILED', 'a changed cookie')
  assert.equal(await finish(back.replace(/state=[^&]*/, 'state=x'), mine.state), 'SIGN_IN_FAILED', 'a changed state')
  assert.equal(await finish(back.replace(/code=[^&]*/, 'code=x'), mine.state), 'SIGN_IN_FAILED', 'a made-up code')
  assert.equal(await finish(back, mine.state), 'none', 'control')
  assert.equal(await finish(back, mine.state), 'SIGN_IN_FAILED', 'replayed')
  provider.refuses = true
  const refused = await oidc.begin(REDIRECT_URI, never)
  await assert.rejects(oidc.finish(await browseBack(refused.url), refused.state, OFFICE, never), {
    message: `The sign-in at ${provider.issuer} was not accepted: it said access_denied.`,
  })
  assert.equal(accounts.sessions.list().length <= 1, true)
})

test('a sign-in that took longer than ten minutes is begun again', async (t) => {
  const provider = await startIdentityProvider(t)
  const { clock, accounts } = await openRig(t, {
    config: { oidc: oidcOf(provider.issuer, { clientSecret: provider.clientSecret }) },
  })
  const { url, state } = await accounts.oidc!.begin(REDIRECT_URI, never)
  await clock.advance(600_001)
  await assert.rejects(
    accounts.oidc!.finish(await browseBack(url), state, OFFICE, never),
    /too long ago; begin it again/,
  )
})

test('HTTPS: an authority of our own, and nobody else', async (t) => {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'plant-ca')
  const pair = createCertificate(folder, 'sso', authority, '127.0.0.1')
  const provider = await startIdentityProvider(t, {
    key: readFileSync(pair.key, 'utf8'),
    cert: readFileSync(pair.cert, 'utf8'),
  })
  const stranger = await openWith(t, provider)
  assert.equal(await codeOf(() => stranger.oidc.begin(REDIRECT_URI, never)), 'NOT_CONNECTED')
  const { oidc } = await openWith(t, provider, { caFile: authority.cert })
  provider.person = { sub: 'u-1', preferred_username: 'anna', groups: ['plant-engineers'] }
  const { url, state } = await oidc.begin(REDIRECT_URI, never)
  const back = await browseBack(url, readFileSync(authority.cert, 'utf8'))
  assert.equal((await oidc.finish(back, state, OFFICE, never)).session.user, 'anna')
})

test('a provider that is away: local users sign in, and the next attempt asks it again', async (t) => {
  const provider = await startIdentityProvider(t)
  const port = Number(new URL(provider.issuer).port)
  await provider.stop()
  const { accounts, host, clock } = await openRig(t, { config: { oidc: oidcOf(provider.issuer) } })
  await assert.rejects(accounts.oidc!.begin(REDIRECT_URI, never), /cannot be asked now: .*ECONNREFUSED/)
  await accounts.users.add({ name: 'anna', password: PASSWORD, roles: ['admin'] }, host)
  await accounts.signIn({ name: 'anna', password: PASSWORD, from: OFFICE })
  const { createServer } = await import('node:http')
  const back = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ issuer: provider.issuer, authorization_endpoint: `${provider.issuer}/auth` }))
  })
  await new Promise<void>((resolve) => back.listen(port, '127.0.0.1', resolve))
  t.after(() => back.close())
  await clock.advance(2001)
  assert.match((await accounts.oidc!.begin(REDIRECT_URI, never)).url, /\/auth\?/)
})

test('waiting for the provider ends with the request', async (t) => {
  const { createServer } = await import('node:net')
  const silent = createServer(() => undefined)
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  t.after(() => silent.close())
  const { port } = silent.address() as { port: number }
  const { accounts } = await openRig(t, { config: { oidc: oidcOf(`http://127.0.0.1:${port}`) } })
  const stop = new AbortController()
  const waiting = accounts.oidc!.begin(REDIRECT_URI, stop.signal)
  setTimeout(() => stop.abort(), 20)
  await assert.rejects(waiting, { name: 'AbortError' })
})

const signed = (
  provider: Pick<ForgingProvider, 'issuer' | 'keyId'>,
  claims: Record<string, unknown>,
  { audience = AUDIENCE, issuer = provider.issuer, expires = '5m', subject = 'u-9' } = {},
) =>
  new SignJWT({ preferred_username: 'robot', groups: ['plant-engineers'], ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: provider.keyId })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(subject)
    .setIssuedAt()
    .setExpirationTime(expires)

test('bearer JWTs: for our audience, of this issuer, signed by its key, in time; and nothing else', async (t) => {
  const provider = await startIdentityProvider(t)
  const { accounts } = await openWith(t, provider)
  const key = createPrivateKey(provider.signingKey)
  const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const good = await signed(provider, {}).sign(key)
  const principal = (await accounts.bearerOf(good, OFFICE))!
  assert.deepEqual([principal.kind, principal.name, principal.roles], ['token', 'token of robot', ['engineer']])
  assert.equal(principal.may('accounts.manage'), false)

  const [header, payload, signature] = good.split('.') as [string, string, string]
  const json = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
  const { createPublicKey, createHmac } = await import('node:crypto')
  const pem = createPublicKey(key).export({ format: 'pem', type: 'spki' })
  const confused = `${json({ alg: 'HS256', kid: provider.keyId })}.${payload}`
  const bad: Record<string, string> = {
    'alg none': new UnsecuredJWT(claims).encode(),
    'alg none with a signature': `${json({ alg: 'none' })}.${payload}.${signature}`,
    'the public key as a shared secret': `${confused}.${createHmac('sha256', pem).update(confused).digest('base64url')}`,
    'signed by another key of the same name': await signed(provider, {}).sign(foreign),
    'changed after it was signed': `${header}.${json({ ...claims, groups: ['plant-engineers'], sub: 'other' })}.${signature}`,
    'another audience': await signed(provider, {}, { audience: 'other-api' }).sign(key),
    'an ID token': await signed(provider, {}, { audience: 'bifrost' }).sign(key),
    'another issuer': await signed(provider, {}, { issuer: 'https://evil.example' }).sign(key),
    expired: await signed(provider, {}, { expires: '-31s' }).sign(key),
    'not valid yet': await signed(provider, {}).setNotBefore('5m').sign(key),
    'without an end': await new SignJWT({ groups: ['plant-engineers'] })
      .setProtectedHeader({ alg: 'RS256', kid: provider.keyId })
      .setIssuer(provider.issuer)
      .setAudience(AUDIENCE)
      .setSubject('u-9')
      .sign(key),
    'without a role': await signed(provider, { groups: ['visitors'] }).sign(key),
    'cut off': good.slice(0, -10),
    'three dots': '..',
  }
  for (const [why, token] of Object.entries(bad)) assert.equal(await accounts.bearerOf(token, OFFICE), undefined, why)
  assert.equal(accounts.counters.bearersRefused, Object.keys(bad).length)
  assert.ok(
    await accounts.bearerOf(await signed(provider, {}, { expires: '-5s' }).sign(key), OFFICE),
    'within the tolerance',
  )

  const closed = await openWith(t, provider, { bearerAudience: undefined })
  assert.equal(await closed.accounts.bearerOf(good, OFFICE), undefined, 'off where no audience is configured')
})

test('forged ID tokens: none, another key, wrong nonce, audience, issuer or time', async (t) => {
  const provider = await startForgingProvider(t)
  const rig = await openRig(t, { config: { oidc: oidcOf(provider.issuer) } })
  const accounts = await rig.open({ clock: systemClock })
  const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const attempt = async (make: (nonce: string) => string | Promise<string>): Promise<string> => {
    const { url, state } = await accounts.oidc!.begin(REDIRECT_URI, never)
    const asked = new URL(url).searchParams
    provider.idToken = await make(asked.get('nonce')!)
    const back = `${REDIRECT_URI}?code=any&state=${asked.get('state')}`
    return codeOf(() => accounts.oidc!.finish(back, state, OFFICE, never))
  }
  const token = (nonce: string, more = {}) => signed(provider, { nonce }, { audience: 'bifrost', ...more })
  assert.equal(await attempt((nonce) => token(nonce).sign(provider.key)), 'none', 'control')
  const claimsOf = (nonce: string) => ({
    iss: provider.issuer,
    aud: 'bifrost',
    sub: 'u-9',
    nonce,
    groups: ['plant-engineers'],
    iat: Date.now() / 1000,
    exp: Date.now() / 1000 + 60,
  })
  const bad: Record<string, (nonce: string) => string | Promise<string>> = {
    'alg none': (nonce) => new UnsecuredJWT(claimsOf(nonce)).encode(),
    'forged signature': (nonce) => token(nonce).sign(foreign),
    'wrong nonce': () => token('another').sign(provider.key),
    'wrong audience': (nonce) => token(nonce, { audience: 'other' }).sign(provider.key),
    'wrong issuer': (nonce) => token(nonce, { issuer: 'https://evil.example' }).sign(provider.key),
    expired: (nonce) => token(nonce, { expires: '-31s' }).sign(provider.key),
    nothing: () => '',
  }
  for (const [why, make] of Object.entries(bad)) assert.equal(await attempt(make), 'SIGN_IN_FAILED', why)
  assert.equal(accounts.sessions.list().length, 1)
})
