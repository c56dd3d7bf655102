/**
 * A Modbus TCP device that answers as a test tells it, byte by byte: the way to have every misbehaviour that real devices show.
 * It frames requests by their MBAP length and asks `answer` for what to do with each; it contains none of our codec.
 */
import { createServer, type Server, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

export interface ScriptedRequest {
  readonly transaction: number
  readonly unit: number
  readonly functionCode: number
  readonly address: number
  readonly count: number
  readonly socket: Socket
}

/** Bytes to send, or undefined to say nothing; it may also act on the socket itself. */
export type Answer = (request: ScriptedRequest) => Buffer | undefined

export interface ScriptedDevice {
  readonly port: number
  /** Requests seen so far. */
  requests: number
  /** Connections accepted so far. */
  connections: number
  answer: Answer
  close(): Promise<void>
}

/** A correct reply to a read of registers, each holding `value`. */
export function registersReply({ transaction, unit, functionCode, count }: ScriptedRequest, value: number): Buffer {
  const reply = Buffer.alloc(9 + 2 * count)
  reply.writeUInt16BE(transaction, 0)
  reply.writeUInt16BE(3 + 2 * count, 4)
  reply[6] = unit
  reply[7] = functionCode
  reply[8] = 2 * count
  for (let i = 0; i < count; i++) reply.writeUInt16BE(value & 0xffff, 9 + 2 * i)
  return reply
}

export async function startScriptedDevice(t: TestContext, answer: Answer, port = 0): Promise<ScriptedDevice> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    device.connections++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    let pending = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk])
      while (pending.length >= 6 && pending.length >= 6 + pending.readUInt16BE(4)) {
        const frame = pending.subarray(0, 6 + pending.readUInt16BE(4))
        pending = pending.subarray(frame.length)
        reply(frame, socket)
      }
    })
  })
  const reply = (frame: Buffer, socket: Socket) => {
    device.requests++
    const bytes = device.answer({
      transaction: frame.readUInt16BE(0),
      unit: frame[6]!,
      functionCode: frame[7]!,
      address: frame.readUInt16BE(8),
      count: frame.readUInt16BE(10),
      socket,
    })
    if (bytes !== undefined && !socket.destroyed) socket.write(bytes)
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address()
  const device: ScriptedDevice = {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    requests: 0,
    connections: 0,
    answer,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
  t.after(() => device.close())
  return device
}
