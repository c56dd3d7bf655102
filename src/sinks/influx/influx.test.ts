/** What the influx sink owes beyond the suite, against Debian's InfluxDB 1.x: refusals in words, partial writes, times, escaping. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
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
import { shows } from '../../testing/delivery-waits.ts'
import { startInfluxd, type Influxd } from '../../testing/influxd.ts'
import { eventually, needs, temporaryFolder } from '../../testing/peers.ts'
import { influx } from './sink.ts'

const type = influx as unknown as SinkType
const skip = needs('influxd', 'openssl')

const deliver = (
  t: TestContext,
  influxd: Influxd,
  options: object = {},
  tags = tagTable('press/level', 'press/name'),
) => startDelivery(t, type, { url: influxd.url, version: 1, database: 'plant', ...options }, { tags })

const settled = (rig: DeliveryRig) => eventually('all is settled', () => rig.cursor.ledger().pending === 0)

const nothingLost = ({ cursor }: DeliveryRig, pending: number) =>
  assert.deepEqual([cursor.ledger().pending, cursor.ledger().dropped], [pending, {}])

const lettersOf = (rig: DeliveryRig) =>
  readFileSync(rig.deadLetterFile, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { seq: number; reason: string }) // prettier-ignore

const seqsIn = async (influxd: Influxd) => (await influxd.points()).map(({ columns }) => Number(columns.seq))
const numbers = (count: number): Row[] => Array.from({ length: count }, (_, at): Row => [1, at])

test(
  'a wrong password, a missing permission, a database that is not there: named before anything is sent',
  { skip },
  async (t) => {
    const influxd = await startInfluxd(t, { auth: true })
    await influxd.query(`CREATE USER reader WITH PASSWORD 'secret'; GRANT READ ON plant TO reader`)
    const wrong = deliver(t, influxd, { username: 'admin', password: 'wrong' })
    await shows(wrong, 'Failed', /does not accept user "admin": authorization failed/)
    const nobody = deliver(t, influxd)
    await shows(nobody, 'Failed', /does not accept us without credentials: unable to parse authentication credentials/)
    const reader = deliver(t, influxd, { username: 'reader', password: 'secret' })
    await shows(reader, 'Failed', /does not permit this to user "reader": "reader" user is not authorized to write/)
    const missing = deliver(t, influxd, { username: 'admin', password: 'secret', database: 'plnt' })
    await shows(missing, 'Failed', /answered 404: database not found: "plnt"/)
    missing.cursor.append(batchOf(numbers(2)))
    await influxd.query('CREATE DATABASE plnt')
    await eventually('delivered once the database is there', () => missing.cursor.ledger().delivered === 2)
  },
)

test('TLS: a wrong authority is named, the right one gets in', { skip }, async (t) => {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'authority')
  const influxd = await startInfluxd(t, { tls: createCertificate(folder, 'server', authority, 'localhost') })
  await shows(deliver(t, influxd, { ca: createAuthority(folder, 'other').cert }), 'Failed', /authority is unknown/)
  const rig = deliver(t, influxd, { ca: join(folder, 'authority.crt') })
  rig.cursor.append(batchOf(numbers(2)))
  await settled(rig)
  assert.deepEqual(rig.runner.status().facts, { server: 'InfluxDB 1.6.7~rc0' })
})

test(
  'a field that has another type in the database: those points go to the dead letters, all others arrive',
  { skip },
  async (t) => {
    const influxd = await startInfluxd(t)
    const written = await fetch(`${influxd.url}/write?db=plant`, {
      method: 'POST',
      body: 'press,tag=old text=5i 1732356000000000000',
    })
    assert.equal(written.status, 204)
    const rig = deliver(t, influxd)
    rig.cursor.append(batchOf([[1, 1], [2, 'a'], [1, 2], [2, 'b'], [1, 3], [2, 'c'], [1, 4]])) // prettier-ignore
    await settled(rig)
    const letters = lettersOf(rig)
    assert.deepEqual(letters.map(({ seq }) => seq), [2, 4, 6]) // prettier-ignore
    assert.match(letters[0]!.reason, /field type conflict.*"text".*is type string, already exists as type integer/)
    assert.deepEqual(await seqsIn(influxd), [NaN, 1, 3, 5, 7])
  },
)

test('points older than the retention go to the dead letters, all others arrive', { skip }, async (t) => {
  const influxd = await startInfluxd(t)
  await influxd.query('CREATE RETENTION POLICY "hour" ON plant DURATION 1h REPLICATION 1 SHARD DURATION 1h')
  const rig = deliver(t, influxd, { retentionPolicy: 'hour' })
  const now = Date.now()
  const old = now - 7_200_000
  rig.cursor.append(batchOf([[1, 1, 0, now], [1, 2, 0, old], [1, 3, 0, now], [1, 4, 0, old]])) // prettier-ignore
  await settled(rig)
  assert.deepEqual(lettersOf(rig).map(({ seq }) => seq), [2, 4]) // prettier-ignore
  assert.match(lettersOf(rig)[0]!.reason, /points beyond retention policy/)
  const [series] = await influxd.query('SELECT seq FROM plant.hour.press')
  assert.deepEqual(series!.values.map(([, seq]) => seq), [1, 3]) // prettier-ignore
})

test('a whole batch older than the retention is refused in one request', { skip }, async (t) => {
  const influxd = await startInfluxd(t)
  await influxd.query('CREATE RETENTION POLICY "hour" ON plant DURATION 1h REPLICATION 1 SHARD DURATION 1h')
  const rig = deliver(t, influxd, { retentionPolicy: 'hour' })
  const before = await writeRequests(influxd)
  rig.cursor.append(batchOf(numbers(3000).map(([tag, value]): Row => [tag, value, 0, Date.now() - 7_200_000])))
  await settled(rig)
  assert.deepEqual(rig.cursor.ledger().dropped, { rejected: 3000 })
  // One for the connection at most, which may come before or after the first count.
  assert.ok((await writeRequests(influxd)) - before <= 2)
})

async function writeRequests(influxd: Influxd): Promise<number> {
  const variables = (await (await fetch(`${influxd.url}/debug/vars`)).json()) as Record<
    string,
    { values?: { writeReq?: number } }
  >
  return Object.values(variables).reduce((sum, { values }) => sum + (values?.writeReq ?? 0), 0)
}

test('samples of one tag with the same time stay apart; sent twice, they are there once', { skip }, async (t) => {
  const influxd = await startInfluxd(t)
  const rows: Row[] = [[1, 1], [1, 2], [1, undefined, Status.BadTimeout], [1, 2], [1, 3, 0, 1_732_356_000_123.25]] // prettier-ignore
  for (let time = 0; time < 2; time++) {
    const rig = deliver(t, influxd)
    rig.cursor.append(batchOf(rows))
    await settled(rig)
  }
  const points = await influxd.points()
  assert.deepEqual(points.map(({ columns }) => [columns.value, columns.q]), [[1, 0], [2, 0], [2, Status.BadTimeout], [2, 0], [3, 0]]) // prettier-ignore
  const base = 1_732_356_000_123_000_000n
  assert.deepEqual(points.map(({ time }) => time - base), [1n, 2n, 3n, 4n, 250_005n]) // prettier-ignore
})

test('with uniqueTimes off, or in milliseconds, the last of them is what is kept', { skip }, async (t) => {
  const influxd = await startInfluxd(t)
  for (const options of [
    { uniqueTimes: false, measurement: 'a' },
    { precision: 'ms', measurement: 'b' },
  ]) {
    const rig = deliver(t, influxd, options)
    rig.cursor.append(batchOf([[1, 1, 0, 1000.25], [1, 2, 0, 1000.25], [1, 3, 0, 1001]])) // prettier-ignore
    await settled(rig)
  }
  const points = (await influxd.points()).map(({ measurement, time, columns }) => [measurement, time, columns.value])
  assert.deepEqual(points.sort(), [
    ['a', 1_000_250_000n, 2],
    ['a', 1_001_000_000n, 3],
    ['b', 1_000_000_000n, 2],
    ['b', 1_001_000_000n, 3],
  ])
})

test('names and texts come back to the letter', { skip }, async (t) => {
  const influxd = await startInfluxd(t)
  const names = ['a b,c=d', 'quote"s', 'back\\slash', 'Öfen 温度 🌡', '=,', "it's", 'tab\tx', '{x}', '#1', '_x']
  const table = tagTable(...names.map((name) => `m ${name}/${name}`))
  const texts = ['say "hi"', 'c:\\temp\\', 'a,b c=d', 'line\nline', '\\"', '\\', 'nul\u0000', '', '温度', "it's"]
  const rig = deliver(t, influxd, { fields: { text: 'the text, {tag}' } }, table)
  rig.cursor.append(batchOf(texts.map((text, at): Row => [at + 1, text])))
  await settled(rig)
  const points = (await influxd.points()).sort((a, b) => Number(a.columns.seq) - Number(b.columns.seq))
  assert.deepEqual(
    points.map(({ measurement, columns }, at) => [measurement, columns.tag, columns[`the text, ${names[at]}`]]),
    names.map((name, at) => [`m ${name}`, name, texts[at]]),
  )
})

test('what no name can hold becomes a space or _, in the one point that has it', { skip }, async (t) => {
  const influxd = await startInfluxd(t)
  const tags = tagTable('#dev/line\nbreak', 'dev\\/ends\\', 'dev\\,x/a\\ b', 'a\nb/c\r\nd', 'm/\\=')
  const rig = deliver(t, influxd, {}, tags)
  rig.cursor.append(batchOf([[1, 1], [2, 2], [3, 3], [4, 4], [5, 5]])) // prettier-ignore
  await settled(rig)
  assert.deepEqual(rig.cursor.ledger().dropped, {})
  const points = (await influxd.points()).map(({ measurement, columns }) => [measurement, columns.tag]).sort()
  assert.deepEqual(points, [['_dev', 'line break'], ['a b', 'c  d'], ['dev_', 'ends_'], ['dev_,x', 'a_ b'], ['m', '_=']]) // prettier-ignore
})

test(
  'NaN, infinities and uint64 beyond int64 are texts in version 1; the numbers beside them stay numbers',
  { skip },
  async (t) => {
    const influxd = await startInfluxd(t)
    const rig = deliver(t, influxd)
    rig.cursor.append(batchOf([[1, NaN], [1, Infinity], [1, -Infinity], [1, 2n ** 63n], [1, 2n ** 63n - 1n], [1, 1.5]])) // prettier-ignore
    await settled(rig)
    assert.deepEqual(rig.cursor.ledger().dropped, {})
    const values = (await influxd.points()).map(({ columns: { text, int, value } }) => text ?? int ?? value)
    assert.deepEqual(values, ['NaN', 'Infinity', '-Infinity', '9223372036854775808', '9223372036854775807', 1.5])
  },
)

test('killed in mid-write: everything arrives, once', { skip }, async (t) => {
  const influxd = await startInfluxd(t)
  const rig = deliver(t, influxd)
  const append = () => rig.cursor.append(batchOf(numbers(5000)))
  append()
  await eventually('it flows', () => rig.cursor.ledger().delivered > 0)
  for (let round = 0; round < 6; round++) append()
  await influxd.stop('SIGKILL')
  await eventually('noticed', () => rig.runner.status().state !== 'Running')
  await influxd.start()
  await settled(rig)
  const seqs = await seqsIn(influxd)
  assert.equal(seqs.length, 35_000)
  assert.equal(new Set(seqs).size, 35_000)
  assert.equal(rig.cursor.ledger().delivered, 35_000)
})

test('a gap says whose samples they were', { skip }, async (t) => {
  const influxd = await startInfluxd(t)
  const options = { url: influxd.url, version: 1, database: 'plant' }
  const sink = type.create(type.options.parse(options), sinkContext({ tags: tagTable('a/x "1"') }))
  t.after(() => sink.close())
  const gap = {
    fromSeq: 5,
    toSeq: 9,
    samples: undefined,
    reason: 'unclean stop',
    fromTime: 1000,
    toTime: 2000,
    tags: [1],
  }
  await sink.gap!(gap, new AbortController().signal)
  const [point] = await influxd.points()
  assert.equal(point!.time, 2_000_000_005n)
  assert.deepEqual(point!.columns, {
    log: 'k3f9',
    fromSeq: 5,
    toSeq: 9,
    reason: 'unclean stop',
    fromTime: 1000,
    toTime: 2000,
    tags: '[{"device":"a","tag":"x \\"1\\""}]',
  })
})

test('nobody listens: named, nothing is dropped', { skip }, async (t) => {
  const influxd = await startInfluxd(t)
  await influxd.stop()
  const rig = deliver(t, influxd)
  rig.cursor.append(batchOf(numbers(3)))
  await shows(rig, 'Failed', /refused the connection/)
  nothingLost(rig, 3)
})
