/**
 * The contract of a driver: device → samples. A driver type lives in one folder under `drivers/` and has one line in the
 * registry; configuration checks, reference pages, JSON Schema, the UI form and the CLI derive from it.
 */
import type { Duplex } from 'node:stream'
import type { output, ZodObject } from 'zod'
import type { SampleBatch } from './batch.ts'
import type { Clock } from './clock.ts'
import type { LivenessView, ServedView } from './driver-views.ts'
import type { DeviceHistory } from './device-history.ts'
import type { Log } from './log.ts'
import type { PollEstimate } from './poll-estimate.ts'
import type { StatusCode } from './status.ts'
import type { TagSettings } from './tags.ts'
import type { TagId, Value } from './value.ts'
import type { Endpoint } from './endpoint.ts'

export type { Endpoint, SerialEndpoint, TcpEndpoint, TlsSettings, UdpEndpoint } from './endpoint.ts'

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
  readonly watch?: WriteWatch | undefined
}

/** Who asked for a write stays in touch with it, so that what is late is not sent and what was sent is known. */
export interface WriteWatch {
  /**
   * Every driver calls it right before the first request that could change the device. False: the write must not be sent any more;
   * its status is BadRequestNotComplete. `onlyNewest`: nor when a newer write of the same tag waits already.
   */
  begin(onlyNewest?: boolean): boolean
  /** How it was done, where the status does not say it: a sentence for the record. */
  remark(sentence: string): void
}

/** One request on the wire and what came of it, for the protocol trace. Frames are whole and the trace's own to keep. */
export interface TracedExchange {
  /** Which frames these are: `modbus/tcp`, `modbus/rtu`, `modbus/ascii`. */
  readonly protocol: string
  /** The far side: `10.0.0.5:502`, `/dev/ttyUSB0`. */
  readonly endpoint: string
  /** ms since 1970, with fractions. */
  readonly sentAt: number
  /** Absent for bytes that answer nothing: a late reply, noise, another master. */
  readonly request: Uint8Array | undefined
  readonly receivedAt: number | undefined
  readonly response: Uint8Array | undefined
  /** Why there is no usable response, in words. */
  readonly error: string | undefined
}

/** What a trace can be filtered by. */
export interface FrameFacts {
  /** Who is asked or answers behind the connection. */
  readonly unit: number
  readonly functionCode: number
  /** The code with which the device refuses; undefined: it does not. */
  readonly exceptionCode?: number | undefined
}

/** A frame for a capture file. */
export interface CapturedFrame {
  /** Wireshark's name for what reads it. */
  readonly dissector: string
  /** The port by which that dissector tells requests from answers. */
  readonly port: number
  readonly bytes: Uint8Array
  /** Where the bytes are not those of the wire: what was changed, in a sentence. */
  readonly note?: string | undefined
}

/** Where the value of one point lies in the answer of an exchange. */
export interface FramePlace {
  /** What the request asks for as a whole, in the driver's words: `hr:0…hr:9`. */
  readonly block: string
  /** Of the value: its bytes in the answer, counted from the beginning of the frame; undefined where the answer holds none. */
  readonly start: number | undefined
  readonly length: number
  /** The very bytes of the value, in the order of the wire. */
  readonly bytes: Uint8Array | undefined
  /** How they are read, in words: `float32, order CDAB`, `bit 3`. */
  readonly reading: string
}

/** Where a driver's exchanges go. While `active` is false nothing is to be collected for it. */
export interface TraceTap {
  readonly active: boolean
  exchange(exchange: TracedExchange): void
}

/** What a driver learned about its device and wants back after a restart; any JSON. */
export interface LearnedStore {
  /** What was saved last; undefined: nothing, or not readable any more. */
  load(): unknown
  /** Kept soon, not at once; undefined forgets. */
  save(profile: unknown): void
}

/** Something that was asked of a device by somebody, for the audit log. Values as JSON carries them. */
export interface AuditedAction {
  /** The same for the records of one action: `requested` and what came of it. */
  readonly id?: string | undefined
  /** What was tried, such as `proxy write`. */
  readonly action: string
  /** Who: an address such as 10.0.0.7:51234. */
  readonly from: string
  /** Where and what, in words of the protocol: `unit 1, Write Single Register (06) at 10 = 75`. */
  readonly what: string
  /** `requested`, `written`, or why not. */
  readonly outcome: string
}

