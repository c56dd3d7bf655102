/**
 * The requests of a proxy's clients on their way onto the line: one at a time, writes first, else in order of arrival. A client has
 * one request here at most, because its connection is answered in order: so clients take turns, and all of them together count on
 * the line as one. Who waits too long, or finds too many waiting, is told that the device is busy.
 */
import type { Clock } from '../../../core/clock.ts'
import type { LineAccess } from '../../../core/driver.ts'
import { ModbusException } from '../../../protocols/modbus/index.ts'

/** Requests that may wait, over all clients. */
const MAX_WAITING = 64

/** Modbus Application Protocol V1.1b3, clause 7: server device busy. */
const BUSY = 0x06

export interface TurnsContext {
  readonly access: LineAccess
  readonly clock: Clock
  /** How long a request may wait, from when it was asked, until it is sent. */
  readonly waitMs: number
  /** The end of the proxy. */
  readonly signal: AbortSignal
}

export class ProxyTurns {
  readonly #context: TurnsContext
  readonly #commands: (() => void)[] = []
  readonly #turns: (() => void)[] = []
  #busy = false
  /** The last one went ahead of the polls. */
  #wasCommand = false

  constructor(context: TurnsContext) {
    this.#context = context
  }

  /** Until when a request that comes now may be sent, in monotonic ms. */
  deadline(): number {
    return this.#context.clock.monotonic() + this.#context.waitMs
  }

  /** Throws exception 06 when it is later than that: the client waits no more, or not for this. */
  inTime(deadline: number): void {
    if (this.#context.clock.monotonic() >= deadline) throw new ModbusException(BUSY)
  }

  /**
   * Runs `work` on the line when its turn comes. Once it runs, `client` (the end of the client's connection) no longer matters.
   * Rejects with exception 06 when it is too late, with NotConnectedError, the reason of a signal, or what `work` threw.
   */
  async run<T>(
    priority: 'command' | 'turn',
    unit: number,
    work: (signal: AbortSignal) => Promise<T>,
    client: AbortSignal,
    deadline = this.deadline(),
  ): Promise<T> {
    const { access, clock, signal } = this.#context
    client.throwIfAborted()
    signal.throwIfAborted()
    this.inTime(deadline)
    const waiting = new AbortController()
    const giveUp = (reason: unknown) => waiting.abort(reason)
    const onClient = () => giveUp(client.reason)
    const onEnd = () => giveUp(signal.reason)
    const timer = clock.after(deadline - clock.monotonic(), () => giveUp(new ModbusException(BUSY)))
    const started = () => {
      timer.cancel()
      client.removeEventListener('abort', onClient)
    }
    client.addEventListener('abort', onClient)
    signal.addEventListener('abort', onEnd)
    try {
      await this.#place(priority, waiting.signal)
      try {
        return await access.run(
          (line) => {
            started()
            return work(line)
          },
          this.#priority(priority),
          waiting.signal,
          unit,
          'proxy',
        )
      } finally {
        this.#leave()
      }
    } finally {
      started()
      signal.removeEventListener('abort', onEnd)
    }
  }

  #place(priority: 'command' | 'turn', signal: AbortSignal): Promise<void> {
    if (!this.#busy) {
      this.#busy = true
      return Promise.resolve()
    }
    const queue = priority === 'command' ? this.#commands : this.#turns
    if (this.#commands.length + this.#turns.length >= MAX_WAITING) return Promise.reject(new ModbusException(BUSY))
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
      const onAbort = () => {
        queue.splice(queue.indexOf(enter), 1)
        reject(signal.reason as Error)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      queue.push(enter)
    })
  }

  /** Write after write would keep the polls waiting without end: of several in a row only every second one goes ahead of them. */
  #priority(wanted: 'command' | 'turn'): 'command' | 'turn' {
    const granted = this.#wasCommand ? 'turn' : wanted
    this.#wasCommand = granted === 'command'
    return granted
  }

  #leave(): void {
    const next = this.#commands.shift() ?? this.#turns.shift()
    if (next !== undefined) return next()
    this.#busy = false
    this.#wasCommand = false
  }
}
