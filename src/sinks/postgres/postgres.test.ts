/** What the postgres sink owes beyond the suite: exactly once, reasons in words, faults; against PostgreSQL. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, test, type TestContext } from 'node:test'
import type { SinkType } from '../../core/sink.ts'
import { createAuthority, createCertificate } from '../../testing/certificates.ts'
import { batchOf, sinkContext, startDelivery, tagTable, type DeliveryRig } from '../../testing/delivery-rig.ts'
import { counters, isDelivered, nothingDropped, shows } from '../../testing/delivery-waits.ts'
import { eventually, freePort, temporaryFolder } from '../../testing/peers.ts'
import { needsPostgres, startPostgres, type PostgresServer } from '../../testing/postgres.ts'
import { listenTcp, relayTcp } from '../../testing/tcp-relay.ts'
import { postgres } from './sink.ts'

const type = postgres as unknown as SinkType
const skip = needsPostgres()

/** One cluster for the tests that leave it in peace; each has a schema of its own. */
let shared: Promise<PostgresServer> | undefined
const cleanups: (() => unknown)[] = []
const server = () => (shared ??= startPostgres({ after: (clean) => cleanups.push(clean) }))
after(async () => {
  for (const clean of cleanups) await clean()
})
let schemas = 0

const LOGIN = { username: 'gateway', password: 'right' }

async function ownSchema(): Promise<{ at: PostgresServer; options: Record<string, unknown>; schema: string }> {
  const at = await server()
  const schema = `Werk ${++schemas}`
  return { at, schema, options: { url: at.url, schema, ...LOGIN } }
}

const deliver = (t: TestContext, options: object, runner = {}): DeliveryRig =>
  startDelivery(t, type, options, { tags: tagTable('press-1/level', 'press-1/mode'), runner })

/** Rows, and how many different samples they are. */
async function counted(at: PostgresServer, schema: string): Promise<{ rows: number; samples: number }> {
  const [row] = await at.sql(`SELECT count(*)::int AS rows, count(DISTINCT (log, seq))::int AS samples FROM "${schema}".bifrost_samples`) // prettier-ignore
  return row as { rows: number; samples: number }
}

test('a batch whose commit was not acknowledged comes again and leaves no second row', { skip }, async (t) => {
  const { at, options, schema } = await ownSchema()
  const relay = await relayTcp(t, at.port)
  const rig = deliver(t, { ...options, url: `postgres://127.0.0.1:${relay.port}/plant` })
  rig.cursor.append(batchOf([[1, 0], [2, 0]])) // prettier-ignore
  await isDelivered(rig, 2)
  // "COPY 500" is the server's word that the transaction is committed.
  relay.cutAt = (answer) => relay.cuts === 0 && answer.includes('COPY 500')
  rig.cursor.append(batchOf(counters(0, 500)))
  await isDelivered(rig, 502)
  assert.equal(relay.cuts, 1)
  assert.deepEqual(await counted(at, schema), { rows: 502, samples: 502 })
  assert.equal(rig.runner.status().facts.batchesThatCameAgain, 1)
})

test('control: without the unique index the same fault does leave second rows', { skip }, async (t) => {
  const { at, options, schema } = await ownSchema()
  const relay = await relayTcp(t, at.port)
  const rig = deliver(t, { ...options, url: `postgres://127.0.0.1:${relay.port}/plant` })
  rig.cursor.append(batchOf([[1, 0]]))
  await isDelivered(rig, 1)
  await at.sql(`DROP INDEX "${schema}".bifrost_samples_key; CREATE INDEX bifrost_samples_key ON "${schema}".bifrost_samples (seq)`) // prettier-ignore
  relay.cutAt = (answer) => relay.cuts === 0 && answer.includes('COPY 500')
  rig.cursor.append(batchOf(counters(0, 500)))
  await isDelivered(rig, 501)
  assert.deepEqual(await counted(at, schema), { rows: 1001, samples: 501 })
})

