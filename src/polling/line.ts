/**
 * One socket or serial port, shared by the devices behind it. It hands out its places in flight: first to commands (writes,
 * reads on demand), then to polls, one request at a time in fair turn, so that a command waits for one request at most and
 * no device takes its neighbours' time. It keeps account of who takes how much of its time: while n requests are in flight
 * each of them takes the n-th part.
 */
import type { Duplex } from 'node:stream'
import type { Clock } from '../core/clock.ts'
import { FairQueue, type TurnQueue, type Waiting } from './fair-queue.ts'
import { LineSilence } from './line-silence.ts'
import { createFlow, GATEWAY, TimeUsed, UnitUse } from './line-use.ts'
import type { Came, WireFigures } from './wire-figures.ts'
import { WireMeter } from './wire-meter.ts'

/** A request that has a place on the line, from `occupy` to `done`. */
export interface Occupant {
  /** For whom it counts. */
  readonly use: UnitUse
  /** The line's own: its time when the request began, and that of the clock (monotonic ms). */
  since: number
  startedAt: number
}

/** A command that waits for a place. */
export interface Urgent {
  /** May begin now: calls `line.occupy` at once if it does, and `line.done` at its end. */
  start(): void
}

/** A poll that has requests left to start. */
export interface Turn extends Waiting {
  /** Starts one request, which calls `line.occupy` at once and `line.done` at its end; true when there are more to start. */
  startNext(): boolean
}

/** How busy a line is, and with whom: as of the moment when it is read. */
export interface LineView {
  /** Names the line for people: `tcp://10.0.0.5:502`. */
  readonly key: string
  readonly limit: number
  readonly inFlight: number
  readonly queued: number
  /** Share 0…1 of the last minute in which something was in flight. */
  readonly utilisation: number
  readonly busySeconds: number
  /** The busiest first; the reader's to keep. */
  readonly units: UnitView[]
}

/** What one unit of a device takes of its line. */
export interface UnitView {
  readonly device: string
  /** null where the device is all there is, or where it is not known which of its units was asked. */
  readonly unit: number | null
  /** `gateway` for what it asks itself; `proxy` for the clients of a proxy. */
  readonly by: string
  /** Of the line's time, 0…1 of the last minute. */
  readonly share: number
  readonly busySeconds: number
  readonly requests: number
}

/** Who takes less of the line than this is no reason for anything. */
const EATER_SHARE = 0.3

export class Line implements LineView {
  readonly key: string
  readonly #clock: Clock
  readonly #openedAt: number
  #limit: number
  #inFlight = 0
  #pumping = false
  /** The line's own time: while n requests are in flight it runs at the n-th part of the clock's pace. */
  #time = 0
  #timeAt = 0
  readonly #busy = new TimeUsed()
  #uses: readonly UnitUse[] = []
  #eater: { readonly at: number; readonly view: UnitView | undefined } | undefined
  readonly #urgent: Urgent[] = []
  readonly #turns: TurnQueue<Turn>
  #silence: LineSilence | undefined
  #meter: WireMeter | undefined
  #shared: { readonly thing: unknown } | undefined

  /** `limit`: how many requests may be in flight at once; `turns`: in which order polls get their places. */
  constructor(key: string, limit: number, clock: Clock, turns: TurnQueue<Turn> = new FairQueue()) {
    this.key = key
    this.#limit = Math.max(1, limit)
    this.#clock = clock
    this.#turns = turns
    this.#openedAt = this.#timeAt = clock.monotonic()
  }

  /** How many requests may be in flight from now on; those under way stay. */
  resize(limit: number): void {
    this.#limit = Math.max(1, limit)
    this.#pump()
  }

  /** The one thing the devices of this line share (`Context.share`). */
  share<T>(create: () => T): T {
    this.#shared ??= { thing: create() }
    return this.#shared.thing as T
  }

  /** The account of a unit of a device; made with the first call. `figures`: of the device, where it keeps them. */
  use(device: string, unit: number | undefined, by = GATEWAY, figures?: WireFigures): UnitUse {
    const isOf = (use: UnitUse) => use.device === device && (figures === undefined || use.figures === figures)
    const known = this.#uses.find((use) => use.unit === unit && use.by === by && isOf(use))
    if (known !== undefined) return known
    const sibling = this.#uses.find(isOf)
    const made = new UnitUse(device, unit, sibling?.flow ?? createFlow(), by, figures ?? sibling?.figures)
    // One longer exactly: most lines have one device, and there are many lines.
    this.#uses = this.#uses.concat(made)
    return made
  }

