/**
 * Parameter sets of the running gateway: read, saved as versions, compared, restored. Everything that is asked of a device goes over
 * its line like any other command; everything that is written goes through `commands/`.
 */
import { join } from 'node:path'
import type { Commands } from '../commands/commands.ts'
import type { Audit } from '../core/audit.ts'
import type { Clock } from '../core/clock.ts'
import { GatewayError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { statusName } from '../core/status.ts'
import { compareSet, type Compared } from './compare.ts'
import { ConfiguredSets, type ConfiguredDevice } from './configured-sets.ts'
import { Drift } from './drift.ts'
import { checkIdentity, type IdentityCheck, type ToldIdentity } from './identity.ts'
import { readSet, type ParameterDevice, type PointedSet, type Reading, type SetReading } from './reading.ts'
import {
  carryOutRestoration,
  planRestoration,
  type Asked,
  type Restoration,
  type RestorationContext,
  type RestoreRequest,
} from './restoration.ts'
import { digestOf, summaryOf, toStoredValue, type StoredVersion, type VersionSummary } from './stored.ts'
import { Versions, type KnownVersion, type VersionsOptions } from './versions.ts'

export interface ParametersContext {
  readonly polling: { device(name: string): ParameterDevice | undefined }
  readonly commands: Pick<Commands, 'writeParameter'>
  readonly clock: Clock
  readonly log: Log
  readonly audit: Audit
  /** The data folder. */
  readonly data: string
  readonly files?: VersionsOptions['files']
}

/** What came of the last comparison of a set. */
export interface LastCompare {
  readonly device: string
  readonly set: string
  /** ms since 1970. */
  readonly time: number
  /** With which version. */
  readonly version: number
  /** Parameters that are not equal, for whatever reason. */
  readonly differences: number
}

export interface Comparison {
  readonly time: number
  readonly version: VersionSummary
  readonly identity: IdentityCheck
  readonly parameters: readonly Compared[]
}

export class Parameters {
  readonly #context: ParametersContext
  readonly #configured = new ConfiguredSets()
  readonly #versions: Versions
  readonly #last = new Map<string, LastCompare>()
  readonly #restoring = new Map<string, Promise<unknown>>()
  readonly #closing = new AbortController()
  readonly #drift: Drift

  constructor(context: ParametersContext) {
    this.#context = context
    const { clock, log, files, data } = context
    this.#versions = new Versions({ folder: join(data, 'parameters'), log, files })
    this.#drift = new Drift({ clock, log, compare: (device, set, signal) => this.#look(device, set, signal) })
  }

  /** What is configured from now on; a restore that is under way goes on with what it began with. */
  configure(devices: readonly ConfiguredDevice[]): void {
    this.#configured.take(devices)
    for (const [key, { device, set }] of this.#last) if (!this.#configured.has(device, set)) this.#last.delete(key)
    this.#drift.configure(this.#configured.watched)
  }

  /** The sets of a device, in the order of the configuration. */
  sets(device: string): readonly PointedSet[] {
    return this.#configured.of(device)
  }

  /** Throws NOT_FOUND. */
  set(device: string, name: string): PointedSet {
    return this.#configured.get(device, name)
  }

  /** Why a set may not be written to its device, in a sentence; undefined: it may. */
  forbidden(device: string, name: string): string | undefined {
    return this.#configured.forbidden(device, name)
  }

  /** Newest first. */
  async versions(device: string, name: string): Promise<KnownVersion[]> {
    this.set(device, name)
    return this.#versions.list(device, name)
  }

  /** The newest where none is named. Throws NOT_FOUND, CONFLICT (damaged). */
  async stored(device: string, name: string, version?: number): Promise<StoredVersion> {
    this.set(device, name)
    const stored = await this.#versions.load(device, name, version)
    if (stored !== undefined) return stored
    throw new GatewayError('NOT_FOUND', `nothing is stored of ${device}/${name} yet: save it first`)
  }

  /** What came of the last comparison since the start; undefined: there was none. */
  lastCompare(device: string, name: string): LastCompare | undefined {
    return this.#last.get(`${device}/${name}`)
  }

  /** Of all sets that were compared since the start. */
  compared(): readonly LastCompare[] {
    return [...this.#last.values()]
  }

  /** What the device holds now. Throws NOT_CONNECTED. */
  async read(device: string, name: string, signal: AbortSignal): Promise<SetReading> {
    const { points } = this.set(device, name)
    const session = this.#session(device)
    const { clock } = this.#context
    this.#closing.signal.throwIfAborted()
    const readings = await readSet(session, points, clock, signal)
    return { time: clock.now(), readings, identity: await session.identify(signal) }
  }

  /**
   * Reads the set and keeps it as a version, unless the newest one says the same. Throws DEVICE_REFUSED when a part of it cannot be
   * read, unless `partial`.
   */
  async save(
    device: string,
    name: string,
    { user, from, reason, partial, trace }: Asked & { readonly partial: boolean },
    signal: AbortSignal,
  ): Promise<{ readonly saved: VersionSummary; readonly isNew: boolean }> {
    const assertStill = (): void => {
      if (this.#restoring.has(device))
        throw new GatewayError('CONFLICT', `a restore of ${device} is under way: nothing was saved`)
    }
    assertStill()
    const { time, readings, identity } = await this.read(device, name, signal)
    assertStill()
    const holes = readings.filter(({ raw }) => raw === undefined)
    if (holes.length > 0 && (!partial || holes.length === readings.length))
      throw incomplete(device, name, readings, holes)
    const values = readings.map(toStoredValue)
    const sha256 = digestOf(values)
    const newest = (await this.#versions.list(device, name))[0]?.summary
    if (newest !== undefined && newest.sha256 === sha256 && isSameIdentity(newest.identity, identity))
      return { saved: newest, isNew: false }
    const head = { format: 1 as const, device, set: name, time: new Date(time).toISOString(), user, from }
    const stored = await this.#versions.save({ ...head, reason: reason ?? null, identity, sha256, values })
    const details = { version: stored.version, sha256, parameters: values.length, unreadable: holes.length }
    const object = `parameters ${device}/${name}`
    await this.#context.audit.record({
      action: 'parameters.save',
      user,
      from,
      object,
      reason,
      outcome: 'done',
      trace,
      details,
    })
    this.#context.log.info({ device, set: name, version: stored.version }, `${user} saved the parameters of ${device}.`)
    return { saved: summaryOf(stored), isNew: true }
  }

  /** Throws NOT_CONNECTED, NOT_FOUND (nothing is stored), CONFLICT (the version is damaged). */
  async compare(device: string, name: string, version: number | undefined, signal: AbortSignal): Promise<Comparison> {
    const stored = await this.stored(device, name, version)
    const { time, readings, identity } = await this.read(device, name, signal)
    const parameters = compareSet(stored, readings)
    this.#compared(device, name, stored.version, parameters)
    return { time, version: summaryOf(stored), identity: checkIdentity(stored.identity, identity), parameters }
  }

  /**
   * Writes what differs. Throws WRITE_FORBIDDEN, CONFLICT (another model without `force`, a damaged version, another restore of this
   * device), NOT_CONNECTED and NOT_FOUND before anything is written; after that what came of it is in the report.
   */
  async restore(device: string, name: string, request: RestoreRequest, signal: AbortSignal): Promise<Restoration> {
    const context = this.#restorationOf(device, name)
    if (request.dryRun) return (await planRestoration(context, request.version, signal)).report
    this.#closing.signal.throwIfAborted()
    if (this.#restoring.has(device))
      throw new GatewayError('CONFLICT', `a restore of ${device} is under way: wait until it has ended`)
    const run = carryOutRestoration(context, request, AbortSignal.any([signal, this.#closing.signal]))
    this.#restoring.set(device, run)
    return run.finally(() => this.#restoring.delete(device))
  }

  /** Restores stop after the parameter that they are at; resolves when they have ended and all that is saved is on disk. */
  async close(): Promise<void> {
    this.#closing.abort(new GatewayError('SHUTTING_DOWN', 'The gateway is shutting down.'))
    await this.#drift.close()
    await Promise.allSettled(this.#restoring.values())
    await this.#versions.close()
  }

  #restorationOf(device: string, name: string): RestorationContext {
    const { clock, log, audit, commands } = this.#context
    return {
      device: this.#session(device),
      set: this.set(device, name),
      forbidden: this.forbidden(device, name),
      clock,
      log,
      audit,
      write: commands.writeParameter,
      closing: this.#closing.signal,
      stored: (version) => this.stored(device, name, version),
      read: (signal) => this.read(device, name, signal),
      compared: ({ version }, left) => this.#compared(device, name, version, left),
    }
  }

  /** The comparison that nobody asked for: who the device is was looked at when it was saved and is when it is restored. */
  async #look(device: string, name: string, signal: AbortSignal): Promise<readonly Compared[] | undefined> {
    if (this.#restoring.has(device)) return undefined
    const { points } = this.set(device, name)
    const stored = await this.#versions.load(device, name)
    if (stored === undefined) return undefined
    const parameters = compareSet(stored, await readSet(this.#session(device), points, this.#context.clock, signal))
    this.#compared(device, name, stored.version, parameters)
    return parameters
  }

  #compared(device: string, set: string, version: number, parameters: readonly Compared[]): void {
    const differences = parameters.filter(({ state }) => state !== 'equal').length
    this.#last.set(`${device}/${set}`, { device, set, time: this.#context.clock.now(), version, differences })
  }

  /** Throws NOT_FOUND. */
  #session(device: string): ParameterDevice {
    const session = this.#context.polling.device(device)
    if (session === undefined) throw new GatewayError('NOT_FOUND', `there is no device ${device}`)
    return session
  }
}

function incomplete(device: string, set: string, all: readonly Reading[], holes: readonly Reading[]): GatewayError {
  const names = holes.slice(0, 5).map(({ settings, status }) => `${settings.name} (${statusName(status)})`)
  const rest = holes.length > names.length ? ` and ${holes.length - names.length} more` : ''
  const what = `${holes.length} of ${all.length} parameters of ${device}/${set} cannot be read`
  return new GatewayError('DEVICE_REFUSED', `${what}, so nothing was saved: ${names.join(', ')}${rest}`)
}

const isSameIdentity = (one: ToldIdentity, other: ToldIdentity): boolean =>
  (['vendor', 'product', 'serial', 'firmware'] as const).every((key) => one[key] === other[key])
