/** OTLP/HTTP to a collector, over the connections that everything else uses: both encodings, what its answers mean, whom it may be. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { defaultResource } from '@opentelemetry/resources'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { systemClock } from '../core/clock.ts'
import type { TracingConfig } from '../core/trace-config.ts'
import { createAuthority, createCertificate } from '../testing/certificates.ts'
import { startReceiver, type Answer } from '../testing/http-receiver.ts'
import { decodeSpans } from '../testing/otlp-collector.ts'
import { temporaryFolder } from '../testing/peers.ts'
import { createDial, dial } from '../wire/dial.ts'
import { createMovingReach } from '../wire/reach.ts'
import { parseAddressRange, type AddressRange } from '../core/address-range.ts'
import { Collector } from './collector.ts'
import { OtelTracer } from './otel-tracer.ts'

const never = () => new AbortController().signal

function twoSpans(): ReadableSpan[] {
  const ended: ReadableSpan[] = []
  const nothing = async (): Promise<void> => undefined
  const processor = {
    onStart() {},
    onEnd: (span: ReadableSpan) => void ended.push(span),
    forceFlush: nothing,
    shutdown: nothing,
  }
  const sampler = { ratio: 1, follows: true }
  const tracer = new OtelTracer({ resource: defaultResource(), version: '1', sampler, processor, now: () => 0 })
  const poll = tracer.poll({ name: 'press-1', driver: 'modbus' })!
  tracer
    .begin('append to log', poll.context, { attributes: { 'bifrost.samples': 3, ok: true, part: 0.5 } })
    .end('STORE_FULL')
  poll.end()
  return ended
}

const collectorOf = (url: string, more: Partial<TracingConfig> = {}, via = dial): Collector =>
  new Collector(
    {
      url: `${url}/v1/traces`,
      headers: {},
      protocol: 'http/protobuf',
      isCompressed: false,
      tls: { insecure: false },
      timeoutMs: 500,
      sampler: { ratio: 1, follows: true },
      resource: {},
      queueSpans: 100,
      batchSpans: 10,
      everyMs: 100,
      ...more,
    },
    { dial: via, clock: systemClock },
  )

async function send(t: TestContext, answer: Answer, more: Partial<TracingConfig> = {}) {
  const receiver = await startReceiver(t, () => answer)
  const collector = collectorOf(receiver.url, more)
  t.after(() => collector.close())
  return { sent: await collector.send(twoSpans(), never()), request: receiver.requests[0]! }
}

for (const isCompressed of [false, true])
  test(`protobuf${isCompressed ? ', compressed' : ''}: read by the published fields it is what was recorded`, async (t) => {
    const { sent, request } = await send(
      t,
      { status: 200 },
      { isCompressed, headers: { Authorization: 'Bearer s3cr3t' } },
    )
    assert.equal('refused' in sent && sent.refused, 0)
    assert.deepEqual([request.method, request.path], ['POST', '/v1/traces'])
    assert.equal(request.headers['content-type'], 'application/x-protobuf')
    assert.equal(request.headers.authorization, 'Bearer s3cr3t')
    if (isCompressed) return assert.equal(request.headers['content-encoding'], 'gzip')
    const [append, poll] = decodeSpans(request.body)
    assert.deepEqual([poll!.name, poll!.kind, poll!.status, poll!.parentId], ['poll press-1', 'CLIENT', 'UNSET', ''])
    assert.deepEqual([append!.traceId, append!.parentId, append!.status], [poll!.traceId, poll!.spanId, 'ERROR'])
    assert.deepEqual(append!.attributes, { 'bifrost.samples': 3, ok: true, part: 0.5, 'error.type': 'STORE_FULL' })
  })

test('JSON: ids are hex, and what was refused in part is counted (an int64 is a text there)', async (t) => {
  const body = { partialSuccess: { rejectedSpans: '1', errorMessage: 'too old' } }
  const { sent, request } = await send(t, { status: 200, body }, { protocol: 'http/json' })
  assert.deepEqual('refused' in sent && sent.refused, 1)
  const { resourceSpans } = JSON.parse(request.text) as {
    resourceSpans: { scopeSpans: { spans: { traceId: string }[] }[] }[]
  }
  assert.match(resourceSpans[0]!.scopeSpans[0]!.spans[0]!.traceId, /^[0-9a-f]{32}$/)
})

test('what an answer means: tried again for a moment, or refused for good', async (t) => {
  for (const status of [429, 502, 503, 504]) {
    const { sent } = await send(t, { status, headers: { 'retry-after': '7' } })
    assert.equal('retryAfterMs' in sent && sent.retryAfterMs, 7000, `${status}`)
  }
  for (const status of [400, 401, 404, 413, 500]) {
    const { sent } = await send(t, { status })
    assert.equal('refused' in sent && sent.refused, 2, `${status}`)
  }
  await assert.rejects(send(t, 'hang'), { code: 'TIMEOUT' })
})

test('whom the network rules forbid is not dialled, and a certificate that nobody vouches for is not taken', async (t) => {
  const receiver = await startReceiver(t, () => ({ status: 200 }))
  const deny = [parseAddressRange('127.0.0.0/8') as AddressRange]
  const forbidden = collectorOf(
    receiver.url,
    {},
    createDial(createMovingReach({ allow: [], deny, ownPorts: new Set() })),
  )
  await assert.rejects(forbidden.send(twoSpans(), never()), { code: 'NOT_CONNECTED' })
  assert.equal(receiver.connections, 0)

  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'plant-ca')
  const server = createCertificate(folder, 'collector', authority, 'localhost')
  const secure = await startReceiver(t, () => ({ status: 200 }), { tls: server })
  await assert.rejects(collectorOf(secure.url).send(twoSpans(), never()), { code: 'SINK_REFUSED' })
  assert.equal(secure.requests.length, 0)
  const trusted = collectorOf(secure.url, { tls: { ca: authority.cert, insecure: false } })
  assert.ok('refused' in (await trusted.send(twoSpans(), never())))
  assert.equal(secure.requests.length, 1)
  trusted.close()
})
