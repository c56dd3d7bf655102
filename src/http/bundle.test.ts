/** A support bundle made by a whole gateway over files, read by the system's own tar, and searched for secrets of every place there is. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openSource } from '../cli/config-file.ts'
import { keepUp } from '../cli/keep-up.ts'
import type { Grant } from '../core/access.ts'
import { silentLog } from '../core/log.ts'
import { startGateway } from '../gateway.ts'
import { auditEvents } from '../testing/audit-lines.ts'
import { eventually, freePort, temporaryFolder } from '../testing/peers.ts'
import { startPlant } from '../testing/people.ts'
import { startHttp } from './server.ts'

const YAML = (dead: number): string => `version: 1
data: ./data
http: { listen: '127.0.0.1:0' }
secrets: { folder: ./mounted }
access:
  oidc: { issuer: 'http://127.0.0.1:${dead}', clientId: bifrost, clientSecret: canary-oidc-secret, roles: [{ claim: g, value: e, role: viewer }] }
receive:
  listen: '127.0.0.1:0'
  clients: [{ name: edge-1, token: canary-receive-token-of-32-letters }]
templates:
  - name: server
    driver: opcua
    parameters: { word: { type: text } }
    options: { endpoint: 'opc.tcp://127.0.0.1:${dead}', user: { name: eve, password: '\${param:word}' } }
    tags: [{ name: x, address: 'ns=1;s=x', type: float64 }]
devices:
  - name: press-1
    driver: simulated
    every: 200ms
    tags: [{ name: wave, address: 'sine:period=10s,min=0,max=10', type: float64, description: 'see http://eve:canary-url-password@wiki/wave' }]
  - name: opc
    driver: opcua
    options: { endpoint: 'opc.tcp://127.0.0.1:${dead}', user: { name: eve, password: canary-device-password } }
    tags: [{ name: x, address: 'ns=1;s=x', type: float64 }]
  - { name: from-template, template: server, parameters: { word: canary-template-word } }
sinks:
  - { name: plain, sink: mqtt, options: { url: 'mqtt://127.0.0.1:${dead}', username: eve, password: canary-sink-password } }
  - { name: of-file, sink: mqtt, options: { url: 'mqtt://127.0.0.1:${dead}', username: eve, password: '\${secret:broker}' } }
  - { name: of-env, sink: mqtt, options: { url: 'mqtt://127.0.0.1:${dead}', username: eve, password: '\${BROKER}' } }
  - { name: hook, sink: http, options: { url: 'http://127.0.0.1:${dead}/', token: canary-http-token } }
`

const CANARIES = /canary-[a-z-]+/g

async function rig(t: TestContext) {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'data'))
  mkdirSync(join(folder, 'mounted'))
  writeFileSync(join(folder, 'mounted', 'broker'), 'canary-mounted-secret\n')
  writeFileSync(join(folder, 'admin-password'), 'canary-admin-password\n')
  const file = join(folder, 'bifrost.yaml')
  writeFileSync(file, YAML(await freePort()))
  const env = { BROKER: 'canary-env-password', BIFROST_ADMIN_PASSWORD_FILE: join(folder, 'admin-password') }
  const source = await openSource(file, env, silentLog)
  const gateway = await startGateway(source.opened.config, { log: silentLog, version: '0.0.0-test', env })
  const unwatch = await keepUp(gateway, source)
  const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [] })
  t.after(async () => {
    unwatch()
    await http.close()
    await gateway.stop()
  })
  const by = { by: gateway.accounts!.hostPrincipal('root'), from: { address: 'host' } }
  const grants = [...gateway.accounts!.roles().find(({ name }) => name === 'engineer')!.grants]
  const { token } = await gateway.accounts!.tokens.create({ name: 'support', grants, expiresAt: null }, by)
  const who = { authorization: `Bearer ${token}` }
  return { folder, gateway, token, get: (path: string) => fetch(`${http.url}${path}`, { headers: who }) }
}

/** The files of the archive, by name without its folder, as tar unpacks them. */
async function unpack(t: TestContext, answer: Response): Promise<Map<string, string>> {
  assert.equal(answer.status, 200, answer.ok ? '' : await answer.text())
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'bundle.tar.gz'), Buffer.from(await answer.arrayBuffer()))
  execFileSync('tar', ['-xzf', 'bundle.tar.gz'], { cwd: folder })
  const [inside] = readdirSync(folder).filter((name) => name.startsWith('bifrost-support-'))
  return new Map(
    readdirSync(join(folder, inside!)).map((name) => [name, readFileSync(join(folder, inside!, name), 'utf8')]),
  )
}

