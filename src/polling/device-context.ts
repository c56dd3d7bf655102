/** What the driver of one device gets from the gateway. A class, because there is one for each of ten thousand devices. */
import type { Clock } from '../core/clock.ts'
import type { AuditedAction, Context, LearnedStore, TraceTap } from '../core/driver.ts'
import type { Log } from '../core/log.ts'
import type { Line } from './line.ts'
import type { PollingContext } from './polling.ts'

export class DeviceContext implements Context {
  readonly name: string
  readonly clock: Clock
  readonly trace: TraceTap | undefined
  readonly learned: LearnedStore | undefined
  readonly dial: Context['dial']
  declare readonly audit?: (action: AuditedAction) => Promise<void>
  readonly #line: Line
  readonly #log: Log
  #ownLog: Log | undefined

  constructor(name: string, line: Line, { clock, trace, learned, dial, log, audit }: PollingContext) {
    this.name = name
    this.clock = clock
    this.trace = trace?.(name)
    this.learned = learned?.(name)
    this.dial = dial
    if (audit !== undefined) this.audit = (action) => audit(name, action)
    this.#line = line
    this.#log = log
  }

  /** Made when there is something to say. */
  get log(): Log {
    return (this.#ownLog ??= this.#log.child({ device: this.name }))
  }

  share<T>(create: () => T): T {
    return this.#line.share(create)
  }

  limitInFlight(limit: number): void {
    this.#line.resize(limit)
  }
}
