/**
 * Traces of a real gateway: a Modbus device, the API, an MQTT broker and a web server. What the collector got is read by the published
 * fields of OTLP.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { connectAsync } from 'mqtt'
import { modbus } from '../src/drivers/modbus/driver.ts'
import type { TracingConfig } from '../src/core/trace-config.ts'
import { startHttp } from '../src/http/server.ts'
import { http as httpSink } from '../src/sinks/http/sink.ts'
import { mqtt } from '../src/sinks/mqtt/sink.ts'
import { startTestGateway } from '../src/testing/gateway-fixture.ts'
import { startReceiver, type Answer } from '../src/testing/http-receiver.ts'
import { startDevice } from '../src/testing/modbus-device.ts'
import { startMosquitto } from '../src/testing/mosquitto.ts'
import { startCollector, type ReadSpan } from '../src/testing/otlp-collector.ts'
import { eventually, needs } from '../src/testing/peers.ts'

const CALLER = '4bf92f3577b34da6a3ce929d0e0e4736'
const CALLERS_SPAN = '00f067aa0ba902b7'

const tracing = (url: string, more: Partial<TracingConfig> = {}): TracingConfig => ({
  url: `${url}/v1/traces`,
  headers: { 'x-scope': 'plant' },
  protocol: 'http/protobuf',
  isCompressed: false,
  tls: { insecure: false },
  timeoutMs: 2000,
  sampler: { ratio: 1, follows: true },
  resource: { 'service.name': 'bifrost', 'deployment.environment.name': 'test' },
  queueSpans: 2048,
  batchSpans: 512,
  everyMs: 50,
  ...more,
})

interface Sketch {
  readonly tracing?: Partial<TracingConfig>
  readonly answer?: () => Answer
  readonly sinks?: Parameters<typeof startTestGateway>[1]['sinks']
}

async function start(t: TestContext, { tracing: more, sinks = [], answer }: Sketch = {}) {
  const collector = await startCollector(t, answer)
  const device = await startDevice(t)
  const gateway = await startTestGateway(t, {
    devices: [
      {
        name: 'plc',
        type: modbus,
        options: { ...device.options },
        everyMs: 100,
        tags: [{ name: 'hr:1', type: 'uint16', writable: true }],
      },
    ],
    sinks,
    tracing: tracing(collector.url, more),
  })
  const api = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open' })
  t.after(() => api.close())
  await eventually('the device runs', () => gateway.polling.device('plc')!.state === 'Running')
  const spansOf = async (traceId: string, name: string): Promise<ReadSpan[]> => {
    const inTrace = () => collector.spans.filter((span) => span.traceId === traceId)
    await eventually(`${name} of ${traceId}`, () => inTrace().some((span) => span.name === name))
    return inTrace()
  }
  return { collector, device, gateway, api, spansOf }
}

const put = (url: string, value: unknown, headers: Record<string, string> = {}) =>
  fetch(`${url}/api/v1/values/plc/hr:1`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ value }),
  })

const one = (spans: readonly ReadSpan[], name: string): ReadSpan => {
  const found = spans.filter((span) => span.name === name)
  assert.equal(found.length, 1, `${name}: ${found.length}`)
  return found[0]!
}

test("a write by the API goes on in its caller's trace: request, write, device and read-back, audit", async (t) => {
  const { api, spansOf, collector } = await start(t)
  const answer = await put(api.url, 4242, { traceparent: `00-${CALLER}-${CALLERS_SPAN}-01` })
  assert.deepEqual([answer.status, answer.headers.get('x-correlation-id')], [200, CALLER])
  const spans = await spansOf(CALLER, 'PUT /api/v1/values/:device/*')
  const request = one(spans, 'PUT /api/v1/values/:device/*')
  const write = one(spans, 'write')
  assert.deepEqual([request.kind, request.parentId], ['SERVER', CALLERS_SPAN])
  assert.equal(request.attributes['http.response.status_code'], 200)
  assert.equal(write.parentId, request.spanId)
  const ofDevice = one(spans, 'write to device')
  assert.deepEqual(
    [ofDevice.kind, ofDevice.parentId, ofDevice.attributes['bifrost.status']],
    ['CLIENT', write.spanId, 'Good'],
  )
  assert.equal(one(spans, 'read back').parentId, write.spanId)
  const audits = spans.filter(({ name }) => name === 'audit')
  assert.deepEqual(
    audits.map(({ attributes, parentId }) => [attributes['bifrost.audit.outcome'], parentId]),
    [
      ['requested', write.spanId],
      ['written', write.spanId],
    ],
  )
  for (const span of spans) assert.ok(span.startNs > 0n && span.endNs >= span.startNs, span.name)
  assert.equal(request.resource['service.name'], 'bifrost')
  assert.equal(collector.requests[0]!.headers['x-scope'], 'plant')
  assert.doesNotMatch(
    JSON.stringify(spans, (_, value: unknown) => (typeof value === 'bigint' ? '' : value)),
    /4242/,
  )
})

test('the trace id is that of the problem, also where nobody sent one; a failed write is an error with its code', async (t) => {
  const { api, device, spansOf } = await start(t)
  device.fault = (_, code) => (code === 6 ? { exception: 2 } : undefined)
  const answer = await put(api.url, 7)
  const { traceId, code } = (await answer.json()) as { traceId: string; code: string }
  assert.equal(code, 'WRITE_FAILED')
  const spans = await spansOf(traceId, 'PUT /api/v1/values/:device/*')
  assert.equal(one(spans, 'PUT /api/v1/values/:device/*').parentId, '')
  const write = one(spans, 'write')
  assert.deepEqual([write.status, write.attributes['error.type']], ['ERROR', 'WRITE_FAILED'])
  assert.equal(one(spans, 'write to device').status, 'ERROR')
})

test('a caller that does not record is not recorded, however many are', async (t) => {
  const { api, collector, gateway } = await start(t)
  await put(api.url, 1, { traceparent: `00-${CALLER}-${CALLERS_SPAN}-00` })
  await put(api.url, 2)
  await eventually('the other one', () => collector.spans.some(({ name }) => name === 'write'))
  await gateway.tracing!.close()
  assert.equal(collector.spans.filter(({ traceId }) => traceId === CALLER).length, 0)
})

test('a poll, its batch in the log, and the write of a sink are one trace; the web server gets its traceparent', async (t) => {
  const far = await startReceiver(t, () => ({ status: 200 }))
  const sinks = [{ name: 'web', type: httpSink, enabled: true, replay: {} as never, options: httpSink.options.parse({ url: `${far.url}/in` }) }] // prettier-ignore
  const { collector, api } = await start(t, { sinks })
  await eventually('a write of the sink', () => collector.spans.some(({ name }) => name === 'send web'))
  const send = collector.spans.find(({ name }) => name === 'send web')!
  const trace = collector.spans.filter(({ traceId }) => traceId === send.traceId)
  const poll = one(trace, 'poll plc')
  const append = one(trace, 'append to log')
  assert.deepEqual([poll.parentId, append.parentId, send.parentId], ['', poll.spanId, append.spanId])
  assert.equal(send.attributes['bifrost.sink.kind'], 'http')
  assert.equal(send.attributes['server.port'], far.port)
  assert.equal(append.attributes['bifrost.samples'], 1)
  const metrics = await fetch(`${api.url}/metrics`, { headers: { accept: 'application/openmetrics-text' } })
  const text = await metrics.text()
  for (const name of ['bifrost_device_poll_duration_seconds', 'bifrost_sink_send_duration_seconds'])
    assert.match(text, new RegExp(`${name}_bucket\\{[^}]*\\} \\d+ # \\{trace_id="[0-9a-f]{32}"`), name)
  const told = far.requests.map(({ headers }) => headers['traceparent'])
  assert.ok(told.includes(`00-${send.traceId}-${send.spanId}-01`), told.join(' '))
})

test(
  'MQTT 5: a message carries the trace of its poll, and a command goes on in that of its sender',
  { skip: needs('mosquitto') },
  async (t) => {
    const broker = await startMosquitto(t)
    const options = mqtt.options.parse({
      url: broker.url,
      topic: 'p/{device}/{tag}',
      commands: { topic: 'c/{device}/{tag}' },
    })
    const sinks = [{ name: 'plant', type: mqtt, enabled: true, replay: {} as never, options }]
    const { collector, spansOf, device } = await start(t, { sinks })
    const client = await connectAsync(broker.url, { protocolVersion: 5 })
    t.after(() => client.endAsync(true))
    const told: string[] = []
    client.on('message', (_topic, _payload, { properties }) =>
      told.push(String(properties?.userProperties?.['traceparent'])),
    )
    await client.subscribeAsync('p/#', { qos: 1 })
    device.bank.holdingRegisters.set(1, 77)
    await eventually('a message with its trace', () => told.some((one) => one.startsWith('00-')))
    const [, traceId, spanId] = told.find((text) => text.startsWith('00-'))!.split('-')
    // A write that carries several polls goes on in the trace of the first, and refers to the others.
    const refers = (span: ReadSpan) => span.traceId === traceId || span.links.some((link) => link.traceId === traceId)
    const sends = () => collector.spans.filter((span) => span.name === 'send plant' && refers(span))
    await eventually('the write that carried it', () => sends().length > 0)
    assert.equal(one(await spansOf(traceId!, 'append to log'), 'append to log').spanId, spanId)
    assert.equal(sends()[0]!.attributes['messaging.system'], 'mqtt')
    const userProperties = { traceparent: `00-${CALLER}-${CALLERS_SPAN}-01` }
    await client.publishAsync('c/plc/hr:1', JSON.stringify({ value: 9 }), { qos: 1, properties: { userProperties } })
    const command = await spansOf(CALLER, 'process plant')
    assert.deepEqual(
      [one(command, 'process plant').kind, one(command, 'process plant').parentId],
      ['CONSUMER', CALLERS_SPAN],
    )
    assert.equal(one(command, 'write').parentId, one(command, 'process plant').spanId)
    assert.ok(collector.spans.length > 0)
  },
)

for (const answer of ['hang', 'cut'] as const)
  test(`a collector that answers nothing (${answer}) holds up no poll, no write and no end, and what has no room is counted`, async (t) => {
    const { gateway, api } = await start(t, {
      answer: () => answer,
      tracing: { queueSpans: 20, batchSpans: 10, timeoutMs: 60_000 },
    })
    const { stats } = gateway.polling.device('plc')!
    const tracing = gateway.tracing!
    await eventually('spans without room', () => tracing.spans.dropped > 10)
    const before = stats.pollsOk
    assert.equal((await put(api.url, 5)).status, 200)
    await eventually('further polls', () => stats.pollsOk >= before + 5)
    assert.equal(tracing.spans.sent, 0)
    const metrics = await (await fetch(`${api.url}/metrics`)).text()
    assert.match(metrics, /bifrost_spans_total\{result="dropped"\} [1-9]/)
    const began = performance.now()
    await tracing.close()
    assert.ok(performance.now() - began < 3000, 'it waits a second, not for the collector')
  })
