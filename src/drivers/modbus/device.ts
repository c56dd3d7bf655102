/** One Modbus device (and the units that its tags name): polls, writes and identification over the socket of its line. */
import { SampleBatch } from '../../core/batch.ts'
import type { Clock } from '../../core/clock.ts'
import type {
  Context,
  Driver,
  Emit,
  FramePlace,
  Identity,
  LineAccess,
  Point,
  Poll,
  TracedExchange,
  WriteItem,
} from '../../core/driver.ts'
import type { ServedView } from '../../core/driver-views.ts'
import { NotConnectedError } from '../../core/errors.ts'
import { Status, type StatusCode } from '../../core/status.ts'
import { encodeRequest } from '../../protocols/modbus/index.ts'
import type { TagId } from '../../core/value.ts'
import type { ModbusAddress } from './address.ts'
import { joinBlocks, type BlockSettings } from './block.ts'
import { LineConnection } from './connection.ts'
import { framePlace } from './frame-place.ts'
import type { LineClient } from './line-client.ts'
import type { ModbusOptions } from './options.ts'
import { parseOrder } from './order.ts'
import { statusOfFailure } from './outcome.ts'
import { DeviceProfile } from './profile.ts'
import type { ProfileView } from './profile-words.ts'
import { ProxyCounters } from './proxy/counters.ts'
import { formatListenAddress, parseListenAddress } from './proxy/listen-address.ts'
import { serveProxy } from './proxy/serve.ts'
import { SunSpecDevice } from './sunspec/device.ts'
import { checkTag, spanLength } from './types.ts'
import { DeviceAccess, type AskUnit } from './unit-access.ts'
import { UnitBreakers } from './unit-breakers.ts'
import { ModbusWriter, watchedAs } from './write.ts'

type ModbusPoint = Point<ModbusAddress>

export class ModbusDevice implements Driver<ModbusAddress> {
  readonly #options: ModbusOptions
  readonly #context: Context
  readonly #line: LineConnection
  /** Made at the first write: most devices are only read. */
  #writer: ModbusWriter | undefined
  readonly #settings: BlockSettings
  readonly #breakers: UnitBreakers
  readonly #profile: DeviceProfile
  /** How its blocks ask the device. */
  readonly #access: DeviceAccess
  /** The device's own and those that its tags name. */
  #units: readonly number[]
  #sunspec: SunSpecDevice | undefined
  #proxied: ProxyCounters | undefined
  #client: LineClient | undefined

