/** What a scan may do is decided outside of the driver: these tests give it one that tries everything. */
import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import { z } from 'zod'
import { defineDriver, type Context, type FoundDevice, type ScanRange } from '../core/driver.ts'
import { GatewayError } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'
import { parseNetwork, type Network } from '../core/network.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { allowedNetworks } from './allowed.ts'
import { RateLimit } from './rate-limit.ts'
import { scan, type ScanSetup } from './scan.ts'
import { UsedHosts, usedHosts } from './used.ts'

const networks = (...texts: string[]) => texts.map((text) => parseNetwork(text) as Network)

/** A driver whose scan dials `hosts` and says what came of it. */
function dialling(hosts: (range: ScanRange) => Iterable<string>) {
  return defineDriver({
    name: 'eager',
    summary: '',
    options: z.object({}),
    addressExamples: [],
    parseAddress: (text) => text,
    describeAddress: (text) => text,
    line: () => '',
    create: () => assert.fail('not created'),
    async *scan(range: ScanRange, context: Context, signal: AbortSignal): AsyncGenerator<FoundDevice> {
      for (const host of hosts(range)) {
        const outcome = await context.dial({ host, port: range.ports[0]!, connectTimeoutMs: 1000 }, signal).then(
          () => 'connected',
          (error: unknown) => (error instanceof GatewayError ? error.code : String(error)),
        )
        yield { options: {}, endpoint: host, identity: {}, notes: [outcome], tags: [] }
      }
    },
  })
}

function setup(overrides: Partial<ScanSetup> = {}): ScanSetup & { dialled: string[] } {
  const dialled: string[] = []
  return {
    type: dialling((range) => range.hosts),
    networks: networks('10.0.1.0/29'),
    used: new UsedHosts(),
    ports: [502],
    units: [1],
    timeoutMs: 1000,
    concurrency: 4,
    ratePerSecond: 1000,
    clock: new VirtualClock(),
    log: silentLog,
    dialled,
    dial: async (endpoint) => {
      assert.ok('host' in endpoint)
      dialled.push(`${endpoint.host}:${endpoint.port}`)
      return new Duplex()
    },
    ...overrides,
  }
}

async function outcomes(given: ScanSetup): Promise<string[]> {
  const clock = given.clock as VirtualClock
  const state = { done: false }
  const all = (async () => {
    const seen: string[] = []
    for await (const { endpoint, notes } of scan(given, new AbortController().signal))
      seen.push(`${endpoint} ${notes[0]}`)
    state.done = true
    return seen
  })()
  while (!state.done) await clock.advance(10)
  return all
}

test('a host outside of the networks is never connected to, whatever the driver tries; inside it is', async () => {
  const hosts = ['10.0.1.1', '10.0.2.1', '10.0.0.255', 'plc-1', '::1']
  const given = setup({ type: dialling(() => hosts) })
  assert.deepEqual(await outcomes(given), [
    '10.0.1.1 connected',
    ...hosts.slice(1).map((host) => `${host} SCAN_FORBIDDEN`),
  ])
  assert.deepEqual(given.dialled, ['10.0.1.1:502'])
})

test('the host of a device is left alone whatever the port, and told; on loopback only its port', async () => {
  const skipped: string[] = []
  const used = await usedHosts(['tcp://10.0.1.2:502', 'tls://10.0.1.3:802', 'rtu+tcp://10.0.1.4:502', 'opc.tcp://10.0.1.5:4840/path', 'rtu:///dev/ttyUSB0', 'tcp://127.0.0.1:5020']) // prettier-ignore
  const given = setup({ used, networks: networks('10.0.1.0/29', '127.0.0.1'), onSkip: (endpoint) => skipped.push(endpoint) }) // prettier-ignore
  await outcomes(given)
  assert.deepEqual(given.dialled, ['10.0.1.1:502', '10.0.1.6:502', '127.0.0.1:502'])
  assert.deepEqual(skipped, ['10.0.1.2:502', '10.0.1.3:502', '10.0.1.4:502', '10.0.1.5:502'])
  assert.ok(used.has('127.0.0.1', 5020) && !used.has('127.0.0.2', 5020))
})

test('names and spellings hide no device: polled under one, named by the scan under another, it is left alone', async () => {
  const ask = async (line: string, target: string) => {
    const given = setup({ used: await usedHosts([line]), networks: networks(target) })
    await outcomes(given)
    return given.dialled
  }
  assert.deepEqual(await ask('tcp://localhost:502', '127.0.0.1'), [])
  assert.deepEqual(await ask('tcp://127.0.0.1:502', 'localhost'), [])
  assert.deepEqual(await ask('tcp://[::ffff:10.0.1.2]:502', '10.0.1.2'), [])
  assert.deepEqual(await ask('tcp://10.0.1.2:502', '::ffff:a00:102'), [])
  assert.deepEqual(await ask('tcp://[fe80:0:0::1]:502', 'FE80::1'), [])
  assert.deepEqual(await ask('tcp://10.0.1.2:502', '::ffff:a00:103'), ['10.0.1.3:502'])
})

