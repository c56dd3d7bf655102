import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { z } from 'zod'
import { simulated } from '../drivers/simulated/driver.ts'
import { defineSink, type SinkType } from '../core/sink.ts'
import type { Gateway } from '../gateway.ts'
import { startTestGateway } from '../testing/gateway-fixture.ts'
import { eventually, findCommand, needs } from '../testing/peers.ts'
import { createHealth } from './health.ts'
import { createHttpStats } from './http-stats.ts'
import { createDeviceStats } from '../polling/session.ts'
import { createRecordingLog } from '../testing/recording-log.ts'
import { createMetrics, metricsTable, type MetricInfo } from './metrics.ts'
import { watchSystem } from './system/system.ts'

/** With what the HTTP server watches besides. */
function watched(t: TestContext, gateway: Gateway) {
  const system = watchSystem(gateway)
  t.after(() => system.close())
  const http = createHttpStats()
  http.count('/api/v1/values', 'GET', 200, 0.003)
  const health = createHealth(gateway)
  t.after(() => health.close())
  return createMetrics(gateway, { http, health, system })
}

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
  const text = await watched(t, gateway).render(false)
  const result = spawnSync(findCommand('promtool') ?? 'promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  })
  assert.equal(result.stderr + result.stdout, '')
  assert.equal(result.status, 0)
})

