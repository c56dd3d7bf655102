/** One simulated device: connected or not, its cells, and its polls. */
import { HAS_VALUE, IS_BOOLEAN, SampleBatch } from '../../core/batch.ts'
import { sleep } from '../../core/clock.ts'
import type { Context, Driver, Emit, Identity, Point, Poll, SourceFacts, WriteItem } from '../../core/driver.ts'
import { NotConnectedError } from '../../core/errors.ts'
import { Status, statusByName, type StatusCode } from '../../core/status.ts'
import type { DataType, Value } from '../../core/value.ts'
import type { SimulatedAddress } from './address.ts'
import type { SimulatedOptions } from './driver.ts'
import { signalAt } from './signal.ts'
import { fromNumber, fromText, refuseValue } from './value.ts'

type SimulatedPoint = Point<SimulatedAddress>

export class SimulatedDevice implements Driver<SimulatedAddress> {
  readonly #options: SimulatedOptions
  readonly #context: Context
  readonly #cells = new Map<string, Value>()
  #connected = false

  constructor(options: SimulatedOptions, context: Context) {
    this.#options = options
    this.#context = context
  }

  async connect(signal: AbortSignal): Promise<void> {
    await this.#latency(signal)
    if (!this.#options.online)
      throw new NotConnectedError(`simulated device ${this.#context.name} is configured to be offline`)
    this.#connected = true
  }

  prepare(points: readonly SimulatedPoint[]): Poll {
    const size = this.#options.maxPoints
    return {
      steps: Math.ceil(points.length / size),
      read: (step, emit, signal) => this.#read(points.slice(step * size, (step + 1) * size), emit, signal),
    }
  }

  async sourceOf({ address }: SimulatedPoint): Promise<SourceFacts> {
    return { signal: address.kind, ...address.settings, latencyMs: this.#options.latency }
  }

  async write(items: readonly WriteItem<SimulatedAddress>[], signal: AbortSignal): Promise<StatusCode[]> {
    await this.#request(signal)
    return items.map(({ point, value, watch }) =>
      (watch?.begin() ?? true) ? this.#writeCell(point, value) : Status.BadRequestNotComplete,
    )
  }

  async identify(signal: AbortSignal): Promise<Identity> {
    await this.#request(signal)
    return { vendor: 'Bifrost', product: 'simulated device' }
  }

  async close(): Promise<void> {
    this.#connected = false
  }

  async #read(points: readonly SimulatedPoint[], emit: Emit, signal: AbortSignal): Promise<void> {
    await this.#request(signal)
    const batch = new SampleBatch(points.length, this.#context.clock.now())
    for (const point of points) this.#pushValue(batch, point)
    emit(batch)
  }

  #pushValue(batch: SampleBatch, point: SimulatedPoint): void {
    const { address, settings, tag } = point
    if (address.kind === 'status') return batch.push(tag, undefined, statusByName(String(address.settings.code))!.code)
    if (address.kind === 'cell') return this.#pushFitting(batch, point, this.#cellValue(point))
    if (address.kind === 'constant')
      return this.#pushFitting(batch, point, fromText(settings.type, String(address.settings.value)))
    const number = signalAt(address, batch.receivedAt)
    if (settings.type === 'float64') return batch.pushNumber(tag, number, Status.Good, batch.receivedAt, HAS_VALUE)
    if (settings.type === 'bool')
      return batch.pushNumber(tag, number === 0 ? 0 : 1, Status.Good, batch.receivedAt, HAS_VALUE | IS_BOOLEAN)
    this.#pushFitting(batch, point, fromNumber(settings.type, number))
  }

  #pushFitting(batch: SampleBatch, point: SimulatedPoint, value: Value | undefined): void {
    batch.push(point.tag, value, value === undefined ? Status.BadOutOfRange : Status.Good)
  }

  #cellValue({ address, settings }: SimulatedPoint): Value | undefined {
    const stored = this.#cells.get(String(address.settings.name))
    if (stored === undefined)
      return fromText(settings.type, String(address.settings.initial)) ?? emptyValue(settings.type)
    return refuseValue(settings.type, stored) === undefined ? stored : undefined
  }

  #writeCell({ address, settings }: SimulatedPoint, value: Value): StatusCode {
    if (address.kind !== 'cell') return Status.BadNotWritable
    const refused = refuseValue(settings.type, value)
    if (refused !== undefined) return refused
    this.#cells.set(String(address.settings.name), toType(settings.type, value))
    return Status.Good
  }

  async #request(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (!this.#connected) throw new NotConnectedError(`simulated device ${this.#context.name} is not connected`)
    await this.#latency(signal)
    if (!this.#connected) throw new NotConnectedError(`simulated device ${this.#context.name} was closed`)
  }

  async #latency(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#options.latency > 0) await sleep(this.#context.clock, this.#options.latency, signal)
  }
}

/** What a cell of a type that knows no 0 holds at first. */
const emptyValue = (type: DataType): Value | undefined => (type === 'bytes' ? new Uint8Array(0) : undefined)

/** A value that fits the type, in the form in which samples carry the type. */
function toType(type: DataType, value: Value): Value {
  if (type === 'bool') return Boolean(value)
  if (type === 'int64' || type === 'uint64') return BigInt(value as bigint | number)
  return type === 'float32' ? Math.fround(value as number) : value
}
