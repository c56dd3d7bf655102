/** Presets of clouds: what CONNECT and PUBLISH hold, looked at by a broker that checks passwords by itself; and options that a cloud would refuse. */
import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, verify, type KeyObject } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { SinkType } from '../../../core/sink.ts'
import { createAuthority, createCertificate } from '../../../testing/certificates.ts'
import { batchOf, startDelivery, tagTable, type Row } from '../../../testing/delivery-rig.ts'
import { startMosquitto } from '../../../testing/mosquitto.ts'
import { startCloud, type CloudJudge } from '../../../testing/mqtt-cloud.ts'
import { eventually, needs, temporaryFolder } from '../../../testing/peers.ts'
import { VirtualClock } from '../../../testing/virtual-clock.ts'
import { mqtt } from '../sink.ts'

const type = mqtt as unknown as SinkType
const skip = needs('openssl')
const TAGS = tagTable('press-1/level', 'press-1/speed', 'oven/t')
const ROWS: Row[] = [[1, 1.5], [2, 2], [3, 3]] // prettier-ignore

const samplesIn = (payload: string) => (JSON.parse(payload) as { samples: { tag: string; v: number }[] }).samples

/** The password that IoT Hub would take: its own HMAC over what the token says, and not expired. */
function isGoodSas(password: string, key: string, resource: string, now: number): boolean {
  const fields = new URLSearchParams(password.replace(/^SharedAccessSignature /, ''))
  const [sr, sig, se] = ['sr', 'sig', 'se'].map((name) => fields.get(name) ?? '')
  const expected = createHmac('sha256', Buffer.from(key, 'base64')).update(`${encodeURIComponent(sr!)}\n${se}`).digest('base64') // prettier-ignore
  return sr === resource && sig === expected && Number(se) * 1000 > now
}

test(
  'azure-iot-hub: SAS token, user name, property bag; the token is renewed before it expires',
  { skip },
  async (t) => {
    const clock = new VirtualClock()
    const sasKey = Buffer.from('the key of the device, in base64').toString('base64')
    const judge: CloudJudge = ({ password }) =>
      isGoodSas(password?.toString() ?? '', sasKey, 'localhost/devices/press gateway', clock.now())
    const cloud = await startCloud(t, judge)
    const options = { preset: 'azure-iot-hub', url: cloud.url, ca: cloud.ca, clientId: 'press gateway', sasKey }
    const rig = startDelivery(t, type, options, { tags: TAGS, clock })
    rig.cursor.append(batchOf(ROWS))
    await eventually('delivered', () => rig.cursor.ledger().delivered === 3)
    const [connect] = cloud.connects
    assert.deepEqual(
      [connect!.clientId, connect!.username, connect!.protocolVersion, connect!.clean, connect!.will, connect!.subject],
      ['press gateway', 'localhost/press gateway/?api-version=2021-04-12', 4, true, undefined, undefined],
    )
    assert.match(connect!.password!.toString(), /^SharedAccessSignature sr=localhost%2Fdevices%2Fpress%20gateway&sig=[A-Za-z0-9%]+&se=\d{10}$/) // prettier-ignore
    const [message] = cloud.published
    assert.deepEqual(
      [cloud.published.length, message!.topic, message!.qos, message!.retain],
      [1, 'devices/press gateway/messages/events/$.ct=application%2Fjson&$.ce=utf-8', 1, false],
    )
    assert.deepEqual(samplesIn(message!.payload).map(({ v }) => v), [1.5, 2, 3]) // prettier-ignore
    // An hour is the life of a token; after 48 minutes a new one.
    await clock.advance(47 * 60_000)
    assert.equal(cloud.connects.length, 1)
    await clock.advance(2 * 60_000)
    await eventually('connected again', () => cloud.connects.length === 2)
    assert.notEqual(cloud.connects[1]!.password!.toString(), connect!.password!.toString())
    rig.cursor.append(batchOf(ROWS, 4))
    await eventually('delivered by the new connection', () => rig.cursor.ledger().delivered === 6)
    assert.deepEqual([rig.runner.status().reconnects, rig.runner.status().retries], [0, 0])
    await clock.advance(49 * 60_000)
    await eventually('and again', () => cloud.connects.length === 3)
  },
)

