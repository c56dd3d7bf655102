/** Debian's PostgreSQL as a far side that nobody here wrote: a cluster of the test's own on a free port. */
import { execFileSync } from 'node:child_process'
import { appendFileSync, chownSync, copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import {
  type Cleanup,
  findCommand,
  freePort,
  needs,
  startProcess,
  temporaryFolder,
  type RunningProcess,
} from './peers.ts'

export const needsPostgres = (): string | false => needs('initdb', 'postgres', 'setpriv', 'openssl')

export interface PostgresSettings {
  /** Files of a certificate: the server takes TLS, and nothing else. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined
  /** Lines of postgresql.conf. */
  readonly extra?: readonly string[] | undefined
}

export interface PostgresServer {
  readonly port: number
  /** Of the database `plant`, which `gateway` owns (password `right`). */
  readonly url: string
  readonly folder: string
  start(): Promise<void>
  /** `fast` lets no client finish; `immediate` is a crash. */
  stop(how?: 'fast' | 'immediate'): Promise<void>
  /** As the superuser, in the database `plant`. */
  sql(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>
  /** Nobody can write to this table until what it resolves with is called. */
  lock(table: string): Promise<() => Promise<void>>
  output(): string
}

const OWNER = { user: 'admin', password: 'admin' }

/** Makes a cluster and waits until it answers; stopped and removed when the test ends. */
export async function startPostgres(t: Cleanup, settings: PostgresSettings = {}): Promise<PostgresServer> {
  const folder = temporaryFolder(t)
  const port = await freePort()
  const as = asPostgres(folder)
  const data = join(folder, 'data')
  const secret = join(folder, 'secret')
  writeFileSync(secret, OWNER.password)
  as.own(secret)
  const auth = ['-A', 'scram-sha-256', '-U', OWNER.user, `--pwfile=${secret}`]
  const [program, ...args] = as.run(findCommand('initdb')!, '-D', data, '-N', '-E', 'UTF8', '--locale=C', ...auth)
  execFileSync(program!, args, { stdio: 'pipe' })
  configure(data, port, settings, as.own)
  let running: RunningProcess | undefined
  const connected = async (): Promise<pg.Client> => {
    const ssl = settings.tls === undefined ? false : { rejectUnauthorized: false }
    const client = new pg.Client({ host: '127.0.0.1', port, database: 'plant', ssl, ...OWNER })
    client.on('error', () => undefined)
    await client.connect()
    return client
  }
  const sql: PostgresServer['sql'] = async (text, values) => {
    const client = await connected()
    try {
      const result = await client.query<Record<string, unknown>>(text, values)
      return result.rows
    } finally {
      await client.end()
    }
  }
  const server: PostgresServer = {
    port,
    folder,
    url: `postgres://${settings.tls === undefined ? '127.0.0.1' : 'localhost'}:${port}/plant`,
    sql,
    async lock(table) {
      const client = await connected()
      await client.query(`BEGIN; LOCK TABLE ${table} IN EXCLUSIVE MODE`)
      return () => client.end()
    },
    output: () => running?.output() ?? '',
    async start() {
      const [program, ...args] = as.run(findCommand('postgres')!, '-D', data)
      running = startProcess(t, program!, args)
      await running.waitFor(/database system is ready to accept connections/)
    },
    async stop(how = 'fast') {
      await running?.stop(how === 'fast' ? 'SIGINT' : 'SIGQUIT')
    },
  }
  // Before the end that startProcess would give it: SIGTERM waits for clients.
  t.after(() => server.stop('immediate'))
  await server.start()
  await createPlant(port, settings)
  return server
}

function configure(
  data: string,
  port: number,
  { tls, extra = [] }: PostgresSettings,
  own: (file: string) => void,
): void {
  const lines = [
    "listen_addresses = '127.0.0.1'",
    `port = ${port}`,
    "unix_socket_directories = ''",
    'max_connections = 20',
    'shared_buffers = 64MB',
    ...extra,
  ]
  if (tls !== undefined) {
    for (const [from, name] of [
      [tls.cert, 'server.crt'],
      [tls.key, 'server.key'],
    ] as const) {
      // prettier-ignore
      copyFileSync(from, join(data, name))
      own(join(data, name))
    }
    lines.push('ssl = on')
    const rules = ['hostssl all all 127.0.0.1/32 scram-sha-256', 'hostssl all all ::1/128 scram-sha-256', '']
    writeFileSync(join(data, 'pg_hba.conf'), rules.join('\n'))
  }
  appendFileSync(join(data, 'postgresql.conf'), `\n${lines.join('\n')}\n`)
}

async function createPlant(port: number, { tls }: PostgresSettings): Promise<void> {
  const ssl = tls === undefined ? false : { rejectUnauthorized: false }
  const client = new pg.Client({ host: '127.0.0.1', port, database: 'postgres', ssl, ...OWNER })
  await client.connect()
  await client.query("CREATE ROLE gateway LOGIN PASSWORD 'right'")
  await client.query('CREATE DATABASE plant OWNER gateway')
  await client.end()
}

/** PostgreSQL does not run as root: then it is Debian's user `postgres`, and what it reads is its own. */
function asPostgres(folder: string): { run(...command: string[]): string[]; own(file: string): void } {
  if (process.getuid?.() !== 0) return { run: (...command) => command, own: () => undefined }
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  const own = (file: string) => chownSync(file, id('-u'), id('-g'))
  own(folder)
  return { own, run: (...command) => [findCommand('setpriv')!, '--reuid=postgres', '--regid=postgres', '--clear-groups', '--', ...command] } // prettier-ignore
}