  /** The account for what a device asks besides its polls: that of the unit, where it is known; that of its only unit, where it has one. */
  useOf(device: string, unit?: number, by = GATEWAY, figures?: WireFigures): UnitUse {
    if (by !== GATEWAY) return this.use(device, unit, by, figures)
    const isOf = (use: UnitUse) => use.device === device && (figures === undefined || use.figures === figures)
    const uses = this.#uses.filter((use) => use.by === GATEWAY && isOf(use))
    const own = uses.find((use) => use.unit === unit)
    return own ?? (uses.length === 1 ? uses[0]! : this.use(device, undefined, by, figures))
  }

  /** The device is no longer there: nor is its account. That of one that has its name and begins in its place stays. */
  leave(device: string, figures: WireFigures): void {
    this.#uses = this.#uses.filter((use) => use.device !== device || use.figures !== figures)
  }

  /** Counts the bytes of a connection of this line. */
  meter(connection: Duplex): void {
    ;(this.#meter ??= new WireMeter()).add(connection)
  }

  /** What went over its connections since the last request ended is the device's, where it is the only one here. */
  settleBytes(figures: WireFigures): void {
    if (this.#meter === undefined) return
    if (this.#uses.every((use) => use.figures === figures)) this.#meter.give(figures)
    else if (this.#inFlight === 0) this.#meter.settle()
  }

  /** Its devices that answer nothing. */
  get silence(): LineSilence {
    return (this.#silence ??= new LineSilence())
  }

  /** Queues a command ahead of all polls, behind the commands already waiting. */
  command(urgent: Urgent): void {
    this.#urgent.push(urgent)
    this.#pump()
  }

  /** Queues a poll among those already waiting. */
  poll(turn: Turn): void {
    this.#turns.add(turn, this.#clock.monotonic())
    this.#pump()
  }

  /** Takes a command or a poll out of the queue; what it started goes on. */
  withdraw(entry: Urgent | Turn): void {
    const at = this.#urgent.indexOf(entry as Urgent)
    if (at >= 0) this.#urgent.splice(at, 1)
    else this.#turns.remove(entry as Turn)
  }

  /** A request takes the place that it was given. */
  occupy(occupant: Occupant): void {
    occupant.startedAt = this.#advance()
    this.#inFlight++
    occupant.since = this.#time
    this.#turns.begun(occupant.use.flow)
  }

  /** A place is free again. `asked`: the device was asked, and did not only have its turn; `came`: what it made of that. */
  done(occupant: Occupant, asked = true, came?: Came): void {
    const now = this.#advance()
    this.#inFlight--
    const { use } = occupant
    const used = this.#time - occupant.since
    use.time.add(used, now)
    if (asked) {
      use.requests++
      use.figures.ended(came, now - occupant.startedAt, now, this.#clock.now())
    }
    this.#meter?.give(use.figures)
    this.#turns.ended(use.flow, used)
    this.#pump()
  }

  get limit(): number {
    return this.#limit
  }

  get inFlight(): number {
    return this.#inFlight
  }

  get queued(): number {
    return this.#urgent.length + this.#turns.length
  }

  get utilisation(): number {
    return this.#busy.share(this.#advance(), this.#openedAt)
  }

  get busySeconds(): number {
    this.#advance()
    return this.#busy.totalMs / 1000
  }

  /** The busiest first. */
  get units(): UnitView[] {
    const now = this.#advance()
    return this.#uses.map((use) => this.#viewOf(use, now)).sort((a, b) => b.share - a.share)
  }

  /** Who takes most of the line's time, where that is a good part of it; looked up once a second at most. */
  eater(): UnitView | undefined {
    const now = this.#clock.monotonic()
    if (this.#eater === undefined || now - this.#eater.at >= 1000) {
      const [first] = this.units
      this.#eater = { at: now, view: first !== undefined && first.share >= EATER_SHARE ? first : undefined }
    }
    return this.#eater.view
  }

  #viewOf({ device, unit, by, time, requests }: UnitUse, now: number): UnitView {
    const share = time.share(now, this.#openedAt)
    return { device, unit: unit ?? null, by, share, busySeconds: time.totalMs / 1000, requests }
  }

  /** Lets the line's own time follow the clock. */
  #advance(): number {
    const now = this.#clock.monotonic()
    const passed = now - this.#timeAt
    this.#timeAt = now
    if (this.#inFlight === 0 || passed <= 0) return now
    this.#time += passed / this.#inFlight
    this.#busy.add(passed, now)
    return now
  }

  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    try {
      while (this.#inFlight < this.#limit && this.#startOne());
    } finally {
      this.#pumping = false
    }
  }

  #startOne(): boolean {
    const urgent = this.#urgent.shift()
    if (urgent !== undefined) {
      urgent.start()
      return true
    }
    const turn = this.#turns.next()
    if (turn === undefined) return false
    if (turn.startNext()) this.#turns.add(turn, this.#timeAt)
    return true
  }
}
