/**
 * Wires the flow in order, top to bottom: devices → pipeline → store → observers, and sinks behind their cursors. Read this
 * first. Starting opens the store before anything that fills it; stopping goes the same way: sources first, the store last.
 */
import { join } from 'node:path'
import type { Accounts } from './accounts/accounts.ts'
import { openAlerts, type Alerts } from './alerts/alerts.ts'
import { openMaintenance, type Maintenance } from './alerts/maintenance.ts'
import { deviceEvent } from './audit/actions.ts'
import { openAudit, type AuditLog } from './audit/audit.ts'
import { handInAudit } from './audit/inbox.ts'
import { openCertificates, openCertificatesIn, type Certificates } from './commands/certificates.ts'
import { watchCertificatesInUse, type CertificatesInUse } from './commands/certificates-in-use.ts'
import { createCommands, type Commands } from './commands/commands.ts'
import { createSinkCommands, type SinkCommands } from './commands/sink-commands.ts'
import { openWritesLock, type WritesLock } from './commands/writes-lock.ts'
import type { Config } from './config/config.ts'
import type { LiveConfig } from './config/live/live-config.ts'
import type { Vital } from './config/live/status.ts'
import type { ChangeReport } from './core/change-report.ts'
import { ownPorts } from './config/own-ports.ts'
import { namedCertificates } from './config/named-certificates.ts'
import type { SampleBatch } from './core/batch.ts'
import { systemClock, type Clock } from './core/clock.ts'
import type { Emit, FoundDevice } from './core/driver.ts'
import { GatewayError, messageOf } from './core/errors.ts'
import type { Log } from './core/log.ts'
import { Restarts } from './core/restarts.ts'
import type { Runner } from './delivery/runner.ts'
import { areaOf, openAccountsOf } from './gateway/accounts.ts'
import { alertFacts, silencedBy } from './gateway/alert-facts.ts'
import { carryOut, type ChangeContext } from './gateway/change.ts'
import { FollowedWrites } from './gateway/followed-writes.ts'
import { openLogs, type AccessLog } from './gateway/logs.ts'
import { defineDevices } from './gateway/devices.ts'
import { Sinks } from './gateway/sinks.ts'
import { storedTimes } from './gateway/stored-times.ts'
import { vitalsOf } from './gateway/vitals.ts'
import { startReceiver, type Receiver } from './ingest/receiver.ts'
import { Probes } from './observe/explain/probes.ts'
import { openKpi, type IsPlanned, type Kpi } from './kpi/kpi.ts'
import type { Logbook } from './observe/logbook/logbook.ts'
import { createTraces, type Traces } from './observe/trace/traces.ts'
import { Parameters } from './parameters/parameters.ts'
import { createPipeline, type Pipeline } from './pipeline/index.ts'
import { createPolling, type Polling } from './polling/polling.ts'
import { openSecrets } from './secrets/secrets.ts'
import { openLearned } from './store/learned.ts'
import { openStore, type Store } from './store/store.ts'
import type { Tracing } from './tracing/tracing.ts'
import { testConnection, type ConnectionTest, type TestedDevice } from './discovery/connection-test.ts'
import { Guests } from './discovery/guests.ts'
import { scan, type ScanSetup } from './discovery/scan.ts'
import type { StageResult } from './discovery/test-stages.ts'
import { createDial, createResolve } from './wire/dial.ts'
import { createMovingReach, type ReachRules } from './wire/reach.ts'

/** For the command line, where no gateway runs. */
export type { Accounts } from './accounts/accounts.ts'
export { openAccountsAlone } from './gateway/accounts.ts'
export { auditFolder, handInAudit } from './audit/inbox.ts'
export { assertWritesOpen } from './commands/writes-lock.ts'
export { verifyFolder } from './audit/alone.ts'
export { newKeyText } from './secrets/keyring.ts'
export { readSecrets, rotateKey } from './secrets/secrets.ts'
export { STAGES, type StageResult } from './discovery/test-stages.ts'
export type { Certificates, Holders } from './commands/certificates.ts'

