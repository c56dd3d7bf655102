/**
 * What goes wrong when an OPC UA server is connected to, each with its own server or a stranger on its port: a sentence with the cause and
 * the next step, within five seconds, in log, API and command line. One gateway has them all at once, so that none hides another.
 */
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { silentLog } from '../src/core/log.ts'
import { opcua } from '../src/drivers/opcua/driver.ts'
import { pointsOf, readAll, tagOf, testContext } from '../src/testing/driver-suite.ts'
import { startFaultyServer } from '../src/testing/opcua-faulty-server.ts'
import { startGatewayProcess, type GatewayProcess } from '../src/testing/gateway-process.ts'
import { createApplicationCertificate } from '../src/testing/opcua-certificates.ts'
import { eventually, freePort, needs, startProcess, temporaryFolder, type Cleanup } from '../src/testing/peers.ts'

const LAUNCHER = join(import.meta.dirname, '..', 'bin', 'bifrost')
const SECRET = 'sesam-oeffne-dich'
const LIMIT_MS = 5000
const URI = 'urn:bifrost:test:faulty'

interface DeviceView {
  readonly name: string
  readonly state: string
  readonly reason: string | null
}

/** Device → its options, and what must be said of it. */
type Cases = Record<string, { readonly options: object; readonly said: RegExp }>

/** A stranger on a port: what it does with whoever connects. */
async function startStranger(t: Cleanup, serve: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return `opc.tcp://127.0.0.1:${(server.address() as { port: number }).port}`
}

