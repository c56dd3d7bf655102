/** Debian's nats-server with JetStream, as a server that nobody here wrote: on a free port, with a configuration of the test's own. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { jetstreamManager, type StoredMsg, type StreamConfig } from '@nats-io/jetstream'
import { freePort, startProcess, temporaryFolder, type Cleanup, type RunningProcess } from './peers.ts'

export interface NatsServerOptions {
  /** Lines of the configuration. */
  readonly config?: readonly string[]
  readonly tls?: {
    readonly cert: string
    readonly key: string
    readonly ca: string
    readonly clientCa?: string | undefined
  }
  /** No JetStream. */
  readonly core?: boolean
}

/** A message as a stream has it, or as a subscriber got it. */
export interface NatsMessage {
  readonly subject: string
  readonly text: string
  readonly headers: Readonly<Record<string, string>>
}

export interface NatsServer {
  readonly port: number
  readonly url: string
  output(): string
  /** Starts it again after `stop`, on the same port with the same streams. */
  start(): Promise<void>
  stop(signal?: NodeJS.Signals): Promise<void>
  /** SIGSTOP, SIGCONT: it stands still, and goes on. */
  signal(signal: NodeJS.Signals): void
  /** A client of the test's own, without a login; it comes back after a restart. */
  client(options?: object): Promise<NatsConnection>
  createStream(config: Partial<StreamConfig> & { name: string; subjects: string[] }): Promise<void>
  /** Everything in a stream from its beginning, in its order, as soon as there is such a stream; the list grows. */
  read(stream: string): Promise<readonly NatsMessage[]>
  /** Everything that comes on a subject from now on. */
  subscribe(subject: string): Promise<readonly NatsMessage[]>
}

/** Starts nats-server and waits until it is ready; stopped when the test ends. */
export async function startNats(t: Cleanup, options: NatsServerOptions = {}): Promise<NatsServer> {
  const folder = temporaryFolder(t)
  const port = await freePort()
  const file = join(folder, 'nats.conf')
  writeFileSync(file, configuration(folder, port, options).join('\n') + '\n')
  const host = options.tls === undefined ? '127.0.0.1' : 'localhost'
  let running: RunningProcess | undefined
  const clients: NatsConnection[] = []
  t.after(() => Promise.all(clients.map((client) => client.close())))
  const server: NatsServer = {
    port,
    url: `nats://${host}:${port}`,
    output: () => running?.output() ?? '',
    async start() {
      running = startProcess(t, 'nats-server', ['-c', file])
      await running.waitFor(/Server is ready/)
    },
    async stop(signal = 'SIGTERM') {
      await running?.stop(signal)
    },
    signal: (signal) => void running?.child.kill(signal),
    async client(more = {}) {
      const client = await connect({ servers: `${host}:${port}`, maxReconnectAttempts: -1, reconnectTimeWait: 50, reconnectJitter: 0, ...(options.tls === undefined ? {} : { tls: { caFile: options.tls.ca } }), ...more }) // prettier-ignore
      clients.push(client)
      return client
    },
    async createStream(config) {
      const manager = await jetstreamManager(await server.client())
      await manager.streams.add(config)
    },
    async read(stream) {
      const messages: NatsMessage[] = []
      const client = await server.client()
      void follow(client, stream, (message) => messages.push(message)).catch(() => undefined)
      return messages
    },
    async subscribe(subject) {
      const messages: NatsMessage[] = []
      const client = await server.client()
      client.subscribe(subject, { callback: (_, message) => void messages.push(toMessage(message)) })
      await client.flush()
      return messages
    },
  }
  await server.start()
  return server
}

/** Asks for one message after the other: nothing that a restart of the server could leave waiting for its next heartbeat. */
async function follow(client: NatsConnection, stream: string, take: (message: NatsMessage) => void): Promise<void> {
  const manager = await jetstreamManager(client, { timeout: 1000 })
  let next = 1
  while (!client.isClosed()) {
    try {
      const { state } = await manager.streams.info(stream)
      const end = Math.min(state.last_seq + 1, next + 200)
      const numbers = Array.from({ length: Math.max(0, end - next) }, (_, at) => next + at)
      const found = await Promise.all(numbers.map((seq) => manager.streams.getMessage(stream, { seq })))
      for (const message of found) if (message !== null) take(storedMessage(message))
      next = Math.max(next, end)
    } catch {
      // No such stream yet, or the server is away.
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function storedMessage(message: StoredMsg): NatsMessage {
  return toMessage({ subject: message.subject, string: () => message.string(), headers: message.header })
}

function toMessage(message: {
  subject: string
  string(): string
  headers?: Iterable<[string, string[]]> | undefined
}): NatsMessage {
  const headers = Object.fromEntries([...(message.headers ?? [])].map(([name, values]) => [name, values.join()]))
  return { subject: message.subject, text: message.string(), headers }
}

function configuration(folder: string, port: number, { config = [], tls, core }: NatsServerOptions): string[] {
  const lines = [`listen: 127.0.0.1:${port}`, 'max_traced_msg_len: 0']
  if (core !== true) lines.push(`jetstream { store_dir: "${join(folder, 'jetstream')}" }`)
  if (tls !== undefined) {
    const verify = tls.clientCa === undefined ? '' : `, ca_file: "${tls.clientCa}", verify: true`
    lines.push(`tls { cert_file: "${tls.cert}", key_file: "${tls.key}"${verify} }`)
  }
  return [...lines, ...config]
}
