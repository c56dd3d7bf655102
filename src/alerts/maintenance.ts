/**
 * Maintenance windows: while one is active nobody is woken by what happens to its devices. Every window has an end and a reason, is on record
 * in the audit, and outlives restarts in `DATA/maintenance.json`. A file that cannot be read silences nothing.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Audit } from '../core/audit.ts'
import type { Clock } from '../core/clock.ts'
import { putFile } from '../core/durable-file.ts'
import { formatDuration } from '../core/duration.ts'
import { GatewayError, messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'

/** What a window is for: devices by name, an area with all below it, or the whole gateway. */
export type MaintenanceScope =
  | { readonly kind: 'devices'; readonly devices: readonly string[] }
  | { readonly kind: 'area'; readonly area: string }
  | { readonly kind: 'all' }

export interface MaintenanceWindow {
  readonly id: string
  readonly scope: MaintenanceScope
  readonly by: string
  readonly reason: string
  /** ms since 1970. */
  readonly from: number
  readonly until: number
}

/** Who starts or ends one. */
export interface MaintenanceAsker {
  readonly user: string
  readonly from: string
  readonly reason?: string | undefined
  /** Trace id of the request. */
  readonly trace?: string | undefined
}

export interface Maintenance {
  /** Those that are active now, the oldest first. */
  readonly windows: readonly MaintenanceWindow[]
  /** The window that a device is in; of several the one that ends last. */
  windowOf(device: string): MaintenanceWindow | undefined
  /** Whether an area window holds for it. */
  isInAreaOfOne(device: string): boolean
  /** The window of the whole gateway. */
  readonly whole: MaintenanceWindow | undefined
  /** Is on the disk when it resolves. Throws INVALID_REQUEST. */
  start(
    wanted: { readonly scope: MaintenanceScope; readonly forMs: number },
    asker: MaintenanceAsker & { readonly reason: string },
  ): Promise<MaintenanceWindow>
  /** Throws NOT_FOUND. */
  end(id: string, asker: MaintenanceAsker): Promise<MaintenanceWindow>
  /** Hears of each start and end. */
  onChange(listener: () => void): void
  close(): Promise<void>
}

export interface MaintenanceContext {
  readonly data: string
  readonly clock: Clock
  readonly log: Log
  readonly audit: Audit
  /** Where a device stands, as the configuration that runs says. */
  readonly areaOf: (device: string) => string | undefined
}

/** A window that nobody ends is over after this long at most: one that is forgotten hides what is wrong. */
export const LONGEST_MS = 7 * 86_400_000
export const SHORTEST_MS = 60_000
/** A clock may be put right by so much within a window. */
const SET_BACK_MS = 86_400_000
const MOST_WINDOWS = 100
const MOST_DEVICES = 1000
const FILE = 'maintenance.json'
const LOOK_MS = 1000

export async function openMaintenance({ data, clock, log, audit, areaOf }: MaintenanceContext): Promise<Maintenance> {
  const path = join(data, FILE)
  const listeners = new Set<() => void>()
  let windows = await readWindows(path, log)
  for (const one of windows) log.info({ id: one.id }, `Maintenance goes on: ${wordsOf(one)}.`)

  /** One after the other: two at once would leave the file of the one and the state of the other. */
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(run: () => Promise<T>): Promise<T> => {
    const result = last.then(run)
    last = result.catch(() => undefined)
    return result
  }
  const put = async (next: readonly MaintenanceWindow[]): Promise<void> => {
    await putFile(path, JSON.stringify({ version: 1, windows: next }))
    windows = next
    for (const listener of listeners) listener()
  }
  const active = (): readonly MaintenanceWindow[] => {
    const now = clock.now()
    return windows.some((one) => isOver(one, now)) ? windows.filter((one) => !isOver(one, now)) : windows
  }
  const eventOf = (action: string, one: MaintenanceWindow, { user, from, reason, trace }: MaintenanceAsker) => ({
    id: randomUUID(),
    action,
    user,
    from,
    object: `maintenance ${one.id}`,
    reason,
    trace,
    details: { scope: scopeWords(one.scope), until: new Date(one.until).toISOString() },
  })

  const expire = (): Promise<void> =>
    inTurn(async () => {
      const now = clock.now()
      const over = windows.filter((one) => isOver(one, now))
      if (over.length === 0) return
      // Over whether or not the file can be written: with a full disk it is tried once, and the next start finds it over too.
      windows = windows.filter((one) => !over.includes(one))
      await put(windows).catch((error: unknown) => log.warn({ error: messageOf(error) }, 'The end of a maintenance window could not be written.')) // prettier-ignore
      for (const one of over) {
        log.info({ id: one.id }, `Maintenance is over, its time has passed: ${wordsOf(one)}.`)
        const event = eventOf('maintenance.end', one, {
          user: 'gateway',
          from: 'gateway',
          reason: 'its time has passed',
        })
        await audit.record({ ...event, outcome: 'done' })
      }
    })
  const timer = clock.every(LOOK_MS, () => {
    const now = clock.now()
    if (windows.some((one) => isOver(one, now)))
      expire().catch((error: unknown) => log.warn({ error: messageOf(error) }, 'The end of a maintenance window could not be put on record.')) // prettier-ignore
  })

  return {
    get windows() {
      return active()
    },
    // Asked of every device each second; mostly nothing is planned.
    windowOf: (device) =>
      windows.length === 0 ? undefined : latest(active().filter(({ scope }) => isIn(scope, device, areaOf))),
    isInAreaOfOne: (device) =>
      active().some(({ scope }) => scope.kind === 'area' && isInArea(areaOf(device), scope.area)),
    get whole() {
      return latest(active().filter(({ scope }) => scope.kind === 'all'))
    },
    start: (wanted, asker) =>
      inTurn(async () => {
        check(wanted)
        if (active().length >= MOST_WINDOWS)
          throw new GatewayError('CONFLICT', `${MOST_WINDOWS} maintenance windows are active; end some of them first`)
        const from = clock.now()
        const one: MaintenanceWindow = {
          id: randomBytes(4).toString('hex'),
          scope: wanted.scope,
          by: asker.user,
          reason: asker.reason,
          from,
          until: from + wanted.forMs,
        }
        const event = eventOf('maintenance.start', one, asker)
        // On record before it holds: nobody silences alerts without a trace.
        await audit.record({ ...event, outcome: 'requested' })
        await put([...active(), one])
        await audit.record({ ...event, outcome: 'done' })
        log.warn({ id: one.id }, `Maintenance begins: ${wordsOf(one)}.`)
        return one
      }),
    end: (id, asker) =>
      inTurn(async () => {
        const one = active().find((window) => window.id === id)
        if (one === undefined) throw new GatewayError('NOT_FOUND', `no maintenance window with the id ${id} is active`)
        await put(active().filter((window) => window !== one))
        await audit.record({ ...eventOf('maintenance.end', one, asker), outcome: 'done' })
        log.info({ id, user: asker.user }, `${asker.user} ended maintenance of ${scopeWords(one.scope)}.`)
        return one
      }),
    onChange: (listener) => void listeners.add(listener),
    async close() {
      timer.cancel()
      await last
    },
  }
}

