/**
 * The poll of SunSpec points of one unit: one step of many requests. While the unit is not known yet each request is one of the
 * walk; then the points have registers, and the step is the requests that read those, with their scale factors.
 */
import { HAS_VALUE, SampleBatch } from '../../../core/batch.ts'
import type { Clock } from '../../../core/clock.ts'
import type { Emit, Point, Poll, StepResult } from '../../../core/driver.ts'
import { Status, type StatusCode } from '../../../core/status.ts'
import type { TagSettings } from '../../../core/tags.ts'
import type { TagId } from '../../../core/value.ts'
import type { ModbusAddress } from '../address.ts'
import type { Directory } from './directory.ts'
import { formatSunSpec, type SunSpecPlace } from './place.ts'
import { pointInfo } from './point-type.ts'
import type { ModelPoint } from './model.ts'
import { PointRows, type Factor, type PlacedPoint } from './rows.ts'
import type { SunSpecUnit } from './unit.ts'

type ModbusPoint = Point<ModbusAddress>

/** How points with registers are read: `Driver.prepare` for those. */
export type PlanRegisters = (points: readonly ModbusPoint[]) => Poll

/** Above every id that the store hands out: rows of scale factors never leave this folder. */
const FIRST_FACTOR_TAG = 0xff00_0000
/** Points that are no tags, of a survey: below the scale factors, above every id of the store. */
export const FIRST_SURVEY_TAG = 0xfe00_0000

/** What a point says when its unit does not answer, itself or by a gateway (0A, 0B). */
const SILENCE: ReadonlySet<StatusCode> = new Set([Status.BadTimeout, Status.BadNoCommunication])

/** How the points are read in the device that was walked. */
interface Plan {
  readonly directory: Directory
  readonly poll: Poll
  readonly rows: PointRows
  readonly missing: readonly { readonly point: ModbusPoint; readonly reason: string }[]
}

export class SunSpecPoll {
  readonly unit: SunSpecUnit
  /** How many points it reads. */
  readonly size: number
  readonly #points: readonly ModbusPoint[]
  readonly #planRegisters: PlanRegisters
  readonly #clock: Clock
  #plan: Plan | undefined
  #step = 0
  /** A cycle has begun and not ended. */
  #isUnderway = false
  /** A cycle was left in the middle: the requests that its steps have left would tell of a part of the points only. */
  #isCut = false
  /** Why no point can be read. */
  #failure: string | undefined
  /** Replies of this cycle: with values, and none from the unit. */
  #hasHeard = false
  #hasMissed = false
  /** The unit was silent for a whole cycle: what answers next may be another device, behind the same socket or serial port. */
  #isDoubtful = false

  constructor(unit: SunSpecUnit, points: readonly ModbusPoint[], planRegisters: PlanRegisters, clock: Clock) {
    this.unit = unit
    this.size = points.length
    this.#points = points
    this.#planRegisters = planRegisters
    this.#clock = clock
  }

  /** As `Poll.read`: one request, 'again' while there are more. */
  async read(emit: Emit, signal: AbortSignal): Promise<StepResult> {
    if (!this.unit.isReady) return this.#walk(emit, signal)
    const { directory } = this.unit
    const plan = this.#plan?.directory === directory && !this.#isCut ? this.#plan! : this.#place(directory!)
    this.#plan = plan
    try {
      return await this.#readNext(plan, emit, signal)
    } catch (error) {
      this.#restart()
      throw error
    }
  }

