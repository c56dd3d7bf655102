/**
 * Explains one tag: the request and the answer that carried its value, what the pipeline decided, where the log put it, and what became
 * of it at every sink. Made on demand and kept by nobody; while nobody asks, the flow pays nothing.
 */
import { SampleBatch } from '../../core/batch.ts'
import type { Point, SourceFacts } from '../../core/driver.ts'
import { BusyError, messageOf } from '../../core/errors.ts'
import { isBad } from '../../core/status.ts'
import type { TagInfo } from '../../core/tags.ts'
import type { Gateway } from '../../gateway.ts'
import type { DeviceSession } from '../../polling/session.ts'
import { Deliveries, type Delivery } from './deliveries.ts'
import { nextSample, type NextSample } from './next-sample.ts'
import { MOST_PROBES, type Passage } from './probes.ts'
import { noSampleReason } from './reason.ts'
import { explainSteps, type ExplainedStep } from './steps.ts'

/** none: no sample came; held-back: the pipeline keeps it; refused: the log did not take it. */
export const FATES = ['stored', 'held-back', 'refused', 'none'] as const

export interface Explanation {
  readonly tag: TagInfo
  readonly session: DeviceSession
  readonly point: Point<unknown>
  readonly sample: NextSample
  readonly fate: (typeof FATES)[number]
  /** Why there is no sample, or what held it back: a sentence; undefined where it was stored. */
  readonly reason: string | undefined
  /** How the values come, where there are no frames. */
  readonly source: SourceFacts | undefined
  readonly sourceProblem: string | undefined
  readonly steps: readonly ExplainedStep[]
  /** The sample that the rest is about: the one that was waited for, or the one that was stored last; undefined: there never was one. */
  readonly stored: SampleBatch | undefined
  readonly isDurable: boolean
  readonly deliveries: readonly Delivery[]
}

export interface ExplainLimits {
  /** How long to wait for the sample. */
  readonly waitMs: number
  /** How long to wait for the disk and the sinks then. */
  readonly settleMs: number
}

/** A device that is away is not waited for as long: perhaps it is just coming back. */
const AWAY_MS = 2000
const SOURCE_MS = 2000
const RETRY_MS = 1000

/** Rejects with BUSY where many ask at once, and with the reason of `signal`. */
export async function explainTag(
  gateway: Gateway,
  session: DeviceSession,
  tag: TagInfo,
  limits: ExplainLimits,
  signal: AbortSignal,
): Promise<Explanation> {
  const { probes, pipeline, store } = gateway
  if (probes.size >= MOST_PROBES) throw new BusyError(`${probes.size} tags are being explained already`, RETRY_MS)
  const point = session.points.find((one) => one.tag === tag.id) ?? {
    tag: tag.id,
    address: undefined,
    settings: tag.settings,
  }
  const deliveries = new Deliveries(gateway, tag.id)
  try {
    const sample = await nextSample(gateway, session, point, patience(session, limits.waitMs), signal)
    const { passage } = sample
    const source = await sourceOf(session, point, signal)
    const stored = passage?.stored ?? lastStored(gateway, tag)
    const seq = stored?.seq?.[0] ?? 0
    if (stored !== undefined) await deliveries.settle(seq, limits.settleMs, signal)
    const fate = fateOf(passage)
    const steps =
      passage === undefined ? [] : explainSteps(pipeline.stepsFor(tag.settings), passage.steps, tag.settings)
    return {
      tag,
      session,
      point,
      sample,
      fate,
      reason: reasonFor(gateway, session, point, { fate, steps, waitedMs: sample.waitedMs }),
      ...source,
      steps,
      stored,
      isDurable: stored !== undefined && store.info().durableSeq >= seq,
      deliveries: stored === undefined ? [] : deliveries.of(stored),
    }
  } finally {
    deliveries.stop()
  }
}

function patience({ state }: DeviceSession, waitMs: number): number {
  if (state === 'Disabled') return 0
  return state === 'Running' || state === 'Degraded' ? waitMs : Math.min(waitMs, AWAY_MS)
}

function fateOf(passage: Passage | undefined): Explanation['fate'] {
  if (passage === undefined) return 'none'
  if (passage.refused) return 'refused'
  return passage.stored === undefined ? 'held-back' : 'stored'
}

function reasonFor(
  gateway: Gateway,
  session: DeviceSession,
  point: Point<unknown>,
  { fate, steps, waitedMs }: Pick<Explanation, 'fate' | 'steps'> & { readonly waitedMs: number },
): string | undefined {
  if (fate === 'none') return noSampleReason(session, point, waitedMs)
  if (fate === 'refused')
    return gateway.store.info().failed ?? 'The log is full and refuses new samples. Look at the sinks.'
  const holder = steps.find(({ decision }) => decision === 'held-back')
  return fate === 'stored' ? undefined : (holder?.text ?? 'The pipeline held it back.')
}

async function sourceOf(session: DeviceSession, point: Point<unknown>, signal: AbortSignal) {
  if (session.type.describeFrame !== undefined || point.address === undefined)
    return { source: undefined, sourceProblem: undefined }
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(SOURCE_MS)])
    return { source: await session.sourceOf(point, limit), sourceProblem: undefined }
  } catch (error) {
    signal.throwIfAborted()
    return { source: undefined, sourceProblem: messageOf(error) }
  }
}

/** The state of the tag as the sample that set it; undefined: it never had one. */
export function lastStored({ store }: Pick<Gateway, 'store'>, { id }: TagInfo): SampleBatch | undefined {
  const { value, status, time, receivedAt, seq } = store.latest.get(id)
  if (seq === 0) return undefined
  const batch = new SampleBatch(1, receivedAt)
  // A bad status came without the value: that is the one from before.
  batch.push(id, isBad(status) ? undefined : value, status, time > 0 ? time : receivedAt)
  if (isBad(status) && value !== undefined) batch.keep(0, value)
  batch.seq = Float64Array.of(seq)
  return batch
}
