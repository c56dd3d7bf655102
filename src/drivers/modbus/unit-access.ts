/** The way of a device's blocks to its units: over the connection of now, as far as the breakers of the units let them. */
import type { UnitAccess } from './block.ts'
import type { UnitBreakers } from './unit-breakers.ts'

/** How one request is made. */
export type AskUnit = (unit: number, pdu: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>

export class DeviceAccess implements UnitAccess {
  connection = 0
  readonly #breakers: UnitBreakers
  readonly #ask: AskUnit

  constructor(breakers: UnitBreakers, ask: AskUnit) {
    this.#breakers = breakers
    this.#ask = ask
  }

  mayAsk(unit: number): boolean {
    return this.#breakers.mayAsk(unit)
  }

  request(unit: number, pdu: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    return this.#ask(unit, pdu, signal)
  }

  settle(unit: number, isAnswered: boolean): void {
    this.#breakers.settle(unit, isAnswered)
  }

  release(unit: number): void {
    this.#breakers.release(unit)
  }
}
