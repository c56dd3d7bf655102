/** What the redis sink owes beyond the suite: no repeats, reasons in words, faults; against redis-server. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createClient } from 'redis'
import type { SinkType } from '../../core/sink.ts'
import { Status } from '../../core/status.ts'
import { createAuthority, createCertificate } from '../../testing/certificates.ts'
import {
  batchOf,
  sinkContext,
  startDelivery,
  tagTable,
  type DeliveryRig,
  type Row,
} from '../../testing/delivery-rig.ts'
import { counters, isDelivered, nothingDropped, shows } from '../../testing/delivery-waits.ts'
import { eventually, freePort, temporaryFolder } from '../../testing/peers.ts'
import { needsRedis, readStreams, startRedis, type RedisServer } from '../../testing/redis.ts'
import { listenTcp, relayTcp } from '../../testing/tcp-relay.ts'
import { redis } from './sink.ts'

const type = redis as unknown as SinkType
const skip = needsRedis()

const deliver = (t: TestContext, options: object, more: object = {}): DeliveryRig =>
  startDelivery(t, type, options, { tags: tagTable('press-1/level', 'press-2/level', 'press-1/mode'), ...more })

/** The numbers of all entries, stream by stream, in their order. */
async function numbers(server: RedisServer): Promise<number[]> {
  const entries = await readStreams(server, 'bifrost:samples:*')
  return entries.map(({ fields }) => (JSON.parse(fields.d!) as { seq: number }).seq)
}

/** Entries, and how many different samples they are. */
async function counted(server: RedisServer): Promise<{ entries: number; samples: number }> {
  const all = await numbers(server)
  return { entries: all.length, samples: new Set(all).size }
}

for (const [ids, twice] of [
  ['seq', false],
  ['time', true],
] as const) {
  // prettier-ignore
  const what = twice ? 'control: with ids of the server it comes twice, with the same number' : 'and leaves no second entry'
  test(`a batch whose replies were lost comes again, ${what}`, { skip }, async (t) => {
    const server = await startRedis(t)
    const relay = await relayTcp(t, server.port)
    const rig = deliver(t, { url: `redis://127.0.0.1:${relay.port}`, ids })
    rig.cursor.append(batchOf([[1, 0], [2, 0]])) // prettier-ignore
    await isDelivered(rig, 2)
    let answers = 0
    // The first answer may be a lookup of ids; what is cut is the answer to entries.
    relay.cutAt = (answer) => relay.cuts === 0 && (answers += answer.length) > 1000
    rig.cursor.append(batchOf(counters(0, 500)))
    await isDelivered(rig, 502)
    assert.equal(relay.cuts, 1)
    const { entries, samples } = await counted(server)
    assert.equal(samples, 502)
    if (twice) assert.ok(entries > 502, `${entries} entries`)
    else assert.equal(entries, 502)
  })
}

test('ids are our numbers', { skip }, async (t) => {
  const server = await startRedis(t)
  const rig = deliver(t, { url: server.url })
  rig.cursor.append(batchOf([[1, 5], [3, 6], [2, 7]])) // prettier-ignore
  await isDelivered(rig, 3)
  const entries = await readStreams(server, 'bifrost:samples:*')
  assert.deepEqual(
    entries.map(({ stream, id, fields }) => [stream, id, fields.tag]),
    [['bifrost:samples:press-1', '1-0', 'level'], ['bifrost:samples:press-1', '2-0', 'mode'], ['bifrost:samples:press-2', '3-0', 'level']], // prettier-ignore
  )
  assert.equal(entries[0]!.fields.d, '{"v":5,"t":1732356000123,"q":0,"log":"k3f9","seq":1}')
})

test('lower numbers that are not there are added behind, nothing is taken for delivered', { skip }, async (t) => {
  const server = await startRedis(t)
  const sink = type.create(type.options.parse({ url: server.url }), sinkContext({ tags: tagTable('press-1/level') }))
  const never = AbortSignal.timeout(10_000)
  await sink.connect(never)
  t.after(() => sink.close())
  const rows: Row[] = [[1, 1], [1, 2], [1, 3]] // prettier-ignore
  await sink.write(batchOf(rows, 101), never)
  // A replay from before, then one that is there in part.
  await sink.write(batchOf(rows, 1), never)
  await sink.write(batchOf(rows, 102), never)
  const ids = async () => (await readStreams(server, 'bifrost:samples:*')).map(({ id }) => id)
  assert.deepEqual(await ids(), ['101-0', '102-0', '103-0', '103-1', '103-2', '103-3', '104-0'])
  assert.deepEqual(await numbers(server), [101, 102, 103, 1, 2, 3, 104])
})

