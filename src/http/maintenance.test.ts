/** Maintenance windows and alerts over HTTP: who may what, what they see, the record, and the device views and metrics. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { z } from 'zod'
import { defineSink, type SinkType } from '../core/sink.ts'
import { eventually } from '../testing/peers.ts'
import { PRESS_CREW, startPlant } from '../testing/people.ts'

interface WindowView {
  readonly id: string
  readonly devices: readonly string[] | null
  readonly area: string | null
  readonly all: boolean
}

const CREW = { ...PRESS_CREW, grants: [{ permissions: ['view', 'maintain'] as const, devices: ['press-*'] }] }
const PATH = '/api/v1/maintenance'
const ALERTS = '/api/v1/alerts'

async function rig(t: TestContext) {
  const plant = await startPlant(t, { access: { roles: [CREW] } })
  const start = (who: Readonly<Record<string, string>>, body: object) => plant.ask(PATH, who, plant.body('POST', { for: '2h', reason: 'new pump', ...body })) // prettier-ignore
  const windows = async (who: Readonly<Record<string, string>>) => (await plant.json<{ windows: WindowView[] }>(PATH, who)).windows // prettier-ignore
  return { plant, start, windows }
}

test('an operator starts, sees and ends a window; devices, metrics and the record say so', async (t) => {
  const { plant, start, windows } = await rig(t)
  const olga = await plant.person('olga', 'operator')
  const admin = await plant.person('ada', 'admin')
  const answer = await start(olga, { devices: ['press-1'] })
  assert.equal(answer.status, 200)
  const { id } = (await answer.json()) as WindowView
  assert.deepEqual((await windows(olga)).map((one) => one.devices), [['press-1']]) // prettier-ignore
  const { devices } = await plant.json<{ devices: { name: string; maintenance: { by: string; reason: string } | null }[] }>('/api/v1/devices', olga) // prettier-ignore
  assert.deepEqual(devices.map(({ name, maintenance }) => [name, maintenance?.by, maintenance?.reason]), [['press-1', 'olga', 'new pump'], ['press-2', undefined, undefined], ['oven', undefined, undefined]]) // prettier-ignore
  const metrics = await (await plant.ask('/metrics', olga)).text()
  assert.match(metrics, /^bifrost_maintenance_active\{device="press-1"\} 1$/m)
  assert.equal((await plant.ask(`${PATH}/${id}?reason=done`, olga, { method: 'DELETE' })).status, 200)
  assert.doesNotMatch(await (await plant.ask('/metrics', olga)).text(), /^bifrost_maintenance_active/m)
  const { events } = await plant.json<{ events: { action: string; user: string; object: string; reason: string | null; trace?: string }[] }>('/api/v1/audit?action=maintenance.*', admin) // prettier-ignore
  assert.ok(events.some(({ action, user, reason }) => action === 'maintenance.start' && user === 'olga' && reason === 'new pump')) // prettier-ignore
  assert.ok(events.some(({ action, reason }) => action === 'maintenance.end' && reason === 'done'))
  const trace = answer.headers.get('x-correlation-id')
  assert.equal(events.filter((event) => event.trace === trace).length, 2, 'by the trace id that the answer names')
})

test('the area of a window becomes series of its devices; the whole gateway is device=""', async (t) => {
  const { plant, start } = await rig(t)
  const olga = await plant.person('olga', 'operator')
  await start(olga, { area: 'hall-1' })
  const series = async () =>
    (await (await plant.ask('/metrics', olga)).text()).match(/^bifrost_maintenance_active.*$/gm)
  assert.deepEqual(await series(), ['bifrost_maintenance_active{device="press-1"} 1', 'bifrost_maintenance_active{device="press-2"} 1']) // prettier-ignore
  await start(olga, { all: true })
  assert.equal((await series())?.[0], 'bifrost_maintenance_active{device=""} 1')
  const crew = await plant.person('carl', 'press-crew')
  assert.match(await (await plant.ask('/metrics', crew)).text(), /^bifrost_maintenance_active\{device=""\} 1$/m)
})

test('who is limited to devices silences those alone, and learns nothing of the others', async (t) => {
  const { plant, start, windows } = await rig(t)
  const crew = await plant.person('carl', 'press-crew')
  const olga = await plant.person('olga', 'operator')
  const status = async (answer: Promise<Response>) => (await answer).status
  assert.equal(await status(start(crew, { devices: ['press-1', 'press-2'] })), 200)
  assert.equal(await status(start(crew, { devices: ['oven'] })), 404)
  assert.equal(await status(start(crew, { devices: ['nothing'] })), 404)
  assert.equal(await status(start(crew, { all: true })), 403)
  assert.equal(await status(start(crew, { area: 'hall-2' })), 404)
  const area = await start(crew, { area: 'hall-1' })
  assert.deepEqual(((await area.json()) as WindowView).devices, ['press-1', 'press-2'], 'what comes to the area later is not theirs') // prettier-ignore
  const oven = (await (await start(olga, { devices: ['oven'] })).json()) as WindowView
  const mixed = (await (await start(olga, { devices: ['oven', 'press-1'] })).json()) as WindowView
  const seen = await windows(crew)
  assert.ok(!JSON.stringify(seen).includes('oven'))
  assert.deepEqual(seen.find(({ id }) => id === mixed.id)?.devices, ['press-1'])
  assert.equal(await status(plant.ask(`${PATH}/${oven.id}`, crew, { method: 'DELETE' })), 404)
  const refused = await plant.ask(`${PATH}/${mixed.id}`, crew, { method: 'DELETE' })
  assert.equal(refused.status, 403)
  assert.ok(!(await refused.text()).includes('oven'))
  const viewer = await plant.person('vera', 'viewer')
  assert.equal(await status(start(viewer, { devices: ['press-1'] })), 403)
  assert.equal(await status(plant.ask(PATH, viewer)), 200)
})

test('alerts: what a sink says of its far side may name devices, and is for those who see all', async (t) => {
  const failing = defineSink({
    name: 'failing',
    summary: 'Takes nothing.',
    options: z.strictObject({}),
    create: () => ({
      connect: () => Promise.reject(new Error('no table for oven')),
      write: async () => undefined,
      close: async () => undefined,
    }),
  }) as unknown as SinkType
  const sinks = [{ name: 'plant', type: failing, options: {}, enabled: true, replay: { order: 'in-order' as const } }]
  const plant = await startPlant(t, { access: { roles: [CREW] }, sketch: { sinks } })
  const heartbeat = { url: 'http://127.0.0.1:1/', isSecret: false, everyMs: 86_400_000, insecure: false }
  const times = { everyMs: 1000, groupWaitMs: 0, groupIntervalMs: 1000, repeatIntervalMs: 60_000, maxQueued: 1, maxPerMinute: 1 } // prettier-ignore
  await plant.gateway.change({ ...plant.gateway.config, alerts: { ...times, receivers: [], heartbeat } })
  const of = async (who: Readonly<Record<string, string>>) =>
    (await plant.json<{ alerts: { alert: string; summary: string }[] }>(ALERTS, who)).alerts.find(({ alert }) => alert === 'BifrostSinkDown')?.summary // prettier-ignore
  const olga = await plant.person('olga', 'operator')
  const crew = await plant.person('carl', 'press-crew')
  await eventually('it is seen', async () => (await of(olga))?.includes('oven') === true)
  assert.equal(await of(crew), 'whoever may view all of this gateway is told more')
})

test('a window names one kind of thing, has a reason, and an end within bounds', async (t) => {
  const { plant, start } = await rig(t)
  const olga = await plant.person('olga', 'operator')
  for (const body of [
    {},
    { all: true, area: 'hall-1' },
    { all: true, for: '8d' },
    { all: true, for: '10s' },
    { all: true, reason: '  ' },
    { devices: [] },
    { all: false },
  ])
    // prettier-ignore
    assert.equal((await start(olga, body)).status, 400, JSON.stringify(body))
})

test('alerts: off is said; who sees a part sees no receivers; a test asks for the whole gateway', async (t) => {
  const { plant } = await rig(t)
  const olga = await plant.person('olga', 'operator')
  const answer = await plant.json<{ enabled: boolean; alerts: unknown[]; receivers: unknown[]; next: null }>(ALERTS, olga) // prettier-ignore
  assert.deepEqual({ ...answer }, { enabled: false, alerts: [], receivers: [], heartbeat: null, next: null })
  const test = (who: Readonly<Record<string, string>>) => plant.ask(`${ALERTS}/test`, who, plant.body('POST', { receiver: 'office' })) // prettier-ignore
  assert.equal((await test(olga)).status, 403)
  const partly = await plant.token('partly', { permissions: ['view', 'diagnose'], devices: ['press-*'] })
  assert.equal((await test(partly)).status, 403)
  const emil = await plant.person('emil', 'engineer')
  assert.equal((await test(emil)).status, 404)
})
