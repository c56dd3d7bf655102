/**
 * Writes under full poll load: 1,000 devices with 10 registers each polled every second, and one whose connection is never free (its
 * polls take longer than their interval), all in another process. Writes come at random times, half of them to the busy one. Target:
 * p99 < 50 ms from the call to the device's confirmation. `node bench/index.ts modbus write`
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { loadConfig } from '../src/config/load.ts'
import { systemClock } from '../src/core/clock.ts'
import { isGood, statusName } from '../src/core/status.ts'
import { drivers } from '../src/drivers/index.ts'
import { startGateway, type Gateway } from '../src/gateway.ts'
import { createLogger } from '../src/observe/log.ts'
import { createModbusServer, RegisterBank } from '../src/protocols/modbus/index.ts'

const DEVICES = 1000
const REGISTERS = 10
/** The busy device takes so long for an answer and has so many requests a poll. */
const BUSY_ANSWER_MS = 2
const BUSY_REQUESTS = 60
const BUSY_EVERY_MS = 50
const LIMIT_MS = 50
/** What EMQX publishes for Neuron: the average time of a write, in ms. */
const NEURON_MEAN_MS = 523

interface Series {
  readonly quiet: number[]
  readonly busy: number[]
}

export async function run(args: readonly string[] = []): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { writes: { type: 'string', default: '1000' } } })
  const writes = Number(values.writes)
  const devices = fork(import.meta.filename, ['devices'], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const folder = mkdtempSync(join(tmpdir(), 'bifrost-write-'))
  try {
    const [ports] = (await once(devices, 'message')) as [number[]]
    const file = join(folder, 'bifrost.yaml')
    writeFileSync(file, configText(ports))
    const config = await loadConfig(file, { drivers, sinks: [], env: {} })
    const gateway = await startGateway(config, {
      log: createLogger({ level: 'error', format: 'json' }),
      version: 'bench',
    })
    try {
      await settled(gateway)
      const delay = async () => {
        devices.send('delay')
        return ((await once(devices, 'message')) as [number])[0]
      }
      await delay()
      const own = monitorEventLoopDelay({ resolution: 5 })
      own.enable()
      const sent = await series(writes, (device, tag) => sendOnly(gateway, device, tag))
      own.disable()
      print(gateway, 'confirmed by the device', sent, LIMIT_MS)
      console.log(
        `  meanwhile a timer was late by ${lateness(own, 99)} ms (p99), ${lateness(own, 100)} ms at most, in the gateway's process; ` +
          `by ${(await delay()).toFixed(1)} ms (p99) in the devices', which does little`,
      )
      const commanded = await series(writes, (device, tag) => command(gateway, device, tag))
      print(gateway, 'with audit, read-back and comparison', commanded)
    } finally {
      await gateway.stop()
    }
  } finally {
    devices.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** How late a timer was that should have come every 5 ms. */
const lateness = (delay: { percentile(at: number): number }, percentile: number): string =>
  Math.max(0, delay.percentile(percentile) / 1e6 - 5).toFixed(1)

/** All devices have been read, and the load is even. */
async function settled(gateway: Gateway): Promise<void> {
  while (!gateway.polling.devices.every(({ lastGoodAt }) => lastGoodAt !== undefined)) await pause(100)
  await pause(3000)
}

/** `count` writes at random times, 20 ms apart on average; they may overlap. */
async function series(count: number, write: (device: string, tag: string) => Promise<void>): Promise<Series> {
  const result: Series = { quiet: [], busy: [] }
  const running: Promise<void>[] = []
  for (let i = 0; i < count; i++) {
    await pause(-Math.log(1 - Math.random()) * 20)
    const isBusy = i % 2 === 0
    const device = isBusy ? 'busy' : `d${Math.floor(Math.random() * DEVICES)}`
    const tag = isBusy
      ? `r${2 * Math.floor(Math.random() * BUSY_REQUESTS)}`
      : `r${Math.floor(Math.random() * REGISTERS)}`
    const began = performance.now()
    running.push(
      write(device, tag).then(() => void (isBusy ? result.busy : result.quiet).push(performance.now() - began)),
    )
  }
  await Promise.all(running)
  return result
}

let next = 0

async function sendOnly(gateway: Gateway, device: string, tag: string): Promise<void> {
  const session = gateway.polling.device(device)!
  const point = session.points.find(({ settings }) => settings.name === tag)!
  const value = ++next % 65_536
  const [status = -1] = await session.write([{ point, value }], {
    deadlineMs: 5000,
    signal: new AbortController().signal,
  })
  if (!isGood(status)) throw new Error(`${device}/${tag}: ${statusName(status)}`)
}

async function command(gateway: Gateway, device: string, tag: string): Promise<void> {
  // Two writes of one tag at once would read back each other's value.
  const value = ++next % 65_536
  await gateway.commands.write({ device, tag, value, user: 'bench', from: 'bench' }).catch((error: Error) => {
    if (!/reads back/.test(error.message)) throw error
  })
}

function print(gateway: Gateway, what: string, { quiet, busy }: Series, limitMs?: number): void {
  for (const [where, times] of [
    [`to ${DEVICES} devices polled every second`, quiet],
    [`to one whose connection is never free`, busy],
  ] as const) {
    const sorted = [...times].sort((a, b) => a - b)
    const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]!
    const mean = sorted.reduce((sum, ms) => sum + ms, 0) / sorted.length
    const missed = limitMs !== undefined && at(0.99) >= limitMs
    const target = limitMs === undefined ? '' : ` (< ${limitMs})${missed ? ' MISSED' : ''}`
    console.log(
      `write ${what}, ${where}: ${sorted.length} writes, mean ${mean.toFixed(1)} ms (Neuron publishes ${NEURON_MEAN_MS}), ` +
        `p50 ${at(0.5).toFixed(1)}, p99 ${at(0.99).toFixed(1)}${target}, max ${sorted.at(-1)!.toFixed(1)} ms`,
    )
    if (missed) process.exitCode = 1
  }
  const { overruns, polls } = gateway.polling.device('busy')!.stats
  console.log(`  the busy device meanwhile: ${polls} polls, ${overruns} more were due while one ran`)
}

function configText(ports: readonly number[]): string {
  const device = (
    name: string,
    port: number,
    every: string,
    addresses: readonly number[],
    more = '',
  ) => `  - name: ${name}
    driver: modbus
    every: ${every}
    options: { host: 127.0.0.1, port: ${port}${more} }
    tags: [${addresses.map((at) => `{ name: r${at}, address: 'hr:${at}', type: uint16, writable: true }`).join(', ')}]
`
  const registers = Array.from({ length: REGISTERS }, (_, i) => i)
  const scattered = Array.from({ length: BUSY_REQUESTS }, (_, i) => i * 2)
  const quiet = ports.slice(0, DEVICES).map((port, i) => device(`d${i}`, port, '1s', registers))
  const busy = device('busy', ports[DEVICES]!, `${BUSY_EVERY_MS}ms`, scattered, ', maxGap: 0')
  return `version: 1\ndata: ./data\nhttp: { enabled: false }\ndevices:\n${quiet.join('')}${busy}`
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** The devices: each a server of its own on a port of its own; the last one is slow. */
async function serveDevices(): Promise<void> {
  const ports: number[] = []
  for (let i = 0; i <= DEVICES; i++) {
    const bank = new RegisterBank({ holdingRegisters: [{ address: 0, count: 2 * BUSY_REQUESTS }] })
    const slow = i === DEVICES ? { intercept: () => ({ delayMs: BUSY_ANSWER_MS }) } : {}
    ports.push(await createModbusServer({ clock: systemClock, unit: () => bank, ...slow }).listen(0))
  }
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  // Since it was asked for last.
  process.on('message', () => {
    process.send!(Number(lateness(delay, 99)))
    delay.reset()
  })
  process.send!(ports)
}

if (process.argv[2] === 'devices') {
  process.once('disconnect', () => process.exit(0))
  await serveDevices()
}
