/** The wide layout, against PostgreSQL: columns that come with their tags, rows that merge, repeats that change nothing. */
import assert from 'node:assert/strict'
import { after, test, type TestContext } from 'node:test'
import type { SinkType } from '../../core/sink.ts'
import { Status } from '../../core/status.ts'
import { TagTable } from '../../core/tags.ts'
import type { DataType, Value } from '../../core/value.ts'
import {
  batchOf,
  startDelivery,
  tagSettings,
  tagTable,
  type DeliveryRig,
  type Row,
} from '../../testing/delivery-rig.ts'
import { eventually } from '../../testing/peers.ts'
import { needsPostgres, startPostgres } from '../../testing/postgres.ts'
import { columnName, parseTable, tableName } from './names.ts'
import { postgres } from './sink.ts'

const type = postgres as unknown as SinkType
const skip = needsPostgres()
const cleanups: (() => unknown)[] = []
const server = skip === false ? startPostgres({ after: (clean) => cleanups.push(clean) }) : undefined
after(async () => {
  for (const clean of cleanups) await clean()
})

let schemas = 0

async function start(t: TestContext, tags: TagTable, more: object = {}) {
  const at = await server!
  const schema = `wide_${++schemas}`
  const options = { url: at.url, username: 'gateway', password: 'right', layout: 'wide', schema, ...more }
  const rig = startDelivery(t, type, options, { tags })
  const rows = (table: string) => at.sql(`SELECT *, seq::int, extract(epoch FROM time)::float8 * 1000 AS time FROM "${schema}"."${table}" ORDER BY "${table}".time, device`) // prettier-ignore
  const again = (given: TagTable = tags) => startDelivery(t, type, { ...options, schema }, { tags: given })
  return { at, rig, rows, again, schema }
}

async function deliver(rig: DeliveryRig, rows: readonly Row[]): Promise<void> {
  rig.cursor.append(batchOf(rows))
  await eventually(
    () => `settled: ${JSON.stringify(rig.runner.status())}`,
    () => rig.cursor.ledger().pending === 0,
  )
}

/** Columns of a table with their types. */
const columns = async (schema: string, table: string) =>
  (await (await server!).sql(`SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2 ORDER BY ordinal_position`, [schema, table])) // prettier-ignore
    .map(({ column_name: name, data_type: of }) => `${String(name)} ${String(of)}`)

test('samples of one time are one row; other times and bad quality are others', { skip }, async (t) => {
  const { rig, rows } = await start(t, tagTable('press/level', 'press/speed', 'oven/t'))
  const bad = Status.BadDeviceFailure
  await deliver(rig, [[1, 1.5, 0, 1000], [2, 20, 0, 1000], [3, 99, 0, 1000], [1, 1.5, bad, 2000], [2, undefined, bad, 2000], [1, 3, 0, 3000, true]]) // prettier-ignore
  assert.deepEqual(await rows('press'), [
    { time: 1000, device: 'press', log: 'k3f9', seq: 2, historical: false, level: 1.5, level_status: null, speed: 20, speed_status: null }, // prettier-ignore
    { time: 2000, device: 'press', log: 'k3f9', seq: 5, historical: false, level: 1.5, level_status: `${bad}`, speed: 20, speed_status: `${bad}` }, // prettier-ignore
    { time: 3000, device: 'press', log: 'k3f9', seq: 6, historical: true, level: 3, level_status: null, speed: null, speed_status: null }, // prettier-ignore
  ])
  assert.equal((await rows('oven')).length, 1)
})

