/** One restore from question to report: may it be, does the version belong to this device, what is written, what came of it; on record. */
import { randomUUID } from 'node:crypto'
import type { Audit } from '../core/audit.ts'
import type { Clock } from '../core/clock.ts'
import { GatewayError, messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { correlationFields, type Correlation } from '../core/correlation.ts'
import { compareSet, type Compared } from './compare.ts'
import { checkIdentity, type IdentityCheck } from './identity.ts'
import type { ParameterDevice, PointedSet, SetReading } from './reading.ts'
import { holdsVersion, planRestore, verify, writePlan, type Restored, type RestoreRun } from './restore.ts'
import { summaryOf, type StoredVersion, type VersionSummary } from './stored.ts'

/** Who asks for something that is put on record. */
export interface Asked {
  readonly user: string
  readonly from: string
  readonly reason?: string | undefined
  readonly correlation?: Correlation | undefined
  /** Trace id of the request. */
  readonly trace?: string | undefined
}

export interface RestoreRequest extends Asked {
  /** The newest where absent. */
  readonly version?: number | undefined
  /** Nothing is written; what would be is told. */
  readonly dryRun: boolean
  /** Onto another model too, and onto one that does not say what it is. */
  readonly force: boolean
}

export interface Restoration {
  /** `planned` (dry run); `restored`: the device holds what the version has of the set; `incomplete`: it does not. */
  readonly outcome: 'planned' | 'restored' | 'incomplete'
  readonly version: VersionSummary
  readonly identity: IdentityCheck
  /** What forbids it, in a sentence, where it is a dry run; null: nothing. */
  readonly forbidden: string | null
  /** Why it ended before all was written; null: it did not. */
  readonly stopped: string | null
  /** All was read once more at the end. */
  readonly verified: boolean
  readonly parameters: readonly Restored[]
}

export interface RestorationContext {
  readonly device: ParameterDevice
  readonly set: PointedSet
  readonly forbidden: string | undefined
  readonly clock: Clock
  readonly log: Log
  readonly audit: Audit
  readonly write: RestoreRun['write']
  /** Aborted when the gateway stops. */
  readonly closing: AbortSignal
  stored(version: number | undefined): Promise<StoredVersion>
  read(signal: AbortSignal): Promise<SetReading>
  /** Told what still differs at the end. */
  compared(version: StoredVersion, left: readonly Compared[]): void
}

/** What would be written. */
export async function planRestoration(
  context: RestorationContext,
  version: number | undefined,
  signal: AbortSignal,
): Promise<{ readonly stored: StoredVersion; readonly report: Restoration }> {
  const stored = await context.stored(version)
  const { readings, identity } = await context.read(signal)
  const report: Restoration = {
    outcome: 'planned',
    version: summaryOf(stored),
    identity: checkIdentity(stored.identity, identity),
    forbidden: context.forbidden ?? null,
    stopped: null,
    verified: false,
    parameters: planRestore(compareSet(stored, readings)),
  }
  return { stored, report }
}

/** Throws before anything is written, and puts that on record; after that what came of it is in the report. */
export async function carryOutRestoration(
  context: RestorationContext,
  request: RestoreRequest,
  signal: AbortSignal,
): Promise<Restoration> {
  const { user, from, reason, force, trace, correlation } = request
  const { audit, clock, set, device, log, write, closing } = context
  const id = randomUUID()
  const name = `${device.name}/${set.name}`
  const record = (outcome: string, details: Record<string, unknown>) =>
    audit.record({
      id,
      action: 'parameters.restore',
      user,
      from,
      object: `parameters ${name}`,
      reason,
      outcome,
      trace,
      details,
    })
  const { stored, report } = await prepare(context, request, signal).catch(async (error: unknown) => {
    const code = error instanceof GatewayError ? error.code : 'INTERNAL'
    await record(code, {
      ...(request.version === undefined ? {} : { version: request.version }),
      message: messageOf(error),
    })
    throw error
  })
  const plan = report.parameters.map((one) => ({ ...one }))
  const { version, sha256 } = stored
  const toWrite = plan.filter(({ state }) => state === 'pending').length
  await record('requested', { version, sha256, toWrite, force, identity: report.identity.device })
  const why = `restore of ${set.name}, version ${version}${reason === undefined ? '' : `: ${reason}`}`
  const run: RestoreRun = { device, set, version: stored, plan, user, from, reason: why, correlation, clock, write }
  const ended = await writePlan(run, signal)
  const stopped = ended !== undefined && closing.aborted ? 'the gateway is shutting down' : (ended ?? null)
  const left = await verify(run, closing).catch(() => undefined)
  if (left !== undefined) context.compared(stored, left)
  const verified = left !== undefined
  const outcome = verified && holdsVersion(left) ? 'restored' : 'incomplete'
  const details = { version, ...countsOf(plan), verified, stopped }
  await record(outcome === 'restored' ? 'done' : outcome, details).catch((error: unknown) => {
    log.error(
      { device: device.name, set: set.name, details, err: error },
      `The outcome of a restore is not on record: ${name}, ${outcome}.`,
    )
  })
  log.info(
    { device: device.name, set: set.name, version, details, ...correlationFields(correlation) },
    `${user} restored the parameters of ${name}: ${outcome}.`,
  )
  return { ...report, outcome, stopped, verified, parameters: plan }
}

async function prepare(context: RestorationContext, request: RestoreRequest, signal: AbortSignal) {
  if (context.forbidden !== undefined) throw new GatewayError('WRITE_FORBIDDEN', context.forbidden)
  const planned = await planRestoration(context, request.version, signal)
  const { verdict, remark = '' } = planned.report.identity
  if (verdict === 'other' && !request.force)
    throw new GatewayError('CONFLICT', `${remark} Nothing was written; say force to restore it all the same.`)
  return planned
}

function countsOf(plan: readonly Restored[]) {
  const count = (state: Restored['state']): number => plan.filter((one) => one.state === state).length
  return {
    written: count('written'),
    failed: count('failed'),
    unknown: count('unknown'),
    notReached: count('pending'),
    left: count('left'),
  }
}
