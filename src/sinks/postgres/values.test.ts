/** Values on their way through the binary format, judged by PostgreSQL itself; and the statements for TimescaleDB. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import type { SinkType } from '../../core/sink.ts'
import { batchOf, sinkContext, tagTable, type Row } from '../../testing/delivery-rig.ts'
import { needsPostgres, startPostgres } from '../../testing/postgres.ts'
import { postgres } from './sink.ts'
import { hypertable, schemaStatements } from './schema.ts'

const type = postgres as unknown as SinkType
const skip = needsPostgres()
const cleanups: (() => unknown)[] = []
const server = skip === false ? startPostgres({ after: (clean) => cleanups.push(clean) }) : undefined
after(async () => {
  for (const clean of cleanups) await clean()
})

const never = () => AbortSignal.timeout(20_000)

async function written(rows: readonly Row[], schema: string): Promise<Record<string, unknown>[]> {
  const at = await server!
  const options = { url: at.url, username: 'gateway', password: 'right', schema }
  const sink = type.create(type.options.parse(options), sinkContext({ tags: tagTable('a/x') }))
  await sink.connect(never())
  await sink.write(batchOf(rows), never())
  await sink.close()
  return at.sql(`SELECT value, exact::text, text, bytes, (extract(epoch FROM time) * 1000000)::text AS us FROM "${schema}".bifrost_samples ORDER BY seq`) // prettier-ignore
}

test('any 64-bit integer arrives exactly, and rounded for curves', { skip }, async () => {
  const edges = [
    0n,
    1n,
    -1n,
    9999n,
    10_000n,
    99_999_999n,
    -10_000n,
    2n ** 63n - 1n,
    -(2n ** 63n),
    2n ** 64n - 1n,
    10n ** 16n,
  ]
  const some = [...edges, ...fc.sample(fc.bigInt(-(2n ** 63n), 2n ** 64n - 1n), 2000)]
  const rows = await written(
    some.map((value): Row => [1, value]),
    'integers',
  )
  assert.deepEqual(
    rows.map(({ value, exact }) => [value, exact]),
    some.map((value) => [Number(value), value.toString()]),
  )
})

test('any double arrives as it is, NaN and infinities too', { skip }, async () => {
  const some = [NaN, Infinity, -Infinity, -0, 5e-324, ...fc.sample(fc.double(), 1000)]
  const rows = await written(
    some.map((value): Row => [1, value]),
    'doubles',
  )
  for (const [at, { value }] of rows.entries())
    assert.ok(Object.is(value, some[at]), `${String(value)} for ${some[at]}`)
})

test(
  'any text and any bytes arrive as they are, of any length; what text cannot hold stands in bytes',
  { skip },
  async () => {
    const texts = [
      '',
      'a\u0000b',
      'ü'.repeat(100_000),
      '\ud800 alone',
      ...fc.sample(fc.string({ unit: 'binary' }), 300),
    ]
    const blobs = [new Uint8Array(), new Uint8Array(300_000).fill(7), ...fc.sample(fc.uint8Array(), 300)]
    const rows = await written(
      [...texts, ...blobs].map((value): Row => [1, value]),
      'texts',
    )
    const plain = rows.slice(0, texts.length).map(({ text, bytes }) => text ?? (bytes as Buffer).toString())
    assert.deepEqual(
      plain,
      texts.map((text) => text.toWellFormed()),
    )
    assert.deepEqual(
      rows.slice(texts.length).map(({ bytes }) => Uint8Array.from(bytes as Buffer)),
      blobs,
    )
  },
)

test('any time arrives to the microsecond', { skip }, async () => {
  const some = [
    0,
    -1,
    946_684_800_000,
    1_732_356_000_123.456,
    -62_135_596_800_000,
    253_402_300_799_999,
    ...fc.sample(fc.integer({ min: -1e13, max: 1e13 }), 500),
  ]
  const rows = await written(
    some.map((time): Row => [1, 1, 0, time]),
    'times',
  )
  assert.deepEqual(
    rows.map(({ us }) => Number(us)),
    some.map((time) => Math.round(time * 1000)),
  )
})

test('TimescaleDB: the statement by which a table becomes a hypertable', { skip }, async () => {
  const { sql, exists } = hypertable('plant', 'bifrost_samples', 86_400_000, 'public')
  assert.equal(
    sql,
    `SELECT "public".create_hypertable('"plant"."bifrost_samples"', 'time', chunk_time_interval => INTERVAL '86400 seconds', if_not_exists => TRUE)`,
  )
  const layout = { schema: 'plant', layout: 'narrow', tagIndex: true, chunkInterval: 86_400_000 } as const
  const all = schemaStatements(layout, { timescale: 'public', version: '' })
  assert.ok(all.some((statement) => statement.sql === sql))
  assert.match(all.find(({ what }) => what.includes('samples_key'))!.sql, /\(seq, log, time\)/)
  assert.ok(!all.some(({ what }) => what.includes('samples_time')), 'a hypertable has its own index on time')
  // TimescaleDB is not here: stand-ins with its signatures only show that the statements are SQL and call it as it is documented.
  const at = await server!
  await at.sql(`CREATE SCHEMA plant; CREATE TABLE plant.bifrost_samples (time timestamptz);
    CREATE TABLE called (relation regclass, col name, chunk interval);
    CREATE FUNCTION create_hypertable(relation regclass, time_column_name name, partitioning_column name DEFAULT NULL, number_partitions int DEFAULT NULL, chunk_time_interval anyelement DEFAULT NULL::bigint, if_not_exists boolean DEFAULT FALSE) RETURNS void LANGUAGE sql AS 'INSERT INTO called VALUES (relation, time_column_name, chunk_time_interval::text::interval)';
    CREATE SCHEMA timescaledb_information; CREATE VIEW timescaledb_information.hypertables AS SELECT n.nspname AS hypertable_schema, c.relname AS hypertable_name FROM called JOIN pg_class c ON c.oid = relation JOIN pg_namespace n ON n.oid = relnamespace`) // prettier-ignore
  const done = async () => (await at.sql(`SELECT ${exists} AS done`))[0]!.done
  assert.equal(await done(), false)
  await at.sql(sql)
  assert.equal(await done(), true)
  const [call] = await at.sql('SELECT relation::text, col, chunk::text FROM called')
  assert.deepEqual(call, { relation: 'plant.bifrost_samples', col: 'time', chunk: '24:00:00' })
})