test(
  'a renewal that is refused is shown, loses nothing, and is over when the cloud takes it; one waits for the write before it',
  { skip },
  async (t) => {
    const clock = new VirtualClock()
    let isOpen = true
    const cloud = await startCloud(t, () => isOpen)
    const options = {
      preset: 'azure-iot-hub',
      url: cloud.url,
      ca: cloud.ca,
      clientId: 'press-1',
      sasKey: 'YQ==',
      ackTimeout: '1h',
    }
    const rig = startDelivery(t, type, options, { tags: TAGS, clock })
    await eventually('running', () => rig.runner.status().state === 'Running')
    isOpen = false
    await clock.advance(49 * 60_000)
    await eventually('refused', async () => {
      await clock.advance(100)
      return rig.runner.status().state === 'Failed'
    })
    rig.cursor.append(batchOf(ROWS))
    isOpen = true
    await eventually('delivered', async () => {
      await clock.advance(100)
      return rig.cursor.ledger().delivered === 3
    })
    assert.equal(rig.runner.status().state, 'Running')
    // The time for a new token comes while samples are on their way.
    const before = cloud.connects.length
    rig.cursor.append(
      batchOf(
        Array.from({ length: 5000 }, (_, at): Row => [1, at]),
        4,
      ),
    )
    await clock.advance(49 * 60_000)
    await eventually('connected again', () => cloud.connects.length === before + 1)
    await eventually('all are delivered', () => rig.cursor.ledger().delivered === 5003)
    const values = cloud.published.flatMap(({ payload }) => samplesIn(payload).map(({ v }) => v)).slice(3)
    assert.deepEqual(values, Array.from({ length: 5000 }, (_, at) => at), 'each once, in order') // prettier-ignore
  },
)

test('azure-iot-hub: a wrong key is named; a certificate needs no token', { skip }, async (t) => {
  const cloud = await startCloud(t, ({ subject }) => subject === 'press-gateway')
  const base = { preset: 'azure-iot-hub', url: cloud.url, ca: cloud.ca, clientId: 'press-1' }
  const wrong = startDelivery(t, type, { ...base, sasKey: 'd3Jvbmc=' }, { tags: TAGS })
  await eventually('refused', () => /refused user "localhost\/press-1\/.*wrong user name or password/.test(wrong.runner.status().reason ?? '')) // prettier-ignore
  assert.equal(wrong.runner.status().state, 'Failed')
  const right = startDelivery(t, type, { ...base, cert: cloud.cert, key: cloud.key }, { tags: TAGS })
  right.cursor.append(batchOf(ROWS))
  right.cursor.appendGap(5, 'retention')
  await eventually('delivered', () => right.cursor.ledger().delivered === 3)
  assert.equal(cloud.connects.find(({ subject }) => subject === 'press-gateway')!.password, undefined)
  await eventually('the gap', () => cloud.published.length === 2)
  assert.match(cloud.published[1]!.topic, /^devices\/press-1\/messages\/events\/kind=gap&/)
})

const CLIENT = 'projects/acme/locations/europe-west1/registries/plant/devices/press-1'

/** Verified with the public key, by the rules of RFC 7515 and what ClearBlade says of the claims. */
function isGoodJwt(token: string, key: KeyObject, alg: string, now: number): boolean {
  const [head, body, signature] = token.split('.')
  const json = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>
  const { iat, exp, aud } = json(body!) as { iat: number; exp: number; aud: string }
  return (
    verify('sha256', Buffer.from(`${head}.${body}`), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature!, 'base64url')) &&
    json(head!).alg === alg && json(head!).typ === 'JWT' && aud === 'acme' && exp - iat <= 86_400 &&
    iat * 1000 <= now && exp * 1000 > now
  ) // prettier-ignore
}

