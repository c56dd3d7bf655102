/** What is left behind after very many connections, what becomes of the devices when their worker dies, and how soon everything ends. */
import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { opcua } from '../src/drivers/opcua/driver.ts'
import type { WorkerHost } from '../src/drivers/opcua/host.ts'
import { pointsOf, readAll, rowsByTag, tagOf, testContext } from '../src/testing/driver-suite.ts'
import { startGatewayProcess } from '../src/testing/gateway-process.ts'
import { startFaultyServer } from '../src/testing/opcua-faulty-server.ts'
import { startOpcuaRig } from '../src/testing/opcua-rig.ts'
import { eventually, temporaryFolder } from '../src/testing/peers.ts'

const MIB = 2 ** 20
const CYCLES = 200

const sockets = (): number => process.getActiveResourcesInfo().filter((kind) => kind.startsWith('TCP')).length

test(`${CYCLES} connections that are closed, broken, forgotten and cut off by restarts leave nothing behind`, async (t) => {
  const server = await startFaultyServer(t, { intervalMs: 50 })
  const shared: { all?: WorkerHost } = {}
  const device = opcua.create(
    opcua.options.parse({ endpoint: server.url, securityPolicy: 'None', sessionTimeout: '20s' }),
    testContext('plc', shared),
  )
  t.after(() => device.close())
  const points = pointsOf(opcua, [
    tagOf('ns=2;s=Counters/0', 'float64', { everyMs: 50 }),
    tagOf('ns=2;s=Scalars/Int16', 'int16'),
  ])
  const poll = device.prepare([points[1]!])
  const open = sockets()
  const cycle = async (round: number) => {
    const signal = AbortSignal.timeout(20_000)
    await device.connect(signal)
    assert.equal(rowsByTag(await readAll(poll, signal)).get(2)?.value, -32_768)
    const stop = new AbortController()
    let come = () => {}
    const first = new Promise<void>((resolve) => (come = resolve))
    const subscribed = device.subscribe!([points[0]!], come, stop.signal)
    const ended = subscribed.catch(() => 'lost')
    await Promise.race([first, ended])
    const kind = round % 4
    if (kind === 0) {
      stop.abort()
      await ended
      if (round % 8 === 0) await device.close()
    } else if (round % 20 === 1) await server.ask('restart', { downMs: 50 })
    else if (kind === 3) await server.ask('forget', { what: 'sessions' })
    else await server.ask('drop')
    if (kind !== 0) await ended
    await ended
  }
  const heap: number[] = []
  for (let round = 0; round < CYCLES; round++) {
    await cycle(round)
    if (round % 50 === 49) heap.push((await shared.all!.usage())!.heapBytes / MIB)
  }
  await device.connect(AbortSignal.timeout(20_000))
  const left = await server.ask<Record<string, number>>('sessions')
  t.diagnostic(
    `after ${CYCLES} rounds: ${JSON.stringify(left)}; heap of the worker ${heap.map((one) => one.toFixed(0)).join(', ')} MiB`,
  )
  assert.equal(left.sessions, 1)
  assert.ok(left.channels! <= 2, `${left.channels} channels`)
  assert.ok(left.subscriptions! <= 1, `${left.subscriptions} subscriptions`)
  assert.ok(heap.at(-1)! - heap[0]! < 24, `heap ${heap.join(', ')}`)
  await device.close()
  await eventually('the server has nothing of us', async () => {
    const { sessions, channels } = await server.ask<Record<string, number>>('sessions')
    return sessions === 0 && channels === 0
  })
  assert.equal(await shared.all!.usage(), undefined, 'the worker is gone')
  assert.equal(sockets(), open)
})

for (const fate of ['exit', 'memory'] as const) {
  test(`a worker that dies (${fate}): the devices say so and come back`, async (t) => {
    const server = await startFaultyServer(t, { intervalMs: 100 })
    const file = join(temporaryFolder(t), 'fate')
    const env = { NODE_OPTIONS: `--import=${new URL('../src/testing/worker-fate.ts', import.meta.url).href}`, WORKER_FATE: file }
    const device = (name: string) => `  - { name: ${name}, driver: opcua, options: { endpoint: '${server.url}', securityPolicy: None }, every: 100ms, tags: [{ name: c, address: 'ns=2;s=Counters/0', type: float64 }] }`
    const gateway = await startGatewayProcess(t, { yaml: `devices:\n${device('a')}\n${device('b')}\n`, env })
    const good = async () => (await gateway.values()).every(({ status }) => status.name === 'Good')
    await eventually('values', good, 20_000)
    writeFileSync(file, fate)
    await eventually('it is noticed', async () => !existsSync(file) && !(await good()), 20_000)
    await eventually('it is said', () => /the OPC UA worker (ended|failed)/.test(gateway.output()), 5000)
    const began = performance.now()
    await eventually('both come back', good, 20_000)
    t.diagnostic(`back after ${Math.round(performance.now() - began)} ms`)
    const { code } = await gateway.stop()
    assert.equal(code, 0)
  }) // prettier-ignore
}

test('a gateway ends within a second while its devices connect, and while a server stands still', async (t) => {
  const held = new Set<Socket>()
  const silent = createServer((socket) => void held.add(socket))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of held) socket.destroy()
    silent.close()
  })
  const tags = [{ name: 'c', address: 'ns=2;s=Counters/0' }]
  const connecting = await startOpcuaRig(t, `opc.tcp://127.0.0.1:${(silent.address() as { port: number }).port}`, tags)
  await eventually('it connects', () => held.size > 0)
  const server = await startFaultyServer(t, { intervalMs: 50 })
  const running = await startOpcuaRig(t, server.url, tags)
  await running.see('c', 'a value', ({ status }) => status === 0)
  await server.ask('freeze', { ms: 4000 })
  for (const [what, rig] of [['connecting', connecting], ['frozen', running]] as const) {
    const began = performance.now()
    await rig.gateway.stop()
    const ms = performance.now() - began
    t.diagnostic(`${what}: ended after ${Math.round(ms)} ms`)
    assert.ok(ms < 1000, `${what}: ${ms} ms`)
  } // prettier-ignore
})
