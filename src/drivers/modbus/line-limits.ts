/**
 * How many requests a line bears on a connection, and how many connections: found out by asking for one more while round trips
 * stay near the best seen, and for half as many when it does not go well. What failed is not tried again before a long pause.
 * Pure: told what became of each request, it says what to allow from now on.
 */
import type { Clock } from '../../core/clock.ts'

/** Requests at once on a connection, and connections. */
export interface LineLoad {
  readonly inFlight: number
  readonly connections: number
}

/** Replies after which a load is judged. */
const TRIAL_REPLIES = 16
/** Round trips this much longer than the best mean that requests only wait in the device; some of it is our own. */
const NEAR = 1.5
const NEAR_MS = 2
/** The best round trip is forgotten slowly: devices change. */
const FORGETTING = 1.01
const PAUSE_MIN_MS = 600_000
const PAUSE_MAX_MS = 24 * 3_600_000

/** The most that may be tried of one of both until a time. */
interface Ceiling {
  value: number
  until: number
  pauseMs: number
}

const totalOf = ({ inFlight, connections }: LineLoad): number => inFlight * connections

const openCeilings = (): Record<keyof LineLoad, Ceiling> => ({
  inFlight: { value: Infinity, until: 0, pauseMs: PAUSE_MIN_MS },
  connections: { value: Infinity, until: 0, pauseMs: PAUSE_MIN_MS },
})

/** A unit that did not answer, and the load that is suspected for it; none: the unit is dead. */
interface Silent {
  readonly suspect: LineLoad | undefined
  readonly changedAt: number
}

export class LineLimits {
  readonly #bounds: LineLoad
  readonly #clock: Clock
  #ceilings = openCeilings()
  readonly #silent = new Map<number, Silent>()
  #load: LineLoad
  /** The load before the last step up, while that is on trial. */
  #before: LineLoad | undefined
  /** Requests that did not begin after this say nothing of the load of now. */
  #changedAt = -Infinity
  /** How many requests at once there were when all connections were lost. */
  #resetAt = Infinity
  #best = Infinity
  #sum = 0
  #replies = 0
  #full = 0

  /** Begins with one of each, or with what was learned before. */
  constructor(bounds: LineLoad, clock: Clock, learned?: LineLoad) {
    this.#bounds = bounds
    this.#clock = clock
    this.#load = this.#within(learned)
  }

  /** What the line may be asked to bear now. */
  get load(): LineLoad {
    return this.#load
  }

  /** Begins anew with one of each, or with what was learned. */
  restart(learned?: LineLoad): void {
    this.#ceilings = openCeilings()
    this.#silent.clear()
    this.#resetAt = this.#best = Infinity
    this.#become(this.#within(learned), undefined)
  }