/** Its time has passed; or the clock was set back so far that it would hold for longer than any window may. */
const isOver = ({ until }: MaintenanceWindow, now: number): boolean =>
  until <= now || until - now > LONGEST_MS + SET_BACK_MS

/** `press-1, press-2`, `area hall-1`, `the whole gateway`. */
export function scopeWords(scope: MaintenanceScope): string {
  if (scope.kind === 'all') return 'the whole gateway'
  if (scope.kind === 'area') return `area ${scope.area}`
  const more = scope.devices.length - 5
  return scope.devices.slice(0, 5).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

/** The devices of a window, for gateways with thousands of them. */
const named = new WeakMap<MaintenanceScope, ReadonlySet<string>>()

function isIn(scope: MaintenanceScope, device: string, areaOf: MaintenanceContext['areaOf']): boolean {
  if (scope.kind === 'all') return true
  if (scope.kind === 'area') return isInArea(areaOf(device), scope.area)
  const devices = named.get(scope) ?? new Set(scope.devices)
  named.set(scope, devices)
  return devices.has(device)
}

/** `hall-1/line-2` is in `hall-1`. */
export const isInArea = (area: string | undefined, of: string): boolean =>
  area === of || area?.startsWith(`${of}/`) === true

const latest = (windows: readonly MaintenanceWindow[]): MaintenanceWindow | undefined =>
  windows.reduce<MaintenanceWindow | undefined>(
    (best, one) => (best && best.until >= one.until ? best : one),
    undefined,
  )

const wordsOf = (one: MaintenanceWindow): string =>
  `${scopeWords(one.scope)}, by ${one.by}, until ${new Date(one.until).toISOString()}: ${one.reason}`

function check({ scope, forMs }: { scope: MaintenanceScope; forMs: number }): void {
  const fault =
    forMs < SHORTEST_MS || forMs > LONGEST_MS || !Number.isFinite(forMs)
      ? `a maintenance window lasts from ${formatDuration(SHORTEST_MS)} to ${formatDuration(LONGEST_MS)}`
      : scope.kind === 'devices' && (scope.devices.length === 0 || scope.devices.length > MOST_DEVICES)
        ? `a maintenance window names 1 to ${MOST_DEVICES} devices; take an area, or the whole gateway`
        : undefined
  if (fault !== undefined) throw new GatewayError('INVALID_REQUEST', fault)
}

async function readWindows(path: string, log: Log): Promise<readonly MaintenanceWindow[]> {
  try {
    const { windows } = JSON.parse(await readFile(path, 'utf8')) as { windows: readonly MaintenanceWindow[] }
    if (!Array.isArray(windows) || !windows.every(isWindow)) throw new Error('it holds no list of windows')
    return windows.slice(0, MOST_WINDOWS)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      log.error({ path, error: messageOf(error) }, 'The maintenance windows cannot be read: none is active. Start them anew where they are needed.') // prettier-ignore
    return []
  }
}

function isWindow(given: unknown): given is MaintenanceWindow {
  if (typeof given !== 'object' || given === null) return false
  const { id, scope, by, reason, from, until } = given as Record<string, unknown>
  const { kind, devices, area } = (scope ?? {}) as Record<string, unknown>
  const isScope =
    kind === 'all' ||
    (kind === 'area' && typeof area === 'string') ||
    (kind === 'devices' && Array.isArray(devices) && devices.every((device) => typeof device === 'string'))
  return isScope && [id, by, reason].every((word) => typeof word === 'string') && [from, until].every(Number.isFinite)
}
