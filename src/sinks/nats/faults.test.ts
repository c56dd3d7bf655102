/** The nats sink when the server fails, refuses, stalls or is none; against Debian's nats-server and peers of a few lines. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { jetstreamManager } from '@nats-io/jetstream'
import type { SinkType } from '../../core/sink.ts'
import { batchOf, startDelivery, tagTable, type DeliveryRig, type Row } from '../../testing/delivery-rig.ts'
import { isDelivered, shows } from '../../testing/delivery-waits.ts'
import { startNats, type NatsMessage } from '../../testing/nats-server.ts'
import { eventually, freePort, needs } from '../../testing/peers.ts'
import { listenTcp, relayTcp } from '../../testing/tcp-relay.ts'
import { nats } from './sink.ts'

const type = nats as unknown as SinkType
const skip = needs('nats-server')
const STREAM = { name: 'PLANT', subjects: ['bifrost.>'] }

const deliver = (t: TestContext, options: object): DeliveryRig =>
  startDelivery(t, type, options, { tags: tagTable('a/x', 'a/y', 'b/x') })
const counters = (from: number, to: number): Row[] =>
  Array.from({ length: to - from }, (_, at) => [1 + ((from + at) % 3), from + at])
const seqOf = ({ headers }: NatsMessage): number => Number(headers['Nats-Msg-Id']!.split('-')[1])

/** Every sample is there once, and each tag's in order. */
function onceInOrder(messages: readonly NatsMessage[], count: number): void {
  assert.equal(messages.length, count)
  const last = new Map<string, number>()
  for (const message of messages) {
    const seq = seqOf(message)
    assert.ok(seq > (last.get(message.subject) ?? 0), `${message.subject} went back to ${seq}`)
    last.set(message.subject, seq)
  }
}

test('confirmations lost on the way: the batch comes again, the stream has each message once', { skip }, async (t) => {
  const server = await startNats(t)
  await server.createStream(STREAM)
  const messages = await server.read('PLANT')
  const relay = await relayTcp(t, server.port)
  const rig = deliver(t, { servers: [`127.0.0.1:${relay.port}`] })
  await eventually('running', () => rig.runner.status().state === 'Running')
  relay.cutAt = (answer) => relay.cuts === 0 && answer.includes('"seq":40')
  rig.cursor.append(batchOf(counters(0, 100)))
  await isDelivered(rig, 100)
  await eventually('read', () => messages.length >= 100)
  assert.equal(relay.cuts, 1)
  assert.ok(rig.runner.status().reconnects >= 1)
  assert.ok(Number(rig.runner.status().facts.duplicates) > 0)
  onceInOrder(messages, 100)
})

