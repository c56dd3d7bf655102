/** `access` of a configuration: what it becomes, and every wrong word at its line. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACCESS_DEFAULTS } from '../core/access.ts'
import { loadFiles, problemLines } from '../testing/config-rig.ts'
import { renderConfig } from './render.ts'
import { drivers } from '../drivers/index.ts'
import { sinks } from '../sinks/index.ts'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../testing/peers.ts'

const file = (access: string) => ({ 'bifrost.yaml': `version: 1\n${access}` })

test('nothing said: the defaults', async (t) => {
  assert.deepEqual((await loadFiles(t, file(''))).access, ACCESS_DEFAULTS)
  assert.deepEqual((await loadFiles(t, file('access: {}\n'))).access, ACCESS_DEFAULTS)
})

test('everything said', async (t) => {
  const { access, devices } = await loadFiles(t, {
    ...file(`http: { access: accounts }
access:
  sessions: { idle: 10m, absolute: 8h }
  lockout: { attempts: 3, pause: 2s, longestPause: 1h }
  roles:
    - name: press-operator
      grants: [{ permissions: [view, write], devices: ['press-*'], areas: ['hall-1/*'] }]
  oidc:
    issuer: https://sso.example/realms/plant
    clientId: bifrost
    clientSecretFile: secret.txt
    roles: [{ claim: groups, value: plant-engineers, role: press-operator }]
    bearerAudience: bifrost-api
  certificates:
    - { subject: hmi-3, user: anna }
    - { san: 'URI:urn:plant:scada', role: viewer }
devices:
  - { name: press-1, driver: simulated, area: hall-1/line-2, options: {} }
`),
    'secret.txt': 'from a file\n',
  })
  assert.deepEqual(access, {
    sessions: { idleMs: 600_000, absoluteMs: 28_800_000 },
    lockout: { attempts: 3, pauseMs: 2000, longestPauseMs: 3_600_000 },
    roles: [
      {
        name: 'press-operator',
        grants: [{ permissions: ['view', 'write'], devices: ['press-*'], areas: ['hall-1/*'] }],
      },
    ],
    oidc: {
      issuer: 'https://sso.example/realms/plant',
      clientId: 'bifrost',
      clientSecret: 'from a file',
      scopes: ['openid', 'profile', 'email'],
      nameClaim: 'preferred_username',
      roles: [{ claim: 'groups', value: 'plant-engineers', role: 'press-operator' }],
      caFile: undefined,
      clockToleranceMs: 30_000,
      bearerAudience: 'bifrost-api',
    },
    certificates: [
      { subject: 'hmi-3', user: 'anna' },
      { san: 'URI:urn:plant:scada', role: 'viewer' },
    ],
  })
  assert.equal(devices[0]!.area, 'hall-1/line-2')
})

test('wrong words are problems at their line, with what was probably meant', async (t) => {
  const lines = await problemLines(
    t,
    file(`access:
  roles:
    - name: x
      grants: [{ permissions: [veiw] }]
  sesions: {}
  certificates:
    - { fingerprint: abc, user: a }
devices:
  - { name: press-1, driver: simulated, area: '/hall', options: {} }
`),
  )
  assert.deepEqual(
    lines.map((line) => line.replace(/expected one of view, [^,].*, got/, 'expected one of …, got')),
    [
      'bifrost.yaml:5:32 access.roles[0].grants[0].permissions[0]: expected one of …, got "veiw", did you mean "view"?',
      'bifrost.yaml:6:3 access.sesions: unknown key "sesions", did you mean "sessions"?',
      'bifrost.yaml:8:22 access.certificates[0].fingerprint: expected a SHA-256 fingerprint, 64 hexadecimal digits, got "abc"',
      'bifrost.yaml:10:47 devices[0].area: expected words with slashes between them, such as site-1/line-2, got "/hall"',
    ],
  )
})

test('words that fit nothing are problems too: roles that there are not, limits that cannot be, halves of a rule', async (t) => {
  const lines = await problemLines(
    t,
    file(`access:
  sessions: { idle: 8h, absolute: 1h }
  roles:
    - name: admin
      grants: [{ permissions: [view] }]
    - name: x
      grants: [{ permissions: [lock], devices: [a] }]
    - name: x
      grants: [{ permissions: [view] }]
  oidc:
    issuer: http://sso.example
    clientId: bifrost
    bearerAudience: bifrost
    scopes: [profile]
    roles: [{ claim: groups, value: x, role: enginer }]
  certificates:
    - { subject: a, san: 'DNS:b', role: viewer }
    - { subject: a }
    - { subject: a, role: constructor }
`),
  )
  assert.deepEqual(lines, [
    'bifrost.yaml:3:13 access.sessions: `absolute` is shorter than `idle`, which would have no effect then',
    'bifrost.yaml:5:13 access.roles[0].name: the role "admin" is always there; give yours another name',
    'bifrost.yaml:8:31 access.roles[1].grants[0].permissions: "lock" cannot be limited to devices or areas; put it into a grant of its own',
    'bifrost.yaml:9:13 access.roles[2].name: the role "x" is in this list already',
    'bifrost.yaml:12:13 access.oidc.issuer: expected https: whoever is in between could sign in as anybody',
    'bifrost.yaml:14:21 access.oidc.bearerAudience: it is `clientId`: then every ID token would be a bearer token; give the API an audience of its own',
    'bifrost.yaml:15:13 access.oidc.scopes: the scope `openid` is missing',
    'bifrost.yaml:16:46 access.oidc.roles[0].role: there is no role "enginer", did you mean "engineer"?',
    'bifrost.yaml:18:7 access.certificates[0]: give one of subject, san and fingerprint',
    'bifrost.yaml:19:7 access.certificates[1]: give either user or role',
    'bifrost.yaml:20:27 access.certificates[2].role: there is no role "constructor"',
  ])
})

test('the secret of single sign-on is in no rendered configuration', async (t) => {
  const folder = temporaryFolder(t)
  const path = join(folder, 'bifrost.yaml')
  writeFileSync(
    path,
    "version: 1\naccess:\n  oidc: { issuer: 'https://sso.example', clientId: b, clientSecret: topsecret, roles: [{ claim: g, value: v, role: viewer }] }\n",
  )
  const text = await renderConfig(path, { drivers, sinks, env: {} })
  assert.match(text, /issuer: https:\/\/sso\.example/)
  assert.equal(text.includes('topsecret'), false)
})
