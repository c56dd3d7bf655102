/** How the process starts, refuses to start, and ends. */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startGatewayProcess } from '../src/testing/gateway-process.ts'
import { eventually, freePort, startProcess, temporaryFolder } from '../src/testing/peers.ts'

const LAUNCHER = join(import.meta.dirname, '..', 'bin', 'bifrost')
const DEVICE = `devices:
  - { name: sim, driver: simulated, every: 50ms, tags: [{ name: wave, address: 'sine:period=10s,min=0,max=10', type: float64, unit: m }] }
`

test('SIGTERM under load: exit 0 in less than five seconds, and what was read is there after the next start', async (t) => {
  const gateway = await startGatewayProcess(t, { yaml: DEVICE })
  await eventually('values are good', async () =>
    (await gateway.values()).every((shown) => shown.status.name === 'Good'),
  )
  await eventually('some samples are there', async () => (await gateway.get<{ nextSeq: number }>('log')).nextSeq > 20)
  const before = await gateway.get<{ nextSeq: number; logId: string }>('log')
  const started = performance.now()
  const { code } = await gateway.stop('SIGTERM')
  assert.equal(code, 0)
  assert.ok(performance.now() - started < 5000)

  const again = await startGatewayProcess(t, { yaml: DEVICE, folder: gateway.folder })
  const after = await again.get<{ durableSeq: number; logId: string; oldestSeq: number }>('log')
  assert.equal(after.logId, before.logId)
  assert.ok(after.durableSeq >= before.nextSeq - 1, 'a clean stop loses nothing')
  const history = await again.get<{ points: unknown[] }>(
    `history/sim/wave?from=${Date.now() - 60_000}&to=${Date.now()}&points=1000`,
  )
  assert.ok(history.points.length > 3)
})

test('two gateways on one data folder: the second refuses and names the first', async (t) => {
  const first = await startGatewayProcess(t, { yaml: DEVICE })
  const file = join(first.folder, 'second.yaml')
  writeFileSync(
    file,
    `version: 1\ndata: ./data\nhttp: { listen: 127.0.0.1:${await freePort()}, access: open }\n${DEVICE}`,
  )
  const second = startProcess(t, LAUNCHER, ['run', '-c', file])
  const { code } = await second.exited
  assert.equal(code, 1)
  assert.match(second.output(), new RegExp(String(first.child.pid)))
  assert.equal((await first.values()).length, 1)
})

test('a port in use is named, and nothing is left running', async (t) => {
  const port = await freePort()
  const holder = createServer().listen(port, '127.0.0.1')
  t.after(() => holder.close())
  const folder = temporaryFolder(t)
  const file = join(folder, 'bifrost.yaml')
  writeFileSync(file, `version: 1\ndata: ./data\nhttp: { listen: 127.0.0.1:${port}, access: open }\n${DEVICE}`)
  const gateway = startProcess(t, LAUNCHER, ['run', '-c', file])
  const { code } = await gateway.exited
  assert.equal(code, 1)
  assert.match(gateway.output(), new RegExp(`${port}`))
  assert.match(gateway.output(), /in use/)
})

test('a configuration with problems starts nothing: all of them are said, exit 78', async (t) => {
  const folder = temporaryFolder(t)
  const file = join(folder, 'bifrost.yaml')
  writeFileSync(file, `version: 1\nhttp: { listen: 0.0.0.0:8080 }\ndevises: []\n${DEVICE.replace('sine:', 'sinus:')}`)
  const gateway = startProcess(t, LAUNCHER, ['run', '-c', file])
  const { code } = await gateway.exited
  assert.equal(code, 78)
  assert.match(gateway.output(), /bifrost\.yaml:2:\d+/)
  assert.match(gateway.output(), /bifrost\.yaml:3:1.*devises.*devices/)
  assert.match(gateway.output(), /bifrost\.yaml:5:\d+.*sinus/)
})
