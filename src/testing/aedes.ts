/** aedes, a broker in this process: what is published in it is heard in its own order, and it can be stopped and made to stand still. */
import { createServer, type Socket } from 'node:net'
import { freePort, type Cleanup } from './peers.ts'

export interface AedesBroker {
  readonly url: string
  start(): Promise<void>
  stop(): Promise<void>
  /** Connections stay and nothing is read or answered. */
  pause(isPaused: boolean): void
}

/** Starts it; `onPublish` hears what clients publish. Stopped when the test ends. */
export async function startAedes(
  t: Cleanup,
  onPublish: (topic: string, payload: Buffer, retained: boolean) => void,
): Promise<AedesBroker> {
  const { Aedes } = await import('aedes')
  const aedes = await Aedes.createBroker()
  aedes.on('publish', ({ topic, payload, retain }, client) => {
    if (client !== null) onPublish(topic, Buffer.from(payload), retain)
  })
  const port = await freePort()
  const sockets = new Set<Socket>()
  let server = createServer()
  const broker: AedesBroker = {
    url: `mqtt://127.0.0.1:${port}`,
    start: () =>
      new Promise((resolve) => {
        server = createServer((socket) => {
          sockets.add(socket)
          aedes.handle(socket)
        })
        server.listen(port, '127.0.0.1', resolve)
      }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
        sockets.clear()
      }),
    pause: (isPaused) => {
      // Its packets are read in the turn in which their bytes come: without bytes there is nothing to answer.
      for (const socket of sockets) {
        const { _handle: handle } = socket as unknown as { _handle: { readStop(): void; readStart(): void } | null }
        if (isPaused) handle?.readStop()
        else handle?.readStart()
      }
    },
  }
  await broker.start()
  t.after(async () => {
    await broker.stop()
    await new Promise<void>((resolve) => aedes.close(() => resolve()))
  })
  return broker
}
