/**
 * Wires the flow in order, top to bottom: devices → pipeline → store → observers, and sinks behind their cursors. Read this
 * first. Starting opens the store before anything that fills it; stopping goes the same way: sources first, the store last.
 */
import { join } from 'node:path'
import type { Accounts } from './accounts/accounts.ts'
import { AuditFile, auditInto } from './commands/audit.ts'
import { openCertificates, type Certificates } from './commands/certificates.ts'
import { createCommands, type Commands } from './commands/commands.ts'
import { createSinkCommands, type SinkCommands } from './commands/sink-commands.ts'
import type { Config, DeviceConfig } from './config/config.ts'
import type { SampleBatch } from './core/batch.ts'
import { systemClock, type Clock } from './core/clock.ts'
import type { Context, Emit } from './core/driver.ts'
import { messageOf } from './core/errors.ts'
import type { Log } from './core/log.ts'
import type { SinkContext } from './core/sink.ts'
import type { TagId } from './core/value.ts'
import { createDeadLetters } from './delivery/dead-letters.ts'
import { createRunner, type Runner } from './delivery/runner.ts'
import { startReceiver, type Receiver } from './ingest/receiver.ts'
import { createTraces, type Traces } from './observe/trace/traces.ts'
import { createPipeline, type Pipeline } from './pipeline/index.ts'
import type { StoredTimes } from './polling/backfill.ts'
import { createPolling, type DeviceSetup, type Polling } from './polling/polling.ts'
import { lastTimes } from './store/last-times.ts'
import { openLearned } from './store/learned.ts'
import { openStore, type Store } from './store/store.ts'
import { dial as dialTcp } from './wire/dial.ts'

/** For the command line, where no gateway runs. */
export type { Accounts } from './accounts/accounts.ts'
export { openCertificatesAlone, type Certificates, type Holders } from './commands/certificates.ts'

/** The running gateway, as http and cli see it. */
export interface Gateway {
  readonly config: Config
  readonly clock: Clock
  readonly log: Log
  readonly version: string
  /** ms since 1970. */
  readonly startedAt: number
  readonly store: Store
  readonly polling: Polling
  readonly pipeline: Pipeline
  readonly runners: readonly Runner[]
  readonly commands: Commands
  readonly sinkCommands: SinkCommands
  readonly certificates: Certificates
  /** Undefined unless the configuration lets other gateways hand on their logs. */
  readonly receiver: Receiver | undefined
  readonly traces: Traces
  /** Undefined where the configuration says `http.access: open`, and without HTTP. */
  readonly accounts: Accounts | undefined
  /** Calls `observer` with every batch after it is stored; returns how to stop that. */
  onBatch(observer: Emit): () => void
  /** Stops polling, makes what was read durable, lets sinks finish the write in flight, and closes the store. */
  stop(): Promise<void>
}

export interface GatewayOptions {
  readonly log: Log
  readonly version: string
  readonly clock?: Clock
  /** Where BIFROST_ADMIN_PASSWORD is looked for; that of the process where absent. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** How devices are reached; tests replace it. */
  readonly dial?: Context['dial']
}

/** How often steps that act on time (stale, heartbeat, swinging door) are asked. */
const TICK_MS = 250
/** How long a sink may take to finish the write in flight when the gateway stops. */
const SINK_STOP_MS = 2000
const HELD =
  'Its tags are not read now: the log is full and keeps what a sink still waits for (store.whenFull: block). Look at the sinks.'