/** Where the application certificates of the gateway are kept and trusted; `wire/certificates` reads it, in workers too. */
export interface CertificatePlace {
  /** `DATA/certificates`. */
  readonly folder: string
  /** What commands about them need besides, where they are not those of a gateway: `--local`. */
  readonly flag?: string | undefined
}

/** What a driver gets from the gateway. */
export interface Context {
  /** The device's name. */
  readonly name: string
  readonly log: Log
  readonly clock: Clock
  readonly trace?: TraceTap | undefined
  /** Absent where nothing is kept, as for a command that reads one value. */
  readonly learned?: LearnedStore | undefined
  dial(endpoint: Endpoint, signal: AbortSignal): Promise<Duplex>
  /**
   * For client libraries that connect by themselves: the address to connect to for this host. Rejects with NotConnectedError where the
   * configuration does not let it be dialled. The host itself where absent.
   */
  readonly resolve?: ((host: string, port: number) => Promise<string>) | undefined
  /**
   * One thing that all devices of this line share, such as its socket: the first caller's `create` makes it, the others get
   * the same. Reference counting is the thing's own business.
   */
  share<T>(create: () => T): T
  /** The same for all devices of this driver type, such as a worker thread. */
  shareAll<T>(create: () => T): T
  /** What `trouble` says has changed: it is looked at now, not only after the next poll. */
  changed?(): void
  /** How many requests the line may have in flight from now on, for drivers that adapt to what their line bears. */
  limitInFlight?(limit: number): void
  /** Certificates of OPC UA; absent where nothing is kept, as for a command that reads one value. */
  readonly certificates?: CertificatePlace | undefined
  /** Throws WRITE_LOCKED while all writes are locked. For writes that do not come by the commands, right before they go out. */
  assertWritable?(): void
  /** Puts an action on record; resolves when it is on disk, rejects with STORE_FAILED: then it must not be carried out. */
  audit?(action: AuditedAction): Promise<void>
}

/** Names in words, values as they are shown. */
export type SourceFacts = Readonly<Record<string, string | number | boolean | null>>

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
  /**
   * Plans the fewest requests that read these points. No I/O; called again only when the points change. `onDemand`: somebody waits
   * for these values, once: what the polls put off is tried.
   */
  prepare(points: readonly Point<Address>[], onDemand?: boolean): Poll
  /** One status an item, in order; a refusal is data. */
  write(items: readonly WriteItem<Address>[], signal: AbortSignal): Promise<StatusCode[]>
  close(): Promise<void>
  /** The longest pause between two attempts to connect, ms, where the gateway's own would be too long. */
  readonly retryMaxMs?: number
  /** Who has this point, where one device stands for several: the unit id. */
  unitOf?(point: Point<Address>): number
  /** Values come by themselves: these points are not polled but subscribed to. */
  subscribes?(point: Point<Address>): boolean
  /** Until the signal aborts; rejects with NotConnectedError when the connection is lost. The first values come at once. */
  subscribe?(points: readonly Point<Address>[], emit: Emit, signal: AbortSignal): Promise<void>
  /** How its subscriptions do; undefined: it has none. */
  liveness?(): LivenessView | undefined
  identify?(signal: AbortSignal): Promise<Identity>
  /** What the device has recorded itself: gaps are filled with it; absent or undefined: nothing is asked for. */
  readonly history?: DeviceHistory<Address> | undefined
  /** Runs beside the polls from start to stop of the gateway, connected or not: a server for others (a proxy). */
  serve?(access: LineAccess, signal: AbortSignal): Promise<void>
  /** What those did that `serve` serves; undefined: it serves nobody. */
  served?(): ServedView | undefined
  /** What is wrong beside the polls, such as a port of `serve` that is taken: a sentence. Asked after each poll. */
  trouble?(): string | undefined
  /** What was learned about the device, as JSON for people; undefined: nothing yet. */
  profile?(): unknown
  /** Forgets what was learned; the next polls find out anew. */
  forget?(): void
  /** Why this tag is bad, where the driver knows more than its status says: a sentence. */
  reasonOf?(tag: TagId): string | undefined
  /** Where this point's value lies in a traced exchange; undefined: the exchange did not ask for it. */
  placeIn?(point: Point<Address>, exchange: TracedExchange): FramePlace | undefined
  /** How the values of this point come, where no frames are traced: names and numbers for people, such as those of a subscription. */
  sourceOf?(point: Point<Address>, signal: AbortSignal): Promise<SourceFacts>
  /**
   * What the device itself says of these points, for people who named addresses and no types. One answer a point, in order;
   * undefined: nothing is known of it.
   */
  describe?(points: readonly Point<Address>[], signal: AbortSignal): Promise<readonly (TagDefaults | undefined)[]>
}

