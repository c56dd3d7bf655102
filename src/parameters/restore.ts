/**
 * A stored set goes back to the device: what differs is written, one parameter after the other in the order of the set, each read back
 * and on record before and after; at the end all of it is read once more and compared. Nothing is written that was not read before.
 */
import type { ParameterWrite } from '../commands/parameter-write.ts'
import type { Clock } from '../core/clock.ts'
import { GatewayError, messageOf, type ErrorCode } from '../core/errors.ts'
import { toShown } from '../core/scaling.ts'
import type { StatusCode } from '../core/status.ts'
import type { Value } from '../core/value.ts'
import type { Correlation } from '../core/correlation.ts'
import { compareSet, type Compared } from './compare.ts'
import { isAbsent, readSet, type ParameterDevice, type ParameterPoint, type PointedSet } from './reading.ts'
import type { StoredVersion } from './stored.ts'

/**
 * `written`: it reads back as stored. `failed`: it was refused, or reads back otherwise. `unknown`: it was sent and nobody answered.
 * `left`: it is not written, as `reason` says. `pending`: it would be written; after the end of a restore: it was not come to.
 */
export type RestoredState = 'equal' | 'pending' | 'written' | 'failed' | 'unknown' | 'left'

export interface Restored {
  readonly name: string
  state: RestoredState
  readonly settings: Compared['settings']
  /** As the device holds them. */
  readonly stored: Value | undefined
  readonly before: Value | undefined
  after: Value | undefined
  status: StatusCode
  code?: ErrorCode | undefined
  reason?: string | undefined
}

/** What would be written and what not, from what was compared. */
export const planRestore = (compared: readonly Compared[]): Restored[] =>
  compared.map(({ name, state, settings, stored, device, status, reason }) => {
    const left = state === 'different' && settings?.readOnly === true ? 'it is only compared (readOnly)' : LEFT[state]
    return {
      name,
      state: state === 'equal' ? 'equal' : left === undefined ? 'pending' : 'left',
      settings,
      stored,
      before: device,
      after: undefined,
      status,
      reason: left === undefined || reason === undefined ? left : `${left}: ${reason}`,
    }
  })

const LEFT: Partial<Record<Compared['state'], string>> = {
  missing: 'the version has no value of it',
  removed: 'it is no longer configured',
  redefined: 'the configuration has another address or type for it than it was saved with',
  unreadable: 'the device does not give it, so that it could not be checked either',
}

export interface RestoreRun {
  readonly device: ParameterDevice
  readonly set: PointedSet
  readonly version: StoredVersion
  readonly plan: Restored[]
  readonly user: string
  readonly from: string
  readonly reason: string
  readonly correlation?: Correlation | undefined
  readonly clock: Clock
  write(request: ParameterWrite): Promise<{ readonly status: StatusCode }>
}

/** Whatever `onFailure` says: nothing more can or may be written after these. */
const ENDING: ReadonlySet<string> = new Set([
  'SHUTTING_DOWN',
  'STORE_FAILED',
  'NOT_FOUND',
  'NOT_CONNECTED',
  'WRITE_LOCKED',
])

/** Writes what is `pending` in the plan, and puts what came of it into it. Resolves with why it stopped early; undefined: it did not. */
export async function writePlan(run: RestoreRun, signal: AbortSignal): Promise<string | undefined> {
  const points = new Map(run.set.points.map((point) => [point.settings.name, point]))
  for (const one of run.plan) {
    if (one.state !== 'pending') continue
    if (signal.aborted) return 'it was ended by who asked for it'
    const why = await writeOne(run, one, points.get(one.name)!)
    if (why !== undefined) return why
  }
  return undefined
}

async function writeOne(run: RestoreRun, one: Restored, point: ParameterPoint): Promise<string | undefined> {
  const { device, set, user, from, reason, correlation, write } = run
  const { stored: raw, before } = one
  if (raw === undefined) return undefined
  const shown = before === undefined ? undefined : toShown(before, point.settings)
  try {
    const result = await write({
      device: device.name,
      set: set.name,
      point,
      raw,
      before: shown,
      user,
      from,
      reason,
      correlation,
    })
    one.state = 'written'
    one.status = result.status
    return undefined
  } catch (error) {
    const code = error instanceof GatewayError ? error.code : 'INTERNAL'
    const status =
      error instanceof GatewayError && typeof error.details.status === 'number' ? error.details.status : undefined
    one.state = code === 'WRITE_UNKNOWN' ? 'unknown' : 'failed'
    one.code = code
    one.reason = messageOf(error)
    if (status !== undefined) one.status = status
    if (ENDING.has(code) || (status !== undefined && isAbsent({ status }))) return messageOf(error)
    return set.onFailure === 'stop' ? `${one.name} could not be written, and the set says onFailure: stop` : undefined
  }
}

/** Reads all of the set once more: a device may have changed one parameter because of another. Resolves with what still differs. */
export async function verify(
  { device, set, version, plan, clock }: RestoreRun,
  signal: AbortSignal,
): Promise<Compared[]> {
  const compared = compareSet(version, await readSet(device, set.points, clock, signal))
  const now = new Map(compared.map((one) => [one.name, one]))
  for (const one of plan) {
    const found = now.get(one.name)
    one.after = found?.device
    if (found === undefined) continue
    if (found.state === 'equal') {
      // Whatever was said when it was written: it is there.
      if (one.state === 'failed' || one.state === 'unknown') one.state = 'written'
      continue
    }
    if (one.state !== 'written' && one.state !== 'equal') continue
    one.reason ??=
      one.state === 'equal'
        ? 'it had the stored value before, and has not any more'
        : 'it was written and read back, and does not have the stored value at the end'
    one.state = 'failed'
    one.code ??= 'WRITE_FAILED'
  }
  return compared.filter(({ state }) => state !== 'equal')
}

/** True when what still differs is not for the restore to change: only compared, without a stored value, or no longer configured. */
export const holdsVersion = (left: readonly Compared[]): boolean =>
  left.every(({ state, settings }) => state === 'missing' || state === 'removed' || settings?.readOnly === true)
