/**
 * Our servers on every transport with clients that nobody here wrote: pymodbus on TCP, UDP, RTU, ASCII and both over TCP;
 * libmodbus and mbpoll on RTU, mbpoll behind socat on TLS. Serial lines are pairs of pseudo terminals.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../src/core/clock.ts'
import { RegisterBank, createModbusServer, type ModbusServer } from '../src/protocols/modbus/index.ts'
import { createAuthority, createCertificate } from '../src/testing/certificates.ts'
import {
  PYTHON,
  compile,
  needsLibmodbus,
  needsPymodbus,
  peer,
  run,
  serialPair,
} from '../src/testing/modbus-strangers.ts'
import { eventually, findCommand, freePort, needs, startProcess, temporaryFolder } from '../src/testing/peers.ts'
import { dial } from '../src/wire/dial.ts'

const BAUD = 19_200
const QUEUE = 0x04de

/** A server with the same map in unit 1 for every foreign client. */
function createOwnServer(t: TestContext): { server: ModbusServer; bank: RegisterBank } {
  const all = [{ address: 0, count: 200 }]
  const bank = new RegisterBank({
    coils: all,
    discreteInputs: all,
    inputRegisters: all,
    holdingRegisters: all,
    identification: { 0: 'Acme', 1: 'PM', 2: '3.0' },
    exceptionStatus: 0x6d,
    serverId: Uint8Array.of(0x41, 0x42, 0xff),
    files: [{ file: 4, records: 10 }],
    fifos: [QUEUE],
  })
  // This pymodbus leaves out the last four registers of a queue.
  bank.fifos.get(QUEUE)!.push(0x01b8, 0x1284, 3, 4, 5, 6)
  bank.diagnosticRegister = 0x1234
  for (let i = 0; i < 200; i++) {
    bank.inputRegisters.set(i, 1000 + i)
    bank.discreteInputs.set(i, i % 3 === 0 ? 1 : 0)
  }
  const server = createModbusServer({ unit: (id) => (id === 1 ? bank : undefined), clock: systemClock })
  t.after(() => server.close())
  return { server, bank }
}

/** Our server on one end of a serial line; gives the other end. */
async function serveOnLine(t: TestContext, framing: 'rtu' | 'ascii') {
  const [ours, theirs] = await serialPair(t)
  const line = { transport: 'serial', path: ours, baud: BAUD, dataBits: 8, parity: 'none', stopBits: 1 } as const
  const own = createOwnServer(t)
  own.server.serve(await dial(line), framing, { baud: BAUD })
  return { ...own, path: theirs }
}

/** What pymodbus must get from a fresh server, whatever the transport. */
const EXPECTED = {
  'write coil': true,
  'write coils': true,
  coils: Array.from({ length: 19 }, (_, at) => at === 3 || at === 8 || at >= 10),
  'discrete inputs': Array.from({ length: 10 }, (_, i) => i % 3 === 0),
  'write register': true,
  'write registers': true,
  holding: Array.from({ length: 123 }, (_, i) => 500 + i),
  input: [1005, 1006, 1007],
  mask: true,
  masked: [0x12ef],
  'read write': [7, 501],
  identification: { 0: 'Acme', 1: 'PM', 2: '3.0' },
  'illegal address': 2,
  'exception status': 0x6d,
  loopback: [0xa537],
  'diagnostic register': [0x1234],
  exceptions: [1],
  messages: [18],
  'event counter': [true, 17],
  // Function 12 itself is the 20th message; its events, the newest first: received, sent, received, sent.
  'event log': [true, 17, 20, [0x80, 0x40, 0x80, 0x40]],
  'server id': [[0x41, 0x42, 0xff], true],
  'write file': 21,
  'read file': [[0x06, 0xaf, 0x04, 0xbe]],
  queue: [0x01b8, 0x1284],
}

async function pymodbus(where: number | string, transport: string, ...more: string[]): Promise<unknown> {
  const args = [peer('pymodbus-client.py'), String(where), transport, ...more]
  const { stdout } = await run(PYTHON, args, { timeout: 20_000 })
  return JSON.parse(stdout)
}

const WITH_UNKNOWN_UNIT = { ...EXPECTED, 'unknown unit': 11 }

test('a pymodbus client against our server: tcp', { skip: needsPymodbus() }, async (t) => {
  const { server } = createOwnServer(t)
  assert.deepEqual(await pymodbus(await server.listen(0), 'tcp'), WITH_UNKNOWN_UNIT)
})

