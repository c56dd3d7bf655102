/**
 * The Modbus proxy of a running gateway, with clients that nobody here wrote beside the polls: one connection to the device, read-only
 * unless told otherwise, nothing written that is not on record.
 */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../src/core/clock.ts'
import { quantile } from '../src/core/histogram.ts'
import type { Log } from '../src/core/log.ts'
import { silentLog } from '../src/core/log.ts'
import { modbus } from '../src/drivers/modbus/driver.ts'
import {
  createModbusServer,
  ModbusClient,
  RegisterBank,
  type Fault,
  type ServerRequest,
} from '../src/protocols/modbus/index.ts'
import { startHttp } from '../src/http/server.ts'
import { flatEvents } from '../src/testing/audit-lines.ts'
import { startTestGateway } from '../src/testing/gateway-fixture.ts'
import { exceptionOf, needsPymodbus, peer, PYTHON, run, serialPair, words } from '../src/testing/modbus-strangers.ts'
import { eventually, findCommand, freePort, needs, startProcess } from '../src/testing/peers.ts'
import { dial } from '../src/wire/dial.ts'

interface Plc {
  readonly port: number
  readonly bank: RegisterBank
  readonly server: ReturnType<typeof createModbusServer>
  /** Requests as `unit function`, in order. */
  readonly requests: string[]
  fault: ((request: ServerRequest) => Fault | undefined) | undefined
}

/** A device that takes one connection, as many do; registers hold 1000 more than their address, units 1 and 2 are the same. */
async function startPlc(t: TestContext): Promise<Plc> {
  const all = [{ address: 0, count: 200 }]
  const bank = new RegisterBank({
    coils: all,
    discreteInputs: all,
    inputRegisters: all,
    holdingRegisters: all,
    identification: { 0: 'Acme', 1: 'PM', 2: '3.0' },
  })
  for (let i = 0; i < 200; i++) {
    bank.inputRegisters.set(i, 1000 + i)
    bank.discreteInputs.set(i, i % 3 === 0 ? 1 : 0)
  }
  const server = createModbusServer({
    unit: (id) => (id === 1 || id === 2 ? bank : undefined),
    clock: systemClock,
    maxConnections: 1,
    intercept(request) {
      plc.requests.push(`${request.unit} ${request.pdu[0]}`)
      return plc.fault?.(request)
    },
  })
  const plc: Plc = { port: await server.listen(0), bank, server, requests: [], fault: undefined }
  t.after(() => server.close())
  return plc
}

interface Given {
  readonly proxy?: Record<string, unknown>
  readonly options?: Record<string, unknown>
  readonly everyMs?: number
  readonly tags?: readonly string[]
  readonly log?: Log
}

/** A gateway that polls the device, with a proxy on a free port. */
async function startGateway(t: TestContext, plc: Plc, { proxy, options, everyMs = 50, tags, log }: Given = {}) {
  const port = await freePort()
  const gateway = await startTestGateway(t, {
    devices: [
      {
        name: 'plc',
        type: modbus,
        everyMs,
        options: {
          host: '127.0.0.1',
          port: plc.port,
          timeout: '300ms',
          proxy: { listen: `127.0.0.1:${port}`, ...proxy },
          ...options,
        },
        tags: (tags ?? ['ir:0', 'ir:50', 'ir:100']).map((name) => ({ name, type: 'uint16', writable: true })),
      },
    ],
    ...(log === undefined ? {} : { log }),
  })
  const session = gateway.polling.device('plc')!
  await eventually('the device is polled', () => session.stats.pollsOk > 0)
  const audit = () => flatEvents(join(dirname(gateway.config.file), 'data'))
  return { gateway, session, port, audit }
}

async function connect(t: TestContext, port: number, timeoutMs = 3000): Promise<ModbusClient> {
  const stream = await dial({ host: '127.0.0.1', port, connectTimeoutMs: 2000 })
  const client = new ModbusClient(stream, { maxInFlight: 4, timeoutMs, clock: systemClock, name: 'scada' })
  t.after(() => client.close())
  return client
}

const mbpoll = (port: number, ...args: string[]) =>
  run(findCommand('mbpoll') ?? 'mbpoll', ['-m', 'tcp', '-p', String(port), '-a', '1', '-0', '-1', ...args], {
    timeout: 15_000,
  })

