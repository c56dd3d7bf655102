import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { WebSocket } from 'ws'
import { simulated } from '../drivers/simulated/driver.ts'
import { GatewayError } from '../core/errors.ts'
import { startTestGateway } from '../testing/gateway-fixture.ts'
import { eventually, temporaryFolder } from '../testing/peers.ts'
import { createSteeredDevice } from '../testing/steered-driver.ts'
import { startHttp, type HttpOptions } from './server.ts'

async function start(t: TestContext, options: Partial<HttpOptions> = {}) {
  const steered = createSteeredDevice()
  steered.values.set('level', 1.5).set('setpoint', 10)
  const gateway = await startTestGateway(t, {
    devices: [
      {
        name: 'press-1',
        type: steered.type,
        tags: [
          { name: 'level', unit: 'm', description: 'Level of the oil tank' },
          { name: 'setpoint', writable: true, writeMin: 0, writeMax: 100, symbols: '1=Off|4=MPPT' },
          { name: 'never', type: 'float32' },
          { name: 'a/b #50% ü', address: 'level' },
          { name: 'plain%2Fpercent', address: 'level' },
          { name: 'recipe', type: 'string' },
        ],
      },
      { name: 'plant', type: simulated, tags: [{ name: 'wave', address: 'sine:period=10s,min=0,max=10' }] },
    ],
  })
  const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open', ...options })
  t.after(() => http.close())
  const get = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(http.url + path, init)
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson ? JSON.parse(text) : undefined,
    }
  }
  const put = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    get(path, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
  await eventually('values are read', async () => (await get('/api/v1/values/press-1/level')).body.value === 1.5)
  return { gateway, http, steered, get, put }
}

/** A request with headers that fetch would not let us set. */
function raw(port: number, path: string, headers: Record<string, string>, method = 'GET', body = '') {
  return new Promise<{ status: number; text: string; type: string }>((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text, type: response.headers['content-type'] ?? '' }),
      )
    })
    request.on('error', reject)
    request.end(body)
  })
}

test('one value comes with unit, status, source time, age and reason', async (t) => {
  const { get } = await start(t)
  const { body, status } = await get('/api/v1/values/press-1/level')
  assert.equal(status, 200)
  const { id, time, receivedAt, ageMs, ...rest } = body
  assert.ok(id > 0)
  assert.deepEqual(rest, {
    device: 'press-1',
    tag: 'level',
    value: 1.5,
    text: null,
    unit: 'm',
    type: 'float64',
    status: { code: 0, name: 'Good' },
    writable: false,
    reason: null,
  })
  assert.ok(Math.abs(Date.now() - Date.parse(time)) < 5000)
  assert.ok(Math.abs(Date.now() - Date.parse(receivedAt)) < 5000)
  assert.ok(ageMs >= 0 && ageMs < 5000)
})

test('a value whose tag names its numbers comes with its name', async (t) => {
  const { get, steered } = await start(t)
  const shows = (value: number, text: string | null) =>
    eventually(`${value} to be shown as ${text}`, async () => {
      steered.values.set('setpoint', value)
      const { body } = await get('/api/v1/values/press-1/setpoint')
      return body.value === value && body.text === text
    })
  await shows(4, 'MPPT')
  await shows(5, null)
})

test('a tag that never had a value shows none, with the status that says why', async (t) => {
  const { get } = await start(t)
  const { body } = await get('/api/v1/values/press-1/never')
  assert.equal(body.value, null)
  assert.equal(body.time, null)
  assert.equal(body.ageMs, null)
  assert.equal(body.status.name, 'BadNoData')
  assert.match(body.reason, /no data/i)
})

test('names with slashes, percent signs, hashes and umlauts work, encoded or not', async (t) => {
  const { get } = await start(t)
  for (const path of ['a%2Fb%20%2350%25%20%C3%BC', 'a/b%20%2350%25%20%C3%BC']) {
    assert.equal((await get(`/api/v1/values/press-1/${path}`)).body.tag, 'a/b #50% ü')
  }
  assert.equal((await get('/api/v1/values/press-1/plain%252Fpercent')).body.tag, 'plain%2Fpercent')
  assert.equal((await get('/api/v1/values/press-1/plain%2Fpercent')).status, 404)
  const broken = await get('/api/v1/values/press-1/%E0%A4%A')
  assert.equal(broken.status, 400)
  assert.equal(broken.body.code, 'INVALID_REQUEST')
  assert.match(broken.body.traceId, /^[0-9a-f]{32}$/)
  assert.equal(broken.body.traceId, broken.headers.get('x-correlation-id'))
})

