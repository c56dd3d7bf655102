/** What a cluster can say no with, against a broker that says what the test wants and a cluster whose brokers fail. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import type { SinkType } from '../../core/sink.ts'
import { batchOf, startDelivery, tagTable, type DeliveryRig, type Row } from '../../testing/delivery-rig.ts'
import { isDelivered, shows } from '../../testing/delivery-waits.ts'
import { needsKafka, startKafkaCluster } from '../../testing/kafka-cluster.ts'
import { eventually, freePort } from '../../testing/peers.ts'
import { startScriptedBroker, type BatchAnswer, type ReceivedBatch, type ScriptedBroker } from '../../testing/scripted-broker.ts' // prettier-ignore
import { listenTcp } from '../../testing/tcp-relay.ts'
import { kafka } from './sink.ts'

const type = kafka as unknown as SinkType

/** Six tags of two devices; with two partitions both have some of them. */
const TAGS = ['a/1', 'a/2', 'a/3', 'b/1', 'b/2', 'b/3']
const ROWS: readonly Row[] = TAGS.map((_, at) => [at + 1, at])

const deliver = (t: TestContext, options: object): DeliveryRig =>
  startDelivery(t, type, { topic: 'samples', gapTopic: '', ackTimeout: 2000, ...options }, { tags: tagTable(...TAGS) }) // prettier-ignore

/** A broker with a topic of two partitions, and a sink that delivers to it. */
async function scripted(
  t: TestContext,
  answer: (batch: ReceivedBatch, count: number) => BatchAnswer,
  options: object = {},
): Promise<{ broker: ScriptedBroker; rig: DeliveryRig }> {
  const broker = await startScriptedBroker(t, { topics: { samples: 2 }, answer })
  return { broker, rig: deliver(t, { brokers: [broker.address], ...options }) }
}

const seqs = (batches: readonly ReceivedBatch[]): number[] =>
  batches.flatMap(({ records }) => records.map(({ headers }) => Number(headers.seq)))

test('an answer that never came: the same records go again with the same numbers, and alone, so that the cluster knows them', async (t) => {
  const { broker, rig } = await scripted(t, (_, count) => (count === 1 ? 'cut' : { code: 0 }))
  rig.cursor.append(batchOf([[1, 1], [1, 2]])) // prettier-ignore
  await eventually('sent', () => broker.batches.length >= 1)
  rig.cursor.append(batchOf([[1, 3]]))
  await isDelivered(rig, 3)
  const [lost, again, rest] = broker.batches
  assert.deepEqual([again!.producerId, again!.epoch, again!.sequence], [lost!.producerId, lost!.epoch, lost!.sequence])
  assert.deepEqual(again!.records, lost!.records)
  assert.deepEqual([rest!.producerId, rest!.sequence, seqs([rest!])], [lost!.producerId, 2, [3]])
})

test('control: without idempotent nothing is numbered', async (t) => {
  const { broker, rig } = await scripted(t, () => ({ code: 0 }), { idempotent: false })
  rig.cursor.append(batchOf([[1, 1]]))
  await isDelivered(rig, 1)
  assert.deepEqual([broker.batches[0]!.producerId, broker.batches[0]!.sequence], [-1n, -1])
})

test('half of a write is taken, half has to wait: what the cluster has does not go again', async (t) => {
  let busy = 3
  const { broker, rig } = await scripted(t, ({ partition }) => ({ code: partition === 1 && busy-- > 0 ? 19 : 0 }))
  rig.cursor.append(batchOf(ROWS))
  await shows(rig, 'Degraded', /too few replicas are in sync/)
  await isDelivered(rig, ROWS.length)
  const taken = seqs(broker.batches.filter(({ partition }) => partition === 0))
  assert.ok(taken.length > 0 && taken.length < ROWS.length)
  assert.deepEqual(taken, [...new Set(taken)])
  assert.deepEqual(new Set(seqs(broker.batches)), new Set([1, 2, 3, 4, 5, 6]))
})

test('a batch too large is halved until the sample is found; order stays', async (t) => {
  const isLarge = ({ records }: ReceivedBatch) => records.some(({ value }) => value.includes('"v":4,'))
  const seen: number[] = []
  const { broker, rig } = await scripted(t, (batch) => {
    if (isLarge(batch)) return { code: 10 }
    seen.push(...seqs([batch]))
    return { code: 0 }
  })
  rig.cursor.append(batchOf(Array.from({ length: 9 }, (_, at): Row => [1, at])))
  await eventually('settled', () => rig.cursor.ledger().pending === 0)
  assert.deepEqual(seen, [1, 2, 3, 4, 6, 7, 8, 9])
  assert.equal(new Set(broker.batches.map(({ producerId }) => producerId)).size, 1)
  assert.deepEqual(rig.cursor.ledger().dropped, { rejected: 1 })
  assert.match(readFileSync(rig.deadLetterFile, 'utf8'), /larger than the topic takes.*"seq":5/)
})

