/** Debian's InfluxDB 1.x on a free port, with a database `plant` and a configuration of the test's own. */
import { writeFileSync } from 'node:fs'
import { request as requestPlainly } from 'node:http'
import { request as requestSecurely } from 'node:https'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { eventually, freePort, startProcess, temporaryFolder, type RunningProcess } from './peers.ts'

export interface InfluxdOptions {
  /** Only users may write; `admin`/`secret` is made, who may everything. */
  readonly auth?: boolean
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Lines of the section [http]. */
  readonly http?: readonly string[]
}

/** One point as InfluxDB gives it back; `time` is ns since 1970, exact. */
export interface InfluxPoint {
  readonly measurement: string
  readonly time: bigint
  readonly columns: Readonly<Record<string, unknown>>
}

export interface Influxd {
  readonly url: string
  readonly port: number
  /** Runs InfluxQL; the result of each statement. */
  query(text: string): Promise<readonly InfluxSeries[]>
  /** Every point of the database `plant`, ordered by time. */
  points(): Promise<InfluxPoint[]>
  start(): Promise<void>
  stop(signal?: NodeJS.Signals): Promise<void>
  /** It stands still: connections stay and nothing is answered. */
  pause(isPaused: boolean): void
}

interface InfluxSeries {
  readonly name: string
  readonly columns: readonly string[]
  readonly values: readonly (readonly unknown[])[]
}

/** Starts influxd and waits until it answers; stopped when the test ends. */
export async function startInfluxd(t: Pick<TestContext, 'after'>, options: InfluxdOptions = {}): Promise<Influxd> {
  const folder = temporaryFolder(t)
  const [port, rpcPort] = [await freePort(), await freePort()]
  const file = join(folder, 'influxdb.conf')
  writeFileSync(file, configuration(folder, port, rpcPort, options))
  const scheme = options.tls === undefined ? 'http://127.0.0.1' : 'https://localhost'
  let running: RunningProcess | undefined
  const influxd: Influxd = {
    url: `${scheme}:${port}`,
    port,
    query: (text) => query(`${scheme}:${port}`, options.auth === true, text),
    points: async () => (await influxd.query('SELECT * FROM "plant"../.*/')).flatMap(pointsOf).sort(byTime),
    async start() {
      running = startProcess(t, 'influxd', ['-config', file])
      const listens = () => running!.output().includes('Listening for signals')
      await eventually(() => `influxd starts; it printed ${running!.output()}`, listens, 15_000)
    },
    async stop(signal = 'SIGTERM') {
      await running?.stop(signal)
    },
    pause: (isPaused) => void running?.child.kill(isPaused ? 'SIGSTOP' : 'SIGCONT'),
  }
  await influxd.start()
  if (options.auth === true) await influxd.query(`CREATE USER admin WITH PASSWORD 'secret' WITH ALL PRIVILEGES`)
  await influxd.query('CREATE DATABASE plant')
  return influxd
}

function configuration(
  folder: string,
  port: number,
  rpcPort: number,
  { auth, tls, http = [] }: InfluxdOptions,
): string {
  return [
    'reporting-disabled = true',
    `bind-address = "127.0.0.1:${rpcPort}"`,
    `[meta]\n dir = "${folder}/meta"`,
    `[data]\n dir = "${folder}/data"\n wal-dir = "${folder}/wal"\n query-log-enabled = false`,
    '[monitor]\n store-enabled = false',
    `[http]\n bind-address = "127.0.0.1:${port}"\n auth-enabled = ${auth === true}\n log-enabled = false`,
    ...(tls === undefined
      ? []
      : [` https-enabled = true\n https-certificate = "${tls.cert}"\n https-private-key = "${tls.key}"`]),
    ...http.map((line) => ` ${line}`),
    '[continuous_queries]\n enabled = false',
    '',
  ].join('\n')
}

async function query(url: string, auth: boolean, text: string): Promise<readonly InfluxSeries[]> {
  const login = auth ? '&u=admin&p=secret' : ''
  const raw = await post(`${url}/query?epoch=ns${login}`, `q=${encodeURIComponent(text)}`)
  const answer = raw.replaceAll(/([[,]|"time":)(-?\d{16,})(?=[,\]}])/g, '$1"$2"')
  const { results = [], error } = JSON.parse(answer) as {
    results?: { series?: InfluxSeries[]; error?: string }[]
    error?: string
  }
  const fault = error ?? results.find((result) => result.error !== undefined)?.error
  if (fault !== undefined) throw new Error(`${text}: ${fault}`)
  return results.flatMap(({ series = [] }) => series)
}

/** The test's own look behind the sink; it knows whom it started, and trusts any certificate. */
function post(url: string, form: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = url.startsWith('https:') ? requestSecurely : requestPlainly
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    const sent = request(url, { method: 'POST', headers, rejectUnauthorized: false }, (answer) => {
      answer.toArray().then((chunks) => resolve(Buffer.concat(chunks as Buffer[]).toString()), reject)
    })
    sent.once('error', reject).end(form)
  })
}

/** Integers beyond 2^53 come as texts: see the expression above. */
function pointsOf({ name, columns, values }: InfluxSeries): InfluxPoint[] {
  return values.map((row) => {
    const entries = columns.map((column, at) => [column, row[at]] as const).filter(([, value]) => value !== null)
    const { time, ...rest } = Object.fromEntries(entries)
    return { measurement: name, time: BigInt(time as string | number), columns: rest }
  })
}

const byTime = (a: InfluxPoint, b: InfluxPoint): number => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0)
