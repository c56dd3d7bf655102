/**
 * `bifrost scan`: looks for devices in networks that the configuration allows. Progress goes to stderr, what was found to stdout.
 * Exit 0 when something was found, 3 when nothing answered, 4 when the network is not allowed.
 */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Config } from '../config/config.ts'
import { systemClock } from '../core/clock.ts'
import { proposedDevice, yamlEntry } from '../core/device-entry.ts'
import type { DriverType, FoundDevice } from '../core/driver.ts'
import { parseDuration } from '../core/duration.ts'
import { GatewayError, messageOf } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'
import { sizeOf } from '../core/network.ts'
import { oneLine } from '../core/one-line.ts'
import { allowedNetworks } from '../discovery/allowed.ts'
import { scan } from '../discovery/scan.ts'
import { usedHosts } from '../discovery/used.ts'
import { dial } from '../wire/dial.ts'
import { textOption, type Call } from './call.ts'
import { configFile, loadConfigFile } from './config-file.ts'
import { Exit } from './exit-code.ts'
import { hostUserName } from './host-user.ts'

const MOST_RATE = 1000
const MOST_CONCURRENCY = 64
const MOST_PORTS = 16
/** Connections are counted aloud this often. */
const TELL_EVERY_MS = 2000

export async function run(call: Call): Promise<number> {
  const [driver = '', ...asked] = call.args
  const { drivers } = await import('../drivers/index.ts')
  const type = driverOf(driver, drivers)
  if (asked.length === 0)
    throw new GatewayError('USAGE', `which network? For example: bifrost scan ${type.name} 10.0.1.0/24`)
  const config = await loadConfigFile(configFile(call), call.env)
  const networks = allowedNetworks(asked, config.discovery.networks, config.file)
  const ports = textOption(call, 'port') === undefined ? (type.scanPorts ?? []) : numbers(call, 'port', 1, 65_535)
  if (ports.length === 0) throw new GatewayError('USAGE', 'which port? For example: --port 4840')
  if (ports.length > MOST_PORTS)
    throw new GatewayError('USAGE', `${ports.length} ports are too many: at most ${MOST_PORTS}`)
  const settings = {
    type,
    networks,
    ports,
    units: numbers(call, 'unit', 0, 255),
    timeoutMs: timeout(call),
    concurrency: oneNumber(call, 'concurrency', MOST_CONCURRENCY),
    ratePerSecond: oneNumber(call, 'rate', MOST_RATE),
    multicast: multicast(call, config),
    used: await usedHosts(linesOf(config)),
  }
  const addresses = networks.reduce((sum, network) => sum + sizeOf(network), 0)
  call.terminal.say(
    `asking ${addresses} address${addresses === 1 ? '' : 'es'} at port ${ports.join(', ')}, read only, at most ${settings.ratePerSecond} new connections a second`,
  )
  const what = `${type.name} ${networks.map(({ text }) => text).join(' ')}, port ${ports.join(', ')}, at most ${settings.ratePerSecond} new connections a second`
  const record = recorder(config.data, what, call)
  await record('requested')
  const { found, isWhole } = await collect(settings, call)
  await record(`${found.length} found${isWhole ? '' : ', interrupted'}`)
  if (call.terminal.json) call.terminal.resultJson({ devices: found })
  call.terminal.say(found.length === 0 ? 'nothing answered' : `${found.length} found`)
  if (!isWhole) return Exit.interrupted
  return found.length === 0 ? Exit.unreachable : Exit.ok
}

/** Puts the scan on record. A scan reads only, so that a file that cannot be written is said and does not keep it from going on. */
function recorder(data: string, what: string, { terminal }: Call) {
  const id = randomUUID()
  const user = `host ${hostUserName()}`
  const from = `command line at ${hostname()}`
  // Where the gateway has never run there is no folder for it, and nothing is kept.
  const isKept = existsSync(data)
  return async (outcome: string): Promise<void> => {
    if (!isKept) return
    const { handInAudit } = await import('../gateway.ts')
    const event = { id, action: 'scan', user, from, object: 'network', outcome, details: { what } }
    await handInAudit(data, systemClock)
      .record(event)
      .catch((error: unknown) => terminal.say(`the scan is not on record: ${messageOf(error)}`))
  }
}

type Settings = Omit<Parameters<typeof scan>[0], 'clock' | 'log' | 'dial' | 'onConnect' | 'onSkip'>