test('values are filtered by device, status and text', async (t) => {
  const { get } = await start(t)
  const tags = async (query: string): Promise<string[]> =>
    (await get(`/api/v1/values${query}`)).body.values.map((row: { tag: string }) => row.tag)
  assert.equal((await tags('')).length, 7)
  assert.deepEqual(await tags('?device=plant'), ['wave'])
  assert.deepEqual(await tags('?status=bad'), ['never', 'recipe'])
  assert.deepEqual(await tags('?status=BadNoData'), ['never', 'recipe'])
  assert.equal((await tags('?status=good')).length, 5)
  assert.deepEqual(await tags('?q=OIL'), ['level'])
  assert.deepEqual(await tags('?q=plant'), ['wave'])
  assert.equal((await get('/api/v1/values?device=nobody')).status, 404)
  const wrong = await get('/api/v1/values?status=purple')
  assert.equal(wrong.status, 400)
  assert.equal(wrong.body.errors[0].pointer, '#/status')
})

test('pages follow each other without gap or repetition until next is null', async (t) => {
  const { get } = await start(t)
  const all = (await get('/api/v1/values')).body.values.map((row: { tag: string }) => row.tag)
  const seen: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const { body }: { body: { values: { tag: string }[]; next: string | null } } = await get(
      `/api/v1/values?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`,
    )
    assert.ok(body.values.length <= 2)
    seen.push(...body.values.map((row) => row.tag))
    cursor = body.next
  }
  assert.deepEqual(seen, all)
  assert.equal((await get('/api/v1/values?cursor=nonsense')).status, 400)
  assert.equal((await get('/api/v1/values?limit=10001')).status, 400)
  assert.equal((await get('/api/v1/values?limit=0')).status, 400)
})

test('a lost device shows its state, and its reason with each value', async (t) => {
  const { get, steered } = await start(t)
  steered.lost = 'the cable is cut'
  await eventually(
    'the value is not good',
    async () => (await get('/api/v1/values/press-1/level')).body.status.code !== 0,
  )
  const { body } = await get('/api/v1/values/press-1/level')
  assert.equal(body.value, 1.5)
  assert.match(body.reason, /cable is cut/)
  const device = (await get('/api/v1/devices/press-1')).body
  assert.notEqual(device.state, 'Running')
  assert.match(device.reason, /cable is cut/)
  assert.equal(device.tags.good, 0)
})

test('devices, lines, sinks, log and status codes answer', async (t) => {
  const { get, gateway } = await start(t)
  const { devices } = (await get('/api/v1/devices')).body
  assert.deepEqual(
    devices.map((device: { name: string; driver: string; state: string }) => [
      device.name,
      device.driver,
      device.state,
    ]),
    [
      ['press-1', 'steered', 'Running'],
      ['plant', 'simulated', 'Running'],
    ],
  )
  assert.deepEqual(devices[0].tags, { total: 6, good: 4, uncertain: 0, bad: 2 })
  const { lines } = (await get('/api/v1/lines')).body
  assert.deepEqual(
    lines.map((line: { key: string; units: { device: string; requests: number }[] }) => [
      line.key,
      line.units.map(({ device, requests }) => [device, requests > 0]),
    ]),
    [
      ['steered', [['press-1', true]]],
      ['simulated', [['plant', true]]],
    ],
  )
  assert.deepEqual((await get('/api/v1/sinks')).body, { sinks: [], next: null })
  const log = (await get('/api/v1/log')).body
  assert.equal(log.logId, gateway.store.logId)
  assert.ok(log.nextSeq > log.durableSeq && log.failed === null)
  const { statusCodes } = (await get('/api/v1/status-codes')).body
  assert.ok(
    statusCodes.some(
      (entry: { name: string; hex: string }) => entry.name === 'BadNoCommunication' && entry.hex === '0x80310000',
    ),
  )
})

