/** The sink suite against a real upstream gateway in another process: over loopback as it is, and over TLS with certificates on both sides. */
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { SinkType } from '../../core/sink.ts'
import { createAuthority, createCertificate } from '../../testing/certificates.ts'
import { needs, temporaryFolder } from '../../testing/peers.ts'
import { sinkSuite, type SinkPeer } from '../../testing/sink-suite.ts'
import { startUpstream, type Upstream } from '../../testing/upstream.ts'
import { bifrost } from './sink.ts'

const type = bifrost as unknown as SinkType

function peerOf(upstream: Upstream, options: object): SinkPeer {
  return {
    options: { host: '127.0.0.1', port: upstream.port, ...options },
    delivered: () => upstream.delivered('edge-1'),
    gaps: () => gapsOf(upstream),
    start: () => upstream.start(),
    stop: () => upstream.stop(),
    standStill: async () => {
      upstream.pause(true)
      return () => upstream.pause(false)
    },
    refusedValue: 'x'.repeat(200_000),
  }
}

/** A gap stands before an empty stretch that says which numbers it was. */
function gapsOf(upstream: Upstream): ReturnType<SinkPeer['gaps']> {
  const rows = new Map(upstream.rows().map((row) => [row.seq, row]))
  return upstream.gaps().flatMap(({ seq, samples, reason, tags }) => {
    const [from, to] = [rows.get(seq + 1), rows.get(seq + 2)]
    if (from === undefined || to === undefined) return []
    const fromSeq = from.value as number
    const names = tags?.map((name) => name.replace('edge-1.', '')) ?? null
    return [{ fromSeq, toSeq: to.value as number, samples, reason: reason.replace(' at edge-1', ''), tags: names }]
  })
}

sinkSuite('bifrost over loopback', type, async (t: TestContext) =>
  peerOf(await startUpstream(t), { tls: false, gateway: 'edge-1' }),
)

sinkSuite(
  'bifrost over TLS with certificates on both sides',
  type,
  async (t: TestContext) => {
    const folder = temporaryFolder(t)
    const authority = createAuthority(folder, 'authority')
    const server = createCertificate(folder, 'central', authority, 'localhost')
    const client = createCertificate(folder, 'edge', authority, 'edge-1')
    const tls = `tls: { cert: ${server.cert}, key: ${server.key}, ca: ${authority.cert} }`
    const upstream = await startUpstream(t, { receive: [tls] })
    return peerOf(upstream, {
      host: 'localhost',
      ca: join(folder, 'authority.crt'),
      cert: client.cert,
      key: client.key,
    })
  },
  needs('openssl'),
)
