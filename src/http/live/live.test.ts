import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { WebSocket } from 'ws'
import { SampleBatch } from '../../core/batch.ts'
import { startTestGateway } from '../../testing/gateway-fixture.ts'
import { eventually } from '../../testing/peers.ts'
import { createSteeredDevice } from '../../testing/steered-driver.ts'
import { startHttp, type HttpOptions } from '../server.ts'
import { Changes } from './changes.ts'

type Row = [id: number, value: unknown, status: number, time: number, receivedAt: number]
interface Message {
  type: string
  values: never[]
  devices: { name: string; state: string; lastGoodAt: string | null }[]
  conflated: number
  [name: string]: unknown
}

interface Setup {
  readonly tags?: number
  readonly everyMs?: number
  readonly deadband?: boolean
  readonly http?: Partial<HttpOptions>
}

async function start(t: TestContext, { tags = 3, everyMs = 20, deadband = false, http: options = {} }: Setup = {}) {
  const steered = createSteeredDevice()
  const names = Array.from({ length: tags }, (_, index) => `t${index}`)
  for (const name of names) steered.values.set(name, 0)
  steered.values.set('big', '')
  const gateway = await startTestGateway(t, {
    devices: [
      {
        name: 'd',
        type: steered.type,
        everyMs,
        tags: names.map((name) => ({ name, ...(deadband ? { deadband: { absolute: 5 } } : {}) })),
      },
      { name: 'text', type: steered.type, everyMs, tags: [{ name: 'big', type: 'string', address: 'big' }] },
    ],
  })
  const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open', ...options })
  t.after(() => http.close())
  const last = gateway.store.tags.find('d', names.at(-1)!)!
  await eventually('tags are read', () => gateway.store.latest.get(last.id).value === 0)
  return { steered, gateway, http }
}