test(
  'pymodbus and mbpoll work through the proxy at once, beside the polls, on a device that takes one connection',
  { skip: needsPymodbus() || needs('mbpoll') },
  async (t) => {
    const plc = await startPlc(t)
    const proxy = { functions: [1, 2, 3, 4, 5, 6, 15, 16, 22, 23, 43], writers: ['127.0.0.1'] }
    const { session, port } = await startGateway(t, plc, { proxy })
    const before = session.stats.pollsOk
    const [pymodbus, first] = await Promise.all([
      run(PYTHON, [peer('pymodbus-client.py'), String(port)], { timeout: 15_000 }),
      mbpoll(port, '-t', '3', '-r', '5', '-c', '2', '127.0.0.1'),
    ])
    assert.match(first.stdout, /\[5\]:\s+1005\s+\[6\]:\s+1006/)
    const told = JSON.parse(pymodbus.stdout) as Record<string, unknown>
    assert.deepEqual(
      told['holding'],
      Array.from({ length: 123 }, (_, i) => 500 + i),
    )
    assert.deepEqual(told['masked'], [0x12ef])
    assert.deepEqual(told['read write'], [7, 501])
    assert.deepEqual(told['identification'], { 0: 'Acme', 1: 'PM', 2: '3.0' })
    assert.equal(told['illegal address'], 2, "the device's own exception comes back as it is")
    assert.equal(told['unknown unit'], 11)
    assert.equal(plc.bank.holdingRegisters.get(10), 7)
    await eventually('polls went on', () => session.stats.pollsOk > before + 3)
    assert.equal(session.stats.pollsFailed, 0)
    assert.deepEqual([plc.server.stats.connections, plc.server.stats.refusedConnections], [1, 0])
    // The control: past the proxy there is no way in.
    await assert.rejects(mbpoll(plc.port, '-t', '3', '-r', '5', '127.0.0.1'))
  },
)

test(
  'mbpoll over TCP reaches the two units of a pymodbus server on a serial line, beside the polls',
  { skip: needsPymodbus() || needs('mbpoll', 'socat') },
  async (t) => {
    const [near, far] = await serialPair(t)
    const server = startProcess(t, PYTHON, [peer('pymodbus-server.py'), far, 'rtu'])
    await server.waitFor(/listening/)
    const listen = `127.0.0.1:${await freePort()}`
    const gateway = await startTestGateway(t, {
      devices: [1, 2].map((unit) => ({
        name: `meter-${unit}`,
        type: modbus,
        options: {
          transport: 'rtu',
          serial: { path: near, parity: 'none' },
          unit,
          proxy: { listen, functions: [3, 6], writers: ['127.0.0.1'] },
        },
        everyMs: 100,
        tags: [{ name: 'hr:0', type: 'uint16' as const }],
      })),
    })
    await eventually('both are polled', () => gateway.polling.devices.every(({ state }) => state === 'Running'), 20_000)
    const port = Number(listen.split(':')[1])
    const read = (unit: number) => mbpoll(port, '-t', '4', '-r', '3', '-a', String(unit), '127.0.0.1')
    const [one, two] = await Promise.all([read(1), read(2)])
    assert.match(one.stdout, /\[3\]:\s+103/)
    assert.match(two.stdout, /\[3\]:\s+203/)
    await mbpoll(port, '-t', '4', '-r', '3', '-a', '2', '127.0.0.1', '4711')
    assert.match((await read(2)).stdout, /\[3\]:\s+4711/)
    assert.match((await read(1)).stdout, /\[3\]:\s+103/)
    assert.ok(gateway.polling.devices.every(({ stats }) => stats.requestsFailed + stats.requestsTimeout === 0))
  },
)

test('by default a client may read, and a write is refused and on record', { skip: needs('mbpoll') }, async (t) => {
  const plc = await startPlc(t)
  const { port, audit } = await startGateway(t, plc)
  assert.match((await mbpoll(port, '-t', '3', '-r', '7', '127.0.0.1')).stdout, /\[7\]:\s+1007/)
  await assert.rejects(mbpoll(port, '-t', '4', '-r', '7', '127.0.0.1', '4711'), /Illegal function/i)
  assert.equal(plc.bank.holdingRegisters.get(7), 0)
  await eventually('the refusal is on record', () => audit().length === 1)
  const [refused] = audit()
  assert.match(refused!.what!, /^unit 1, Write Single Register \(06\) at 7 = 4711$/)
  assert.match(refused!.outcome!, /^refused: function 6 is not among proxy.functions/)
  assert.match(refused!.from!, /^127\.0\.0\.1:\d+$/)
  assert.ok(plc.requests.every((request) => request === '1 4'))
})