  constructor(options: ModbusOptions, context: Context) {
    const { unit, maxRegisters, maxBits, maxGap } = options
    this.#options = options
    this.#context = context
    this.#line = context.share(() => new LineConnection())
    this.#line.agree(options, context)
    this.#units = [unit]
    this.#breakers = new UnitBreakers(context.clock)
    this.#profile = new DeviceProfile({
      clock: context.clock,
      log: context.log,
      quarantineMs: options.quarantine,
      store: options.learn ? context.learned : undefined,
    })
    this.#line.learned ??= this.#profile.line
    if (options.maxInFlight * options.maxConnections > 1)
      this.#line.onLearned(() => (this.#profile.line = this.#line.learned))
    this.#access = new DeviceAccess(this.#breakers, this.#asking())
    this.#settings = {
      unit,
      maxRegisters,
      maxBits,
      maxGap,
      order: parseOrder(options.order) ?? 'ABCD',
      clock: context.clock,
      profile: this.#profile,
    }
  }

  /** Points that are named instead of addressed: it finds their registers. */
  get sunspec(): SunSpecDevice {
    const { unit, timeout } = this.#options
    const { clock, trace } = this.#context
    return (this.#sunspec ??= new SunSpecDevice({
      unit,
      clock,
      read: (of, address, count, signal) =>
        this.#connected()
          .request(of, encodeRequest({ functionCode: 3, address, count }).slice(), signal, timeout, trace)
          .then((pdu) => pdu.subarray(2)),
      plan: (points) => this.prepare(points),
    }))
  }

  async connect(signal: AbortSignal): Promise<void> {
    this.#take(await this.#line.join(this, this.#options, this.#context, signal))
  }

  /** A new connection: it may be another device. */
  #take(client: LineClient): LineClient {
    this.#client = client.tracedBy(this.#context.trace)
    this.#access.connection++
    this.#breakers.reconnected()
    this.#sunspec?.reconnected()
    return this.#client
  }

  async close(): Promise<void> {
    this.#client = undefined
    this.#access.connection++
    this.#line.leave(this)
  }

  prepare(points: readonly ModbusPoint[], onDemand = false): Poll {
    if (points.some(isNamed)) return this.sunspec.prepare(points)
    for (const { address } of points) this.#knowUnit(address.unit ?? this.#options.unit)
    const impossible = points.filter((point) => !isReadable(point))
    const settings = onDemand ? { ...this.#settings, onDemand } : this.#settings
    const blocks = joinBlocks(impossible.length === 0 ? points : points.filter(isReadable), settings)
    for (const { unit } of blocks) this.#breakers.add(unit, blocks.length)
    if (onDemand) for (const { unit } of blocks) this.#breakers.hurry(unit)
    return {
      steps: blocks.length + (impossible.length === 0 ? 0 : 1),
      read: async (step, emit, signal) => {
        const block = blocks[step]
        // Whoever reads has planned all its points, but for those of SunSpec, whose registers are known only later.
        if (this.#sunspec === undefined) this.#profile.dropUnclaimed()
        if (block !== undefined) return block.read(this.#access, emit, signal)
        this.#emitImpossible(impossible, emit)
        return 'unasked'
      },
      unit: (step) => blocks[step]?.unit ?? this.#options.unit,
      outcome: (step) => blocks[step]?.outcome,
      refusal: (step) => blocks[step]?.refusal,
    }
  }

  async write(items: readonly WriteItem<ModbusAddress>[], signal: AbortSignal): Promise<StatusCode[]> {
    if (items.some(({ point }) => isNamed(point)))
      return this.sunspec.write(items, (plain) => this.write(watchedAs(plain, items), signal), signal)
    const results = await this.#written().write(() => this.#connected(), items, signal)
    // A unit that took a write is there, and so is the register: the read-back shall not wait for a pause to end.
    items.forEach(({ point: { address, settings } }, index) => {
      if (results[index] !== Status.Good) return
      const { unit = this.#options.unit, area, offset } = address
      this.#breakers.settle(unit, true)
      this.#profile.quarantine.hurry({ unit, area, offset, length: spanLength(address, settings) })
    })
    return results
  }

  unitOf({ address }: ModbusPoint): number {
    return address.unit ?? this.#options.unit
  }

  /** Why a tag has no value, where more is known than its status says. */
  reasonOf(tag: TagId): string | undefined {
    return this.#sunspec?.reasonOf(tag) ?? this.#profile.reasonOf(tag)
  }

  placeIn(point: ModbusPoint, exchange: TracedExchange): FramePlace | undefined {
    return isNamed(point) ? undefined : framePlace(point, this.#settings, exchange)
  }

  /** A proxy that cannot listen. */
  trouble(): string | undefined {
    const address = parseListenAddress(this.#options.proxy?.listen ?? '')
    return address === undefined ? undefined : this.#line.proxies.troubleAt(address)
  }

  /** What was learned: how much the device bears, and which registers are left out. */
  profile(): ProfileView | undefined {
    return this.#profile.view()
  }

  forget(): void {
    this.#line.learned = undefined
    this.#profile.forget()
  }

  /** The proxy, where one is configured: other clients reach the units of this device on the same line. */
  async serve(access: LineAccess, signal: AbortSignal): Promise<void> {
    const { proxy, timeout } = this.#options
    if (proxy === undefined) return
    this.#proxied ??= new ProxyCounters()
    const setup = {
      settings: proxy,
      units: new Set(this.#units),
      timeout,
      context: this.#context,
      counters: this.#proxied,
      line: this.#line,
      exchange: (unit: number, pdu: Uint8Array, onLine: AbortSignal) =>
        this.#connected().request(unit, pdu, onLine, timeout),
    }
    await serveProxy(setup, access, signal)
  }

  /** What the clients of the proxy did. */
  served(): ServedView | undefined {
    const address = parseListenAddress(this.#options.proxy?.listen ?? '')
    if (address === undefined || this.#proxied === undefined) return undefined
    return this.#proxied.view(formatListenAddress(address), this.#line.proxies.clientsAt(address))
  }

  /** The device's own unit id. */
  get unit(): number {
    return this.#options.unit
  }

  get clock(): Clock {
    return this.#context.clock
  }

  /** Where the device is, as options of a configuration. */
  get farSide(): Readonly<Record<string, unknown>> {
    const { transport, host, port, serial } = this.#options
    const where = { transport: transport === 'tcp' ? undefined : transport, host, port, serial }
    return Object.fromEntries(Object.entries(where).filter(([, value]) => value !== undefined))
  }

  /** The most registers, and the most bits, that one request may ask this device for. */
  get limits(): { readonly registers: number; readonly bits: number } {
    return { registers: this.#options.maxRegisters, bits: this.#options.maxBits }
  }

  /** One request as it stands, for tools: resolves with the response PDU, rejects as the client does. */
  async request(unit: number, pdu: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    return await this.#connected().request(unit, pdu, signal, this.#options.timeout)
  }

  /** What FC 43/14 tells; nothing from the many devices that do not know it. */
  async identify(signal: AbortSignal): Promise<Identity> {
    const client = this.#connected()
    try {
      const { vendor, product, model, revision } = await client.readDeviceIdentification(
        this.#options.unit,
        1,
        0,
        signal,
      )
      const name = model ?? product
      return {
        ...(vendor === undefined ? {} : { vendor }),
        ...(name === undefined ? {} : { product: name }),
        ...(revision === undefined ? {} : { firmware: revision }),
      }
    } catch (error) {
      statusOfFailure(error)
      return {}
    }
  }

  #written(): ModbusWriter {
    return (this.#writer ??= new ModbusWriter(this.#options, this.#line))
  }

  #knowUnit(unit: number): void {
    if (!this.#units.includes(unit)) this.#units = this.#units.concat(unit)
  }

  /** How its blocks ask the device. What the polls read, clients of the proxy need not ask again. */
  #asking(): AskUnit {
    const { timeout, proxy } = this.#options
    const { trace, clock } = this.#context
    const ask: AskUnit = (unit, pdu, signal) => this.#connected().request(unit, pdu, signal, timeout, trace)
    if ((proxy?.maxAge ?? 0) === 0) return ask
    const { cache } = this.#line.proxies
    return (unit, pdu, signal) => cache.ask(unit, pdu, clock.monotonic(), () => ask(unit, pdu, signal))
  }

  #connected(): LineClient {
    if (this.#client !== undefined && !this.#client.closed) return this.#client
    const successor = this.#client && this.#line.successorOf(this.#client)
    if (successor?.closed === false) return this.#take(successor)
    const reason = (successor ?? this.#client)?.closeReason
    throw new NotConnectedError(reason?.message ?? `${this.#context.name} is not connected`, { cause: reason })
  }

  /** Tags that the configuration check refuses; they are still answered for. */
  #emitImpossible(points: readonly ModbusPoint[], emit: Emit): void {
    const batch = new SampleBatch(points.length, this.#context.clock.now())
    for (const { tag } of points) batch.push(tag, undefined, Status.BadConfigurationError)
    emit(batch)
  }
}

const isNamed = ({ address }: ModbusPoint): boolean => address.sunspec !== undefined

const isReadable = ({ address, settings }: ModbusPoint): boolean =>
  address.count === undefined && checkTag(address, settings) === undefined
