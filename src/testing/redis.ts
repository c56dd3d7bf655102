/** Debian's redis-server as a far side that nobody here wrote, on a free port; read with node-redis, not with our own client. */
import { readFileSync } from 'node:fs'
import { createClient } from 'redis'
import { eventually, findCommand, freePort, needs, startProcess, temporaryFolder, type Cleanup, type RunningProcess } from './peers.ts' // prettier-ignore

export const needsRedis = (): string | false => needs('redis-server', 'openssl')

export interface RedisSettings {
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string } | undefined
  /** More arguments, such as `--maxmemory 2mb`. */
  readonly extra?: readonly string[] | undefined
}

export interface RedisServer {
  readonly port: number
  readonly url: string
  start(): Promise<void>
  stop(signal?: NodeJS.Signals): Promise<void>
  /** It stands still: connections stay and nothing is answered. */
  pause(isPaused: boolean): void
  /** One command by node-redis, as the user of the test. */
  ask(...args: readonly string[]): Promise<unknown>
  output(): string
}

/** Starts a server that keeps everything on disk; stopped when the test ends. */
export async function startRedis(t: Cleanup, settings: RedisSettings = {}): Promise<RedisServer> {
  const folder = temporaryFolder(t)
  const port = await freePort()
  const { tls, extra = [] } = settings
  const ports =
    tls === undefined
      ? ['--port', `${port}`]
      : ['--port', '0', '--tls-port', `${port}`, '--tls-cert-file', tls.cert, '--tls-key-file', tls.key, '--tls-ca-cert-file', tls.ca, '--tls-auth-clients', 'no'] // prettier-ignore
  const args = [...ports, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'yes', '--appendfsync', 'always', ...extra] // prettier-ignore
  const url = `${tls === undefined ? 'redis://127.0.0.1' : 'rediss://localhost'}:${port}`
  let running: RunningProcess | undefined
  const ask: RedisServer['ask'] = async (...command) => {
    const socket = tls === undefined ? { reconnectStrategy: false as const } : { reconnectStrategy: false as const, tls: true as const, ca: readFileSync(tls.ca) } // prettier-ignore
    const client = createClient({ url, socket, RESP: 2 })
    client.on('error', () => undefined)
    await client.connect()
    try {
      return await client.sendCommand([...command])
    } finally {
      client.destroy()
    }
  }
  const server: RedisServer = {
    port,
    url,
    ask,
    output: () => running?.output() ?? '',
    async start() {
      running = startProcess(t, findCommand('redis-server')!, args)
      const { waitFor } = running
      await waitFor(/Ready to accept connections/)
      await eventually('it answers', async () => ask('PING').then(() => true, () => false), 5000) // prettier-ignore
    },
    async stop(signal = 'SIGTERM') {
      await running?.stop(signal)
    },
    pause: (isPaused) => void running?.child.kill(isPaused ? 'SIGSTOP' : 'SIGCONT'),
  }
  await server.start()
  return server
}

/** One entry of a stream: its id and its fields. */
export interface StreamEntry {
  readonly stream: string
  readonly id: string
  readonly fields: Readonly<Record<string, string>>
}

/** All entries of the streams whose keys match, stream by stream, each in its order. */
export async function readStreams(server: RedisServer, pattern: string): Promise<StreamEntry[]> {
  const entries: StreamEntry[] = []
  for (const stream of ((await server.ask('KEYS', pattern)) as string[]).toSorted()) {
    if ((await server.ask('TYPE', stream)) !== 'stream') continue
    for (const [id, list] of (await server.ask('XRANGE', stream, '-', '+')) as [string, string[]][]) {
      const fields: Record<string, string> = {}
      for (let at = 0; at < list.length; at += 2) fields[list[at]!] = list[at + 1]!
      entries.push({ stream, id, fields })
    }
  }
  return entries
}
