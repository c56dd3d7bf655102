/** Servers of a few lines for the faults that real ones will not show: a relay that cuts when told, a peer that answers nonsense. */
import { connect, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { freePort, type Cleanup } from './peers.ts'
import { reset } from '../wire/reset.ts'

/** A listener on 127.0.0.1, on this port where one is given; its port. */
export async function listenTcp(t: Cleanup, onSocket: (socket: Socket) => void, own?: number): Promise<number> {
  const port = own ?? (await freePort())
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    onSocket(socket)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return port
}

export interface TcpRelay {
  readonly port: number
  /** Looks at what the server answers; true: it is kept back and the connection is cut. */
  cutAt: ((answer: Buffer) => boolean) | undefined
  /** The same for what we send. */
  cutOn: ((request: Buffer) => boolean) | undefined
  /** Connections that were cut. */
  cuts: number
}

/** A relay to a server on 127.0.0.1, on a port of its own or the one given. */
export async function relayTcp(t: TestContext, port: number, given?: number): Promise<TcpRelay> {
  const relay = { cutAt: undefined, cutOn: undefined, cuts: 0 } as Omit<TcpRelay, 'port'>
  const own = await listenTcp(
    t,
    (near) => {
      const far = connect({ port, host: '127.0.0.1' })
      const cut = () => {
        relay.cuts++
        // The server ends in peace: what it was told to commit stays committed.
        far.end()
        reset(near)
      }
      far.on('error', () => near.destroy())
      far.on('data', (answer: Buffer) => {
        if (relay.cutAt?.(answer) === true) cut()
        else if (!near.destroyed) near.write(answer)
      })
      near.on('data', (request: Buffer) => {
        if (relay.cutOn?.(request) === true) cut()
        else far.write(request)
      })
      far.on('close', () => near.destroy())
      near.on('close', () => far.end())
    },
    given,
  )
  return Object.assign(relay, { port: own })
}