for (const alg of ['ES256', 'RS256'] as const) {
  test(
    `clearblade: a token signed with ${alg}, its topics, no will; renewed before it expires`,
    { skip },
    async (t) => {
      const pair = alg === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('rsa', { modulusLength: 2048 }) // prettier-ignore
      const clock = new VirtualClock()
      const cloud = await startCloud(t, ({ password }) => isGoodJwt(password?.toString() ?? '..', pair.publicKey, alg, clock.now())) // prettier-ignore
      const jwtKey = join(cloud.folder, 'device.pem')
      writeFileSync(jwtKey, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }))
      const options = { preset: 'clearblade', url: cloud.url, ca: cloud.ca, clientId: CLIENT, jwtKey, tokenLifetime: '20h' } // prettier-ignore
      const rig = startDelivery(t, type, options, { tags: TAGS, clock })
      rig.cursor.append(batchOf(ROWS))
      await eventually('delivered', () => rig.cursor.ledger().delivered === 3)
      const [connect] = cloud.connects
      assert.deepEqual(
        [connect!.clientId, connect!.username, connect!.protocolVersion, connect!.keepalive, connect!.will],
        [CLIENT, 'unused', 4, 60, undefined],
      )
      const topics = cloud.published.map(({ topic, qos, retain }) => [topic, qos, retain])
      assert.deepEqual(topics, [['/devices/press-1/state', 1, false], ['/devices/press-1/events', 1, false]]) // prettier-ignore
      // Renewed again and again, long after the first token has expired.
      for (let hours = 0; hours < 48; hours += 17) {
        const before = cloud.connects.length
        await clock.advance(17 * 3_600_000)
        await eventually('connected again', () => cloud.connects.length === before + 1)
        await eventually('and taken', () => cloud.published.filter(({ topic }) => topic.endsWith('/state')).length === before + 1) // prettier-ignore
      }
      rig.cursor.append(batchOf(ROWS, 4))
      await eventually('delivered', () => rig.cursor.ledger().delivered === 6)
      assert.deepEqual([rig.runner.status().reconnects, rig.runner.status().retries], [0, 0])
    },
  )
}

test('clearblade: a key that is missing or of another kind is named', { skip }, async (t) => {
  const cloud = await startCloud(t, () => false)
  const jwtKey = join(cloud.folder, 'device.pem')
  const options = { preset: 'clearblade', url: cloud.url, ca: cloud.ca, clientId: CLIENT, jwtKey }
  const rig = startDelivery(t, type, options, { tags: TAGS })
  const says = (reason: RegExp) => eventually(String(reason), () => reason.test(rig.runner.status().reason ?? ''))
  await says(/file of jwtKey cannot be used as a private key: .*device\.pem: ENOENT/)
  writeFileSync(jwtKey, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }))
  await says(/is neither RSA nor P-256/)
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  writeFileSync(jwtKey, privateKey.export({ type: 'pkcs8', format: 'pem' }))
  await says(/refused user "unused": .*wrong user name or password/)
  assert.equal(rig.runner.status().state, 'Failed')
})

