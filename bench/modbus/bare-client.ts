/**
 * The practical limit: a Modbus TCP client with nothing but what a reply needs to reach its caller – a transaction id, a map, a
 * promise. No time-outs, no check of the reply, no limit of anything; one chunk is expected to end with a whole frame.
 */
import { connect, type Socket } from 'node:net'

export class BareClient {
  readonly #socket: Socket
  readonly #waiting = new Map<number, (registers: Buffer) => void>()
  #transaction = 0
  #rest: Buffer | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#received(chunk))
  }

  static open(port: number, host = '127.0.0.1'): Promise<BareClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host, noDelay: true }, () => resolve(new BareClient(socket)))
      socket.once('error', reject)
    })
  }

  /** The bytes of `count` holding registers. */
  read(unit: number, address: number, count: number): Promise<Buffer> {
    return new Promise((resolve) => {
      const transaction = (this.#transaction = (this.#transaction + 1) & 0xffff)
      const frame = Buffer.allocUnsafe(12)
      frame.writeUInt16BE(transaction, 0)
      frame.writeUInt32BE(6, 2)
      frame[6] = unit
      frame[7] = 3
      frame.writeUInt16BE(address, 8)
      frame.writeUInt16BE(count, 10)
      this.#waiting.set(transaction, resolve)
      this.#socket.write(frame)
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #received(chunk: Buffer): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    while (bytes.length - at >= 6 && bytes.length - at >= 6 + bytes.readUInt16BE(at + 4)) {
      const end = at + 6 + bytes.readUInt16BE(at + 4)
      const transaction = bytes.readUInt16BE(at)
      this.#waiting.get(transaction)?.(bytes.subarray(at + 9, end))
      this.#waiting.delete(transaction)
      at = end
    }
    this.#rest = at === bytes.length ? undefined : bytes.subarray(at)
  }
}
