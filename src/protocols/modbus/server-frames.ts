/** How a connection of a server finds requests in its bytes and frames the answers: Modbus TCP. RTU and ASCII: `server-line.ts`. */
import { Framer } from '../../wire/framer.ts'
import type { ServerClient } from './client-role.ts'
import type { ServerRequest } from './server.ts'
import { encodeFrame, mbapFormat, MBAP_BYTES } from './tcp.ts'

/** `push(chunk)`, then `next()` until it gives undefined. */
export interface RequestFrames {
  /** How long an answer waits at least after its request. */
  readonly answerDelayMs: number
  push(chunk: Uint8Array): void
  /** undefined: not yet. Throws PROTOCOL_VIOLATION when nothing more can be understood on this connection. */
  next(): ServerRequest | undefined
  /** The answer as it goes on the wire. */
  encode(request: ServerRequest, pdu: Uint8Array): Uint8Array
  /** Stops its timers. */
  close(): void
}

/** Requests behind an MBAP header. */
export class MbapRequests implements RequestFrames {
  readonly answerDelayMs = 0
  readonly #framer = new Framer(mbapFormat)
  readonly #connection: number
  readonly #remote: string
  readonly #client: ServerClient | undefined

  constructor(connection: number, remote: string, client?: ServerClient) {
    this.#connection = connection
    this.#remote = remote
    this.#client = client
  }

  push(chunk: Uint8Array): void {
    this.#framer.push(chunk)
  }

  next(): ServerRequest | undefined {
    if (!this.#framer.next()) return undefined
    const { bytes, start, end } = this.#framer
    return {
      transaction: bytes[start]! * 256 + bytes[start + 1]!,
      unit: bytes[start + 6]!,
      pdu: bytes.subarray(start + MBAP_BYTES, end),
      connection: this.#connection,
      remote: this.#remote,
      client: this.#client,
      line: undefined,
    }
  }

  encode({ transaction, unit }: ServerRequest, pdu: Uint8Array): Uint8Array {
    return encodeFrame(transaction, unit, pdu)
  }

  close(): void {}
}
