/**
 * The points of one device that are read at the same interval: runs their poll on the line, request by request, and keeps
 * the figures. Everything a poll needs is made once; a poll allocates nothing but the driver's own work and a promise a
 * request.
 */
import type { SampleBatch } from '../core/batch.ts'
import type { Clock } from '../core/clock.ts'
import type { DeviceAccount } from '../core/device-account.ts'
import type { Point, Poll } from '../core/driver.ts'
import { observe } from '../core/histogram.ts'
import type { PolledName, Span, Tracer } from '../core/spans.ts'
import type { StatusCode } from '../core/status.ts'
import type { TagId } from '../core/value.ts'
import type { Line, Turn } from './line.ts'
import type { UnitUse } from './line-use.ts'
import { PollRequest, type RequestOwner } from './poll-request.ts'
import type { DeviceStats } from './session.ts'
import type { Came } from './wire-figures.ts'

/** What a group needs of its session. */
export interface GroupOwner extends PolledName {
  readonly clock: Clock
  readonly line: Line
  readonly stats: DeviceStats
  /** Absent: no poll is recorded. */
  readonly tracer: Tracer | undefined
  readonly account: DeviceAccount | undefined
  /** Aborted when the connection is given up. */
  readonly signal: AbortSignal
  /** The account of one of the device's units on the line; of the device itself without one. */
  polledUse(unit: number | undefined): UnitUse
  emit(batch: SampleBatch): void
  /** A poll of the group ended. */
  polled(group: PollGroup): void
  /** A request threw: the connection is lost. */
  lost(error: unknown): void
}

export class PollGroup implements Turn, RequestOwner {
  readonly everyMs: number
  readonly points: readonly Point<unknown>[]
  running = false
  waitingSince = 0
  /** The poll asked only one request, to see whether the device answers again. */
  partial = false
  /** Of the last poll: rows, bad rows, the first bad one, requests, unanswered requests, how long it took. */
  rows = 0
  badRows = 0
  firstBad: { tag: TagId; status: StatusCode } | undefined
  requests = 0
  unanswered = 0
  durationMs = 0
  /** How long the last poll waited for the line. */
  waitedMs = 0
  /** Polls in a row with bad rows, and polls in a row that took longer than the interval, waiting included. */
  badPolls = 0
  slowPolls = 0
  readonly #owner: GroupOwner
  #requests: PollRequest[] = []
  #poll: Poll | undefined
  #next = 0
  #end = 0
  /** Steps that need another request. */
  #again: PollRequest[] = []
  /** The line has this poll in its queue. */
  #queued = false
  #pending = 0
  #failed = 0
  #dueAt: number | undefined
  #beganAt = 0
  #startedAt: number | undefined
  #lastStartAt = 0
  #inFlight = 0
  /** Of this poll, where it is recorded. */
  #span: Span | undefined
  /** Good rows since the group was last due; undefined: it never was. */
  #goodRows: number | undefined

  constructor(owner: GroupOwner, everyMs: number, points: readonly Point<unknown>[]) {
    this.#owner = owner
    this.everyMs = everyMs
    this.points = points
  }

  get steps(): number {
    return this.#requests.length
  }