test(
  'a bundle holds what its README says, and none of the secrets, wherever they stand',
  { timeout: 60_000 },
  async (t) => {
    const { gateway, get, token, folder } = await rig(t)
    const { log } = gateway
    // As somebody might have said it in a message, past all names of fields.
    log.warn(
      { details: { password: 'canary-log-field' } },
      'The broker refused the password canary-sink-password of eve.',
    )
    log.error({ error: new Error('no: mqtt://eve:canary-log-url@host') }, `Sent Authorization: Bearer ${token}`)
    log.warn(
      { details: { options: { auth: { token: 'canary-log-deep' } } } },
      'canary-mounted-secret, canary-env-password, canary-template-word',
    )
    await eventually('it runs', () => gateway.polling.device('press-1')!.state === 'Running')
    const files = await unpack(t, await get('/api/v1/diagnostics/bundle'))
    const listed = [...files.get('README.txt')!.matchAll(/^ {2}(\S+\.\w+) /gm)].map(([, name]) => name!)
    assert.deepEqual([...files.keys()].sort(), ['README.txt', ...listed].sort())
    assert.equal(listed.length, 12)

    const config = files.get('config.yaml')!
    assert.match(config, /name: from-template/)
    assert.match(config, /password: "?\*\*\*/)
    assert.match(config, /\$\{secret:broker\}/)
    assert.match(files.get('log.txt')!, /The broker refused the password \*\*\* of eve/)
    assert.match(files.get('devices.ndjson')!, /"name":"press-1".*"state":"Running"/)
    assert.match(files.get('metrics.txt')!, /^bifrost_device_up\{device="press-1"/m)
    assert.equal(JSON.parse(files.get('config-status.json')!).status.version, 1)
    assert.equal(JSON.parse(files.get('polls.ndjson')!.split('\n')[0]!).devices.length, 3)
    assert.ok(JSON.parse(files.get('system.json')!).process.rssBytes > 0)

    const leaks = [...files].flatMap(([name, text]) => (text.match(CANARIES) ?? []).map((word) => `${name}: ${word}`))
    assert.deepEqual(leaks, [])
    for (const [name, text] of files) {
      assert.equal(text.includes(token), false, `${name} has the token`)
      assert.equal(/PRIVATE KEY|scrypt|argon2/.test(text), false, name)
    }
    const key = readFileSync(join(folder, 'data', 'secret.key'), 'utf8').trim()
    for (const [name, text] of files) assert.equal(text.includes(key), false, `${name} has the key`)
    assert.deepEqual(
      auditEvents(gateway.config.data)
        .filter(({ action }) => action === 'bundle.download')
        .map(({ user, outcome }) => [user, outcome]),
      [['token support', 'done']],
    )
  },
)

test('control: what the search would find, were it there', { timeout: 60_000 }, async (t) => {
  const { gateway, get } = await rig(t)
  // No secret of anything, so that nothing blanks it.
  gateway.log.warn({ details: { about: 'canary-in-a-field' } }, 'canary-in-a-message')
  const files = await unpack(t, await get('/api/v1/diagnostics/bundle'))
  const found = [...files].flatMap(([name, text]) => (text.match(CANARIES) ?? []).map((word) => `${name}: ${word}`))
  assert.deepEqual(found, ['log.txt: canary-in-a-message', 'log.txt: canary-in-a-field'])
})

test('a bundle is for who may diagnose everything and read the configuration; without files it says so', async (t) => {
  const plant = await startPlant(t)
  await plant.person('anna', 'admin')
  const asked = async (...grants: Grant[]) =>
    plant.ask(
      '/api/v1/diagnostics/bundle',
      await plant.token(`t-${grants.length}-${grants[0]!.permissions.join('-')}`, ...grants),
    )
  assert.equal((await asked({ permissions: ['diagnose'] })).status, 403)
  assert.equal((await asked({ permissions: ['config.read'] })).status, 403)
  assert.equal(
    (await asked({ permissions: ['diagnose'], devices: ['press-*'] }, { permissions: ['config.read'] })).status,
    403,
  )
  const answer = await asked({ permissions: ['diagnose', 'config.read'] })
  const files = await unpack(t, answer)
  assert.match(files.get('config.yaml')!, /without a configuration file/)
})
