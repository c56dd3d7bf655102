/**
 * One request of a poll, made once and sent every cycle. A block that fails is handed to `healing.ts`, which reads it in parts and
 * finds out what is wrong, one request after the other, until one request reads it whole again.
 */
import { SampleBatch } from '../../core/batch.ts'
import type { Emit, Point, StepResult } from '../../core/driver.ts'
import { NotConnectedError } from '../../core/errors.ts'
import { Status, type StatusCode } from '../../core/status.ts'
import { encodeRequest, type ModbusRequest } from '../../protocols/modbus/index.ts'
import { AREAS, type ModbusAddress } from './address.ts'
import { BlockDecoder } from './decoder.ts'
import { Healing, type HealingSettings } from './healing.ts'
import type { TableLimits } from './limits.ts'
import { countRequest } from './loss.ts'
import type { ByteOrder } from './order.ts'
import { failureOf, type Failure } from './outcome.ts'
import { compareSpans, planBlocks, type Span } from './plan.ts'
import type { Probe } from './probe.ts'
import type { UnitState } from './profile.ts'
import type { PursuitListener } from './pursuit.ts'
import { describeSpan } from './quarantine.ts'
import { spanLength } from './types.ts'

type ModbusPoint = Point<ModbusAddress>

/** What all blocks of a device have in common. */
export interface BlockSettings extends HealingSettings {
  /** The device's unit id; an address may name another. */
  readonly unit: number
  readonly order: ByteOrder
}

/** The way to the units of a device. */
export interface UnitAccess {
  /** Changes with every connection: a cycle that was cut off is not continued. */
  readonly connection: number
  /** False while the unit is silent and its pause lasts; true takes the turn until `settle` or `release`. */
  mayAsk(unit: number): boolean
  request(unit: number, pdu: Uint8Array, signal: AbortSignal): Promise<Uint8Array>
  /** What became of a request. */
  settle(unit: number, isAnswered: boolean): void
  /** It has no outcome: given up, or the connection is lost. */
  release(unit: number): void
}

/** One value in the device, and the points that read it. */
interface Place extends Span {
  readonly points: readonly ModbusPoint[]
}

interface Cycle {
  readonly connection: number
  readonly steps: Generator<Probe<Place>, void, Failure | undefined>
  /** What is asked next; undefined at its end. */
  probe: Probe<Place> | undefined
}

/** Connections that have to be lost over a block before it is looked at in parts. */
const CUTS_OF_WHOLE = 2

const NONE: readonly Place[] = []
/** The data of a read reply begins after function code and byte count. */
const REPLY_HEAD = 2

export class Block {
  readonly #settings: BlockSettings
  readonly #points: readonly ModbusPoint[]
  readonly #whole: Probe<Place>
  readonly #state: UnitState
  /** Of its table; a block that was never sick needs none. */
  #limits: TableLimits | undefined
  /** Of the profile when the block was last seen to be readable as a whole by it. */
  #version = -1
  #healing: Healing<Place> | undefined
  #cycle: Cycle | undefined
  /** How often in a row the connection was lost over this block. */
  #cuts = 0
  /** In this poll the others are asked first. */
  #isPutOff = false

  constructor({ unit, area, offset, length }: Span, points: readonly ModbusPoint[], settings: BlockSettings) {
    const span = { unit, area, offset, length }
    this.#settings = settings
    this.#points = points
    this.#whole = { span, items: NONE, request: encodeRead(span), decoder: this.#decoderOf(points, span) }
    this.#state = settings.profile.unit(unit)
    for (const point of points) this.#state.everyMs = Math.max(this.#state.everyMs, point.settings.everyMs)
  }

  get unit(): number {
    return this.#whole.span.unit
  }

  /** What became of the last request, while the block is not read as a whole. */
  get outcome(): 'ok' | 'timeout' | 'failed' | undefined {
    return this.#healing?.outcome
  }

  /** The status that it came to, where it failed. */
  get refusal(): StatusCode | undefined {
    return this.#healing?.refusal
  }

