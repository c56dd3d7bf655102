/** The demo as a newcomer meets it: one command, addresses that work, values within seconds, nothing left behind. */
import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { once, type EventEmitter } from 'node:events'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { eventually, freePort, startProcess, temporaryFolder } from '../testing/peers.ts'

const LAUNCHER = join(import.meta.dirname, '..', '..', 'bin', 'bifrost')

const isOpen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

test('demo: busy ports are stepped over, values arrive by API, live socket and MQTT, SIGTERM leaves nothing', async (t) => {
  const [httpPort, mqttPort] = [await freePort(), await freePort()]
  const holders = [httpPort, mqttPort].map((port) => createServer().listen(port, '127.0.0.1'))
  for (const holder of holders) t.after(() => holder.close())
  const folder = temporaryFolder(t)
  const demo = startProcess(t, LAUNCHER, ['demo', '--port', String(httpPort), '--mqtt-port', String(mqttPort)], {
    env: { TMPDIR: folder },
  })
  const [, url] = await demo.waitFor(/web UI +(http:\S+)\//, 15_000)
  const [, mqttUrl] = await demo.waitFor(/(mqtt:\/\/\S+) +topic +acme\/demo\/#/)
  assert.match(
    demo.output(),
    new RegExp(`port ${httpPort} is in use by process ${process.pid} .*; the page is on \\d+`),
  )
  assert.match(demo.output(), new RegExp(`port ${mqttPort} is in use by process ${process.pid} .*; MQTT is on \\d+`))
  assert.notEqual(new URL(mqttUrl!).port, String(mqttPort))
  assert.ok(readdirSync(folder).some((name) => name.startsWith('bifrost-demo-')))

  await eventually('every value is good', async () => {
    const read = startProcess(t, LAUNCHER, ['read', '--json', '--url', url!])
    return (await read.exited).code === 0
  })
  const watch = startProcess(t, LAUNCHER, ['watch', 'tank-farm', '--count', '30', '--json', '--url', url!])
  assert.equal((await watch.exited).code, 0)
  const first = JSON.parse(watch.output().split('\n')[0]!) as { device: string; status: { name: string } }
  assert.deepEqual([first.device, first.status.name], ['tank-farm', 'Good'])
  const health = startProcess(t, LAUNCHER, ['health', '--url', url!])
  assert.equal((await health.exited).code, 0)
  const { connectAsync } = await import('mqtt')
  const client = await connectAsync(mqttUrl!, { protocolVersion: 4 })
  t.after(() => client.endAsync(true))
  const message = once(client as unknown as EventEmitter, 'message')
  await client.subscribeAsync('acme/demo/filler/#')
  const [topic, payload] = (await message) as [string, Buffer]
  assert.match(topic, /^acme\/demo\/filler\//)
  assert.equal((JSON.parse(payload.toString()) as { q: number }).q, 0)

  const plantPort = Number(/Modbus TCP on port (\d+)/.exec(demo.output())![1])
  const started = performance.now()
  assert.equal((await demo.stop('SIGTERM')).code, 0)
  assert.ok(performance.now() - started < 5000)
  // What stays is the empty folder of this user's links to gateways.
  assert.deepEqual(readdirSync(folder), [`bifrost-${process.getuid!()}`])
  assert.deepEqual(readdirSync(join(folder, `bifrost-${process.getuid!()}`)), [])
  assert.equal(await isOpen(plantPort), false, 'the simulated plant has ended too')
})

test('run: a port in use is named with its holder, and nothing is left running', async (t) => {
  const port = await freePort()
  const holder = createServer().listen(port, '127.0.0.1')
  t.after(() => holder.close())
  const file = join(temporaryFolder(t), 'bifrost.yaml')
  writeFileSync(file, `version: 1\nhttp: { listen: 127.0.0.1:${port}, access: open }\n`)
  const run = startProcess(t, LAUNCHER, ['run', '-c', file])
  assert.equal((await run.exited).code, 1)
  assert.match(run.output(), new RegExp(`port ${port} of 127\\.0\\.0\\.1 is in use, held by process ${process.pid} `))
})

test('run: the address is printed on stdout, Ctrl-C stops it with exit 0', async (t) => {
  const file = join(temporaryFolder(t), 'bifrost.yaml')
  writeFileSync(file, `version: 1\nhttp: { listen: 127.0.0.1:${await freePort()}, access: open }\n`)
  const run = startProcess(t, LAUNCHER, ['run', '-c', file])
  await run.waitFor(/^http:\/\/127\.0\.0\.1:\d+/m)
  assert.equal((await run.stop('SIGINT')).code, 0)
})