  /** Why this tag has no value, where it is a matter of SunSpec. */
  reasonOf(tag: TagId): string | undefined {
    if (this.#failure !== undefined) return this.#failure
    const missing = this.#plan?.missing.find(({ point }) => point.tag === tag)
    return missing?.reason ?? this.#plan?.rows.reasonOf(tag)
  }

  async #walk(emit: Emit, signal: AbortSignal): Promise<StepResult> {
    if (this.#isUnderway) this.#isCut = true
    this.#restart()
    const progress = await this.unit.advance(signal)
    this.#failure = typeof progress === 'string' ? undefined : progress.reason
    if (typeof progress === 'string') return 'again'
    emit(this.#failed(this.#points, progress.status))
    return progress.asked ? undefined : 'unasked'
  }

  /** One request of the plan; steps that ask nothing are passed at once. */
  async #readNext({ poll, rows, missing }: Plan, emit: Emit, signal: AbortSignal): Promise<StepResult> {
    if (!this.#isUnderway) {
      this.#isUnderway = true
      rows.begin()
      if (missing.length > 0) emit(this.#failed(missing.map(({ point }) => point), Status.BadConfigurationError)) // prettier-ignore
    }
    const convert: Emit = (batch) => {
      if (this.#isTrusted(batch)) emitSome(rows.convert(batch), emit)
    }
    let outcome: StepResult = 'unasked'
    while (outcome === 'unasked' && this.#step < poll.steps) {
      outcome = await poll.read(this.#step, convert, signal)
      if (outcome === 'later') return outcome
      if (!this.unit.isReady || outcome === 'again') return 'again'
      this.#step++
    }
    if (this.#step < poll.steps) return 'again'
    if (this.#hasMissed && !this.#hasHeard) this.#isDoubtful = true
    this.#restart()
    emitSome(rows.end(), emit)
    return outcome
  }

  /** False for the first values after a silence: they are read again once it is known whose they are. */
  #isTrusted(batch: SampleBatch): boolean {
    for (let row = 0; row < batch.length; row++) {
      if ((batch.flags[row]! & HAS_VALUE) !== 0) this.#hasHeard = true
      else if (SILENCE.has(batch.status[row]!)) this.#hasMissed = true
    }
    if (this.#hasHeard && this.#isDoubtful) {
      this.#isDoubtful = false
      this.unit.doubt()
    }
    return this.unit.isReady
  }

  #restart(): void {
    this.#step = 0
    this.#isUnderway = false
    this.#hasHeard = false
    this.#hasMissed = false
  }

  #failed(points: readonly ModbusPoint[], status: StatusCode): SampleBatch {
    const batch = new SampleBatch(points.length, this.#clock.now())
    for (const { tag } of points) batch.push(tag, undefined, status)
    return batch
  }

  #place(directory: Directory): Plan {
    const placed: PlacedPoint[] = []
    const raw: ModbusPoint[] = []
    const missing: { point: ModbusPoint; reason: string }[] = []
    for (const point of this.#points) {
      const found = locate(directory, point.address.sunspec!)
      if ('reason' in found) {
        missing.push({ point, reason: found.reason })
        continue
      }
      const { place, address } = found
      const scale = place.scale ?? { exponent: 0 }
      const factorAt = 'offset' in scale ? found.model.address + scale.offset : undefined
      placed.push({ point, place, factorAt, exponent: 'exponent' in scale ? scale.exponent : 0 })
      raw.push(rawPoint(point.tag, place.point, address, this.unit.id, point.settings))
    }
    const factors = factorsOf(placed)
    const factorPoints = factors.map(({ tag, address }) =>
      rawPoint(tag, { name: 'sf', type: 'sunssf', size: 1 }, address, this.unit.id, this.#points[0]!.settings),
    )
    const poll = this.#planRegisters([...raw, ...factorPoints])
    this.#restart()
    this.#isCut = false
    return { directory, poll, rows: new PointRows(placed, factors), missing }
  }
}

function emitSome(batch: SampleBatch | undefined, emit: Emit): void {
  if (batch !== undefined && batch.length > 0) emit(batch)
}

/** Where a point lies in a device that was walked; or why it does not. */
export function locate(directory: Directory, wanted: SunSpecPlace) {
  const { model: id, instance, path } = wanted
  const model = directory.models.find((one) => one.id === id && one.instance === instance)
  if (model === undefined) {
    const ids = directory.models.map((one) => (one.instance === 1 ? `${one.id}` : `${one.id}#${one.instance}`))
    return { reason: `the device has no model ${id}${instance === 1 ? '' : `#${instance}`}; it has ${ids.join(', ')}` }
  }
  const place = model.places?.get(path)
  if (place === undefined)
    return {
      reason: `model ${id} of this device has ${model.length} registers; ${formatSunSpec(wanted)} is not among them`,
    }
  return { model, place, address: model.address + place.offset }
}

/** The registers of a point as the rest of the driver reads and writes them. */
export function rawPoint(
  tag: TagId,
  point: ModelPoint,
  address: number,
  unit: number,
  settings: TagSettings,
): ModbusPoint {
  const type = pointInfo(point).raw
  const text = `hr:${address}`
  return {
    tag,
    address: { area: 'hr', offset: address, unit, text },
    settings: {
      ...settings,
      address: text,
      type,
      order: 'ABCD',
      length: type === 'bytes' ? point.size * 2 : undefined,
    },
  }
}

function factorsOf(points: readonly PlacedPoint[]): Factor[] {
  const addresses = new Set(points.flatMap(({ factorAt }) => factorAt ?? []))
  return [...addresses].sort((a, b) => a - b).map((address, index) => ({ tag: FIRST_FACTOR_TAG + index, address }))
}
