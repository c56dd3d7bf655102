/**
 * What the dashboards are tried on: two gateways under load, exporters, and a Prometheus that scrapes them all each second with the
 * shipped rules. Something of everything happens: a device answers with exceptions and one not at all, a sink works and one does
 * not, people mistype their passwords, values are written, a window of maintenance is open.
 */
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { parse, stringify } from 'yaml'
import { PASSWORD } from './accounts-rig.ts'
import { createAuthority, createCertificate } from './certificates.ts'
import { startGatewayProcess, type GatewayProcess } from './gateway-process.ts'
import { eventually, freePort, needs, startProcess, temporaryFolder, type Cleanup } from './peers.ts'
import { startRedis } from './redis.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const RULES = join(ROOT, 'deploy', 'monitoring', 'rules')

export const needsMonitoring = (): string | false =>
  needs('prometheus', 'prometheus-node-exporter', 'prometheus-redis-exporter', 'redis-server', 'openssl')

export interface MonitoredPlant {
  /** Prometheus. */
  readonly url: string
  readonly central: GatewayProcess
}

/** Starts everything; what it started ends with the test. The load goes on until then. */
export async function startMonitoredPlant(t: Cleanup): Promise<MonitoredPlant> {
  const folder = temporaryFolder(t)
  const [plantPort, redis, receivePort] = [await startSimulatedPlant(t), await startRedis(t), await freePort()]
  const authority = createAuthority(folder, 'ca')
  const server = createCertificate(folder, 'central', authority, 'localhost')
  const client = createCertificate(folder, 'edge-1', authority, 'edge-1')
  writeFileSync(join(folder, 'password'), PASSWORD)
  const central = await startGatewayProcess(t as TestContext, {
    access: 'accounts',
    env: { BIFROST_ADMIN_USER: 'anna', BIFROST_ADMIN_PASSWORD_FILE: join(folder, 'password') },
    yaml: centralYaml(plantPort, redis.url, receivePort, { ca: authority.cert, ...server }, await freePort()),
    files: tagFiles(),
  })
  const edge = await startGatewayProcess(t as TestContext, {
    yaml: edgeYaml(receivePort, { ca: authority.cert, ...client }),
  })
  keepBusy(t, central)
  const url = await startScraping(t, folder, { central, edge, redis: redis.url })
  return { url, central }
}

async function startSimulatedPlant(t: Cleanup): Promise<number> {
  const plant = startProcess(t, process.execPath, [join(ROOT, 'simulators', 'plant.ts'), '--port', '0', '--seed', '7'])
  const [line] = await plant.waitFor(/\{"ready".*\}/, 30_000)
  return (JSON.parse(line) as { port: number }).port
}

const MACHINES = ['tank-farm', 'filler', 'energy-meter']

const tagFiles = (): Record<string, string> =>
  Object.fromEntries(
    MACHINES.map((name) => [
      `${name}.csv`,
      readFileSync(join(ROOT, 'simulators', 'plant', 'tags', `${name}.csv`), 'utf8'),
    ]),
  )

