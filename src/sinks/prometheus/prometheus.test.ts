/** What the prometheus sink owes beyond the suite, against Debian's Prometheus: values, bad status, order, refusals, lost answers. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { SinkType } from '../../core/sink.ts'
import { Status } from '../../core/status.ts'
import { TagTable } from '../../core/tags.ts'
import { createAuthority, createCertificate } from '../../testing/certificates.ts'
import {
  batchOf,
  startDelivery,
  tagSettings,
  tagTable,
  type DeliveryRig,
  type Row,
} from '../../testing/delivery-rig.ts'
import { shows } from '../../testing/delivery-waits.ts'
import { startReceiver, type Answer } from '../../testing/http-receiver.ts'
import { eventually, needs, temporaryFolder } from '../../testing/peers.ts'
import { samplesIn, startPrometheus, type PrometheusServer } from '../../testing/prometheus-server.ts'
import { prometheus } from './sink.ts'

const type = prometheus as unknown as SinkType
const skip = needs('prometheus', 'openssl')
const T = 1_732_356_000_000

const deliver = (
  t: TestContext,
  url: string,
  options: object = {},
  tags = tagTable('press/level', 'press/name', 'oven/t'),
) => startDelivery(t, type, { url: `${url}/api/v1/write`, ...options }, { tags })

const settled = (rig: DeliveryRig) => eventually('all is settled', () => rig.cursor.ledger().pending === 0)

const lettersOf = (rig: DeliveryRig) =>
  readFileSync(rig.deadLetterFile, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { seq: number; reason: string }) // prettier-ignore

/** The samples of one metric, of all its series. */
const samples = async (server: PrometheusServer, metric: string) =>
  (await server.raw(`{__name__="${metric}"}`)).flatMap((series) => series.samples)

/** Numbers of one tag, one a millisecond from `from`. */
const numbers = (count: number, from = T): Row[] => Array.from({ length: count }, (_, at): Row => [1, at, 0, from + at])

test('names, labels and values of every numeric type', { skip }, async (t) => {
  const server = await startPrometheus(t)
  const tags = new TagTable()
  tags.add({ id: 1, device: 'Öfen "1"', settings: tagSettings('2/temp °C', 'float32', { unit: '°C' }) })
  tags.add({ id: 2, device: 'press', settings: tagSettings('on', 'bool') })
  tags.add({ id: 3, device: 'press', settings: tagSettings('n', 'int64') })
  const rig = deliver(
    t,
    server.url,
    { labels: { device: '{device}', tag: '{tag}', unit: '{unit}', site: 'north' } },
    tags,
  )
  rig.cursor.append(
    batchOf([[1, 1.5, 0, T], [1, Infinity, 0, T + 1], [1, NaN, 0, T + 2], [2, true, 0, T], [2, false, 0, T + 1], [3, -7n, 0, T], [3, 2n ** 64n - 1n, 0, T + 1]]), // prettier-ignore
  )
  await settled(rig)
  assert.deepEqual(rig.cursor.ledger().dropped, {})
  const [oven] = await server.raw('bifrost_2_temp__C')
  const labels = { device: 'Öfen "1"', tag: '2/temp °C', unit: '°C', site: 'north' }
  assert.deepEqual(oven!.metric, { __name__: 'bifrost_2_temp__C', ...labels })
  assert.deepEqual(oven!.samples, [[T, '1.5'], [T + 1, '+Inf'], [T + 2, 'NaN']]) // prettier-ignore
  assert.deepEqual(await samples(server, 'bifrost_on'), [[T, '1'], [T + 1, '0']]) // prettier-ignore
  assert.deepEqual(await samples(server, 'bifrost_n'), [[T, '-7'], [T + 1, '18446744073709552000']]) // prettier-ignore
})

test('bad status ends the series, the status says why; an uncertain value stays one', { skip }, async (t) => {
  const server = await startPrometheus(t)
  const rig = deliver(t, server.url)
  const lost = Status.BadNoCommunication
  rig.cursor.append(
    batchOf([[1, 5, 0, T], [1, 6, Status.UncertainSensorNotAccurate, T + 1000], [1, undefined, lost, T + 2000], [3, undefined, lost, T]]), // prettier-ignore
  )
  await settled(rig)
  const value = async (at: number) => (await server.instant('bifrost_level', at))[0]?.value[1]
  assert.deepEqual([await value(T), await value(T + 1000), await value(T + 2000)], ['5', '6', undefined])
  assert.deepEqual(await samples(server, 'bifrost_level_status'), [
    [T, '0'],
    [T + 1000, String(Status.UncertainSensorNotAccurate)],
    [T + 2000, String(lost)],
  ])
  // Never had a value: the status alone.
  assert.deepEqual([await samples(server, 'bifrost_t'), await samples(server, 'bifrost_t_status')], [[], [[T, String(lost)]]]) // prettier-ignore
})

