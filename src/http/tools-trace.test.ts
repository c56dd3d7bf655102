/** Tools and traces over the API, on a Modbus device of ours and a simulated one. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Ajv2020, type AnySchema } from 'ajv/dist/2020.js'
import { modbus } from '../drivers/modbus/driver.ts'
import { simulated } from '../drivers/simulated/driver.ts'
import { startTestGateway } from '../testing/gateway-fixture.ts'
import { startDevice } from '../testing/modbus-device.ts'
import { eventually } from '../testing/peers.ts'
import { startHttp } from './server.ts'

const TRACE = '/api/v1/devices/press-1/trace'

interface TraceView {
  readonly active: boolean
  readonly captured: number
  readonly held: number
  readonly startedAt: string | null
  readonly endsAt: string | null
  readonly count: number
  readonly next: number
  readonly exchanges: readonly {
    readonly number: number
    readonly time: string
    readonly unit: number
    readonly function: number
    readonly exception: number | null
    readonly roundTripMs: number | null
    readonly request: { hex: string; text: string }
    readonly response: { hex: string; text: string } | null
    readonly error: string | null
  }[]
}

async function start(t: TestContext) {
  const device = await startDevice(t)
  const tags = [{ name: 'five', address: 'hr:5', type: 'uint16' as const }]
  const gateway = await startTestGateway(t, {
    devices: [
      { name: 'press-1', type: modbus, options: device.options, tags, everyMs: 50 },
      { name: 'gone', type: modbus, options: { ...device.options, port: 1, connectTimeout: '100ms' }, tags },
      { name: 'plant', type: simulated, tags: [{ name: 'wave', address: 'sine:period=10s,min=0,max=10' }] },
    ],
  })
  const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open' })
  t.after(() => http.close())
  const call = async <T>(method: string, path: string, body?: unknown) => {
    const response = await fetch(http.url + path, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    const bytes = Buffer.from(await response.arrayBuffer())
    const isJson = response.headers.get('content-type')?.includes('json') === true
    return {
      status: response.status,
      headers: response.headers,
      bytes,
      body: (isJson ? JSON.parse(bytes.toString()) : undefined) as T,
    }
  }
  const trace = async (query = '') => (await call<TraceView>('GET', `${TRACE}${query}`)).body
  const five = gateway.store.tags.find('press-1', 'five')!
  await eventually('a value', () => gateway.store.latest.get(five.id).value === 5)
  return { gateway, device, http, call, trace }
}

test('a trace is off until it is started, shows requests with their answers, and stops', async (t) => {
  const { call, trace } = await start(t)
  const before = await trace()
  assert.deepEqual([before.active, before.captured, before.startedAt, before.exchanges], [false, 0, null, []])
  const started = await call<TraceView>('POST', TRACE, { duration: '1m', count: 500 })
  assert.deepEqual([started.status, started.body.active, started.body.count], [200, true, 500])
  assert.equal(Date.parse(started.body.endsAt!) - Date.parse(started.body.startedAt!), 60_000)
  await eventually('three exchanges', async () => (await trace()).captured >= 3)
  const { exchanges, next } = await trace('?limit=2')
  assert.deepEqual(
    exchanges.map(({ number }) => number),
    [1, 2],
  )
  const [first] = exchanges
  assert.equal(first!.request.text, 'unit 1 Read Holding Registers (03) address 5 count 1')
  assert.equal(first!.response!.text, 'unit 1 Read Holding Registers (03) registers 0005')
  assert.match(first!.request.hex, /^[0-9A-F]{4}00000006010300050001$/)
  assert.ok(first!.roundTripMs! > 0 && first!.roundTripMs! < 1000)
  assert.equal(first!.error, null)
  assert.equal((await trace(`?after=${next}&limit=1`)).exchanges[0]!.number, 3)
  const stopped = await call<TraceView>('DELETE', TRACE)
  assert.equal(stopped.body.active, false)
  const { captured } = await trace()
  await new Promise((resolve) => setTimeout(resolve, 150))
  assert.equal((await trace()).captured, captured, 'nothing is taken after the end')
  assert.ok(captured >= 3)
})

test('a trace is filtered by function, unit and errors; what was looked at is not shown again', async (t) => {
  const { call, trace, device } = await start(t)
  await call('POST', TRACE, {})
  await call('POST', '/api/v1/devices/press-1/tools/dump', { address: 'co:0', count: 3 })
  device.fault = () => ({ exception: 6 })
  await eventually('an exception', async () => (await trace('?errors=true')).exchanges.length > 0)
  await call('DELETE', TRACE)
  const coils = await trace('?function=1')
  assert.equal(coils.exchanges.length, 1)
  assert.match(coils.exchanges[0]!.response!.text, /bits 000$/)
  const errors = await trace('?errors=true')
  assert.ok(errors.exchanges.every(({ exception, error }) => exception === 6 && error!.includes('BUSY')))
  assert.equal((await trace('?unit=7')).exchanges.length, 0)
  assert.equal((await trace('?unit=7')).next, coils.captured)
  assert.deepEqual((await trace(`?after=${coils.next}`)).exchanges, [])
})

test('a trace that reaches its count stops by itself', async (t) => {
  const { call, trace } = await start(t)
  await call('POST', TRACE, { count: 2 })
  await eventually('its end', async () => !(await trace()).active)
  assert.equal((await trace()).captured, 2)
})

test('a trace comes as a capture file', async (t) => {
  const { call, trace } = await start(t)
  await call('POST', TRACE)
  await eventually('an exchange', async () => (await trace()).captured >= 1)
  const { status, headers, bytes } = await call('GET', `${TRACE}.pcapng`)
  assert.equal(status, 200)
  assert.equal(headers.get('content-type'), 'application/x-pcapng')
  assert.match(headers.get('content-disposition')!, /filename="press-1\.pcapng"/)
  assert.equal(bytes.readUInt32LE(0), 0x0a0d0d0a)
  assert.ok(bytes.includes('mbtcp'))
})

test('traces of what is not there, and orders that make no sense, are problems', async (t) => {
  const { call } = await start(t)
  const status = async (method: string, path: string, body?: unknown) => (await call(method, path, body)).status
  assert.equal(await status('GET', '/api/v1/devices/nope/trace'), 404)
  assert.equal(await status('POST', '/api/v1/devices/plant/trace', {}), 404)
  assert.equal(await status('POST', TRACE, { duration: '1ms' }), 400)
  assert.equal(await status('POST', TRACE, { count: 0 }), 400)
  assert.equal(await status('POST', TRACE, { cuont: 5 }), 400)
  assert.equal(await status('GET', `${TRACE}?limit=0`), 400)
  assert.equal(await status('GET', `${TRACE}?errors=maybe`), 400)
})

test('tools are listed with the schema of their input, and run over the connection of the polls', async (t) => {
  const { call, device } = await start(t)
  const { body } = await call<{ tools: { name: string; summary: string; input: AnySchema }[] }>(
    'GET',
    '/api/v1/devices/press-1/tools',
  )
  const dump = body.tools.find(({ name }) => name === 'dump')!
  const fits = new Ajv2020({ strict: false }).compile(dump.input)
  assert.deepEqual(
    [fits({ address: 'hr:0', count: 3 }), fits({ address: 'hr:0', count: 0 }), fits({})],
    [true, false, false],
  )
  const connections = () => device.server.stats.connections
  const before = connections()
  const run = await call<{ rows: { unsigned: number }[] }>('POST', '/api/v1/devices/press-1/tools/dump', {
    address: 'hr:40',
    count: 3,
  })
  assert.equal(run.status, 200)
  assert.deepEqual(
    run.body.rows.map(({ unsigned }) => unsigned),
    [40, 41, 42],
  )
  assert.equal(connections(), before)
  assert.deepEqual((await call<{ tools: unknown[] }>('GET', '/api/v1/devices/plant/tools')).body.tools, [])
})

test('what a tool cannot do is a problem that says why', async (t) => {
  const { call, device } = await start(t)
  const problem = async (path: string, body: unknown) => {
    const answer = await call<{ code: string; detail: string; errors?: { pointer: string }[] }>(
      'POST',
      `/api/v1/devices/${path}`,
      body,
    )
    return [answer.status, answer.body.code, answer.body.errors?.[0]?.pointer]
  }
  assert.deepEqual(await problem('press-1/tools/dmup', {}), [404, 'NOT_FOUND', undefined])
  assert.deepEqual(await problem('nope/tools/dump', {}), [404, 'NOT_FOUND', undefined])
  assert.deepEqual(await problem('press-1/tools/dump', { address: 5 }), [400, 'INVALID_REQUEST', '#/address'])
  const many = await call<{ detail: string }>('POST', '/api/v1/devices/press-1/tools/dump', {
    address: 'hr:0',
    count: 5000,
    conut: 1,
  })
  assert.equal(many.body.detail, 'dump count: expected at most 2000; dump: unknown key "conut"')
  assert.deepEqual(await problem('press-1/tools/dump', { address: 'hrr:0' }), [400, 'INVALID_REQUEST', '#/address'])
  assert.deepEqual(await problem('gone/tools/dump', { address: 'hr:0' }), [503, 'NOT_CONNECTED', undefined])
  device.fault = (_request, code) => (code === 4 ? { silent: true } : undefined)
  assert.deepEqual(await problem('press-1/tools/dump', { address: 'ir:0' }), [504, 'TIMEOUT', undefined])
})

test('what the gateway learned is shown and forgotten while there is no connection, too', async (t) => {
  const { call } = await start(t)
  const run = (tool: string) => call<unknown>('POST', `/api/v1/devices/gone/tools/${tool}`, {})
  const [profile, forget] = [await run('profile'), await run('forget')]
  assert.deepEqual([profile.status, profile.body], [200, { profile: null }])
  assert.deepEqual([forget.status, forget.body], [200, { forgotten: [] }])
  assert.equal((await call('DELETE', '/api/v1/devices/gone/profile')).status, 200)
  const { body } = await call<{ events: Record<string, string>[] }>('GET', '/api/v1/audit?action=device.forget')
  assert.deepEqual(
    body.events.map(({ user, object, outcome }) => `${user} ${object} ${outcome}`),
    ['done', 'requested', 'done', 'requested'].map((outcome) => `anybody device gone ${outcome}`),
  )
})

test('so many tools run at once, and one more is told to wait; a caller who leaves ends his', async (t) => {
  const { call, http } = await start(t)
  const path = '/api/v1/devices/press-1/tools/detect'
  const leave = new AbortController()
  const body = JSON.stringify({ address: 'hr:0', reads: 30, every: 1000 })
  const running = Array.from({ length: 8 }, () =>
    fetch(http.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: leave.signal,
    }).catch(() => undefined),
  )
  const short = { address: 'hr:0', reads: 1 }
  await eventually('the bound', async () => (await call('POST', path, short)).status === 429)
  leave.abort()
  await Promise.all(running)
  await eventually('places again', async () => (await call('POST', path, short)).status === 200)
})