test('every metric of the table is there, with its type and labels, and every bifrost metric is in the table', async (t) => {
  const gateway = await start(t)
  const metrics = watched(t, gateway)
  await eventually('two readings', async () =>
    (await metrics.render(false)).includes('\nbifrost_event_loop_utilisation_ratio '),
  )
  const text = await metrics.render(false)
  const types = new Map([...text.matchAll(/^# TYPE (bifrost_\S+) (\S+)$/gm)].map((match) => [match[1], match[2]]))
  assert.deepEqual([...types].sort(), metricsTable.map(({ name, type }) => [name, type]).sort())
  for (const { name, labels, type } of metricsTable) {
    const [line] = text.match(new RegExp(`^${name}(_bucket)?(\\{.*\\})? `, 'm')) ?? []
    if (name === 'bifrost_sink_queue_oldest_timestamp_seconds' && line === undefined) continue
    // Only where devices are reached by connections, or refuse something: test/metrics-on-the-wire.test.ts.
    if (/^bifrost_device_(bytes|exceptions)_total$/.test(name) && line === undefined) continue
    // Only where the machine says.
    if (name === 'bifrost_clock_synchronised' && line === undefined) continue
    // Only where a device has a proxy or subscriptions: test/proxy.test.ts, test/opcua-liveness.test.ts.
    if (/^bifrost_(proxy|subscription|device_clock)_/.test(name) && line === undefined) continue
    // Only where other gateways may connect: src/http/received.test.ts.
    if (name.startsWith('bifrost_received_') && line === undefined) continue
    // Only where there are certificates: src/http/certificates.test.ts.
    if (name === 'bifrost_certificate_expiry_timestamp_seconds' && line === undefined) continue
    // Only where there are assets: test/oee-line.test.ts.
    if (name.startsWith('bifrost_asset_') && line === undefined) continue
    // Only while one is active: src/alerts.
    if (/^bifrost_(maintenance_active|local_alerts|local_alert_notifications_total)$/.test(name) && line === undefined)
      continue
    // Only where a device has parameter sets: src/http/parameters.test.ts.
    if (name.startsWith('bifrost_parameters_') && line === undefined) continue
    // Only where the configuration was read from files: test/config-live.test.ts.
    if (name === 'bifrost_config_info' && line === undefined) continue
    // Only where backups are made: backup-series.test.ts.
    if (name.startsWith('bifrost_backup_') && line === undefined) continue
    // src/http/secure.test.ts, test/insecure.test.ts.
    if (/^bifrost_(certificate_(not_after|reload)|insecure)_/.test(name) && line === undefined) continue
    assert.ok(line !== undefined, `${name} has no series`)
    const shown = [...line.matchAll(/([a-z_]+)="/g)].map((match) => match[1]).filter((label) => label !== 'le')
    assert.deepEqual(shown, [...labels], name)
    if (type === 'counter') assert.match(name, /_total$/)
  }
  assert.match(text, /^process_cpu_seconds_total /m)
  assert.match(text, /^nodejs_eventloop_lag_p99_seconds /m)
  assert.ok(!/wave|"broken"/.test(text), 'no series of a tag')
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

test('100,000 device names: capped, told once, counted, and every sum is still there; the event loop is never held long', async (t) => {
  const log = createRecordingLog()
  const gateway = await startTestGateway(t, { devices: [{ name: 'one', type: simulated, tags: [] }], log })
  const [one] = gateway.polling.devices
  const stats = createDeviceStats()
  stats.requestsOk = 3
  const devices = Array.from({ length: 100_000 }, (_, index) =>
    Object.create(one!, { name: { value: `stranger-${index}` }, stats: { value: stats } }),
  ) as typeof gateway.polling.devices
  const polling = {
    ...gateway.polling,
    devices,
    lines: gateway.polling.lines,
    samplesByQuality: gateway.polling.samplesByQuality,
  }
  const exploded = Object.create(gateway, { polling: { value: polling } }) as Gateway
  const metrics = createMetrics(exploded)
  await metrics.render(false)
  const turns = watchTurns()
  const cpu = process.threadCpuUsage()
  const text = await metrics.render(false)
  const { user, system } = process.threadCpuUsage(cpu)
  const held = turns.end()
  const requests = series(text, 'bifrost_device_requests_total')
  assert.equal(requests.size, 3 * 1001)
  assert.equal(requests.get('device="_other",driver="_other",result="ok"'), 3 * 99_000)
  assert.equal(
    series(text, 'bifrost_devices')
      .values()
      .reduce((sum, count) => sum + count, 0),
    100_000,
  )
  const perDevice = text.split('\n').filter((line) => line.includes('device="stranger-7"')).length
  assert.equal(series(text, 'bifrost_metrics_series_dropped').get(''), 99_000 * perDevice)
  assert.ok(text.length < 8 * 2 ** 20, `${text.length} characters`)
  assert.ok((user + system) / 1000 < 1000, `${(user + system) / 1000} ms`)
  // Of its own work: a busy machine takes turns away as well.
  assert.ok(held < 50, `${held} ms`)
  const told = log.said.filter(({ sentence }) => sentence.includes('maxDevices'))
  assert.deepEqual(
    told.map(({ level, fields }) => ({ level, ...fields })),
    [{ level: 'warn', devices: 99_000, maxDevices: 1000 }],
  )
  assert.equal(
    (await createMetrics(exploded, { maxDevices: 5 }).render(false)).match(/^bifrost_device_up\{/gm)?.length,
    5,
  )
})

/** The longest processor time between two turns of the event loop, in ms. */
function watchTurns() {
  let [longest, ended] = [0, false]
  let last = process.threadCpuUsage()
  const turn = (): void => {
    const { user, system } = process.threadCpuUsage(last)
    longest = Math.max(longest, (user + system) / 1000)
    last = process.threadCpuUsage()
    if (!ended) setImmediate(turn)
  }
  setImmediate(turn)
  return {
    end() {
      ended = true
      return longest
    },
  }
}

test('sums over devices neither fall nor leap when devices go, come, or change places', async (t) => {
  const sketches = Array.from({ length: 4 }, (_, at) => ({
    name: `device-${at}`,
    type: simulated,
    everyMs: 20,
    tags: [{ name: 'wave', address: 'sine:period=10s,min=0,max=10' }],
  }))
  const gateway = await startTestGateway(t, { devices: sketches })
  const metrics = createMetrics(gateway, { maxDevices: 2 })
  await eventually('polls', () => gateway.polling.devices.every(({ stats }) => stats.pollsOk > 40))
  const sums = async () => {
    const text = await metrics.render(false)
    const of = (name: string, labels: string) => series(text, name).get(labels)!
    const other = 'device="_other",driver="_other"'
    return {
      requests: of('bifrost_device_requests_total', `${other},result="ok"`),
      polls: of('bifrost_device_poll_duration_seconds_count', other),
      busy: of('bifrost_line_busy_seconds_total', 'line="_other",device="_other",unit="",by=""'),
      late: of('bifrost_device_poll_lateness_seconds_count', 'driver="simulated"'),
      samples: of('bifrost_tag_updates_total', ''),
    }
  }
  const all = new Map(gateway.config.devices.map((device) => [device.name, device]))
  let before = await sums()
  const orders = [[0, 2, 3], [2, 3, 0, 1], [0, 1, 2, 3]] // prettier-ignore
  for (const names of orders.map((order) => order.map((at) => `device-${at}`))) {
    const devices = names.map((name) => all.get(name)!)
    await gateway.change({ ...gateway.config, devices })
    const after = await sums()
    assert.ok(after.samples >= before.samples)
    assert.deepEqual(after, { ...before, samples: after.samples }, `over ${names.join(', ')}`)
    before = after
  }
  const { requests } = before
  await eventually('it counts on', async () => (await sums()).requests > requests)
})

test('the configuration says how many devices have series of their own', async (t) => {
  const gateway = await start(t, 3)
  const http = { ...gateway.config.http, metrics: { maxDevices: 1 } }
  const configured = Object.create(gateway, { config: { value: { ...gateway.config, http } } }) as Gateway
  assert.deepEqual(
    [...series(await createMetrics(configured).render(false), 'bifrost_device_up').keys()],
    ['device="device-0",driver="simulated"'],
  )
})

test('security events: each kind is counted from where it happens', async (t) => {
  const gateway = await start(t)
  const counters = { lockOuts: 1, certificatesRefused: 2, bearersRefused: 4, setupsRefused: 8 }
  const http = createHttpStats()
  for (const status of [403, 403, 401, 200]) http.count('/api/v1/values', 'GET', status, 0.001)
  http.count('/metrics', 'GET', 403, 0.001)
  const watchedBy = Object.create(gateway, {
    accounts: { value: { counters, sessions: { list: () => [] } } },
    certificates: { value: Object.create(gateway.certificates, { rejections: { value: 16 } }) },
    audit: { value: { status: () => ({ ...gateway.audit.status(), finding: 'line 3 was changed' }) } },
  }) as Gateway
  const of = async (one: Gateway, stats = createHttpStats()) =>
    Object.fromEntries(series(await createMetrics(one, { http: stats }).render(false), 'bifrost_security_events_total'))
  assert.deepEqual(await of(watchedBy, http), {
    'kind="lock-out"': 1,
    'kind="certificate-rejected"': 18,
    'kind="permission-denied"': 3,
    'kind="token-refused"': 12,
    'kind="audit-broken"': 1,
  })
  assert.deepEqual([...new Set(Object.values(await of(gateway)))], [0])
})

test('a device that is read with some bad tags is not up, and not away; one that is disabled is neither', async (t) => {
  const gateway = await start(t, 1)
  const metrics = createMetrics(gateway)
  const figures = async () => {
    const text = await metrics.render(false)
    return ['bifrost_device_up', 'bifrost_device_away'].map((name) => [...series(text, name).values()][0])
  }
  await eventually('it is degraded', () => gateway.polling.devices[0]!.state === 'Degraded')
  assert.deepEqual(await figures(), [0, 0])
  const [device] = gateway.config.devices
  await gateway.change({ ...gateway.config, devices: [{ ...device!, enabled: false }] })
  assert.deepEqual(await figures(), [0, undefined])
})

test('samples by quality add up to the samples, tags by status to the tags', async (t) => {
  const gateway = await start(t)
  await eventually('polls', () => gateway.polling.devices.every((device) => device.stats.samples > 4))
  await gateway.polling.stop()
  const text = await createMetrics(gateway).render(false)
  const samples = series(text, 'bifrost_samples_total')
  const all = series(text, 'bifrost_tag_updates_total').get('')!
  assert.deepEqual(Object.fromEntries(samples), {
    'quality="good"': all / 2,
    'quality="uncertain"': 0,
    'quality="bad"': all / 2,
  })
  const statuses = series(text, 'bifrost_tags_by_status')
  assert.equal(statuses.get('status="BadSensorFailure"'), 2)
  assert.equal(
    statuses.values().reduce((sum, count) => sum + count, 0),
    4,
  )
})

test('the age of what was delivered counts each sample once; the ledger is balanced', async (t) => {
  const gateway = await start(t)
  await eventually('deliveries', () => gateway.runners[0]!.status().delivered > 10)
  // The age is counted when the far side has it, the delivery when the cursor is on the disk.
  await gateway.polling.stop()
  await eventually('all is delivered', () => gateway.runners[0]!.status().pending === 0)
  const text = await createMetrics(gateway).render(false)
  const delivered = [...series(text, 'bifrost_sink_samples_delivered_total').values()]
  assert.deepEqual([...series(text, 'bifrost_sink_delivery_age_seconds_count').values()], delivered)
  assert.deepEqual([...series(text, 'bifrost_sink_ledger_unbalanced').values()], [0])
})

test('histograms have the buckets that the table says', async (t) => {
  const gateway = await start(t)
  const text = await watched(t, gateway).render(false)
  for (const metric of metricsTable as readonly MetricInfo[]) {
    assert.equal(metric.type === 'histogram', metric.buckets !== undefined, metric.name)
    if (metric.buckets === undefined) continue
    const [first] = text.match(new RegExp(`^${metric.name}_bucket\\{.*?le="[^"]+"\\}`, 'm')) ?? []
    const labels = first?.slice(metric.name.length + 8, first.lastIndexOf('le="'))
    const bounds = text
      .split('\n')
      .filter((line) => line.startsWith(`${metric.name}_bucket{${labels}le=`))
      .map((line) => Number(/le="([^"]+)"/.exec(line)![1]!.replace('+Inf', 'Infinity')))
    assert.deepEqual(bounds, [...metric.buckets, Infinity], metric.name)
  }
})

test('the example queries are queries, each of its own metric', { skip: needs('promtool') }, (t) => {
  const asked = (metricsTable as readonly MetricInfo[]).flatMap(({ name, query }) =>
    query === undefined ? [] : [{ name, query }],
  )
  for (const { name, query } of asked) assert.ok(query.includes(name), name)
  const folder = mkdtempSync(join(tmpdir(), 'bifrost-test-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const rules = asked.map(({ query }, index) => ({ record: `example:${index}`, expr: query }))
  // JSON is YAML.
  writeFileSync(join(folder, 'rules.yml'), JSON.stringify({ groups: [{ name: 'examples', rules }] }))
  const checked = spawnSync(findCommand('promtool') ?? 'promtool', ['check', 'rules', join(folder, 'rules.yml')], {
    encoding: 'utf8',
  })
  assert.equal(checked.status, 0, checked.stderr + checked.stdout)
})
