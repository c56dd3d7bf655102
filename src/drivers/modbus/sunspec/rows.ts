/**
 * Turns rows of registers into rows of SunSpec points, batch by batch: scale factors are taken from the same reply where they
 * are in it, values that mean "not implemented" become a status. What each point needs is compiled once into arrays, so that a
 * reply is two loops without an object a sample.
 */
import { HAS_VALUE, SampleBatch } from '../../../core/batch.ts'
import type { Point } from '../../../core/driver.ts'
import { isGood, Status, type StatusCode } from '../../../core/status.ts'
import type { TagId } from '../../../core/value.ts'
import type { ModbusAddress } from '../address.ts'
import { pointInfo, type PointKind } from './point-type.ts'
import type { Place } from './layout.ts'
import { float32Of, float64Of, ipv4Of, LARGEST_EXPONENT, scaled, scaledBig, textOf } from './value.ts'

/** A point of the configuration and where it lies in the device. */
export interface PlacedPoint {
  readonly point: Point<ModbusAddress>
  readonly place: Place
  /** The register of its scale factor; undefined: it has none, or a fixed one. */
  readonly factorAt: number | undefined
  /** The fixed exponent; 0 where nothing is scaled. */
  readonly exponent: number
}

/** A scale factor that is read along: the id of its rows. */
export interface Factor {
  readonly tag: TagId
  /** Its register. */
  readonly address: number
}

/** Why a point has no value although it was read. */
type Fault = 'not implemented' | 'factor not implemented' | 'factor out of range' | 'factor unread' | 'not a number'

const UNREAD = 127
const UNIMPLEMENTED = -128
const UNREADABLE = 126

const FAULTS: Record<Fault, { readonly status: StatusCode; readonly words: string }> = {
  'not implemented': { status: Status.BadNotSupported, words: 'the device does not implement this point' },
  'factor not implemented': {
    status: Status.BadConfigurationError,
    words: 'the device does not implement the scale factor of this point',
  },
  'factor out of range': {
    status: Status.BadConfigurationError,
    words: `the scale factor of this point is not within -${LARGEST_EXPONENT} to ${LARGEST_EXPONENT}`,
  },
  'factor unread': {
    status: Status.BadWaitingForInitialData,
    words: 'the scale factor of this point could not be read',
  },
  'not a number': { status: Status.BadDecodingError, words: 'the device says infinity' },
}

export class PointRows {
  readonly #points: readonly PlacedPoint[]
  readonly #byTag: ReadonlyMap<TagId, number>
  readonly #factorOf: Int32Array
  readonly #kinds: readonly PointKind[]
  readonly #unimplemented: readonly (number | bigint | undefined)[]
  readonly #firstFactorTag: TagId
  /** By scale factor: the exponent that was read in this cycle, or one of the marks above. */
  readonly #exponents: Int8Array
  /** Why a scale factor is unread. */
  readonly #factorStatus: Uint32Array
  /** Rows that came before their scale factor. */
  #held: SampleBatch | undefined
  /** What is wrong with a point at the moment. */
  readonly #faults: (Fault | undefined)[]

  /** Ids of `factors` ascend and lie above those of all points. */
  constructor(points: readonly PlacedPoint[], factors: readonly Factor[]) {
    this.#points = points
    this.#byTag = new Map(points.map(({ point }, index) => [point.tag, index]))
    this.#factorOf = Int32Array.from(points, ({ factorAt }) => factors.findIndex(({ address }) => address === factorAt))
    this.#kinds = points.map(({ place }) => pointInfo(place.point).kind)
    this.#unimplemented = points.map(({ place }) => unimplementedOf(place))
    this.#firstFactorTag = factors[0]?.tag ?? Infinity
    this.#exponents = new Int8Array(factors.length).fill(UNREAD)
    this.#factorStatus = new Uint32Array(factors.length).fill(FAULTS['factor unread'].status)
    this.#faults = points.map(() => undefined)
  }

  /** A new cycle: values and scale factors of the one before don't mix with its own. */
  begin(): void {
    this.#exponents.fill(UNREAD)
    this.#factorStatus.fill(FAULTS['factor unread'].status)
    this.#held = undefined
  }

  /** The rows that wait for a scale factor, at the end of the cycle. */
  end(): SampleBatch | undefined {
    const held = this.#held
    if (held === undefined) return undefined
    this.#held = undefined
    const batch = new SampleBatch(held.length, held.receivedAt)
    for (let row = 0; row < held.length; row++) this.#convertRow(held, row, batch)
    return batch
  }

