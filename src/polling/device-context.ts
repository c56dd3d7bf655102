/** What the driver of one device gets from the gateway. A class, because there is one for each of ten thousand devices. */
import type { Clock } from '../core/clock.ts'
import type { AuditedAction, CertificatePlace, Context, LearnedStore, TraceTap } from '../core/driver.ts'
import type { Log } from '../core/log.ts'
import type { Line } from './line.ts'
import type { DeviceSetup, PollingContext } from './polling.ts'

export class DeviceContext implements Context {
  readonly name: string
  readonly clock: Clock
  readonly trace: TraceTap | undefined
  readonly learned: LearnedStore | undefined
  readonly dial: Context['dial']
  readonly resolve: Context['resolve']
  readonly certificates: CertificatePlace | undefined
  /** Who wants to know. */
  onChanged: (() => void) | undefined
  declare readonly assertWritable?: () => void
  declare readonly audit?: (action: AuditedAction) => Promise<void>
  readonly #line: Line
  readonly #common: Map<string, unknown>
  readonly #driver: string
  readonly #log: Log
  #ownLog: Log | undefined

  /** `common`: what all devices of a driver type share, by the type's name. */
  constructor(
    { name, type }: Pick<DeviceSetup, 'name' | 'type'>,
    line: Line,
    common: Map<string, unknown>,
    { clock, trace, learned, dial, resolve, log, audit, assertWritable, certificates }: PollingContext,
  ) {
    this.name = name
    this.clock = clock
    this.trace = trace?.(name)
    this.learned = learned?.(name)
    this.dial = async (endpoint, signal) => {
      const connection = await dial(endpoint, signal)
      line.meter(connection)
      return connection
    }
    this.resolve = resolve
    this.certificates = certificates
    if (assertWritable !== undefined) this.assertWritable = assertWritable
    if (audit !== undefined) this.audit = (action) => audit(name, action)
    this.#line = line
    this.#common = common
    this.#driver = type.name
    this.#log = log
  }

  /** Made when there is something to say. */
  get log(): Log {
    return (this.#ownLog ??= this.#log.child({ component: this.#driver, device: this.name }))
  }

  share<T>(create: () => T): T {
    return this.#line.share(create)
  }

  shareAll<T>(create: () => T): T {
    if (!this.#common.has(this.#driver)) this.#common.set(this.#driver, create())
    return this.#common.get(this.#driver) as T
  }

  changed(): void {
    this.onChanged?.()
  }

  limitInFlight(limit: number): void {
    this.#line.resize(limit)
  }
}
