/**
 * Rows a second through runner and postgres sink, beside bare pg-copy-streams doing the same work: the same rows in the same
 * batches into the same table with the same index, each batch committed before the next. Under a minute.
 */
import type { SampleBatch } from '../../src/core/batch.ts'
import type { SinkType } from '../../src/core/sink.ts'
import { postgres } from '../../src/sinks/postgres/sink.ts'
import { sinkContext } from '../../src/testing/delivery-rig.ts'
import { needsPostgres, startPostgres } from '../../src/testing/postgres.ts'
import { batchFrom, interleaved, report, throughRunner, type Rate } from './delivery.ts'

const ROWS = 200_000
const BATCH = 10_000
const ROUNDS = 3
const WANTED = 300_000

const type = postgres as unknown as SinkType

/** Runs all and prints a table; resolves with the rates. */
export async function run(): Promise<readonly Rate[]> {
  const missing = needsPostgres()
  if (missing !== false) {
    console.log(`postgres: skipped, ${missing}`)
    return []
  }
  const cleanups: (() => unknown)[] = []
  const extra = ['shared_buffers = 256MB', 'max_wal_size = 4GB']
  const server = await startPostgres({ after: (clean) => cleanups.push(clean) }, { extra })
  const options = { url: server.url, username: 'gateway', password: 'right' }
  const wiped = async (tagIndex: boolean) => {
    await server.sql('DROP VIEW IF EXISTS bifrost_values; DROP TABLE IF EXISTS bifrost_samples')
    const sink = type.create(type.options.parse({ ...options, tagIndex }), sinkContext())
    await sink.connect(AbortSignal.timeout(10_000))
    await sink.close()
    await server.sql('CHECKPOINT')
  }
  const ours = (tagIndex: boolean) => ({
    what: `runner + sink, ${tagIndex ? 'with tagIndex (default)' : 'tagIndex: false'}`,
    prepare: () => wiped(tagIndex),
    run: () => throughRunner(type, { ...options, tagIndex }, ROWS),
  })
  const bare = (tagIndex: boolean) => ({
    what: `bare pg-copy-streams, ${tagIndex ? 'with that index' : 'without that index'}`,
    prepare: () => wiped(tagIndex),
    run: () => bareCopy(server.port),
  })
  try {
    const rates = await interleaved([ours(false), bare(false), ours(true), bare(true)], ROWS, ROUNDS)
    report('postgres', 'rows', rates, WANTED)
    return rates
  } finally {
    for (const clean of cleanups) await clean()
  }
}

/** The same rows as a person would write them by hand: one buffer a batch, Buffer's own methods. */
async function bareCopy(port: number): Promise<void> {
  const { default: pg } = await import('pg')
  const { from } = await import('pg-copy-streams')
  const client = new pg.Client({ host: '127.0.0.1', port, database: 'plant', user: 'gateway', password: 'right' })
  await client.connect()
  const buffer = Buffer.alloc(BATCH * 128)
  const sql = 'COPY bifrost_samples (time, tag, value, exact, text, bytes, status, log, seq, historical) FROM STDIN (FORMAT binary)' // prettier-ignore
  for (let seq = 1; seq <= ROWS; seq += BATCH) {
    const bytes = encoded(buffer, batchFrom(seq, BATCH))
    await new Promise<void>((resolve, reject) => {
      const stream = client.query(from(sql))
      stream.once('error', reject)
      stream.once('finish', resolve)
      stream.end(bytes)
    })
  }
  await client.end()
}

function encoded(buffer: Buffer, batch: SampleBatch): Buffer {
  let at = buffer.write('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 0, 'latin1')
  for (let row = 0; row < batch.length; row++) {
    at = buffer.writeInt16BE(10, at)
    at = int64(buffer, at, batch.time[row]! * 1000 - 946_684_800_000_000)
    at = buffer.writeInt32BE(batch.tag[row]!, buffer.writeInt32BE(4, at))
    at = buffer.writeDoubleBE(batch.value[row]!, buffer.writeInt32BE(8, at))
    for (let none = 0; none < 3; none++) at = buffer.writeInt32BE(-1, at)
    at = int64(buffer, at, batch.status[row]!)
    at = buffer.writeInt32BE(4, at)
    at += buffer.write('k3f9', at, 'latin1')
    at = int64(buffer, at, batch.seq![row]!)
    at = buffer.writeInt8(0, buffer.writeInt32BE(1, at))
  }
  return buffer.subarray(0, buffer.writeInt16BE(-1, at))
}

function int64(buffer: Buffer, at: number, value: number): number {
  const high = buffer.writeInt32BE(Math.floor(value / 2 ** 32), buffer.writeInt32BE(8, at))
  return buffer.writeUInt32BE(value >>> 0, high)
}

if (import.meta.main) await run()