async function open(t: TestContext, port: number, query = '?interval=50ms') {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/live${query}`)
  t.after(() => socket.terminate())
  const messages: Message[] = []
  socket.on('message', (data) => messages.push(JSON.parse((data as Buffer).toString()) as Message))
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  const of = (type: string) => messages.filter((message) => message.type === type)
  const rows = () => of('delta').flatMap((message) => message.values as Row[])
  const subscribe = (fields: object = {}) => socket.send(JSON.stringify({ type: 'subscribe', ...fields }))
  return { socket, messages, of, rows, subscribe }
}

test('hello, then a snapshot of everything, then deltas of what changed', async (t) => {
  const { steered, gateway, http } = await start(t)
  const client = await open(t, http.port)
  await eventually('hello', () => client.messages.length > 0)
  const { serverTime, ...hello } = client.messages[0]!
  assert.deepEqual(hello, {
    type: 'hello',
    schema: 1,
    version: '0.0.0-test',
    logId: gateway.store.logId,
    tags: gateway.store.tags.size,
  })
  assert.ok(Math.abs(Number(serverTime) - Date.now()) < 5000)
  client.subscribe()
  await eventually('snapshot', () => client.of('snapshot').length === 1)
  const snapshot = client.of('snapshot')[0]!
  const first = snapshot.values[0] as unknown as Record<string, unknown>
  const { id, time, receivedAt, ...shown } = first
  assert.deepEqual(shown, {
    device: 'd',
    tag: 't0',
    unit: null,
    type: 'float64',
    writable: false,
    low: null,
    high: null,
    writeMin: null,
    writeMax: null,
    description: null,
    value: 0,
    text: null,
    status: 0,
    reason: null,
  })
  assert.ok(Number(time) > 0 && Number(receivedAt) > 0)
  assert.deepEqual(
    snapshot.devices.map((device) => [device.name, device.state]),
    [
      ['d', 'Running'],
      ['text', 'Running'],
    ],
  )
  steered.values.set('t0', 42)
  await eventually('delta', () => client.rows().some((row) => row[0] === id && row[1] === 42 && row[2] === 0))
})

test('a page of very many tags is subscribed to by its ids, which the list of values gives', async (t) => {
  const { steered, http, gateway } = await start(t, { tags: 20 })
  const list = async (query: string) => {
    const response = await fetch(`${http.url}/api/v1/values?${query}`)
    return ((await response.json()) as { values: { id: number; tag: string }[] }).values
  }
  const ids = (await list('device=d&limit=3')).map(({ id }) => id)
  const client = await open(t, http.port)
  client.subscribe({ ids: [...ids, 999_999] })
  await eventually('snapshot', () => client.of('snapshot').length === 1)
  const [snapshot] = client.of('snapshot')
  assert.deepEqual(
    (snapshot!.values as unknown as { tag: string }[]).map(({ tag }) => tag),
    ['t0', 't1', 't2'],
  )
  assert.deepEqual(
    snapshot!.devices.map(({ name }) => name),
    ['d'],
  )
  steered.values.set('t7', 1)
  steered.values.set('t1', 2)
  await eventually('delta', () => client.rows().some((row) => row[1] === 2))
  const other = gateway.store.tags.find('d', 't7')!.id
  assert.equal(
    client.rows().some((row) => row[0] === other),
    false,
  )
})

test('values are sorted by name, by the worst status and by age', async (t) => {
  const { steered, http, gateway } = await start(t, { tags: 12 })
  const list = async (query: string) => {
    const response = await fetch(`${http.url}/api/v1/values?${query}`)
    const { values, next } = (await response.json()) as { values: { tag: string }[]; next: string | null }
    return { tags: values.map(({ tag }) => tag), next }
  }
  const { tags, next } = await list('device=d&sort=name&limit=3')
  assert.deepEqual(tags, ['t0', 't1', 't10'])
  assert.deepEqual((await list(`device=d&sort=name&limit=2&cursor=${next}`)).tags, ['t11', 't2'])
  assert.deepEqual((await list('device=d&limit=3')).tags, ['t0', 't1', 't2'])
  steered.values.delete('t5')
  const bad = gateway.store.tags.find('d', 't5')!.id
  await eventually('t5 is bad', () => gateway.store.latest.get(bad).status >= 0x80000000)
  assert.equal((await list('device=d&sort=status&limit=2')).tags[0], 't5')
  await eventually('t5 is the oldest', async () => (await list('device=d&sort=age&limit=1')).tags[0] === 't5')
})

test('the name of a value travels with it, in the snapshot and in each delta', async (t) => {
  const steered = createSteeredDevice()
  steered.values.set('mode', 4)
  const tags = [{ name: 'mode', symbols: '1=Off|4=MPPT' }]
  const gateway = await startTestGateway(t, { devices: [{ name: 'd', type: steered.type, everyMs: 20, tags }] })
  const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open' })
  t.after(() => http.close())
  await eventually('a value', () => gateway.store.latest.get(gateway.store.tags.find('d', 'mode')!.id).value === 4)
  const client = await open(t, http.port)
  client.subscribe()
  await eventually('snapshot', () => client.of('snapshot').length === 1)
  assert.equal((client.of('snapshot')[0]!.values[0] as unknown as { text: unknown }).text, 'MPPT')
  const last = () => client.rows().at(-1)?.slice(5)
  steered.values.set('mode', 1)
  await eventually('the name of 1', () => JSON.stringify(last()) === '[null,"Off"]')
  steered.values.set('mode', 2)
  await eventually('no name of 2', () => JSON.stringify(last()) === '[]')
})

test('snapshot and deltas together lose no change: what a client ends with is what the gateway has', async (t) => {
  const { steered, gateway, http } = await start(t, { tags: 2000, everyMs: 20 })
  let counter = 0
  const writer = setInterval(() => {
    for (let i = 0; i < 2000; i += 7) steered.values.set(`t${(counter + i) % 2000}`, ++counter)
  }, 5)
  t.after(() => clearInterval(writer))
  const clients = await Promise.all([1, 2, 3].map(() => open(t, http.port)))
  for (const [index, client] of clients.entries()) setTimeout(() => client.subscribe(), 40 * index)
  await new Promise((resolve) => setTimeout(resolve, 600))
  clearInterval(writer)
  const expected = new Map([...gateway.store.tags.values()].map((tag) => [tag.id, tag]))
  const seen = (client: (typeof clients)[number]) => {
    const values = new Map<number, unknown>()
    for (const message of client.messages) {
      if (message.type === 'snapshot')
        for (const row of message.values as { id: number; value: unknown }[]) values.set(row.id, row.value)
      if (message.type === 'delta') for (const row of message.values as Row[]) values.set(row[0], row[1])
    }
    return values
  }
  for (const client of clients) {
    await eventually('client and device agree', () => {
      const values = seen(client)
      return [...expected.values()].every(
        (tag) => tag.device !== 'd' || values.get(tag.id) === steered.values.get(tag.settings.address),
      )
    })
    assert.equal(client.of('snapshot').length, 1)
    assert.ok(client.of('delta').length > 2)
  }
})

test('what changes while a snapshot is being sent comes in the delta after it', async (t) => {
  const steered = createSteeredDevice()
  const names = Array.from({ length: 1200 }, (_, index) => `t${index}`)
  for (const name of names) steered.values.set(name, 0)
  // The first row alone is more than the sockets' buffers take, so that the snapshot stops in its middle.
  const description = 'x'.repeat(16_000_000)
  const gateway = await startTestGateway(t, {
    devices: [
      {
        name: 'd',
        type: steered.type,
        everyMs: 20,
        tags: names.map((name) => ({ name, deadband: { absolute: 1 }, ...(name === 't0' ? { description } : {}) })),
      },
    ],
  })
  // Without the renewal of unchanged values, which would bring the change later.
  const http = await startHttp(gateway, {
    host: '127.0.0.1',
    port: 0,
    hosts: [],
    access: 'open',
    limits: { liveConfirmMs: 3_600_000 },
  })
  t.after(() => http.close())
  const { id } = gateway.store.tags.find('d', 't1')!
  await eventually('tags are read', () => gateway.store.latest.get(id).value === 0)
  const client = await open(t, http.port)
  client.socket.pause()
  client.subscribe()
  await new Promise((resolve) => setTimeout(resolve, 300))
  steered.values.set('t1', 77)
  await eventually('the change is stored', () => gateway.store.latest.get(id).value === 77)
  assert.equal(client.of('snapshot').length, 0)
  client.socket.resume()
  await eventually('snapshot', () => client.of('snapshot').length === 1)
  const row = (client.of('snapshot')[0]!.values as { id: number; value: unknown }[]).find((shown) => shown.id === id)
  assert.equal(row?.value, 0, 'the row left before the change')
  await eventually('the change', () => client.rows().some((shown) => shown[0] === id && shown[1] === 77))
})

test('a slow client gets the newest values and the count of what it missed; a fast one beside it is not held up', async (t) => {
  const { steered, http, gateway } = await start(t, { http: { limits: { liveBufferedBytes: 64 * 1024 } } })
  const slow = await open(t, http.port)
  const fast = await open(t, http.port)
  slow.subscribe()
  fast.subscribe()
  await eventually('snapshots', () => slow.of('snapshot').length === 1 && fast.of('snapshot').length === 1)
  slow.socket.pause()
  const fill = 'x'.repeat(400_000)
  let n = 0
  const writer = setInterval(() => steered.values.set('big', `${++n} ${fill}`), 20)
  t.after(() => clearInterval(writer))
  await new Promise((resolve) => setTimeout(resolve, 1500))
  const missed = { fast: fast.of('delta').length, slow: slow.of('delta').length }
  assert.ok(missed.fast > 10, `the fast client got ${missed.fast} deltas`)
  clearInterval(writer)
  steered.values.set('big', 'the last one')
  const id = gateway.store.tags.find('text', 'big')!.id
  const newest = (client: typeof slow) => client.rows().findLast((row) => row[0] === id)?.[1]
  await eventually('the fast client has the last value', () => newest(fast) === 'the last one')
  slow.socket.resume()
  await eventually('the slow client has the last value', () => newest(slow) === 'the last one')
  assert.ok(slow.of('delta').length < fast.of('delta').length, 'the slow client got fewer messages')
  const conflated = (client: typeof slow) => client.of('delta').reduce((sum, message) => sum + message.conflated, 0)
  assert.ok(conflated(slow) > conflated(fast), `${conflated(slow)} against ${conflated(fast)}`)
  const metrics = await (await fetch(`${http.url}/metrics`)).text()
  assert.ok(Number(/^bifrost_live_conflated_total (\d+)$/m.exec(metrics)![1]) >= conflated(slow))
  assert.match(metrics, /^bifrost_live_clients 2$/m)
})

test('rows and conflated changes add up to every change since the snapshot', async (t) => {
  const { gateway, http } = await start(t)
  const client = await open(t, http.port, '?interval=200ms')
  const changes = new Map<number, number>()
  client.subscribe({ tags: ['d/t0', 'd/t2'] })
  await eventually('snapshot', () => client.of('snapshot').length === 1)
  await eventually('the first delta', () => client.of('delta').length === 1)
  const stop = gateway.onBatch((batch) => {
    for (let row = 0; row < batch.length; row++) changes.set(batch.tag[row]!, (changes.get(batch.tag[row]!) ?? 0) + 1)
  })
  const before = client.of('delta').length
  await eventually('more deltas', () => client.of('delta').length >= before + 5)
  stop()
  const told = client
    .of('delta')
    .slice(before)
    .reduce((sum, message) => sum + message.conflated + message.values.length, 0)
  const happened = ['t0', 't2'].reduce((sum, name) => sum + changes.get(gateway.store.tags.find('d', name)!.id)!, 0)
  assert.ok(told > 20)
  // The observer begins and ends up to one interval beside the messages: ten changes a tag.
  assert.ok(Math.abs(told - happened) <= 40, `${told} told, ${happened} happened`)
})

test('a subscription of tags and devices brings those alone; a new one replaces it', async (t) => {
  const { steered, gateway, http } = await start(t)
  const client = await open(t, http.port)
  const tagsOf = (message: Message) => (message.values as { tag: string }[]).map((row) => row.tag)
  client.subscribe({ tags: ['d/t1', 'd/does not exist', 'nonsense'] })
  await eventually('snapshot', () => client.of('snapshot').length === 1)
  assert.deepEqual(tagsOf(client.of('snapshot')[0]!), ['t1'])
  assert.deepEqual(
    client.of('snapshot')[0]!.devices.map((device) => device.name),
    ['d'],
  )
  for (const name of ['t0', 't1', 't2']) steered.values.set(name, 5)
  const t1 = gateway.store.tags.find('d', 't1')!.id
  await eventually('t1 arrives', () => client.rows().some((row) => row[0] === t1 && row[1] === 5))
  assert.ok(client.rows().every((row) => row[0] === t1))
  client.subscribe({ devices: ['text'] })
  await eventually('second snapshot', () => client.of('snapshot').length === 2)
  assert.deepEqual(tagsOf(client.of('snapshot')[1]!), ['big'])
})

test('a page with a part of the tags hears how all devices are', async (t) => {
  const { http } = await start(t)
  const client = await open(t, http.port)
  client.subscribe({ tags: ['d/t0'], allDevices: true })
  await eventually('snapshot', () => client.of('snapshot').length === 1)
  const { values, devices } = client.of('snapshot')[0]!
  assert.deepEqual([values.length, devices.map(({ name }) => name)], [1, ['d', 'text']])
  await eventually('and goes on hearing it', () => client.of('devices').some((told) => told.devices.some(({ name }) => name === 'text'))) // prettier-ignore
})

test('a device that is lost is told within two seconds', async (t) => {
  const { steered, http } = await start(t)
  const client = await open(t, http.port)
  client.subscribe()
  await eventually('snapshot', () => client.of('snapshot').length === 1)
  steered.lost = 'the cable is cut'
  await eventually('devices', () =>
    client
      .of('devices')
      .some((message) => message.devices.some((device) => device.name === 'd' && device.state !== 'Running')),
  )
})

test('messages that are no subscription, too long lists and too large messages end the connection', async (t) => {
  const { http } = await start(t, { http: { limits: { liveNames: 2, liveMessageBytes: 4096 } } })
  const closeCode = async (send: (socket: WebSocket) => void): Promise<number> => {
    const { socket } = await open(t, http.port)
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    send(socket)
    return closed
  }
  assert.equal(await closeCode((socket) => socket.send('{')), 1008)
  assert.equal(await closeCode((socket) => socket.send('{"type":"write"}')), 1008)
  assert.equal(await closeCode((socket) => socket.send(Buffer.from('{"type":"subscribe"}'))), 1008)
  assert.equal(await closeCode((socket) => socket.send('{"type":"subscribe","devices":["a","b","c"]}')), 1008)
  assert.equal(await closeCode((socket) => socket.send('x'.repeat(5000))), 1009)
})

test('more clients than allowed, and an interval out of range, are refused', async (t) => {
  const { http } = await start(t, { http: { limits: { liveClients: 1 } } })
  const status = (query: string) =>
    new Promise<number>((resolve) => {
      const socket = new WebSocket(`ws://127.0.0.1:${http.port}/api/v1/live${query}`)
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0))
      socket.on('error', () => undefined)
    })
  assert.equal(await status('?interval=1ms'), 400)
  assert.equal(await status('?interval=soon'), 400)
  await open(t, http.port)
  assert.equal(await status(''), 429)
})

