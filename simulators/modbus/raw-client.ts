/** Literal Modbus TCP for the tests of the simulators, so that they don't prove our codec with itself. */
import { once } from 'node:events'
import type { Socket } from 'node:net'

/** Sends one ADU as it stands and gives the next chunk that comes back; rejects when the connection ends first. */
export async function exchange(socket: Socket, request: Buffer, timeoutMs = 3000): Promise<Buffer> {
  const listening = new AbortController()
  const signal = AbortSignal.any([listening.signal, AbortSignal.timeout(timeoutMs)])
  const data = once(socket, 'data', { signal }).then(([chunk]) => chunk as Buffer)
  const closed = once(socket, 'close', { signal }).then(() => Promise.reject(new Error('connection closed')))
  closed.catch(() => {})
  socket.write(request)
  try {
    return await Promise.race([data, closed])
  } finally {
    data.catch(() => {})
    listening.abort()
  }
}

/** A read request of function 1 to 4. */
export function readRequest(unit: number, code: number, address: number, count: number, transaction = 7): Buffer {
  const frame = Buffer.alloc(12)
  frame.writeUInt16BE(transaction, 0)
  frame.writeUInt16BE(6, 4)
  frame[6] = unit
  frame[7] = code
  frame.writeUInt16BE(address, 8)
  frame.writeUInt16BE(count, 10)
  return frame
}

/** Reads registers; an exception answer becomes an error `exception N`. */
export async function readRegisters(
  socket: Socket,
  address: number,
  count: number,
  options: { unit?: number; function?: number } = {},
): Promise<number[]> {
  const reply = await exchange(socket, readRequest(options.unit ?? 1, options.function ?? 3, address, count))
  if (reply[7]! & 0x80) throw new Error(`exception ${reply[8]}`)
  return Array.from({ length: count }, (_, i) => reply.readUInt16BE(9 + i * 2))
}