test('a batch of which a part is there already brings the rest', { skip }, async (t) => {
  const { at, options, schema } = await ownSchema()
  const first = deliver(t, options)
  first.cursor.append(batchOf(counters(0, 30)))
  await isDelivered(first, 30)
  const again = deliver(t, options)
  again.cursor.append(batchOf(counters(0, 100)))
  await isDelivered(again, 100)
  assert.deepEqual(await counted(at, schema), { rows: 100, samples: 100 })
})

test('another log with the same numbers is not taken for a repeat', { skip }, async (t) => {
  const { at, options, schema } = await ownSchema()
  for (const logId of ['k3f9', 'm7x2']) {
    const rig = startDelivery(t, type, options, { tags: tagTable('a/x', 'a/y'), context: { logId } })
    rig.cursor.append(batchOf(counters(0, 10)))
    await isDelivered(rig, 10)
  }
  assert.deepEqual(await counted(at, schema), { rows: 20, samples: 20 })
})

test(
  'the server crashes in mid-write, again and again: nothing is lost, nothing is there twice',
  { skip },
  async (t) => {
    const at = await startPostgres(t)
    const rig = deliver(t, { url: at.url, ...LOGIN }, { batchRows: 500 })
    for (let round = 0; round < 3; round++) {
      rig.cursor.append(batchOf(counters(round * 4000, (round + 1) * 4000)))
      await eventually('it writes', () => rig.cursor.ledger().delivered > round * 4000)
      await at.stop('immediate')
      await eventually('the state says so', () => rig.runner.status().state !== 'Running')
      await at.start()
      await isDelivered(rig, (round + 1) * 4000)
    }
    assert.deepEqual(await counted(at, 'public'), { rows: 12_000, samples: 12_000 })
  },
)

test('a connection cut in the middle of a COPY costs nothing', { skip }, async (t) => {
  const { at, options, schema } = await ownSchema()
  const relay = await relayTcp(t, at.port)
  const rig = deliver(t, { ...options, url: `postgres://127.0.0.1:${relay.port}/plant` })
  rig.cursor.append(batchOf([[1, 0]]))
  await isDelivered(rig, 1)
  let copied = 0
  relay.cutOn = (request) => relay.cuts === 0 && (copied += request.length) > 100_000
  rig.cursor.append(batchOf(counters(0, 8000)))
  await isDelivered(rig, 8001)
  assert.equal(relay.cuts, 1)
  assert.deepEqual(await counted(at, schema), { rows: 8001, samples: 8001 })
  assert.equal(rig.runner.status().facts.batchesThatCameAgain, 0)
})

test(
  'a table that is locked makes the queue wait, then it drains; a stop in between does not hang',
  { skip },
  async (t) => {
    const { at, options, schema } = await ownSchema()
    const rig = deliver(t, options)
    rig.cursor.append(batchOf([[1, 0]]))
    await isDelivered(rig, 1)
    const lock = at.sql(`BEGIN; LOCK TABLE "${schema}".bifrost_samples; SELECT pg_sleep(0.7); COMMIT`)
    await new Promise((resolve) => setTimeout(resolve, 200))
    rig.cursor.append(batchOf(counters(0, 100)))
    await new Promise((resolve) => setTimeout(resolve, 200))
    nothingDropped(rig, 100)
    await lock
    await isDelivered(rig, 101)
    const longer = at.sql(`BEGIN; LOCK TABLE "${schema}".bifrost_samples; SELECT pg_sleep(2); COMMIT`)
    await new Promise((resolve) => setTimeout(resolve, 200))
    rig.cursor.append(batchOf([[1, 0]]))
    await new Promise((resolve) => setTimeout(resolve, 100))
    const began = performance.now()
    await rig.runner.stop(300)
    assert.ok(performance.now() - began < 1500, 'the stop took too long')
    await longer
  },
)

