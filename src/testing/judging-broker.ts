/** An MQTT 5 broker that takes or refuses each message as the test says, which real ones do for reasons of their own. */
import { createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { mqttPacket } from './mqtt-wire.ts'

const NOT_AUTHORIZED = 0x87

/** What a broker that is played makes of a message: a reason code of MQTT 5, 0 for taken. */
export type Judge = (topic: string, payload: string) => number

export interface JudgingBroker {
  readonly url: string
  /** Topic and payload of what was taken, in order. */
  readonly taken: (readonly [topic: string, payload: string])[]
  /** How many messages came. */
  readonly asked: number
  /** The most messages that ever waited for their confirmation. */
  readonly mostUnconfirmed: number
  /** Sends a message to whoever is connected. */
  deliver(topic: string, payload: string): void
  cut(): void
}

export interface BrokerHabits {
  readonly maximumPacketSize?: number
  readonly receiveMaximum?: number
  readonly refuseSubscriptions?: boolean
  /** How long it takes to confirm a message. */
  readonly ackDelayMs?: number
}

export async function startJudgingBroker(
  t: TestContext,
  judge: Judge,
  { refuseSubscriptions = false, ackDelayMs, ...limits }: BrokerHabits = {},
): Promise<JudgingBroker> {
  const taken: [string, string][] = []
  let asked = 0
  let unconfirmed = 0
  let mostUnconfirmed = 0
  const { generate, parser } = mqttPacket()
  const version = { protocolVersion: 5 }
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    const say = (packet: object) => void socket.write(generate(packet, version))
    const packets = parser().on('packet', (packet) => {
      if (packet.cmd === 'connect') say({ cmd: 'connack', reasonCode: 0, sessionPresent: false, properties: limits })
      if (packet.cmd === 'pingreq') say({ cmd: 'pingresp' })
      if (packet.cmd === 'subscribe') {
        const granted = packet.subscriptions.map(() => (refuseSubscriptions ? NOT_AUTHORIZED : 1))
        say({ cmd: 'suback', messageId: packet.messageId, granted, reasonCode: granted[0] })
      }
      if (packet.cmd !== 'publish') return
      asked++
      const { topic, payload, messageId } = packet
      const reasonCode = judge(topic, payload.toString())
      if (reasonCode === 0) taken.push([topic, payload.toString()])
      mostUnconfirmed = Math.max(mostUnconfirmed, ++unconfirmed)
      const confirm = () => {
        unconfirmed--
        if (!socket.destroyed) say({ cmd: 'puback', messageId, reasonCode })
      }
      if (ackDelayMs === undefined) confirm()
      else setTimeout(confirm, ackDelayMs)
    })
    socket.on('data', (chunk: Buffer) => packets.parse(chunk)).on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const { port } = server.address() as { port: number }
  return {
    url: `mqtt://127.0.0.1:${port}`,
    taken,
    get asked() {
      return asked
    },
    get mostUnconfirmed() {
      return mostUnconfirmed
    },
    deliver(topic, payload) {
      const packet = generate({ cmd: 'publish', topic, payload, qos: 0, retain: false }, version)
      for (const socket of sockets) if (!socket.destroyed) socket.write(packet)
    },
    cut: () => sockets.forEach((socket) => socket.destroy()),
  }
}
