/** The places for live sockets: so many in all, and so many of one address. A place is taken before anything is waited for. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { BusyError, type GatewayError } from '../../core/errors.ts'
import { Crowd } from '../crowd.ts'
import { shareOf } from '../far-side.ts'
import type { Gate } from '../gate.ts'
import type { Limits } from '../limits.ts'

const RETRY_AFTER_MS = 5000

export class LivePlaces {
  readonly #gate: Gate
  readonly #limits: Limits
  readonly #crowd = new Crowd()
  #taken = 0

  constructor(gate: Gate, limits: Limits) {
    this.#gate = gate
    this.#limits = limits
  }

  /** Takes a place until the socket closes, or says why there is none. */
  take(request: IncomingMessage, socket: Duplex): GatewayError | undefined {
    const address = this.#gate.farSide.of(request)
    const share = shareOf(address)
    const full =
      this.#taken >= this.#limits.liveClients
        ? `there are ${this.#taken} live clients already`
        : this.#crowd.of(share) >= this.#limits.liveClientsPerAddress
          ? `there are ${this.#crowd.of(share)} live clients of this address already`
          : undefined
    if (full !== undefined) {
      this.#gate.refusals.count('live', address)
      return new BusyError(full, RETRY_AFTER_MS)
    }
    this.#taken++
    this.#crowd.enter(share)
    socket.once('close', () => {
      this.#taken--
      this.#crowd.leave(share)
    })
    return undefined
  }
}
