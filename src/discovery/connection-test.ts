/**
 * Tries a device before it is configured: name, connection, TLS, session and a first read, one after another, with the driver that would
 * poll it, over a connection of its own. Nothing is kept of it: no learned profile, no samples, no figures of a device.
 */
import { isIP } from 'node:net'
import type { SampleBatch } from '../core/batch.ts'
import type { Clock } from '../core/clock.ts'
import { isUnfinished, type Context, type Driver, type DriverType, type Endpoint, type Point } from '../core/driver.ts'
import { GatewayError, messageOf, NotConnectedError } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'
import { isBad, statusInfo } from '../core/status.ts'
import type { TagSettings } from '../core/tags.ts'
import { toJsonValue } from '../core/value.ts'
import { TestStages, type StageName, type StageResult } from './test-stages.ts'

/** How the gateway connects; `dial` says how far it is. */
export interface Connector {
  dial(endpoint: Endpoint, signal: AbortSignal, onStage: (stage: 'tcp' | 'tls') => void): ReturnType<Context['dial']>
  resolve(host: string, port: number): Promise<string>
}

export interface TestedDevice {
  readonly name: string
  readonly type: DriverType
  /** Parsed by the type's own schema. */
  readonly options: unknown
  /** What is read at last; where absent, the device is asked who it is. */
  readonly point?: { readonly address: unknown; readonly settings: TagSettings; readonly isTyped: boolean } | undefined
  readonly certificates?: Context['certificates']
}

export interface ConnectionTest {
  readonly ok: boolean
  readonly stages: readonly StageResult[]
}

/** Resolves in every case; `signal` bounds it. `onStage` hears of each stage as it ends. */
export async function testConnection(
  device: TestedDevice,
  connector: Connector,
  clock: Clock,
  signal: AbortSignal,
  onStage?: (result: StageResult) => void,
): Promise<ConnectionTest> {
  const stages = new TestStages(() => clock.monotonic(), onStage)
  let driver: Driver<unknown> | undefined
  try {
    driver = device.type.create(device.options as never, contextOf(device, connector, clock, stages))
    const startedAt = clock.monotonic()
    await driver.connect(signal)
    stages.begin('session')
    stages.end(stages.results.length === 3 ? null : `connected within ${Math.round(clock.monotonic() - startedAt)} ms`)
    stages.begin('read')
    await firstRead(driver, device, stages, clock, signal)
  } catch (error) {
    const [detail, help] = wordsOf(error, stages, signal)
    stages.fail(detail, help)
  } finally {
    await driver?.close().catch(() => undefined)
  }
  return { ok: stages.results.every(({ result }) => result === 'ok' || result === 'skipped'), stages: stages.results }
}

function contextOf(device: TestedDevice, connector: Connector, clock: Clock, stages: TestStages): Context {
  const shared: { thing?: unknown; all?: unknown } = {}
  const dial: Context['dial'] = async (endpoint, signal) => {
    stages.begin(isName(endpoint) ? 'dns' : 'tcp')
    const stream = await connector.dial(endpoint, signal, (stage) => stages.begin(stage))
    stages.begin('session')
    return stream
  }
  return {
    name: device.name,
    log: silentLog,
    clock,
    dial,
    // The library connects by itself afterwards: whether anything listens there is found out first, so that it can be told apart.
    async resolve(host, port) {
      if (stages.current === 'session') return connector.resolve(host, port)
      stages.begin(isIP(host) === 0 ? 'dns' : 'tcp')
      const address = await connector.resolve(host, port)
      stages.begin('tcp')
      const { connectTimeout = 5000 } = device.options as { connectTimeout?: number }
      const probe = await connector.dial({ host: address, port, connectTimeoutMs: connectTimeout }, AbortSignal.timeout(connectTimeout), () => undefined) // prettier-ignore
      probe.on('error', () => undefined).destroy()
      stages.begin('session')
      return address
    },
    certificates: device.certificates,
    share: <Thing>(create: () => Thing) => (shared.thing ??= create()) as Thing,
    shareAll: <Thing>(create: () => Thing) => (shared.all ??= create()) as Thing,
  }
}

const isName = (endpoint: Endpoint): boolean => endpoint.transport !== 'serial' && isIP(endpoint.host) === 0

async function firstRead(
  driver: Driver<unknown>,
  { point: wanted }: TestedDevice,
  stages: TestStages,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  if (wanted === undefined) {
    const identity = (await driver.identify?.(signal)) ?? {}
    const words = Object.values(identity).filter((text) => text !== '')
    if (words.length > 0) stages.end(words.join(' '), { identity })
    else stages.skip('no address was given, and the device says nothing of itself')
    return
  }
  const point: Point<unknown> = { tag: 0, address: wanted.address, settings: wanted.settings }
  const [known] = wanted.isTyped ? [] : ((await driver.describe?.([point], signal)) ?? [])
  const described = { ...point, settings: { ...point.settings, ...known } }
  const row: { value?: unknown; status?: number } = {}
  const emit = (batch: SampleBatch) => {
    for (const { value, status } of batch) Object.assign(row, { value, status })
  }
  const poll = driver.prepare([described], true)
  for (let step = 0; step < poll.steps; step++) while (isUnfinished(await poll.read(step, emit, signal)));
  const { value, status } = row
  if (status === undefined) return stages.fail('it answered with no value', HELP.read)
  const { name, text } = statusInfo(status)
  if (isBad(status)) stages.fail(`${name}: ${driver.reasonOf?.(0) ?? text}`, HELP.read)
  else {
    const endedAt = clock.monotonic()
    // Many devices say nothing of themselves, and some take the question ill: it comes last.
    const identity = (await driver.identify?.(signal).catch(() => undefined)) ?? {}
    const shown = toJsonValue(value as never)
    stages.end(`${JSON.stringify(shown)} (${name})`, { identity, value: { value: shown, type: described.settings.type, status: name } }, endedAt) // prettier-ignore
  }
}

/** What to do, by where it failed. */
const HELP: Record<StageName, string> = {
  dns: 'Check the spelling of the name, and the name server of this machine; or give the address itself.',
  tcp: 'Check power, cable, address and port, and firewalls in between.',
  tls: 'Check the certificates on both sides, and whether this port speaks TLS.',
  session: 'Check that this port speaks the protocol of the driver, and user, certificate and unit id.',
  read: 'Check the address, and the unit id, against the manual of the device.',
}

function wordsOf(error: unknown, stages: TestStages, signal: AbortSignal): [detail: string, help: string] {
  const stage = stages.current ?? 'dns'
  if (signal.aborted) return ['it did not end in the time that the test has', HELP[stage]]
  if (!(error instanceof GatewayError)) return [messageOf(error), HELP[stage]]
  const { reason } = error.details
  if (reason === 'EFORBIDDEN') return [error.message, 'Add the address to `network.allow` if it is a device of yours.']
  if (error.code === 'CONFIG_INVALID') return [error.message, 'Correct the named option.']
  return [
    error.message,
    error instanceof NotConnectedError || error.code === 'TIMEOUT' ? HELP[stage] : `${HELP[stage]} ${error.info.help}`,
  ]
}