test('a server that does not answer for too long is given up, nothing is dropped', { skip }, async (t) => {
  const { at, options, schema } = await ownSchema()
  const rig = deliver(t, { ...options, writeTimeout: 300 })
  rig.cursor.append(batchOf([[1, 0]]))
  await isDelivered(rig, 1)
  const lock = at.sql(`BEGIN; LOCK TABLE "${schema}".bifrost_samples; SELECT pg_sleep(1.5); COMMIT`)
  await new Promise((resolve) => setTimeout(resolve, 200))
  rig.cursor.append(batchOf(counters(0, 10)))
  await shows(rig, 'Connecting|Failed', /did not answer within 300 ms/)
  nothingDropped(rig, 10)
  await lock
  await isDelivered(rig, 11)
  assert.deepEqual(await counted(at, schema), { rows: 11, samples: 11 })
})

test('credentials, roles and databases that are wrong are named in words', { skip }, async (t) => {
  const { at, options } = await ownSchema()
  const wrong = deliver(t, { ...options, password: 'wrong' })
  wrong.cursor.append(batchOf([[1, 1]]))
  await shows(wrong, 'Failed', /refused user "gateway": wrong user name or password/)
  nothingDropped(wrong, 1)
  await shows(deliver(t, { ...options, username: 'nobody' }), 'Failed', /refused user "nobody"/)
  await shows(deliver(t, { ...options, password: undefined }), 'Failed', /wants a password of user "gateway"/)
  const url = `postgres://127.0.0.1:${at.port}/nosuch`
  await shows(deliver(t, { ...options, url }), 'Failed', /database "nosuch" does not exist; create it: CREATE DATABASE/)
})

test(
  'a permission that is missing is named with the grant, nothing is dropped, and the grant is enough',
  { skip },
  async (t) => {
    const { at, options, schema } = await ownSchema()
    const rig = deliver(t, options)
    rig.cursor.append(batchOf([[1, 1]]))
    await isDelivered(rig, 1)
    await at.sql(`REVOKE INSERT ON "${schema}".bifrost_samples FROM gateway`)
    rig.cursor.append(batchOf([[1, 2]]))
    await shows(rig, 'Failed', /permission denied for table bifrost_samples; GRANT SELECT, INSERT, UPDATE ON/)
    nothingDropped(rig, 1)
    const [grant] = /GRANT .*/.exec(rig.runner.status().reason ?? '') ?? []
    await at.sql(grant!)
    await isDelivered(rig, 2)
  },
)

test('a role that may not create anything is told what to grant', { skip }, async (t) => {
  const { at, options } = await ownSchema()
  await at.sql("CREATE ROLE guest LOGIN PASSWORD 'right'")
  const rig = deliver(t, { ...options, username: 'guest' })
  await shows(
    rig,
    'Failed',
    /permission denied for database plant; GRANT CREATE, TEMPORARY ON DATABASE "plant" TO "guest"/,
  )
})

test('createSchema: false says one statement after the other, and they are enough', { skip }, async (t) => {
  const { at, options } = await ownSchema()
  const rig = deliver(t, { ...options, createSchema: false })
  rig.cursor.append(batchOf([[1, 1]]))
  const ran: string[] = []
  await eventually('delivered', async () => {
    const { reason } = rig.runner.status()
    const statement = /createSchema is false; run: (.*);$/.exec(reason ?? '')?.[1]
    if (statement !== undefined && ran.at(-1) !== statement) {
      ran.push(statement)
      await at.sql(statement)
      if (statement.startsWith('CREATE SCHEMA')) await at.sql(`GRANT USAGE ON SCHEMA "${String(options.schema)}" TO gateway`) // prettier-ignore
      if (/^CREATE (TABLE|VIEW)/.test(statement)) await at.sql(`GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA "${String(options.schema)}" TO gateway`) // prettier-ignore
    }
    return rig.cursor.ledger().delivered === 1
  })
  assert.equal(ran.length, 10, ran.join('\n'))
})

