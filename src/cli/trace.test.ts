/** The capture file of `bifrost trace`, to a file and down a pipe, however the trace ends: tshark opens it. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { bifrost, startGatewayProcess, type GatewayProcess } from '../testing/gateway-process.ts'
import { startDevice } from '../testing/modbus-device.ts'
import { eventually, findCommand, needs, temporaryFolder } from '../testing/peers.ts'

const LAUNCHER = join(import.meta.dirname, '..', '..', 'bin', 'bifrost')

async function gatewayOf(t: TestContext): Promise<GatewayProcess> {
  const { options } = await startDevice(t)
  const gateway = await startGatewayProcess(t, {
    yaml: `devices:\n  - name: press-1\n    driver: modbus\n    options: ${JSON.stringify(options)}\n    every: 100ms\n    tags: [{ name: a, address: hr:0, type: uint16 }]\n`,
  })
  await eventually('a value', async () => (await gateway.values())[0]?.value !== undefined)
  return gateway
}

/** `bifrost trace press-1 --pcapng - …`, its stdout a pipe that the test reads. */
function piped(t: TestContext, gateway: GatewayProcess, ...more: string[]) {
  const child = spawn(LAUNCHER, ['trace', 'press-1', '--url', gateway.url, '--pcapng', '-', ...more])
  t.after(() => child.kill('SIGKILL'))
  const chunks: Buffer[] = []
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.on('data', (chunk) => (err += chunk))
  const ended = once(child, 'close').then(([code]) => code as number)
  return { child, ended, bytes: () => Buffer.concat(chunks), err: () => err }
}

/** The functions of the packets, as tshark reads them without a complaint. */
function packetsOf(t: TestContext, capture: Buffer | string): string[] {
  const file = typeof capture === 'string' ? capture : join(temporaryFolder(t), 'piped.pcapng')
  if (typeof capture !== 'string') writeFileSync(file, capture)
  const args = ['-r', file, '-T', 'fields', '-e', 'modbus.func_code']
  const { stdout, stderr, status } = spawnSync(findCommand('tshark')!, args, { encoding: 'utf8' })
  const complaints = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('Running as user'))
  assert.deepEqual([status, complaints], [0, []])
  return stdout.split('\n').filter((line) => line !== '')
}

const isTraced = async (gateway: GatewayProcess) =>
  (await gateway.get<{ active: boolean }>('devices/press-1/trace')).active

test(
  'a capture goes down a pipe while the trace runs, and is whole however it ends',
  { skip: needs('tshark') },
  async (t) => {
    const gateway = await gatewayOf(t)
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 130],
    ] as const) {
      const trace = piped(t, gateway, '--for', '60s')
      await eventually('packets, while it runs', () => trace.bytes().length > 1000)
      assert.ok(packetsOf(t, trace.bytes()).length >= 2, 'what is there is a whole file at any moment')
      trace.child.kill(signal)
      assert.equal(await trace.ended, code, trace.err())
      assert.ok(packetsOf(t, trace.bytes()).every((code) => code === '3'))
      assert.equal(await isTraced(gateway), false, 'stopped at the gateway')
    }
    const counted = piped(t, gateway, '--count', '4')
    assert.equal(await counted.ended, 0, counted.err())
    assert.equal(packetsOf(t, counted.bytes()).length, 8, 'as many as were asked for')
    const followed = piped(t, gateway, '--follow')
    await eventually('packets', () => followed.bytes().length > 1000)
    await fetch(`${gateway.url}/api/v1/devices/press-1/trace`, { method: 'DELETE' })
    assert.equal(await followed.ended, 0, 'the trace was stopped at the gateway')
    assert.ok(packetsOf(t, followed.bytes()).length >= 2)
  },
)

test('a reader that goes away ends the trace, also at the gateway', async (t) => {
  const gateway = await gatewayOf(t)
  const trace = piped(t, gateway, '--follow')
  await once(trace.child.stdout, 'data')
  trace.child.stdout.destroy()
  assert.equal(await trace.ended, 0, trace.err())
  assert.equal(await isTraced(gateway), false)
})

test('a capture in a file has every exchange, once', { skip: needs('tshark') }, async (t) => {
  const gateway = await gatewayOf(t)
  const file = join(temporaryFolder(t), 'press-1.pcapng')
  writeFileSync(file, 'what was there before')
  const { code, out, err } = await bifrost('trace', 'press-1', '--url', gateway.url, '--for', '1s', '--pcapng', file)
  assert.equal(code, 0, err)
  assert.equal(packetsOf(t, file).length, out.trim().split('\n').length, 'as many as were shown')
  assert.match(err, new RegExp(`press-1\\.pcapng: ${readFileSync(file).length} bytes, for Wireshark`))
  const none = await bifrost('trace', 'press-1', '--url', gateway.url, '--for', '300ms', '--pcapng', '/dev/stdout')
  assert.doesNotMatch(none.out, /→/, 'no words among the bytes')
})
