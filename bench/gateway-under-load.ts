/** A gateway on a farm of devices for the benchmarks of the HTTP server: farm and gateway in processes of their own, the product's own start. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { farmAddress } from '../simulators/farm.ts'
import { freePort } from '../src/testing/peers.ts'

const ROOT = join(import.meta.dirname, '..')

export interface GatewayUnderLoad {
  readonly port: number
  /** The highest RSS since it was asked last, MiB. */
  rssMiB(): number
  /** CPU seconds of the gateway so far. */
  cpuSeconds(): number
  metric(name: string): Promise<number>
  stop(): Promise<void>
}

/**
 * `devices` of `tags` registers each, all read once a second; begins when all were read. With `password` there are accounts, and `admin` has
 * it.
 */
export async function startGatewayUnderLoad(
  devices: number,
  tags: number,
  { password }: { readonly password?: string } = {},
): Promise<GatewayUnderLoad> {
  const folder = mkdtempSync(join(tmpdir(), 'bifrost-bench-'))
  const farm = await startFarm(devices, tags)
  const port = await freePort()
  const access = password === undefined ? 'open' : 'accounts'
  writeConfig(folder, { devices, tags, farmPort: farm.port, port, access })
  const gateway = spawn(join(ROOT, 'bin', 'bifrost'), ['run', '-c', join(folder, 'bifrost.yaml')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...(password === undefined ? {} : { BIFROST_ADMIN_PASSWORD: password }) },
  })
  const pid = gateway.pid!
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`, { headers: asHost(folder) })).text()
    const lines = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
  }
  await until(async () => (await metric('bifrost_log_next_seq').catch(() => 0)) > devices * tags)
  let highest = 0
  const timer = setInterval(() => (highest = Math.max(highest, rssOf(pid))), 100)
  return {
    port,
    rssMiB() {
      const seen = Math.max(highest, rssOf(pid))
      highest = 0
      return seen
    },
    cpuSeconds: () => cpuOf(pid),
    metric,
    async stop() {
      clearInterval(timer)
      await end(gateway)
      await end(farm.child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** As the command line on the same machine; nothing before the gateway listens. */
function asHost(folder: string): Record<string, string> {
  const file = join(folder, 'data', 'run', 'host.json')
  if (!existsSync(file)) return {}
  return { authorization: `Bearer ${(JSON.parse(readFileSync(file, 'utf8')) as { token: string }).token}` }
}

/** `load average 0.41` of the last minute: what else the machine did. */
export const loadAverage = (): string => `load average ${loadavg()[0]!.toFixed(2)}`

/** The value at a share of sorted values. */
export function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

const rssOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Ends the process, and waits for that. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}

/** A farm of devices in a process of its own. */
export async function startFarm(devices: number, tags: number): Promise<{ port: number; child: ChildProcess }> {
  const script = join(ROOT, 'simulators', 'farm.ts')
  const child = spawn(
    process.execPath,
    [script, '--devices', String(devices), '--tags', String(tags), '--layout', 'addresses'],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const port = await new Promise<number>((resolve, reject) => {
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      const line = text.split('\n').find((candidate) => candidate.includes('"ready"'))
      if (line !== undefined && text.includes('\n')) resolve((JSON.parse(line) as { port: number }).port)
    })
    child.once('exit', (code) => reject(new Error(`the farm ended with code ${code}`)))
  })
  return { port, child }
}

function writeConfig(
  folder: string,
  plant: { devices: number; tags: number; farmPort: number; port: number; access: 'open' | 'accounts' },
): void {
  const rows = Array.from({ length: plant.tags }, (_, index) => `r${index},hr:${index},uint16`)
  writeFileSync(join(folder, 'tags.csv'), `name,address,type\n${rows.join('\n')}\n`)
  const devices = Array.from(
    { length: plant.devices },
    (_, index) =>
      `  - { name: d${index}, driver: modbus, every: 1s, options: { host: ${farmAddress(index)}, port: ${plant.farmPort} }, tags: tags.csv }`,
  )
  writeFileSync(
    join(folder, 'bifrost.yaml'),
    `version: 1\ndata: ./data\nlog: { level: error }\nhttp: { listen: '127.0.0.1:${plant.port}', access: ${plant.access} }\ndevices:\n${devices.join('\n')}\n`,
  )
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 30_000
  while (!(await condition())) {
    if (performance.now() > end) throw new Error('the gateway did not read its devices within 30 s')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
