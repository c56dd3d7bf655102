import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test, type TestContext } from 'node:test'
import { z } from 'zod'
import { simulated } from '../drivers/simulated/driver.ts'
import { defineSink, type SinkType } from '../core/sink.ts'
import { startTestGateway } from '../testing/gateway-fixture.ts'
import { eventually, findCommand, needs } from '../testing/peers.ts'
import { createHttpStats } from './http-stats.ts'
import { createMetrics, metricsTable } from './metrics.ts'

async function start(t: TestContext, devices = 2) {
  const counting = defineSink({
    name: 'counting',
    summary: 'Takes everything.',
    options: z.strictObject({}),
    create: () => ({ connect: async () => undefined, write: async () => undefined, close: async () => undefined }),
  }) as unknown as SinkType
  return startTestGateway(t, {
    devices: Array.from({ length: devices }, (_, index) => ({
      name: `device-${index}`,
      type: simulated,
      tags: [
        { name: 'wave', address: 'sine:period=10s,min=0,max=10' },
        { name: 'broken', address: 'status:code=BadSensorFailure' },
      ],
    })),
    sinks: [{ name: 'count "all"', type: counting, options: {}, enabled: true, replay: { order: 'in-order' } }],
  })
}

const series = (text: string, name: string): Map<string, number> =>
  new Map(
    [...text.matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`, 'gm'))].map((match) => [
      match[1] ?? '',
      Number(match[2]),
    ]),
  )

test('a real scrape passes promtool check metrics', { skip: needs('promtool') }, async (t) => {
  const gateway = await start(t)
  await eventually('polls', () => gateway.polling.devices.every((device) => device.stats.pollsOk > 1))
  const http = createHttpStats()
  http.count('/api/v1/values', 'GET', 200, 0.003)
  const text = await createMetrics(gateway, { http }).render(false)
  const result = spawnSync(findCommand('promtool') ?? 'promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  })
  assert.equal(result.stderr + result.stdout, '')
  assert.equal(result.status, 0)
})

test('every metric of the table is there, with its type and labels, and every bifrost metric is in the table', async (t) => {
  const gateway = await start(t)
  const http = createHttpStats()
  http.count('/x', 'GET', 200, 0.1)
  const text = await createMetrics(gateway, { http }).render(false)
  const types = new Map([...text.matchAll(/^# TYPE (bifrost_\S+) (\S+)$/gm)].map((match) => [match[1], match[2]]))
  assert.deepEqual([...types].sort(), metricsTable.map(({ name, type }) => [name, type]).sort())
  for (const { name, labels, type } of metricsTable) {
    const [line] = text.match(new RegExp(`^${name}(_bucket)?(\\{.*\\})? `, 'm')) ?? []
    if (name === 'bifrost_sink_queue_oldest_timestamp_seconds' && line === undefined) continue
    // Only where a device has a proxy or subscriptions: test/proxy.test.ts, test/opcua-liveness.test.ts.
    if (/^bifrost_(proxy|subscription|device_clock)_/.test(name) && line === undefined) continue
    // Only where other gateways may connect: src/http/received.test.ts.
    if (name.startsWith('bifrost_received_') && line === undefined) continue
    // Only where there are certificates: src/http/certificates.test.ts.
    if (name === 'bifrost_certificate_expiry_timestamp_seconds' && line === undefined) continue
    assert.ok(line !== undefined, `${name} has no series`)
    const shown = [...line.matchAll(/([a-z_]+)="/g)].map((match) => match[1]).filter((label) => label !== 'le')
    assert.deepEqual(shown, [...labels], name)
    if (type === 'counter') assert.match(name, /_total$/)
  }
  assert.match(text, /^process_cpu_seconds_total /m)
  assert.match(text, /^nodejs_eventloop_lag_p99_seconds /m)
  assert.doesNotMatch(text, /wave|broken/)
})

test('in every scrape routed = delivered + pending + dropped', async (t) => {
  const gateway = await start(t)
  const metrics = createMetrics(gateway)
  for (let scrape = 0; scrape < 20; scrape++) {
    await new Promise((resolve) => setTimeout(resolve, 17))
    const text = await metrics.render(false)
    const sum = (name: string) => [...series(text, name).values()].reduce((total, value) => total + value, 0)
    const routed = sum('bifrost_sink_samples_routed_total')
    const delivered = sum('bifrost_sink_samples_delivered_total')
    const pending = sum('bifrost_sink_samples_pending')
    const dropped = sum('bifrost_sink_samples_dropped_total')
    assert.equal(routed, delivered + pending + dropped)
    if (scrape === 19) assert.ok(delivered > 0)
  }
})

test('counters exist at 0, tags count by quality, label values are escaped', async (t) => {
  const gateway = await start(t)
  const wave = gateway.store.tags.find('device-1', 'wave')!
  await eventually('values', () => gateway.store.latest.get(wave.id).value !== undefined)
  const text = await createMetrics(gateway).render(false)
  assert.deepEqual([...series(text, 'bifrost_sink_samples_dropped_total').values()], [0, 0])
  assert.equal(
    series(text, 'bifrost_device_requests_total').get('device="device-0",driver="simulated",result="timeout"'),
    0,
  )
  assert.deepEqual(Object.fromEntries(series(text, 'bifrost_tags')), {
    'quality="good"': 2,
    'quality="uncertain"': 0,
    'quality="bad"': 2,
  })
  assert.match(text, /sink="count \\"all\\""/)
})

test('OpenMetrics: counters lose _total in their family, units are named, bounds are canonical, it ends in EOF', async (t) => {
  const gateway = await start(t)
  const metrics = createMetrics(gateway)
  for (const text of [await metrics.render(true), await metrics.render(true)]) {
    assert.match(text, /^# TYPE bifrost_tag_updates counter\n(# UNIT .*\n)?bifrost_tag_updates_total \d+$/m)
    assert.match(text, /^# UNIT bifrost_log_bytes bytes$/m)
    assert.match(text, /le="1\.0"/)
    assert.doesNotMatch(text, /le="1"/)
    assert.match(text, /^process_cpu_seconds_total /m)
    assert.ok(text.endsWith('# EOF\n'))
  }
  assert.match(await metrics.render(false), /^# TYPE process_cpu_seconds_total counter$/m)
})

test('beyond the cap devices share one series, nothing is lost from the sums, and the rest is counted', async (t) => {
  const gateway = await start(t, 5)
  await eventually('polls', () => gateway.polling.devices.every((device) => device.stats.requestsOk > 0))
  await gateway.polling.stop()
  const all = await createMetrics(gateway).render(false)
  const capped = await createMetrics(gateway, { maxDevices: 2 }).render(false)
  const count = (text: string) => series(text, 'bifrost_device_poll_duration_seconds_count')
  assert.equal(count(all).size, 5)
  assert.equal(count(capped).size, 3)
  const total = (text: string) => [...count(text).values()].reduce((sum, value) => sum + value, 0)
  assert.ok(total(all) > 0)
  assert.equal(total(capped), total(all))
  const lines = (text: string) => text.split('\n').filter((line) => line.includes('device="device-4"')).length
  assert.equal(series(capped, 'bifrost_metrics_series_dropped').get(''), 3 * lines(all))
  assert.equal(series(all, 'bifrost_metrics_series_dropped').get(''), 0)
})
