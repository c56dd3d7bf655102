/** A gateway that goes for good delivers first: on its way out with `run --drain`, or afterwards with `drain` on its data folder. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { startAedes, type AedesBroker } from '../testing/aedes.ts'
import { bifrost } from '../testing/gateway-process.ts'
import { eventually, freePort, startProcess, temporaryFolder } from '../testing/peers.ts'

const LAUNCHER = join(import.meta.dirname, '..', '..', 'bin', 'bifrost')

interface Rig {
  readonly broker: AedesBroker
  /** (log, seq) of all that arrived. */
  readonly arrived: Set<string>
  readonly file: string
  start(
    ...args: string[]
  ): Promise<{ get<T>(path: string): Promise<T>; end(): Promise<number | null>; output(): string }>
}

async function rigOf(t: TestContext): Promise<Rig> {
  const arrived = new Set<string>()
  const broker = await startAedes(t, (topic, payload) => {
    if (topic.includes('/_gateway/')) return
    const { log, seq } = JSON.parse(payload.toString()) as { log: string; seq: number }
    arrived.add(`${log}:${seq}`)
  })
  const [folder, port] = [temporaryFolder(t), await freePort()]
  const file = join(folder, 'bifrost.yaml')
  const yaml = [
    'version: 1',
    'data: ./data',
    `http: { listen: 127.0.0.1:${port}, access: open }`,
    'devices:',
    '  - { name: tank, driver: simulated, every: 50ms, tags: [{ name: count, address: "counter:period=50ms", type: uint32 }] }',
    'sinks:',
    `  - { name: plant, sink: mqtt, options: { url: "${broker.url}", topic: "acme/{device}/{tag}", payload: uns-json, qos: 1, protocolVersion: 4 } }`,
  ]
  writeFileSync(file, yaml.join('\n'))
  return {
    broker,
    arrived,
    file,
    async start(...args) {
      const running = startProcess(t, LAUNCHER, ['run', '-c', file, ...args], { cwd: folder })
      await running.waitFor(new RegExp(`http://127.0.0.1:${port}`), 60_000)
      return {
        get: async <T>(path: string) =>
          (await (
            await fetch(`http://127.0.0.1:${port}/${path}`, { headers: { accept: 'application/json' } })
          ).json()) as T,
        end: async () => {
          running.child.kill('SIGTERM')
          return (await running.exited).code
        },
        output: running.output,
      }
    },
  }
}

interface Sinks {
  readonly sinks: readonly { readonly routed: number; readonly delivered: number; readonly pending: number }[]
}

test('run --drain: asked to stop it reads no more, and ends when the sink has everything', async (t) => {
  const { broker, arrived, start } = await rigOf(t)
  const gateway = await start('--drain', '60s')
  await eventually(
    () => `samples arrive: ${gateway.output()}`,
    () => arrived.size > 5,
  )
  await broker.stop()
  await eventually('samples wait', async () => (await gateway.get<Sinks>('api/v1/sinks')).sinks[0]!.pending > 20)
  const ended = gateway.end()
  await eventually('it is not ready', async () => {
    const { checks } = await gateway
      .get<{ checks: { name: string; ok: boolean }[] }>('readyz')
      .catch(() => ({ checks: [] }))
    return checks.some(({ name, ok }) => name === 'gateway' && !ok)
  })
  await eventually('its device is disabled', async () => {
    const { devices } = await gateway.get<{ devices: { state: string }[] }>('api/v1/devices')
    return devices[0]!.state === 'Disabled'
  })
  const before = (await gateway.get<Sinks>('api/v1/sinks')).sinks[0]!
  await new Promise((resolve) => setTimeout(resolve, 400))
  const after = (await gateway.get<Sinks>('api/v1/sinks')).sinks[0]!
  assert.equal(after.routed, before.routed, 'nothing is read while it drains')
  assert.ok(after.pending > 20)
  await broker.start()
  assert.equal(await ended, 0)
  assert.match(gateway.output(), /Drained: nothing waits/)
  assert.equal(arrived.size, after.routed, 'the broker has every sample')
})

test('drain: the folder of a gateway that is gone is delivered, and what cannot be is named', async (t) => {
  const { broker, arrived, file, start } = await rigOf(t)
  const gateway = await start()
  await eventually(
    () => `samples arrive: ${gateway.output()}`,
    () => arrived.size > 5,
  )
  await broker.stop()
  await eventually('samples wait', async () => (await gateway.get<Sinks>('api/v1/sinks')).sinks[0]!.pending > 20)
  assert.equal((await bifrost('drain', '-c', file)).code, 1, 'the folder is in use')
  assert.equal(await gateway.end(), 0)

  const away = await bifrost('drain', '-c', file, '--within', '1s', '--json')
  assert.equal(away.code, 1, away.err)
  const said = JSON.parse(away.out) as { drained: boolean; left: { sink: string; pending: number; reason: string }[] }
  assert.equal(said.drained, false)
  assert.deepEqual([said.left[0]!.sink, said.left[0]!.pending > 20], ['plant', true])
  assert.match(said.left[0]!.reason, /refused the connection/)

  await broker.start()
  const had = arrived.size
  const done = await bifrost('drain', '-c', file, '--json')
  assert.equal(done.code, 0, done.err)
  const { delivered, left } = JSON.parse(done.out) as { delivered: number; left: unknown[] }
  assert.deepEqual([left, delivered >= said.left[0]!.pending, arrived.size > had], [[], true, true])
  // No hole: sequence numbers of one tag and one sink follow each other.
  const seqs = [...arrived].map((key) => Number(key.split(':')[1])).toSorted((a, b) => a - b)
  assert.equal(seqs.at(-1)! - seqs[0]! + 1, seqs.length)
  assert.match((await bifrost('drain', '-c', file)).out, /nothing waits/)
})

test('a duration that is none is a mistake of usage', async (t) => {
  const { file } = await rigOf(t)
  const { code, err } = await bifrost('drain', '-c', file, '--within', 'soon')
  assert.equal(code, 2)
  assert.match(err, /--within soon: give a duration such as 90s or 10m/)
})

test('a second replica refuses to start', async (t) => {
  const { file } = await rigOf(t)
  process.env.BIFROST_REPLICA = '1'
  t.after(() => delete process.env.BIFROST_REPLICA)
  const { code, err } = await bifrost('run', '-c', file)
  assert.equal(code, 78)
  assert.match(err, /BIFROST_REPLICA is 1: this is a second replica.*poll every device once more/)
})
