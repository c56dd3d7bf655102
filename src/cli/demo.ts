/**
 * `bifrost demo`: a simulated plant in a process of its own, a broker, and the real gateway between them, with nothing to set
 * up. State lives in a temporary folder that is removed at the end; a port that is taken is replaced by the next free one.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { cp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readVariable } from '../config/environment.ts'
import { GatewayError } from '../core/errors.ts'
import { textOption, type Call } from './call.ts'
import { openSource } from './config-file.ts'
import { startDemoBroker, type DemoBroker } from './demo-broker.ts'
import { examplesFolder, packageVersion } from '../core/package-files.ts'
import { findPortHolder } from './port-holder.ts'
import { serve, stopSignal } from './serve.ts'
import { startSimulator } from './simulator.ts'
import type { Terminal } from './terminal.ts'

/** How many ports after the wanted one are tried. */
const PORTS_TRIED = 100
const PLANT_READY_MS = 15_000

export async function run(call: Call): Promise<number> {
  const stopped = stopSignal()
  const ports = { mqtt: readPort(call, 'mqttPort'), http: readPort(call, 'port') }
  await using owned = new AsyncDisposableStack()
  const home = mkdtempSync(join(tmpdir(), 'bifrost-demo-'))
  const removeHome = () => rmSync(home, { recursive: true, force: true })
  // A second Ctrl-C ends the process without unwinding: the folder goes all the same.
  process.once('exit', removeHome)
  owned.defer(removeHome)
  // Files of its own, so that everything can be tried: devices added, tags edited, versions taken back.
  await cp(join(examplesFolder, 'demo'), home, { recursive: true })

  const seed = textOption(call, 'seed') ?? '1'
  const [plant, broker, httpPort] = await Promise.all([
    startSimulator('plant', ['--port', '0', '--seed', seed], AbortSignal.timeout(PLANT_READY_MS)),
    startBroker(ports.mqtt, call.terminal),
    freePortFrom(ports.http, call.terminal),
  ])
  owned.defer(() => plant.stop())
  owned.defer(() => broker.close())

  const env = {
    ...call.env,
    BIFROST_DATA: join(home, 'data'),
    BIFROST_HTTP_LISTEN: `127.0.0.1:${httpPort}`,
    BIFROST_DEMO_ACCESS: 'open',
    BIFROST_DEMO_PLANT_PORT: String(plant.port),
    BIFROST_DEMO_MQTT_PORT: String(broker.port),
  }
  const { createLogger } = await import('../observe/log.ts')
  const early = createLogger({ level: 'warn', format: 'human', version: packageVersion() })
  const source = await openSource(join(home, 'bifrost.yaml'), env, early)
  const { config } = source.opened
  const level = readVariable('BIFROST_LOG_LEVEL', call.env) === undefined ? 'warn' : config.log.level
  const log = createLogger({ level, format: 'human', version: packageVersion() })
  const tags = config.devices.reduce((sum, device) => sum + device.tags.length, 0)
  // Awaited here: what is owned is given back when this function returns.
  return await serve(config, {
    log,
    source,
    stopped,
    onReady: (url) => printBlock(call.terminal, { url: url ?? '', mqttPort: broker.port, plantPort: plant.port, tags }),
  })
}

interface DemoFacts {
  readonly url: string
  readonly mqttPort: number
  readonly plantPort: number
  readonly tags: number
}

function printBlock(terminal: Terminal, { url, mqttPort, plantPort, tags }: DemoFacts): void {
  const base = url.replace(/\/$/, '')
  const mqtt = `mqtt://127.0.0.1:${mqttPort}`
  if (terminal.json) {
    terminal.resultJson({ ready: true, url: base, mqtt, topic: 'acme/demo/#', plantPort, tags })
    return
  }
  const lines: readonly (readonly [string, string])[] = [
    ['simulated plant', `tank farm, filler, energy meter (Modbus TCP on port ${plantPort})  -  ${tags} tags`],
    ['web UI', `${base}/`],
    ['MQTT', `${mqtt}   topic  acme/demo/#`],
    ['metrics / API', `${base}/metrics   /api/docs`],
  ]
  for (const [label, text] of lines) terminal.result(`  ${terminal.style('bold', label.padEnd(16))}  ${text}`)
  terminal.result('  stop: Ctrl-C      keep it: bifrost init --from-demo ./plant')
}

function readPort(call: Call, option: string): number {
  const port = Number(textOption(call, option))
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new GatewayError('USAGE', `${textOption(call, option)} is not a port: expected a number from 0 to 65535`)
}

/** Starts the broker on the wanted port or the next that is free. */
async function startBroker(wanted: number, terminal: Terminal): Promise<DemoBroker> {
  for (let port = wanted; ; port++) {
    try {
      const broker = await startDemoBroker(port)
      if (port !== wanted) sayMoved(wanted, broker.port, 'MQTT', terminal)
      return broker
    } catch (error) {
      if (!isTaken(error) || port - wanted >= PORTS_TRIED || port >= 65_535) throw error
    }
  }
}

/** The wanted port when it is free, else the next one that is. */
async function freePortFrom(wanted: number, terminal: Terminal): Promise<number> {
  for (let port = wanted; ; port++) {
    try {
      const free = await tryPort(port)
      if (port !== wanted) sayMoved(wanted, free, 'the page', terminal)
      return free
    } catch (error) {
      if (!isTaken(error) || port - wanted >= PORTS_TRIED || port >= 65_535) throw error
    }
  }
}

function tryPort(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port))
    })
  })
}

const isTaken = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'

function sayMoved(wanted: number, port: number, what: string, terminal: Terminal): void {
  const holder = findPortHolder(wanted)
  const who = holder === undefined ? '' : ` by process ${holder.pid} (${holder.command})`
  terminal.say(`port ${wanted} is in use${who}; ${what} is on ${port}`)
}