async function prepareCases(t: Cleanup, folder: string): Promise<Cases> {
  const made = (name: string, options: object) => createApplicationCertificate(folder, name, { uri: URI, ...options })
  const [good, expired, elsewhere, stranger] = [
    made('good', {}),
    made('expired', { to: '20250101000000Z' }),
    made('elsewhere', { hosts: ['plc7.example.org'] }),
    made('stranger', { uri: 'urn:another' }),
  ]
  const pair = ({ cert, key }: { cert: string; key: string }) => ({ certificate: cert, key })
  const trusted = join(folder, 'data', 'certificates', 'trusted')
  mkdirSync(trusted, { recursive: true })
  for (const [at, { cert }] of [good, expired, elsewhere].entries()) copyFileSync(cert, join(trusted, `${at}.pem`))
  const [users, old, away, unknown] = await Promise.all([
    startFaultyServer(t, { ...pair(good), anonymous: false, users: { anna: 'right' }, endpointHost: 'plc.inside.invalid' }),
    startFaultyServer(t, { ...pair(expired), maxSessions: 1 }),
    startFaultyServer(t, { ...pair(elsewhere), policies: ['Basic256Sha256/SignAndEncrypt'], trusted: [] }),
    startFaultyServer(t, { ...pair(stranger), applicationUri: 'urn:another' }),
  ]) // prettier-ignore
  const plain = { securityPolicy: 'None' }
  const nobody = `opc.tcp://127.0.0.1:${await freePort()}`
  const http = await startStranger(t, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'))
  const garbage = await startStranger(t, (socket) => void socket.write(Buffer.alloc(4096, 0x55)))
  const silent = await startStranger(t, () => {})
  const closing = await startStranger(t, (socket) => socket.destroy())
  return {
    nat: { options: { endpoint: users.url, user: { name: 'anna', password: 'right' } }, said: /^$/ },
    password: { options: { endpoint: users.url, user: { name: 'anna', password: SECRET } }, said: /refused user "anna" or the password\. Check both at the server/ },
    user: { options: { endpoint: users.url, user: { name: 'bert', password: SECRET } }, said: /refused user "bert" or the password/ },
    anonymous: { options: { endpoint: users.url }, said: /takes no user by anonymous there, but by user and password or certificate\. Set `user`/ },
    expired: { options: { endpoint: old.url }, said: /certificate.*expired/ },
    host: { options: { endpoint: away.url }, said: /is for plc7\.example\.org, not for 127\.0\.0\.1; .*`ignoreHostname: true`/ },
    distrust: { options: { endpoint: away.url, ignoreHostname: true }, said: /does not trust our certificate \(thumbprint [0-9A-F]{40}.*Trust it at the server/ },
    policy: { options: { endpoint: away.url, securityPolicy: 'Aes256_Sha256_RsaPss' }, said: /offers no Aes256_Sha256_RsaPss\/SignAndEncrypt; it offers Basic256Sha256\/SignAndEncrypt\. Set `securityPolicy`/ },
    mode: { options: { endpoint: away.url, securityMode: 'Sign' }, said: /offers no encrypted endpoint \(Sign\); it offers Basic256Sha256\/SignAndEncrypt/ },
    none: { options: { endpoint: away.url, ...plain }, said: /offers no None\/None; it offers Basic256Sha256/ },
    untrusted: { options: { endpoint: unknown.url }, said: /nobody has trusted the certificate "stranger" .*thumbprint [0-9A-F]{40}.*`bifrost opcua trust [0-9A-F]{40}`/ },
    sessions: { options: { endpoint: old.url, ...plain }, said: /has no session left\. Close other clients/ },
    refused: { options: { endpoint: nobody, ...plain }, said: /127\.0\.0\.1:\d+ refused the connection|nothing listens/ },
    unknown: { options: { endpoint: 'opc.tcp://no-such-plc.invalid:4840', ...plain }, said: /no-such-plc\.invalid/ },
    http: { options: { endpoint: http, ...plain }, said: /what listens at .* does not speak OPC UA: it answers "HTTP\/1\.1 400 Bad Request"/ },
    garbage: { options: { endpoint: garbage, ...plain }, said: /does not speak OPC UA: it answers "UUUU/ },
    silent: { options: { endpoint: silent, ...plain }, said: /did not complete the connection within 4000 ms: it is off, a firewall/ },
    closing: { options: { endpoint: closing, ...plain }, said: /closes the connection without a word: it is no OPC UA server, or has no connection left/ },
  } // prettier-ignore
}

test('a password that goes out without security is warned of, once and without being said', async (t) => {
  const server = await startFaultyServer(t, { anonymous: false, users: { anna: SECRET } })
  const said: string[] = []
  const log = { ...silentLog, warn: (_: object, sentence: string) => void said.push(sentence) }
  const options = { endpoint: server.url, securityPolicy: 'None', user: { name: 'anna', password: SECRET } }
  const device = opcua.create(opcua.options.parse(options), { ...testContext('plc'), log })
  t.after(() => device.close())
  for (let round = 0; round < 2; round++) {
    await device.connect(AbortSignal.timeout(10_000))
    await server.ask('forget', { what: 'sessions' })
    const [point] = pointsOf(opcua, [tagOf('i=2258', 'string')])
    await readAll(device.prepare([point!])).catch(() => {})
  }
  await eventually('it is said', () => said.length > 0)
  assert.match(
    said.join('\n'),
    /^the password of user "anna" goes to .* without security: .*`securityPolicy` than None$/,
  )
  assert.ok(!said.join('').includes(SECRET))
})

describe('what goes wrong is said within five seconds', { skip: needs('openssl') }, () => {
  const endings: (() => unknown)[] = []
  const t: Cleanup = { after: (end) => void endings.push(end) }
  after(async () => {
    for (const end of endings.toReversed()) await end()
  })
  let gateway: GatewayProcess
  let cases: Cases = {}
  /** By device: when it was said, and what. */
  const heard = new Map<string, { ms: number; reason: string }>()
  const names = ['nat', 'password', 'user', 'anonymous', 'expired', 'host', 'distrust', 'policy', 'mode', 'none', 'untrusted', 'sessions', 'refused', 'unknown', 'http', 'garbage', 'silent', 'closing'] // prettier-ignore

  before(async () => {
    const folder = temporaryFolder(t)
    cases = await prepareCases(t, folder)
    const device = ([name, { options }]: [string, Cases[string]]) =>
      `  - { name: ${name}, driver: opcua, options: ${JSON.stringify(options)}, tags: [{ name: c, address: 'ns=2;s=Counters/0', type: float64 }] }`
    // The session that is the only one.
    const holder = `  - { name: holder, driver: opcua, options: ${JSON.stringify(cases.sessions!.options)}, tags: [{ name: c, address: 'ns=2;s=Counters/0', type: float64 }] }`
    gateway = await startGatewayProcess(t as never, { yaml: `devices:\n${[holder, ...Object.entries(cases).map(device)].join('\n')}\n`, folder }) // prettier-ignore
    const began = performance.now()
    await eventually(
      () => `a word about each: ${names.filter((name) => !heard.has(name)).join(', ')}`,
      async () => {
        const devices = (await gateway.get<{ devices: DeviceView[] }>('devices')).devices
        for (const { name: given, state, reason } of devices) {
          // Of two that want the only session one has it, whichever was first.
          const name = given === 'holder' ? 'sessions' : given
          const isSaid = name === 'nat' ? state === 'Running' : (reason ?? '') !== '' && !/^(connecting|not connected yet)/i.test(reason!)
          if (isSaid && !heard.has(name)) heard.set(name, { ms: performance.now() - began, reason: reason ?? '' })
        }
        return names.every((name) => heard.has(name))
      },
      15_000,
    ) // prettier-ignore
  })

  for (const name of names) {
    test(name, (context) => {
      const { ms, reason } = heard.get(name)!
      context.diagnostic(`${Math.round(ms)} ms: ${reason}`)
      assert.match(reason, cases[name]!.said)
      // What it takes to start the worker is paid once: the first word of all is where the time begins.
      const since = ms - Math.min(...[...heard.values()].map((one) => one.ms))
      assert.ok(since < LIMIT_MS, `${since} ms`)
      assert.doesNotMatch(reason, /BadUserAccessDenied \(0x|undefined|\[object|\n/)
    })
  }

  test('the log says it, and not at every attempt; neither log, API nor configuration shows a password', async () => {
    const log = gateway.output()
    for (const name of ['password', 'untrusted', 'refused', 'garbage']) {
      const lines = log
        .split('\n')
        .filter((line) => line.includes(`"${name}"`) && cases[name]!.said.test(line.replaceAll('\\"', '"')))
      assert.ok(lines.length >= 1 && lines.length <= 3, `${name}: ${lines.join('\n')}`) // prettier-ignore
    }
    const shown = startProcess(t, LAUNCHER, ['config', 'render', join(gateway.folder, 'bifrost.yaml')])
    await shown.exited
    for (const [where, text] of [
      ['log', log],
      ['API', JSON.stringify(await gateway.get('devices'))],
      ['values', JSON.stringify(await gateway.get('values'))],
      ['configuration as it is shown', shown.output()],
    ] as const)
      assert.ok(!text.includes(SECRET) && !text.includes('"right"'), where)
  })

  for (const name of ['password', 'untrusted', 'policy', 'refused', 'closing']) {
    test(`the command line says the same of ${name}, and exits accordingly`, async () => {
      const began = performance.now()
      const reading = startProcess(t, LAUNCHER, ['read', '-c', join(gateway.folder, 'bifrost.yaml'), `${name}/c`])
      const { code } = await reading.exited
      assert.match(reading.output(), cases[name]!.said)
      assert.equal(code, ['refused', 'closing'].includes(name) ? 3 : 4)
      assert.ok(!reading.output().includes(SECRET))
      assert.ok(performance.now() - began < 2 * LIMIT_MS)
    })
  }
})
