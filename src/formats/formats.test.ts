/** What a row says in each format, value by value; Parquet is read by a library that we did not write. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zstdDecompressSync } from 'node:zlib'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { SampleBatch } from '../core/batch.ts'
import { Status } from '../core/status.ts'
import { TagTable } from '../core/tags.ts'
import type { DataType, Value } from '../core/value.ts'
import { tagSettings } from '../testing/delivery-rig.ts'
import { ParquetFile, parquetRow } from './parquet.ts'
import { parquetRowOfLine } from './parquet-line.ts'
import { CsvText, NdjsonText } from './row-text.ts'

const TIME = Date.UTC(2026, 10, 23, 10, 0, 0, 123)
const GAP = {
  fromSeq: 5,
  toSeq: 9,
  samples: undefined,
  reason: 'retention',
  fromTime: TIME,
  toTime: TIME + 1,
  tags: [2],
}

/** Each value, what CSV and JSON show of it, and the two cells of Parquet. */
const VALUES: readonly (readonly [DataType, Value | undefined, string, unknown, number | null, string | null])[] = [
  ['float64', 1.5, '1.5', 1.5, 1.5, null],
  ['float64', -0, '-0', -0, -0, null],
  ['float64', NaN, 'NaN', 'NaN', NaN, null],
  ['float64', -Infinity, '-Infinity', '-Infinity', -Infinity, null],
  ['float64', 5e-324, '5e-324', 5e-324, 5e-324, null],
  ['bool', true, 'true', true, 1, null],
  ['bool', false, 'false', false, 0, null],
  ['int64', -(2n ** 63n), '-9223372036854775808', '-9223372036854775808', -(2 ** 63), '-9223372036854775808'],
  ['uint64', 2n ** 64n - 1n, '18446744073709551615', '18446744073709551615', 2 ** 64, '18446744073709551615'],
  ['string', '', '""', '', null, ''],
  ['string', 'NaN', 'NaN', 'NaN', null, 'NaN'],
  [
    'string',
    'a,"b"\r\n\u0000 温度 🌡',
    '"a,""b""\r\n\u0000 温度 🌡"',
    'a,"b"\r\n\u0000 温度 🌡',
    null,
    'a,"b"\r\n\u0000 温度 🌡',
  ],
  ['bytes', Uint8Array.of(0, 1, 254, 255), 'AAH+/w==', 'AAH+/w==', null, 'AAH+/w=='],
  ['float64', undefined, '', null, null, null],
]

function everyValue(): { tags: TagTable; batch: SampleBatch } {
  const tags = new TagTable()
  const batch = new SampleBatch(VALUES.length, TIME)
  batch.seq = new Float64Array(VALUES.length)
  VALUES.forEach(([type, value], at) => {
    tags.add({ id: at + 1, device: 'Presse, "1"', settings: tagSettings(`v${at}`, type, { unit: 'm³/h' }) })
    batch.push(at + 1, value, value === undefined ? Status.BadTimeout : Status.Good, TIME + at / 8, at === 1)
    batch.seq![at] = 4711 + at
  })
  return { tags, batch }
}

test('CSV: the columns by name, quoted where RFC 4180 says so, no value apart from the empty string', () => {
  const { tags, batch } = everyValue()
  const csv = new CsvText({ logId: 'k3f9', tags })
  assert.equal(csv.header, 'time,device,tag,value,unit,status,log,seq\n')
  const device = '"Presse, ""1"""'
  VALUES.forEach(([, value, shown], at) => {
    const time = at % 8 === 0 ? `10:00:00.${123 + at / 8}` : `10:00:00.${123 + Math.floor(at / 8)}${(at % 8) * 125}`
    const status = value === undefined ? Status.BadTimeout : 0
    const line = `2026-11-23T${time}Z,${device},v${at},${shown},m³/h,${status},k3f9,${4711 + at}\n`
    assert.equal(csv.row(batch, at), line)
  })
  const all = new CsvText({ logId: 'k3f9', tags, allColumns: true })
  assert.match(all.row(batch, 1), /,4712,float64,true\n$/)
  assert.match(all.gap(GAP), /^2026-11-23T10:00:00\.123Z,,,"{""fromSeq"":5,.*""samples"":null,""reason"":""retention"".*v1""\]}",,2157772800,k3f9,5,gap,false\n$/) // prettier-ignore
})

test('NDJSON: every value comes back by its type; a row out of a trend has no number', () => {
  const { tags, batch } = everyValue()
  const ndjson = new NdjsonText({ logId: 'k3f9', tags })
  VALUES.forEach(([type, , , shown], at) => {
    const line = ndjson.row(batch, at)
    assert.ok(line.endsWith('}\n') && !line.slice(0, -1).includes('\n'))
    const row = JSON.parse(line)
    assert.ok(Object.is(row.value, shown), `${type}: ${line}`)
    assert.deepEqual(
      [row.type, row.log, row.seq, row.historical],
      [type, 'k3f9', 4711 + at, at === 1 ? true : undefined],
    )
  })
  assert.deepEqual(JSON.parse(ndjson.gap(GAP)).value.tags, ['Presse, "1"/v1'])
  batch.seq = undefined
  assert.match(ndjson.row(batch, 0), /"log":null,"seq":null/)
})