  /**
   * Makes one request and emits the rows that come of it; 'again' while the cycle needs more. Each cycle emits exactly one row a
   * point. Rejects only when the connection is lost or the caller gives up: what was read before is emitted.
   */
  async read(access: UnitAccess, emit: Emit, signal: AbortSignal): Promise<StepResult> {
    if (this.#cycle?.connection !== access.connection) this.#cycle = undefined
    if (this.#cuts > 0 && this.#cycle === undefined) {
      // Perhaps the next connection is lost over it too: what the others have comes before that.
      this.#isPutOff = !this.#isPutOff
      if (this.#isPutOff) return 'later'
      if (this.#cuts >= CUTS_OF_WHOLE && this.#healing === undefined) this.#heal().suspectWhole()
    }
    const cycle = this.#cycle ?? (this.#isSick() ? this.#begin(access) : undefined)
    if (cycle !== undefined && cycle.probe === undefined) return this.#end(emit)
    if (!access.mayAsk(this.unit)) return this.#giveUp(emit)
    if (cycle !== undefined) return this.#probe(cycle, access, emit, signal)
    const failure = await this.#ask(this.#whole, this.#whole.decoder!, access, emit, signal)
    if (failure === undefined) return undefined
    const healing = this.#begin(access)
    // Another block may have learned meanwhile why this one cannot be read.
    this.#healing!.took(0, failure)
    if (healing.probe?.span.length !== this.#whole.span.length) return 'again'
    return this.#advance(healing, failure, emit)
  }

  /** True while the block is not read as a whole, or is known not to be readable so. */
  #isSick(): boolean {
    if (this.#healing !== undefined) return true
    if (this.#state.version === this.#version) return false
    this.#version = this.#state.version
    return this.#settings.profile.forbids(this.#whole.span)
  }

  #begin({ connection }: UnitAccess): Cycle {
    const steps = this.#heal().cycle()
    this.#cycle = { connection, steps, probe: steps.next().value ?? undefined }
    return this.#cycle
  }

  #heal(): Healing<Place> {
    const { profile } = this.#settings
    const heard: PursuitListener<Place> = {
      leftOut: (place) => place.points.forEach(({ tag }) => profile.place(tag, place)),
      searched: (place, words) => place.points.forEach(({ tag }) => profile.searched(tag, words)),
    }
    const { unit, area } = this.#whole.span
    this.#limits ??= profile.table(unit, area)
    return (this.#healing ??= new Healing(placesOf(this.#points, this.#settings), this.#settings, heard))
  }

  async #probe(cycle: Cycle, access: UnitAccess, emit: Emit, signal: AbortSignal): Promise<void | 'again'> {
    const probe = cycle.probe!
    const places = this.#healing!.untold(probe.items)
    const isWhole = places.length === probe.items.length
    const decoder =
      (isWhole && probe.decoder) ||
      this.#decoderOf(
        places.flatMap(({ points }) => points),
        probe.span,
      )
    if (isWhole) probe.decoder = decoder
    const began = this.#settings.clock.monotonic()
    const failure = await this.#ask(probe, decoder, access, emit, signal)
    this.#healing!.took(this.#settings.clock.monotonic() - began, failure)
    if (failure === undefined) this.#healing!.tell(places)
    return this.#advance(cycle, failure, emit)
  }

  /** One request; emits the values that are to be told. */
  async #ask(
    probe: Probe<Place>,
    decoder: BlockDecoder,
    access: UnitAccess,
    emit: Emit,
    signal: AbortSignal,
  ): Promise<Failure | undefined> {
    const { span } = probe
    let reply: Uint8Array
    try {
      reply = await access.request(span.unit, (probe.request ??= encodeRead(span)), signal)
    } catch (error) {
      const failure = this.#failed(access, error, signal)
      this.#note(probe, failure)
      return failure
    }
    access.settle(span.unit, true)
    this.#cuts = 0
    this.#note(probe, undefined)
    const { clock } = this.#settings
    this.#state.answered = span
    this.#state.answeredAt = clock.monotonic()
    countRequest(this.#state.losses, true)
    this.#limits?.answered(span.offset, span.length)
    if (decoder.size === 0) return undefined
    const batch = new SampleBatch(decoder.size, clock.now())
    decoder.decode(reply, REPLY_HEAD, batch, batch.receivedAt)
    emit(batch)
    return undefined
  }

  #failed(access: UnitAccess, error: unknown, signal: AbortSignal): Failure {
    try {
      const failure = failureOf(error)
      access.settle(this.unit, failure.kind !== 'silent')
      return failure
    } catch (lost) {
      this.#cycle = undefined
      access.release(this.unit)
      if (lost instanceof NotConnectedError && !signal.aborted) {
        this.#cuts++
        this.#healing?.cut()
      }
      throw lost
    }
  }

  /** Keeps the device's words for its tags, while it answers this request with something else than values. */
  #note(probe: Probe<Place>, failure: Failure | undefined): void {
    const { profile } = this.#settings
    const isRefused = failure?.kind === 'refused'
    if (!isRefused && !profile.hasRefused) return
    const words = isRefused ? `${describeSpan(probe.span)}: the device ${failure.words}.` : ''
    const said = isRefused ? { status: failure.status, words } : undefined
    const points = probe === this.#whole ? this.#points : probe.items.flatMap((place) => place.points)
    for (const { tag } of points) profile.refused(tag, said)
  }