test(
  'the server is killed again and again under load: everything arrives once, in order',
  { skip, timeout: 60_000 },
  async (t) => {
    const server = await startNats(t)
    await server.createStream(STREAM)
    const rig = deliver(t, { servers: [server.url], window: 50 })
    let count = 0
    for (let round = 0; round < 4; round++) {
      for (let part = 0; part < 5; part++) {
        rig.cursor.append(batchOf(counters(count, count + 400)))
        count += 400
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      await server.stop('SIGKILL')
      await new Promise((resolve) => setTimeout(resolve, 50))
      await server.start()
    }
    await isDelivered(rig, count, 30_000)
    const messages = await server.read('PLANT')
    await eventually(() => `read ${messages.length} of ${count}`, () => messages.length >= count) // prettier-ignore
    onceInOrder(messages, count)
  },
)

test('a stream that is full waits and drops nothing; with room again it goes on', { skip }, async (t) => {
  const server = await startNats(t)
  await server.createStream({ ...STREAM, max_msgs: 50, discard: 'new' })
  const rig = deliver(t, { servers: [server.url] })
  rig.cursor.append(batchOf(counters(0, 80)))
  await shows(rig, 'Degraded', /did not take a message of subject .*maximum messages exceeded/)
  assert.deepEqual([rig.cursor.ledger().pending, rig.cursor.ledger().dropped], [80, {}])
  const manager = await jetstreamManager(await server.client())
  await manager.streams.update('PLANT', { max_msgs: 1000 })
  await isDelivered(rig, 80)
  const { state } = await manager.streams.info('PLANT')
  assert.equal(state.messages, 80)
})

test('a message larger than its stream takes goes to the dead letters alone', { skip }, async (t) => {
  const server = await startNats(t)
  await server.createStream({ ...STREAM, max_msg_size: 1000 })
  const rig = deliver(t, { servers: [server.url] })
  rig.cursor.append(batchOf([[1, 1], [1, 'x'.repeat(2000)], [1, 2]])) // prettier-ignore
  await eventually('settled', () => rig.cursor.ledger().pending === 0)
  assert.deepEqual(rig.cursor.ledger().dropped, { rejected: 1 })
  assert.match(readFileSync(rig.deadLetterFile, 'utf8'), /message size exceeds maximum allowed.*"seq":2/)
})

test('a subject that the server would close the connection for is refused for its tag alone', { skip }, async (t) => {
  const server = await startNats(t)
  await server.createStream(STREAM)
  const rig = startDelivery(t, type, { servers: [server.url] }, { tags: tagTable(`a/${'ä'.repeat(3000)}`, 'a/x') })
  rig.cursor.append(batchOf([[1, 1], [2, 2]])) // prettier-ignore
  await eventually('settled', () => rig.cursor.ledger().pending === 0)
  assert.deepEqual([rig.cursor.ledger().delivered, rig.cursor.ledger().dropped], [1, { rejected: 1 }])
})

test('somebody else than a stream answers: not taken for a confirmation', { skip }, async (t) => {
  const server = await startNats(t)
  await server.createStream({ name: 'PLANT', subjects: ['bifrost._gateway.>', 'bifrost.b.*'] })
  const stranger = await server.client()
  stranger.subscribe('bifrost.a.*', { callback: (_, message) => void message.respond('thank you') })
  await stranger.flush()
  const rig = deliver(t, { servers: [server.url] })
  rig.cursor.append(batchOf([[1, 1]]))
  await shows(rig, 'Failed', /something else than a stream answers to the subject "bifrost\.a\.x": thank you/)
  assert.equal(rig.cursor.ledger().pending, 1)
})

test('a server that stands still for a while slows delivery and nothing else', { skip }, async (t) => {
  const server = await startNats(t)
  await server.createStream(STREAM)
  const rig = deliver(t, { servers: [server.url] })
  await eventually('running', () => rig.runner.status().state === 'Running')
  server.signal('SIGSTOP')
  await new Promise((resolve) => setTimeout(resolve, 50))
  rig.cursor.append(batchOf(counters(0, 100)))
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.equal(rig.cursor.ledger().pending, 100)
  server.signal('SIGCONT')
  await isDelivered(rig, 100)
  assert.deepEqual([rig.runner.status().retries, rig.runner.status().reconnects], [0, 0])
})

test('a server that confirms nothing is given up after ackTimeout; nothing is dropped', { skip }, async (t) => {
  const server = await startNats(t)
  await server.createStream(STREAM)
  const rig = deliver(t, { servers: [server.url], ackTimeout: 300, connectTimeout: 300 })
  await eventually('running', () => rig.runner.status().state === 'Running')
  server.signal('SIGSTOP')
  await new Promise((resolve) => setTimeout(resolve, 50))
  rig.cursor.append(batchOf([[1, 1]]))
  await eventually('noticed', () => rig.runner.status().retries > 0)
  await shows(rig, 'Failed', /confirmed nothing for 300 ms|did not answer as a NATS server within 300 ms/)
  const began = performance.now()
  await rig.runner.stop(200)
  assert.ok(performance.now() - began < 1500)
  server.signal('SIGCONT')
  assert.deepEqual([rig.cursor.ledger().pending, rig.cursor.ledger().dropped], [1, {}])
})

test('a server that goes away while nothing is written is missed at once, and found again', { skip }, async (t) => {
  const server = await startNats(t)
  await server.createStream(STREAM)
  const rig = deliver(t, { servers: [`127.0.0.1:${await freePort()}`, server.url] })
  await eventually('running', () => rig.runner.status().state === 'Running')
  await server.stop()
  await shows(rig, 'Failed', /refused the connection/)
  await server.start()
  await eventually('running again', () => rig.runner.status().state === 'Running')
})

const INFO =
  'INFO {"server_id":"x","version":"2.9.10","proto":1,"headers":true,"max_payload":1048576,"jetstream":true}\r\n'
const NONSENSE: readonly (readonly [what: string, hello: string | Buffer, answer: string | Buffer])[] = [
  ['text of another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n', ''],
  ['bytes', Buffer.from([0, 1, 2, 255, 13, 10]), Buffer.alloc(64)],
  ['INFO without JSON', 'INFO hello\r\n', ''],
  ['INFO, then nonsense', INFO, 'what?\r\n'],
  ['INFO, then a message that never ends', INFO, 'MSG a 1 99999999999\r\n'],
  ['INFO, then nothing', INFO, ''],
]
for (const [what, hello, answer] of NONSENSE) {
  test(`a peer that says ${what}: no crash, said in words, nothing dropped`, async (t) => {
    const port = await listenTcp(t, (socket) => {
      socket.write(hello)
      if (answer.length > 0) socket.on('data', () => socket.write(answer))
    })
    const rig = deliver(t, { servers: [`127.0.0.1:${port}`], connectTimeout: 300 })
    rig.cursor.append(batchOf([[1, 1]]))
    await shows(
      rig,
      'Failed',
      /127\.0\.0\.1:\d+ (does not answer as a NATS server|did not answer as a NATS server within 300 ms|cannot be connected)/,
    )
    assert.deepEqual([rig.cursor.ledger().pending, rig.cursor.ledger().dropped], [1, {}])
  })
}

test('a peer that turns to nonsense in mid-write: given up, nothing dropped', async (t) => {
  const port = await listenTcp(t, (socket) => {
    socket.write(INFO)
    socket.on('data', (data: Buffer) => {
      const text = data.toString('latin1')
      if (text.includes('PUB')) socket.write('\u0000\u0001nonsense\r\n')
      else if (text.includes('PING')) socket.write('PONG\r\n')
    })
  })
  const rig = deliver(t, { servers: [`127.0.0.1:${port}`], delivery: 'core', ackTimeout: 300 })
  rig.cursor.append(batchOf([[1, 1]]))
  await shows(rig, 'Failed', /confirmed nothing for 300 ms|is lost/)
  assert.deepEqual([rig.cursor.ledger().pending, rig.cursor.ledger().dropped], [1, {}])
})

test('nobody listens, a name nobody knows, a peer that says nothing', async (t) => {
  await shows(deliver(t, { servers: [`127.0.0.1:${await freePort()}`] }), 'Failed', /refused the connection/)
  await shows(deliver(t, { servers: ['no-such-host.invalid'] }), 'Failed', /no-such-host\.invalid.*name/)
  const silent = await listenTcp(t, () => undefined)
  await shows(deliver(t, { servers: [`127.0.0.1:${silent}`], connectTimeout: 300 }), 'Failed', /did not answer as a NATS server within 300 ms/) // prettier-ignore
  const rude = await listenTcp(t, (socket) => socket.destroy())
  await shows(deliver(t, { servers: [`127.0.0.1:${rude}`] }), 'Failed', /closed the connection at once/)
})
