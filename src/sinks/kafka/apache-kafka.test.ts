/** The kafka sink against Apache Kafka itself, where it is at hand: what librdkafka's mock cluster lets pass or cannot do. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import type { SinkType } from '../../core/sink.ts'
import { needsApacheKafka, startApacheKafka, type ApacheKafka } from '../../testing/apache-kafka.ts'
import { createAuthority, createCertificate } from '../../testing/certificates.ts'
import { batchOf, startDelivery, tagTable, type DeliveryRig, type Row } from '../../testing/delivery-rig.ts'
import { eventually, findCommand, temporaryFolder } from '../../testing/peers.ts'
import { relayTcp } from '../../testing/tcp-relay.ts'
import { kafka } from './sink.ts'

const type = kafka as unknown as SinkType
const skip = needsApacheKafka()

describe('Apache Kafka', { skip }, () => {
  let server: ApacheKafka
  let folder: string
  const cleanups: (() => unknown)[] = []
  before(async () => {
    const cleanup = { after: (clean: () => unknown) => void cleanups.push(clean) }
    folder = temporaryFolder(cleanup)
    const ca = createAuthority(folder, 'ca')
    server = await startApacheKafka(cleanup, { ...createCertificate(folder, 'server', ca, 'localhost'), ca: ca.cert })
    const acl = [
      'org.apache.kafka.tools.AclCommand',
      '--add',
      '--operation',
      'Write',
      '--operation',
      'Describe',
    ] as const
    await create('allowed', 'denied')
    await server.tool(
      ...acl,
      '--allow-principal',
      'User:plant',
      '--allow-principal',
      'User:scram',
      '--topic',
      'allowed',
    )
    await server.tool('org.apache.kafka.tools.AclCommand', '--add', '--operation', 'Describe', '--allow-principal', 'User:guest', '--topic', 'allowed') // prettier-ignore
  })
  after(async () => {
    for (const clean of cleanups.reverse()) await clean()
  })

  const create = async (...topics: readonly string[]) => {
    for (const topic of topics)
      await server.tool('org.apache.kafka.tools.TopicCommand', '--create', '--topic', topic, '--partitions', '3')
  }
  const deliver = (t: TestContext, options: object): DeliveryRig =>
    startDelivery(t, type, { brokers: [server.plain], gapTopic: '', ...options }, { tags: tagTable('press-1/level', 'press-1/speed', 'oven/t') }) // prettier-ignore
  const read = (topic: string): string[] =>
    execFileSync(findCommand('kcat')!, ['-C', '-b', server.plain, '-t', topic, '-e', '-q', '-o', 'beginning', '-f', '%k %T %s\n'], { encoding: 'utf8' }).trim().split('\n') // prettier-ignore
  const shows = (rig: DeliveryRig, reason: RegExp) =>
    eventually(() => `${reason}; it is ${JSON.stringify(rig.runner.status().reason)}`, () => reason.test(rig.runner.status().reason ?? ''), 5000) // prettier-ignore
  const counters = (from: number, to: number): Row[] =>
    Array.from({ length: to - from }, (_, at) => [1 + ((from + at) % 3), from + at])

  for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    test(`compression ${compression}: the broker unpacks, checks and keeps every record`, async (t) => {
      const topic = `compressed-${compression}`
      const rig = deliver(t, { topic, compression, createTopics: true })
      rig.cursor.append(batchOf(counters(0, 300)))
      await eventually('delivered', () => rig.cursor.ledger().delivered === 300)
      const lines = read(topic)
      assert.equal(lines.length, 300)
      assert.ok(lines.includes('oven/t 1732356000123 {"v":2,"t":1732356000123,"q":0,"log":"k3f9","seq":3}'))
    })
  }

  test('batches too large for the broker are halved, a sample too large is refused alone, the rest keeps its order', async (t) => {
    const rig = deliver(t, { topic: 'large', createTopics: true })
    const rows: Row[] = Array.from({ length: 600 }, (_, at) => [1, at === 300 ? 'x'.repeat(30_000) : at])
    rig.cursor.append(batchOf(rows))
    await eventually('settled', () => rig.cursor.ledger().pending === 0)
    assert.deepEqual(rig.cursor.ledger().dropped, { rejected: 1 })
    assert.match(readFileSync(rig.deadLetterFile, 'utf8'), /larger than the topic takes/)
    const values = read('large').map((line) => (JSON.parse(line.slice(line.indexOf('{'))) as { v: number }).v)
    assert.deepEqual(values, Array.from({ length: 600 }, (_, at) => at).filter((at) => at !== 300)) // prettier-ignore
  })

  test('a sample whose time the topic does not take is refused alone', async (t) => {
    const rig = deliver(t, { topic: 'timed', createTopics: true })
    rig.cursor.append(batchOf([[1, 1, 0, Date.now()], [1, 2, 0, Date.now() + 86_400_000], [1, 3, 0, Date.now()]])) // prettier-ignore
    await eventually('settled', () => rig.cursor.ledger().pending === 0)
    assert.deepEqual(rig.cursor.ledger().dropped, { rejected: 1 })
    assert.match(readFileSync(rig.deadLetterFile, 'utf8'), /the time of the sample.*"seq":2/)
    assert.equal(read('timed').length, 2)
  })

  for (const [idempotent, count] of [
    [true, 30],
    [false, 60],
  ] as const) {
    // prettier-ignore
    test(`an answer lost on the way, idempotent ${idempotent}: ${count} records of 30 samples`, async (t) => {
      const topic = `once-${idempotent}`
      const relay = await relayTcp(t, server.relayed.port, server.relayed.advertised)
      const rig = deliver(t, { topic, createTopics: true, idempotent, brokers: [`127.0.0.1:${relay.port}`] })
      rig.cursor.append(batchOf(counters(0, 3)))
      await eventually('warm', () => rig.cursor.ledger().delivered === 3)
      let produced = false
      relay.cutOn = (request) => {
        produced ||= request.readInt16BE(4) === 0
        return false
      }
      relay.cutAt = () => produced && relay.cuts === 0
      rig.cursor.append(batchOf(counters(0, 30), 4))
      await eventually('delivered', () => rig.cursor.ledger().delivered === 33)
      assert.equal(relay.cuts, 1)
      assert.equal(read(topic).length, 3 + count)
    })
  }

  for (const [sasl, username] of [
    ['PLAIN', 'plant'],
    ['SCRAM-SHA-256', 'scram'],
    ['SCRAM-SHA-512', 'scram'],
  ] as const) {
    // prettier-ignore
    test(`${sasl}: the right password gets in, a wrong one is named in words`, async (t) => {
      const login = { brokers: [server.sasl], sasl, username, topic: 'allowed' }
      const rig = deliver(t, { ...login, password: 'right' })
      rig.cursor.append(batchOf([[1, 1]]))
      await eventually(() => `delivered; ${rig.runner.status().reason}`, () => rig.cursor.ledger().delivered === 1) // prettier-ignore
      const wrong = deliver(t, { ...login, password: 'wrong' })
      await shows(wrong, new RegExp(`refused the login of "${username}": .*(invalid|failed|Authentication)`, 'i'))
      assert.equal(wrong.runner.status().state, 'Failed')
    })
  }

  test('no login where one is wanted', async (t) => {
    await shows(deliver(t, { brokers: [server.sasl], topic: 'allowed' }), /perhaps it wants TLS or a login/)
  })

  test('no permission to write, no permission to see the topic: named, nothing dropped', async (t) => {
    const guest = { brokers: [server.sasl], sasl: 'PLAIN', username: 'guest', password: 'right' }
    const seen = deliver(t, { ...guest, topic: 'allowed' })
    seen.cursor.append(batchOf([[1, 1]]))
    await shows(seen, /no permission/)
    const unseen = deliver(t, { ...guest, topic: 'denied' })
    await shows(unseen, /topic "denied": no permission/)
    assert.deepEqual(seen.cursor.ledger().dropped, {})
  })

  test('a topic that does not exist is named; with createTopics it is made', async (t) => {
    await shows(deliver(t, { topic: 'absent' }), /topic "absent" does not exist; create it, or set createTopics: true/)
    const rig = deliver(t, { topic: 'made', createTopics: true })
    rig.cursor.append(batchOf([[1, 1]]))
    await eventually('delivered', () => rig.cursor.ledger().delivered === 1)
  })

  test('TLS: the right authority, a wrong one, none, and plain text where TLS is wanted', async (t) => {
    const other = createAuthority(folder, 'other')
    const secure = { brokers: [server.tls], topic: 'allowed', tls: true }
    const rig = deliver(t, { ...secure, ca: join(folder, 'ca.crt') })
    rig.cursor.append(batchOf([[1, 1]]))
    await eventually(() => `delivered; ${rig.runner.status().reason}`, () => rig.cursor.ledger().delivered === 1) // prettier-ignore
    await shows(deliver(t, { ...secure, ca: other.cert }), /authority is unknown/)
    await shows(deliver(t, secure), /authority is unknown/)
    await shows(deliver(t, { brokers: [server.tls], topic: 'allowed' }), /wants TLS/)
    await shows(deliver(t, { ...secure, brokers: [server.plain], ca: join(folder, 'ca.crt') }), /TLS/)
  })
})
