/** What the sparkplug sink owes beyond the suite: reasons in words within 5 s, nothing dropped, recovery alone. */
import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { silentLog } from '../../core/log.ts'
import type { SinkType } from '../../core/sink.ts'
import { createAuthority, createCertificate } from '../../testing/certificates.ts'
import { batchOf, sinkContext, startDelivery, tagTable, type DeliveryRig } from '../../testing/delivery-rig.ts'
import { nothingDropped, shows } from '../../testing/delivery-waits.ts'
import { startMosquitto } from '../../testing/mosquitto.ts'
import { startMqttWire } from '../../testing/mqtt-wire.ts'
import { eventually, freePort, needs, temporaryFolder } from '../../testing/peers.ts'
import { startSparkplugHost } from '../../testing/sparkplug-host.ts'
import { sparkplug } from './sink.ts'

const type = sparkplug as unknown as SinkType
const options = { skip: needs('mosquitto', 'openssl'), timeout: 30_000 }
const NODE = { groupId: 'plant', edgeNodeId: 'gateway' }

const deliver = (t: TestContext, urls: string | string[], more: object = {}): DeliveryRig =>
  startDelivery(t, type, { urls, ...NODE, ...more }, { tags: tagTable('press-1/level', 'press-2/level') })

for (const protocolVersion of [5, 4]) {
  test(`MQTT ${protocolVersion}: a wrong password is named in words, nothing is dropped`, options, async (t) => {
    const broker = await startMosquitto(t, { user: { name: 'plant', password: 'right' } })
    const rig = deliver(t, broker.url, { protocolVersion, username: 'plant', password: 'wrong' })
    rig.cursor.append(batchOf([[1, 1]]))
    await shows(rig, 'Failed', /refused user "plant": .*wrong user name or password/)
    nothingDropped(rig, 1)
  })
}

test('certificates: what is wrong is said in words', options, async (t) => {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'authority')
  const other = createAuthority(folder, 'other')
  const good = await startMosquitto(t, { tls: createCertificate(folder, 'good', authority, 'localhost') })
  await shows(deliver(t, good.url, { ca: other.cert }), 'Failed', /authority is unknown/)
  await shows(deliver(t, good.url), 'Failed', /authority is unknown/)
  const rig = deliver(t, good.url, { ca: authority.cert })
  rig.cursor.append(batchOf([[1, 1]]))
  await eventually('delivered', () => rig.cursor.ledger().delivered === 1)
})

test('insecure is loud', () => {
  const warnings: string[] = []
  const log = { ...silentLog, warn: (_: object, sentence: string) => void warnings.push(sentence) }
  type.create(type.options.parse({ urls: 'mqtts://127.0.0.1', ...NODE, insecure: true }), sinkContext({ log }))
  assert.match(warnings.join(), /insecure: any server certificate is accepted/)
})

test('no permission to be commanded: the subscription is named, nothing is sent', async (t) => {
  const { Aedes } = await import('aedes')
  const aedes = await Aedes.createBroker()
  aedes.authorizeSubscribe = (_, subscription, done) =>
    done(null, /NCMD/.test(subscription.topic) ? null : subscription)
  const published: string[] = []
  aedes.on('publish', ({ topic }, client) => void (client === null ? 0 : published.push(topic)))
  const port = await listen(t, (socket) => void aedes.handle(socket))
  t.after(() => new Promise<void>((resolve) => aedes.close(() => resolve())))
  const rig = deliver(t, `mqtt://127.0.0.1:${port}`, { protocolVersion: 4 })
  rig.cursor.append(batchOf([[1, 1]]))
  await shows(rig, 'Failed', /refused the subscription to "spBv1\.0\/plant\/NCMD\/gateway"/)
  nothingDropped(rig, 1)
  assert.deepEqual(published.filter((topic) => !topic.includes('NDEATH')), []) // prettier-ignore
})

test('the broker is killed in the middle of a write: all comes, in order', options, async (t) => {
  const broker = await startMosquitto(t)
  const host = await startSparkplugHost(t, broker.url)
  const rig = deliver(t, broker.url)
  await host.wait('DBIRTH', 2)
  for (let batch = 0; batch < 60; batch++)
    rig.cursor.append(batchOf(Array.from({ length: 500 }, (_, at) => [1 + (at % 2), batch * 500 + at])))
  await eventually('some are delivered', () => rig.cursor.ledger().delivered > 0)
  await broker.stop('SIGKILL')
  await eventually('it is seen', () => rig.runner.status().state !== 'Running')
  await broker.start()
  await eventually('all is delivered', () => rig.cursor.ledger().pending === 0)
  assert.equal(rig.cursor.ledger().delivered, 30_000)
  assert.deepEqual(rig.cursor.ledger().dropped, {})
})