test('bad status as NaN, or as the last value; without a status series where that is wanted', { skip }, async (t) => {
  const server = await startPrometheus(t)
  for (const [bad, metric] of [
    ['nan', 'a'],
    ['value', 'b'],
  ] as const) {
    // prettier-ignore
    const rig = deliver(t, server.url, { bad, metric, status: false })
    rig.cursor.append(batchOf([[1, 5, 0, T], [1, undefined, Status.BadTimeout, T + 1]])) // prettier-ignore
    await settled(rig)
  }
  assert.deepEqual(await samples(server, 'a'), [[T, '5'], [T + 1, 'NaN']]) // prettier-ignore
  assert.deepEqual(await samples(server, 'b'), [[T, '5'], [T + 1, '5']]) // prettier-ignore
  assert.equal((await server.raw('{__name__=~".+_status"}')).length, 0)
})

test('texts go to the dead letters, or leave only their status', { skip }, async (t) => {
  const server = await startPrometheus(t)
  const rig = deliver(t, server.url)
  rig.cursor.append(batchOf([[1, 1, 0, T], [2, 'x', 0, T], [2, Uint8Array.of(1), 0, T + 1]])) // prettier-ignore
  await settled(rig)
  assert.deepEqual(lettersOf(rig).map(({ seq }) => seq), [2, 3]) // prettier-ignore
  assert.match(lettersOf(rig)[0]!.reason, /numbers only/)
  const quiet = deliver(t, server.url, { texts: 'leave-out', metric: 'quiet' })
  quiet.cursor.append(batchOf([[2, 'x', 0, T]]))
  await settled(quiet)
  assert.equal(quiet.cursor.ledger().delivered, 1)
  assert.deepEqual(await samples(server, 'quiet_status'), [[T, '0']])
})

test('within a batch each series is sorted by time', { skip }, async (t) => {
  const server = await startPrometheus(t)
  const rig = deliver(t, server.url)
  rig.cursor.append(batchOf([[1, 3, 0, T + 3], [3, 9, 0, T], [1, 1, 0, T + 1, true], [1, 2, 0, T + 2, true]])) // prettier-ignore
  await settled(rig)
  assert.deepEqual(rig.cursor.ledger().dropped, {})
  assert.deepEqual(await samples(server, 'bifrost_level'), [[T + 1, '1'], [T + 2, '2'], [T + 3, '3']]) // prettier-ignore
})

test('late and too old samples go to the dead letters, all others arrive', { skip }, async (t) => {
  const server = await startPrometheus(t)
  const rig = deliver(t, server.url)
  rig.cursor.append(batchOf([[1, 1, 0, T], [3, 1, 0, T]])) // prettier-ignore
  await settled(rig)
  rig.cursor.append(
    batchOf([[1, 2, 0, T + 10], [1, 3, 0, T - 5], [3, 2, 0, T + 10], [1, 4, 0, T - 86_400_000], [1, 9, 0, T]]), // prettier-ignore
  )
  await settled(rig)
  const reasons = new Map(lettersOf(rig).map(({ seq, reason }) => [seq, reason]))
  assert.deepEqual([...reasons.keys()].sort(), [4, 6, 7])
  assert.match(reasons.get(4)!, /out of order sample/)
  assert.match(reasons.get(6)!, /out of bounds/)
  assert.match(reasons.get(7)!, /duplicate sample for timestamp/)
  assert.deepEqual(await samples(server, 'bifrost_level'), [[T, '1'], [T + 10, '2']]) // prettier-ignore
  assert.deepEqual(await samples(server, 'bifrost_t'), [[T, '1'], [T + 10, '2']]) // prettier-ignore
})

test('a server that takes late samples gets them', { skip }, async (t) => {
  const server = await startPrometheus(t, { outOfOrder: '2h' })
  const rig = deliver(t, server.url)
  rig.cursor.append(batchOf([[1, 1, 0, T]]))
  await settled(rig)
  rig.cursor.append(batchOf([[1, 2, 0, T - 3_600_000]]))
  await settled(rig)
  assert.deepEqual(await samples(server, 'bifrost_level'), [[T - 3_600_000, '2'], [T, '1']]) // prettier-ignore
})

