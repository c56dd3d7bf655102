/**
 * One request of a poll, made once and sent every cycle. When the device refuses the block's addresses (exceptions 02, 03) it is
 * halved until the bad register is alone, so that it costs no neighbour its value; from then on the good ones are read together
 * again, without gaps, and each bad one alone: a cycle costs one request more for it, and it comes back by itself.
 */
import { SampleBatch } from '../../core/batch.ts'
import type { Clock } from '../../core/clock.ts'
import type { Emit, Point } from '../../core/driver.ts'
import { Status, type StatusCode } from '../../core/status.ts'
import { encodeRequest, type ModbusClient, type ModbusRequest } from '../../protocols/modbus/index.ts'
import { AREAS, type ModbusAddress } from './address.ts'
import { BlockDecoder } from './decoder.ts'
import type { ByteOrder } from './order.ts'
import { blamesBlock, statusOfFailure } from './outcome.ts'
import { planBlocks, type PlanLimits, type Span } from './plan.ts'
import { spanLength } from './types.ts'

type ModbusPoint = Point<ModbusAddress>

/** What all blocks of a device have in common. */
export interface BlockSettings extends PlanLimits {
  /** The device's unit id; an address may name another. */
  readonly unit: number
  readonly order: ByteOrder
  readonly timeout: number
  readonly clock: Clock
}

/** The data of a read reply begins after function code and byte count. */
const REPLY_HEAD = 2
/** The search for bad registers pauses until the next poll after this long: a step has to end before polling gives the connection up. */
const ISOLATE_LIMIT_MS = 20_000

type Outcome = 'good' | 'bad' | 'silent'

export class Block {
  readonly #settings: BlockSettings
  readonly #points: readonly ModbusPoint[]
  readonly unit: number
  readonly #request: Uint8Array
  readonly #decoder: BlockDecoder
  /** How the block is read since the device refused it as a whole. */
  #parts: readonly Block[] | undefined

  constructor(span: Span, points: readonly ModbusPoint[], settings: BlockSettings) {
    this.#settings = settings
    this.#points = points
    this.unit = span.unit
    const read = { functionCode: AREAS[span.area].readFunction, address: span.offset, count: span.length }
    // A copy of its own size: the encoder's buffer has room for the longest request.
    this.#request = encodeRequest(read as ModbusRequest).slice()
    this.#decoder = new BlockDecoder(points, span.offset, settings.order)
  }

  get size(): number {
    return this.#points.length
  }

