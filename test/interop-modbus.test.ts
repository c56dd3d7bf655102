/**
 * Modbus TCP peers that nobody here wrote: our client against pymodbus and libmodbus servers, pymodbus, libmodbus and mbpoll
 * clients against our server.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../src/core/clock.ts'
import { ModbusClient, RegisterBank, createModbusServer } from '../src/protocols/modbus/index.ts'
import {
  compile,
  needsLibmodbus,
  needsPymodbus,
  peer,
  PYTHON,
  run,
  tryAllFunctions,
  words,
} from '../src/testing/modbus-strangers.ts'
import { findCommand, freePort, needs, startProcess } from '../src/testing/peers.ts'
import { dial } from '../src/wire/dial.ts'

async function connectClient(t: TestContext, port: number, maxInFlight: number): Promise<ModbusClient> {
  const end = Date.now() + 10_000
  for (;;) {
    try {
      const socket = await dial({ host: '127.0.0.1', port, connectTimeoutMs: 1000 })
      const client = new ModbusClient(socket, {
        maxInFlight,
        timeoutMs: 3000,
        clock: systemClock,
        name: `127.0.0.1:${port}`,
      })
      t.after(() => client.close())
      return client
    } catch (error) {
      if (Date.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

test(
  'our client against a pymodbus server: every function, two units, 16 in flight',
  { skip: needsPymodbus() },
  async (t) => {
    const port = await freePort()
    const server = startProcess(t, PYTHON, [peer('pymodbus-server.py'), String(port)])
    await server.waitFor(/listening/)
    const client = await connectClient(t, port, 16)
    await tryAllFunctions(client, 1, 100)
    assert.deepEqual(words(await client.readHoldingRegisters(2, 0, 1)), [200])
    const { vendor, product, revision } = await client.readDeviceIdentification(1)
    assert.deepEqual({ vendor, product, revision }, { vendor: 'Acme', product: 'PM', revision: '3.0' })
  },
)

test('our client against a libmodbus server: every function it has', { skip: needsLibmodbus() }, async (t) => {
  const port = await freePort()
  const server = startProcess(t, await compile(t, 'libmodbus-server'), [String(port)])
  await server.waitFor(/listening/)
  await tryAllFunctions(await connectClient(t, port, 16), 1, 100)
})

/** Our server with the same map in unit 1 for every foreign client. */
async function startOwnServer(t: TestContext): Promise<{ port: number; bank: RegisterBank }> {
  const all = [{ address: 0, count: 200 }]
  const identification = { 0: 'Acme', 1: 'PM', 2: '3.0' }
  const bank = new RegisterBank({
    coils: all,
    discreteInputs: all,
    inputRegisters: all,
    holdingRegisters: all,
    identification,
  })
  for (let i = 0; i < 200; i++) {
    bank.inputRegisters.set(i, 1000 + i)
    bank.discreteInputs.set(i, i % 3 === 0 ? 1 : 0)
  }
  const server = createModbusServer({ unit: (id) => (id === 1 ? bank : undefined), clock: systemClock })
  t.after(() => server.close())
  return { port: await server.listen(0), bank }
}

test(
  'a pymodbus client against our server: every function, exceptions 02 and 0B',
  { skip: needsPymodbus() },
  async (t) => {
    const { port, bank } = await startOwnServer(t)
    const { stdout } = await run(PYTHON, [peer('pymodbus-client.py'), String(port)], { timeout: 15_000 })
    assert.deepEqual(JSON.parse(stdout), {
      'write coil': true,
      'write coils': true,
      coils: [3, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18].reduce<boolean[]>(
        (bits, at) => bits.with(at, true),
        Array<boolean>(19).fill(false),
      ),
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
      'unknown unit': 11,
    })
    assert.equal(bank.holdingRegisters.get(10), 7)
  },
)

test('a libmodbus client against our server: every function it has', { skip: needsLibmodbus() }, async (t) => {
  const { port } = await startOwnServer(t)
  const { stdout } = await run(await compile(t, 'libmodbus-client'), [String(port)], { timeout: 15_000 })
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
    'illegal address -1 1',
  ])
})

test('mbpoll against our server: reads, writes, reads back', { skip: needs('mbpoll') }, async (t) => {
  const { port, bank } = await startOwnServer(t)
  const mbpoll = (...args: string[]) =>
    run(findCommand('mbpoll') ?? 'mbpoll', ['-m', 'tcp', '-p', String(port), '-a', '1', '-0', '-1', ...args], {
      timeout: 15_000,
    })
  assert.match((await mbpoll('-t', '3', '-r', '5', '-c', '2', '127.0.0.1')).stdout, /\[5\]:\s+1005\s+\[6\]:\s+1006/)
  assert.match((await mbpoll('-t', '4', '-r', '7', '127.0.0.1', '4711', '4712')).stdout, /Written 2 references/)
  assert.deepEqual([bank.holdingRegisters.get(7), bank.holdingRegisters.get(8)], [4711, 4712])
  assert.match(
    (await mbpoll('-t', '1', '-r', '0', '-c', '4', '127.0.0.1')).stdout,
    /\[0\]:\s+1\s+\[1\]:\s+0\s+\[2\]:\s+0\s+\[3\]:\s+1/,
  )
  await mbpoll('-t', '0', '-r', '2', '127.0.0.1', '1')
  assert.equal(bank.coils.get(2), 1)
})
