/**
 * kill -9 of the whole product under load, at random moments: every sample at or below the watermark that the API reported arrives at
 * the far side sooner or later, with the content that the device gave it, in order, and every ledger adds up. BIFROST_KILLS says how
 * many kills there are, BIFROST_SEED repeats a run.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { readSlots } from '../../src/store/slot-file.ts'
import { KILLS, quantileOf, randomFrom, reportFault, SEED } from '../../src/testing/fault-table.ts'
import { startGatewayProcess } from '../../src/testing/gateway-process.ts'
import { startMosquitto } from '../../src/testing/mosquitto.ts'
import { recordMqtt, type Received } from '../../src/testing/mqtt-recorder.ts'
import { eventually, needs, temporaryFolder } from '../../src/testing/peers.ts'
import { registersReply, startScriptedDevice } from '../../src/testing/scripted-device.ts'
import { Ranges, sizeOf } from './ranges.ts'

const DEVICES = 20
const GATEWAY_KILLS = Math.max(2, Math.round(KILLS * 0.2))

interface LogView {
  readonly logId: string
  readonly durableSeq: number
  readonly nextSeq: number
}

interface SinkView {
  readonly name: string
  readonly routed: number
  readonly delivered: number
  readonly pending: number
  readonly dropped: Readonly<Record<string, number>>
}

/** What one life of the gateway gave out: from its first number to the last watermark that it reported. */
interface Life {
  readonly first: number
  readonly durable: number
}

/** Every request gets the next number, whatever gateway asks: a lost sample is a missing number. */
async function countingDevice(t: TestContext) {
  let count = 0
  return startScriptedDevice(t, (request) => registersReply(request, ++count))
}

const deviceLines = (ports: readonly number[]): string =>
  ports
    .map((port, i) => {
      const tags = '[{ name: n, address: "hr:0", type: uint16 }, { name: m, address: "hr:1", type: uint16 }]'
      return `  - { name: d${i}, driver: modbus, every: 50ms, options: { host: 127.0.0.1, port: ${port} }, tags: ${tags} }`
    })
    .join('\n')

/** The number behind everything that was reserved before the kill: where the next life begins. */
function firstAfterKill(folder: string): number {
  const state = readSlots(readFileSync(join(folder, 'data', 'sequence'))) as { clean: boolean; reserved: number }
  assert.equal(state.clean, false)
  return state.reserved + 1
}

function balanced({ name, routed, delivered, pending, dropped }: SinkView): void {
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
  assert.equal(routed, delivered + pending + lost, `the ledger of ${name} does not add up`)
}

test(
  `kill -9 of the gateway under load: nothing durable is lost, nothing changes its content, the ledgers add up`,
  { skip: needs('mosquitto') },
  async (t) => {
    const random = randomFrom(SEED)
    const broker = await startMosquitto(t)
    const devices = await Promise.all(Array.from({ length: DEVICES }, () => countingDevice(t)))
    const recorder = await recordMqtt(t, broker.url, 'plant/#')
    const sink = `sinks:\n  - { name: plant, sink: mqtt, options: { url: '${broker.url}', topic: 'plant/{device}/{tag}', payload: uns-json, qos: 1 } }\n`
    const yaml = `devices:\n${deviceLines(devices.map((device) => device.port))}\n${sink}`
    const folder = temporaryFolder(t)

    const lives: Life[] = []
    const startMs: number[] = []
    const logIds = new Set<string>()
    let first = 1
    for (let run = 0; run < GATEWAY_KILLS; run++) {
      const began = performance.now()
      const gateway = await startGatewayProcess(t, { yaml, folder })
      startMs.push(performance.now() - began)
      await pause(run % 5 === 4 ? random() * 50 : 300 + random() * 500)
      const view = await gateway.get<LogView>('log')
      logIds.add(view.logId)
      for (const shown of (await gateway.get<{ sinks: SinkView[] }>('sinks')).sinks) balanced(shown)
      await gateway.stop('SIGKILL')
      lives.push({ first, durable: view.durableSeq })
      const next = firstAfterKill(folder)
      assert.ok(next > view.nextSeq, 'numbers go on behind the reservation')
      first = next
    }

    const last = await startGatewayProcess(t, { yaml, folder })
    const drainedTo = (await last.get<LogView>('log')).nextSeq
    await eventually('the queue drains', () => recorder.messages.some((message) => message.seq >= drainedTo), 30_000)
    const { sinks } = await last.get<{ sinks: SinkView[] }>('sinks')
    await last.stop()
    for (const shown of sinks) balanced(shown)

    assert.equal(logIds.size, 1)
    const bySeq = contentBySeq(recorder.messages)
    const there = new Ranges()
    for (const seq of [...bySeq.keys()].sort((a, b) => a - b)) there.add([seq, seq])
    const losses = lives.reduce((sum, { first: from, durable }) => sum + sizeOf(there.missing([from, durable])), 0)
    const atStake = lives.reduce((sum, { first: from, durable }) => sum + Math.max(0, durable - from + 1), 0)
    const compared = countersFollow(bySeq, lives)
    const p99 = quantileOf(startMs, 0.99)
    reportFault(t, {
      fault: 'kill -9 of the gateway with an MQTT sink',
      runs: GATEWAY_KILLS,
      losses,
      duplicates: recorder.messages.length - bySeq.size,
      control: 'with the store',
      remark: `${atStake} samples reported durable, ${compared} compared with the device's counter; start p99 ${p99.toFixed(0)} ms; seed ${SEED}`,
    })
    assert.equal(losses, 0)
    assert.ok(atStake > 20 * GATEWAY_KILLS, `only ${atStake} samples were at stake`)
    assert.ok(p99 < 15_000, `a start took ${p99} ms`)
  },
)

/** Content by sequence number; a number that came twice must have come with the same content, and first arrivals in order. */
function contentBySeq(messages: readonly Received[]): Map<number, Received> {
  const bySeq = new Map<number, Received>()
  const newest = new Map<string, number>()
  for (const message of messages) {
    const earlier = bySeq.get(message.seq)
    if (earlier !== undefined) {
      const content = [message.topic, message.v, message.t]
      assert.deepEqual([earlier.topic, earlier.v, earlier.t], content, `seq ${message.seq} twice, differently`)
      continue
    }
    assert.ok(message.seq > (newest.get(message.topic) ?? 0), `${message.topic}: ${message.seq} came late`)
    newest.set(message.topic, message.seq)
    bySeq.set(message.seq, message)
  }
  return bySeq
}

/** Within the durable part of each life, a tag's values have no hole: each is the device's next number. Returns how many were compared. */
function countersFollow(bySeq: ReadonlyMap<number, Received>, lives: readonly Life[]): number {
  const runs = new Map<string, Received[]>()
  for (const message of [...bySeq.values()].sort((a, b) => a.seq - b.seq)) {
    const life = lives.findIndex(({ first, durable }) => message.seq >= first && message.seq <= durable)
    if (life < 0 || message.q !== 0) continue
    const key = `${life} ${message.topic}`
    runs.set(key, [...(runs.get(key) ?? []), message])
  }
  let compared = 0
  for (const [key, messages] of runs) {
    for (let i = 1; i < messages.length; i++) {
      const sentence = `${key}: a value is missing after seq ${messages[i - 1]!.seq}`
      assert.equal(messages[i]!.v, Number(messages[i - 1]!.v) + 1, sentence)
      compared++
    }
  }
  return compared
}