test('another log in the same stream is not taken for ours', { skip }, async (t) => {
  const server = await startRedis(t)
  for (const logId of ['k3f9', 'm7x2']) {
    const rig = deliver(t, { url: server.url }, { context: { logId } })
    rig.cursor.append(batchOf(counters(0, 20)))
    await isDelivered(rig, 20)
  }
  assert.equal((await numbers(server)).length, 40)
})

test('somebody else who adds to the stream is named, and nothing is lost', { skip }, async (t) => {
  const server = await startRedis(t)
  const sink = type.create(type.options.parse({ url: server.url }), sinkContext({ tags: tagTable('press-1/level') }))
  const never = AbortSignal.timeout(10_000)
  await sink.connect(never)
  t.after(() => sink.close())
  const rows = (from: number): Row[] => [[1, from], [1, from + 1]] // prettier-ignore
  await sink.write(batchOf(rows(1), 1), never)
  await server.ask('XADD', 'bifrost:samples:press-1', '*', 'other', 'thing')
  const refused = sink.write(batchOf(rows(3), 3), never)
  await assert.rejects(refused, /somebody else adds to the stream "bifrost:samples:press-1": .*set ids: time/)
  await sink.write(batchOf(rows(3), 3), never)
  await sink.write(batchOf(rows(5), 5), never)
  const entries = await readStreams(server, 'bifrost:samples:*')
  assert.deepEqual(
    entries.flatMap(({ fields: { d } }) => (d === undefined ? [] : [(JSON.parse(d) as { seq: number }).seq])),
    [1, 2, 3, 4, 5, 6],
  )
})

test('a consumer that deletes what it has read changes nothing', { skip }, async (t) => {
  const server = await startRedis(t)
  const options = { url: server.url }
  const first = deliver(t, options)
  first.cursor.append(batchOf(counters(0, 10)))
  await isDelivered(first, 10)
  for (const { stream, id } of await readStreams(server, 'bifrost:samples:*')) await server.ask('XDEL', stream, id)
  await first.runner.stop(1000)
  const next = deliver(t, options)
  next.cursor.append(batchOf(counters(0, 20)))
  await isDelivered(next, 20)
  assert.equal(new Set(await numbers(server)).size, 20)
})

test('killed in mid-write, again and again: nothing is lost, nothing is there twice', { skip }, async (t) => {
  const server = await startRedis(t)
  const rig = deliver(t, { url: server.url }, { runner: { batchRows: 200 } })
  for (let round = 0; round < 3; round++) {
    rig.cursor.append(batchOf(counters(round * 3000, (round + 1) * 3000)))
    await eventually('it writes', () => rig.cursor.ledger().delivered > round * 3000)
    await server.stop('SIGKILL')
    await eventually('the state says so', () => rig.runner.status().state !== 'Running')
    await server.start()
    await isDelivered(rig, (round + 1) * 3000)
  }
  assert.deepEqual(await counted(server), { entries: 9000, samples: 9000 })
  const one = (await numbers(server)).slice(0, 4500)
  assert.deepEqual(
    one,
    one.toSorted((a, b) => a - b),
  )
})

test('streams keep about so many entries as they are told to', { skip }, async (t) => {
  const server = await startRedis(t)
  const rig = deliver(t, { url: server.url, maxLength: 500 }, { runner: { batchRows: 300 } })
  rig.cursor.append(batchOf(counters(0, 5000)))
  await isDelivered(rig, 5000)
  const length = Number(await server.ask('XLEN', 'bifrost:samples:press-1'))
  assert.ok(length >= 500 && length < 800, `${length} entries`)
  const all = await numbers(server)
  assert.ok(all.includes(4999) && all.includes(5000))
})

test(
  'a tag that stands still since an outage that is made up for later: the hash has its last sample',
  { skip },
  async (t) => {
    const server = await startRedis(t)
    const rig = deliver(t, { url: server.url })
    // What live-first brings behind the live ones is marked as history; of these the latest value of press-2 is one.
    rig.latest.set(1, 5, 1)
    rig.latest.set(2, 8, 3)
    rig.cursor.append(batchOf([[1, 5], [2, 7, 0, 1000, true], [2, 8, 0, 2000, true], [1, 4, 0, 1000, true]])) // prettier-ignore
    await isDelivered(rig, 4)
    const valueOf = async (key: string) =>
      (JSON.parse(String(await server.ask('HGET', key, 'level'))) as { v: number }).v
    assert.equal(await valueOf('bifrost:latest:press-2'), 8)
    assert.equal(await valueOf('bifrost:latest:press-1'), 5)
  },
)

