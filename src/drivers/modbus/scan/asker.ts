/**
 * The requests of a scan to one host: only functions that read and have no effect in any device that follows the standard. FC 07,
 * 08, 11 and 12 touch counters or change state, FC 24 takes entries out of a queue, FC 20 reads files that nobody asked for: they
 * are never sent, nor is anything that writes.
 */
import { GatewayError, NotConnectedError } from '../../../core/errors.ts'
import { encodeRequest, ModbusException, type ModbusRequest } from '../../../protocols/modbus/index.ts'

/** Reads of the four tables, Report Server ID, Read Device Identification (Modbus Application Protocol V1.1b3, 6.1–6.4, 6.13, 6.21). */
export const HARMLESS: ReadonlySet<number> = new Set([1, 2, 3, 4, 17, 43])

/** What a request came to. Any answer, an exception too, proves a Modbus device. */
export type Heard =
  | { readonly kind: 'answer'; readonly pdu: Uint8Array }
  | { readonly kind: 'exception'; readonly code: number }
  | { readonly kind: 'silence' }
  /** Bytes that are no answer to this request. */
  | { readonly kind: 'garbage'; readonly reason: string }

/** Sends one request PDU to a unit and gives its reply, or rejects as the client does. */
export type SendPdu = (unit: number, pdu: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>

/** Asks one host, one request at a time, and counts. */
export class Asker {
  readonly #send: SendPdu
  readonly #signal: AbortSignal
  requests = 0
  silences = 0
  answers = 0

  constructor(send: SendPdu, signal: AbortSignal) {
    this.#send = send
    this.#signal = signal
  }

  /** Throws NotConnectedError when the connection is lost, and when the scan is given up. */
  async ask(unit: number, request: ModbusRequest): Promise<Heard> {
    return this.askRaw(unit, encodeRequest(request).slice())
  }

  /** As `ask`, for a PDU as it stands. */
  async askRaw(unit: number, pdu: Uint8Array): Promise<Heard> {
    if (!HARMLESS.has(pdu[0]!)) throw new RangeError(`a scan does not send function ${pdu[0]}`)
    this.requests++
    try {
      const reply = (await this.#send(unit, pdu, this.#signal)).slice()
      this.answers++
      return { kind: 'answer', pdu: reply }
    } catch (error) {
      return this.#heard(error)
    }
  }

  #heard(error: unknown): Heard {
    if (error instanceof ModbusException) {
      this.answers++
      return { kind: 'exception', code: error.exceptionCode }
    }
    if (!(error instanceof GatewayError) || error instanceof NotConnectedError) throw error
    if (error.code === 'TIMEOUT') {
      this.silences++
      return { kind: 'silence' }
    }
    if (error.code === 'PROTOCOL_VIOLATION') return { kind: 'garbage', reason: error.message }
    throw error
  }
}
