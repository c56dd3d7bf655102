/** The receivers against real servers: a web server, mosquitto, and a mail server from npm; what they refuse, and what hangs. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { parseAddressRange, type AddressRange } from '../core/address-range.ts'
import { systemClock } from '../core/clock.ts'
import { GatewayError } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'
import { createAuthority, createCertificate } from '../testing/certificates.ts'
import { startReceiver } from '../testing/http-receiver.ts'
import { startMailServer } from '../testing/mail-server.ts'
import { startMosquitto } from '../testing/mosquitto.ts'
import { eventually, freePort, needs, temporaryFolder } from '../testing/peers.ts'
import { createDial, dial } from '../wire/dial.ts'
import { createReach } from '../wire/reach.ts'
import type { Alert } from './evaluator.ts'
import type { Message } from './message.ts'
import { receiverTypes } from './receivers.ts'

const AT = Date.UTC(2026, 10, 23, 10)
const one = (device: string, state: Alert['state'] = 'firing'): Alert => ({ id: `0123456789abcde${device.at(-1)!}`, alert: 'BifrostDeviceDownLong', severity: 'warning', labels: { device, area: 'hall-1' }, summary: `The device ${device} is not read`, next: 'Look at the device.', isEvent: false, state, since: AT, endedAt: state === 'resolved' ? AT + 60_000 : undefined, silence: undefined }) // prettier-ignore
const MESSAGE: Message = { id: 'message-1', group: 'BifrostDeviceDownLong', alerts: [one('press-1'), one('press-2', 'resolved')], truncated: 0, at: AT } // prettier-ignore
const SENDER = { name: 'edge-7', page: 'https://edge-7.example' }

function receiverOf(kind: string, options: object, dialling = dial) {
  const type = receiverTypes.find(({ name }) => name === kind)!
  const context = { name: 'office', log: silentLog, clock: systemClock, dial: dialling, sender: SENDER }
  return type.create(type.options.parse(options), context)
}

const within = (ms = 10_000) => AbortSignal.timeout(ms)
const codeOf = (code: string) => (error: unknown) => error instanceof GatewayError && error.code === code

test('webhook: the JSON of Alertmanager, version 4', async (t) => {
  const web = await startReceiver(t, () => ({ status: 200 }))
  const receiver = receiverOf('webhook', { url: `${web.url}/hook?a=b`, token: 'geheim-1' })
  t.after(() => receiver.close())
  await receiver.send(MESSAGE, within())
  const [request] = web.requests
  assert.equal(request?.path, '/hook?a=b')
  assert.equal(request?.headers.authorization, 'Bearer geheim-1')
  const body = JSON.parse(request.text) as Record<string, unknown>
  assert.deepEqual(body, {
    version: '4',
    groupKey: '{}:{alertname="BifrostDeviceDownLong"}',
    truncatedAlerts: 0,
    status: 'firing',
    receiver: 'office',
    groupLabels: { alertname: 'BifrostDeviceDownLong' },
    commonLabels: { alertname: 'BifrostDeviceDownLong', severity: 'warning', instance: 'edge-7', area: 'hall-1' },
    commonAnnotations: {
      description: 'Look at the device.',
      runbook_url: 'docs/runbooks/alerts/BifrostDeviceDownLong.md',
    },
    externalURL: 'https://edge-7.example',
    alerts: (body.alerts as unknown[]).slice(),
  })
  const [first, second] = body.alerts as Record<string, unknown>[]
  assert.deepEqual([first?.status, first?.startsAt, first?.endsAt], ['firing', '2026-11-23T10:00:00.000Z', '0001-01-01T00:00:00Z']) // prettier-ignore
  assert.deepEqual([second?.status, second?.endsAt], ['resolved', '2026-11-23T10:01:00.000Z'])
  assert.match(String(first?.fingerprint), /^[0-9a-f]{16}$/)
})

test('webhook: what it refuses for good, what may go later, and a secret address that no error tells', async (t) => {
  let status = 400
  const web = await startReceiver(t, () => ({ status, body: 'no' }))
  const receiver = receiverOf('webhook', { urlSecret: `${web.url}/services/T0/very-secret` })
  t.after(() => receiver.close())
  const failed = async (): Promise<GatewayError> => {
    const error: unknown = await receiver.send(MESSAGE, within()).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    assert.ok(error instanceof GatewayError)
    assert.doesNotMatch(error.message, /very-secret/)
    return error
  }
  assert.equal((await failed()).code, 'SINK_REJECTED')
  status = 503
  assert.notEqual((await failed()).code, 'SINK_REJECTED')
  status = 401
  assert.equal((await failed()).code, 'SINK_REFUSED')
  await web.stop()
  assert.equal((await failed()).code, 'NOT_CONNECTED')
  assert.equal(receiver.where, web.url)
})

test('webhook: a certificate that nobody vouches for is refused, one of ours is taken', async (t) => {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'ca')
  const web = await startReceiver(t, () => ({ status: 200 }), { tls: createCertificate(folder, 'web', authority, 'localhost') }) // prettier-ignore
  const stranger = receiverOf('webhook', { url: web.url })
  await assert.rejects(stranger.send(MESSAGE, within()), codeOf('SINK_REFUSED'))
  const friend = receiverOf('webhook', { url: web.url, ca: authority.cert })
  await friend.send(MESSAGE, within())
  for (const receiver of [stranger, friend]) receiver.close()
  assert.equal(web.requests.length, 1)
})

test('every receiver goes only where the configuration lets it', async (t) => {
  const denied = createDial(
    createReach({ allow: [], deny: [parseAddressRange('127.0.0.0/8') as AddressRange], ownPorts: new Set() }),
  )
  const web = await startReceiver(t, () => ({ status: 200 }))
  const mail = await startMailServer(t, { security: 'none' })
  const all = [
    receiverOf('webhook', { url: web.url }, denied),
    receiverOf('mqtt', { url: `mqtt://127.0.0.1:${await freePort()}` }, denied),
    receiverOf('email', { ...MAIL, port: mail.port, security: 'none' }, denied),
  ]
  for (const receiver of all) await assert.rejects(receiver.send(MESSAGE, within()), /network\.deny/)
  assert.deepEqual([web.requests.length, mail.mails.length], [0, 0])
})

const MAIL = { host: '127.0.0.1', from: 'bifrost@plant.example', to: ['ops@plant.example', 'night@plant.example'] }

async function certificate(t: TestContext) {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'ca')
  return { ca: authority.cert, tls: createCertificate(folder, 'mail', authority, 'localhost') }
}

test('email: over TLS, and by STARTTLS, with a user; text for people', async (t) => {
  const { ca, tls } = await certificate(t)
  for (const security of ['tls', 'starttls'] as const) {
    const user = { name: 'bifrost', password: 'geheim-2' }
    const server = await startMailServer(t, { security, tls, user })
    const options = { ...MAIL, host: 'localhost', port: server.port, security, username: 'bifrost', ca }
    await receiverOf('email', { ...options, password: 'geheim-2' }).send(MESSAGE, within())
    const [mail] = server.mails
    assert.deepEqual(
      [mail?.from, mail?.to, mail?.user, mail?.isSecure],
      [MAIL.from, MAIL.to, 'bifrost', true],
      security,
    )
    assert.match(mail!.text, /^Subject: \[FIRING:1\] BifrostDeviceDownLong \(warning\) at edge-7/m)
    assert.match(mail!.text, /FIRING {2}The device press-1 is not read/)
    assert.match(mail!.text, /RESOLVED {2}The device press-2/)
    await assert.rejects(receiverOf('email', { ...options, password: 'wrong' }).send(MESSAGE, within()), (error) => {
      assert.ok(codeOf('SINK_REFUSED')(error))
      assert.doesNotMatch(String(error), /wrong,|geheim/)
      return true
    })
    const stranger = receiverOf('email', { ...options, ca: undefined, password: 'geheim-2' })
    await assert.rejects(stranger.send(MESSAGE, within()), /no secure connection to localhost:\d+: .*\bca\b/)
    assert.equal(server.mails.length, 1)
  }
})

test('email: nothing is sent in the open to a server that offers no STARTTLS', async (t) => {
  const server = await startMailServer(t, { security: 'none' })
  const receiver = receiverOf('email', { ...MAIL, port: server.port, security: 'starttls' })
  await assert.rejects(receiver.send(MESSAGE, within()), codeOf('SINK_REFUSED'))
  assert.equal(server.mails.length, 0)
})

test('email: a recipient that is not there is for good, one that is busy is not', async (t) => {
  for (const [code, expected] of [
    [550, 'SINK_REJECTED'],
    [450, 'NOT_CONNECTED'],
  ] as const) {
    // prettier-ignore
    const server = await startMailServer(t, { security: 'none', refuse: { to: 'ops@plant.example', code } })
    const receiver = receiverOf('email', { ...MAIL, to: ['ops@plant.example'], port: server.port, security: 'none' })
    await assert.rejects(receiver.send(MESSAGE, within()), codeOf(expected))
  }
})

test('email: a server that hangs is left when the time is over', async (t) => {
  const server = await startMailServer(t, { security: 'none', hangs: true })
  const receiver = receiverOf('email', { ...MAIL, port: server.port, security: 'none' })
  await assert.rejects(receiver.send(MESSAGE, within(500)))
})

test(
  'mqtt: confirmed by a real broker, on a topic of its own, kept where that is asked for',
  { skip: needs('mosquitto') },
  async (t) => {
    // prettier-ignore
    const broker = await startMosquitto(t, { user: { name: 'gw', password: 'geheim-3' }, acl: ['user gw', 'topic readwrite bifrost/#'] }) // prettier-ignore
    const options = { url: broker.url, username: 'gw', password: 'geheim-3', retain: true }
    await receiverOf('mqtt', options).send(MESSAGE, within())
    const { connectAsync } = await import('mqtt')
    const client = await connectAsync(broker.url, { username: 'gw', password: 'geheim-3' })
    t.after(() => client.endAsync(true))
    const got: [string, string][] = []
    client.on('message', (topic, payload) => got.push([topic, payload.toString()]))
    await client.subscribeAsync('bifrost/#')
    await eventually('the broker has kept it', () => got.length === 1, 5000)
    assert.equal(got[0]![0], 'bifrost/edge-7/alerts/BifrostDeviceDownLong')
    assert.equal((JSON.parse(got[0]![1]) as { version: string }).version, '4')
    await assert.rejects(receiverOf('mqtt', { ...options, password: 'wrong' }).send(MESSAGE, within()), codeOf('SINK_REFUSED')) // prettier-ignore
    await assert.rejects(receiverOf('mqtt', { ...options, topic: 'elsewhere' }).send(MESSAGE, within()), codeOf('SINK_REFUSED')) // prettier-ignore
  },
)