test('a pymodbus client against our server: udp', { skip: needsPymodbus() }, async (t) => {
  const { server } = createOwnServer(t)
  assert.deepEqual(await pymodbus(await server.listenUdp(0), 'udp'), WITH_UNKNOWN_UNIT)
})

test(
  'mbpoll through a TLS client made of socat against our server: tls with client certificates',
  {
    skip: needs('mbpoll', 'socat', 'openssl'),
  },
  async (t) => {
    const folder = temporaryFolder(t)
    const authority = createAuthority(folder, 'plant')
    const device = createCertificate(folder, 'device', authority, 'localhost')
    const client = createCertificate(folder, 'client', authority, 'client')
    const { server, bank } = createOwnServer(t)
    const tls = {
      cert: readFileSync(device.cert),
      key: readFileSync(device.key),
      ca: readFileSync(authority.cert),
      requestClientCertificate: true,
    }
    const port = await server.listen(0, '127.0.0.1', { tls })
    const plain = await freePort()
    const certificates = `cafile=${authority.cert},cert=${client.cert},key=${client.key}`
    startProcess(t, 'socat', [
      `TCP-LISTEN:${plain},bind=127.0.0.1,reuseaddr,fork`,
      `OPENSSL:localhost:${port},pf=ip4,verify=1,${certificates}`,
    ])
    const poll = (...args: string[]) =>
      run(findCommand('mbpoll') ?? 'mbpoll', ['-m', 'tcp', '-p', String(plain), '-a', '1', '-0', '-1', ...args], {
        timeout: 20_000,
      })
    let text = ''
    await eventually('mbpoll reads', async () => {
      text = (await poll('-t', '3', '-r', '5', '-c', '2', '127.0.0.1').catch(() => ({ stdout: '' }))).stdout
      return text !== ''
    })
    assert.match(text, /\[5\]:\s+1005\s+\[6\]:\s+1006/)
    await poll('-t', '4', '-r', '7', '127.0.0.1', '4711')
    assert.equal(bank.holdingRegisters.get(7), 4711)
  },
)

for (const framing of ['rtu', 'ascii'] as const) {
  test(`a pymodbus client against our server: ${framing} over tcp`, { skip: needsPymodbus() }, async (t) => {
    const { server } = createOwnServer(t)
    const port = await server.listen(0, '127.0.0.1', { framing })
    assert.deepEqual(await pymodbus(port, `${framing}-over-tcp`), EXPECTED)
  })

  test(
    `a pymodbus client against our server: ${framing} on a serial line`,
    {
      skip: needsPymodbus() || needs('socat'),
    },
    async (t) => {
      const { path } = await serveOnLine(t, framing)
      assert.deepEqual(await pymodbus(path, framing), EXPECTED)
    },
  )
}

test(
  'a libmodbus client against our server: rtu on a serial line',
  {
    skip: needsLibmodbus() || needs('socat'),
  },
  async (t) => {
    const { path } = await serveOnLine(t, 'rtu')
    const { stdout } = await run(await compile(t, 'libmodbus-client'), [path, 'id'], { timeout: 20_000 })
    assert.deepEqual(stdout.trim().split('\n'), [
      'write coil 1',
      'write coils 11',
      'coils 19: 0001000010111111111',
      'discrete inputs 10: 1001001001',
      'write register 1',
      'write registers 3',
      'holding 3: 7 8 9',
      'input 3: 1005 1006 1007',
      'mask 1',
      'masked 1: 4847',
      'read write 2: 9 8',
      'longest 0:',
      'server id 3: 65 66 \ufffd',
      'illegal address -1 1',
    ])
  },
)

test('mbpoll against our server: rtu on a serial line', { skip: needs('mbpoll', 'socat') }, async (t) => {
  const { path, bank } = await serveOnLine(t, 'rtu')
  const line = ['-m', 'rtu', '-b', String(BAUD), '-P', 'none', '-a', '1', '-0', '-1']
  const mbpoll = (...args: string[]) => run(findCommand('mbpoll') ?? 'mbpoll', [...line, ...args], { timeout: 20_000 })
  assert.match((await mbpoll('-t', '3', '-r', '5', '-c', '2', path)).stdout, /\[5\]:\s+1005\s+\[6\]:\s+1006/)
  assert.match((await mbpoll('-t', '4', '-r', '7', path, '4711', '4712')).stdout, /Written 2 references/)
  assert.deepEqual([bank.holdingRegisters.get(7), bank.holdingRegisters.get(8)], [4711, 4712])
  await mbpoll('-t', '0', '-r', '2', path, '1')
  assert.equal(bank.coils.get(2), 1)
})
