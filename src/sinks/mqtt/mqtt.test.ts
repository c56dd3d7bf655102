/** What the mqtt sink owes beyond the suite: reasons in words, retained values, last will, refusals; against mosquitto. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import type { Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import type { SinkType } from '../../core/sink.ts'
import { createAuthority, createCertificate } from '../../testing/certificates.ts'
import { batchOf, sinkContext, startDelivery, tagTable, type DeliveryRig } from '../../testing/delivery-rig.ts'
import { startMosquitto } from '../../testing/mosquitto.ts'
import { subscribeMqtt } from '../../testing/mqtt-subscriber.ts'
import { eventually, findCommand, freePort, needs, temporaryFolder } from '../../testing/peers.ts'
import { mqtt } from './sink.ts'
import { listenTcp } from '../../testing/tcp-relay.ts'
import { reset } from '../../wire/reset.ts'

const type = mqtt as unknown as SinkType
const skip = needs('mosquitto', 'mosquitto_sub', 'openssl')

const deliver = (t: TestContext, options: object): DeliveryRig =>
  startDelivery(t, type, options, { tags: tagTable('press-1/level', 'press-1/secret') })

/** Waits until the sink shows this state with this reason. */
async function shows(rig: DeliveryRig, state: string, reason: RegExp): Promise<void> {
  const status = () => rig.runner.status()
  await eventually(`${state} because ${reason}`, () => state.split('|').includes(status().state) && reason.test(status().reason ?? ''), 5000)
    .catch((error: Error) => assert.fail(`${error.message}; it is ${status().state}: ${status().reason}`)) // prettier-ignore
}

for (const protocolVersion of [5, 4]) {
  test(`MQTT ${protocolVersion}: a wrong password is named in words, nothing is dropped`, { skip }, async (t) => {
    const broker = await startMosquitto(t, { user: { name: 'plant', password: 'right' } })
    const rig = deliver(t, { url: broker.url, protocolVersion, username: 'plant', password: 'wrong' })
    rig.cursor.append(batchOf([[1, 1]]))
    await shows(rig, 'Failed', /refused user "plant": .*wrong user name or password/)
    assert.deepEqual([rig.cursor.ledger().pending, rig.cursor.ledger().dropped], [1, {}])
  })
}

test('the right password gets in', { skip }, async (t) => {
  const broker = await startMosquitto(t, { user: { name: 'plant', password: 'right' } })
  const rig = deliver(t, { url: broker.url, username: 'plant', password: 'right' })
  rig.cursor.append(batchOf([[1, 1]]))
  await eventually('delivered', () => rig.cursor.ledger().delivered === 1)
})

test('a topic without permission turns the sink red and drops nothing (MQTT 5)', { skip }, async (t) => {
  const broker = await startMosquitto(t, { acl: ['topic readwrite press-1/level', 'topic readwrite _gateway/#'] })
  const rig = deliver(t, { url: broker.url })
  rig.cursor.append(batchOf([[1, 1], [2, 2]])) // prettier-ignore
  await shows(rig, 'Failed', /not authorized.*topic "press-1\/secret"/)
  assert.deepEqual([rig.cursor.ledger().pending, rig.cursor.ledger().dropped], [2, {}])
})

test('a sample for which the broker cuts the connection without a word is named, not dropped', { skip }, async (t) => {
  const broker = await startMosquitto(t, { extra: ['message_size_limit 1000'] })
  const rig = deliver(t, { url: broker.url })
  rig.cursor.append(batchOf([[1, 1], [1, 'x'.repeat(3000)], [1, 2]])) // prettier-ignore
  await shows(rig, 'Failed|Degraded', /sequence number 2 is sent|1 sample was refused.*too large/)
})

test("the retained last value is there for a new subscriber, mosquitto's own", { skip }, async (t) => {
  const broker = await startMosquitto(t)
  const rig = deliver(t, { url: broker.url })
  rig.cursor.append(batchOf([[1, 1], [1, 2], [1, 3.5]])) // prettier-ignore
  await eventually('delivered', () => rig.cursor.ledger().delivered === 3)
  const args = ['-p', String(broker.port), '-t', 'press-1/level', '-C', '1', '-W', '5', '-F', '%r %p']
  const line = execFileSync(findCommand('mosquitto_sub')!, args, { encoding: 'utf8' })
  assert.equal(line.trim(), '1 {"v":3.5,"t":1732356000123,"q":0,"log":"k3f9","seq":3}')
})