test(
  'a write passes where function and client are allowed, and is on record before and after',
  { skip: needs('mbpoll') },
  async (t) => {
    const plc = await startPlc(t)
    const { port, audit } = await startGateway(t, plc, { proxy: { functions: [3, 6], writers: ['127.0.0.0/8'] } })
    assert.match((await mbpoll(port, '-t', '4', '-r', '7', '127.0.0.1', '4711')).stdout, /Written 1 references/)
    assert.equal(plc.bank.holdingRegisters.get(7), 4711)
    const lines = audit()
    assert.deepEqual(
      lines.map(({ outcome }) => outcome),
      ['requested', 'written'],
    )
    assert.equal(lines[0]!.id, lines[1]!.id)
    assert.equal(lines[1]!.object, 'device plc')
  },
)

test('while all writes are locked a client may read and write nothing, on record; also a write that waited for its turn', async (t) => {
  const plc = await startPlc(t)
  const { port, audit, gateway } = await startGateway(t, plc, { proxy: { functions: [3, 6], writers: ['127.0.0.1'] } })
  const client = await connect(t, port)
  const asker = { user: 'ada', from: 'test', reason: 'works on press 1' }
  await client.writeRegister(1, 7, 1)
  plc.fault = () => ({ delayMs: 150 })
  const first = client.writeRegister(1, 7, 2)
  const second = exceptionOf(client.writeRegister(1, 7, 3))
  await eventually('both are on record', () => audit().filter(({ outcome }) => outcome === 'requested').length === 3)
  await gateway.writesLock.lock(asker)
  await first
  assert.equal(await second, 1, 'it was not sent: its turn came after the lock')
  plc.fault = undefined
  assert.equal(await exceptionOf(client.writeRegister(1, 7, 4)), 1)
  assert.deepEqual(words(await client.readHoldingRegisters(1, 7, 1)), [2])
  await eventually('the refusal is on record', () =>
    audit().some(({ outcome }) => outcome!.startsWith('refused: All writes are locked: by ada')),
  )
  assert.ok(audit().some(({ outcome }) => outcome!.startsWith('not sent: All writes are locked: by ada')))
  await gateway.writesLock.unlock(asker)
  await client.writeRegister(1, 7, 5)
  assert.deepEqual(words(await client.readHoldingRegisters(1, 7, 1)), [5])
})

test('who is not among the writers is refused, however often it tries, in a bounded number of records', async (t) => {
  const plc = await startPlc(t)
  const { port, audit } = await startGateway(t, plc, { proxy: { functions: [3, 6], writers: ['10.0.0.0/8', '::1'] } })
  const client = await connect(t, port)
  for (let i = 0; i < 200; i++) assert.equal(await exceptionOf(client.writeRegister(1, 7, i)), 1)
  assert.deepEqual(words(await client.readHoldingRegisters(1, 7, 1)), [0], 'reading is not affected')
  await eventually('the refusal is on record', () => audit().length > 0)
  assert.equal(audit().length, 1)
  assert.match(audit()[0]!.outcome!, /127\.0\.0\.1 is not among proxy\.writers/)
  assert.ok(!plc.requests.includes('1 6'))
})

test('unit 0, units that nobody names, diagnostics and unknown encapsulations never reach the device', async (t) => {
  const plc = await startPlc(t)
  const open = { functions: [3, 6, 43, 65], writers: ['127.0.0.1'] }
  const { port, audit } = await startGateway(t, plc, { proxy: open })
  const client = await connect(t, port)
  assert.equal(await exceptionOf(client.readHoldingRegisters(0, 0, 1)), 0x0b)
  assert.equal(await exceptionOf(client.writeRegister(0, 0, 1)), 0x0b)
  assert.equal(
    await exceptionOf(client.readHoldingRegisters(2, 0, 1)),
    0x0b,
    'the device has it, the configuration does not',
  )
  assert.equal(await exceptionOf(client.request(1, Uint8Array.of(8, 0, 4, 0, 0))), 1)
  assert.equal(await exceptionOf(client.request(1, Uint8Array.of(43, 13, 0, 0))), 1)
  assert.equal(await exceptionOf(client.request(1, Uint8Array.of(3, 0, 0, 0, 126))), 3, 'more than the function allows')
  assert.equal(await exceptionOf(client.request(1, Uint8Array.of(3, 255, 255, 0, 2))), 2)
  assert.equal(
    await exceptionOf(client.request(1, Uint8Array.of(16, 0, 0, 0, 1, 2, 0, 1))),
    1,
    'not among the functions',
  )
  assert.ok(
    plc.requests.every((request) => request === '1 4'),
    plc.requests.join(),
  )
  await eventually('the broadcast is on record', () => audit().some(({ outcome }) => /broadcast/.test(outcome!)))
  assert.equal((await client.readDeviceIdentification(1)).vendor, 'Acme', 'identification passes where it is allowed')
})

