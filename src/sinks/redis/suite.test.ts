/** The sink suite against redis-server, which nobody here wrote, read by node-redis: plain and over TLS, both kinds of ids. */
import { join } from 'node:path'
import type { SinkType } from '../../core/sink.ts'
import { createAuthority, createCertificate } from '../../testing/certificates.ts'
import { temporaryFolder } from '../../testing/peers.ts'
import { needsRedis, readStreams, startRedis, type RedisServer, type StreamEntry } from '../../testing/redis.ts'
import { sinkSuite, type Delivered, type SinkPeer } from '../../testing/sink-suite.ts'
import { redis } from './sink.ts'

const type = redis as unknown as SinkType

interface UnsJson {
  readonly v: unknown
  readonly t: number
  readonly q: number
  readonly log: string
  readonly seq: number
  readonly h?: boolean
}

function toDelivered({ stream, fields }: StreamEntry): Delivered {
  const { v, t, q, log, seq, h } = JSON.parse(fields.d!) as UnsJson
  const device = fields.device ?? stream.slice('bifrost:samples:'.length)
  return { device, tag: fields.tag!, value: v, status: q, time: t, log, seq, historical: h === true }
}

function peerOf(server: RedisServer, options: object): SinkPeer {
  let entries: readonly StreamEntry[] = []
  // The suite asks for what came without waiting: it is read again and again behind it.
  let reading = false
  const read = () => {
    if (reading) return
    reading = true
    void readStreams(server, 'bifrost:*')
      .then((all) => (entries = all))
      .catch(() => undefined)
      .finally(() => (reading = false))
  }
  return {
    options: { url: server.url, maxValue: 4000, ...options },
    delivered: () => (read(), entries.filter(({ stream }) => stream !== 'bifrost:gaps').map(toDelivered)),
    gaps: () => {
      read()
      const told = entries.filter(({ stream }) => stream === 'bifrost:gaps')
      return told.map(({ fields }) => JSON.parse(fields.d!) as ReturnType<SinkPeer['gaps']>[number])
    },
    start: () => server.start(),
    stop: () => server.stop('SIGKILL'),
    standStill: async () => {
      server.pause(true)
      return () => server.pause(false)
    },
    refusedValue: 'x'.repeat(5000),
  }
}

sinkSuite(
  'redis, a stream a device',
  type,
  async (t) => ({ ...peerOf(await startRedis(t), {}), once: true }),
  needsRedis(),
)

sinkSuite(
  "redis, one stream with the server's ids, over TLS",
  type,
  async (t) => {
    const folder = temporaryFolder(t)
    const authority = createAuthority(folder, 'authority')
    const { cert, key } = createCertificate(folder, 'server', authority, 'localhost')
    const server = await startRedis(t, { tls: { cert, key, ca: authority.cert } })
    return peerOf(server, { ca: join(folder, 'authority.crt'), stream: 'bifrost:all', ids: 'time' })
  },
  needsRedis(),
)
