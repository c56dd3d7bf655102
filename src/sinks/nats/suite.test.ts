/** The sink suite against Debian's nats-server: JetStream, over TLS with a stream that the sink makes, and core NATS. */
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { SinkType } from '../../core/sink.ts'
import { createAuthority, createCertificate } from '../../testing/certificates.ts'
import { startNats, type NatsMessage, type NatsServer } from '../../testing/nats-server.ts'
import { needs, temporaryFolder } from '../../testing/peers.ts'
import { sinkSuite, type Delivered, type SinkPeer } from '../../testing/sink-suite.ts'
import { nats } from './sink.ts'

const type = nats as unknown as SinkType
const skip = needs('nats-server', 'openssl')
const SMALL = ['max_payload: 4000']

interface UnsJson {
  readonly v: unknown
  readonly t: number
  readonly q: number
  readonly log: string
  readonly seq: number
  readonly h?: boolean
}

const isGap = ({ subject }: NatsMessage): boolean => subject === 'bifrost._gateway.gap'

const delivered = (messages: readonly NatsMessage[]): Delivered[] =>
  messages
    .filter((message) => !isGap(message))
    .map(({ text, headers }) => {
      const { v, t, q, log, seq, h } = JSON.parse(text) as UnsJson
      return {
        device: headers.device!,
        tag: headers.tag!,
        value: v,
        status: q,
        time: t,
        log,
        seq,
        historical: h === true,
      }
    })

const peerOf = (server: NatsServer, messages: readonly NatsMessage[], options: object): SinkPeer => ({
  options,
  delivered: () => delivered(messages),
  gaps: () => messages.filter(isGap).map(({ text }) => JSON.parse(text) as ReturnType<SinkPeer['gaps']>[number]),
  start: () => server.start(),
  stop: () => server.stop('SIGKILL'),
  standStill: async () => {
    server.signal('SIGSTOP')
    return () => server.signal('SIGCONT')
  },
  refusedValue: 'x'.repeat(5000),
})

async function jetstream(t: TestContext): Promise<SinkPeer> {
  const server = await startNats(t, { config: SMALL })
  await server.createStream({ name: 'PLANT', subjects: ['bifrost.>'] })
  return peerOf(server, await server.read('PLANT'), { servers: [server.url] })
}

async function secure(t: TestContext): Promise<SinkPeer> {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'authority')
  const ca = join(folder, 'authority.crt')
  const tls = { ...createCertificate(folder, 'server', authority, 'localhost'), ca }
  const server = await startNats(t, { config: SMALL, tls })
  const options = { servers: [server.url], tls: true, ca, createStream: { name: 'PLANT' } }
  return peerOf(server, await server.read('PLANT'), options)
}

async function core(t: TestContext): Promise<SinkPeer> {
  const server = await startNats(t, { config: SMALL, core: true })
  return peerOf(server, await server.subscribe('bifrost.>'), { servers: [server.url], delivery: 'core' })
}

sinkSuite('nats, JetStream', type, async (t) => ({ ...(await jetstream(t)), once: true }), skip)
sinkSuite('nats, JetStream over TLS, stream made by the sink', type, secure, skip)
sinkSuite('nats, core', type, core, skip, {
  'far side away: the queue grows visibly, drains in order, nothing is lost':
    'core NATS keeps nothing for a subscriber that is away',
  'far side killed under load: nothing is lost, nothing comes twice where the sink promises that':
    'core NATS keeps nothing for a subscriber that is away',
})