  /**
   * Emits one batch with one row a point; false when the unit kept silent. Throws only when the connection is lost or the
   * caller gives up.
   */
  async read(client: ModbusClient, emit: Emit, signal: AbortSignal): Promise<boolean> {
    if (this.#parts !== undefined) return this.#readApart(client, emit, signal)
    const { clock, timeout } = this.#settings
    let reply: Uint8Array
    try {
      reply = await client.request(this.unit, this.#request, signal, timeout)
    } catch (error) {
      const status = statusOfFailure(error)
      if (this.size > 1 && blamesBlock(error)) return this.#readApart(client, emit, signal)
      this.fail(status, emit)
      return status !== Status.BadTimeout
    }
    const batch = new SampleBatch(this.size, clock.now())
    this.#decoder.decode(reply, REPLY_HEAD, batch, batch.receivedAt)
    emit(batch)
    return true
  }

  /** Emits one row a point with this status, without asking. */
  fail(status: StatusCode, emit: Emit): void {
    const batch = new SampleBatch(this.size, this.#settings.clock.now())
    this.#decoder.fail(status, batch, batch.receivedAt)
    emit(batch)
  }

  /** Reads the parts, or finds out which, one after the other into one batch. What was read before the connection was lost is emitted. */
  async #readApart(client: ModbusClient, emit: Emit, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#settings
    const batch = new SampleBatch(this.size)
    const until = clock.monotonic() + ISOLATE_LIMIT_MS
    try {
      if (this.#parts === undefined) await this.#isolate(client, batch, signal, until)
      else if ((await this.#readParts(this.#parts, client, batch, signal, until)) === 'silent') return hasAnswer(batch)
      return true
    } finally {
      batch.receivedAt = clock.now()
      if (batch.length > 0) emit(batch)
    }
  }

  /** `until`, in monotonic ms: no new search for a bad register from then on. */
  async #readInto(client: ModbusClient, batch: SampleBatch, signal: AbortSignal, until: number): Promise<Outcome> {
    if (this.#parts !== undefined) return this.#readParts(this.#parts, client, batch, signal, until)
    const outcome = await this.#ask(client, batch, signal)
    return outcome === 'refused' ? this.#isolate(client, batch, signal, until) : outcome
  }

  /** One request. No rows when the device refuses the addresses of several points: which of them is meant it does not say. */
  async #ask(client: ModbusClient, batch: SampleBatch, signal: AbortSignal): Promise<Outcome | 'refused'> {
    const { clock, timeout } = this.#settings
    try {
      const reply = await client.request(this.unit, this.#request, signal, timeout)
      this.#decoder.decode(reply, REPLY_HEAD, batch, clock.now())
      return 'good'
    } catch (error) {
      const status = statusOfFailure(error)
      if (this.size > 1 && blamesBlock(error)) return 'refused'
      this.#decoder.fail(status, batch, clock.now())
      return status === Status.BadTimeout ? 'silent' : 'bad'
    }
  }

  /** A unit that keeps silent costs one time-out, not one a part. The parts known as bad come last, so that they cost the others nothing. */
  async #readParts(
    parts: readonly Block[],
    client: ModbusClient,
    batch: SampleBatch,
    signal: AbortSignal,
    until: number,
  ): Promise<Outcome> {
    let silent = false
    for (const part of parts) {
      if (silent) part.#decoder.fail(Status.BadTimeout, batch, this.#settings.clock.now())
      else silent = (await part.#readInto(client, batch, signal, until)) === 'silent'
    }
    return silent ? 'silent' : 'good'
  }

  /**
   * Halves what is refused until each bad point is alone, and remembers which are bad; not when the unit fell silent meanwhile,
   * which says nothing of a register. A slow line may need several polls for it: the next one goes on where this one stopped.
   */
  async #isolate(client: ModbusClient, batch: SampleBatch, signal: AbortSignal, until: number): Promise<Outcome> {
    const { clock } = this.#settings
    const good: Block[] = []
    const bad: Block[] = []
    const open = this.#halves()
    while (open.length > 0 && clock.monotonic() < until) {
      const block = open.shift()!
      const outcome = await block.#ask(client, batch, signal)
      if (outcome === 'refused') open.unshift(...block.#halves())
      else if (outcome === 'good') good.push(block)
      else if (outcome === 'bad') bad.push(block)
      else {
        for (const rest of open) rest.#decoder.fail(Status.BadTimeout, batch, clock.now())
        return 'silent'
      }
    }
    for (const rest of open) rest.#decoder.fail(Status.BadWaitingForInitialData, batch, clock.now())
    this.#parts = open.length > 0 ? [...good, ...open, ...bad] : this.#split(good, bad)
    return 'good'
  }

  #halves(): Block[] {
    const middle = Math.ceil(this.size / 2)
    const halves = [this.#points.slice(0, middle), this.#points.slice(middle)]
    return halves.flatMap((points) => joinBlocks(points, this.#settings))
  }

  /** The good points together again, without gaps; as they were read where the device refuses just that. */
  #split(good: readonly Block[], bad: readonly Block[]): readonly Block[] {
    const points = good.flatMap((block) => block.#points)
    const joined = joinBlocks(points, { ...this.#settings, maxGap: 0 })
    const isRefused = bad.length === 0 && joined.length === 1 && joined[0]!.#sameRequest(this)
    return isRefused ? good : [...joined, ...bad]
  }

  #sameRequest(other: Block): boolean {
    return Buffer.compare(this.#request, other.#request) === 0
  }
}

/** True when a row says something else than that nobody answered. */
function hasAnswer(batch: SampleBatch): boolean {
  for (let row = 0; row < batch.length; row++) if (batch.status[row] !== Status.BadTimeout) return true
  return false
}

/** The fewest blocks that cover these points. */
export function joinBlocks(points: readonly ModbusPoint[], settings: BlockSettings): Block[] {
  const spans = points.map((point) => spanOf(point, settings))
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
function spanOf({ address, settings }: ModbusPoint, device: BlockSettings): Span {
  const { area, offset, unit = device.unit } = address
  return { unit, area, offset, length: spanLength(address, settings) }
}