test('records that the broker names are refused with its words, the others go on', async (t) => {
  const { broker, rig } = await scripted(t, ({ records }) => {
    const bad = records.findIndex(({ value }) => value.includes('"v":2,'))
    return bad === -1 ? { code: 0 } : { code: 87, message: 'one or more records', records: { [bad]: 'no such field' } }
  })
  rig.cursor.append(batchOf([[1, 1], [1, 2], [1, 3]])) // prettier-ignore
  await eventually('settled', () => rig.cursor.ledger().pending === 0)
  assert.deepEqual(seqs(broker.batches.slice(1)), [1, 3])
  assert.match(readFileSync(rig.deadLetterFile, 'utf8'), /not valid for this topic \(87\): no such field/)
})

test('no permission for the topic: named, held, nothing dropped', async (t) => {
  const { rig } = await scripted(t, () => ({ code: 29 }))
  rig.cursor.append(batchOf(ROWS))
  await shows(rig, 'Failed', /topic "samples": no permission to write/)
  assert.deepEqual([rig.cursor.ledger().pending, rig.cursor.ledger().dropped], [ROWS.length, {}])
})

test('a partition that has moved: asked for and sent once more at once; then it takes time', async (t) => {
  let moves = 1
  const { broker, rig } = await scripted(t, () => ({ code: moves-- > 0 ? 6 : 0 }))
  rig.cursor.append(batchOf([[1, 1]]))
  await isDelivered(rig, 1)
  assert.equal(rig.runner.status().retries, 0)
  assert.equal(broker.batches[0]!.sequence, broker.batches[1]!.sequence)
  moves = 1000
  rig.cursor.append(batchOf([[1, 2]]))
  await shows(rig, 'Degraded', /a partition has moved to another broker/)
  moves = 0
  await isDelivered(rig, 2)
})

test('a cluster that has lost track of our numbers gets new ones', async (t) => {
  const { broker, rig } = await scripted(t, (_, count) => ({ code: count === 2 ? 59 : 0 }))
  rig.cursor.append(batchOf([[1, 1]]))
  await isDelivered(rig, 1)
  rig.cursor.append(batchOf([[1, 2]]))
  await isDelivered(rig, 2)
  const [first, refused, again] = broker.batches
  assert.deepEqual([refused!.producerId, refused!.sequence], [first!.producerId, 1])
  assert.deepEqual([again!.producerId === first!.producerId, again!.sequence], [false, 0])
  assert.equal(rig.runner.status().retries, 0)
})

test('an unknown error is tried again and loses nothing', async (t) => {
  const { rig } = await scripted(t, (_, count) => ({ code: count <= 2 ? -1 : 0, message: 'disk on fire' }))
  rig.cursor.append(batchOf([[1, 1]]))
  await isDelivered(rig, 1)
})

test('a broker that says nothing is given up after ackTimeout; nothing is dropped', async (t) => {
  const { rig } = await scripted(t, () => 'silence', { ackTimeout: 300 })
  rig.cursor.append(batchOf([[1, 1]]))
  await shows(rig, 'Failed', /did not answer for 300 ms/)
  assert.deepEqual([rig.cursor.ledger().pending, rig.cursor.ledger().dropped], [1, {}])
})

test('a stop does not wait for a broker that says nothing', async (t) => {
  const { broker, rig } = await scripted(t, () => 'silence', { ackTimeout: 60_000 })
  rig.cursor.append(batchOf([[1, 1]]))
  await eventually('sent', () => broker.batches.length === 1)
  const began = performance.now()
  await rig.runner.stop(200)
  assert.ok(performance.now() - began < 1500)
})

test('a connection closed while nothing is written is noticed, and made again', async (t) => {
  const { broker, rig } = await scripted(t, () => ({ code: 0 }))
  await eventually('running', () => rig.runner.status().state === 'Running')
  broker.cut()
  await eventually('connected again', () => rig.runner.status().reconnects >= 1 && rig.runner.status().state === 'Running') // prettier-ignore
})

test('topics that do not exist, or may not be seen, are named before anything is sent', async (t) => {
  const broker = await startScriptedBroker(t, { topics: { samples: 1, secret: { error: 29 } } })
  const brokers = [broker.address]
  await shows(deliver(t, { brokers, topic: 'absent' }), 'Failed', /topic "absent" does not exist; create it/)
  await shows(deliver(t, { brokers, topic: 'secret' }), 'Failed', /topic "secret": no permission/)
  await shows(deliver(t, { brokers, gapTopic: 'gaps' }), 'Failed', /topic "gaps" does not exist/)
  const rig = deliver(t, { brokers, topic: 'plant.{device}' })
  rig.cursor.append(batchOf([[1, 1]]))
  await shows(rig, 'Failed', /topic "plant\.a" does not exist/)
})

test('no permission to number batches: the way out is named', async (t) => {
  const broker = await startScriptedBroker(t, { topics: { samples: 1 }, producerIdError: 31 })
  await shows(deliver(t, { brokers: [broker.address] }), 'Failed', /IdempotentWrite, or set idempotent: false/)
  const rig = deliver(t, { brokers: [broker.address], idempotent: false })
  rig.cursor.append(batchOf([[1, 1]]))
  await isDelivered(rig, 1)
})

