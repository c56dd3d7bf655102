/** A tag explained from the wire to the sinks: literal bytes of a Modbus server, what the pipeline decided, and sinks here and away. */
/* oxlint-disable typescript/no-explicit-any -- answers are looked at as whoever scripts them does, without their types */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Status } from '../core/status.ts'
import { modbus } from '../drivers/modbus/driver.ts'
import { simulated } from '../drivers/simulated/driver.ts'
import { mqtt } from '../sinks/mqtt/sink.ts'
import { startTestGateway, type DeviceSketch } from '../testing/gateway-fixture.ts'
import { startDevice, type Device } from '../testing/modbus-device.ts'
import { startMosquitto } from '../testing/mosquitto.ts'
import { eventually, needs } from '../testing/peers.ts'
import { startHttp } from './server.ts'

const REPLAY = { order: 'in-order' as const, makeUpRowsPerSecond: undefined }

const sinkOf = (name: string, url: string) => ({
  name,
  type: mqtt as never,
  options: mqtt.options.parse({ url, topic: 'acme/{device}/{tag}', clientId: `explain-${name}` }),
  enabled: true,
  replay: REPLAY,
})

async function start(t: TestContext, devices: readonly DeviceSketch[], sinks: ReturnType<typeof sinkOf>[] = []) {
  const gateway = await startTestGateway(t, { devices, sinks })
  const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open' })
  t.after(() => http.close())
  const get = async (path: string) => {
    const response = await fetch(http.url + path)
    return { status: response.status, body: (await response.json()) as any }
  }
  const running = (name: string) =>
    eventually(`${name} runs`, () => ['Running', 'Degraded'].includes(gateway.polling.device(name)!.state))
  return { gateway, get, running }
}

const press = (device: Device, tags: DeviceSketch['tags'], options = {}): DeviceSketch => ({
  name: 'press-1',
  type: modbus,
  options: { ...device.options, ...options },
  tags,
  everyMs: 50,
})

const skip = needs('mosquitto')

test('a tag is explained from its bytes to what the broker confirmed', { skip }, async (t) => {
  const device = await startDevice(t)
  const broker = await startMosquitto(t)
  device.bank.holdingRegisters.set(6, 0x1234)
  const tags = [
    { name: 'five', address: 'hr:5', type: 'uint16' as const },
    { name: 'level', address: 'hr:6', type: 'uint16' as const, scale: 0.5, low: 0, high: 1000, clamp: true },
  ]
  const { get, running } = await start(t, [press(device, tags)], [sinkOf('plant', broker.url)])
  await running('press-1')
  const { status, body } = await get('/api/v1/explain/press-1/level?settle=5s')
  assert.equal(status, 200)
  assert.equal(body.fate, 'stored')
  const { exchange, place, together, retries } = body.wire
  // Transaction numbers differ; all else is literal.
  assert.equal(exchange.request.hex.slice(4), '00000006' + '01' + '0300050002')
  assert.equal(exchange.response.hex.slice(4), '00000007' + '01' + '0304' + '00051234')
  assert.deepEqual([exchange.function, exchange.exception, exchange.unit, retries], [3, null, 1, 0])
  assert.ok(exchange.roundTripMs >= 0)
  assert.deepEqual(place, { block: 'hr:5…hr:6', start: 11, length: 2, bytes: '1234', reading: 'uint16, order ABCD' })
  assert.deepEqual(together, { tags: ['five', 'level'], total: 2 })
  assert.equal(body.raw.value, 0x1234)
  const steps = Object.fromEntries(body.steps.map((step: { name: string }) => [step.name, step]))
  assert.deepEqual([steps.scale.decision, steps.scale.before.value, steps.scale.after.value], ['changed', 4660, 2330])
  assert.equal(steps.scale.text, '4660 × 0.5 + 0 = 2330.')
  assert.deepEqual([steps.range.decision, steps.range.after.value], ['changed', 1000])
  assert.equal(steps.range.after.status.name, 'GoodClamped')
  assert.deepEqual([steps.deadband.decision, steps.spike.decision], ['not-set', 'not-set'])
  assert.deepEqual([body.store.isThis, body.store.durable, body.store.value], [true, true, 1000])
  const [sink] = body.sinks
  assert.equal(sink.outcome, 'delivered')
  assert.ok(sink.acknowledgedAt !== null && sink.afterMs >= 0)
  const [message] = sink.messages
  assert.deepEqual([message.place, message.facts.qos, message.facts.retained], ['acme/press-1/level', 1, true])
  const said = JSON.parse(message.text)
  assert.deepEqual([said.v, said.seq, said.log], [1000, body.store.seq, body.store.logId])
})

test('a bad register says which exception came, and that its neighbours are read beside it', async (t) => {
  const device = await startDevice(t)
  device.fault = (_request, _code, address, count) =>
    address <= 8 && address + count > 8 ? { exception: 2 } : undefined
  const tags = [7, 8, 9].map((at) => ({ name: `r${at}`, address: `hr:${at}`, type: 'uint16' as const }))
  const { gateway, get } = await start(t, [press(device, tags)])
  const tag = gateway.store.tags.find('press-1', 'r8')!
  await eventually('r8 is bad', () => gateway.store.latest.get(tag.id).status === Status.BadConfigurationError)
  const neighbour = (await get('/api/v1/explain/press-1/r9')).body
  assert.equal(neighbour.raw.value, 9)
  const { body } = await get('/api/v1/explain/press-1/r8?wait=500')
  assert.match(body.raw.reason, /^hr:8 = 40009: the device answers exception 02 \(illegal data address\)/)
  assert.match(body.wire.problem ?? body.wire.exchange.error, /exception 02|illegal data address/)
  assert.deepEqual([body.raw.value, body.store.status.name], [null, 'BadConfigurationError'])
})