/** The way onto the line for requests that are no polls: each `run` is one request, which waits for its place. */
export interface LineAccess {
  /** Before `run`: is the device connected? */
  readonly connected: boolean
  /** What is configured of the device, for tools that compare; absent where nothing is. */
  readonly points?: readonly Point<unknown>[] | undefined
  /** True where whoever asks may diagnose this device, and not what else is behind the same connection. */
  readonly confined?: boolean | undefined
  /**
   * 'command': ahead of the polls; 'turn': in turn with them, so that others who ask much don't starve them. Rejects with
   * NotConnectedError while there is no connection, with what `work` threw, or with the signal's reason. `unit`: who is asked,
   * where one device stands for several; `by`: on whose account, where it is not the gateway's own (`proxy`).
   */
  run<T>(
    work: (signal: AbortSignal) => Promise<T>,
    priority: 'command' | 'turn',
    signal: AbortSignal,
    unit?: number,
    by?: string,
  ): Promise<T>
}

/**
 * Something that people do with one device besides reading and writing its tags (look at raw registers, find the byte order).
 * Command line (`bifrost DRIVER TOOL TARGET …`) and API (`POST /api/v1/devices/NAME/tools/TOOL`) derive from it. Reads only.
 */
export interface DriverTool<Input extends Schema = Schema> {
  /** The word after the driver's name. */
  readonly name: string
  readonly summary: string
  /** Command line and what it does. */
  readonly examples: readonly (readonly [line: string, meaning: string])[]
  /**
   * Fields of the API's body and flags of the command line, each with its description. One with `.meta({ textFile: true })` is a text,
   * for which the command line takes the name of a file.
   */
  readonly input: Input
  /** The inputs that the command line takes by position after the target, in order. */
  readonly positions: readonly (keyof output<Input> & string)[]
  /** It needs no connection of the driver's: it works while there is none, too. */
  readonly offline?: true
  /** It changes what the gateway knows of the device: asked for with `devices.manage`, and on record. */
  readonly manages?: true
  /** Resolves with JSON. `driver` is an instance of this driver type, connected. */
  run(input: output<Input>, driver: Driver<never>, access: LineAccess, signal: AbortSignal): Promise<unknown>
  /** The result as lines for people. */
  toLines(result: never): readonly string[]
  /** What people should know besides, apart from the result: it may go into a file. */
  toRemarks?(result: never): readonly string[]
  /** It compared two things that are not the same: the command ends with an exit code of its own. */
  isDifferent?(result: never): boolean
}

/** Gives a tool its inferred types; has no effect of its own. */
export const defineTool = <Input extends Schema>(tool: DriverTool<Input>): DriverTool<Input> => tool

/** What came of one call of `Poll.read`, see there. */
export type StepResult = void | 'unasked' | 'again' | 'later'

/** `read` is to be called again for the same step. */
export const isUnfinished = (result: StepResult): boolean => result === 'again' || result === 'later'

/**
 * A repeatable read. One request a step; writes run between steps; steps overlap only as far as the line's in-flight limit
 * allows. Each step emits exactly one row for each of its points, in every outcome but a lost connection.
 */