const NONSENSE: Readonly<Record<string, Buffer>> = {
  'text of another protocol': Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
  zeros: Buffer.alloc(64),
  'a frame too short for its header': Buffer.from([0, 0, 0, 1, 0x41]),
  'a frame too long for any answer': Buffer.from([0x7f, 0, 0, 0, 0x41]),
  'a negative length': Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0, 0, 0, 0]),
  'an answer that is cut off inside': Buffer.from([0, 0, 0, 6, 0, 0, 0, 1, 0, 0]),
  'an answer to nobody': Buffer.from([0, 0, 0, 8, 0x7f, 0, 0, 1, 0, 0, 0, 0]),
}
for (const [what, bytes] of Object.entries(NONSENSE)) {
  test(`a peer that answers ${what}: no crash, said in words, nothing dropped`, async (t) => {
    const port = await listenTcp(t, (socket) => socket.on('data', () => socket.write(bytes)))
    const rig = deliver(t, { brokers: [`127.0.0.1:${port}`], connectTimeout: 500 })
    rig.cursor.append(batchOf([[1, 1]]))
    await shows(
      rig,
      'Failed',
      /127\.0\.0\.1:\d+ .*(not answer as a Kafka broker|is lost|cannot be connected|closed the connection)/,
    )
    assert.deepEqual([rig.cursor.ledger().pending, rig.cursor.ledger().dropped], [1, {}])
  })
}

test('nobody listens, a name nobody knows, a peer that says nothing; the next broker is tried', async (t) => {
  const gone = `127.0.0.1:${await freePort()}`
  await shows(deliver(t, { brokers: [gone] }), 'Failed', /refused the connection/)
  await shows(deliver(t, { brokers: ['no-such-host.invalid'] }), 'Failed', /no-such-host\.invalid.*name/)
  const silent = await listenTcp(t, () => undefined)
  await shows(deliver(t, { brokers: [`127.0.0.1:${silent}`], connectTimeout: 300 }), 'Failed', /did not answer as a Kafka broker within 300 ms/) // prettier-ignore
  const broker = await startScriptedBroker(t, { topics: { samples: 1 } })
  const rig = deliver(t, { brokers: [gone, broker.address] })
  rig.cursor.append(batchOf([[1, 1]]))
  await isDelivered(rig, 1)
})

test(
  'brokers of a cluster go down and come back under load: nothing is lost, order is kept',
  { skip: needsKafka(), timeout: 60_000 },
  async (t) => {
    // prettier-ignore
    const cluster = await startKafkaCluster(t, { samples: 3 }, 3)
    const records = cluster.consume('samples')
    const rig = deliver(t, { brokers: cluster.addresses })
    const append = (from: number, count: number) =>
      rig.cursor.append(batchOf(Array.from({ length: count }, (_, at): Row => [1 + ((from + at) % 6), from + at])))
    let count = 0
    for (let round = 0; round < 6; round++) {
      append(count, 500)
      count += 500
      const broker = 1 + (round % 3)
      await cluster.say(`down ${broker}`)
      append(count, 500)
      count += 500
      await new Promise((resolve) => setTimeout(resolve, 100))
      await cluster.say(`up ${broker}`)
      for (let partition = 0; partition < 3; partition++)
        await cluster.say(`leader samples ${partition} ${1 + ((partition + round) % 3)}`)
    }
    await eventually(() => `all delivered; ${JSON.stringify(rig.runner.status())}`, () => rig.cursor.ledger().delivered === count, 30_000) // prettier-ignore
    const distinct = () => new Set(records.map(({ headers }) => headers.seq)).size
    await eventually(
      () => `kcat read ${distinct()} of ${count}`,
      () => distinct() === count,
      20_000,
    )
    inOrder(records)
  },
)

/** First arrivals of each key have rising sequence numbers, and each key stays in its partition. */
function inOrder(records: ReturnType<Awaited<ReturnType<typeof startKafkaCluster>>['consume']>): void {
  const last = new Map<string, number>()
  const partition = new Map<string, number>()
  const seen = new Set<string>()
  for (const { key, headers, partition: where } of records) {
    assert.equal(partition.get(key) ?? where, where)
    partition.set(key, where)
    if (seen.has(headers.seq!)) continue
    seen.add(headers.seq!)
    assert.ok(Number(headers.seq) > (last.get(key) ?? 0), `${key} went back to ${headers.seq}`)
    last.set(key, Number(headers.seq))
  }
}

test(
  'a cluster that accepts slowly slows delivery and nothing else: one write at a time, no retry',
  { skip: needsKafka() },
  async (t) => {
    // prettier-ignore
    const cluster = await startKafkaCluster(t, { samples: 2 })
    await cluster.say('rtt 1 300')
    const rig = deliver(t, { brokers: cluster.addresses })
    for (let batch = 0; batch < 4; batch++) {
      rig.cursor.append(batchOf(ROWS))
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    assert.ok(rig.cursor.ledger().pending > 0)
    await isDelivered(rig, 4 * ROWS.length)
    assert.equal(rig.runner.status().retries, 0)
  },
)
