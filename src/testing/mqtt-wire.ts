/**
 * A proxy before a broker that keeps every MQTT packet a client sends, in order, read by the packet parser below mqtt.js; what a
 * CONNECT, a will or a DISCONNECT held is seen here only. Its connections can be cut without a word.
 */
import { createRequire } from 'node:module'
import { connect, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import type { Packet } from 'mqtt'
import { reset } from '../wire/reset.ts'

export interface WirePacket {
  /** Which connection of the client, from 0. */
  readonly connection: number
  readonly packet: Packet
}

export interface MqttWire {
  readonly url: string
  readonly sent: WirePacket[]
  /** The bytes of each connection as they came. */
  readonly bytes: readonly (readonly Buffer[])[]
  /** The packets of a kind, in order. */
  of<Command extends Packet['cmd']>(cmd: Command): Extract<Packet, { cmd: Command }>[]
  /** How many connections are open, and how many ever were at the same time. */
  readonly open: number
  readonly mostOpen: number
  cut(): void
  /** New connections are closed at once. */
  refuse(isRefusing: boolean): void
}

interface Parser {
  parse(bytes: Buffer): number
  on(event: 'packet' | 'error', listener: (what: Packet) => void): Parser
}

/** mqtt.js's own copy, whichever that is. */
export function mqttPacket(): {
  parser(options?: object): Parser
  generate(packet: object, options: object): Buffer
} {
  const resolve = createRequire(import.meta.url)
  return createRequire(resolve.resolve('mqtt'))('mqtt-packet') as ReturnType<typeof mqttPacket>
}

const packetParser = (): Parser => mqttPacket().parser()

export async function startMqttWire(t: TestContext, port: number): Promise<MqttWire> {
  const sent: WirePacket[] = []
  const bytes: Buffer[][] = []
  const sockets = new Set<Socket>()
  let connections = 0
  let open = 0
  let mostOpen = 0
  let isRefusing = false
  const server = createServer((near) => {
    if (isRefusing) return void near.destroy()
    const connection = connections++
    const far = connect({ port, host: '127.0.0.1' })
    const parser = packetParser().on('packet', (packet) => void sent.push({ connection, packet }))
    parser.on('error', () => undefined)
    const chunks: Buffer[] = []
    bytes.push(chunks)
    near.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      parser.parse(chunk)
    })
    mostOpen = Math.max(mostOpen, ++open)
    near.on('close', () => open--)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
      socket.on('close', () => sockets.delete(socket))
    }
    near.pipe(far)
    far.pipe(near)
    far.on('close', () => near.destroy())
    near.on('close', () => far.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // Resetting a socket that is being shut down leaves its handle behind, and the process spins at its end (libuv).
  const cut = () => sockets.forEach(reset)
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const address = server.address() as { port: number }
  return {
    url: `mqtt://127.0.0.1:${address.port}`,
    sent,
    bytes,
    of: (cmd) => sent.map(({ packet }) => packet).filter((packet) => packet.cmd === cmd) as never,
    get open() {
      return open
    },
    get mostOpen() {
      return mostOpen
    },
    cut,
    refuse: (now) => void (isRefusing = now),
  }
}
