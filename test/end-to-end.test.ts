/**
 * The main job through the real processes: a simulated plant in a process of its own, the gateway, mosquitto with Debian's own
 * subscriber, REST and the live socket. The gateway polls over Modbus TCP, keeps, delivers, and writes back with a read-back.
 */
import assert from 'node:assert/strict'
import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { WebSocket } from 'ws'
import { auditEvents } from '../src/testing/audit-lines.ts'
import { startGatewayProcess } from '../src/testing/gateway-process.ts'
import { startMosquitto } from '../src/testing/mosquitto.ts'
import { eventually, needs, startProcess, temporaryFolder } from '../src/testing/peers.ts'

const ROOT = join(import.meta.dirname, '..')
const MACHINES = ['tank-farm', 'filler', 'energy-meter']

async function startPlant(t: TestContext): Promise<number> {
  const plant = startProcess(t, process.execPath, [join(ROOT, 'simulators', 'plant.ts'), '--port', '0', '--seed', '7'])
  const [line] = await plant.waitFor(/\{"ready".*\}/)
  return (JSON.parse(line) as { port: number }).port
}

function plantFolder(t: TestContext): string {
  const folder = temporaryFolder(t)
  for (const name of MACHINES)
    copyFileSync(join(ROOT, 'simulators', 'plant', 'tags', `${name}.csv`), join(folder, `${name}.csv`))
  return folder
}

const plantYaml = (port: number): string =>
  `devices:\n${MACHINES.map((name, i) => {
    return `  - { name: ${name}, driver: modbus, every: 100ms, options: { host: 127.0.0.1, port: ${port}, unit: ${i + 1} }, tags: ${name}.csv }`
  }).join('\n')}\n`

test(
  'a plant over Modbus TCP comes out on MQTT, REST, the live socket and in the metrics',
  { skip: needs('mosquitto', 'mosquitto_sub') },
  async (t) => {
    const port = await startPlant(t)
    const broker = await startMosquitto(t)
    const subscriber = startProcess(t, 'mosquitto_sub', [
      '-h',
      '127.0.0.1',
      '-p',
      new URL(broker.url).port,
      '-t',
      'acme/#',
      '-v',
      '-q',
      '1',
    ])
    const options = `{ url: '${broker.url}', topic: 'acme/{device}/{tag}', payload: uns-json, qos: 1 }`
    const gateway = await startGatewayProcess(t, {
      folder: plantFolder(t),
      yaml: `${plantYaml(port)}sinks:\n  - { name: plant, sink: mqtt, options: ${options} }\n`,
    })

    const tags = MACHINES.reduce(
      (sum, name) =>
        sum +
        readFileSync(join(gateway.folder, `${name}.csv`), 'utf8')
          .trim()
          .split('\n').length -
        1,
      0,
    )
    await eventually('every tag of the plant is good', async () => {
      const values = await gateway.values()
      return values.length === tags && values.every((shown) => shown.status.name === 'Good')
    })
    for (const shown of await gateway.values())
      assert.ok(shown.ageMs !== null && shown.ageMs < 2000, `${shown.tag} is ${shown.ageMs} ms old`)

    const [, payload] = await subscriber.waitFor(/^acme\/tank-farm\/tank-1-level (\{.*\})$/m)
    const message = JSON.parse(payload!) as Record<string, unknown>
    assert.deepEqual(Object.keys(message), ['v', 't', 'q', 'log', 'seq'])
    assert.equal(message.q, 0)
    assert.ok(Math.abs(Number(message.t) - Date.now()) < 20_000)
    assert.equal(message.log, (await gateway.get<{ logId: string }>('log')).logId)
    const level = (await gateway.values('?device=tank-farm')).find((shown) => shown.tag === 'tank-1-level')!
    assert.ok(Math.abs(Number(level.value) - Number(message.v)) < 1, 'both sides show the same tank')

    const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
    const sample = (name: string) =>
      Number(new RegExp(`^${name}\\{[^}]*sink="plant"[^}]*\\} (\\S+)`, 'm').exec(metrics)?.[1])
    const routed = sample('bifrost_sink_samples_routed_total')
    assert.ok(routed > 0)
    assert.equal(routed, sample('bifrost_sink_samples_delivered_total') + sample('bifrost_sink_samples_pending'))
  },
)

test('a write goes to the device, is read back, audited, and the plant obeys; a read-only tag is refused', async (t) => {
  const port = await startPlant(t)
  const gateway = await startGatewayProcess(t, { folder: plantFolder(t), yaml: plantYaml(port) })
  await eventually('the plant is read', async () =>
    (await gateway.values()).every((shown) => shown.status.name === 'Good'),
  )
  const put = (path: string, value: unknown) =>
    fetch(`${gateway.url}/api/v1/values/${path}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ value, reason: 'test' }),
    })

  const written = await put('filler/speed-set-point', 42)
  assert.equal(written.status, 200, await written.clone().text())
  assert.equal(((await written.json()) as { readBack: number }).readBack, 42)
  await eventually(
    'the poll shows it',
    async () => (await gateway.get<{ value: number }>('values/filler/speed-set-point')).value === 42,
  )

  for (const [path, value, status] of [
    ['filler/speed', 1, 403],
    ['filler/speed-set-point', 5000, 422],
    ['filler/speed-set-point', 'fast', 422],
    ['filler/no-such-tag', 1, 404],
  ] as const) {
    const refused = await put(path, value)
    assert.equal(refused.status, status, `${path} = ${value}`)
    assert.match(refused.headers.get('content-type') ?? '', /application\/problem\+json/)
  }
  assert.equal((await gateway.get<{ value: number }>('values/filler/speed-set-point')).value, 42)
  const audit = auditEvents(join(gateway.folder, 'data'))
  assert.ok(audit.length >= 3)
  assert.ok(audit.some(({ object, after }) => object === 'tag filler/speed-set-point' && after === 42))
})

test('the live socket gives a snapshot of everything, then every change', async (t) => {
  const port = await startPlant(t)
  const gateway = await startGatewayProcess(t, { folder: plantFolder(t), yaml: plantYaml(port) })
  await eventually('the plant is read', async () =>
    (await gateway.values()).every((shown) => shown.status.name === 'Good'),
  )
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/api/v1/live`)
  t.after(() => socket.terminate())
  const messages: { type: string; values?: unknown[] }[] = []
  socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString()) as { type: string }))
  socket.on('open', () => socket.send(JSON.stringify({ type: 'subscribe', intervalMs: 100 })))
  await eventually('deltas arrive', () => messages.filter((message) => message.type === 'delta').length > 3)
  assert.equal(messages[0]!.type, 'hello')
  assert.equal(messages.find((message) => message.type === 'snapshot')!.values!.length, (await gateway.values()).length)
})