export interface Poll {
  readonly steps: number
  /**
   * Resolves to 'unasked' when the rows were emitted without a request: there is none to count. To 'again' when this request
   * was not the last one that the step needs: the line serves others first, then `read` is called again for the same step. To
   * 'later' when nothing was asked yet and the others shall be served first.
   */
  read(step: number, emit: Emit, signal: AbortSignal): Promise<StepResult>
  /** Who is asked by this step, where one device stands for several: the unit id. Absent: the device itself. */
  unit?(step: number): number
  /** For the figures: what became of the request that this step made last, where its rows don't tell it. */
  outcome?(step: number): 'ok' | 'timeout' | 'failed' | undefined
  /** Of one that failed: the status that it came to. */
  refusal?(step: number): StatusCode | undefined
}

/** Which hosts may be asked for devices, and how. */
export interface ScanRange {
  /** IP addresses, already checked against what the configuration allows. */
  readonly hosts: Iterable<string>
  readonly ports: readonly number[]
  readonly units: readonly number[]
  readonly timeoutMs: number
  /** Connections under way at once, at most, and new ones a second. */
  readonly concurrency: number
  readonly ratePerSecond: number
  /** The network may be asked by multicast (mDNS), which the configuration allows apart. */
  readonly multicast?: boolean | undefined
}

/** A device that answered a scan. */
export interface FoundDevice {
  /** As in a configuration: the options of the driver. */
  readonly options: Readonly<Record<string, unknown>>
  readonly endpoint: string
  readonly identity: Identity
  /** What was found out, one sentence each: which functions answer, which ranges can be read. */
  readonly notes: readonly string[]
  /** Tags worth trying, as the configuration would name them. */
  readonly tags: readonly Partial<TagSettings>[]
}

/** What an address may say of its tag. */
export type TagDefaults = Partial<Pick<TagSettings, 'type' | 'unit' | 'symbols'>>

/** subscribe: values come by themselves; history: gaps are filled with what the device has recorded; events: alarms as rows. */
export type DriverOffer = 'subscribe' | 'history' | 'events'

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
  /** What an address says of its tag by itself, where the device or a standard defines it; a tag's own settings go before it. */
  tagDefaults?(address: Address): TagDefaults | undefined
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
  /** Ports of this machine that such a device listens on: nothing of this gateway dials them. */
  ports?(options: output<Options>): readonly number[]
  /** How many requests the line may have in flight; 1 where absent. */
  inFlight?(options: output<Options>): number
  /** What one poll of these points comes to, as `prepare` plans it while nothing was learned of the device. Offline; absent: not known. */
  estimate?(options: output<Options>, points: readonly Omit<Point<Address>, 'tag'>[]): PollEstimate
  create(options: output<Options>, context: Context): Driver<Address>
  readonly tools?: readonly DriverTool[]
  /** What some device of this type can do beside being read and written: what people choose a driver by. */
  readonly offers?: readonly DriverOffer[]
  /**
   * URLs of the protocol's own (`opc.tcp://10.0.0.5:4840/plant`), which name a device on the command line as `driver://host` does:
   * their schemes, the usual one first, and the option that takes such a URL whole.
   */
  readonly urls?: { readonly schemes: readonly string[]; readonly option: string }
  /** Ports that a scan asks where none are named. */
  readonly scanPorts?: readonly number[]
  /** Asks each host, reads only what is known to be harmless, and yields what answered. */
  scan?(range: ScanRange, context: Context, signal: AbortSignal): AsyncIterable<FoundDevice>
  /** The bytes that the value of each point was made of, as they travelled in these exchanges; undefined: they are not among them. */
  rawOf?(
    points: readonly Point<Address>[],
    exchanges: readonly TracedExchange[],
    options: output<Options>,
  ): readonly (Uint8Array | undefined)[]
  /** The fields of a traced frame in words, such as `unit 1 Read Holding Registers (03) address 0 count 10`. */
  describeFrame?(protocol: string, frame: Uint8Array, request: Uint8Array | undefined): string
  /** What a traced frame can be found by; undefined: it is too damaged to tell. */
  inspectFrame?(protocol: string, frame: Uint8Array): FrameFacts | undefined
  /** A traced frame as Wireshark takes it; undefined: as bytes without a meaning. */
  captureFrame?(protocol: string, frame: Uint8Array): CapturedFrame | undefined
}

/** Gives a driver type its inferred types; has no effect of its own. */
export const defineDriver = <Options extends Schema, Address>(
  type: DriverType<Options, Address>,
): DriverType<Options, Address> => type
