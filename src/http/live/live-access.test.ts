/** The live socket and who looks on: refused before it opens, rows of what may be seen, sent away when the right ends. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { WebSocket } from 'ws'
import type { Actor } from '../../accounts/accounts.ts'
import { startPlant, type Credentials, type Plant } from '../../testing/people.ts'
import { eventually } from '../../testing/peers.ts'

interface Message {
  readonly type: string
  readonly values: { device: string; tag: string; writable: boolean; id: number }[]
  readonly devices: { name: string }[]
}

async function look(t: TestContext, plant: Plant, who: Credentials, wish: object = {}) {
  const socket = new WebSocket(`ws://127.0.0.1:${plant.http.port}/api/v1/live?interval=50ms`, { headers: who })
  t.after(() => socket.terminate())
  const messages: Message[] = []
  const seen = { code: undefined as number | undefined, refused: undefined as string | undefined }
  socket.on('message', (data) => messages.push(JSON.parse((data as Buffer).toString()) as Message))
  socket.on('open', () => socket.send(JSON.stringify({ type: 'subscribe', ...wish })))
  socket.on('close', (code) => (seen.code = code))
  socket.on('error', () => undefined)
  socket.on('unexpected-response', (_request, answer) => {
    let text = ''
    answer.on('data', (chunk: Buffer) => (text += chunk.toString()))
    answer.on('end', () => (seen.refused = (JSON.parse(text) as { code: string }).code))
  })
  const of = (type: string) => messages.filter((message) => message.type === type)
  await eventually('it is open or refused', () => of('snapshot').length > 0 || seen.refused !== undefined)
  const names = (at = -1) =>
    [
      ...new Set(
        of('snapshot')
          .at(at)!
          .values.map(({ device }) => device),
      ),
    ].sort()
  return { of, names, seen, messages }
}

const host = (plant: Plant): Actor => ({
  by: plant.accounts.hostPrincipal('root'),
  from: { address: 'host' },
})

test('nobody, and who may not view, get no live socket', async (t) => {
  const plant = await startPlant(t)
  assert.equal((await look(t, plant, {})).seen.refused, 'SETUP_REQUIRED')
  const anna = await plant.person('anna', 'admin')
  assert.equal((await look(t, plant, {})).seen.refused, 'SIGN_IN_REQUIRED')
  const exporter = await plant.token('exporter', { permissions: ['export'] })
  assert.equal((await look(t, plant, exporter)).seen.refused, 'FORBIDDEN')
  assert.equal((await look(t, plant, { ...anna, origin: 'http://evil.example' })).seen.refused, 'ORIGIN_FORBIDDEN')
  assert.equal((await look(t, plant, anna)).of('snapshot').length, 1, 'control')
})

test('snapshot, deltas and devices have only what may be seen, and say what may be written', async (t) => {
  const plant = await startPlant(t)
  const anna = await look(t, plant, await plant.person('anna', 'admin'))
  const crew = await plant.person('carl', 'press-crew')
  const all = await look(t, plant, crew)
  const asked = await look(t, plant, crew, { devices: ['oven', 'press-2'], tags: ['oven/wave', 'press-1/wave'] })
  assert.deepEqual(anna.names(), ['oven', 'press-1', 'press-2'], 'control')
  assert.deepEqual(
    [all.names(), asked.names()],
    [
      ['press-1', 'press-2'],
      ['press-1', 'press-2'],
    ],
  )
  const hidden = new Set(
    anna
      .of('snapshot')[0]!
      .values.filter(({ device }) => device === 'oven')
      .map(({ id }) => id),
  )
  await eventually('some deltas', () => all.of('delta').length > 3 && all.of('devices').length > 1)
  const ids = (client: typeof all) =>
    client.of('delta').flatMap(({ values }) => values.map((row) => (row as unknown as number[])[0]!))
  assert.ok(
    ids(anna).some((id) => hidden.has(id)),
    'control: the oven changes',
  )
  for (const client of [all, asked]) {
    assert.ok(!ids(client).some((id) => hidden.has(id)))
    assert.ok(!JSON.stringify(client.messages).includes('oven'))
  }
  const vera = await look(t, plant, await plant.person('vera', 'viewer'))
  const writable = (client: typeof all) => client.of('snapshot')[0]!.values.filter((value) => value.writable).length
  assert.deepEqual([writable(anna), writable(all), writable(vera)], [3, 2, 0])
})

test('a session that ends, is revoked or loses its user closes the live socket with 4401 within five seconds', async (t) => {
  const plant = await startPlant(t)
  const anna = await plant.person('anna', 'admin')
  const watched = await look(t, plant, anna)
  const vera = await plant.person('vera', 'viewer')
  const token = await plant.token('screen', { permissions: ['view'] })
  const clients = { signedOut: await look(t, plant, vera), token: await look(t, plant, token) }
  const started = performance.now()
  await plant.ask('/api/v1/session', vera, { method: 'DELETE' })
  await plant.accounts.tokens.revoke(plant.accounts.tokens.list()[0]!.id, host(plant))
  await eventually('both are closed', () => Object.values(clients).every(({ seen }) => seen.code === 4401), 5000)
  assert.ok(performance.now() - started < 5000)
  assert.equal(watched.seen.code, undefined, 'control: another one stays')
  assert.equal(watched.of('snapshot').length, 1, 'and is not disturbed')
})

test('other roles: a new snapshot of what may be seen now; without view the socket is closed with 4403', async (t) => {
  const plant = await startPlant(t)
  await plant.person('anna', 'admin')
  const screen = await plant.token('screen', { permissions: ['view'] })
  const client = await look(t, plant, screen)
  assert.deepEqual(client.names(), ['oven', 'press-1', 'press-2'])
  // The owner of the token is the host: what changes is the configuration's role of a certificate, a user or, here, an area.
  const { config } = plant.gateway
  plant.accounts.configure(config.access, () => undefined)
  await new Promise((resolve) => setTimeout(resolve, 200))
  assert.equal(client.of('snapshot').length, 1, 'the same rights in other words are no news')

  const limited = await plant.token('hall', { permissions: ['view'], areas: ['hall-1'] })
  plant.accounts.configure(config.access, (device) => (device === 'oven' ? 'hall-2' : 'hall-1'))
  const hall = await look(t, plant, limited)
  assert.deepEqual(hall.names(), ['press-1', 'press-2'])
  plant.accounts.configure(config.access, (device) => (device === 'press-1' ? 'hall-2' : 'hall-1'))
  await eventually('a new snapshot', () => hall.of('snapshot').length === 2, 5000)
  assert.deepEqual(hall.names(), ['oven', 'press-2'])
  const after = hall.messages.length
  await eventually('deltas', () => hall.messages.length > after + 3)
  assert.ok(!JSON.stringify(hall.messages.slice(after)).includes('press-1'))
})

test('who saw everything and may see all that there is just now gets a snapshot: what comes is not theirs', async (t) => {
  const plant = await startPlant(t)
  await plant.person('anna', 'admin')
  const { config } = plant.gateway
  const watch = (devices?: string[]) => {
    const roles = [{ name: 'watch', grants: [{ permissions: ['view'] as const, ...(devices && { devices }) }] }]
    plant.accounts.configure({ ...config.access, roles }, () => undefined)
  }
  watch()
  const client = await look(t, plant, await plant.person('vera', 'watch'))
  watch(['oven', 'press-*'])
  await eventually('a new snapshot', () => client.of('snapshot').length === 2, 5000)
})
