/**
 * The points of one device that are read at the same interval: runs their poll on the line, request by request, and keeps
 * the figures. Everything a poll needs is made once; a poll allocates nothing but the driver's own work and a promise a
 * request.
 */
import type { SampleBatch } from '../core/batch.ts'
import type { Clock } from '../core/clock.ts'
import type { Emit, Point, Poll } from '../core/driver.ts'
import { observe } from '../core/histogram.ts'
import { isBad, Status, type StatusCode } from '../core/status.ts'
import type { TagId } from '../core/value.ts'
import type { Line, Turn } from './line.ts'
import type { DeviceStats } from './session.ts'

/** What a group needs of its session. */
export interface GroupOwner {
  readonly clock: Clock
  readonly line: Line
  readonly stats: DeviceStats
  /** Aborted when the connection is given up. */
  readonly signal: AbortSignal
  emit(batch: SampleBatch): void
  /** A poll of the group ended. */
  polled(group: PollGroup): void
  /** A request threw: the connection is lost. */
  lost(error: unknown): void
}

export class PollGroup implements Turn {
  readonly everyMs: number
  readonly points: readonly Point<unknown>[]
  running = false
  /** The poll asked only one request, to see whether the device answers again. */
  partial = false
  /** Of the last poll: rows, bad rows, the first bad one, requests, unanswered requests, how long it took. */
  rows = 0
  badRows = 0
  firstBad: { tag: TagId; status: StatusCode } | undefined
  requests = 0
  unanswered = 0
  durationMs = 0
  /** Polls in a row with bad rows, and polls in a row that took longer than the interval. */
  badPolls = 0
  slowPolls = 0
  readonly #owner: GroupOwner
  #requests: Request[] = []
  #poll: Poll | undefined
  #next = 0
  #end = 0
  /** Steps that need another request. */
  #again: Request[] = []
  /** The line has this poll in its queue. */
  #queued = false
  #pending = 0
  #failed = 0
  #dueAt: number | undefined
  #startedAt: number | undefined
  #lastStartAt = 0
  #inFlight = 0

  constructor(owner: GroupOwner, everyMs: number, points: readonly Point<unknown>[]) {
    this.#owner = owner
    this.everyMs = everyMs
    this.points = points
  }

  get steps(): number {
    return this.#requests.length
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
    this.#owner.line.withdraw(this)
    const abandoned = this.#requests.filter((request) => request.abandon())
    this.#renew()
    for (let i = 0; i < abandoned.length; i++) this.#owner.line.done()
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
    const request = this.#again.shift() ?? this.#requests[this.#next++]!
    request.start(this.#poll!, this.#owner.signal)
    this.#queued = this.running && (this.#next < this.#end || this.#again.length > 0)
    return this.#queued
  }

  /** A request was answered, and its step needs another one: after others had their turn. */
  again(request: Request): void {
    this.#inFlight--
    this.#again.push(request)
    if (!this.#queued) {
      this.#queued = true
      this.#owner.line.poll(this)
    }
    this.#owner.line.done()
  }

  /** A request of this poll was answered or timed out. */
  settle(request: Request): void {
    const { stats, line } = this.#owner
    const outcome = request.outcome
    this.#inFlight--
    if (request.asked) countRequest(stats, outcome)
    this.rows += request.rows
    this.badRows += request.badRows
    this.firstBad ??= request.firstBad
    this.requests++
    if (outcome === 'timeout') this.unanswered++
    if (outcome !== 'ok') this.#failed++
    if (--this.#pending === 0) this.#finish()
    line.done()
  }

  /** A request of this poll threw. */
  fail(error: unknown): void {
    this.#owner.stats.requestsFailed++
    this.#owner.lost(error)
  }

  emit(batch: SampleBatch): void {
    this.#owner.emit(batch)
  }

  #start(dueAt: number | undefined, from: number, to: number): void {
    if (from >= to) return
    this.running = true
    this.partial = to - from < this.steps
    this.rows = this.badRows = this.requests = this.unanswered = this.#failed = 0
    this.firstBad = undefined
    this.#next = from
    this.#end = to
    this.#again = []
    this.#pending = to - from
    this.#inFlight = 0
    this.#dueAt = dueAt
    this.#startedAt = undefined
    this.#owner.stats.polls++
    this.#queued = true
    this.#owner.line.poll(this)
  }

  #finish(): void {
    const { stats, clock } = this.#owner
    this.running = false
    this.durationMs = clock.monotonic() - this.#startedAt!
    observe(stats.pollDuration, this.durationMs / 1000)
    if (this.#failed === 0) stats.pollsOk++
    else stats.pollsFailed++
    this.badPolls = this.badRows > 0 ? this.badPolls + 1 : 0
    this.slowPolls = this.durationMs > this.everyMs ? this.slowPolls + 1 : 0
    this.#owner.polled(this)
  }

  #renew(): void {
    this.#requests = Array.from({ length: this.#poll?.steps ?? 0 }, (_, step) => new Request(this, step))
  }
}

function countRequest(stats: DeviceStats, outcome: Outcome): void {
  if (outcome === 'ok') stats.requestsOk++
  else if (outcome === 'timeout') stats.requestsTimeout++
  else stats.requestsFailed++
}

type Outcome = 'ok' | 'timeout' | 'failed'

/** One step of the poll, made once and used for every poll; after `abandon` nothing of it counts any more. */
class Request {
  rows = 0
  badRows = 0
  firstBad: { tag: TagId; status: StatusCode } | undefined
  /** False when the driver gave its rows without asking the device. */
  asked = true
  readonly #group: PollGroup
  readonly #step: number
  readonly #emit: Emit = (batch) => this.#take(batch)
  readonly #onDone = (result: void | 'unasked' | 'again') => this.#done(result)
  readonly #onFail = (error: unknown) => this.#fail(error)
  #timeouts = 0
  #active = false
  #unfinished = false
  #abandoned = false

  constructor(group: PollGroup, step: number) {
    this.#group = group
    this.#step = step
  }

  get outcome(): Outcome {
    if (this.rows === 0 || this.badRows < this.rows) return 'ok'
    return this.#timeouts === this.rows ? 'timeout' : 'failed'
  }

  start(poll: Poll, signal: AbortSignal): void {
    if (!this.#unfinished) {
      this.rows = this.badRows = this.#timeouts = 0
      this.firstBad = undefined
    }
    this.#unfinished = false
    this.#active = true
    try {
      poll.read(this.#step, this.#emit, signal).then(this.#onDone, this.#onFail)
    } catch (error) {
      // Not at once: the line is in the middle of handing out places.
      queueMicrotask(() => this.#fail(error))
    }
  }

  /** True when it was in flight. */
  abandon(): boolean {
    this.#abandoned = true
    return this.#active
  }

  #take(batch: SampleBatch): void {
    if (this.#abandoned) return
    for (let row = 0; row < batch.length; row++) {
      const status = batch.status[row]!
      if (!isBad(status)) continue
      this.badRows++
      if (status === Status.BadTimeout) this.#timeouts++
      this.firstBad ??= { tag: batch.tag[row]!, status }
    }
    this.rows += batch.length
    this.#group.emit(batch)
  }

  #done(result: void | 'unasked' | 'again'): void {
    if (this.#abandoned) return
    this.asked = result !== 'unasked'
    this.#active = false
    this.#unfinished = result === 'again'
    if (this.#unfinished) this.#group.again(this)
    else this.#group.settle(this)
  }

  #fail(error: unknown): void {
    if (this.#abandoned) return
    this.#group.fail(error)
  }
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
