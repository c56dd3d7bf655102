/**
 * Cuts a Modbus TCP stream into whole ADUs (Modbus Messaging on TCP/IP 3.1.3): transaction id (2) | protocol 0 (2) | length of
 * the rest (2) | unit (1) | PDU. For simulators that must answer below the protocol library: faults, recordings, load.
 */
export const MBAP_BYTES = 7

/** Splits chunks into ADUs. Gives undefined where the peer no longer speaks Modbus TCP; the socket is then to be closed. */
export class AduSplitter {
  #rest: Buffer | undefined

  push(chunk: Buffer): Buffer[] | undefined {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    const frames: Buffer[] = []
    let at = 0
    while (bytes.length - at >= MBAP_BYTES) {
      const length = bytes.readUInt16BE(at + 4)
      if (length < 2 || length > 254 || bytes.readUInt16BE(at + 2) !== 0) return undefined
      if (bytes.length - at < 6 + length) break
      frames.push(bytes.subarray(at, at + 6 + length))
      at += 6 + length
    }
    this.#rest = at === bytes.length ? undefined : bytes.subarray(at)
    return frames
  }
}

/** The answer to a request ADU: its transaction and unit with this PDU. */
export function answer(request: Buffer, pdu: Uint8Array): Buffer {
  const reply = Buffer.allocUnsafe(MBAP_BYTES + pdu.length)
  request.copy(reply, 0, 0, 4)
  reply.writeUInt16BE(pdu.length + 1, 4)
  reply[6] = request[6]!
  reply.set(pdu, MBAP_BYTES)
  return reply
}