test('the time of the last good read of a device is renewed every second', async (t) => {
  const { http } = await start(t)
  const client = await open(t, http.port)
  client.subscribe()
  const times = () => client.of('devices').flatMap(({ devices }) => devices.filter(({ name }) => name === 'd'))
  await eventually('three renewals', () => times().length >= 3, 5000)
  const [first, , third] = times().map(({ lastGoodAt }) => Date.parse(lastGoodAt!))
  assert.ok(third! - first! < 2500, `${third! - first!} ms`)
})

test('a value that a deadband confirms stays fresh for live clients', async (t) => {
  const { gateway, http } = await start(t, { deadband: true, http: { limits: { liveConfirmMs: 200 } } })
  const client = await open(t, http.port)
  client.subscribe({ tags: ['d/t0'] })
  const { id } = gateway.store.tags.find('d', 't0')!
  await eventually(
    'rows without a change',
    () => client.rows().filter((row) => row[0] === id && row[1] === 0).length > 2,
  )
})

test('closing says goodbye to clients and ends', async (t) => {
  const { http } = await start(t)
  const client = await open(t, http.port)
  const closed = new Promise<number>((resolve) => client.socket.once('close', resolve))
  await http.close()
  assert.equal(await closed, 1001)
})

test('changes: versions grow, historical rows are no change, unknown ids make room', () => {
  const changes = new Changes(2)
  const batch = new SampleBatch(3, 1)
  batch.push(0, 1, 0)
  batch.push(1, 1, 0, 1, true)
  batch.push(9, 1, 0)
  changes.mark(batch)
  assert.deepEqual(changes.since(0), [0, 9])
  assert.deepEqual(changes.since(1), [])
  changes.touch(1)
  assert.deepEqual(changes.since(1), [1])
  assert.equal(changes.total, 3)
  assert.equal(changes.countOf(9), 1)
})
