/**
 * The life of one device: connect, poll, lose the connection, say so in every point, pause, come back alone. A device that
 * is connected but answers nothing is asked by single probes (`silence.ts`). Its neighbours on the line do not notice.
 */
import type { SampleBatch } from '../core/batch.ts'
import type { Timer } from '../core/clock.ts'
import type { Driver, Emit, Point } from '../core/driver.ts'
import { NotConnectedError } from '../core/errors.ts'
import { formatDuration } from '../core/duration.ts'
import type { Log } from '../core/log.ts'
import { Status, type StatusCode } from '../core/status.ts'
import type { TagId } from '../core/value.ts'
import { Backoff } from '../wire/backoff.ts'
import { Backfill } from './backfill.ts'
import { attemptConnect, closeInTime } from './connect-attempt.ts'
import type { ConnectGate, Entrant } from './connect-gate.ts'
import type { Line } from './line.ts'
import type { Silent } from './line-silence.ts'
import type { UnitUse } from './line-use.ts'
import { areSame, planPoints, type PointsPlan } from './points-plan.ts'
import { PollGroups } from './poll-groups.ts'
import type { GroupOwner, PollGroup } from './poll-group.ts'
import { PolledDevice } from './polled-device.ts'
import type { DeviceSetup, PollingContext } from './polling.ts'
import { reasonOfDegradation, reasonOfLoss, reasonOfRefusal, reasonOfSilence, reasonOfSubscribed } from './reason.ts'
import { countRows, statusRows } from './rows.ts'
import type { Schedule } from './schedule.ts'
import { keepServing } from './serving.ts'
import { Silence } from './silence.ts'
import { SubscribedPoints } from './subscribed.ts'

const RETRY_MIN_MS = 500
const RETRY_MAX_MS = 30_000
/** A driver has its own, shorter, time limit; this holds when it has none. */
const REQUEST_LIMIT_MS = 60_000
/** After a connect, groups that are due later than this are read at once. */
const FIRST_READ_MS = 1000

/** What the devices of one gateway share. */
export interface Surroundings {
  readonly context: PollingContext
  readonly schedule: Schedule
  readonly gate: ConnectGate
}

type Phase = 'idle' | 'connecting' | 'connected' | 'pausing' | 'stopped'

export class Lifecycle extends PolledDevice implements GroupOwner, Entrant, Silent {
  /** Why no poll begins now; undefined: polls begin. */
  #held: string | undefined
  readonly #log: Log
  readonly #gate: ConnectGate
  readonly #confirm: PollingContext['confirm']
  readonly #groups: PollGroups
  #subscribed: SubscribedPoints
  /** Where the device keeps a history that shall be read. */
  readonly #backfill: Backfill | undefined
  readonly #retry: Backoff
  readonly #silence: Silence
  readonly #random: () => number
  /** What the driver serves beside the polls, and how it is ended. */
  readonly #servingEnd = new AbortController()
  #serving: Promise<void> | undefined
  #emit: Emit = () => {}
  #phase: Phase = 'idle'
  #connection = new AbortController()
  #connects = 0
  #timer: Timer | undefined
  /** When a silent device is asked next (monotonic ms), and the pause before that. */
  #probeAt = 0
  #probePauseMs = 0
  /** The connection of now brought values. */
  #hasValues = false
  /** The status of all points while there is no connection; undefined while there is one. */
  #outage: StatusCode | undefined

  constructor(setup: DeviceSetup, device: Driver<unknown>, line: Line, surroundings: Surroundings) {
    const { context, schedule, gate } = surroundings
    super(setup, device, line, context)
    const random = context.random ?? Math.random
    this.#log = context.log
    this.#confirm = context.confirm
    this.#gate = gate
    this.#retry = new Backoff({ firstMs: RETRY_MIN_MS, maxMs: device.retryMaxMs ?? RETRY_MAX_MS, random })
    this.#silence = new Silence(random)
    this.#random = random
    this.#groups = new PollGroups(this, schedule, (group, dueAt, missed) => this.#due(group, dueAt, missed))
    const plan = this.plan(setup.points)
    this.#groups.adopt(plan)
    this.#subscribed = new SubscribedPoints(device, plan.subscribed, this, context.confirm)
    const { stored, log } = context
    const { history } = device
    if (history !== undefined && stored !== undefined)
      this.#backfill = new Backfill(this, { history, points: setup.points, access: this.access, log, stored })
  }