  /** For whom the next request counts. */
  get use(): UnitUse {
    return ((this.#next < this.#end ? this.#requests[this.#next] : this.#again[0]) ?? this.#requests.at(-1)!).use
  }

  /** The plan of this group; kept over reconnects. */
  prepare(poll: Poll): void {
    this.#poll = poll
    this.#renew()
  }

  /** Begins a poll; `dueAt` absent when it was not the schedule that asked. */
  begin(dueAt: number | undefined): void {
    this.#start(dueAt, 0, this.steps)
  }

  /** Asks one request only; `turn` picks it, so that successive probes ask different ones. */
  probe(dueAt: number | undefined, turn: number): void {
    const step = turn % Math.max(1, this.steps)
    this.#start(dueAt, step, Math.min(this.steps, step + 1))
  }

  /** Gives the poll up: what is queued is withdrawn, what is in flight no longer counts. */
  cancel(): void {
    if (!this.running) return
    this.running = false
    this.#owner.stats.pollsFailed++
    this.#endSpan('CANCELLED')
    this.#owner.line.withdraw(this)
    const abandoned = this.#requests.filter((request) => request.abandon())
    this.#renew()
    for (const request of abandoned) this.#owner.line.done(request)
  }

  /** How long ago the newest of the requests in flight began, in ms; 0 while none is. */
  stalledFor(now: number): number {
    return this.running && this.#inFlight > 0 ? now - this.#lastStartAt : 0
  }

  startNext(): boolean {
    const now = this.#owner.clock.monotonic()
    if (this.#startedAt === undefined) {
      this.#startedAt = now
      if (this.#dueAt !== undefined) observe(this.#owner.stats.lateness, Math.max(0, now - this.#dueAt) / 1000)
    }
    this.#lastStartAt = now
    this.#inFlight++
    // Every step has its first request before any has its second: what is searched in one block shall not keep the others.
    const request = this.#next < this.#end ? this.#requests[this.#next++]! : this.#again.shift()!
    this.#owner.line.occupy(request)
    request.start(this.#poll!, this.#owner.signal)
    this.#queued = this.running && (this.#next < this.#end || this.#again.length > 0)
    return this.#queued
  }

  /** A request was answered, and its step needs another one: after others had their turn. */
  again(request: PollRequest): void {
    this.#inFlight--
    const came = countRequest(this.#owner.stats, request)
    this.#again.push(request)
    if (!this.#queued) {
      this.#queued = true
      this.#owner.line.poll(this)
    }
    this.#owner.line.done(request, request.asked, came)
  }

  /** A request of this poll was answered or timed out. */
  settle(request: PollRequest): void {
    const { stats, line } = this.#owner
    const outcome = request.outcome
    this.#inFlight--
    const came = countRequest(stats, request)
    this.rows += request.rows
    this.badRows += request.badRows
    this.firstBad ??= request.firstBad
    this.requests++
    if (outcome === 'timeout') this.unanswered++
    if (outcome !== 'ok') this.#failed++
    if (--this.#pending === 0) this.#finish()
    line.done(request, request.asked, came)
  }

  /** A request of this poll threw. */
  fail(error: unknown): void {
    this.#owner.stats.requestsFailed++
    this.#owner.lost(error)
  }

  emit(batch: SampleBatch, good: number): void {
    if (this.#goodRows !== undefined) this.#goodRows += good
    if (this.#span === undefined) this.#owner.emit(batch)
    else this.#owner.tracer?.handOn(this.#span, () => this.#owner.emit(batch))
  }

  /** It is due again, after `missed` times at which nobody could look: what the interval brought, of a sample a tag that it should have. */
  endInterval(missed: number): void {
    const expected = this.points.length
    // A tag that was read twice makes up for no other one, as after a reconnect.
    if (this.#goodRows !== undefined)
      this.#owner.account?.interval(expected * (1 + missed), Math.min(expected, this.#goodRows))
    this.#goodRows = 0
  }

  #start(dueAt: number | undefined, from: number, to: number): void {
    if (from >= to) return
    this.running = true
    this.partial = to - from < this.steps
    this.rows = this.badRows = this.requests = this.unanswered = this.#failed = 0
    this.firstBad = undefined
    this.#next = from
    this.#end = to
    if (this.#again.length > 0) this.#again = []
    this.#pending = to - from
    this.#inFlight = 0
    this.#dueAt = dueAt
    this.#beganAt = dueAt ?? this.#owner.clock.monotonic()
    this.#startedAt = undefined
    this.#owner.stats.polls++
    this.#span = this.#owner.tracer?.poll(this.#owner)
    this.#queued = true
    this.#owner.line.poll(this)
  }

  #finish(): void {
    const { stats, clock } = this.#owner
    this.running = false
    this.durationMs = clock.monotonic() - this.#startedAt!
    this.waitedMs = Math.max(0, this.#startedAt! - this.#beganAt)
    observe(stats.pollDuration, this.durationMs / 1000)
    stats.peakMs = Math.max(stats.peakMs, this.durationMs)
    stats.peakShare = Math.max(stats.peakShare, (this.waitedMs + this.durationMs) / this.everyMs)
    if (this.#span !== undefined)
      this.#owner.tracer?.exemplify(stats.pollDuration, this.durationMs / 1000, this.#span.context)
    this.#endSpan(this.#failed === 0 ? undefined : this.unanswered > 0 ? 'TIMEOUT' : 'BAD_STATUS')
    if (this.#failed === 0) stats.pollsOk++
    else stats.pollsFailed++
    this.badPolls = this.badRows > 0 ? this.badPolls + 1 : 0
    this.slowPolls = this.waitedMs + this.durationMs > this.everyMs ? this.slowPolls + 1 : 0
    this.#owner.polled(this)
  }

  #endSpan(error: string | undefined): void {
    const span = this.#span
    if (span === undefined) return
    this.#span = undefined
    span.set({
      'bifrost.poll.requests': this.requests,
      'bifrost.poll.unanswered': this.unanswered,
      'bifrost.poll.waited': this.waitedMs / 1000,
      'bifrost.samples': this.rows,
      'bifrost.samples.bad': this.badRows,
    })
    span.end(error)
  }

  #renew(): void {
    this.#requests = Array.from({ length: this.#poll?.steps ?? 0 }, (_, step) => {
      return new PollRequest(this, step, this.#owner.polledUse(this.#poll?.unit?.(step)))
    })
  }
}

function countRequest(stats: DeviceStats, request: PollRequest): Came {
  if (!request.asked) return undefined
  const outcome = request.lastOutcome
  if (outcome === 'timeout') {
    stats.requestsTimeout++
    return 'nothing'
  }
  if (outcome === 'ok') stats.requestsOk++
  else {
    stats.requestsFailed++
    stats.wire.refused(request.refusal)
  }
  return 'answer'
}

/** The points of a device by their interval. */
export function groupByInterval(points: readonly Point<unknown>[]): [number, Point<unknown>[]][] {
  const groups = new Map<number, Point<unknown>[]>()
  for (const point of points) {
    const group = groups.get(point.settings.everyMs)
    if (group === undefined) groups.set(point.settings.everyMs, [point])
    else group.push(point)
  }
  return [...groups]
}