  /** Goes on with the cycle after a request; at its end tells what could not be read. */
  #advance(cycle: Cycle, failure: Failure | undefined, emit: Emit): 'again' | undefined {
    cycle.probe = cycle.steps.next(failure).value ?? undefined
    if (cycle.probe !== undefined) return 'again'
    this.#end(emit)
    return undefined
  }

  #end(emit: Emit): 'unasked' {
    const healing = this.#healing!
    this.#cycle = undefined
    this.#emitFailed(healing.rest(Status.BadWaitingForInitialData), emit)
    if (healing.isWhole) this.#healing = undefined
    return 'unasked'
  }

  /** The unit is silent and is not asked now: no values in this cycle but those that were read already. */
  #giveUp(emit: Emit): 'unasked' {
    const isBegun = this.#cycle !== undefined
    this.#cycle = undefined
    const all = [[{ points: this.#points }, Status.BadTimeout]] as const
    this.#emitFailed(isBegun ? this.#healing!.rest(Status.BadTimeout) : all, emit)
    return 'unasked'
  }

  #emitFailed(places: Iterable<readonly [{ readonly points: readonly ModbusPoint[] }, StatusCode]>, emit: Emit): void {
    const batch = new SampleBatch(this.#points.length, this.#settings.clock.now())
    const { profile } = this.#settings
    for (const [{ points }, status] of places) {
      if (profile.hasRefused) for (const { tag } of points) profile.failed(tag, status)
      for (const { tag } of points) batch.pushNumber(tag, 0, status, batch.receivedAt, 0)
    }
    if (batch.length > 0) emit(batch)
  }

  #decoderOf(points: readonly ModbusPoint[], span: Span): BlockDecoder {
    return new BlockDecoder(points, span.offset, this.#settings.order)
  }
}

/** The fewest blocks that cover these points. */
export function joinBlocks(points: readonly ModbusPoint[], settings: BlockSettings): Block[] {
  const spans = points.map((point) => spanOf(point, settings))
  for (const span of spans) settings.profile.claim(span)
  return planBlocks(spans, settings).map(
    (block) =>
      new Block(
        block,
        block.members.map((index) => points[index]!),
        settings,
      ),
  )
}

/** The registers or bits that a point occupies. */
function spanOf({ address, settings }: ModbusPoint, device: { readonly unit: number }): Span {
  const { area, offset, unit = device.unit } = address
  return { unit, area, offset, length: spanLength(address, settings) }
}

/** The places that the points read, in ascending order: points that read the same registers share one. */
function placesOf(points: readonly ModbusPoint[], settings: BlockSettings): Place[] {
  const places = new Map<string, Place & { readonly points: ModbusPoint[] }>()
  for (const point of points) {
    const span = spanOf(point, settings)
    const key = `${span.offset}+${span.length}`
    const place = places.get(key)
    if (place === undefined) places.set(key, { ...span, points: [point] })
    else place.points.push(point)
  }
  return [...places.values()].sort(compareSpans)
}

function encodeRead({ area, offset, length }: Span): Uint8Array {
  const read = { functionCode: AREAS[area].readFunction, address: offset, count: length }
  // A copy of its own size: the encoder's buffer has room for the longest request.
  return encodeRequest(read as ModbusRequest).slice()
}