test(
  'the hash has the last sample of each tag, with its quality; a historical one is not the last',
  { skip },
  async (t) => {
    const server = await startRedis(t)
    const rig = deliver(t, { url: server.url })
    const bad = Status.BadDeviceFailure
    rig.cursor.append(batchOf([[1, 1], [1, 2], [3, 'run'], [1, undefined, bad], [3, 'old', 0, 1000, true], [2, 9]])) // prettier-ignore
    await isDelivered(rig, 6)
    const hash = async (key: string) => (await server.ask('HGETALL', key)) as string[]
    assert.deepEqual(await hash('bifrost:latest:press-2'), [
      'level',
      '{"v":9,"t":1732356000123,"q":0,"log":"k3f9","seq":6}',
    ])
    const press = await hash('bifrost:latest:press-1')
    const text = press.join(' ')
    assert.ok(text.includes(`level {"v":2,"t":1732356000123,"q":${bad},"log":"k3f9","seq":4}`), text)
    assert.ok(text.includes('mode {"v":"run",'), text)
    assert.equal((await readStreams(server, 'bifrost:samples:*')).length, 6)
  },
)

test('published too, where it is wanted; and hash alone', { skip }, async (t) => {
  const server = await startRedis(t)
  const listener = createClient({ url: server.url, RESP: 2 })
  listener.on('error', () => undefined)
  await listener.connect()
  t.after(() => listener.destroy())
  const heard: string[] = []
  await listener.pSubscribe('live:*', (message, channel) => heard.push(`${channel} ${message}`))
  const rig = deliver(t, { url: server.url, channel: 'live:{device}:{tag}', stream: '' })
  rig.cursor.append(batchOf([[1, 1], [1, 2]])) // prettier-ignore
  await isDelivered(rig, 2)
  await eventually('both are heard', () => heard.length === 2)
  assert.equal(heard[1], 'live:press-1:level {"v":2,"t":1732356000123,"q":0,"log":"k3f9","seq":2}')
  assert.deepEqual(await server.ask('KEYS', '*'), ['bifrost:latest:press-1'])
})

test('the database of the url is the one that is written to', { skip }, async (t) => {
  const server = await startRedis(t)
  const rig = deliver(t, { url: `${server.url}/3` })
  rig.cursor.append(batchOf([[1, 1]]))
  await isDelivered(rig, 1)
  assert.equal(await server.ask('DBSIZE'), 0)
  await shows(deliver(t, { url: `${server.url}/99` }), 'Failed', /DB index is out of range/)
})

test('a user who may not write a key is told how it can be allowed, and that is enough', { skip }, async (t) => {
  const server = await startRedis(t)
  await server.ask('ACL', 'SETUSER', 'gateway', 'on', '>key', '~bifrost:samples:*', '+auth', '+xadd', '+xinfo', '+xrange', '+hset') // prettier-ignore
  const login = { url: server.url, username: 'gateway', password: 'key' }
  await shows(
    deliver(t, { ...login, password: 'wrong' }),
    'Failed',
    /refused user "gateway": wrong user name or password/,
  )
  const rig = deliver(t, login)
  rig.cursor.append(batchOf([[1, 1]]))
  await shows(
    rig,
    'Failed',
    /HSET "bifrost:latest:press-1".*; allow it: ACL SETUSER gateway \+hset ~bifrost:latest:press-1/,
  )
  nothingDropped(rig, 1)
  const [, said = ''] = /allow it: (.*)/.exec(rig.runner.status().reason ?? '') ?? []
  await server.ask(...said.split(' '))
  await isDelivered(rig, 1)
  // What was confirmed before is not sent once more.
  assert.deepEqual(await counted(server), { entries: 1, samples: 1 })
})

test(
  'a server that wants a password: none, a wrong one, the right one; and one that wants none',
  { skip },
  async (t) => {
    const open = await startRedis(t)
    await shows(
      deliver(t, { url: open.url, password: 'x' }),
      'Failed',
      /refused the login: .*without any password configured/,
    )
    await open.ask('CONFIG', 'SET', 'requirepass', 'right')
    const none = deliver(t, { url: open.url })
    none.cursor.append(batchOf([[1, 1]]))
    await shows(none, 'Failed', /wants a password, and none is configured/)
    nothingDropped(none, 1)
    await shows(deliver(t, { url: open.url, password: 'wrong' }), 'Failed', /wrong user name or password/)
    const right = deliver(t, { url: open.url, password: 'right' })
    right.cursor.append(batchOf([[1, 1]]))
    await isDelivered(right, 1)
  },
)