test('history gives the values of a tag, and refuses an empty range', async (t) => {
  const { get, gateway } = await start(t)
  await gateway.store.flush()
  const { body, status } = await get('/api/v1/history/plant/wave?points=100')
  assert.equal(status, 200)
  assert.ok(body.points.length > 0)
  const [, value, min, max, , avg, count] = body.points[0]
  assert.deepEqual([min, max, avg, count], [value, value, value, 1])
  assert.equal((await get('/api/v1/history/plant/wave?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z')).status, 400)
  assert.equal((await get('/api/v1/history/plant/wave?from=yesterday')).status, 400)
  assert.equal((await get('/api/v1/history/plant/nothing')).status, 404)
  const text = await get('/api/v1/history/press-1/recipe')
  assert.deepEqual([text.status, text.body.code], [400, 'INVALID_REQUEST'])
  assert.match(text.body.detail, /numbers and booleans; press-1\/recipe is of type string/)
})

test('PUT writes through to the device and reads back', async (t) => {
  const { put, steered } = await start(t)
  const { status, body } = await put('/api/v1/values/press-1/setpoint', { value: 12.5, reason: 'test' })
  assert.equal(status, 200)
  assert.deepEqual(
    { ...body, durationMs: 0 },
    {
      device: 'press-1',
      tag: 'setpoint',
      value: 12.5,
      status: { code: 0, name: 'Good' },
      readBack: 12.5,
      readBackStatus: { code: 0, name: 'Good' },
      remark: null,
      durationMs: 0,
    },
  )
  assert.deepEqual(steered.writes, [{ address: 'setpoint', value: 12.5 }])
})

test('PUT to a read-only tag is refused with 403 and nothing reaches the device', async (t) => {
  const { put, steered } = await start(t)
  const { status, body } = await put('/api/v1/values/press-1/level', { value: 9 })
  assert.equal(status, 403)
  assert.equal(body.code, 'WRITE_FORBIDDEN')
  assert.deepEqual(steered.writes, [])
})

test('PUT of a bad value, an unknown key, broken JSON, deep JSON or another content type is refused and writes nothing', async (t) => {
  const { put, get, steered } = await start(t)
  const path = '/api/v1/values/press-1/setpoint'
  const outOfRange = await put(path, { value: 1000 })
  assert.equal(outOfRange.status, 422)
  assert.equal(outOfRange.body.code, 'INVALID_VALUE')
  const unknownKey = await put(path, { value: 1, force: true })
  assert.equal(unknownKey.status, 400)
  const wrongType = await put(path, { value: { a: 1 } })
  assert.equal(wrongType.status, 400)
  assert.equal(wrongType.body.errors[0].pointer, '#/value')
  const send = (body: string, type: string) => get(path, { method: 'PUT', headers: { 'content-type': type }, body })
  assert.equal((await send('{"value":', 'application/json')).status, 400)
  const deep = await send(`{"value":${'['.repeat(1000)}${']'.repeat(1000)}}`, 'application/json')
  assert.equal(deep.status, 400)
  assert.match(deep.body.detail, /nests deeper than 32 levels/)
  const text = await send('{"value":1}', 'text/plain')
  assert.equal(text.status, 415)
  assert.equal(text.body.code, 'MEDIA_TYPE_UNSUPPORTED')
  assert.equal((await send('value=1', 'application/x-www-form-urlencoded')).status, 415)
  assert.deepEqual(steered.writes, [])
})

test('a host name that is not ours is refused: no DNS rebinding', async (t) => {
  const { http } = await start(t, { hosts: ['gateway.plant.example'] })
  const refused = await raw(http.port, '/api/v1/values', { host: 'evil.example' })
  assert.equal(refused.status, 403)
  assert.equal(JSON.parse(refused.text).code, 'ORIGIN_FORBIDDEN')
  assert.equal((await raw(http.port, '/livez', { host: `evil.example:${http.port}` })).status, 403)
  assert.equal((await raw(http.port, '/nothing', { host: 'evil.example' })).status, 403)
  assert.equal((await raw(http.port, '/livez', { host: `localhost:${http.port}` })).status, 200)
  assert.equal((await raw(http.port, '/livez', { host: 'gateway.plant.example' })).status, 200)
})

test('a PUT from another origin is refused and writes nothing', async (t) => {
  const { http, steered } = await start(t)
  const path = '/api/v1/values/press-1/setpoint'
  const host = `127.0.0.1:${http.port}`
  const json = { host, 'content-type': 'application/json', 'content-length': '11' }
  const send = (headers: Record<string, string>) => raw(http.port, path, { ...json, ...headers }, 'PUT', '{"value":1}')
  assert.equal((await send({ origin: 'http://evil.example' })).status, 403)
  assert.equal((await send({ origin: 'null' })).status, 403)
  assert.equal((await send({ 'sec-fetch-site': 'cross-site' })).status, 403)
  assert.deepEqual(steered.writes, [])
  assert.equal((await send({ origin: `http://${host}` })).status, 200)
  assert.equal(steered.writes.length, 1)
})