/** What was found until the end, or until Ctrl-C. */
async function collect(settings: Settings, call: Call): Promise<{ found: FoundDevice[]; isWhole: boolean }> {
  const { terminal } = call
  const stop = new AbortController()
  const onInterrupt = () => stop.abort()
  process.once('SIGINT', onInterrupt)
  const found: FoundDevice[] = []
  let connections = 0
  let latest = ''
  const teller = systemClock.every(TELL_EVERY_MS, () =>
    terminal.say(`${connections} asked so far, ${found.length} found; now at ${latest}`),
  )
  const onConnect = (endpoint: string) => {
    connections++
    latest = endpoint
  }
  const onSkip = (endpoint: string) => terminal.say(`${endpoint} is left alone: a device of the configuration is there`)
  try {
    const setup = { ...settings, clock: systemClock, log: silentLog, dial, onConnect, onSkip }
    for await (const device of scan(setup, stop.signal)) {
      found.push(device)
      show(device, settings.type, call)
    }
    return { found, isWhole: true }
  } catch (error) {
    if (!stop.signal.aborted) throw error
    return { found, isWhole: false }
  } finally {
    teller.cancel()
    process.removeListener('SIGINT', onInterrupt)
  }
}

function show(device: FoundDevice, type: DriverType, { terminal, options }: Call): void {
  if (terminal.json) return
  const { vendor, product, serial, firmware } = device.identity
  const words = [vendor, product, serial && `serial ${serial}`, firmware && `version ${firmware}`].filter(Boolean)
  const head = oneLine(`${device.endpoint}  ${words.length === 0 ? 'says nothing of itself' : words.join(' ')}`)
  const notes = device.notes.map(oneLine)
  if (options.yaml !== true) {
    terminal.result(head)
    for (const note of notes) terminal.result(`  ${note}`)
    if (device.tags.length > 0) terminal.result(`  ${device.tags.length} tags to begin with: --yaml shows them`)
    return
  }
  for (const line of [head, ...notes]) terminal.result(`# ${line}`)
  for (const line of yamlEntry(proposedDevice(device, type.name))) terminal.result(line)
}

function driverOf(name: string, drivers: readonly DriverType[]): DriverType {
  const type = drivers.find((one) => one.name === name)
  if (type?.scan !== undefined) return type
  const able = drivers.filter((one) => one.scan !== undefined).map((one) => one.name)
  throw new GatewayError(
    'USAGE',
    `${name === '' ? 'which driver?' : `${name} cannot scan;`} these can: ${able.join(', ')}`,
  )
}

/** Multicast reaches everybody in the network: it is allowed apart. */
function multicast(call: Call, { discovery, file }: Config): boolean {
  if (call.options.multicast !== true) return false
  if (discovery.multicast) return true
  throw new GatewayError(
    'SCAN_FORBIDDEN',
    `asking the whole network by multicast is not allowed. Where it is yours to ask, write into ${file}: discovery: { multicast: true }`,
  )
}

/** Where the devices of the configuration are, disabled ones too: they may be enabled any time. */
const linesOf = ({ devices }: Config): string[] => devices.map(({ type, options }) => type.line(options as never))

function timeout(call: Call): number {
  const text = textOption(call, 'timeout') ?? '1s'
  const ms = parseDuration(text)
  if (ms === undefined || ms < 10 || ms > 60_000)
    throw new GatewayError('USAGE', `--timeout ${text}: expected a duration from 10ms to 1m, such as 500ms`)
  return ms
}

function oneNumber(call: Call, name: string, max: number): number {
  const text = textOption(call, name) ?? ''
  const number = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (number >= 1 && number <= max) return number
  throw new GatewayError('USAGE', `--${name} ${text}: expected a whole number from 1 to ${max}`)
}

/** `502,5020` or `1-16` as numbers, each once. */
function numbers(call: Call, name: string, min: number, max: number): number[] {
  const text = textOption(call, name) ?? ''
  const parts = text.split(',').flatMap((part) => {
    const match = /^\s*(\d+)(?:\s*-\s*(\d+))?\s*$/.exec(part)
    const first = Number(match?.[1] ?? Number.NaN)
    const last = Number(match?.[2] ?? first)
    if (!(first >= min && last <= max && first <= last))
      throw new GatewayError(
        'USAGE',
        `--${name} ${text}: expected numbers from ${min} to ${max}, such as ${min} or ${min}-${Math.min(max, min + 15)}`,
      )
    return Array.from({ length: last - first + 1 }, (_, at) => first + at)
  })
  return [...new Set(parts)]
}