test('tables of a newer gateway are not touched', { skip }, async (t) => {
  const { at, options, schema } = await ownSchema()
  const first = deliver(t, options)
  first.cursor.append(batchOf([[1, 1]]))
  await isDelivered(first, 1)
  const [row] = await at.sql(`SELECT layout, version FROM "${schema}".bifrost_schema`)
  assert.deepEqual(row, { layout: 'narrow', version: 1 })
  await at.sql(`UPDATE "${schema}".bifrost_schema SET version = 99`)
  await shows(deliver(t, options), 'Failed', /are of version 99, this gateway knows versions up to 1/)
})

test('tables that somebody dropped are made again', { skip }, async (t) => {
  const { at, options, schema } = await ownSchema()
  const rig = deliver(t, options)
  rig.cursor.append(batchOf([[1, 1]]))
  await isDelivered(rig, 1)
  await at.sql(`DROP SCHEMA "${schema}" CASCADE`)
  rig.cursor.append(batchOf([[1, 2], [2, 3]])) // prettier-ignore
  await isDelivered(rig, 3)
  assert.deepEqual(await counted(at, schema), { rows: 2, samples: 2 })
})

test(
  'a row that the table refuses is named by the server: no bisecting, its neighbours arrive at once',
  { skip },
  async (t) => {
    const { at, options, schema } = await ownSchema()
    const rig = deliver(t, options)
    rig.cursor.append(batchOf([[1, 1]]))
    await isDelivered(rig, 1)
    await at.sql(`ALTER TABLE "${schema}".bifrost_samples ADD CHECK (value <> 13)`)
    rig.cursor.append(batchOf([[77, 1], [1, 12], [1, 13], [2, 14], [1, 15, 0, 1e16], [2, 13], [2, 16]])) // prettier-ignore
    await eventually('settled', () => rig.cursor.ledger().pending === 0)
    assert.deepEqual(rig.cursor.ledger().dropped, { rejected: 4 })
    assert.equal(rig.runner.status().retries, 0)
    const letters = readFileSync(rig.deadLetterFile, 'utf8').trim().split('\n')
    assert.deepEqual(
      letters.map((line) => (JSON.parse(line) as { seq: number }).seq).toSorted((a, b) => a - b),
      [2, 4, 6, 7],
    )
    const rows = await at.sql(`SELECT value FROM "${schema}".bifrost_samples ORDER BY seq`)
    assert.deepEqual(
      rows.map(({ value }) => value),
      [1, 12, 14, 16],
    )
  },
)

test(
  'a tag has one key, however often it connects; unit and description follow the configuration',
  { skip },
  async () => {
    const { at, options, schema } = await ownSchema()
    for (const unit of ['m', 'mm']) {
      const tags = tagTable('press-1/level')
      const info = tags.find('press-1', 'level')!
      const sink = type.create(type.options.parse(options), sinkContext({ tags: withUnit(info, unit) }))
      await sink.connect(AbortSignal.timeout(5000))
      await sink.write(batchOf([[1, 1]], unit === 'm' ? 1 : 2), AbortSignal.timeout(5000))
      await sink.close()
    }
    const rows = await at.sql(`SELECT tag, name, unit FROM "${schema}".bifrost_tags`)
    assert.deepEqual(rows, [{ tag: 1, name: 'level', unit: 'mm' }])
  },
)

function withUnit(info: NonNullable<ReturnType<ReturnType<typeof tagTable>['find']>>, unit: string) {
  const tags = tagTable()
  tags.add({ ...info, settings: { ...info.settings, unit } })
  return tags
}

