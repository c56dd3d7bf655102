/**
 * One device as its users have it: what it is, how it is doing, and what can be asked of it beside the polls. When it connects
 * and polls is the lifecycle's (`lifecycle.ts`).
 */
import type { SampleBatch } from '../core/batch.ts'
import type { Clock } from '../core/clock.ts'
import type { DeviceAccount } from '../core/device-account.ts'
import type {
  Driver,
  DriverType,
  FramePlace,
  Identity,
  LineAccess,
  Point,
  SourceFacts,
  TracedExchange,
  WriteItem,
} from '../core/driver.ts'
import type { LivenessView, ServedView } from '../core/driver-views.ts'
import type { RestartReason, Restarts } from '../core/restarts.ts'
import type { Tracer } from '../core/spans.ts'
import { isBad, Status, type StatusCode } from '../core/status.ts'
import { isInsecure } from '../core/tls-options.ts'
import type { TagId } from '../core/value.ts'
import { runCommand } from './command.ts'
import { DeviceCondition } from './condition.ts'
import { DeviceAccess } from './line-access.ts'
import type { Line } from './line.ts'
import type { UnitUse } from './line-use.ts'
import type { DeviceSetup, PollingContext } from './polling.ts'
import { readOnDemand } from './read-on-demand.ts'
import { statusRows } from './rows.ts'
import { createDeviceStats, type DeviceSession, type DeviceState, type WriteOptions } from './session.ts'
import { parseToolCall, runTool } from './tool-call.ts'
import type { Came } from './wire-figures.ts'

/** Statuses of writes that the device has not answered. */
const OURS: ReadonlySet<StatusCode> = new Set([
  Status.BadTimeout,
  Status.BadNotConnected,
  Status.BadNoCommunication,
  Status.BadRequestNotComplete,
  Status.BadOutOfService,
])

export abstract class PolledDevice implements DeviceSession {
  readonly name: string
  readonly driver: string
  readonly type: DriverType
  readonly endpoint: string
  points: readonly Point<unknown>[]
  readonly stats = createDeviceStats()
  readonly clock: Clock
  readonly line: Line
  readonly tracer: Tracer | undefined
  lastGoodAt: number | undefined
  readonly #restarts: Restarts | undefined
  protected readonly enabled: boolean
  protected readonly device: Driver<unknown>
  readonly isInsecure: boolean
  readonly account: DeviceAccount | undefined
  protected readonly condition: DeviceCondition
  protected readonly access: LineAccess = new DeviceAccess(this)

  constructor(setup: DeviceSetup, device: Driver<unknown>, line: Line, context: PollingContext) {
    const { clock, log, account, tracer } = context
    this.name = setup.name
    this.type = setup.type
    this.driver = setup.type.name
    this.endpoint = setup.type.endpoint?.(setup.options as never) ?? setup.type.line(setup.options as never)
    this.points = setup.points
    this.clock = clock
    this.#restarts = context.restarts
    this.line = line
    this.tracer = tracer
    this.enabled = setup.enabled
    this.device = device
    this.isInsecure = isInsecure(setup.options)
    this.account = account?.(setup.name)
    this.condition = new DeviceCondition(setup.name, clock, log, this.isInsecure, this.account)
  }

  /** Connected, and the connection not being given up. */
  abstract get connected(): boolean
  /** Aborted when the connection is given up. */
  abstract get signal(): AbortSignal
  /** A request threw: the connection is lost. */
  abstract lost(error: unknown): void
  abstract retryNow(): void

  /** A call of the driver did not end: it is left to itself, and the device begun anew. */
  protected stuck(reason: RestartReason<'device'>): void {
    this.#restarts?.count('device', reason)
  }

  /** Asked for seldom: an index would cost memory for every tag. */
  protected nameOf(tag: TagId): string {
    return this.points.find((point) => point.tag === tag)?.settings.name ?? `tag ${tag}`
  }

  get state(): DeviceState {
    return this.condition.state
  }

  get stateSince(): number {
    return this.condition.since
  }

  get reason(): string | null {
    return this.condition.reason
  }

  /** The account for requests beside the polls. */
  useOf(unit: number | undefined, by?: string): UnitUse {
    return this.line.useOf(this.name, unit, by, this.stats.wire)
  }

  async write(items: readonly WriteItem<unknown>[], options: WriteOptions): Promise<StatusCode[]> {
    const all = (status: StatusCode) => items.map(() => status)
    if (!this.connected) return all(this.#unreachable)
    const use = this.useOf(this.#unitOf(items))
    const limits = { ...options, line: this.line, use, clock: this.clock, connection: this.signal }
    const came = (statuses: StatusCode[]): Came => this.#cameOf(statuses)
    return runCommand(
      { ...limits, came },
      (signal) => this.device.write(items, signal),
      all,
      (error) => this.#thrown(error),
    )
  }

  async readNow(points: readonly Point<unknown>[], signal: AbortSignal): Promise<SampleBatch> {
    if (!this.connected) return statusRows(points, this.#unreachable, this.clock.now())
    const useOf = (unit: number | undefined): UnitUse => this.useOf(unit)
    const limits = { line: this.line, useOf, clock: this.clock, signal, connection: this.signal }
    return readOnDemand(this.device, points, limits, (error) => this.#thrown(error))
  }

  async tool(name: string, input: unknown, signal: AbortSignal, confined = false): Promise<unknown> {
    const call = parseToolCall(this.type, name, input)
    return runTool(this.name, call, this.device, confined ? new DeviceAccess(this, true) : this.access, signal)
  }

  async identify(signal: AbortSignal): Promise<Identity> {
    const { device } = this
    if (device.identify === undefined) return {}
    return this.access.run((onLine) => device.identify!(onLine), 'command', signal)
  }

  profile(): unknown {
    return this.device.profile?.()
  }

  forget(): void {
    this.device.forget?.()
  }

  served(): ServedView | undefined {
    return this.device.served?.()
  }

  liveness(): LivenessView | undefined {
    return this.device.liveness?.()
  }

  reasonOf(tag: TagId): string | undefined {
    return this.device.reasonOf?.(tag)
  }

  isSubscribed(point: Point<unknown>): boolean {
    return this.device.subscribe !== undefined && this.device.subscribes?.(point) === true
  }

  placeIn(point: Point<unknown>, exchange: TracedExchange): FramePlace | undefined {
    return this.device.placeIn?.(point, exchange)
  }

  async sourceOf(point: Point<unknown>, signal: AbortSignal): Promise<SourceFacts | undefined> {
    return this.device.sourceOf?.(point, signal)
  }

  get #unreachable(): StatusCode {
    return this.enabled ? Status.BadNotConnected : Status.BadOutOfService
  }

  #cameOf(statuses: readonly StatusCode[]): Came {
    // What was not asked says nothing: only what the device itself answers counts.
    const told = statuses.filter((status) => !OURS.has(status))
    const refused = told.find(isBad)
    if (refused !== undefined) this.stats.wire.refused(refused)
    if (told.length > 0) return 'answer'
    return statuses.includes(Status.BadTimeout) ? 'nothing' : undefined
  }

  /** The unit that these are written to, where there is only one. */
  #unitOf(items: readonly WriteItem<unknown>[]): number | undefined {
    const units = new Set(items.map(({ point }) => this.device.unitOf?.(point)))
    return units.size === 1 ? [...units][0] : undefined
  }

  #thrown(error: unknown): StatusCode {
    this.lost(error)
    return Status.BadNoCommunication
  }
}