test('a live socket from another site is refused', async (t) => {
  const { http } = await start(t)
  const status = (headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) => {
      const socket = new WebSocket(`ws://127.0.0.1:${http.port}/api/v1/live`, { headers })
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0))
      socket.on('open', () => {
        socket.close()
        resolve(101)
      })
      socket.on('error', reject)
    })
  assert.equal(await status({ origin: 'http://evil.example' }), 403)
  assert.equal(await status({ host: 'evil.example' }), 403)
  assert.equal(await status({ 'sec-fetch-site': 'cross-site' }), 403)
  assert.equal(await status({ origin: `http://127.0.0.1:${http.port}` }), 101)
  assert.equal(await status({}), 101)
})

test('unknown addresses, methods and problem codes are problems with the right status', async (t) => {
  const { get } = await start(t)
  const unknown = await get('/api/v1/nothing')
  assert.equal(unknown.status, 404)
  assert.match(unknown.headers.get('content-type')!, /^application\/problem\+json/)
  const { type, title, status, detail, instance, code } = unknown.body
  assert.deepEqual(
    { type, title, status, instance, code },
    { type: '/problems/NOT_FOUND', title: 'Not found', status: 404, instance: '/api/v1/nothing', code: 'NOT_FOUND' },
  )
  assert.match(detail, /nothing at/)
  const explained = await get(type)
  assert.equal(explained.status, 200)
  assert.equal(explained.body.code, 'NOT_FOUND')
  assert.match((await get(type, { headers: { accept: 'text/html' } })).text, /<h1>Not found<\/h1>/)
  const method = await get('/api/v1/values', { method: 'DELETE' })
  assert.equal(method.status, 405)
  assert.equal(method.body.code, 'METHOD_NOT_ALLOWED')
  assert.match(method.headers.get('allow')!, /GET/)
  assert.equal((await get('/problems/constructor')).status, 404)
  const tag = await get('/api/v1/values/press-1/nothing')
  assert.match(tag.body.detail, /press-1 has no tag nothing/)
  assert.match((await get('/api/v1/devices/nobody')).body.detail, /no device nobody/)
})

test('a defect is reported without its message or stack', async (t) => {
  const { gateway, get } = await start(t)
  Object.defineProperty(gateway.store, 'info', { value: () => assert.fail('secret detail') })
  const { status, body, text } = await get('/api/v1/log?key=open-sesame')
  // A query may hold a token: the log has none, but says which request it was.
  const [said] = [...gateway.logbook.records.oldestFirst({ q: body.traceId })]
  assert.match(said!.message, /^GET \/api\/v1\/log: secret detail/)
  assert.doesNotMatch(JSON.stringify(said), /open-sesame/)
  assert.equal(status, 500)
  assert.equal(body.code, 'INTERNAL')
  assert.doesNotMatch(text, /secret detail|server\.test/)
})

test('a body that is too large is refused with 413', async (t) => {
  const { put } = await start(t)
  const { status, body } = await put('/api/v1/values/press-1/setpoint', { value: 1, reason: 'x'.repeat(1024 * 1024) })
  assert.equal(status, 413)
  assert.equal(body.code, 'BODY_TOO_LARGE')
})

test('too many requests get 429 with Retry-After, health and metrics excepted', async (t) => {
  const { get } = await start(t, { limits: { requestsPerMinute: 20 } })
  let last = await get('/api/v1/log')
  for (let i = 0; i < 25 && last.status === 200; i++) last = await get('/api/v1/log')
  assert.equal(last.status, 429)
  assert.equal(last.body.code, 'BUSY')
  assert.ok(Number(last.headers.get('retry-after')) > 0)
  assert.equal((await get('/livez')).status, 200)
  assert.equal((await get('/metrics')).status, 200)
})

test('a sender that never finishes its headers is cut off', async (t) => {
  const { http } = await start(t, { limits: { headersTimeoutMs: 200, requestTimeoutMs: 400 } })
  const socket = connect(http.port, '127.0.0.1')
  t.after(() => socket.destroy())
  socket.write('GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n')
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.resume()
  await Promise.race([
    closed,
    new Promise((_, reject) => setTimeout(() => reject(new Error('still open')), 5000).unref()),
  ])
})