test('certificates: what is wrong is said in words', { skip }, async (t) => {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'authority')
  const other = createAuthority(folder, 'other')
  const secure = await startPostgres(t, { tls: createCertificate(folder, 'server', authority, 'localhost') })
  const elsewhere = await startPostgres(t, { tls: createCertificate(folder, 'elsewhere', authority, 'plant.example') })
  const at = await server()
  const ca = authority.cert
  const by = (url: string, more: object) => deliver(t, { url, ...LOGIN, ...more })
  await shows(by(secure.url, { tls: true, ca: other.cert }), 'Failed', /authority is unknown/)
  await shows(by(secure.url, { tls: true }), 'Failed', /authority is unknown/)
  await shows(by(elsewhere.url, { tls: true, ca }), 'Failed', /host name mismatch.*plant\.example/)
  await shows(by(at.url, { tls: true, ca }), 'Failed', /offers no TLS.*set tls: false/)
  await shows(by(secure.url, { tls: false }), 'Failed', /does not let user "gateway" in: .*no encryption/)
  await shows(by(secure.url, { tls: true, ca: `${folder}/absent.crt` }), 'Failed', /file of ca cannot be read/)
  const rig = by(elsewhere.url, { tls: true, insecure: true })
  rig.cursor.append(batchOf([[1, 1]]))
  await isDelivered(rig, 1)
  const warnings: string[] = []
  const log = { ...sinkContext().log, warn: (_: object, sentence: string) => void warnings.push(sentence) }
  type.create(type.options.parse({ url: secure.url, ...LOGIN, insecure: true }), sinkContext({ log }))
  assert.match(warnings.join(), /insecure: any server certificate is accepted/)
})

test('more sessions than the server has: it waits', { skip }, async (t) => {
  const { at, options } = await ownSchema()
  await at.sql("CREATE ROLE single LOGIN PASSWORD 'right' CONNECTION LIMIT 0; GRANT CREATE ON DATABASE plant TO single")
  const rig = deliver(t, { ...options, username: 'single' })
  rig.cursor.append(batchOf([[1, 1]]))
  await shows(rig, 'Connecting|Failed', /has no room at the moment: too many connections/)
  await at.sql('ALTER ROLE single CONNECTION LIMIT 1')
  await isDelivered(rig, 1)
})

test('nobody listens, an unknown name, a silent peer: each is named', async (t) => {
  const by = (url: string) => deliver(t, { url, ...LOGIN, tls: false, connectTimeout: 300 })
  await shows(by(`postgres://127.0.0.1:${await freePort()}/plant`), 'Failed', /refused the connection/)
  await shows(by('postgres://no-such-host.invalid/plant'), 'Failed', /no-such-host\.invalid.*name/)
  const silent = await listenTcp(t, () => undefined)
  await shows(by(`postgres://127.0.0.1:${silent}/plant`), 'Failed', /did not finish the login within 300 ms/)
  const secure = deliver(t, { url: `postgres://127.0.0.1:${silent}/plant`, ...LOGIN, tls: true, connectTimeout: 300 })
  await shows(secure, 'Failed', /did not finish the login within 300 ms/)
})

const NONSENSE: readonly (readonly [what: string, bytes: Buffer])[] = [
  ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['zeros', Buffer.alloc(200)],
  ['an unknown kind of login', Buffer.from('520000000800000063', 'hex')],
  ['a row without its fields', Buffer.from('4400000006ffff', 'hex')],
  ['an error without an end', Buffer.from('4500000008534641', 'hex')],
  ['a length of nothing', Buffer.from('5200000000', 'hex')],
  ['a login and then noise', Buffer.from('5200000008000000005a0000000549ffffffffffffff', 'hex')],
]

for (const [what, bytes] of NONSENSE) {
  test(`a peer that answers nonsense (${what}) is no server: it is tried again, nothing is dropped`, async (t) => {
    const port = await listenTcp(t, (socket) => socket.once('data', () => socket.write(bytes)))
    const url = `postgres://127.0.0.1:${port}/plant`
    for (const tls of [false, true]) {
      const rig = deliver(t, { url, ...LOGIN, tls, connectTimeout: 300, writeTimeout: 300 })
      rig.cursor.append(batchOf([[1, 1]]))
      await eventually('it says so', () => rig.runner.status().state === 'Failed', 5000)
      assert.notEqual(rig.runner.status().reason, null)
      nothingDropped(rig, 1)
      await rig.runner.stop(200)
    }
  })
}
