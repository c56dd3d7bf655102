/**
 * Our client over every transport against servers that nobody here wrote: pymodbus on TCP, TLS, UDP, RTU, ASCII and serial frames
 * over TCP; libmodbus on TCP (interop-modbus.test.ts) and RTU. The same list of functions on each.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../src/core/clock.ts'
import type { Endpoint } from '../src/core/driver.ts'
import { ModbusClient, type ModbusClientOptions } from '../src/protocols/modbus/index.ts'
import { createAuthority, createCertificate } from '../src/testing/certificates.ts'
import {
  compile,
  needsLibmodbus,
  needsPymodbus,
  peer,
  PYTHON,
  serialPair,
  tryAllFunctions,
  words,
} from '../src/testing/modbus-strangers.ts'
import { freePort, needs, startProcess, temporaryFolder } from '../src/testing/peers.ts'
import { dial } from '../src/wire/dial.ts'

const BAUD = 19_200

async function connect(
  t: TestContext,
  endpoint: Endpoint,
  options: Partial<ModbusClientOptions>,
): Promise<ModbusClient> {
  const end = Date.now() + 10_000
  for (;;) {
    try {
      const stream = await dial(endpoint, AbortSignal.timeout(3000))
      const client = new ModbusClient(stream, {
        maxInFlight: 1,
        timeoutMs: 3000,
        clock: systemClock,
        name: 'stranger',
        ...options,
      })
      t.after(() => client.close())
      return client
    } catch (error) {
      if (Date.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

const serial = (path: string): Endpoint => ({
  transport: 'serial',
  path,
  baud: BAUD,
  dataBits: 8,
  parity: 'even',
  stopBits: 1,
})

async function pymodbus(t: TestContext, transport: string, ...more: string[]): Promise<number> {
  const port = await freePort()
  const server = startProcess(t, PYTHON, [peer('pymodbus-server.py'), String(port), transport, ...more])
  await server.waitFor(/listening/)
  return port
}

const TCP: readonly (readonly [transport: string, framing: 'rtu' | 'ascii'])[] = [
  ['rtu-over-tcp', 'rtu'],
  ['ascii-over-tcp', 'ascii'],
]
for (const [transport, framing] of TCP) {
  test(`our client against a pymodbus server: ${transport}`, { skip: needsPymodbus() }, async (t) => {
    const port = await pymodbus(t, transport)
    const client = await connect(t, { host: '127.0.0.1', port, connectTimeoutMs: 1000 }, { framing })
    await tryAllFunctions(client, 1, 100)
    assert.deepEqual(words(await client.readHoldingRegisters(2, 0, 1)), [200])
  })
}

test('our client against a pymodbus server: udp, 8 in flight', { skip: needsPymodbus() }, async (t) => {
  const port = await pymodbus(t, 'udp')
  await new Promise((resolve) => setTimeout(resolve, 500))
  const endpoint = { transport: 'udp', host: '127.0.0.1', port, connectTimeoutMs: 1000 } as const
  const client = await connect(t, endpoint, { framing: 'udp', maxInFlight: 8 })
  await tryAllFunctions(client, 1, 100)
})

test('our client against a pymodbus server: tls', { skip: needsPymodbus() || needs('openssl') }, async (t) => {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'ca')
  const { cert, key } = createCertificate(folder, 'server', authority, '127.0.0.1')
  const port = await pymodbus(t, 'tls', cert, key)
  const tls = { ca: authority.cert }
  const client = await connect(t, { host: '127.0.0.1', port, connectTimeoutMs: 1000, tls }, { framing: 'tcp' })
  await tryAllFunctions(client, 1, 100)
})

for (const framing of ['rtu', 'ascii'] as const) {
  test(
    `our client against a pymodbus server: ${framing} on a serial line`,
    { skip: needsPymodbus() || needs('socat') },
    async (t) => {
      const [near, far] = await serialPair(t)
      const server = startProcess(t, PYTHON, [peer('pymodbus-server.py'), far, framing])
      await server.waitFor(/listening/)
      await new Promise((resolve) => setTimeout(resolve, 1000))
      const client = await connect(t, serial(near), { framing, baud: BAUD })
      await tryAllFunctions(client, 1, 100)
      assert.deepEqual(words(await client.readHoldingRegisters(2, 0, 1)), [200])
    },
  )
}

test(
  'our client against a libmodbus server: rtu on a serial line',
  { skip: needsLibmodbus() || needs('socat') },
  async (t) => {
    const [near, far] = await serialPair(t)
    const server = startProcess(t, await compile(t, 'libmodbus-server'), [far])
    await server.waitFor(/listening/)
    const client = await connect(t, serial(near), { framing: 'rtu', baud: BAUD })
    await tryAllFunctions(client, 1, 100)
  },
)