test(
  'a key of another kind is named, nothing is dropped, what else there is is not sent again and again',
  { skip },
  async (t) => {
    const server = await startRedis(t)
    await server.ask('SET', 'bifrost:samples:press-2', 'something else')
    const rig = deliver(t, { url: server.url, ids: 'time' })
    rig.cursor.append(batchOf(counters(0, 10)))
    await shows(rig, 'Failed', /the key "bifrost:samples:press-2" holds something else/)
    nothingDropped(rig, 10)
    await eventually('it tried again', () => rig.runner.status().retries > 2)
    assert.deepEqual(await counted(server), { entries: 5, samples: 5 })
    await server.ask('DEL', 'bifrost:samples:press-2')
    await isDelivered(rig, 10)
    assert.deepEqual(await counted(server), { entries: 10, samples: 10 })
  },
)

test('no memory left: it waits and goes on by itself, no entry twice', { skip }, async (t) => {
  const server = await startRedis(t)
  const rig = deliver(t, { url: server.url })
  rig.cursor.append(batchOf([[1, 1]]))
  await isDelivered(rig, 1)
  await server.ask('CONFIG', 'SET', 'maxmemory', '1')
  rig.cursor.append(batchOf(counters(0, 50)))
  await shows(rig, 'Degraded', /has no memory left \(maxmemory\)/)
  nothingDropped(rig, 50)
  await server.ask('CONFIG', 'SET', 'maxmemory', '0')
  await isDelivered(rig, 51)
  assert.deepEqual(await counted(server), { entries: 51, samples: 51 })
})

test('a server that became a replica is left, and found again when it is master', { skip }, async (t) => {
  const master = await startRedis(t)
  const server = await startRedis(t)
  const rig = deliver(t, { url: server.url })
  rig.cursor.append(batchOf([[1, 1]]))
  await isDelivered(rig, 1)
  await server.ask('REPLICAOF', '127.0.0.1', `${master.port}`)
  rig.cursor.append(batchOf(counters(0, 10)))
  await shows(rig, 'Connecting|Failed', /is a replica now|cannot take it now/)
  nothingDropped(rig, 10)
  await server.ask('REPLICAOF', 'NO', 'ONE')
  await isDelivered(rig, 11)
})

for (const ids of ['seq', 'time']) {
  test(`waitReplicas: delivered only when a replica has it, no entry twice (ids: ${ids})`, { skip }, async (t) => {
    const server = await startRedis(t)
    const rig = deliver(t, { url: server.url, waitReplicas: 1, waitTimeout: 50, ids })
    rig.cursor.append(batchOf(counters(0, 10)))
    await shows(rig, 'Degraded', /0 of 1 replicas had the batch after 50 ms/)
    nothingDropped(rig, 10)
    const replica = await startRedis(t)
    await replica.ask('REPLICAOF', '127.0.0.1', `${server.port}`)
    await isDelivered(rig, 10)
    assert.deepEqual(await counted(replica), { entries: 10, samples: 10 })
  })
}

test(
  'a server that pauses makes the queue wait, then it drains; a stop in between does not hang',
  { skip },
  async (t) => {
    const server = await startRedis(t)
    const rig = deliver(t, { url: server.url })
    rig.cursor.append(batchOf([[1, 1]]))
    await isDelivered(rig, 1)
    await server.ask('CLIENT', 'PAUSE', '500', 'WRITE')
    rig.cursor.append(batchOf(counters(0, 10)))
    await new Promise((resolve) => setTimeout(resolve, 200))
    nothingDropped(rig, 10)
    await isDelivered(rig, 11)
    await server.ask('CLIENT', 'PAUSE', '3000', 'WRITE')
    rig.cursor.append(batchOf([[1, 1]]))
    await new Promise((resolve) => setTimeout(resolve, 100))
    const began = performance.now()
    await rig.runner.stop(300)
    assert.ok(performance.now() - began < 1500, 'the stop took too long')
  },
)

test('a server that replies nothing for too long is given up, nothing is dropped or doubled', { skip }, async (t) => {
  const server = await startRedis(t)
  const rig = deliver(t, { url: server.url, replyTimeout: 200, waitTimeout: 100 })
  rig.cursor.append(batchOf([[1, 1]]))
  await isDelivered(rig, 1)
  await server.ask('CLIENT', 'PAUSE', '900', 'WRITE')
  rig.cursor.append(batchOf(counters(0, 10)))
  await shows(rig, 'Connecting|Failed', /replied nothing for 200 ms/)
  nothingDropped(rig, 10)
  await isDelivered(rig, 11)
  assert.deepEqual(await counted(server), { entries: 11, samples: 11 })
})

