/**
 * One socket or serial port, shared by the devices behind it. It hands out its places in flight: first to commands (writes,
 * reads on demand), then to polls, one request at a time in turn, so that a command waits for one request at most and a
 * device with many requests does not keep its neighbours waiting.
 */

/** A command that waits for a place. */
export interface Urgent {
  /** Has a place now; whoever starts must call `line.done()` once. */
  start(): void
}

/** A poll that has requests left to start. */
export interface Turn {
  /** Starts one request, which calls `line.done()` once at its end; true when there are more to start. */
  startNext(): boolean
}

export class Line {
  #limit: number
  #inFlight = 0
  #pumping = false
  readonly #urgent: Urgent[] = []
  readonly #turns: Turn[] = []
  #shared: { readonly thing: unknown } | undefined

  /** `limit`: how many requests may be in flight at once. */
  constructor(limit: number) {
    this.#limit = Math.max(1, limit)
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

  /** Queues a command ahead of all polls, behind the commands already waiting. */
  command(urgent: Urgent): void {
    this.#urgent.push(urgent)
    this.#pump()
  }

  /** Queues a poll behind the polls already waiting. */
  poll(turn: Turn): void {
    this.#turns.push(turn)
    this.#pump()
  }

  /** Takes a command or a poll out of the queue; what it started goes on. */
  withdraw(entry: Urgent | Turn): void {
    remove(this.#urgent, entry)
    remove(this.#turns, entry)
  }

  /** A place is free again. */
  done(): void {
    this.#inFlight--
    this.#pump()
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
      this.#inFlight++
      urgent.start()
      return true
    }
    const turn = this.#turns.shift()
    if (turn === undefined) return false
    this.#inFlight++
    if (turn.startNext()) this.#turns.push(turn)
    return true
  }
}

function remove<T>(list: T[], entry: unknown): void {
  const at = list.indexOf(entry as T)
  if (at >= 0) list.splice(at, 1)
}