test('a name is connected to by the address that was checked; one that is unknown is not asked', async () => {
  const given = setup({ networks: networks('localhost', 'no-such-host.invalid') })
  const [first = '', second] = await outcomes(given)
  assert.match(first, /^localhost connected$/)
  assert.equal(second, 'no-such-host.invalid NOT_CONNECTED')
  assert.equal(given.dialled.length, 1)
  assert.match(given.dialled[0]!, /^(127\.0\.0\.1|::1):502$/)
})

test('a name for this host itself is not connected to', async () => {
  const given = setup({ networks: networks('0x0') })
  assert.deepEqual(await outcomes(given), ['0x0 NOT_CONNECTED'])
  assert.deepEqual(given.dialled, [])
})

test('while the name of a configured device is unknown nothing is scanned: it could be any of the addresses', async () => {
  await assert.rejects(
    usedHosts(['tcp://no-such-host.invalid:502']),
    (error: unknown) => error instanceof GatewayError && error.code === 'SCAN_FORBIDDEN' && /no-such-host\.invalid.*write its IP address/.test(error.message), // prettier-ignore
  )
})

test('a host and port is connected to once a scan, under whatever names and however often the driver tries', async () => {
  const given = setup({
    type: dialling(() => ['10.0.1.1', '10.0.1.1', '::ffff:10.0.1.1', '127.0.0.1', 'localhost']),
    networks: networks('10.0.1.1', '127.0.0.1', 'localhost'),
  })
  assert.deepEqual((await outcomes(given)).map((line) => line.split(' ')[1]).slice(0, 4), [
    'connected',
    'NOT_CONNECTED',
    'NOT_CONNECTED',
    'connected',
  ])
  assert.equal(given.dialled.filter((one) => one === '127.0.0.1:502').length, 1)
})

test('networks that overlap are asked once', async () => {
  const given = setup({ networks: networks('10.0.1.1', '10.0.1.0/30', '10.0.1.2', '10.0.1.0/29') })
  await outcomes(given)
  assert.equal(new Set(given.dialled).size, 6)
  assert.equal(given.dialled.length, 6)
})

test('new connections keep the rate, also after a pause', async () => {
  const clock = new VirtualClock()
  const times: number[] = []
  const given = setup({ clock, ratePerSecond: 20, onConnect: () => times.push(clock.monotonic()) })
  await outcomes(given)
  assert.equal(times.length, 6)
  assert.deepEqual(times.map((time) => time - times[0]!), [0, 50, 100, 150, 200, 250]) // prettier-ignore
  const rate = new RateLimit(clock, 20)
  await clock.advance(10_000)
  const burst: number[] = []
  for (let index = 0; index < 5; index++)
    void rate.turn(new AbortController().signal).then(() => burst.push(clock.monotonic()))
  await clock.advance(100)
  assert.equal(burst.length, 3, 'a pause gives no right to a burst')
})

test('only what the configuration names may be asked; a narrower network is fine, a wider one is not', () => {
  const allowed = networks('10.0.1.0/24', 'plc-1')
  assert.deepEqual(allowedNetworks(['10.0.1.64/26', 'PLC-1'], allowed, 'bifrost.yaml').length, 2)
  const refuse = (asked: string[], pattern: RegExp, code: string, from = allowed) =>
    assert.throws(
      () => allowedNetworks(asked, from, 'bifrost.yaml'),
      (error: unknown) => error instanceof GatewayError && error.code === code && pattern.test(error.message),
    )
  refuse(['10.0.0.0/16'], /allowed are 10\.0\.1\.0\/24, plc-1.*write into bifrost\.yaml: discovery: \{ networks: \[10\.0\.0\.0\/16\] \}/, 'SCAN_FORBIDDEN') // prettier-ignore
  refuse(['10.0.1.5'], /nothing may be scanned yet/, 'SCAN_FORBIDDEN', [])
  refuse(['10.0.0.0/15'], /131070 addresses are too many.*65536/, 'USAGE', networks('10.0.0.0/8'))
  refuse(['10.0.1.300'], /no IPv4 address/, 'USAGE')
  refuse(['0.0.0.0/0'], /8 to 32/, 'USAGE')
})