test(
  'a sample that is made up for does not take the place of a newer one that the broker keeps, unless it is the last',
  { skip },
  async (t) => {
    const broker = await startMosquitto(t)
    const rig = deliver(t, { url: broker.url })
    // The second tag stands still since an outage: what is made up for is all that there is.
    rig.latest.set(2, 7, 5, 2000)
    rig.cursor.append(batchOf([[1, 9, 0, 5000], [1, 3, 0, 1000, true], [1, 4, 0, 2000, true], [2, 6, 0, 1000, true], [2, 7, 0, 2000, true]])) // prettier-ignore
    await eventually('delivered', () => rig.cursor.ledger().delivered === 5)
    const late = await subscribeMqtt(t, broker.url, 'press-1/#')
    await eventually('both are kept', () => late.messages.length === 2)
    const kept = late.messages.map(({ topic, text }) => [topic, (JSON.parse(text) as { v: number }).v])
    assert.deepEqual(kept.toSorted(), [['press-1/level', 9], ['press-1/secret', 7]]) // prettier-ignore
  },
)

test('online while it runs, offline when it stops, both retained', { skip }, async (t) => {
  const broker = await startMosquitto(t)
  const rig = deliver(t, { url: broker.url, clientId: 'gw/1' })
  const watcher = await subscribeMqtt(t, broker.url, '_gateway/#')
  const states = () => watcher.messages.map(({ topic, text }) => [topic, (JSON.parse(text) as { state: string }).state])
  await eventually('online', () => states().length >= 1)
  await rig.runner.stop(2000)
  await eventually('offline', () => states().length >= 2)
  assert.deepEqual(states().slice(-2), [['_gateway/state', 'online'], ['_gateway/state', 'offline']]) // prettier-ignore
  const late = await subscribeMqtt(t, broker.url, '_gateway/#')
  const kept = await late.find('the retained state', ({ retained }) => retained)
  assert.match(kept.text, /"state":"offline"/)
})

test('the last will says offline when the connection is cut; then it comes back by itself', { skip }, async (t) => {
  const broker = await startMosquitto(t)
  const cut = await cuttable(t, broker.port)
  const rig = deliver(t, { url: `mqtt://127.0.0.1:${cut.port}` })
  const watcher = await subscribeMqtt(t, broker.url, '_gateway/#')
  const last = () => watcher.messages.at(-1)?.text ?? ''
  // The watcher may hear of it before the runner does; a connection that is cut earlier was never one.
  await eventually('online', () => last().includes('online') && rig.runner.status().state === 'Running')
  const before = watcher.messages.length
  cut.now()
  await eventually(
    'offline, then online again',
    () => last().includes('online') && watcher.messages.length >= before + 2,
  )
  assert.match(watcher.messages[before]!.text, /"state":"offline"/)
  // The broker may tell the watcher before the runner hears that it is connected.
  await eventually('counted', () => rig.runner.status().reconnects === 1)
})

test('certificates: what is wrong is said in words', { skip }, async (t) => {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'authority')
  const other = createAuthority(folder, 'other')
  const start = (name: string, host: string, days?: number) =>
    startMosquitto(t, { tls: createCertificate(folder, name, authority, host, days) })
  const expired = await start('expired', 'localhost', -1)
  const elsewhere = await start('elsewhere', 'plant.example')
  const good = await start('good', 'localhost')
  const client = await startMosquitto(t, {
    tls: { ...createCertificate(folder, 'mutual', authority, 'localhost'), clientCa: authority.cert },
  })
  const plain = await startMosquitto(t)
  const ca = authority.cert
  await shows(deliver(t, { url: expired.url, ca }), 'Failed', /its certificate has expired/)
  await shows(deliver(t, { url: elsewhere.url, ca }), 'Failed', /host name mismatch.*plant\.example/)
  await shows(deliver(t, { url: good.url, ca: other.cert }), 'Failed', /authority is unknown/)
  await shows(deliver(t, { url: good.url }), 'Failed', /authority is unknown/)
  await shows(
    deliver(t, { url: good.url, ca: `${folder}/absent.crt` }),
    'Failed',
    /file of ca cannot be read.*absent\.crt/,
  )
  await shows(deliver(t, { url: client.url, ca }), 'Failed', /client certificate/)
  await shows(
    deliver(t, { url: `mqtts://localhost:${plain.port}`, ca }),
    'Failed',
    /during the TLS handshake|does not speak TLS/,
  )
  const pair = createCertificate(folder, 'client', authority, 'client')
  const rig = deliver(t, { url: client.url, ca, cert: pair.cert, key: pair.key })
  rig.cursor.append(batchOf([[1, 1]]))
  await eventually('delivered with a client certificate', () => rig.cursor.ledger().delivered === 1)
})