/** The running gateway, as http and cli see it. */
export interface Gateway {
  /** What runs: another one after each `change`. */
  readonly config: Config
  readonly clock: Clock
  readonly log: Log
  /** What was said lately, and how much is said. */
  readonly logbook: Pick<Logbook, 'records' | 'levels' | 'counts' | 'patterns' | 'dropped'>
  /** Where requests of the API are said; undefined: nowhere. */
  readonly accessLog: AccessLog | undefined
  readonly version: string
  /** ms since 1970. */
  readonly startedAt: number
  readonly store: Store
  readonly polling: Polling
  readonly pipeline: Pipeline
  readonly runners: readonly Runner[]
  readonly commands: Commands
  /** Locks all writes, by whatever road they come. */
  readonly writesLock: WritesLock
  /** For which devices nobody is woken now. */
  readonly maintenance: Maintenance
  /** What is told to people by the gateway itself, where that is configured. */
  readonly alerts: Alerts
  readonly sinkCommands: SinkCommands
  readonly certificates: Certificates
  /** When those that the configuration names expire. */
  readonly certificatesInUse: CertificatesInUse
  /** Where what people do is put on record. */
  readonly audit: AuditLog
  readonly parameters: Parameters
  /** Undefined unless the configuration lets other gateways hand on their logs. */
  readonly receiver: Receiver | undefined
  readonly traces: Traces
  /** Opens connections, only where `network` lets it. */
  readonly dial: ReturnType<typeof createDial>
  /** Spans of what it does, to a collector; undefined where nothing is traced. */
  readonly tracing: Tracing | undefined
  /** What was begun anew because it did not go on. */
  readonly restarts: Restarts
  /** Figures of devices and assets. */
  readonly kpi: Kpi
  /** Who wants the next sample of a tag explained. */
  readonly probes: Probes
  /** Undefined where the configuration says `http.access: open`, and without HTTP. */
  readonly accounts: Accounts | undefined
  /** Calls `observer` with every batch after it is stored; returns how to stop that. */
  onBatch(observer: Emit): () => void
  /** Its configuration as files, where whoever started it can read them again. */
  configuration: LiveConfig | undefined
  /** Devices that are not configured, looked at by somebody who is about to add them. */
  readonly guests: Guests
  /** Tries a device as it would be configured; nothing is kept of it. */
  testConnection(
    device: TestedDevice,
    signal: AbortSignal,
    onStage?: (result: StageResult) => void,
  ): Promise<ConnectionTest>
  /** The devices that answer, as they are found; `setup` as `allowedNetworks` and `usedHosts` let it be. */
  scan(setup: Omit<ScanSetup, 'clock' | 'log' | 'dial'>, signal: AbortSignal): AsyncIterable<FoundDevice>
  /** Whether the devices do their work, by name. */
  vitals(): ReadonlyMap<string, Vital>
  /**
   * Runs by `next` from now on, and touches only what differs. Rejects when it cannot be: then everything goes on as it was. One change
   * after another; none while it stops (SHUTTING_DOWN).
   */
  change(next: Config): Promise<ChangeReport>
  /** Stops polling, makes what was read durable, lets sinks finish the write in flight, and closes the store. */
  stop(): Promise<void>
}

export interface GatewayOptions {
  readonly log: Log
  readonly version: string
  readonly clock?: Clock
  /** Where BIFROST_ADMIN_PASSWORD and the key of secrets are looked for; that of the process where absent. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** How devices are reached; tests replace it. */
  readonly dial?: ReturnType<typeof createDial>
}

/** How often steps that act on time (stale, heartbeat, swinging door) are asked. */
const TICK_MS = 250
const HELD =
  'Its tags are not read now: the log is full and keeps what a sink still waits for (store.whenFull: block). Look at the sinks.'