test('two samples of a tag in one millisecond: the same is there once, another one is named', { skip }, async (t) => {
  const server = await startPrometheus(t)
  const rig = deliver(t, server.url)
  rig.cursor.append(batchOf([[1, 1, 0, T], [1, 1, 0, T + 0.4], [1, 2, 0, T + 0.5], [1, 3, 0, T + 1]])) // prettier-ignore
  await settled(rig)
  assert.deepEqual(lettersOf(rig).map(({ seq }) => seq), [3]) // prettier-ignore
  assert.match(lettersOf(rig)[0]!.reason, /one sample of a series in a millisecond/)
  assert.deepEqual([rig.cursor.ledger().delivered, rig.cursor.ledger().dropped], [3, { rejected: 1 }])
})

/** Prometheus behind a receiver that passes requests on, and its answers back; those that `isLost` are not. */
async function behind(t: TestContext, server: PrometheusServer, isLost: (request: number) => boolean) {
  let count = 0
  return startReceiver(t, async ({ body, headers, path }) => {
    const response = await fetch(server.url + path, { method: 'POST', body, headers: onward(headers) })
    const text = await response.text()
    return isLost(count++) ? 'cut' : { status: response.status, body: text }
  })
}

const onward = (headers: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => /^(content-(type|encoding)|x-)/.test(name))) as Record<string, string> // prettier-ignore

test('answers that got lost: what is there already is delivered, not rejected', { skip }, async (t) => {
  const server = await startPrometheus(t)
  // The first is the write of nothing at the start; the second is stored, its answer lost.
  const lossy = await behind(t, server, (request) => request === 1)
  const rig = deliver(t, lossy.url)
  rig.cursor.append(batchOf(numbers(50)))
  await settled(rig)
  assert.deepEqual([rig.cursor.ledger().delivered, rig.cursor.ledger().dropped], [50, {}])
  assert.equal((await samples(server, 'bifrost_level')).length, 50)
  assert.deepEqual(rig.runner.status().facts, { 'samples that were there already': 49 })
  // From here on it knows what is there: late is late.
  rig.cursor.append(batchOf([[1, 1, 0, T - 1]]))
  await settled(rig)
  assert.deepEqual(rig.cursor.ledger().dropped, { rejected: 1 })
})

/** As Prometheus 3 does: takes what it can of a request, and says 400 when that was not all. */
async function startPartial(t: TestContext) {
  const newest = new Map<string, readonly [number, number]>()
  const stored: (readonly [string, number, number])[] = []
  const receiver = await startReceiver(t, ({ body }) => {
    let refused = false
    for (const { name, time, value } of samplesIn(body)) {
      const [last, same] = newest.get(name) ?? [-Infinity, 0]
      if (time < last || (time === last && value !== same)) refused = true
      if (time <= last) continue
      newest.set(name, [time, value])
      stored.push([name, time, value])
    }
    return refused ? { status: 400, body: 'out of order sample' } : { status: 204 }
  })
  return { receiver, stored }
}

test('a server that takes a part of a request and says 400: that part is delivered, the late sample is not', async (t) => {
  const { receiver, stored } = await startPartial(t)
  const rig = deliver(t, receiver.url, { status: false })
  rig.cursor.append(batchOf(numbers(1, T)))
  await settled(rig)
  rig.cursor.append(batchOf([[1, 7, 0, T - 1], ...numbers(20, T + 1), [3, 5, 0, T]]))
  await settled(rig)
  assert.deepEqual(lettersOf(rig).map(({ seq }) => seq), [2]) // prettier-ignore
  assert.equal(rig.cursor.ledger().delivered, 22)
  assert.equal(stored.length, 22)
})

test('killed in mid-write: everything arrives once', { skip }, async (t) => {
  const server = await startPrometheus(t)
  const rig = deliver(t, server.url)
  rig.cursor.append(batchOf(numbers(2000)))
  await eventually('it flows', () => rig.cursor.ledger().delivered > 0)
  for (let round = 1; round < 6; round++) rig.cursor.append(batchOf(numbers(2000, T + round * 2000)))
  await server.stop('SIGKILL')
  await eventually('noticed', () => rig.runner.status().state !== 'Running')
  await server.start()
  await settled(rig)
  assert.deepEqual([rig.cursor.ledger().delivered, rig.cursor.ledger().dropped], [12_000, {}])
  assert.equal((await samples(server, 'bifrost_level')).length, 12_000)
})