test('health answers in text and JSON, and readiness turns red when the log cannot be written', async (t) => {
  const { get, gateway } = await start(t)
  for (const path of ['/livez', '/readyz', '/startupz']) {
    const { status, text } = await get(path)
    assert.equal(status, 200)
    assert.equal(text, 'ok\n')
  }
  assert.match(
    (await get('/readyz?verbose')).text,
    /^\[\+\] config: .* \(since .*Z\)\n\[\+\] store: .*\n\[\+\] gateway: .*\n\[\+\] audit: .*\n(\[.\] .*\n)*ok\n$/,
  )
  assert.equal((await get('/readyz', { headers: { accept: 'application/json' } })).body.ok, true)
  const info = gateway.store.info()
  Object.defineProperty(gateway.store, 'info', { value: () => ({ ...info, failed: 'no space left' }) })
  const red = await get('/readyz')
  assert.equal(red.status, 503)
  assert.equal(red.text, 'not ok: store\n')
  assert.match((await get('/readyz?verbose')).text, /^\[-\] store: no space left \(since .*Z\)$/m)
  assert.equal((await get('/livez')).status, 200)
})

test('the page is served with its deep links, and nothing outside its folder', async (t) => {
  const folder = temporaryFolder(t)
  const ui = join(folder, 'dist')
  mkdirSync(join(ui, 'assets'), { recursive: true })
  writeFileSync(join(ui, 'index.html'), '<title>page</title>')
  writeFileSync(join(ui, 'assets', 'app-1a2b.js'), 'export {}')
  writeFileSync(join(folder, 'secret.txt'), 'secret')
  const { get, http } = await start(t, { uiDir: ui })
  const html = { headers: { accept: 'text/html' } }
  assert.match((await get('/', html)).text, /<title>page/)
  const deep = await get('/devices/press-1', html)
  assert.equal(deep.status, 200)
  assert.match(deep.text, /<title>page/)
  const policy = deep.headers.get('content-security-policy')!
  assert.match(policy, /script-src 'self';/)
  assert.doesNotMatch(policy, /https?:|unsafe-eval/)
  assert.equal(deep.headers.get('x-content-type-options'), 'nosniff')
  const asset = await get('/assets/app-1a2b.js')
  assert.equal(asset.status, 200)
  assert.match(asset.headers.get('cache-control')!, /immutable/)
  assert.equal((await get('/assets/gone.js', html)).status, 404)
  assert.equal((await get('/api/v1/nothing', html)).status, 404)
  const host = { host: `127.0.0.1:${http.port}`, accept: 'text/html' }
  for (const path of [
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/..%5csecret.txt',
    '//etc/passwd',
  ]) {
    const answer = await raw(http.port, path, host)
    assert.doesNotMatch(answer.text, /^secret|root:/, path)
    assert.equal(answer.status, 404, path)
    assert.match(answer.type, /problem\+json/, path)
  }
})

test('without a page the landing page links API and metrics, and the API page needs nothing from elsewhere', async (t) => {
  const { get } = await start(t)
  const landing = await get('/')
  assert.match(landing.text, /href="\/metrics"/)
  assert.match(landing.text, /href="\/api\/docs"/)
  const docs = await get('/api/docs/')
  assert.equal(docs.status, 200)
  assert.doesNotMatch(docs.text, /(src|href)="(https?:)?\/\//)
  const script = /src="([^"]*swagger-ui-bundle\.js)"/.exec(docs.text)?.[1]
  assert.equal((await get(new URL(script!, 'http://x/api/docs/').pathname)).status, 200)
  assert.doesNotMatch(docs.text, /<script>[^<]/)
})

test('an address that others can reach is refused', async (t) => {
  const { gateway } = await start(t)
  for (const host of ['0.0.0.0', '::', '10.0.0.5']) {
    await assert.rejects(startHttp(gateway, { host, port: 0, hosts: [], access: 'open' }), (error: unknown) => {
      return (
        error instanceof GatewayError &&
        error.code === 'CONFIG_INVALID' &&
        error.message.includes('asks nobody who they are')
      )
    })
  }
})

test('a port that is in use is named', async (t) => {
  const { gateway, http } = await start(t)
  await assert.rejects(
    startHttp(gateway, { host: '127.0.0.1', port: http.port, hosts: [], access: 'open' }),
    (error: unknown) => {
      return error instanceof GatewayError && error.code === 'PORT_IN_USE' && error.message.includes(String(http.port))
    },
  )
})