export async function startGateway(config: Config, options: GatewayOptions): Promise<Gateway> {
  const { version, clock = systemClock } = options
  const logbook = await openLogs(config, { log: options.log, version, clock })
  const { log } = logbook
  const reach = createMovingReach(reachRules(config))
  const { dial = createDial(reach) } = options
  const resolve = createResolve(reach)
  let running = config
  const store = await openStore({
    dir: config.data,
    clock,
    log: log.child({ component: 'store' }),
    syncEveryMs: config.store.syncEveryMs,
    preallocateBytes: config.store.preallocateBytes,
    retention: config.store,
    thinOneIn: config.store.thinOneIn,
    trends: config.store.trends,
  }).catch(async (error: unknown) => {
    await logbook.end()
    throw error
  })
  const opened: { close(): unknown }[] = []
  let tracing: Tracing | undefined
  try {
    const devices = await defineDevices(store, config.devices)
    tracing = config.tracing && (await import('./tracing/tracing.ts')).startTracing(config.tracing, { clock, log: log.child({ component: 'tracing' }), version, dial, instance: store.logId }) // prettier-ignore
    const observers = new Set<Emit>()
    const keep = (batch: SampleBatch): number => {
      const refused = tracing === undefined ? store.append(batch) : tracing.append(batch, (one) => store.append(one))
      for (const observer of observers) observer(batch)
      return refused
    }
    const pipeline = createPipeline(store.tags, clock, { held: (tag, receivedAt) => store.confirm(tag, receivedAt) })
    const probes = new Probes()
    const emit: Emit = (batch) =>
      probes.size === 0 ? pipeline.apply(batch, keep) : probes.apply(batch, pipeline, keep)

    const restarts = new Restarts()
    const traces = createTraces({ clock })
    const learned = await openLearned({ folder: join(config.data, 'learned'), clock, log })
    const secrets = await openSecrets(config.data, { ...config.secrets, env: options.env ?? process.env, log: log.child({ component: 'secrets' }) }) // prettier-ignore
    const audit = await openAudit({ data: config.data, clock, log: log.child({ component: 'audit' }), secrets, limits: config.audit, onWritten: logbook.onAudit }) // prettier-ignore
    opened.push(learned, audit)
    const lock = await openWritesLock({ data: config.data, clock, log: log.child({ component: 'commands' }), audit })
    let areas = areaOf(config)
    const ofAlerts = { data: config.data, clock, log: log.child({ component: 'alerts' }) }
    const maintenance = await openMaintenance({ ...ofAlerts, audit, areaOf: (device) => areas(device) })
    opened.push(maintenance)
    const isPlanned: IsPlanned = (device) => maintenance.windowOf(device) !== undefined
    const kpi = await openKpi({ data: config.data, clock, log: log.child({ component: 'kpi' }), known: store, isPlanned }) // prettier-ignore
    kpi.configure(config.devices, config.assets)
    observers.add(kpi.see)
    const polling = createPolling(devices, {
      clock,
      log: log.child({ component: 'polling' }),
      dial,
      resolve,
      trace: (device) => traces.device(device),
      tracer: tracing,
      stored: storedTimes(store, clock),
      confirm: (tag, at) => {
        store.confirm(tag, at)
        pipeline.confirm(tag)
      },
      learned: (device) => learned.device(device),
      account: (device) => kpi.account(device),
      audit: (device, action) => audit.record(deviceEvent(device, action)),
      assertWritable: () => lock.assertOpen(),
      certificates: { folder: certificateFolder(config) },
      restarts,
    })
    const followed = new FollowedWrites({ clock, log, runners: () => sinks.runners, isWanted: () => !logbook.levels.isSilent('debug') }) // prettier-ignore
    const commands = createCommands({
      store,
      polling,
      clock,
      log: log.child({ component: 'commands' }),
      audit,
      lock,
      tracer: tracing,
      approveWithinMs: config.writes?.approveWithinMs,
      emit,
      onStored: (written) => followed.follow(written),
    })
    const places = { data: config.data, certificates: { folder: certificateFolder(config) } }
    const sinks = new Sinks({ store, commands, audit, clock, log, dial, resolve, restarts, tracer: tracing, ...places })
    await sinks.open(config.sinks)
    const { runners } = sinks

    const sinkCommands = createSinkCommands({ runners, audit, scan: (range, signal) => store.scan(range, signal) })

    const names = new Set(config.devices.map(({ name }) => name))
    const folder = join(config.data, 'received')
    const receiver =
      config.receive && (await startReceiver(config.receive, { store, keep, clock, log, folder, devices: names }))

    const certificates = await openCertificates({
      folder: certificateFolder(config),
      clock,
      log: log.child({ component: 'certificates' }),
      audit,
      onTrust: (refused) => refused.forEach((device) => polling.device(device)?.retryNow()),
    })
    opened.push(certificates, { close: () => receiver?.stop() })
    const parameters = new Parameters({ polling, commands, clock, log: log.child({ component: 'parameters' }), audit, data: config.data }) // prettier-ignore
    parameters.configure(config.devices)
    const accounts = await openAccountsOf(config, { clock, log, audit, env: options.env ?? process.env })
    const certificatesInUse = await watchCertificatesInUse({ named: () => namedCertificates(running), data: config.data, clock, log: log.child({ component: 'certificates' }) }) // prettier-ignore
    const guests = new Guests({ clock, dial, resolve, certificates: places.certificates })
    const startedAt = clock.now()
    sinks.start()
    store.onBlocked((isBlocked) => polling.hold(isBlocked ? HELD : undefined))
    polling.start(emit)
    kpi.start()
    const facts = alertFacts({ store, polling, audit, maintenance, certificates, certificatesInUse, clock, config: () => running, configuration: () => gateway.configuration, runners: () => gateway.runners }) // prettier-ignore
    const alerts = await openAlerts(config.alerts, { ...ofAlerts, dial, silenceOf: silencedBy(maintenance), facts })
    const ticks = clock.every(TICK_MS, () => pipeline.tick(clock.now(), keep))

    const stop = async () => {
      // Polling ends what is in flight, so that the commands can put it on record.
      const recorded = commands.close()
      const restored = parameters.close()
      // First: that devices and sinks are stopped is no alert.
      await alerts.close()
      await polling.stop()
      await kpi.close()
      await guests.close()
      await receiver?.stop()
      traces.close()
      followed.close()
      certificates.close()
      certificatesInUse.close()
      await learned.close()
      await recorded
      await restored
      await accounts?.close()
      await maintenance.close()
      await audit.close()
      ticks.cancel()
      pipeline.flush(keep)
      await store
        .flush()
        .catch((error: unknown) => log.error({ error: messageOf(error) }, 'The last samples could not be made durable.')) // prettier-ignore
      try {
        await sinks.stop()
        await tracing?.close()
      } finally {
        await store.close()
        await logbook.end()
      }
    }
    let stopping: Promise<void> | undefined
    const forget = (device: string): void => traces.forget(device)
    const { configure: configureLog } = logbook
    const parts: ChangeContext = { store, polling, pipeline, sinks, clock, keep, names, forget, configureLog }
    const changeNow = async (next: Config): Promise<ChangeReport> => {
      if (stopping !== undefined)
        throw new GatewayError('SHUTTING_DOWN', 'The gateway is shutting down: nothing was changed.')
      // One of them may be what is configured from now on, and bear one connection only.
      await guests.close()
      reach.move(reachRules(next))
      logbook.hideThoseOf(running, next)
      try {
        const done = await carryOut(running, next, parts)
        running = done.config
        parameters.configure(running.devices)
        kpi.configure(running.devices, running.assets)
        areas = areaOf(running)
        accounts?.configure(running.access, areas)
        await alerts.configure(running.alerts)
        return done.report
      } finally {
        reach.move(reachRules(running))
        logbook.hideThoseOf(running)
      }
    }
    let changing: Promise<unknown> = Promise.resolve()
    const gateway: Gateway = {
      get config() {
        return running
      },
      configuration: undefined,
      clock,
      log,
      logbook,
      accessLog: logbook.access,
      version,
      startedAt,
      store,
      polling,
      pipeline,
      runners,
      commands,
      writesLock: lock,
      maintenance,
      alerts,
      sinkCommands,
      certificates,
      audit,
      certificatesInUse,
      guests,
      parameters,
      receiver,
      traces,
      dial,
      tracing,
      restarts,
      kpi,
      probes,
      accounts,
      onBatch(observer: (batch: SampleBatch) => void) {
        observers.add(observer)
        return () => observers.delete(observer)
      },
      testConnection: (device, signal, onStage) =>
        testConnection({ ...device, certificates: places.certificates }, { dial, resolve }, clock, signal, onStage),
      scan: (setup, signal) => scan({ ...setup, clock, log: log.child({ component: 'scan' }), dial }, signal),
      vitals: () => vitalsOf(polling),
      change(next) {
        const change = changing.then(() => changeNow(next))
        changing = change.catch(() => undefined)
        return change
      },
      // A change that is under way comes to its end first.
      stop: () => (stopping ??= Promise.resolve(gateway.configuration?.close()).then(() => changing.then(stop))),
    }
    return gateway
  } catch (error) {
    await Promise.allSettled([tracing, ...opened].map((part) => part?.close()))
    await store.close()
    await logbook.end()
    throw error
  }
}

/** The certificates of a data folder for the command line, where no gateway runs, or beside it; `close` ends it. */
export const openCertificatesAlone = (data: string, { clock, log }: Pick<Gateway, 'clock' | 'log'>) =>
  openCertificatesIn(data, { clock, log, audit: handInAudit(data, clock) })

/** Whom this configuration lets devices and sinks dial. */
function reachRules(config: Config): ReachRules {
  const { allow = [], deny = [] } = config.network ?? {}
  return { allow, deny, ownPorts: ownPorts(config) }
}

const certificateFolder = ({ data }: Config): string => join(data, 'certificates')
