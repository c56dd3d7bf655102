/** The sink suite against a web server that answers as README.md asks for: over HTTP with JSON, over HTTPS with signed NDJSON. */
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { SinkType } from '../../core/sink.ts'
import { createAuthority, createCertificate } from '../../testing/certificates.ts'
import { startReceiver, type Answer, type Received } from '../../testing/http-receiver.ts'
import { needs, temporaryFolder } from '../../testing/peers.ts'
import { sinkSuite, type Delivered, type SinkPeer } from '../../testing/sink-suite.ts'
import { http } from './sink.ts'

const REFUSED = 'unacceptable'

interface Row {
  readonly device: string
  readonly tag: string
  readonly v: unknown
  readonly t: number
  readonly q: number
  readonly log: string
  readonly seq: number
  readonly h?: boolean
  readonly gap?: ReturnType<SinkPeer['gaps']>[number]
}

async function peerOf(
  t: TestContext,
  refuse: (bad: readonly Row[]) => Answer,
  options: object,
  tls = false,
): Promise<SinkPeer> {
  const samples: Delivered[] = []
  const gaps: ReturnType<SinkPeer['gaps']>[number][] = []
  const folder = temporaryFolder(t)
  const authority = tls ? createAuthority(folder, 'authority') : undefined
  const pair = authority === undefined ? {} : { tls: createCertificate(folder, 'server', authority, 'localhost') }
  let still: Promise<void> | undefined
  const receive = async (received: Received): Promise<Answer> => {
    await still
    const rows = rowsOf(received)
    const bad = rows.filter(({ v }) => v === REFUSED)
    const answer = bad.length > 0 ? refuse(bad) : { status: 204 }
    if (answer === 'cut' || answer === 'hang' || answer.status >= 300) return answer
    for (const { device, tag, v, t: time, q, log, seq, h, gap } of rows.filter((row) => !bad.includes(row))) {
      if (gap !== undefined) gaps.push(gap)
      else samples.push({ device, tag, value: v, status: q, time, log, seq, historical: h === true })
    }
    return answer
  }
  const receiver = await startReceiver(t, receive, pair)
  const trust = tls ? { ca: join(folder, 'authority.crt') } : {}
  return {
    options: { url: `${receiver.url}/ingest/{log}`, ...trust, ...options },
    delivered: () => samples,
    gaps: () => gaps,
    start: () => receiver.start(),
    stop: () => receiver.stop(),
    standStill: async () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      still = promise
      return resolve
    },
    refusedValue: REFUSED,
  }
}

function rowsOf({ text, headers }: Received): Row[] {
  if (headers['content-type'] === 'application/json') return JSON.parse(text) as Row[]
  return text.trim().split('\n').map((line) => JSON.parse(line) as Row) // prettier-ignore
}

const type = http as unknown as SinkType
const named = (rows: readonly Row[]) => ({ rejected: rows.map(({ seq }) => ({ seq, reason: 'not wanted here' })) })

sinkSuite('http, JSON; the receiver stores what it does not name', type, (t) =>
  peerOf(t, (bad) => ({ status: 200, body: named(bad) }), {}),
)

sinkSuite('http, JSON; the receiver stores nothing and names what it refuses', type, (t) =>
  peerOf(t, (bad) => ({ status: 422, body: named(bad) }), { method: 'PUT' }),
)

sinkSuite(
  'http, signed and compressed NDJSON over TLS; the receiver says 400 and no more',
  type,
  (t) =>
    peerOf(t, () => ({ status: 400, body: 'no' }), { format: 'ndjson', gzip: true, signatureSecret: 'shared' }, true),
  needs('openssl'),
)
