/** A gateway as users start it, with a device that counts its requests and a real broker whose subscriber keeps everything. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { startGatewayProcess, type GatewayProcess } from '../../src/testing/gateway-process.ts'
import { startMosquitto, type Mosquitto } from '../../src/testing/mosquitto.ts'
import { recordMqtt, type MqttRecorder } from '../../src/testing/mqtt-recorder.ts'
import { eventually, temporaryFolder } from '../../src/testing/peers.ts'
import { registersReply, startScriptedDevice } from '../../src/testing/scripted-device.ts'
import { Ranges, type Range } from './ranges.ts'
import { reset } from '../../src/wire/reset.ts'

export interface LogView {
  readonly logId: string
  readonly durableSeq: number
  readonly nextSeq: number
  readonly failed: string | null
}

export interface SinkView {
  readonly name: string
  readonly state: string
  readonly routed: number
  readonly delivered: number
  readonly pending: number
  readonly dropped: Readonly<Record<string, number>>
}

/** A way to the broker that can be cut. */
interface Link {
  readonly port: number
  /** Ends all connections at once, with whatever is under way. */
  cut(): void
}

async function startLink(t: TestContext, to: number): Promise<Link> {
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  }
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1')
    for (const socket of [near, far]) keep(socket)
    near.pipe(far).on('close', () => near.destroy())
    far.pipe(near).on('close', () => far.destroy())
  })
  const cut = (): void => sockets.forEach(reset)
  t.after(() => {
    server.close()
    cut()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { port: (server.address() as AddressInfo).port, cut }
}

export class GatewayRig {
  readonly #t: TestContext
  readonly broker: Mosquitto
  /** Between gateway and broker. */
  readonly link: Link
  readonly recorder: MqttRecorder
  readonly folder: string
  readonly #yaml: string
  gateway!: GatewayProcess

  private constructor(
    t: TestContext,
    broker: Mosquitto,
    link: Link,
    recorder: MqttRecorder,
    folder: string,
    yaml: string,
  ) {
    this.#t = t
    this.broker = broker
    this.link = link
    this.recorder = recorder
    this.folder = folder
    this.#yaml = yaml
  }

  /** `folder`: where configuration and `data/` lie; `more`: further lines of the configuration. */
  static async make(t: TestContext, { folder = temporaryFolder(t), more = '' } = {}): Promise<GatewayRig> {
    let count = 0
    const device = await startScriptedDevice(t, (request) => registersReply(request, ++count))
    const broker = await startMosquitto(t)
    const link = await startLink(t, broker.port)
    const recorder = await recordMqtt(t, broker.url, 'plant/#')
    const options = `{ url: 'mqtt://127.0.0.1:${link.port}', topic: 'plant/{device}/{tag}', payload: uns-json, qos: 1 }`
    const yaml = `${more}
devices:
  - { name: d, driver: modbus, every: 10ms, options: { host: 127.0.0.1, port: ${device.port} }, tags: [{ name: n, address: 'hr:0', type: uint16 }] }
sinks:
  - { name: plant, sink: mqtt, options: ${options} }
`
    return new GatewayRig(t, broker, link, recorder, folder, yaml)
  }

  async start(env: NodeJS.ProcessEnv = {}): Promise<GatewayProcess> {
    this.gateway = await startGatewayProcess(this.#t, { yaml: this.#yaml, folder: this.folder, env })
    return this.gateway
  }

  log(): Promise<LogView> {
    return this.gateway.get<LogView>('log')
  }

  /** The sink; its ledger adds up whenever anybody asks. */
  async sink(): Promise<SinkView> {
    const [shown] = (await this.gateway.get<{ sinks: SinkView[] }>('sinks')).sinks
    const { routed, delivered, pending, dropped } = shown!
    const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
    assert.equal(routed, delivered + pending + lost, 'the ledger does not add up')
    return shown!
  }

  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.gateway.url}/metrics`)).text()
    return Number(new RegExp(`^${name}(?:{.*})? (.*)$`, 'm').exec(text)?.[1])
  }

  /** Waits until the log has taken so many more samples. */
  async more(samples: number): Promise<void> {
    const { nextSeq } = await this.log()
    await eventually(`${samples} more samples`, async () => (await this.log()).nextSeq >= nextSeq + samples, 20_000)
  }

  /** Waits until all that is durable now is at the far side. */
  async drained(): Promise<number> {
    await this.more(1)
    const { durableSeq } = await this.log()
    const has = () => this.recorder.messages.some(({ seq }) => seq >= durableSeq)
    await eventually(`the sink drains to ${durableSeq}`, has, 40_000)
    return durableSeq
  }

  /** The numbers of a range that never came. */
  missing(range: Range): readonly Range[] {
    const there = new Ranges()
    for (const seq of this.recorder.messages.map((message) => message.seq).sort((a, b) => a - b)) there.add([seq, seq])
    return there.missing(range)
  }

  /** Good values since a number are the device's own count, without a hole. */
  countsOn(fromSeq: number): void {
    const bySeq = new Map(this.recorder.messages.map((message) => [message.seq, message]))
    const values = [...bySeq.values()]
      .filter(({ seq, q }) => seq >= fromSeq && q === 0)
      .sort((a, b) => a.seq - b.seq)
      .map(({ v }) => Number(v))
    assert.ok(values.length > 10)
    for (let at = 1; at < values.length; at++) assert.equal(values[at], values[at - 1]! + 1, 'a value is missing')
  }

  get duplicates(): number {
    return this.recorder.messages.length - new Set(this.recorder.messages.map(({ seq }) => seq)).size
  }
}