test(
  'a sample for which the server cuts the connection is named, its neighbours are not dropped',
  { skip },
  async (t) => {
    const server = await startRedis(t, { extra: ['--proto-max-bulk-len', '1mb'] })
    const rig = deliver(t, { url: server.url, maxValue: '4MiB' })
    rig.cursor.append(batchOf([[1, 1], [3, 'x'.repeat(2 ** 21)], [1, 2]])) // prettier-ignore
    // Its last word may be lost with the connection: then the runner says which sample it is.
    await shows(rig, 'Failed|Degraded', /sequence number 2 is sent|1 sample was refused.*invalid bulk length/)
    const { dropped, delivered } = rig.cursor.ledger()
    assert.ok(delivered >= 1 && (dropped.rejected ?? 0) <= 1)
  },
)

test('certificates: what is wrong is said in words', { skip }, async (t) => {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'authority')
  const other = createAuthority(folder, 'other')
  const ca = authority.cert
  const by = async (name: string, host: string, extra: string[] = []) =>
    startRedis(t, { tls: { ...createCertificate(folder, name, authority, host), ca }, extra })
  const good = await by('good', 'localhost')
  const plain = await startRedis(t)
  const url = `rediss://127.0.0.1:${good.port}`
  await shows(deliver(t, { url: good.url, ca: other.cert }), 'Failed', /authority is unknown/)
  await shows(deliver(t, { url: good.url }), 'Failed', /authority is unknown/)
  await shows(deliver(t, { url, ca }), 'Failed', /host name mismatch/)
  await shows(deliver(t, { url: good.url, ca: `${folder}/absent.crt` }), 'Failed', /file of ca cannot be read/)
  await shows(deliver(t, { url: `rediss://localhost:${plain.port}`, ca, connectTimeout: 500 }), 'Failed', /TLS handshake|does not speak TLS/) // prettier-ignore
  await shows(deliver(t, { url: `redis://127.0.0.1:${good.port}` }), 'Failed', /lost|no Redis reply|closed/)
  const rig = deliver(t, { url, insecure: true })
  rig.cursor.append(batchOf([[1, 1]]))
  await isDelivered(rig, 1)
  const warnings: string[] = []
  const log = { ...sinkContext().log, warn: (_: object, sentence: string) => void warnings.push(sentence) }
  type.create(type.options.parse({ url, insecure: true }), sinkContext({ log }))
  assert.match(warnings.join(), /insecure: any server certificate is accepted/)
  await good.ask('CONFIG', 'SET', 'tls-auth-clients', 'yes')
  await shows(deliver(t, { url: good.url, ca }), 'Failed', /client certificate/)
  const { cert, key } = createCertificate(folder, 'client', authority, 'client')
  const mutual = deliver(t, { url: good.url, ca, cert, key })
  mutual.cursor.append(batchOf([[1, 1]]))
  await isDelivered(mutual, 1)
})

test('nobody listens, an unknown name, a silent peer: each is named', async (t) => {
  await shows(deliver(t, { url: `redis://127.0.0.1:${await freePort()}` }), 'Failed', /refused the connection/)
  await shows(deliver(t, { url: 'redis://no-such-host.invalid' }), 'Failed', /no-such-host\.invalid.*name/)
  const silent = await listenTcp(t, () => undefined)
  const rig = deliver(t, { url: `redis://127.0.0.1:${silent}`, connectTimeout: 300 })
  await shows(rig, 'Failed', /replied nothing for 300 ms/)
})

for (const [what, bytes] of [
  ['HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
  ['a length that is none', '$12x\r\n'],
  ['a length below nothing', '*-7\r\n'],
  ['a text without its end', '$2\r\nabcd'],
  ['lists without end', '*1\r\n'.repeat(100)],
  ['replies to nothing', '+OK\r\n'.repeat(100)],
  ['zeros', '\0'.repeat(100)],
] as const) {
  test(`a peer that answers nonsense (${what}) is tried again, nothing is dropped`, async (t) => {
    const port = await listenTcp(t, (socket) => socket.once('data', () => socket.write(bytes)))
    const rig = deliver(t, { url: `redis://127.0.0.1:${port}`, connectTimeout: 300 })
    rig.cursor.append(batchOf([[1, 1]]))
    await shows(rig, 'Failed', /no Redis reply|replies to nothing/)
    nothingDropped(rig, 1)
  })
}
