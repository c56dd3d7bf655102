/** The sink suite against PostgreSQL, which nobody here wrote: narrow tables, plain and over TLS. */
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { SinkType } from '../../core/sink.ts'
import { createAuthority, createCertificate } from '../../testing/certificates.ts'
import { sinkContext } from '../../testing/delivery-rig.ts'
import { temporaryFolder } from '../../testing/peers.ts'
import { needsPostgres, startPostgres, type PostgresServer } from '../../testing/postgres.ts'
import { sinkSuite, type Delivered, type SinkPeer } from '../../testing/sink-suite.ts'
import { postgres } from './sink.ts'

const type = postgres as unknown as SinkType

async function peerOf(server: PostgresServer, options: object): Promise<SinkPeer> {
  const given = { url: server.url, username: 'gateway', password: 'right', ...options }
  await withTextLimit(server, given)
  let rows: readonly Row[] = []
  let gaps: ReturnType<SinkPeer['gaps']> = []
  // The suite asks for what came without waiting: it is read again and again behind it.
  let reading = false
  const read = () => {
    if (reading) return
    reading = true
    const all = Promise.all([server.sql(ROWS), server.sql(GAPS)])
    void all
      .then(([a, b]) => {
        rows = a as unknown as Row[]
        gaps = (b as unknown as GapRow[]).map((gap) => ({ ...gap, fromSeq: Number(gap.fromSeq), toSeq: Number(gap.toSeq), samples: Number(gap.samples) })) // prettier-ignore
      })
      .catch(() => undefined)
      .finally(() => (reading = false))
  }
  return {
    options: given,
    delivered: () => (read(), rows.map(toDelivered)),
    gaps: () => (read(), gaps),
    start: () => server.start(),
    stop: () => server.stop('immediate'),
    standStill: () => server.lock('bifrost_samples'),
    once: true,
    refusedValue: 'x'.repeat(5000),
  }
}

/** PostgreSQL takes any text; here the plant's own rule does not. */
async function withTextLimit(server: PostgresServer, options: object): Promise<void> {
  const sink = type.create(type.options.parse(options), sinkContext())
  await sink.connect(AbortSignal.timeout(5000))
  await sink.close()
  await server.sql('ALTER TABLE bifrost_samples ADD CONSTRAINT short_texts CHECK (length(text) < 4000)')
}

const ROWS = `SELECT device, tag, type, value, exact::text, text, encode(bytes, 'base64') AS bytes, status::float8, log, seq::float8, historical,
  extract(epoch FROM time)::float8 * 1000 AS time FROM bifrost_values ORDER BY bifrost_values.seq`
const GAPS = 'SELECT log, from_seq AS "fromSeq", to_seq AS "toSeq", samples, reason, tags FROM bifrost_gaps'

interface GapRow {
  readonly fromSeq: string
  readonly toSeq: string
  readonly samples: string
  readonly reason: string
}

interface Row extends Omit<Delivered, 'value'> {
  readonly type: string
  readonly value: number | null
  readonly exact: string | null
  readonly text: string | null
  readonly bytes: string | null
}

function toDelivered({ type, value, exact, text, bytes, ...row }: Row): Delivered {
  return { ...row, time: Math.round(row.time), value: plain(type, value, exact, text, bytes) }
}

function plain(
  type: string,
  value: number | null,
  exact: string | null,
  text: string | null,
  bytes: string | null,
): unknown {
  if (exact !== null) return exact
  if (text !== null) return text
  if (bytes !== null) return type === 'bytes' ? bytes : Buffer.from(bytes, 'base64').toString()
  return type === 'bool' && value !== null ? value === 1 : value
}

sinkSuite('postgres, narrow', type, async (t) => peerOf(await startPostgres(t), {}), needsPostgres())

sinkSuite('postgres, narrow over TLS', type, overTls, needsPostgres())

async function overTls(t: TestContext): Promise<SinkPeer> {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'authority')
  const server = await startPostgres(t, { tls: createCertificate(folder, 'server', authority, 'localhost') })
  return peerOf(server, { tls: true, ca: join(folder, 'authority.crt'), schema: 'public' })
}