test(
  'aws-iot-core and azure-event-grid: MQTT 5, the certificate, the server name, and topics of their own',
  { skip: needs('openssl', 'mosquitto') },
  async (t) => {
    const folder = temporaryFolder(t)
    const authority = createAuthority(folder, 'authority')
    const own = createCertificate(folder, 'broker', authority, 'localhost')
    const client = createCertificate(folder, 'client', authority, 'press-gateway')
    // The broker knows the client by its certificate, as the clouds do.
    const broker = await startMosquitto(t, {
      tls: { ...own, clientCa: authority.cert },
      extra: ['use_identity_as_username true', 'max_packet_size 131072', 'log_type all'],
    })
    const inside = await startMosquittoSubscriber(t, broker.url, {
      ca: authority.cert,
      cert: client.cert,
      key: client.key,
    })
    const certificate = { ca: authority.cert, cert: client.cert, key: client.key }
    for (const [preset, more, topic] of [
      ['aws-iot-core', { topic: 'acme/{device}' }, 'acme/press-1'],
      ['aws-iot-core', { topic: '$aws/rules/plant/acme/{device}' }, '$aws/rules/plant/acme/press-1'],
      ['azure-event-grid', { topic: 'grid/{device}', username: 'press-gateway' }, 'grid/press-1'],
    ] as const) {
      const options = { preset, url: broker.url, clientId: `press-gateway-${topic.length}`, ...certificate, ...more }
      const rig = startDelivery(t, type, options, { tags: TAGS })
      rig.cursor.append(batchOf(ROWS))
      await eventually(`${topic} delivered`, () => rig.cursor.ledger().delivered === 3)
      const line = new RegExp(`as press-gateway-${topic.length} \\(p5, c1, k30, u'press-gateway'\\)`)
      await eventually('as who', () => line.test(broker.output()))
      await eventually(`${topic} came`, () => inside.messages.some((message) => message.topic === topic))
      const { text, retained } = inside.messages.find((message) => message.topic === topic)!
      assert.deepEqual([samplesIn(text).map(({ v }) => v), retained], [[1.5, 2], false]) // prettier-ignore
    }
  },
)

test(
  'the clouds are reached with a server name, and a CONNECT without a certificate is told apart',
  { skip },
  async (t) => {
    const cloud = await startCloud(
      t,
      ({ subject, serverName }) => subject === 'press-gateway' && serverName === 'localhost',
    )
    const { url, ca, cert, key } = cloud
    const aws = { preset: 'aws-iot-core', protocolVersion: 4, url, ca, cert, key, clientId: 'press-gateway' }
    const rig = startDelivery(t, type, aws, { tags: TAGS })
    rig.cursor.append(batchOf(ROWS))
    await eventually('delivered', () => rig.cursor.ledger().delivered === 3)
    const [{ will, keepalive, username }] = cloud.connects as unknown as [(typeof cloud.connects)[number]]
    assert.deepEqual([will?.topic, will?.retain, keepalive, username], ['_gateway/state', false, 30, undefined])
  },
)

/** A subscriber that shows a certificate, also to topics that begin with $aws. */
async function startMosquittoSubscriber(t: TestContext, url: string, files: { ca: string; cert: string; key: string }) {
  const { connectAsync } = await import('mqtt')
  const client = await connectAsync(url, { ca: readFileSync(files.ca), cert: readFileSync(files.cert), key: readFileSync(files.key) }) // prettier-ignore
  const messages: { topic: string; text: string; retained: boolean }[] = []
  client.on('message', (topic, payload, { retain }) =>
    messages.push({ topic, text: payload.toString(), retained: retain }),
  )
  await client.subscribeAsync(['#', '$aws/#'], { qos: 1 })
  t.after(() => client.endAsync(true))
  return { messages }
}

test('a batch is split at the size that the cloud takes', { skip }, async (t) => {
  const cloud = await startCloud(t, () => true)
  const { url, ca, cert, key } = cloud
  const tags = tagTable('p/t')
  const rig = startDelivery(t, type, { preset: 'aws-iot-core', protocolVersion: 4, url, ca, cert, key, clientId: 'c', samplesPerMessage: 1000 }, { tags }) // prettier-ignore
  rig.cursor.append(batchOf(Array.from({ length: 1000 }, (_, at): Row => [1, 'x'.repeat(500 + (at % 7))])))
  await eventually('delivered', () => rig.cursor.ledger().delivered === 1000)
  const sizes = cloud.published.filter(({ topic }) => topic === 'p').map(({ size }) => size)
  assert.ok(Math.max(...sizes) < 131_072 && sizes.length >= 5, sizes.join())
})
