/**
 * `kill -9` of the gateway under load. The oracle is the devices' own counters inside the values: after the restart the subscriber
 * has every sample at or below the durable watermark that was reported before the kill, in order, and no sequence number
 * twice with different content.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { startGatewayProcess, type GatewayProcess } from '../src/testing/gateway-process.ts'
import { startMosquitto } from '../src/testing/mosquitto.ts'
import { recordMqtt, type Received } from '../src/testing/mqtt-recorder.ts'
import { eventually, needs } from '../src/testing/peers.ts'
import { registersReply, startScriptedDevice } from '../src/testing/scripted-device.ts'

const DEVICES = 20
const KILLS = 3

interface LogView {
  readonly logId: string
  readonly durableSeq: number
  readonly nextSeq: number
}

interface SinkView {
  readonly name: string
  readonly state: string
  readonly routed: number
  readonly delivered: number
  readonly pending: number
  readonly dropped: Readonly<Record<string, number>>
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

test(
  `kill -9 under load, ${KILLS} times: nothing durable is lost, nothing changes its content`,
  { skip: needs('mosquitto') },
  async (t) => {
    const broker = await startMosquitto(t)
    const devices = await Promise.all(Array.from({ length: DEVICES }, () => countingDevice(t)))
    const recorder = await recordMqtt(t, broker.url, 'plant/#')
    const sink = `sinks:\n  - { name: plant, sink: mqtt, options: { url: '${broker.url}', topic: 'plant/{device}/{tag}', payload: uns-json, qos: 1 } }\n`
    const yaml = `devices:\n${deviceLines(devices.map((device) => device.port))}\n${sink}`

    let folder: string | undefined
    const watermarks: LogView[] = []
    for (let run = 0; run < KILLS; run++) {
      const gateway: GatewayProcess = await startGatewayProcess(t, {
        yaml,
        ...(folder === undefined ? {} : { folder }),
      })
      folder = gateway.folder
      await eventually(
        'samples are durable',
        async () => (await gateway.get<LogView>('log')).durableSeq > (watermarks.at(-1)?.durableSeq ?? 0) + 500,
      )
      await new Promise((resolve) => setTimeout(resolve, 150 + run * 137))
      watermarks.push(await gateway.get<LogView>('log'))
      await gateway.stop('SIGKILL')
    }

    const last = await startGatewayProcess(t, { yaml, folder: folder! })
    const drainedTo = (await last.get<LogView>('log')).nextSeq
    await eventually('the queue drains', () => recorder.messages.some((message) => message.seq >= drainedTo), 20_000)
    const { sinks } = await last.get<{ sinks: SinkView[] }>('sinks')
    await last.stop()

    assert.equal(new Set(watermarks.map((view) => view.logId)).size, 1)
    assert.ok(watermarks.every((view, i) => i === 0 || view.durableSeq > watermarks[i - 1]!.durableSeq))
    const bySeq = contentBySeq(recorder.messages)
    for (const [run, { durableSeq }] of watermarks.entries()) {
      const from = startOfRun(bySeq, watermarks, run)
      const missing = range(from, durableSeq).filter((seq) => !bySeq.has(seq))
      assert.deepEqual(missing, [], `run ${run}: missing below the watermark ${durableSeq}`)
    }
    countersFollow(bySeq, watermarks)
    for (const view of sinks) {
      const dropped = Object.values(view.dropped).reduce((sum, count) => sum + count, 0)
      assert.equal(view.routed, view.delivered + view.pending + dropped, 'the ledger adds up')
    }
  },
)

/** Content by sequence number; a number that came twice must have come with the same content. */
function contentBySeq(messages: readonly Received[]): Map<number, Received> {
  const bySeq = new Map<number, Received>()
  for (const message of messages) {
    const earlier = bySeq.get(message.seq)
    if (earlier !== undefined) {
      assert.deepEqual(
        [earlier.topic, earlier.v, earlier.t],
        [message.topic, message.v, message.t],
        `seq ${message.seq} twice, differently`,
      )
    }
    bySeq.set(message.seq, message)
  }
  return bySeq
}

/** Within the durable part of each run, a tag's values have no hole: each is the device's next number. */
function countersFollow(bySeq: ReadonlyMap<number, Received>, watermarks: readonly LogView[]): void {
  const runs = new Map<string, Received[]>()
  for (const message of [...bySeq.values()].sort((a, b) => a.seq - b.seq)) {
    const run = watermarks.findIndex((view) => message.seq <= view.durableSeq)
    if (run < 0 || message.q !== 0 || message.seq < startOfRun(bySeq, watermarks, run)) continue
    const key = `${run} ${message.topic}`
    runs.set(key, [...(runs.get(key) ?? []), message])
  }
  assert.ok(runs.size >= DEVICES)
  let compared = 0
  for (const [key, messages] of runs) {
    for (let i = 1; i < messages.length; i++) {
      assert.equal(
        messages[i]!.v,
        Number(messages[i - 1]!.v) + 1,
        `${key}: a value is missing after seq ${messages[i - 1]!.seq}`,
      )
      compared++
    }
  }
  assert.ok(compared > 500, `only ${compared} values were compared`)
}

/** An unclean start continues past the reserved block: the run begins after the widest hole since the last watermark. */
function startOfRun(bySeq: ReadonlyMap<number, Received>, watermarks: readonly LogView[], run: number): number {
  if (run === 0) return 1
  const from = watermarks[run - 1]!.durableSeq
  const seqs = [...bySeq.keys()]
    .filter((seq) => seq >= from && seq <= watermarks[run]!.durableSeq)
    .sort((a, b) => a - b)
  const widths = seqs.map((seq, i) => (i === 0 ? 0 : seq - seqs[i - 1]!))
  const widest = Math.max(...widths)
  assert.ok(widest > 1000, 'after an unclean stop the sequence continues past the reservation')
  return seqs[widths.indexOf(widest)]!
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i)