export async function startGateway(config: Config, options: GatewayOptions): Promise<Gateway> {
  const { log, version, clock = systemClock, dial = dialTcp } = options
  const store = await openStore({
    dir: config.data,
    clock,
    log: log.child({ component: 'store' }),
    syncEveryMs: config.store.syncEveryMs,
    preallocateBytes: config.store.preallocateBytes,
    retention: config.store,
    thinOneIn: config.store.thinOneIn,
    trends: config.store.trends,
  })
  try {
    const devices = await defineDevices(store, config.devices)
    const observers = new Set<Emit>()
    const keep = (batch: SampleBatch): number => {
      const refused = store.append(batch)
      for (const observer of observers) observer(batch)
      return refused
    }
    const pipeline = createPipeline(store.tags, clock, { held: (tag, receivedAt) => store.confirm(tag, receivedAt) })
    const emit: Emit = (batch) => pipeline.apply(batch, keep)

    const traces = createTraces({ clock })
    const learned = await openLearned({ folder: join(config.data, 'learned'), clock, log })
    const audit = new AuditFile(join(config.data, 'audit.ndjson'))
    const polling = createPolling(devices, {
      clock,
      log: log.child({ component: 'polling' }),
      dial,
      trace: (device) => traces.device(device),
      stored: storedTimes(store, clock),
      confirm: (tag, at) => {
        store.confirm(tag, at)
        pipeline.confirm(tag)
      },
      learned: (device) => learned.device(device),
      audit: (device, action) => audit.record(device, action, clock),
      certificates: { folder: certificateFolder(config) },
    })
    const commands = createCommands({ store, polling, clock, log: log.child({ component: 'commands' }), audit, emit })
    const runners = await createRunners(config, store, commands, audit, { clock, log, dial })

    const scan: Store['scan'] = (range, signal) => store.scan(range, signal)
    const sinkCommands = createSinkCommands({ runners, clock, audit, scan })

    const receiver =
      config.receive && (await startReceiver(config.receive, { store, keep, clock, log, ...placesOf(config) }))

    const certificates = await openCertificates({
      folder: certificateFolder(config),
      clock,
      log: log.child({ component: 'certificates' }),
      audit,
      onTrust: (refused) => refused.forEach((device) => polling.device(device)?.retryNow()),
    })
    const accounts = await openAccountsOf(config, { clock, log, audit, env: options.env ?? process.env })
    const startedAt = clock.now()
    for (const runner of runners) runner.start()
    store.onBlocked((isBlocked) => polling.hold(isBlocked ? HELD : undefined))
    polling.start(emit)
    const ticks = clock.every(TICK_MS, () => pipeline.tick(clock.now(), keep))

    const stop = async () => {
      // Polling ends what is in flight, so that the commands can put it on record.
      const recorded = commands.close()
      await polling.stop()
      await receiver?.stop()
      traces.close()
      certificates.close()
      await learned.close()
      await recorded
      await accounts?.close()
      await audit.close()
      ticks.cancel()
      pipeline.flush(keep)
      await store
        .flush()
        .catch((error: unknown) =>
          log.error({ error: messageOf(error) }, 'The last samples could not be made durable.'),
        )
      try {
        await Promise.all(runners.map((runner) => runner.stop(SINK_STOP_MS)))
      } finally {
        await store.close()
      }
    }
    let stopping: Promise<void> | undefined
    return {
      config,
      clock,
      log,
      version,
      startedAt,
      store,
      polling,
      pipeline,
      runners,
      commands,
      sinkCommands,
      certificates,
      receiver,
      traces,
      accounts,
      onBatch(observer: (batch: SampleBatch) => void) {
        observers.add(observer)
        return () => observers.delete(observer)
      },
      stop: () => (stopping ??= stop()),
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** Accounts are loaded where somebody is asked who they are. */
async function openAccountsOf(
  config: Config,
  { clock, log, audit, env }: { clock: Clock; log: Log; audit: AuditFile; env: NonNullable<GatewayOptions['env']> },
): Promise<Accounts | undefined> {
  if (config.http?.access !== 'accounts') return undefined
  const [{ openAccounts }, { initialAdmin }] = await Promise.all([
    import('./accounts/accounts.ts'),
    import('./config/initial-admin.ts'),
  ])
  return openAccounts({
    data: config.data,
    config: config.access,
    areaOf: areasOf(config),
    clock,
    log: log.child({ component: 'accounts' }),
    audit: auditInto(audit, clock),
    initialAdmin: initialAdmin(env),
  })
}

/** The accounts of a configuration for the command line on the host, beside a gateway that runs or without one. */
export async function openAccountsAlone(config: Config, { clock, log }: { clock: Clock; log: Log }) {
  const { openAccounts } = await import('./accounts/accounts.ts')
  const audit = new AuditFile(join(config.data, 'audit.ndjson'))
  const { data, access } = config
  const accounts = await openAccounts({
    data,
    config: access,
    areaOf: areasOf(config),
    clock,
    log,
    audit: auditInto(audit, clock),
  })
  const close = async (): Promise<void> => {
    await accounts.close()
    await audit.close()
  }
  return { accounts, close }
}

/** Where devices stand. */
function areasOf({ devices }: Config): (device: string) => string | undefined {
  const areas = new Map(devices.flatMap(({ name, area }) => (area === undefined ? [] : [[name, area] as const])))
  return (device) => areas.get(device)
}

/** Gives every configured tag its id, kept from earlier runs, and hands each device its points. */
async function defineDevices(store: Store, devices: readonly DeviceConfig[]): Promise<DeviceSetup[]> {
  const tags = devices.flatMap((device) => device.tags.map(({ settings }) => ({ device: device.name, settings })))
  const ids = (await store.defineTags(tags)).values()
  const nextId = (): TagId => ids.next().value!
  return devices.map(({ name, type, options, enabled, tags }) => ({
    name,
    type,
    options,
    enabled,
    points: tags.map(({ settings, address }) => ({ tag: nextId(), address, settings })),
  }))
}

const certificateFolder = ({ data }: Config): string => join(data, 'certificates')

const placesOf = ({ data, devices }: Config) => ({
  folder: join(data, 'received'),
  devices: new Set(devices.map(({ name }) => name)),
})

/** Until when values are stored, for devices whose own history fills the gaps. */
const storedTimes = (store: Store, clock: Clock): StoredTimes => ({
  lastTime(tag) {
    const { value, time } = store.latest.get(tag)
    return value === undefined ? undefined : time
  },
  before: (tags, range, signal) => lastTimes(store, tags, { ...range, now: clock.now() }, signal),
})

/** One runner for each configured sink; a disabled one keeps its place in the log. */
async function createRunners(
  config: Config,
  store: Store,
  commands: Commands,
  audited: AuditFile,
  { clock, log, dial }: { clock: Clock; log: Log; dial: Context['dial'] },
): Promise<Runner[]> {
  const { logId, tags, latest } = store
  const folder = join(config.data, 'dead-letters')
  const certificates = { folder: certificateFolder(config) }
  return Promise.all(
    config.sinks.map(async ({ name, type, options, enabled, replay }) => {
      const sinkLog = log.child({ component: 'sink', sink: name })
      const state = await store.openSinkState(name)
      const command: SinkContext['command'] = (asked) => commands.write(asked)
      const history: SinkContext['history'] = (range, signal) => store.read(range, signal)
      const audit: SinkContext['audit'] = (action) => audited.recordSink(name, action, clock)
      const context = {
        name,
        log: sinkLog,
        clock,
        dial,
        logId,
        tags,
        latest,
        history,
        command,
        state,
        audit,
        certificates,
      }
      return createRunner({
        name,
        type: type.name,
        sink: type.create(options as never, context),
        batchRows: type.batchRows,
        cursor: await store.openCursor(name, replay),
        replayRowsPerSecond: replay.makeUpRowsPerSecond,
        clock,
        log: sinkLog,
        deadLetters: createDeadLetters({ folder, sink: name, logId, tags, clock }),
        enabled,
      })
    }),
  )
}