test('every value type has its column, and arrives as it is', { skip }, async (t) => {
  const given: readonly (readonly [DataType, Value, unknown])[] = [
    ['bool', true, true],
    ['uint32', 4_294_967_295, 4_294_967_295],
    ['float64', -1.7976931348623157e308, -1.7976931348623157e308],
    ['int64', -(2n ** 63n), '-9223372036854775808'],
    ['uint64', 2n ** 64n - 1n, '18446744073709551615'],
    ['string', 'grüße 温度 🌡 "', 'grüße 温度 🌡 "'],
    ['bytes', Uint8Array.of(0, 255), Buffer.of(0, 255)],
    ['float32', NaN, NaN],
  ]
  const tags = new TagTable()
  given.forEach(([dataType], at) => tags.add({ id: at + 1, device: 'd', settings: tagSettings(`v${at}`, dataType) }))
  const { rig, rows } = await start(t, tags)
  await deliver(
    rig,
    given.map(([, value], at): Row => [at + 1, value]),
  )
  const [row] = await rows('d')
  given.forEach(([dataType, , expected], at) => assert.deepEqual(row![`v${at}`], expected, dataType))
})

test('a row whose other half comes in the next batch is filled up', { skip }, async (t) => {
  const { rig, rows } = await start(t, tagTable('press/level', 'press/speed'))
  await deliver(rig, [[1, 1.5, 0, 1000]])
  await deliver(rig, [[2, 20, 0, 1000]])
  const all = await rows('press')
  assert.deepEqual(all.map(({ level, speed, seq }) => [level, speed, seq]), [[1.5, 20, 2]]) // prettier-ignore
})

test(
  'what comes again changes nothing; an older sample never replaces a newer one of the same time',
  { skip },
  async (t) => {
    const { rig, rows, again } = await start(t, tagTable('press/level', 'press/speed'))
    const given: Row[] = [[1, 1, Status.BadTimeout, 1000], [2, 20, 0, 1000], [1, 2, 0, 1000], [1, 5, 0, 2000]] // prettier-ignore
    await deliver(rig, given)
    const before = await rows('press')
    assert.deepEqual(before.map(({ level, level_status: status }) => [level, status]), [[2, null], [5, null]]) // prettier-ignore
    assert.equal(rig.runner.status().facts.replacedByLaterOfSameTime, 1)
    // The same cursor from the start, then its first sample alone.
    await deliver(again(), given)
    assert.deepEqual(await rows('press'), before)
    await deliver(again(), given.slice(0, 1))
    assert.deepEqual(await rows('press'), before)
  },
)

test('a tag that comes later gets its column; one whose type changed gets a second', { skip }, async (t) => {
  const { rig, rows, again, schema } = await start(t, tagTable('press/level'))
  await deliver(rig, [[1, 1.5, 0, 1000]])
  const tags = new TagTable()
  tags.add({ id: 7, device: 'press', settings: tagSettings('level', 'string', { unit: 'm' }) })
  tags.add({ id: 8, device: 'press', settings: tagSettings('new') })
  await deliver(again(tags), [[7, 'full', 0, 2000], [8, 1, 0, 2000]]) // prettier-ignore
  assert.deepEqual((await columns(schema, 'press')).slice(5), [
    'level double precision',
    'level_status bigint',
    'level__text text',
    'level__text_status bigint',
    'new double precision',
    'new_status bigint',
  ])
  assert.deepEqual((await rows('press')).map((row) => [row.level, row.level__text]), [[1.5, null], [null, 'full']]) // prettier-ignore
})

test('many tags at once, in more columns than fit a chunk', { skip }, async (t) => {
  const names = Array.from({ length: 500 }, (_, at) => `big/t${at}`)
  const { rig, rows } = await start(t, tagTable(...names))
  const poll = (time: number) => names.map((_, at): Row => [at + 1, at + time, 0, time])
  await deliver(rig, [...poll(1000), ...poll(2000), ...poll(3000)])
  const all = await rows('big')
  assert.equal(all.length, 3)
  assert.deepEqual([all[0]!.t0, all[2]!.t499], [1000, 3499])
})

test('more tags than a table has columns: said in words, nothing is dropped', { skip }, async (t) => {
  const names = Array.from({ length: 800 }, (_, at) => `big/t${at}`)
  const { rig } = await start(t, tagTable(...names))
  rig.cursor.append(batchOf(names.map((_, at): Row => [at + 1, at])))
  await eventually('Failed', () => rig.runner.status().state === 'Failed')
  assert.match(rig.runner.status().reason ?? '', /columns for 800 tags, PostgreSQL allows 797; use layout: narrow/)
  assert.deepEqual(rig.cursor.ledger().dropped, {})
})

