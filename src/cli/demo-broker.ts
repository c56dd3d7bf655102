/** The MQTT broker of the demo: aedes inside this process, on the loopback address only, loaded on first use. */
import { createServer, type Server, type Socket } from 'node:net'

export interface DemoBroker {
  readonly port: number
  close(): Promise<void>
}

/** Starts a broker on `port` of 127.0.0.1; rejects with EADDRINUSE when the port is taken. */
export async function startDemoBroker(port: number): Promise<DemoBroker> {
  const { Aedes } = await import('aedes')
  const broker = await Aedes.createBroker()
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.once('close', () => sockets.delete(socket))
    broker.handle(socket)
  })
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise<void>((resolve) => broker.close(() => resolve()))
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
  try {
    return { port: await listen(server, port), close }
  } catch (error) {
    await new Promise<void>((resolve) => broker.close(() => resolve()))
    throw error
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}