  /** The batch of points in a batch of registers; those whose scale factor did not come yet are kept for `end`. */
  convert(registers: SampleBatch): SampleBatch {
    for (let row = 0; row < registers.length; row++)
      if (registers.tag[row]! >= this.#firstFactorTag) this.#takeFactor(registers, row)
    const batch = new SampleBatch(registers.length, registers.receivedAt)
    for (let row = 0; row < registers.length; row++)
      if (registers.tag[row]! < this.#firstFactorTag && !this.#hold(registers, row))
        this.#convertRow(registers, row, batch)
    return batch
  }

  /** Why the tag has no value although its registers were read; undefined when it has one, or was not read. */
  reasonOf(tag: TagId): string | undefined {
    const fault = this.#faults[this.#byTag.get(tag) ?? -1]
    return fault === undefined ? undefined : FAULTS[fault].words
  }

  /** True when the row has to wait. */
  #hold(registers: SampleBatch, row: number): boolean {
    const factor = this.#factorOf[this.#byTag.get(registers.tag[row]!)!]!
    if (factor < 0 || this.#exponents[factor] !== UNREAD) return false
    this.#held ??= new SampleBatch(this.#points.length, registers.receivedAt)
    this.#held.pushRow(registers, row)
    return true
  }

  #takeFactor(registers: SampleBatch, row: number): void {
    const index = registers.tag[row]! - this.#firstFactorTag
    const value = registers.value[row]!
    this.#factorStatus[index] = registers.status[row]!
    if (!isGood(registers.status[row]!)) this.#exponents[index] = UNREAD
    else if (value === -32_768) this.#exponents[index] = UNIMPLEMENTED
    else this.#exponents[index] = Math.abs(value) <= LARGEST_EXPONENT ? value : UNREADABLE
  }

  #convertRow(registers: SampleBatch, row: number, batch: SampleBatch): void {
    const tag = registers.tag[row]!
    const index = this.#byTag.get(tag)!
    const time = registers.time[row]!
    this.#faults[index] = undefined
    if ((registers.flags[row]! & HAS_VALUE) === 0) return batch.pushNumber(tag, 0, registers.status[row]!, time, 0)
    const kind = this.#kinds[index]!
    if (kind === 'integer') return this.#convertInteger(tag, index, registers.value[row]!, time, batch)
    if (kind === 'float32') return this.#pushFloat(tag, index, float32Of(registers.value[row]!), time, batch)
    if (kind === 'big' || kind === 'float64') {
      const value = registers.valueAt(row) as bigint
      if (kind === 'float64') return this.#pushFloat(tag, index, float64Of(BigInt.asUintN(64, value)), time, batch)
      return this.#convertBig(tag, index, value, time, batch)
    }
    const raw = registers.valueAt(row)
    const text = kind === 'ipaddr' ? (raw === 0 ? undefined : ipv4Of(raw as number)) : textOf(kind, raw as Uint8Array)
    if (text === undefined) return this.#fail(tag, index, 'not implemented', time, batch)
    batch.push(tag, text, Status.Good, time)
  }

  #convertInteger(tag: TagId, index: number, raw: number, time: number, batch: SampleBatch): void {
    if (raw === this.#unimplemented[index]) return this.#fail(tag, index, 'not implemented', time, batch)
    const exponent = this.#exponentOf(index)
    if (typeof exponent === 'string') return this.#fail(tag, index, exponent, time, batch)
    batch.pushNumber(tag, scaled(raw, exponent), Status.Good, time, HAS_VALUE)
  }

  #convertBig(tag: TagId, index: number, raw: bigint, time: number, batch: SampleBatch): void {
    if (raw === this.#unimplemented[index]) return this.#fail(tag, index, 'not implemented', time, batch)
    const exponent = this.#exponentOf(index)
    if (typeof exponent === 'string') return this.#fail(tag, index, exponent, time, batch)
    const isScaled = this.#points[index]!.place.point.sf !== undefined
    batch.push(tag, isScaled ? scaledBig(raw, exponent) : raw, Status.Good, time)
  }

  #pushFloat(tag: TagId, index: number, value: number, time: number, batch: SampleBatch): void {
    if (Number.isFinite(value)) return batch.pushNumber(tag, value, Status.Good, time, HAS_VALUE)
    this.#fail(tag, index, Number.isNaN(value) ? 'not implemented' : 'not a number', time, batch)
  }

  #exponentOf(index: number): number | Fault {
    const factor = this.#factorOf[index]!
    if (factor < 0) {
      const { place, exponent } = this.#points[index]!
      return place.point.sf !== undefined && place.scale === undefined ? 'factor not implemented' : exponent
    }
    const exponent = this.#exponents[factor]!
    if (exponent === UNREAD) return 'factor unread'
    if (exponent === UNIMPLEMENTED) return 'factor not implemented'
    return exponent === UNREADABLE ? 'factor out of range' : exponent
  }

  #fail(tag: TagId, index: number, fault: Fault, time: number, batch: SampleBatch): void {
    this.#faults[index] = fault
    const status = fault === 'factor unread' ? this.#factorStatus[this.#factorOf[index]!]! : FAULTS[fault].status
    batch.pushNumber(tag, 0, status, time, 0)
  }
}

/** An accumulator that the model demands cannot be missing: its 0 has not counted yet. */
function unimplementedOf({ point }: Place): number | bigint | undefined {
  const { kind, unimplemented } = pointInfo(point)
  if (point.mandatory === true && point.type.startsWith('acc')) return undefined
  return kind === 'big' || unimplemented === undefined ? unimplemented : Number(unimplemented)
}
