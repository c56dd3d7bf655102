/** A broker that is away: the queue grows visibly, drains in order when it is back, and nothing is lost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startGatewayProcess } from '../src/testing/gateway-process.ts'
import { startMosquitto } from '../src/testing/mosquitto.ts'
import { recordMqtt } from '../src/testing/mqtt-recorder.ts'
import { eventually, needs } from '../src/testing/peers.ts'
import { registersReply, startScriptedDevice } from '../src/testing/scripted-device.ts'

interface SinkView {
  readonly state: string
  readonly reason: string | null
  readonly routed: number
  readonly delivered: number
  readonly pending: number
  readonly dropped: Readonly<Record<string, number>>
  readonly oldestPendingAgeMs: number | null
}

const AWAY_MS = Number(process.env.BIFROST_TEST_OUTAGE_MS ?? 5000)

test(
  'a broker away: the queue grows visibly, drains in order, nothing is lost',
  { skip: needs('mosquitto') },
  async (t) => {
    let count = 0
    const device = await startScriptedDevice(t, (request) => registersReply(request, ++count))
    const broker = await startMosquitto(t)
    const recorder = await recordMqtt(t, broker.url, 'plant/#')
    const options = `{ url: '${broker.url}', topic: 'plant/{device}/{tag}', payload: uns-json, qos: 1, retain: false }`
    const gateway = await startGatewayProcess(t, {
      yaml: `devices:
  - { name: d, driver: modbus, every: 20ms, options: { host: 127.0.0.1, port: ${device.port} }, tags: [{ name: n, address: 'hr:0', type: uint16 }] }
sinks:
  - { name: plant, sink: mqtt, options: ${options} }
`,
    })
    const sink = async () => (await gateway.get<{ sinks: SinkView[] }>('sinks')).sinks[0]!
    await eventually('the first messages arrive', () => recorder.messages.length > 10)

    await broker.stop()
    await eventually('the sink says that it is not connected', async () => (await sink()).state !== 'Running')
    const early = await sink()
    await new Promise((resolve) => setTimeout(resolve, AWAY_MS))
    const late = await sink()
    assert.ok(late.pending > early.pending + AWAY_MS / 40, `pending grew only from ${early.pending} to ${late.pending}`)
    assert.ok((late.oldestPendingAgeMs ?? 0) > AWAY_MS / 2, 'the age of the oldest sample shows')
    assert.ok(late.reason !== null && /mqtt|broker|connect|refused|closed/i.test(late.reason), String(late.reason))

    await broker.start()
    // The pause between attempts has grown to at most 30 s by now.
    await eventually('the queue drains', async () => (await sink()).pending < 10, 45_000)
    await gateway.stop()
    await eventually('the last messages arrive', () => Number(recorder.messages.at(-1)?.v) > 0)

    const seen = new Set<number>()
    const order: number[] = []
    for (const message of recorder.messages) {
      if (seen.has(message.seq)) continue
      seen.add(message.seq)
      order.push(message.seq)
    }
    assert.deepEqual(
      order,
      [...order].sort((a, b) => a - b),
      'first arrivals are in order',
    )
    const values = [...new Map(recorder.messages.map((message) => [message.seq, Number(message.v)])).entries()].sort(
      (a, b) => a[0] - b[0],
    )
    for (let i = 1; i < values.length; i++) assert.equal(values[i]![1], values[i - 1]![1] + 1, 'no value is missing')
    assert.ok(values.length > AWAY_MS / 40)
    assert.deepEqual(late.dropped, {}, 'nothing was dropped')
  },
)