test('a value within the deadband is held back, by how much, with the last one that was stored', async (t) => {
  const device = await startDevice(t)
  const tags = [{ name: 'five', address: 'hr:5', type: 'uint16' as const, deadband: { absolute: 4 } }]
  const { gateway, get, running } = await start(t, [press(device, tags)])
  await running('press-1')
  const { id } = gateway.store.tags.find('press-1', 'five')!
  await eventually('the first value is stored', () => gateway.store.latest.get(id).value === 5)
  const { seq } = gateway.store.latest.get(id)
  device.bank.holdingRegisters.set(5, 8)
  await eventually('8 is read', async () => (await get('/api/v1/raw/press-1/five')).body.place?.bytes === '0008')
  const { body } = await get('/api/v1/explain/press-1/five')
  assert.equal(body.fate, 'held-back')
  assert.equal(body.reason, '8, 3 away from 5, which was passed on last: not more than the deadband of 4, held back.')
  assert.deepEqual([body.store.isThis, body.store.seq, body.store.value], [false, seq, 5])
  assert.equal(body.steps.find(({ name }: { name: string }) => name === 'swinging-door').decision, 'not-set')
  device.bank.holdingRegisters.set(5, 10)
  await eventually('10 is stored', () => gateway.store.latest.get(id).value === 10)
})

test('a sink that is away keeps the sample pending, says why and when it tries again', { skip }, async (t) => {
  const device = await startDevice(t)
  const broker = await startMosquitto(t)
  const tags = [{ name: 'five', address: 'hr:5', type: 'uint16' as const }]
  const sinks = [sinkOf('here', broker.url), sinkOf('away', 'mqtt://127.0.0.1:1')]
  const { get, running } = await start(t, [press(device, tags)], sinks)
  await running('press-1')
  await eventually('the sink failed once', async () => {
    const { sinks: all } = (await get('/api/v1/sinks')).body
    return all[1].lastError !== null
  })
  const { body } = await get('/api/v1/explain/press-1/five?settle=300')
  const [here, away] = body.sinks
  assert.equal(here.outcome, 'delivered')
  assert.equal(away.outcome, 'pending')
  assert.ok(away.pending >= 1)
  assert.match(away.reason, /127\.0\.0\.1:1/)
  assert.equal(away.acknowledgedAt, null)
  assert.match(away.lastError, /127\.0\.0\.1:1/)
})

test('no sample comes: the answer says why, at once where the device is disabled', async (t) => {
  const device = await startDevice(t)
  const tags = [{ name: 'five', address: 'hr:5', type: 'uint16' as const }]
  const { get } = await start(t, [
    { ...press(device, tags), enabled: false },
    { name: 'gone', type: modbus, options: { ...device.options, port: 1, connectTimeout: '100ms' }, tags },
    { name: 'plant', type: simulated, tags: [{ name: 'wave', address: 'sine:period=10s,min=0,max=10' }], everyMs: 100 },
  ])
  const began = performance.now()
  const { body } = await get('/api/v1/explain/press-1/five')
  assert.ok(performance.now() - began < 1500)
  assert.equal(body.fate, 'none')
  assert.match(body.reason, /disabled/)
  const gone = (await get('/api/v1/explain/gone/five?wait=300')).body
  assert.equal(gone.fate, 'none')
  assert.match(gone.reason, /gone (is Failed|is Connecting|cannot be reached)/)
  const wave = (await get('/api/v1/explain/plant/wave')).body
  assert.equal(wave.fate, 'stored')
  assert.deepEqual([wave.wire.exchange, wave.wire.source.signal], [null, 'sine'])
  const raw = (await get('/api/v1/raw/plant/wave')).body
  assert.deepEqual([raw.from, raw.place], ['none', null])
  assert.match(raw.reason, /hands on values, not frames/)
  assert.equal((await get('/api/v1/explain/press-1/none')).status, 404)
})

test('whoever goes away leaves nothing behind, and nothing is collected while nobody asks', async (t) => {
  const device = await startDevice(t)
  const tags = [{ name: 'five', address: 'hr:5', type: 'uint16' as const, everyMs: 60_000 }]
  const { gateway, running, get } = await start(t, [press(device, tags)])
  await running('press-1')
  assert.equal(gateway.traces.device('press-1').active, false)
  const gone = new AbortController()
  const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open' })
  t.after(() => http.close())
  const asked = fetch(`${http.url}/api/v1/explain/press-1/five?wait=30s`, { signal: gone.signal }).catch(
    () => undefined,
  )
  await eventually('it waits', () => gateway.probes.size === 1 && gateway.traces.device('press-1').active)
  gone.abort()
  await asked
  await eventually('nothing is left', () => gateway.probes.size === 0 && !gateway.traces.device('press-1').active)
  await fetch(`${http.url}/api/v1/devices/press-1/trace`, { method: 'POST' })
  const { body } = await get('/api/v1/raw/press-1/five?wait=100')
  assert.equal(body.from, 'none')
  assert.match(body.reason, /No poll of this tag came to an end within/)
})
