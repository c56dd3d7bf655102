/** What the devices of a line ask with: one connection, or several that look like one (`shared-client.ts`). */
import type { TraceTap } from '../../core/driver.ts'
import type { DeviceIdentification } from '../../protocols/modbus/index.ts'

/** One connection, or several that look like one. The calling rules are those of `ModbusClient`. */
export interface LineClient {
  readonly closed: boolean
  readonly closeReason: Error | undefined
  /** The same for one of those who share it: what it asks goes to `trace`. */
  tracedBy(trace: TraceTap | undefined): LineClient
  request(
    unit: number,
    pdu: Uint8Array,
    signal?: AbortSignal,
    timeoutMs?: number,
    trace?: TraceTap,
  ): Promise<Uint8Array>
  readDeviceIdentification(
    unit: number,
    level?: 1 | 2 | 3 | 4,
    objectId?: number,
    signal?: AbortSignal,
  ): Promise<DeviceIdentification>
  close(): void
}

/** A client that can trace each request for another one. */
export interface TracableClient extends LineClient {
  readDeviceIdentification(
    unit: number,
    level?: 1 | 2 | 3 | 4,
    objectId?: number,
    signal?: AbortSignal,
    trace?: TraceTap,
  ): Promise<DeviceIdentification>
}

/** A shared client as one device sees it. */
export class TracedClient implements LineClient {
  readonly #shared: TracableClient
  readonly #trace: TraceTap

  constructor(shared: TracableClient, trace: TraceTap) {
    this.#shared = shared
    this.#trace = trace
  }

  get closed(): boolean {
    return this.#shared.closed
  }

  get closeReason(): Error | undefined {
    return this.#shared.closeReason
  }

  tracedBy(trace: TraceTap | undefined): LineClient {
    return this.#shared.tracedBy(trace)
  }

  request(
    unit: number,
    pdu: Uint8Array,
    signal?: AbortSignal,
    timeoutMs?: number,
    trace: TraceTap = this.#trace,
  ): Promise<Uint8Array> {
    return this.#shared.request(unit, pdu, signal, timeoutMs, trace)
  }

  readDeviceIdentification(
    unit: number,
    level?: 1 | 2 | 3 | 4,
    objectId?: number,
    signal?: AbortSignal,
  ): Promise<DeviceIdentification> {
    return this.#shared.readDeviceIdentification(unit, level, objectId, signal, this.#trace)
  }

  close(): void {
    this.#shared.close()
  }
}