test('API and metrics show who connects, what is asked, answered from the cache and refused why, and how much of the line it takes', async (t) => {
  const plc = await startPlc(t)
  plc.fault = ({ pdu }) => (pdu[0] === 3 ? { delayMs: 20 } : undefined)
  const given = { proxy: { functions: [3, 6], writers: ['10.0.0.7'], maxAge: '5s', maxClients: 1 }, everyMs: 200 }
  const { gateway, port } = await startGateway(t, plc, given)
  const client = await connect(t, port)
  for (let i = 0; i < 5; i++) await client.readHoldingRegisters(1, i, 1)
  await client.readHoldingRegisters(1, 0, 1)
  await exceptionOf(client.readHoldingRegisters(9, 0, 1))
  await exceptionOf(client.readCoils(1, 0, 1))
  await exceptionOf(client.writeRegister(1, 0, 1))
  await exceptionOf(client.request(1, Uint8Array.of(3, 0, 0, 0, 126)))
  const second = await connect(t, port)
  await eventually('the second client is sent away', () => second.closed)
  const refused = { function: 1, writer: 1, unit: 1, shape: 1, busy: 0, away: 0, record: 0, locked: 0, full: 1 }
  const counts = { clients: 1, requests: 10, cached: 1, refused }

  const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open' })
  t.after(() => http.close())
  const { lines } = (await (await fetch(`${http.url}/api/v1/lines`)).json()) as {
    lines: {
      units: { device: string; unit: number; by: string; requests: number; share: number }[]
      proxies: unknown[]
    }[]
  }
  assert.deepEqual(lines[0]!.proxies, [{ device: 'plc', listen: `127.0.0.1:${port}`, ...counts }])
  const own = lines[0]!.units.find(({ by }) => by === 'proxy')!
  assert.deepEqual([own.device, own.unit, own.requests], ['plc', 1, 5])
  assert.ok(own.share > 0)
  assert.ok(lines[0]!.units.some(({ by, requests }) => by === 'gateway' && requests > 0))

  const text = await (await fetch(`${http.url}/metrics`)).text()
  const sample = (name: string, more = '') =>
    Number(new RegExp(`^${name}\\{device="plc",driver="modbus"${more}\\} (\\S+)$`, 'm').exec(text)?.[1])
  assert.equal(sample('bifrost_proxy_clients'), 1)
  assert.equal(sample('bifrost_proxy_requests_total'), 10)
  assert.equal(sample('bifrost_proxy_cache_hits_total'), 1)
  for (const [reason, count] of Object.entries(refused))
    assert.equal(sample('bifrost_proxy_refusals_total', `,reason="${reason}"`), count, reason)
  assert.match(text, /^bifrost_line_busy_seconds_total\{line="[^"]+",device="plc",unit="1",by="proxy"\} 0\.\d+$/m)
})

test('units that tags name are reached too', async (t) => {
  const plc = await startPlc(t)
  const { port } = await startGateway(t, plc, { tags: ['ir:0', '2.ir:5'] })
  const client = await connect(t, port)
  assert.deepEqual(words(await client.readInputRegisters(2, 5, 1)), [1005])
})

test('two devices of one line behind the same address: requests go by unit id', async (t) => {
  const plc = await startPlc(t)
  const listen = `127.0.0.1:${await freePort()}`
  const device = (name: string, unit: number, writers: string[]) => ({
    name,
    type: modbus,
    options: {
      host: '127.0.0.1',
      port: plc.port,
      unit,
      proxy: { listen, functions: [4, 6], writers },
    },
    tags: [{ name: 'ir:0', type: 'uint16' as const }],
  })
  const gateway = await startTestGateway(t, { devices: [device('one', 1, []), device('two', 2, ['127.0.0.1'])] })
  await eventually('both run', () => gateway.polling.devices.every(({ state }) => state === 'Running'))
  const client = await connect(t, Number(listen.split(':')[1]))
  assert.equal(await exceptionOf(client.writeRegister(1, 3, 9)), 1, 'each device has its own rules')
  await client.writeRegister(2, 3, 9)
  assert.equal(plc.bank.holdingRegisters.get(3), 9)
  assert.deepEqual(words(await client.readInputRegisters(1, 3, 1)), [1003])
})

test('two devices that name the same unit behind the same address: the first is asked, and the log says so', async (t) => {
  const plc = await startPlc(t)
  const listen = `127.0.0.1:${await freePort()}`
  const warnings: string[] = []
  const log: Log = { ...silentLog, warn: (_fields, sentence) => void warnings.push(sentence), child: () => log }
  const device = (name: string, writers: string[]) => ({
    name,
    type: modbus,
    options: { host: '127.0.0.1', port: plc.port, proxy: { listen, functions: [4, 6], writers } },
    tags: [{ name: 'ir:0', type: 'uint16' as const }],
  })
  const gateway = await startTestGateway(t, { devices: [device('one', []), device('two', ['127.0.0.1'])], log })
  await eventually('both run', () => gateway.polling.devices.every(({ state }) => state === 'Running'))
  const client = await connect(t, Number(listen.split(':')[1]))
  assert.equal(await exceptionOf(client.writeRegister(1, 3, 9)), 1)
  assert.equal(warnings.filter((line) => /^Unit 1 on .* through another device/.test(line)).length, 1)
})

test('answers may be as old as maxAge, whoever asked; a write forgets them', async (t) => {
  const plc = await startPlc(t)
  const proxy = { maxAge: '500ms', functions: [3, 4, 6], writers: ['127.0.0.1'] }
  const { port, gateway } = await startGateway(t, plc, { proxy, tags: ['ir:0', 'hr:20'], everyMs: 5000 })
  const [a, b] = [await connect(t, port), await connect(t, port)]
  const asked = () => plc.requests.filter((request) => request === '1 3').length
  const before = asked()
  plc.bank.holdingRegisters.set(10, 1)
  assert.deepEqual(words(await a.readHoldingRegisters(1, 10, 4)), [1, 0, 0, 0])
  plc.bank.holdingRegisters.set(10, 2)
  assert.deepEqual(
    words(await b.readHoldingRegisters(1, 10, 1)),
    [1],
    'from the other client, half a second old at most',
  )
  assert.equal(asked(), before + 1)
  await new Promise((resolve) => setTimeout(resolve, 600))
  assert.deepEqual(words(await b.readHoldingRegisters(1, 10, 1)), [2])
  await a.writeRegister(1, 10, 3)
  assert.deepEqual(words(await b.readHoldingRegisters(1, 10, 1)), [3], 'a write of a client')
  await gateway.commands.write({ device: 'plc', tag: 'hr:20', value: 5, user: 'ada', from: 'test' })
  plc.bank.holdingRegisters.set(10, 4)
  assert.deepEqual(words(await b.readHoldingRegisters(1, 10, 1)), [4], 'a write of the gateway')
})

test('what the polls read lately is not asked again', async (t) => {
  const plc = await startPlc(t)
  const given = { proxy: { maxAge: '5s' }, tags: ['ir:3', 'ir:4', 'ir:6'], everyMs: 60_000 }
  const { port } = await startGateway(t, plc, given)
  const client = await connect(t, port)
  const polled = plc.requests.length
  assert.deepEqual(words(await client.readInputRegisters(1, 4, 2)), [1004, 1005], 'a part of a block, the gap included')
  assert.equal(plc.requests.length, polled)
  assert.deepEqual(words(await client.readInputRegisters(1, 7, 1)), [1007])
  assert.equal(plc.requests.length, polled + 1, 'the control: what no poll reads is asked')
})

test('without maxAge every read asks the device', async (t) => {
  const plc = await startPlc(t)
  const { port } = await startGateway(t, plc, { everyMs: 5000 })
  const client = await connect(t, port)
  for (let i = 1; i <= 5; i++) {
    plc.bank.holdingRegisters.set(0, i)
    assert.deepEqual(words(await client.readHoldingRegisters(1, 0, 1)), [i])
  }
})

test('a write whose reply is lost is 0B to the client and unknown on record; it is sent once', async (t) => {
  const plc = await startPlc(t)
  const { port, audit } = await startGateway(t, plc, { proxy: { functions: [3, 6], writers: ['127.0.0.1'] } })
  plc.fault = ({ pdu }) => (pdu[0] === 6 ? { silent: true } : undefined)
  const client = await connect(t, port)
  assert.equal(await exceptionOf(client.writeRegister(1, 7, 1)), 0x0b)
  assert.match(audit().at(-1)!.outcome!, /^unknown, it may have been carried out/)
  plc.fault = ({ pdu }) => (pdu[0] === 6 ? { exception: 4 } : undefined)
  assert.equal(await exceptionOf(client.writeRegister(1, 7, 1)), 4)
  assert.match(audit().at(-1)!.outcome!, /^refused by the device: .*exception 04/)
  assert.equal(plc.requests.filter((request) => request === '1 6').length, 2)
})

test('a device that is away is 0A at once; a unit that keeps silent is 0B, and soon without being asked', async (t) => {
  const plc = await startPlc(t)
  const { port, session } = await startGateway(t, plc, { tags: ['ir:0', '2.ir:0'] })
  const client = await connect(t, port)
  plc.fault = ({ unit }) => (unit === 2 ? { silent: true } : undefined)
  for (let i = 0; i < 3; i++) assert.equal(await exceptionOf(client.readInputRegisters(2, 9, 1)), 0x0b)
  const began = performance.now()
  assert.equal(await exceptionOf(client.readInputRegisters(2, 9, 1)), 0x0b)
  assert.ok(performance.now() - began < 200, 'it is not asked again so soon')
  assert.deepEqual(words(await client.readInputRegisters(1, 9, 1)), [1009], 'the other unit is not affected')
  await plc.server.close()
  await eventually('the device is away', () => session.state !== 'Running' && session.state !== 'Degraded')
  const asked = performance.now()
  assert.equal(await exceptionOf(client.readInputRegisters(1, 9, 1)), 0x0a)
  assert.ok(performance.now() - asked < 200)
})

for (const [what, ask] of [
  ['read', (client: ModbusClient) => client.readHoldingRegisters(1, 0, 1)],
  ['write', (client: ModbusClient) => client.writeRegister(1, 0, 1)],
] as const) {
  test(`clients that ${what} without end do not push the polls out of their time`, async (t) => {
    const plc = await startPlc(t)
    plc.fault = () => ({ delayMs: 5 })
    const proxy = { functions: [3, 6], writers: ['127.0.0.1'] }
    const { port, session } = await startGateway(t, plc, { everyMs: 100, proxy })
    const clients = await Promise.all(Array.from({ length: 6 }, () => connect(t, port)))
    const { overruns } = session.stats
    const until = performance.now() + 2000
    const floods = clients.map(async (client) => {
      let answers = 0
      // Four at a time on each of six connections.
      const go = async () => {
        while (performance.now() < until) {
          await ask(client)
          answers++
        }
      }
      await Promise.all([go(), go(), go(), go()])
      return answers
    })
    const answers = await Promise.all(floods)
    assert.ok(
      answers.every((count) => count > 10),
      `each client gets its share: ${answers.join()}`,
    )
    assert.ok(Math.max(...answers) < 2 * Math.min(...answers), `and about the same: ${answers.join()}`)
    // 24 requests wait; a poll waits for one or two of them, not for all: 24 would be 144 ms and more.
    assert.ok(quantile(session.stats.lateness, 0.95)! < 0.1, `late by ${quantile(session.stats.lateness, 0.95)} s`)
    assert.ok(session.stats.overruns - overruns <= 2, `${session.stats.overruns} polls missed`)
  })
}

test('clients that write without end to two devices of a line do not push its polls out of their time', async (t) => {
  const plc = await startPlc(t)
  plc.fault = () => ({ delayMs: 10 })
  const listen = `127.0.0.1:${await freePort()}`
  const proxy = { listen, functions: [6], writers: ['127.0.0.1'] }
  const gateway = await startTestGateway(t, {
    devices: [1, 2].map((unit) => ({
      name: `plc-${unit}`,
      type: modbus,
      options: { host: '127.0.0.1', port: plc.port, unit, timeout: '300ms', proxy },
      everyMs: 200,
      tags: [{ name: 'ir:0', type: 'uint16' as const }],
    })),
  })
  const { devices } = gateway.polling
  await eventually('both run', () => devices.every(({ state }) => state === 'Running'))
  const clients = await Promise.all(Array.from({ length: 8 }, () => connect(t, Number(listen.split(':')[1]))))
  const polls = devices.map(({ stats }) => stats.pollsOk)
  const until = performance.now() + 2000
  let writes = 0
  // While one device's write is on the line, the other's waits for it: there is always one that would go ahead of the polls.
  const flood = async (client: ModbusClient, unit: number) => {
    for (; performance.now() < until; writes++) await client.writeRegister(unit, 0, writes % 1000)
  }
  await Promise.all(clients.map((client, i) => flood(client, 1 + (i % 2))))
  assert.ok(writes > 50, `${writes} writes`)
  for (const [i, { name, stats }] of devices.entries()) {
    assert.ok(stats.pollsOk - polls[i]! >= 7, `${name}: ${stats.pollsOk - polls[i]!} of 10 polls`)
  }
})

test('more clients than allowed are sent away; one that goes makes room', async (t) => {
  const plc = await startPlc(t)
  const { port } = await startGateway(t, plc, { proxy: { maxClients: 2 } })
  const [first] = [await connect(t, port), await connect(t, port)]
  const third = await connect(t, port)
  await eventually('the third is closed', () => third.closed)
  first.close()
  await eventually('there is room again', async () => {
    const next = await connect(t, port)
    return next.readInputRegisters(1, 1, 1).then(
      () => true,
      () => false,
    )
  })
})

test('a port that is taken: the device goes on, the proxy says so and comes when the port is free', async (t) => {
  const plc = await startPlc(t)
  const port = await freePort()
  const other = createServer().listen(port, '127.0.0.1')
  t.after(() => other.close())
  const lines: string[] = []
  const tell = (_fields: object, sentence: string) => lines.push(sentence)
  const log: Log = { ...silentLog, info: tell, warn: tell, error: tell, child: () => log }
  const { session } = await startGateway(t, plc, { proxy: { listen: `127.0.0.1:${port}` }, log })
  await eventually('it is in the log', () => lines.some((line) => /cannot listen on .*the port is in use/.test(line)))
  await eventually('the device says so', () => session.state === 'Degraded')
  assert.equal(session.reason, `The proxy cannot listen on 127.0.0.1:${port}: the port is in use.`)
  assert.equal(session.stats.pollsFailed, 0)
  other.close()
  await eventually('the proxy listens', () => lines.some((line) => /The proxy listens on/.test(line)))
  assert.deepEqual(words(await (await connect(t, port)).readInputRegisters(1, 1, 1)), [1001])
  await eventually('nothing is wrong any more', () => session.state === 'Running')
  assert.equal(lines.filter((line) => /cannot listen.*next attempt/.test(line)).length, 1, 'said once')
})

test('an address that others can reach is said aloud', async (t) => {
  const plc = await startPlc(t)
  const warnings: string[] = []
  const log: Log = { ...silentLog, warn: (_fields, sentence) => void warnings.push(sentence), child: () => log }
  await startGateway(t, plc, { proxy: { listen: `0.0.0.0:${await freePort()}` }, log })
  await eventually('a warning', () => warnings.some((line) => /WHOEVER REACHES THIS ADDRESS/.test(line)))
})

test('a gateway that stops puts the write in flight on record', async (t) => {
  const plc = await startPlc(t)
  const { port, gateway, audit } = await startGateway(t, plc, {
    proxy: { functions: [6], writers: ['127.0.0.1'] },
    options: { timeout: '10s' },
  })
  plc.fault = ({ pdu }) => (pdu[0] === 6 ? { silent: true } : undefined)
  const client = await connect(t, port, 10_000)
  const write = client.writeRegister(1, 7, 1).catch(() => 'gone')
  await eventually('it is sent', () => plc.requests.includes('1 6'))
  await gateway.stop()
  assert.equal(await write, 'gone')
  assert.deepEqual(
    audit().map(({ outcome }) => outcome!.replace(/:.*/, '')),
    ['requested', 'unknown, it may have been carried out'],
  )
})