test('a time that is no date leaves its field empty, and the row is there', () => {
  const { tags } = everyValue()
  const batch = new SampleBatch(1)
  batch.push(1, 5, 0, NaN)
  assert.match(new CsvText({ logId: 'k', tags }).row(batch, 0), /^,"Presse/)
  assert.match(new NdjsonText({ logId: 'k', tags }).row(batch, 0), /^{"time":null/)
  assert.equal(parquetRow(batch, 0, { logId: 'k', tags }).device, 'Presse, "1"')
})

test('the last value of a row that changes the status alone is shown on request', () => {
  const { tags } = everyValue()
  const batch = new SampleBatch(1, TIME)
  batch.push(1, undefined, Status.BadTimeout)
  batch.keep(0, 7)
  assert.match(new CsvText({ logId: 'k', tags }).row(batch, 0), /,v0,,/)
  assert.match(new CsvText({ logId: 'k', tags, lastValues: true }).row(batch, 0), /,v0,7,/)
})

/** A Parquet file of these rows, read by hyparquet. */
async function throughParquet(add: (file: ParquetFile) => Promise<void>) {
  const parts: Uint8Array[] = []
  const file = await ParquetFile.begin(async (bytes) => void parts.push(bytes))
  await add(file)
  await file.finish()
  const bytes = new Uint8Array(Buffer.concat(parts))
  const compressors = { ZSTD: (input: Uint8Array) => new Uint8Array(zstdDecompressSync(input)) }
  return { bytes, parts, rows: await parquetReadObjects({ file: bytes.buffer, compressors, utf8: false }) }
}

for (const from of ['a batch', 'lines of NDJSON'] as const) {
  test(`Parquet from ${from}: every value exactly, times in microseconds of UTC`, async () => {
    const { tags, batch } = everyValue()
    const options = { logId: 'k3f9', tags }
    const ndjson = new NdjsonText(options)
    const { rows } = await throughParquet(async (file) => {
      for (let row = 0; row < batch.length; row++)
        file.add(from === 'a batch' ? parquetRow(batch, row, options) : parquetRowOfLine(ndjson.row(batch, row)))
    })
    VALUES.forEach(([type, value, , , number, text], at) => {
      const row = rows[at]!
      assert.ok(Object.is(row.value, number), `${type}: ${row.value} for ${number}`)
      assert.equal(row.text, text)
      const status = BigInt(value === undefined ? Status.BadTimeout : 0)
      const expected = ['Presse, "1"', `v${at}`, 'm³/h', status, 'k3f9', BigInt(4711 + at), type, at === 1]
      const { device, tag, unit, log, seq, historical } = row
      assert.deepEqual([device, tag, unit, row.status, log, seq, row.type, historical], expected)
      assert.equal((row.time as Date).getTime(), Math.floor(TIME + at / 8))
    })
  })
}

test('Parquet is handed on group by group, and a gap is a row', async () => {
  const { tags } = everyValue()
  const options = { logId: 'k3f9', tags }
  let most = 0
  const { bytes, parts, rows } = await throughParquet(async (file) => {
    for (let i = 0; i < 100_000; i++) {
      const batch = new SampleBatch(1, TIME + i)
      batch.push(1, i, 0)
      batch.seq = Float64Array.of(i)
      file.add(parquetRow(batch, 0, options))
      if (file.isFull) await file.write()
    }
    file.add(parquetRowOfLine(new NdjsonText(options).gap(GAP)))
  })
  for (const part of parts) most = Math.max(most, part.length)
  assert.ok(most < bytes.length / 3, `${most} of ${bytes.length} bytes at once`)
  assert.equal(parquetMetadata(bytes.buffer).row_groups.length, 7)
  assert.equal(rows.length, 100_001)
  assert.deepEqual([rows[77_777]!.value, rows[77_777]!.seq], [77_777, 77_777n])
  assert.deepEqual(JSON.parse(rows.at(-1)!.text).fromSeq, 5)
})

test('long values make small groups, so that no turn of the event loop is long', async () => {
  const { tags } = everyValue()
  const { bytes, rows } = await throughParquet(async (file) => {
    for (let i = 0; i < 20; i++) {
      const batch = new SampleBatch(1, TIME + i)
      batch.push(1, `${i} ${'x'.repeat(400_000)}`, 0)
      file.add(parquetRow(batch, 0, { logId: 'k3f9', tags }))
      if (file.isFull) await file.write()
    }
  })
  assert.equal(rows.length, 20)
  assert.ok(parquetMetadata(bytes.buffer).row_groups.every(({ num_rows }) => num_rows <= 3n))
})

test('a Parquet file without rows is one', async () => {
  const { rows } = await throughParquet(async () => {})
  assert.deepEqual(rows, [])
})