interface TlsFiles {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** Nobody listens on the last port: a device and a sink there fail for ever. */
function centralYaml(
  plantPort: number,
  redis: string,
  receivePort: number,
  { ca, cert, key }: TlsFiles,
  nobody: number,
): string {
  const modbus = (unit: number, port = plantPort) => `driver: modbus, every: 250ms, options: { host: 127.0.0.1, port: ${port}, unit: ${unit}, timeout: 500ms }` // prettier-ignore
  return `devices:
${MACHINES.map((name, i) => `  - { name: ${name}, area: hall-1/line-1, ${modbus(i + 1)}, tags: ${name}.csv }`).join('\n')}
  - { name: away, ${modbus(1, nobody)}, tags: [{ name: level, address: 'hr:0', type: uint16 }] }
  - { name: confused, ${modbus(1)}, tags: [{ name: none, address: 'hr:9000', type: uint16 }] }
  - { name: silent, ${modbus(99)}, tags: [{ name: none, address: 'hr:0', type: uint16 }] }
  - { name: wild, driver: simulated, every: 250ms, tags: [{ name: wave, address: 'sine:period=2s,min=0,max=10', type: float64, low: 2, high: 8 }] }
assets:
  - { name: filler-1, area: hall-1/line-1, running: filler/running, good: filler/bottles-good, rejected: filler/bottles-rejected, idealRate: 120/min }
sinks:
  - { name: stream, sink: redis, options: { url: '${redis}' } }
  - { name: far, sink: mqtt, options: { url: 'mqtt://127.0.0.1:${nobody}', topic: 'far/{device}/{tag}' } }
receive:
  listen: 127.0.0.1:${receivePort}
  tls: { cert: ${cert}, key: ${key}, ca: ${ca} }
  clients: [{ name: edge-1 }]
`
}

const edgeYaml = (port: number, { ca, cert, key }: TlsFiles): string => `devices:
  - { name: press, driver: simulated, every: 250ms, tags: [{ name: pressure, address: 'sine:period=5s,min=80,max=120', type: float32 }] }
sinks:
  - { name: central, sink: bifrost, options: { host: localhost, port: ${port}, ca: ${ca}, cert: ${cert}, key: ${key} } }
`

/** Requests like those of people and programs, each second, good ones and bad ones. */
function keepBusy(t: Cleanup, { url, folder }: GatewayProcess): void {
  const token = hostToken(folder)
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  void fetch(`${url}/api/v1/maintenance`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ devices: ['away'], for: '1h', reason: 'a new motor' }),
  }).catch(() => undefined)
  const ask = (path: string, init: RequestInit = {}) => fetch(`${url}/api/v1/${path}`, { headers, ...init })
  const strangers = { authorization: 'Bearer nobody' }
  let round = 0
  const timer = setInterval(() => {
    const value = round++ % 100
    const all = [
      ask('values'),
      ask('no-such-thing'),
      ask('values/filler/speed-set-point', { method: 'PUT', body: JSON.stringify({ value, reason: 'load' }) }),
      ask('values', { headers: strangers }),
      ask('session', { method: 'POST', body: JSON.stringify({ name: 'anna', password: `wrong ${round}` }) }),
    ]
    void Promise.allSettled(all.map(async (each) => (await each).arrayBuffer()))
  }, 1000)
  t.after(() => clearInterval(timer))
}

const hostToken = (folder: string): string =>
  (JSON.parse(readFileSync(join(folder, 'data', 'run', 'host.json'), 'utf8')) as { token: string }).token

interface Targets {
  readonly central: GatewayProcess
  readonly edge: GatewayProcess
  readonly redis: string
}

/** Prometheus and both exporters; resolves with the address of Prometheus. */
async function startScraping(t: Cleanup, folder: string, { central, edge, redis }: Targets): Promise<string> {
  const [port, node, redisPort] = [await freePort(), await freePort(), await freePort()]
  startProcess(t, 'prometheus-node-exporter', [`--web.listen-address=127.0.0.1:${node}`])
  startProcess(t, 'prometheus-redis-exporter', ['-web.listen-address', `127.0.0.1:${redisPort}`, '-redis.addr', redis])
  const host = (url: string | number) => (typeof url === 'number' ? `127.0.0.1:${url}` : new URL(url).host)
  const target = (job_name: string, ...targets: (string | number)[]) => ({ job_name, static_configs: [{ targets: targets.map(host) }] }) // prettier-ignore
  const bifrost = {
    ...target('bifrost', central.url, edge.url),
    authorization: { credentials: hostToken(central.folder) },
  }
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [join(folder, 'rules', '*.yml')],
    scrape_configs: [bifrost, target('node', node), target('redis', redisPort)],
  }
  writeFileSync(join(folder, 'prometheus.yml'), stringify(config))
  writeRules(join(folder, 'rules'))
  const flags = [
    `--config.file=${folder}/prometheus.yml`,
    `--storage.tsdb.path=${folder}/tsdb`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]
  const prometheus = startProcess(t, 'prometheus', flags)
  const ready = () => prometheus.output().includes('Server is ready to receive web requests')
  await eventually(() => `prometheus starts; it printed ${prometheus.output()}`, ready, 30_000)
  return `http://127.0.0.1:${port}`
}

/** The shipped rules, evaluated each second: nobody waits for a minute in a test. */
function writeRules(folder: string): void {
  mkdirSync(folder)
  for (const name of globSync('*.yml', { cwd: RULES })) {
    const { groups } = parse(readFileSync(join(RULES, name), 'utf8')) as { groups: object[] }
    const often = { groups: groups.map((group) => ({ ...group, interval: '1s' })) }
    writeFileSync(join(folder, name), stringify(often, { lineWidth: 0 }))
  }
}
