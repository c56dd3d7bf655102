/**
 * A server that costs as little as a server can, so that the clients are what is measured: every request of twelve bytes gets the
 * registers 0, 1, 2 … it asked for, cut from one buffer. A process of its own; sends its port to the parent.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net'

const REQUEST_BYTES = 12
const REGISTERS = Buffer.alloc(250)
for (let i = 0; i < 125; i++) REGISTERS.writeUInt16BE(i, i * 2)

function serve(socket: Socket): void {
  let rest: Buffer | undefined
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk])
    const requests = Math.floor(bytes.length / REQUEST_BYTES)
    if (requests > 0) socket.write(replies(bytes, requests))
    rest = bytes.length === requests * REQUEST_BYTES ? undefined : bytes.subarray(requests * REQUEST_BYTES)
  })
}

function replies(bytes: Buffer, requests: number): Buffer {
  const dataBytes = bytes.readUInt16BE(10) * 2
  const reply = Buffer.allocUnsafe(requests * (9 + dataBytes))
  for (let i = 0; i < requests; i++) {
    const at = i * (9 + dataBytes)
    bytes.copy(reply, at, i * REQUEST_BYTES, i * REQUEST_BYTES + 8)
    reply.writeUInt16BE(3 + dataBytes, at + 4)
    reply[at + 8] = dataBytes
    REGISTERS.copy(reply, at + 9, 0, dataBytes)
  }
  return reply
}

const server = createServer({ noDelay: true }, serve)
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  process.send?.((server.address() as AddressInfo).port)
})
process.once('disconnect', () => process.exit(0))
