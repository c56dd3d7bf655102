/**
 * Modbus peers that nobody here wrote: our client against pymodbus and libmodbus servers, pymodbus, libmodbus and mbpoll
 * clients against our server, and tshark's opinion of one frame of each kind that we send.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../src/core/clock.ts'
import {
  ModbusClient,
  RegisterBank,
  createModbusServer,
  encodeFrame,
  encodeRequest,
  encodeResponse,
  type ModbusRequest,
  type ModbusResponse,
} from '../src/protocols/modbus/index.ts'
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
import { findCommand, freePort, needs, startProcess, temporaryFolder } from '../src/testing/peers.ts'
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

const FRAMES: [ModbusRequest, ModbusResponse, string][] = [
  [{ functionCode: 1, address: 19, count: 19 }, { functionCode: 1, bits: Uint8Array.of(1, 2, 3) }, 'Read Coils'],
  [
    { functionCode: 2, address: 196, count: 22 },
    { functionCode: 2, bits: Uint8Array.of(1, 2, 3) },
    'Read Discrete Inputs',
  ],
  [
    { functionCode: 3, address: 107, count: 1 },
    { functionCode: 3, registers: Uint8Array.of(1, 2) },
    'Read Holding Registers',
  ],
  [
    { functionCode: 4, address: 8, count: 1 },
    { functionCode: 4, registers: Uint8Array.of(1, 2) },
    'Read Input Registers',
  ],
  [
    { functionCode: 5, address: 172, value: 0xff00 },
    { functionCode: 5, address: 172, value: 0xff00 },
    'Write Single Coil',
  ],
  [{ functionCode: 6, address: 1, value: 3 }, { functionCode: 6, address: 1, value: 3 }, 'Write Single Register'],
  [
    { functionCode: 15, address: 19, count: 10, bits: Uint8Array.of(1, 1) },
    { functionCode: 15, address: 19, count: 10 },
    'Write Multiple Coils',
  ],
  [
    { functionCode: 16, address: 1, count: 1, registers: Uint8Array.of(1, 2) },
    { functionCode: 16, address: 1, count: 1 },
    'Write Multiple Registers',
  ],
  [
    { functionCode: 22, address: 4, andMask: 242, orMask: 37 },
    { functionCode: 22, address: 4, andMask: 242, orMask: 37 },
    'Mask Write Register',
  ],
  [
    {
      functionCode: 23,
      readAddress: 3,
      readCount: 1,
      writeAddress: 14,
      writeCount: 1,
      registers: Uint8Array.of(0, 255),
    },
    { functionCode: 23, registers: Uint8Array.of(0, 254) },
    'Read Write Register',
  ],
  [
    { functionCode: 43, meiType: 14, level: 1, objectId: 0 },
    {
      functionCode: 43,
      meiType: 14,
      level: 1,
      conformity: 1,
      moreFollows: 0,
      nextObjectId: 0,
      objects: [{ id: 0, value: Uint8Array.of(65) }],
    },
    'Read Device Identification',
  ],
  [{ functionCode: 3, address: 9999, count: 1 }, { functionCode: 3, exceptionCode: 2 }, 'Read Holding Registers'],
]

/** A pcap file in which client and server exchange these frames over one connection (Ethernet, IPv4, TCP). */
function toPcap(frames: readonly { toServer: boolean; bytes: Uint8Array }[]): Buffer {
  const head = Buffer.alloc(24)
  head.writeUInt32LE(0xa1b2c3d4, 0)
  head.writeUInt16LE(2, 4)
  head.writeUInt16LE(4, 6)
  head.writeUInt32LE(65535, 16)
  head.writeUInt32LE(1, 20)
  const sequences = [1, 1]
  const packets = frames.map(({ toServer, bytes }, i) => {
    const packet = Buffer.alloc(16 + 14 + 20 + 20 + bytes.length)
    packet.writeUInt32LE(i, 0)
    packet.writeUInt32LE(packet.length - 16, 8)
    packet.writeUInt32LE(packet.length - 16, 12)
    packet.writeUInt16BE(0x0800, 28)
    const ip = packet.subarray(30)
    ip.set([0x45, 0, 0, 0, 0, i, 0, 0, 64, 6, 0, 0, 10, 0, 0, toServer ? 1 : 2, 10, 0, 0, toServer ? 2 : 1])
    ip.writeUInt16BE(ip.length, 2)
    const tcp = ip.subarray(20)
    const own = toServer ? 0 : 1
    tcp.writeUInt16BE(toServer ? 40000 : 502, 0)
    tcp.writeUInt16BE(toServer ? 502 : 40000, 2)
    tcp.writeUInt32BE(sequences[own]!, 4)
    tcp.writeUInt32BE(sequences[1 - own]!, 8)
    tcp.set([0x50, 0x18, 0xff, 0xff], 12)
    tcp.set(bytes, 20)
    sequences[own]! += bytes.length
    return packet
  })
  return Buffer.concat([head, ...packets])
}

test(
  'tshark names and understands one frame of each kind that we send, in both roles',
  { skip: needs('tshark') },
  async (t) => {
    const frames = FRAMES.flatMap(([request, response], i) => [
      { toServer: true, bytes: encodeFrame(i + 1, 17, encodeRequest(request)) },
      { toServer: false, bytes: encodeFrame(i + 1, 17, encodeResponse(response)) },
    ])
    const file = join(temporaryFolder(t), 'sent.pcap')
    writeFileSync(file, toPcap(frames))
    const fields = [
      'mbtcp.trans_id',
      'mbtcp.unit_id',
      'modbus.func_code',
      'modbus.exception_code',
      '_ws.col.Info',
      '_ws.malformed',
    ]
    const { stdout } = await run(findCommand('tshark') ?? 'tshark', [
      '-r',
      file,
      '-T',
      'fields',
      ...fields.flatMap((field) => ['-e', field]),
    ])
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'))
    assert.equal(rows.length, FRAMES.length * 2)
    FRAMES.forEach(([request, response, title], i) => {
      for (const [role, message] of [request, response].entries()) {
        const [transaction, unit, functionCode, exception, info, malformed] = rows[i * 2 + role]!
        assert.deepEqual([transaction, unit, functionCode], [String(i + 1), '17', String(message.functionCode)])
        assert.equal(exception, 'exceptionCode' in message ? String(message.exceptionCode) : '')
        assert.match(info!, new RegExp(`${role === 0 ? 'Query' : 'Response'}: .*${title}`))
        assert.equal(malformed ?? '', '')
      }
    })
  },
)