  /** A reply came. `begun`: when it was asked for, monotonic ms; `inFlight`: how many were under way then, itself included. */
  answered(unit: number, begun: number, inFlight: number): void {
    const silent = this.#silent.get(unit)
    if (silent !== undefined && begun > this.#changedAt) {
      this.#silent.delete(unit)
      // It answers again now that fewer are under way: they were too many.
      if (silent.suspect !== undefined) this.#forbid(silent.suspect)
    }
    if (begun <= this.#changedAt) return
    this.#sum += this.#clock.monotonic() - begun
    this.#replies++
    if (inFlight >= totalOf(this.#load)) this.#full++
    if (this.#replies >= Math.max(TRIAL_REPLIES, 2 * totalOf(this.#load))) this.#judge()
  }

  /** The device said that it is busy, or answered something else than it was asked. */
  overloaded(begun: number, inFlight: number): void {
    if (inFlight > 1 && begun > this.#changedAt) this.#halve(true)
  }

  /** No answer came in time. A unit that is dead says nothing of the load: only one that answers again with fewer under way does. */
  unanswered(unit: number, begun: number, inFlight: number): void {
    const silent = this.#silent.get(unit)
    if (silent !== undefined && (silent.suspect === undefined || begun <= silent.changedAt)) return
    if (silent !== undefined || inFlight <= 1) {
      // Alone, or with fewer under way, it does not answer either.
      if (silent?.suspect !== undefined && silent.changedAt === this.#changedAt) this.#become(silent.suspect, undefined)
      this.#silent.set(unit, { suspect: undefined, changedAt: this.#changedAt })
    } else if (begun > this.#changedAt) {
      const suspect = this.#load
      this.#halve(false)
      this.#silent.set(unit, { suspect, changedAt: this.#changedAt })
    }
  }

  /** All connections were lost with so many requests under way. Once may be a reboot; twice with as many is the load. */
  reset(inFlight: number): void {
    if (inFlight <= 1) return
    const { load } = this
    const isAgain = totalOf(load) >= this.#resetAt
    this.#resetAt = totalOf(load)
    this.#halve(isAgain)
  }

  /** A further connection was refused, or lost while `open` others stay. */
  crowded(open: number): void {
    if (open >= this.#load.connections) return
    this.#lower('connections', Math.max(1, open))
    this.#become({ ...this.#load, connections: Math.max(1, open) }, undefined)
  }

  #within(learned: LineLoad | undefined): LineLoad {
    const { inFlight, connections } = this.#bounds
    return {
      inFlight: Math.max(1, Math.min(inFlight, learned?.inFlight ?? 1)),
      connections: Math.max(1, Math.min(connections, learned?.connections ?? 1)),
    }
  }

  #judge(): void {
    const mean = this.#sum / this.#replies
    const isNear = mean <= this.#best * NEAR + NEAR_MS
    const isFull = this.#full * 2 >= this.#replies
    this.#best = Math.min(mean, this.#best * FORGETTING)
    const before = this.#before
    if (!isNear && before !== undefined) {
      this.#forbid(this.#load)
      return this.#become(before, undefined)
    }
    this.#become(isNear && isFull ? this.#more() : this.#load, isFull ? this.#load : undefined)
  }

  #more(): LineLoad {
    const { inFlight, connections } = this.#load
    if (inFlight < this.#most('inFlight')) return { inFlight: inFlight + 1, connections }
    return connections < this.#most('connections') ? { inFlight, connections: connections + 1 } : this.#load
  }

  #most(kind: keyof LineLoad): number {
    const ceiling = this.#ceilings[kind]
    return this.#clock.monotonic() < ceiling.until ? Math.min(ceiling.value, this.#bounds[kind]) : this.#bounds[kind]
  }

  #halve(isCertain: boolean): void {
    const { inFlight, connections } = this.#load
    if (isCertain) this.#forbid(this.#load)
    if (inFlight > 1) this.#become({ inFlight: inFlight >> 1, connections }, undefined)
    else this.#become({ inFlight, connections: Math.max(1, connections >> 1) }, undefined)
  }

  /** This load failed: requests at once are blamed first, as most devices bear fewer of them. */
  #forbid({ inFlight, connections }: LineLoad): void {
    const before = this.#before
    const byConnections = before !== undefined && before.inFlight === inFlight && before.connections < connections
    if (inFlight > 1 && !byConnections) this.#lower('inFlight', inFlight - 1)
    else if (connections > 1) this.#lower('connections', connections - 1)
  }

  #lower(kind: keyof LineLoad, value: number): void {
    const ceiling = this.#ceilings[kind]
    const now = this.#clock.monotonic()
    if (now < ceiling.until) {
      ceiling.value = Math.min(ceiling.value, value)
      return
    }
    ceiling.value = value
    ceiling.until = now + ceiling.pauseMs
    ceiling.pauseMs = Math.min(PAUSE_MAX_MS, ceiling.pauseMs * 2)
  }

  #become(load: LineLoad, before: LineLoad | undefined): void {
    this.#sum = this.#replies = this.#full = 0
    const isNew = load.inFlight !== this.#load.inFlight || load.connections !== this.#load.connections
    this.#before = isNew ? before : undefined
    if (!isNew) return
    this.#load = load
    this.#changedAt = this.#clock.monotonic()
  }
}