test('remote write that is not served, a wrong path: named with nothing to send', { skip }, async (t) => {
  const closed = await startPrometheus(t, { receiver: false })
  await shows(deliver(t, closed.url), 'Failed', /remote write receiver needs to be enabled|answered 404/)
  const server = await startPrometheus(t)
  await shows(deliver(t, `${server.url}/elsewhere`), 'Failed', /answered 40[45].*|path of the url/)
})

test('users and certificates of Prometheus: what is wrong is said in words', { skip }, async (t) => {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'authority')
  const { cert, key } = createCertificate(folder, 'server', authority, 'localhost')
  const rightAsBcrypt = '$2b$04$N0ZDeTivpOE.BONJG8SxUuoyCjynDPQ5yA9Hua850ZzXzB.jIY1au'
  const users = ['basic_auth_users:', `  plant: ${rightAsBcrypt}`]
  const server = await startPrometheus(t, { web: ['tls_server_config:', `  cert_file: ${cert}`, `  key_file: ${key}`, ...users] }) // prettier-ignore
  const url = `https://localhost:${server.port}`
  const ca = join(folder, 'authority.crt')
  await shows(deliver(t, url), 'Failed', /authority is unknown/)
  await shows(deliver(t, url, { ca }), 'Failed', /does not accept us without credentials/)
  const wrong = deliver(t, url, { ca, username: 'plant', password: 'wrong' })
  wrong.cursor.append(batchOf(numbers(2)))
  await shows(wrong, 'Failed', /does not accept user "plant"/)
  assert.deepEqual([wrong.cursor.ledger().pending, wrong.cursor.ledger().dropped], [2, {}])
  const right = deliver(t, url, { ca, username: 'plant', password: 'right' })
  right.cursor.append(batchOf(numbers(2)))
  await settled(right)
})

test('busy (429) and faults (5xx): the same samples again, nothing is dropped', async (t) => {
  const answers: Answer[] = [{ status: 204 }, { status: 429, headers: { 'Retry-After': '1' } }, { status: 500 }, 'cut']
  const server = await startReceiver(t, () => answers.shift() ?? { status: 204 })
  const rig = deliver(t, server.url, { token: 'abc' })
  rig.cursor.append(batchOf(numbers(5)))
  await shows(rig, 'Degraded', /answered 429/)
  await settled(rig)
  assert.deepEqual([rig.cursor.ledger().delivered, rig.cursor.ledger().dropped], [5, {}])
  const { headers } = server.requests[0]!
  assert.deepEqual(
    [headers.authorization, headers['content-encoding'], headers['x-prometheus-remote-write-version']],
    ['Bearer abc', 'snappy', '0.1.0'],
  )
})

test('two tags in one series are named', () => {
  const conflicts = (options: object) =>
    type.conflicts!(type.options.parse({ url: 'http://h', ...options }), [
      { device: 'a', name: 'x y' },
      { device: 'a', name: 'x_y' },
      { device: 'a', name: 'x_y_status' },
    ])
  assert.deepEqual(conflicts({}), [])
  assert.deepEqual(conflicts({ labels: { device: '{device}' } }), [
    '"a/x y" and "a/x_y" would share the series bifrost_x_y{device="a"}',
    '"a/x y" and "a/x_y" would share the series bifrost_x_y_status{device="a"}',
    '"a/x y" and "a/x_y_status" would share the series bifrost_x_y_status{device="a"}',
  ])
})

const good = { url: 'http://h/api/v1/write' }
for (const [what, options, path] of [
  ['a label that is none', { ...good, labels: { 'a-b': 'x' } }, 'labels.a-b'],
  ["a label of Prometheus's own", { ...good, labels: { __name__: 'x' } }, 'labels.__name__'],
  ['an unknown placeholder', { ...good, metric: '{dev}' }, 'metric'],
  ['token and user', { ...good, token: 'x', username: 'a', password: 'b' }, 'token'],
] as const) {
  test(`the configuration: ${what} is refused`, () => {
    const result = type.options.safeParse(options)
    assert.ok(!result.success)
    assert.ok(
      result.error.issues.some((issue) => issue.path.join('.') === path),
      JSON.stringify(result.error.issues),
    )
  })
}