test('connections that are cut again and again: at least once, in order of each tag', options, async (t) => {
  const broker = await startMosquitto(t)
  const wire = await startMqttWire(t, broker.port)
  const host = await startSparkplugHost(t, broker.url)
  const rig = deliver(t, wire.url)
  await host.wait('DBIRTH', 2)
  let next = 0
  for (let cut = 0; cut < 5; cut++) {
    for (let at = 0; at < 2000; at++, next++) rig.cursor.append(batchOf([[1 + (next % 2), next]]))
    await new Promise((resolve) => setTimeout(resolve, 30))
    wire.cut()
  }
  await eventually('all is delivered', () => rig.cursor.ledger().pending === 0)
  const last = new Map<string, number>()
  const seen = new Set<number>()
  const all = () => host.of('DDATA').flatMap(({ device, payload }) => payload.metrics.map(({ value }) => [device!, value as number] as const)) // prettier-ignore
  await eventually('all has come', () => new Set(all().map(([, value]) => value)).size === next)
  for (const [device, value] of all()) {
    if (seen.has(value)) continue
    assert.ok(value > (last.get(device) ?? -1), `${device} went back to ${value}`)
    last.set(device, value)
    seen.add(value)
  }
})

test('a broker that takes slowly holds the sink back, and nothing piles up in it', options, async (t) => {
  const broker = await startMosquitto(t)
  const slow = await slowProxy(t, broker.port, 2_000_000)
  const rig = deliver(t, `mqtt://127.0.0.1:${slow.port}`, { ackTimeout: '5s' })
  for (let batch = 0; batch < 100; batch++)
    rig.cursor.append(batchOf(Array.from({ length: 1000 }, (_, at) => [1 + (at % 2), batch * 1000 + at])))
  const before = process.memoryUsage().arrayBuffers
  let most = 0
  await eventually('all is delivered', () => {
    most = Math.max(most, process.memoryUsage().arrayBuffers - before)
    return rig.cursor.ledger().pending === 0
  }, 20_000) // prettier-ignore
  assert.ok(most < 30_000_000, `${most} bytes of buffers`)
  assert.equal(rig.runner.status().retries, 0)
})

test('a broker that accepts and then answers nothing is given up, nothing is dropped', async (t) => {
  const CONNACK = Buffer.from('20020000', 'hex')
  const port = await listen(t, (socket) => socket.once('data', () => socket.write(CONNACK)))
  const rig = deliver(t, `mqtt://127.0.0.1:${port}`, { protocolVersion: 4, ackTimeout: 200 })
  rig.cursor.append(batchOf([[1, 1]]))
  await shows(rig, 'Failed', /confirmed nothing for 200 ms/)
  nothingDropped(rig, 1)
})

test('peers that answer nonsense, or hang up, are named; the right one is found', options, async (t) => {
  const nonsense = await listen(t, (socket) =>
    socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')),
  )
  const rude = await listen(t, (socket) => socket.end())
  const garbage = await listen(t, (socket) => {
    socket.once('data', () => socket.write(Buffer.from('20020000' + 'f0ff'.repeat(500), 'hex')))
  })
  const nobody = await freePort()
  for (const port of [nonsense, rude, garbage, nobody]) {
    const rig = deliver(t, `mqtt://127.0.0.1:${port}`, { connectTimeout: 400, ackTimeout: 400, protocolVersion: 4 })
    rig.cursor.append(batchOf([[1, 1]]))
    await shows(rig, 'Failed', /127\.0\.0\.1/)
    nothingDropped(rig, 1)
  }
  const broker = await startMosquitto(t)
  const urls = [nonsense, rude, garbage, nobody].map((port) => `mqtt://127.0.0.1:${port}`)
  const rig = deliver(t, [...urls, broker.url], { connectTimeout: 400, ackTimeout: 400, protocolVersion: 4 })
  rig.cursor.append(batchOf([[1, 1]]))
  await eventually('delivered', () => rig.cursor.ledger().delivered === 1)
  assert.equal(rig.runner.status().facts.broker, broker.url)
})

test('connect ends by its signal, wherever it waits', options, async (t) => {
  const silent = await listen(t, () => undefined)
  const CONNACK = Buffer.from('20020000', 'hex')
  const mute = await listen(t, (socket) => socket.once('data', () => socket.write(CONNACK)))
  const broker = await startMosquitto(t)
  for (const [url, more] of [
    [`mqtt://127.0.0.1:${silent}`, {}],
    [`mqtt://127.0.0.1:${mute}`, { protocolVersion: 4 }],
    [broker.url, { primaryHostId: 'scada' }],
  ] as const) {
    const sink = type.create(type.options.parse({ urls: url, ...NODE, ...more }), sinkContext())
    const stop = new AbortController()
    const connecting = sink.connect(stop.signal)
    setTimeout(() => stop.abort(new Error('stopped')), 200)
    await assert.rejects(connecting, /stopped/)
    await sink.close()
  }
})

async function listen(t: TestContext, onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    onSocket(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return (server.address() as { port: number }).port
}

/** Passes so many bytes a second towards the broker. */
async function slowProxy(t: TestContext, port: number, bytesPerSecond: number): Promise<{ port: number }> {
  const { connect } = await import('node:net')
  const proxy = await listen(t, (near) => {
    const far = connect({ port, host: '127.0.0.1' })
    far.on('error', () => undefined)
    far.pipe(near)
    near.on('close', () => far.destroy())
    near.on('data', (bytes) => {
      far.write(bytes)
      near.pause()
      setTimeout(() => near.resume(), (bytes.length / bytesPerSecond) * 1000)
    })
  })
  return { port: proxy }
}