test('insecure is loud and stays within its sink', { skip }, async (t) => {
  const folder = temporaryFolder(t)
  const broker = await startMosquitto(t, {
    tls: createCertificate(folder, 'b', createAuthority(folder, 'a'), 'elsewhere'),
  })
  const rig = deliver(t, { url: broker.url, insecure: true })
  rig.cursor.append(batchOf([[1, 1]]))
  await eventually('delivered', () => rig.cursor.ledger().delivered === 1)
  const warnings: string[] = []
  const log = { ...sinkContext().log, warn: (_: object, sentence: string) => void warnings.push(sentence) }
  type.create(type.options.parse({ url: broker.url, insecure: true }), sinkContext({ log }))
  assert.match(warnings.join(), /insecure: any server certificate is accepted/)
  assert.equal(process.env.NODE_TLS_REJECT_UNAUTHORIZED, undefined)
  await shows(deliver(t, { url: broker.url }), 'Failed', /authority is unknown|host name mismatch/)
})

test('over WebSocket', { skip }, async (t) => {
  const port = await freePort()
  const broker = await startMosquitto(t, { extra: [`listener ${port} 127.0.0.1`, 'protocol websockets'] })
  const watcher = await subscribeMqtt(t, broker.url, 'press-1/#')
  const rig = deliver(t, { url: `ws://127.0.0.1:${port}/mqtt` })
  rig.cursor.append(batchOf([[1, 1]]))
  await watcher.find('the value', ({ topic }) => topic === 'press-1/level')
})

test('nobody listens, an unknown name, a peer that is no broker: each is named', async (t) => {
  const port = await freePort()
  await shows(deliver(t, { url: `mqtt://127.0.0.1:${port}` }), 'Failed', /refused the connection/)
  await shows(deliver(t, { url: 'mqtt://no-such-host.invalid' }), 'Failed', /no-such-host\.invalid.*name/)
  const silent = await listenTcp(t, () => undefined)
  const never = deliver(t, { url: `mqtt://127.0.0.1:${silent}`, connectTimeout: 300 })
  await shows(never, 'Failed', /did not answer as an MQTT broker within 300 ms/)
  const mute = deliver(t, { url: `ws://127.0.0.1:${silent}/mqtt`, connectTimeout: 300 })
  await shows(mute, 'Failed', /accepted the connection but not the WebSocket within 300 ms/)
  const rude = await listenTcp(t, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  await shows(
    deliver(t, { url: `mqtt://127.0.0.1:${rude}` }),
    'Failed',
    /closed the connection before|cannot be connected/,
  )
})

test('a broker that accepts and then confirms nothing is given up, and nothing is dropped', async (t) => {
  const CONNACK = Buffer.from('20020000', 'hex')
  const port = await listenTcp(t, (socket) => socket.once('data', () => socket.write(CONNACK)))
  const options = { url: `mqtt://127.0.0.1:${port}`, protocolVersion: 4, ackTimeout: 200, statusTopic: '' }
  const rig = deliver(t, options)
  rig.cursor.append(batchOf([[1, 1]]))
  await shows(rig, 'Failed', /confirmed nothing for 200 ms/)
  assert.deepEqual([rig.cursor.ledger().pending, rig.cursor.ledger().dropped], [1, {}])
})

/** A proxy whose connections can be cut without a word. */
async function cuttable(t: TestContext, port: number): Promise<{ port: number; now(): void }> {
  const { connect } = await import('node:net')
  const sockets = new Set<Socket>()
  const proxy = await listenTcp(t, (near) => {
    const far = connect({ port, host: '127.0.0.1' })
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
    }
    near.pipe(far)
    far.pipe(near)
  })
  return { port: proxy, now: () => sockets.forEach(reset) }
}