test('devices may share a table', { skip }, async (t) => {
  const { rig, rows } = await start(t, tagTable('m1/kWh', 'm2/kWh', 'm2/V'), { table: 'meters' })
  await deliver(rig, [[1, 10, 0, 1000], [2, 20, 0, 1000], [3, 230, 0, 1000]]) // prettier-ignore
  const all = await rows('meters')
  assert.deepEqual(all.map(({ device, kWh, V }) => [device, kWh, V]), [['m1', 10, null], ['m2', 20, 230]]) // prettier-ignore
})

test('what its column cannot hold goes to the dead letters alone', { skip }, async (t) => {
  const tags = tagTable('press/level')
  tags.add({ id: 2, device: 'press', settings: tagSettings('text', 'string') })
  const { rig, rows } = await start(t, tags)
  await deliver(rig, [[1, 'high', 0, 1000], [2, 'a\u0000b', 0, 1000], [1, 2, 0, 1000], [1, 3, 0, 1e16]]) // prettier-ignore
  assert.deepEqual(rig.cursor.ledger().dropped, { rejected: 3 })
  assert.deepEqual((await rows('press')).map(({ level, text }) => [level, text]), [[2, null]]) // prettier-ignore
})

test('createSchema: false names the table, then the columns', { skip }, async (t) => {
  const { rig, at, schema } = await start(t, tagTable('press/a', 'press/b'))
  await deliver(rig, [[1, 1]])
  await at.sql(`ALTER TABLE "${schema}".press DROP COLUMN b, DROP COLUMN b_status`).catch(() => undefined)
  const checked = startDelivery(t, type, { url: at.url, username: 'gateway', password: 'right', layout: 'wide', schema, createSchema: false }, { tags: tagTable('press/a', 'press/b', 'oven/t') }) // prettier-ignore
  checked.cursor.append(batchOf([[2, 1]]))
  const reason = () => checked.runner.status().reason ?? ''
  await eventually(() => `named: ${reason()}`, () => /has no column "b" and createSchema is false; run: ALTER TABLE .* ADD COLUMN IF NOT EXISTS "b" double precision/.test(reason())) // prettier-ignore
  await at.sql(/run: (.*);$/.exec(reason())![1]!)
  await eventually('delivered', () => checked.cursor.ledger().delivered === 1)
  checked.cursor.append(batchOf([[3, 1]]))
  await eventually(() => `named: ${reason()}`, () => reason().includes(`table "${schema}"."oven" is missing`)) // prettier-ignore
})

test('names: what stands as it is, and what is told apart by a hash', () => {
  for (const name of ['level', 'Füllstand 温度', 'a.b/c', 'select', 'quote"d']) assert.equal(columnName(name), name)
  const odd = [
    '',
    'time',
    'seq',
    'x_status',
    'a__text',
    'nul\u0000',
    'x'.repeat(48),
    'ü'.repeat(40),
    `${'x'.repeat(48)}y`,
  ]
  const given = odd.map(columnName)
  assert.equal(new Set(given).size, odd.length)
  for (const [at, name] of given.entries()) {
    assert.match(name, /_[0-9a-f]{8}$/, odd[at]!)
    assert.ok(Buffer.byteLength(`${name}__numeric_status`) <= 63, name)
    assert.ok(!name.endsWith('_status') && !name.includes('__'), name)
  }
  const template = parseTable('{device}')
  assert.equal(tableName(template, 'Öfen/1'), 'Öfen/1')
  assert.match(tableName(template, 'bifrost_gaps'), /^bifrost_gaps_[0-9a-f]{8}$/)
  assert.ok(Buffer.byteLength(tableName(template, '温'.repeat(60))) <= 63)
})
