/** Local alerts as a whole over a real web server: told, told when over, quiet in maintenance, over restarts and kills, and off. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { AlertsConfig } from '../core/alerts.ts'
import { startReceiver, type Answer } from '../testing/http-receiver.ts'
import { eventually, temporaryFolder } from '../testing/peers.ts'
import { createRecordingLog } from '../testing/recording-log.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { dial } from '../wire/dial.ts'
import { openAlerts, type GivenFacts } from './alerts.ts'
import type { WebhookMessage } from './message.ts'
import { receiverTypes } from './receivers.ts'

const webhook = receiverTypes.find(({ name }) => name === 'webhook')!
const receiver = (name: string, url: string) => ({ name, receiver: 'webhook', options: webhook.options.parse({ url, connectTimeout: '1s' }), severities: ['critical', 'warning'] as const, sendResolved: true }) // prettier-ignore

const configOf = (more: Partial<AlertsConfig>): AlertsConfig => ({ name: 'edge-7', everyMs: 15_000, groupWaitMs: 30_000, groupIntervalMs: 300_000, repeatIntervalMs: 14_400_000, maxQueued: 100, maxPerMinute: 60, receivers: [], ...more }) // prettier-ignore

interface World {
  sinkUp: boolean
  devicesUp: boolean
  devices: number
  silence: string | undefined
}

async function rig(t: TestContext) {
  const folder = temporaryFolder(t)
  const clock = new VirtualClock()
  const log = createRecordingLog()
  const world: World = { sinkUp: true, devicesUp: true, devices: 4, silence: undefined }
  let answer: Answer = { status: 200 }
  const web = await startReceiver(t, () => answer)
  const facts = async (): Promise<GivenFacts> => ({
    now: clock.now(),
    devices: Array.from({ length: world.devices }, (_, at) => ({ name: `d-${at}`, driver: 'modbus', area: 'hall-1', isAway: !world.devicesUp, isEnabled: true, isPlanned: false, reason: null })), // prettier-ignore
    sinks: [{ name: 'plant', kind: 'mqtt', isUp: world.sinkUp, isEnabled: true, reason: null, routed: 0, delivered: 0, pending: 0, dropped: {}, oldestPendingAgeMs: null }], // prettier-ignore
    log: { refused: 0, isFull: false, failed: null, secondsLeft: null, secondsHeld: null },
    disk: null,
    certificates: [],
    reloadProblem: undefined,
    clock: { synchronised: null, steps: 0, driftMs: 0 },
    audit: { problem: null, finding: null },
  })
  const open = async (config: AlertsConfig | undefined) => {
    const alerts = await openAlerts(config, { data: folder, clock, log, dial, facts, silenceOf: () => world.silence })
    t.after(() => alerts.close())
    return alerts
  }
  const got = () => web.requests.map(({ text }) => JSON.parse(text) as WebhookMessage).map(({ status, groupLabels }) => `${status} ${groupLabels.alertname}`) // prettier-ignore
  /** Lets time pass in steps, so that what is on the real network arrives between. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 15_000) {
      await clock.advance(15_000)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  const config = configOf({ receivers: [receiver('office', web.url)] })
  return { folder, clock, log, world, web, open, got, pass, config, answers: (next: Answer) => (answer = next) }
}

test('told after its time and the wait, and told when it is over', async (t) => {
  const { open, world, pass, got, config } = await rig(t)
  const alerts = await open(config)
  await pass(60_000)
  world.sinkUp = false
  await pass(300_000)
  assert.deepEqual(got(), [])
  await pass(60_000)
  await eventually('it is told', () => got().length === 1)
  assert.deepEqual(alerts.counts(), [{ alert: 'BifrostSinkDown', severity: 'warning', firing: 1 }])
  world.sinkUp = true
  await pass(330_000)
  await eventually('its end is told', () => got().length === 2)
  assert.deepEqual(got(), ['firing BifrostSinkDown', 'resolved BifrostSinkDown'])
  assert.deepEqual(alerts.receivers().map(({ sent, failed, dropped, queued }) => ({ sent, failed, dropped, queued })), [{ sent: 2, failed: 0, dropped: 0, queued: 0 }]) // prettier-ignore
})

test('a fleet of 200 devices that goes down together is one message of the outage, and one of the devices', async (t) => {
  const { open, world, pass, got, config, web } = await rig(t)
  world.devices = 200
  await open(config)
  await pass(30_000)
  world.devicesUp = false
  await pass(4_000_000)
  await eventually('both are told', () => got().length === 2)
  assert.deepEqual(got(), ['firing BifrostDeviceFleetOutage', 'firing BifrostDeviceDownLong'])
  const message = JSON.parse(web.requests[1]!.text) as WebhookMessage
  assert.equal(message.alerts.length + message.truncatedAlerts, 200)
})

test('a receiver that is away is told once when it is back, and keeps no other from being told', async (t) => {
  const { open, world, pass, got, config, web } = await rig(t)
  const hanging = await startReceiver(t, () => 'hang')
  await open({ ...config, receivers: [receiver('hangs', hanging.url), ...config.receivers] })
  await web.stop()
  world.sinkUp = false
  await pass(600_000)
  await web.start()
  await pass(600_000)
  await eventually('it is told', () => got().length >= 1)
  await pass(600_000)
  assert.deepEqual(got(), ['firing BifrostSinkDown'])
  assert.ok(hanging.requests.length >= 1)
})

test('quiet in maintenance; told afterwards if it still goes on', async (t) => {
  const { open, world, pass, got, config } = await rig(t)
  const alerts = await open(config)
  world.silence = 'maintenance 1 of the whole gateway'
  world.sinkUp = false
  await pass(1_200_000)
  assert.deepEqual(got(), [])
  assert.deepEqual(alerts.alerts.map(({ state, silence }) => [state, silence]), [['firing', world.silence]]) // prettier-ignore
  world.silence = undefined
  await pass(60_000)
  await eventually('it is told', () => got().length === 1)
})

test('a message that waits outlives a stop; what was told is not told again', async (t) => {
  const { open, world, pass, got, config, web, folder } = await rig(t)
  const first = await open(config)
  await web.stop()
  world.sinkUp = false
  await pass(400_000)
  await first.close()
  await web.start()
  world.sinkUp = true
  const second = await open(config)
  await pass(60_000)
  await eventually('it is told, though it is over', () => got().length >= 1)
  await pass(300_000)
  await eventually('its end is told', () => got().length === 2)
  world.sinkUp = false
  await pass(700_000)
  await eventually('it is told anew', () => got().length === 3)
  await second.close()
  const third = await open(config)
  await pass(700_000)
  assert.deepEqual(got(), ['firing BifrostSinkDown', 'resolved BifrostSinkDown', 'firing BifrostSinkDown'])
  await third.close()
  const kept = JSON.parse(readFileSync(join(folder, 'alerts.json'), 'utf8')) as { isStopped: boolean }
  assert.equal(kept.isStopped, true)
})

test('who was killed tells of it at the next start; who was stopped does not', async (t) => {
  const { open, pass, got, config, folder } = await rig(t)
  const first = await open(config)
  await pass(30_000)
  const whileRunning = readFileSync(join(folder, 'alerts.json'))
  await first.close()
  const second = await open(config)
  await pass(90_000)
  assert.deepEqual(got(), [])
  await second.close()
  writeFileSync(join(folder, 'alerts.json'), whileRunning)
  await open(config)
  await pass(90_000)
  await eventually('it is told', () => got().length === 1)
  await pass(1_200_000)
  assert.deepEqual(got(), ['firing BifrostUncleanStop'], 'that it is over is told to nobody')
})

test('switched on later than at the start it tells nothing of what the file remembers from long ago', async (t) => {
  const { open, pass, got, config, folder, world, web } = await rig(t)
  const first = await open(config)
  await web.stop()
  world.sinkUp = false
  await pass(400_000)
  const whileRunning = readFileSync(join(folder, 'alerts.json'))
  await first.close()
  writeFileSync(join(folder, 'alerts.json'), whileRunning)
  await web.start()
  world.sinkUp = true
  const second = await open(undefined)
  await pass(60_000)
  await second.configure(config)
  await pass(600_000)
  assert.deepEqual(got(), [])
})

test('a reload that changes nothing of alerts breaks nothing off', async (t) => {
  const { open, pass, config, world, web } = await rig(t)
  const alerts = await open(config)
  world.sinkUp = false
  await pass(400_000)
  await eventually('it is told', () => web.requests.length === 1)
  await eventually('it is counted', () => alerts.receivers()[0]!.sent === 1)
  await alerts.configure(structuredClone(config))
  assert.equal(alerts.receivers()[0]!.sent, 1)
  await alerts.configure({ ...config, groupWaitMs: 1000 })
  assert.equal(alerts.receivers()[0]!.sent, 0)
})

test('a full queue: what goes on is told later, and what came and went is counted', async (t) => {
  const { open, world, pass, got, config, web, log } = await rig(t)
  const alerts = await open({ ...config, maxQueued: 1 })
  await web.stop()
  world.devicesUp = false
  await pass(300_000)
  world.sinkUp = false
  await pass(600_000)
  world.sinkUp = true
  await pass(60_000)
  assert.deepEqual(alerts.receivers().map(({ queued, dropped }) => ({ queued, dropped })), [{ queued: 1, dropped: 1 }]) // prettier-ignore
  assert.match(log.text(), /came and went while the receiver could not be reached/)
  world.sinkUp = false
  await pass(600_000)
  await web.start()
  await pass(900_000)
  await eventually('both are told', () => got().length >= 2)
  assert.deepEqual(got().slice(0, 2), ['firing BifrostDeviceFleetOutage', 'firing BifrostSinkDown'])
})

test('a test message says what became of it, and is no alert', async (t) => {
  const { open, got, config, answers } = await rig(t)
  const alerts = await open(config)
  await alerts.test('office', 'anna', AbortSignal.timeout(5000))
  assert.deepEqual([got(), alerts.alerts], [['firing BifrostTest'], []])
  answers({ status: 401 })
  await assert.rejects(alerts.test('office', 'anna', AbortSignal.timeout(5000)), /does not accept us/)
  await assert.rejects(alerts.test('home', 'anna', AbortSignal.timeout(5000)), /no receiver home; there are office/)
})

test('off it looks at nothing and writes nothing; switched on and off while it runs', async (t) => {
  const { open, clock, config, folder, world, pass, got } = await rig(t)
  const alerts = await open(undefined)
  assert.deepEqual([clock.pending, alerts.isOn, existsSync(join(folder, 'alerts.json'))], [0, false, false])
  await alerts.configure(config)
  world.sinkUp = false
  await pass(400_000)
  await eventually('it is told', () => got().length === 1)
  await alerts.configure(undefined)
  await pass(60_000)
  assert.deepEqual([alerts.isOn, alerts.alerts.length, clock.pending], [false, 0, 0])
})

test('a change of the configuration that is about something else breaks nothing off and forgets no count', async (t) => {
  const { open, world, pass, got, config, clock } = await rig(t)
  const service = await startReceiver(t, () => ({ status: 200 }))
  const both = { ...config, heartbeat: { url: service.url, isSecret: false, everyMs: 3_600_000, insecure: false } }
  const alerts = await open(both)
  await eventually('a beat', () => service.requests.length === 1)
  world.sinkUp = false
  await pass(400_000)
  await eventually('it is told', () => got().length === 1)
  const timers = clock.pending
  await alerts.configure(structuredClone(both))
  assert.deepEqual([alerts.receivers()[0]!.sent, clock.pending], [1, timers])
  await pass(30_000)
  assert.deepEqual([got().length, service.requests.length], [1, 1])
})

test('heartbeat: posted each time, said once when it is not taken, and no more after the end', async (t) => {
  const { open, clock, log } = await rig(t)
  let status = 200
  const service = await startReceiver(t, () => ({ status }))
  const alerts = await open(configOf({ heartbeat: { url: `${service.url}/ping/uuid-secret`, isSecret: true, everyMs: 60_000, insecure: false } })) // prettier-ignore
  const beats = (count: number) => eventually(`${count} beats`, () => service.requests.length >= count)
  await beats(1)
  await clock.advance(60_000)
  await beats(2)
  assert.equal(service.requests[1]!.path, '/ping/uuid-secret')
  assert.equal(alerts.heartbeat()?.where, service.url)
  status = 500
  await clock.advance(60_000)
  await beats(3)
  await eventually('it is said', () => /is not taken/.test(log.text()))
  await clock.advance(60_000)
  await beats(4)
  await eventually('nothing is under way', () => alerts.heartbeat()?.lastError !== undefined)
  assert.equal(log.text().match(/is not taken/g)?.length, 1)
  assert.doesNotMatch(JSON.stringify(log.said), /uuid-secret/)
  await alerts.close()
  await clock.advance(300_000)
  assert.equal(service.requests.length, 4)
})