  /** How these points would be read. No I/O, and nothing changes. */
  plan(points: readonly Point<unknown>[]): PointsPlan {
    if (!this.enabled) return { points, subscribed: [], groups: [] }
    return planPoints(this.device, points, this.#groups.all)
  }

  /** Other points from now on, as `plan` planned them; the connection stays, and so does what is the same. */
  repoint(plan: PointsPlan): void {
    const before = new Set(this.points)
    this.points = plan.points
    const made = this.#groups.adopt(plan)
    const flows = this.connected && this.#held === undefined && !this.#silence.silent
    if (!areSame(this.#subscribed.points, plan.subscribed)) {
      this.#subscribed.stop()
      this.#subscribed = new SubscribedPoints(this.device, plan.subscribed, this, this.#confirm)
      if (flows) this.#subscribed.start()
    }
    this.#backfill?.repoint(plan.points)
    if (flows) this.#readSoon(made)
    const come = plan.points.filter((point) => !before.has(point))
    if (this.#outage !== undefined && come.length > 0) this.#emit(statusRows(come, this.#outage, this.clock.now()))
    if (this.connected) this.observed()
  }

  /** As after a connect; whoever changed the points does not wait for it. */
  #readSoon(groups: readonly PollGroup[]): void {
    const slow = groups.filter(({ everyMs }) => everyMs > FIRST_READ_MS)
    const isOn = () => this.connected && this.#held === undefined && !this.#silence.silent
    const isIdle = (group: PollGroup) => this.#groups.all.includes(group) && !group.running
    this.clock.after(0, () => isOn() && slow.filter(isIdle).forEach((group) => group.begin(undefined)))
  }

  get signal(): AbortSignal {
    return this.#connection.signal
  }

  polledUse(unit: number | undefined): UnitUse {
    return this.line.use(this.name, unit, undefined, this.stats.wire)
  }

  get connected(): boolean {
    return this.#phase === 'connected' && !this.signal.aborted
  }

  start(emit: Emit): void {
    this.#emit = emit
    if (this.enabled) {
      this.#backfill?.start()
      this.#serve()
      return this.#connect()
    }
    this.condition.become('Disabled', `${this.name} is disabled in the configuration.`)
    this.#tellAll(Status.BadOutOfService)
  }

  async stop(): Promise<void> {
    if (this.#phase === 'stopped') return
    this.#phase = 'stopped'
    this.#groups.stop()
    this.#backfill?.stop()
    this.#servingEnd.abort()
    this.#timer?.cancel()
    this.#gate.leave(this)
    this.line.silence.leave(this)
    this.#drop()
    if (this.enabled) await Promise.all([this.device.close(), this.#serving])
  }

  /** The gate has a place: connect now. */
  enter(): void {
    const attempt = new AbortController()
    this.#connection = attempt
    const settled = (error: unknown): void => {
      if (this.#phase !== 'connecting' || this.#connection !== attempt) return
      this.#gate.leave(this)
      if (error === undefined) this.#connected()
      else this.#refused(error)
    }
    attemptConnect(this.device, this.endpoint, this.clock, attempt, settled, () => this.stuck('connect-stuck'))
  }

  /** Rows of the device's own history. */
  fill(batch: SampleBatch): void {
    this.stats.samples += batch.length
    countRows(batch, this.stats)
    this.stats.backfilled += batch.length
    this.#emit(batch)
  }

  emit(batch: SampleBatch): void {
    this.stats.samples += batch.length
    this.#backfill?.saw(batch)
    if (countRows(batch, this.stats) > 0) {
      this.lastGoodAt = batch.receivedAt
      this.#hasValues = true
      // What was said of all points when the connection was lost is over.
      if (this.#subscribed.points.length > 0) this.#outage = undefined
    }
    this.#emit(batch)
  }

  polled(group: PollGroup): void {
    if (group.unanswered === group.requests) return this.#unanswered(group)
    const wasSilent = this.#silence.silent
    this.#silence.answered()
    this.#retry.reset()
    this.#outage = undefined
    if (wasSilent) this.line.silence.answered(this)
    if (wasSilent) this.#backfill?.begin()
    if (wasSilent) this.#readAll()
    else if (group.partial) group.begin(undefined)
    // A partial poll says that the device is there, not how its points are.
    if (!group.partial || wasSilent) this.#assess()
  }

  observed(): void {
    if (!this.connected || this.#silence.silent) return
    if (this.#hasValues) this.#retry.reset()
    this.#assess()
  }

  /** A neighbour on the line answers again: perhaps this device does, too. */
  hurry(): boolean {
    if (this.#phase !== 'connected') return false
    this.#timer?.cancel()
    this.#probe()
    return true
  }

  retryNow(): void {
    if (this.#phase !== 'pausing') return
    this.#timer?.cancel()
    this.#retry.reset()
    this.#connect()
  }

  lost(error: unknown): void {
    if (this.#phase !== 'connected') return
    if (!(error instanceof NotConnectedError))
      this.#log.error({ device: this.name, err: error }, 'the driver failed in an unexpected way; reconnecting')
    if (this.#silence.silent) this.#pauseProbes(this.#probePauseMs)
    // A connection that brought values is worth being made again soon.
    if (this.#hasValues) this.#retry.reset()
    const pause = this.#giveUp()
    this.condition.becomeUnconnected(reasonOfLoss(this.name, error, pause), this.#retry.failing)
    this.#tellAll(Status.BadNoCommunication)
  }

  /** A request that never ends, a probe of a silent device among them, would keep its place on the line for ever. */
  unstick(now: number): void {
    if (!this.#groups.all.some((group) => group.stalledFor(now) > REQUEST_LIMIT_MS)) return
    this.stuck('request-stuck')
    this.lost(new NotConnectedError(`a request did not end within ${formatDuration(REQUEST_LIMIT_MS)}`))
  }

  #serve(): void {
    if (this.device.serve === undefined) return
    const context = { device: this.name, clock: this.clock, log: this.#log, random: this.#random }
    this.#serving = keepServing(this.device, this.access, context, this.#servingEnd.signal)
  }

  #connect(): void {
    this.#phase = 'connecting'
    this.#gate.request(this)
  }

  #connected(): void {
    this.#phase = 'connected'
    this.#hasValues = false
    if (this.#connects++ > 0) this.stats.reconnects++
    this.#outage = undefined
    if (this.#silence.silent) return this.#resumeProbes()
    if (this.#groups.all.length === 0) this.#assess()
    if (this.#held === undefined) this.#flow()
    for (const group of this.#groups.all) if (group.everyMs > FIRST_READ_MS) group.begin(undefined)
  }

  /** Values come from now on. */
  #flow(): void {
    this.#backfill?.begin()
    this.#subscribed.start()
  }

  #refused(error: unknown): void {
    const pause = this.#giveUp()
    this.condition.becomeUnconnected(reasonOfRefusal(this.name, error, pause), this.#retry.failing)
    this.#tellAll(Status.BadNoCommunication)
  }

  /** Drops the connection and everything on it; returns the pause after which the next attempt is made. */
  #giveUp(): number {
    this.#phase = 'pausing'
    this.#drop()
    const pause = this.#retry.next()
    this.#wait(pause, () => this.#connect())
    return pause
  }

  /** No poll begins while there is a reason for that; values stay as they are, and the reason is shown. */
  hold(reason: string | undefined): void {
    this.#held = reason
    if (reason !== undefined) {
      this.#subscribed.stop()
      this.#backfill?.interrupt()
    } else if (this.connected) this.#flow()
    if (this.state === 'Running' || this.state === 'Degraded') this.#assess()
  }

  /** The commands first: a place that a poll gives back is not for one of those that go with the connection. */
  #drop(): void {
    this.#connection.abort()
    this.#subscribed.stop()
    this.#backfill?.interrupt()
    this.#groups.cancel()
  }

  #wait(pauseMs: number, action: () => void): void {
    this.#timer?.cancel()
    this.#timer = this.clock.after(pauseMs, action)
  }

  #due(group: PollGroup, dueAt: number, missed: number): void {
    if (this.#phase !== 'connected' || this.#held !== undefined) return
    if (this.#silence.silent) return
    this.stats.overruns += missed
    if (group.running) {
      this.stats.overruns++
      return
    }
    // After a poll without any answer one request is enough to see whether there is one now.
    if (this.#silence.suspect) group.probe(dueAt, this.stats.polls)
    else group.begin(dueAt)
  }

  #unanswered(group: PollGroup): void {
    const before = this.#silence.silent
    this.#silence.unanswered()
    const { polls, silent } = this.#silence
    if (!silent) {
      // One lost packet must not cost a slow group its values for an interval: ask again soon.
      if (group.everyMs > FIRST_READ_MS) this.#wait(FIRST_READ_MS, () => this.#probe())
      if (this.state === 'Running' || this.state === 'Degraded') return this.#assess()
      this.condition.reason = reasonOfSilence(this.name, this.endpoint, polls, group.everyMs)
      return
    }
    const pause = Math.max(this.#silence.pause(), this.line.silence.unanswered(this, group.durationMs))
    this.#pauseProbes(pause)
    this.#wait(pause, () => this.#probeAgain())
    this.condition.become('Failed', reasonOfSilence(this.name, this.endpoint, polls, pause))
    if (!before) this.#backfill?.interrupt()
    if (!before) this.#tellAll(Status.BadTimeout)
  }

  /** A dead connection looks like a silent device: from the second probe on the connection is made anew first. */
  #probeAgain(): void {
    if (this.#silence.probes === 0) return this.#probe()
    this.#phase = 'connecting'
    this.#drop()
    void closeInTime(this.device, this.clock, () => this.stuck('close-stuck')).then(
      () => this.#phase === 'connecting' && this.#gate.request(this),
      (error: unknown) => this.#phase === 'connecting' && this.#refused(error),
    )
  }

  /** Lost and found again: the pause goes on, unless this device is asked for all silent ones of its line. */
  #resumeProbes(): void {
    const now = this.clock.monotonic()
    const left = this.#probeAt - now
    if (left <= 0 || this.line.silence.mayHurry(now)) this.#probe()
    else this.#wait(left, () => this.#probe())
  }

  /** When the next probe is due, from now. */
  #pauseProbes(pauseMs: number): void {
    this.#probePauseMs = pauseMs
    this.#probeAt = this.clock.monotonic() + pauseMs
  }

  #probe(): void {
    const idle = this.#groups.all.filter((group) => !group.running)
    idle[this.#silence.probes % idle.length]?.probe(undefined, this.#silence.probes)
  }

  #readAll(): void {
    for (const group of this.#groups.all) if (!group.running) group.begin(undefined)
  }

  #assess(): void {
    const names = (tag: TagId): string => this.nameOf(tag)
    const reason =
      this.#held ??
      reasonOfDegradation(this.name, this.#groups.all, this.line, names, (tag) => this.reasonOf(tag)) ??
      reasonOfSubscribed(this.name, this.#subscribed, names, (tag) => this.reasonOf(tag)) ??
      this.device.trouble?.()
    this.condition.become(reason === undefined ? 'Running' : 'Degraded', reason ?? null)
  }

  /** One row without a value for each point, once an outage and status. */
  #tellAll(status: StatusCode): void {
    if (this.#outage === status || this.points.length === 0) return
    this.#outage = status
    this.#emit(statusRows(this.points, status, this.clock.now()))
  }
}
