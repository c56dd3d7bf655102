/**
 * The contract of a driver: device → samples. A driver type lives in one folder under `drivers/` and has one line in the
 * registry; configuration checks, reference pages, JSON Schema, the UI form and the CLI derive from it.
 */
import type { Duplex } from 'node:stream'
import type { output, ZodObject } from 'zod'
import type { SampleBatch } from './batch.ts'
import type { Clock } from './clock.ts'
import type { Log } from './log.ts'
import type { StatusCode } from './status.ts'
import type { TagSettings } from './tags.ts'
import type { TagId, Value } from './value.ts'

export type Schema = ZodObject
export type Emit = (batch: SampleBatch) => void

/** One tag that a driver shall read: its id, its parsed address, its settings (type, order, length). */
export interface Point<Address> {
  readonly tag: TagId
  readonly address: Address
  readonly settings: TagSettings
}

export interface WriteItem<Address> {
  readonly point: Point<Address>
  /** The raw value, scaling already undone. */
  readonly value: Value
}

/** Where to connect. */
export interface Endpoint {
  readonly host: string
  readonly port: number
  readonly connectTimeoutMs: number
}

/** Bytes seen on a line, for the protocol trace. */
export type Trace = (direction: 'tx' | 'rx', bytes: Uint8Array) => void

/** What a driver gets from the gateway. */
export interface Context {
  /** The device's name. */
  readonly name: string
  readonly log: Log
  readonly clock: Clock
  readonly trace?: Trace | undefined
  dial(endpoint: Endpoint, signal: AbortSignal): Promise<Duplex>
  /**
   * One thing that all devices of this line share, such as its socket: the first caller's `create` makes it, the others get
   * the same. Reference counting is the thing's own business.
   */
  share<T>(create: () => T): T
}

export interface Identity {
  vendor?: string
  product?: string
  serial?: string
  firmware?: string
}

/**
 * One device. The Line arbitrates polls, writes and other requests by priority, budget and the in-flight limit, so a driver
 * needs no locks. Only a lost connection throws, as NotConnectedError; everything else is a row's status.
 */
export interface Driver<Address> {
  /** Called again, after a pause, whenever a call throws NotConnectedError. */
  connect(signal: AbortSignal): Promise<void>
  /** Plans the fewest requests that read these points. No I/O; called again only when the points change. */
  prepare(points: readonly Point<Address>[]): Poll
  /** One status an item, in order; a refusal is data. */
  write(items: readonly WriteItem<Address>[], signal: AbortSignal): Promise<StatusCode[]>
  close(): Promise<void>
  subscribe?(points: readonly Point<Address>[], emit: Emit, signal: AbortSignal): Promise<void>
  identify?(signal: AbortSignal): Promise<Identity>
}

/**
 * A repeatable read. One request a step; writes run between steps; steps overlap only as far as the line's in-flight limit
 * allows. Each step emits exactly one row for each of its points, in every outcome but a lost connection.
 */
export interface Poll {
  readonly steps: number
  /** Resolves to 'unasked' when the rows were emitted without a request: there is none to count. */
  read(step: number, emit: Emit, signal: AbortSignal): Promise<void | 'unasked'>
}

export interface DriverType<Options extends Schema = Schema, Address = unknown> {
  /** Folder, configuration key and metric label. */
  readonly name: string
  readonly summary: string
  /** Types, defaults, checks, documentation, JSON Schema and UI form derive from it. */
  readonly options: Options
  /** Shown in docs and error texts; each is parsed by a test. */
  readonly addressExamples: readonly string[]
  /** Throws CONFIG_INVALID naming the column it stopped at (`details.column`, 1-based) and, where it can, a suggestion. */
  parseAddress(text: string): Address
  /** The one way in which this address is written back to people, e.g. `40001 = hr:0 (0x0000), FC03`. */
  describeAddress(address: Address): string
  /** A tag that stands for several (an array) as one tag a member; absent or undefined: it stands for itself. */
  expand?(tag: TagSettings): readonly TagSettings[] | undefined
  /** What cannot work although address and type are each valid (a float32 at the last register): a sentence, or undefined. */
  check?(address: Address, tag: TagSettings): string | undefined
  /** Devices with the same key share one Line (socket or serial port), owned by polling. */
  line(options: output<Options>): string
  /** Where the device is, in words for people: `10.0.0.5:502 unit 2`; the line's key where absent. */
  endpoint?(options: output<Options>): string
  /** How many requests the line may have in flight; 1 where absent. */
  inFlight?(options: output<Options>): number
  create(options: output<Options>, context: Context): Driver<Address>
}

/** Gives a driver type its inferred types; has no effect of its own. */
export const defineDriver = <Options extends Schema, Address>(
  type: DriverType<Options, Address>,
): DriverType<Options, Address> => type
