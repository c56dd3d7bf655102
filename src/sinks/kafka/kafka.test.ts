/** What the kafka sink sends, to whom it logs in and whom it trusts. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { compatibilityPartitioner } from '@platformatic/kafka'
import protobuf from 'protobufjs'
import type { SinkType } from '../../core/sink.ts'
import { Status } from '../../core/status.ts'
import { createAuthority, createCertificate } from '../../testing/certificates.ts'
import { batchOf, sinkContext, startDelivery, tagTable, typedTable, type DeliveryRig, type Row } from '../../testing/delivery-rig.ts' // prettier-ignore
import { isDelivered } from '../../testing/delivery-waits.ts'
import { needsKafka, startKafkaCluster } from '../../testing/kafka-cluster.ts'
import { eventually, needs, temporaryFolder } from '../../testing/peers.ts'
import { startScriptedBroker, type ScriptedBrokerOptions } from '../../testing/scripted-broker.ts'
import { kafka } from './sink.ts'

const type = kafka as unknown as SinkType
const TIME = 1_732_356_000_123

const deliver = (
  t: TestContext,
  options: object,
  tags = tagTable('press-1/level', 'press-1/speed', 'oven/t'),
): DeliveryRig => startDelivery(t, type, { topic: 'samples', gapTopic: '', ...options }, { tags })

async function shows(rig: DeliveryRig, reason: RegExp): Promise<void> {
  const status = () => rig.runner.status()
  await eventually(() => `${reason}; it is ${status().state}: ${status().reason}`, () => reason.test(status().reason ?? ''), 5000) // prettier-ignore
}

test('a record: key, value, headers and source time; numbers go on from batch to batch', async (t) => {
  const broker = await startScriptedBroker(t, { topics: { samples: 1 } })
  const rig = deliver(t, { brokers: [broker.address] })
  rig.cursor.append(batchOf([[1, 1.5, 0, 1_700_000_000_000], [3, true, Status.BadTimeout]])) // prettier-ignore
  await isDelivered(rig, 2)
  rig.cursor.append(batchOf([[2, -7n]]))
  await isDelivered(rig, 3)
  const headers = { log: 'k3f9', type: 'float64' }
  assert.deepEqual(broker.batches[0]!.records, [
    { key: 'press-1/level', value: '{"v":1.5,"t":1700000000000,"q":0,"log":"k3f9","seq":1}', time: 1_700_000_000_000, headers: { ...headers, device: 'press-1', tag: 'level', seq: '1' } },
    { key: 'oven/t', value: `{"v":true,"t":${TIME},"q":2148139008,"log":"k3f9","seq":2}`, time: TIME, headers: { ...headers, device: 'oven', tag: 't', seq: '2' } },
  ]) // prettier-ignore
  assert.deepEqual(broker.batches.map(({ sequence }) => sequence), [0, 2]) // prettier-ignore
  assert.equal(new Set(broker.batches.map(({ producerId }) => producerId)).size, 1)
  assert.equal(broker.batches[0]!.acks, -1)
})

test('the partition is that of the key as Java clients have it, by tag or by device', async (t) => {
  const broker = await startScriptedBroker(t, { topics: { samples: 7 } })
  for (const keyBy of ['tag', 'device']) {
    const before = broker.batches.length
    const rig = deliver(t, { brokers: [broker.address], keyBy })
    rig.cursor.append(batchOf([[1, 1], [2, 2], [3, 3]])) // prettier-ignore
    await isDelivered(rig, 3)
    const records = broker.batches
      .slice(before)
      .flatMap(({ records, partition }) => records.map(({ key }) => ({ key, partition })))
    assert.deepEqual(
      records.map(({ key }) => key).sort(),
      keyBy === 'tag' ? ['oven/t', 'press-1/level', 'press-1/speed'] : ['oven', 'press-1', 'press-1'],
    )
    for (const { key, partition } of records) {
      assert.equal(partition, compatibilityPartitioner(undefined as never, Buffer.from(key)) % 7)
    }
  }
})

test('a topic template: each device its own topic, what a topic cannot hold becomes _', async (t) => {
  const broker = await startScriptedBroker(t, { topics: { 'plant.Kessel-_.bool': 1, 'plant.oven_2.float64': 1 } })
  const tags = typedTable(['Kessel-ä/an', 'bool'], ['oven 2/t', 'float64'])
  const rig = deliver(t, { brokers: [broker.address], topic: 'plant.{device}.{type}' }, tags)
  rig.cursor.append(batchOf([[1, true], [2, 2]])) // prettier-ignore
  await isDelivered(rig, 2)
  assert.deepEqual(broker.batches.map(({ topic }) => topic).sort(), ['plant.Kessel-_.bool', 'plant.oven_2.float64'])
  assert.equal(broker.batches.find(({ topic }) => topic.includes('Kessel'))!.records[0]!.headers.device, 'Kessel-ä')
})

test('batches are cut to maxMessage and stay in order', async (t) => {
  const broker = await startScriptedBroker(t, { topics: { samples: 1 } })
  const rig = deliver(t, { brokers: [broker.address], maxMessage: 1000 })
  rig.cursor.append(batchOf(Array.from({ length: 50 }, (_, at): Row => [1, at])))
  await isDelivered(rig, 50)
  assert.ok(broker.batches.length > 5)
  const seqs = broker.batches.flatMap(({ records }) => records.map(({ headers }) => Number(headers.seq)))
  assert.deepEqual(seqs, Array.from({ length: 50 }, (_, at) => at + 1)) // prettier-ignore
})

for (const [compression, id] of [
  ['gzip', 1],
  ['snappy', 2],
  ['lz4', 3],
  ['zstd', 4],
] as const) {
  // prettier-ignore
  test(`${compression}: read by the library and by librdkafka`, { skip: needsKafka() }, async (t) => {
    const broker = await startScriptedBroker(t, { topics: { samples: 1 } })
    const cluster = await startKafkaCluster(t, { samples: 1 })
    const records = cluster.consume('samples')
    for (const brokers of [[broker.address], cluster.addresses]) {
      const rig = deliver(t, { brokers, compression })
      rig.cursor.append(batchOf([[1, 'grüße 温度'], [1, 2]])) // prettier-ignore
      await isDelivered(rig, 2)
    }
    assert.equal(broker.batches[0]!.compression, id)
    await eventually('kcat reads both', () => records.length === 2)
    const values = broker.batches[0]!.records.map(({ value }) => value)
    assert.deepEqual(records.map(({ payload }) => payload), values) // prettier-ignore
    assert.match(values[0]!, /grüße 温度/)
    assert.deepEqual(records[0]!.headers, broker.batches[0]!.records[0]!.headers)
    assert.equal(records[0]!.ts, TIME)
  })
}

const Sample = protobuf.parse(readFileSync(join(import.meta.dirname, 'sample.proto'), 'utf8')).root.lookupType('bifrost.v1.Sample') // prettier-ignore

const PROTOBUF: readonly (readonly [Row, Record<string, unknown>])[] = [
  [[1, 1.5, Status.BadTimeout], { number: 1.5, status: Status.BadTimeout }],
  [[1, NaN], { number: 'NaN' }],
  [[1, -Infinity], { number: '-Infinity' }],
  [[1, false], { boolean: false }],
  [[1, -9_223_372_036_854_775_808n], { integer: '-9223372036854775808' }],
  [[1, 5n], { integer: '5' }],
  [[1, 18_446_744_073_709_551_615n], { unsigned: '18446744073709551615' }],
  [[1, 'grüße \u0000 温度 🌡'], { text: 'grüße \u0000 温度 🌡' }],
  [[1, ''], { text: '' }],
  [[1, Uint8Array.of(0, 255)], { data: 'AP8=' }],
  [[1, undefined, Status.BadNoCommunication], { data: 'AP8=', status: Status.BadNoCommunication }],
  [[2, undefined, Status.BadNoCommunication], { status: Status.BadNoCommunication }],
  [[1, 1, 0, 1_700_000_000_000.25, true], { number: 1, timeUs: '1700000000000250', historical: true }],
]

test('protobuf: every kind of value is read back by sample.proto', { skip: needsKafka() }, async (t) => {
  const cluster = await startKafkaCluster(t, { samples: 1 })
  const tags = typedTable(['press-1/level', 'float64', { unit: '°C' }], ['press-1/never', 'float64'])
  const rig = deliver(t, { brokers: cluster.addresses, payload: 'protobuf' }, tags)
  rig.cursor.append(batchOf(PROTOBUF.map(([row]) => row)))
  await isDelivered(rig, PROTOBUF.length)
  const values = await cluster.values('samples', PROTOBUF.length)
  for (const [at, [[tag], expected]] of PROTOBUF.entries()) {
    const sample = Sample.toObject(Sample.decode(values[at]!), { longs: String, bytes: String, json: true })
    const name = tag === 1 ? { tag: 'level', unit: '°C' } : { tag: 'never' }
    const common = { device: 'press-1', log: 'k3f9', seq: String(at + 1), timeUs: String(TIME * 1000) }
    assert.deepEqual(sample, { ...common, ...name, ...expected })
  }
})

test('a gap names its tags', async (t) => {
  const broker = await startScriptedBroker(t, { topics: { samples: 1, gaps: 3 } })
  const sink = type.create(type.options.parse({ brokers: [broker.address], topic: 'samples', gapTopic: 'gaps' }), sinkContext({ tags: tagTable('a/x', 'a/y') })) // prettier-ignore
  const { signal } = new AbortController()
  await sink.connect(signal)
  const gap = { fromSeq: 2, toSeq: 11, samples: undefined, reason: 'retention', fromTime: TIME - 5, toTime: TIME }
  await sink.gap!({ ...gap, tags: [2, 1, 77] }, signal)
  await sink.close()
  const { records } = broker.batches[0]!
  assert.deepEqual(JSON.parse(records[0]!.value), { log: 'k3f9', ...gap, samples: null, tags: ['a/y', 'a/x'] })
  assert.deepEqual([records[0]!.key, records[0]!.time, records[0]!.headers], ['k3f9', TIME, { log: 'k3f9', type: 'gap', seq: '11' }]) // prettier-ignore
})

for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']) {
  test(`${mechanism}: the right password gets in, a wrong one is named in words, nothing is dropped`, async (t) => {
    const login = { mechanism, user: 'plant', secret: 'right' }
    const broker = await startScriptedBroker(t, { topics: { samples: 1 }, login })
    const options = { brokers: [broker.address], sasl: mechanism, username: 'plant' }
    const rig = deliver(t, { ...options, password: 'right' })
    rig.cursor.append(batchOf([[1, 1]]))
    await isDelivered(rig, 1)
    const wrong = deliver(t, { ...options, password: 'wrong' })
    wrong.cursor.append(batchOf([[1, 1]]))
    await shows(wrong, /refused the login of "plant": .*(Invalid username or password|invalid credentials)/)
    assert.deepEqual([wrong.runner.status().state, wrong.cursor.ledger().pending], ['Failed', 1])
  })
}

test('OAUTHBEARER: the token is read anew for each login; a wrong one, and a missing file, are named', async (t) => {
  const broker = await startScriptedBroker(t, { topics: { samples: 1 }, login: { mechanism: 'OAUTHBEARER', user: '', secret: 'fresh' } }) // prettier-ignore
  const tokenFile = join(temporaryFolder(t), 'token')
  const options = { brokers: [broker.address], sasl: 'OAUTHBEARER', tokenFile }
  await shows(deliver(t, options), /the file of tokenFile cannot be read: .*ENOENT/)
  writeFileSync(tokenFile, 'stale\n')
  const rig = deliver(t, options)
  rig.cursor.append(batchOf([[1, 1]]))
  await shows(rig, /does not accept the token: \{"status":"invalid_token"\}/)
  writeFileSync(tokenFile, 'fresh\n')
  await isDelivered(rig, 1)
})

test('another way of logging in than the broker has, and none where one is wanted', async (t) => {
  const login = { mechanism: 'SCRAM-SHA-512', user: 'plant', secret: 'right' }
  const broker = await startScriptedBroker(t, { topics: { samples: 1 }, login })
  const brokers = [broker.address]
  await shows(deliver(t, { brokers, sasl: 'PLAIN', username: 'plant', password: 'right' }), /does not offer this way of logging in/) // prettier-ignore
  await shows(deliver(t, { brokers }), /perhaps it wants TLS or a login/)
})

test('certificates: what is wrong is said in words', { skip: needs('openssl') }, async (t) => {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'authority')
  const other = createAuthority(folder, 'other')
  const start = (name: string, host: string, days?: number) => startScriptedBroker(t, { topics: { samples: 1 }, tls: createCertificate(folder, name, authority, host, days) }) // prettier-ignore
  const good = await start('good', 'localhost')
  const expired = await start('expired', 'localhost', -1)
  const elsewhere = await start('elsewhere', 'plant.example')
  const plain = await startScriptedBroker(t, { topics: { samples: 1 } })
  const secure = (broker: { address: string }, more: object) =>
    deliver(t, { brokers: [broker.address], tls: true, ...more })
  const ca = authority.cert
  const rig = secure(good, { ca })
  rig.cursor.append(batchOf([[1, 1]]))
  await isDelivered(rig, 1)
  await shows(secure(good, { ca: other.cert }), /authority is unknown/)
  await shows(secure(good, {}), /authority is unknown/)
  await shows(secure(expired, { ca }), /certificate has expired/)
  await shows(secure(elsewhere, { ca }), /host name mismatch.*plant\.example/)
  await shows(secure(good, { ca: `${folder}/absent.crt` }), /file of ca cannot be read.*absent\.crt/)
  await shows(secure(plain, { ca, connectTimeout: 1000 }), /TLS|within 1000 ms|closed the connection/)
  await shows(deliver(t, { brokers: [good.address] }), /wants TLS|closed the connection/)
  const trusting = secure(good, { insecure: true })
  trusting.cursor.append(batchOf([[1, 1]]))
  await isDelivered(trusting, 1)
})

test('what is not safe is said aloud', () => {
  const warnings = (options: object) => {
    const said: string[] = []
    const log = { ...sinkContext().log, warn: (_: object, sentence: string) => void said.push(sentence) }
    type.create(type.options.parse({ brokers: ['a'], ...options }), sinkContext({ log }))
    return said.join()
  }
  assert.match(warnings({ tls: true, insecure: true }), /insecure: any server certificate is accepted/)
  assert.match(warnings({ sasl: 'PLAIN', username: 'u', password: 'p' }), /others can read the password/)
  assert.equal(warnings({ tls: true, sasl: 'PLAIN', username: 'u', password: 'p' }), '')
})

test('what people see of its session', async (t) => {
  const options: ScriptedBrokerOptions = { topics: { samples: 1 } }
  const broker = await startScriptedBroker(t, options)
  const rig = deliver(t, { brokers: [broker.address] })
  await eventually('running', () => rig.runner.status().state === 'Running')
  assert.deepEqual(rig.runner.status().facts, { cluster: 'scripted', brokers: 1, connected: broker.address })
})
