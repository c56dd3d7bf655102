/** The headers of every answer, as a table; and the address to which weaknesses are reported. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { startTestGateway } from '../testing/gateway-fixture.ts'
import { startHttp, type HttpOptions } from './server.ts'

async function start(t: TestContext, options: Partial<HttpOptions> = {}) {
  const gateway = await startTestGateway(t, { devices: [] })
  const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open', ...options })
  t.after(() => http.close())
  return http
}

const HEADERS: Record<string, string> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; " +
    "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=(), serial=(), hid=()',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/** What tells a stranger which program and version answers, or lets other sites read the answer. */
const NEVER = ['server', 'x-powered-by', 'access-control-allow-origin', 'access-control-allow-credentials']

const REQUESTS: readonly (readonly [path: string, status: number, init?: RequestInit])[] = [
  ['/', 200],
  ['/livez', 200],
  ['/metrics', 200],
  ['/api/v1/values', 200],
  ['/api/v1/nothing', 404],
  ['/nothing', 404],
  ['/api/v1/values', 405, { method: 'DELETE' }],
  ['/api/v1/values/d/t', 403, { method: 'PUT', headers: { origin: 'http://evil.example' } }],
  ['/api/v1/values/d/t', 415, { method: 'PUT', body: 'x', headers: { 'content-type': 'text/plain' } }],
  ['/api/v1/values?limit=0', 400],
  ['/problems/BUSY', 200],
]

test('every answer has the security headers, refusals too, and none that tells or opens more', async (t) => {
  const http = await start(t)
  for (const [path, status, init] of REQUESTS) {
    const response = await fetch(http.url + path, init)
    const what = `${init?.method ?? 'GET'} ${path}`
    assert.equal(response.status, status, what)
    for (const [name, value] of Object.entries(HEADERS))
      assert.equal(response.headers.get(name), value, `${what} ${name}`)
    for (const name of NEVER) assert.equal(response.headers.get(name), null, `${what} ${name}`)
    if (path.startsWith('/api/v1/')) assert.equal(response.headers.get('cache-control'), 'no-store', what)
  }
})

test('a page of another site may not ask by preflight', async (t) => {
  const http = await start(t)
  const response = await fetch(`${http.url}/api/v1/values`, {
    method: 'OPTIONS',
    headers: { origin: 'http://evil.example', 'access-control-request-method': 'PUT' },
  })
  assert.ok(response.status >= 400)
  assert.equal(response.headers.get('access-control-allow-origin'), null)
})

test('security.txt says whom to tell and until when that holds; without a contact there is none', async (t) => {
  const silent = await start(t)
  assert.equal((await fetch(`${silent.url}/.well-known/security.txt`)).status, 404)
  const http = await start(t, { securityContact: 'mailto:security@plant.example' })
  const response = await fetch(`${http.url}/.well-known/security.txt`)
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'text/plain; charset=utf-8')
  const lines = (await response.text()).split('\n')
  assert.equal(lines[0], 'Contact: mailto:security@plant.example')
  const [, expires = ''] = /^Expires: (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$/.exec(lines[1]!)!
  const days = (Date.parse(expires) - Date.now()) / 86_400_000
  // RFC 9116, 2.5.5: not in the past, and less than a year ahead.
  assert.ok(days > 30 && days < 365, expires)
  assert.deepEqual(lines.slice(2), ['Preferred-Languages: en', ''])
})
