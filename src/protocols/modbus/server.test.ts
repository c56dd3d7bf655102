import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { systemClock } from '../../core/clock.ts'
import { GatewayError } from '../../core/errors.ts'
import { duplexPair } from '../../testing/duplex-pair.ts'
import { eventually, freePort } from '../../testing/peers.ts'
import { VirtualClock, settle } from '../../testing/virtual-clock.ts'
import { dial } from '../../wire/dial.ts'
import {
  ModbusClient,
  ModbusException,
  RegisterBank,
  UnitDiagnostics,
  createModbusServer,
  type BankLayout,
  type Fault,
  type ModbusRequest,
  type ModbusServerOptions,
  type ServerRequest,
} from './index.ts'

const RANGES: BankLayout = {
  coils: [{ address: 0, count: 32 }],
  discreteInputs: [{ address: 0, count: 32 }],
  inputRegisters: [{ address: 0, count: 130 }],
  holdingRegisters: [
    { address: 0, count: 10 },
    { address: 10, count: 130 },
    { address: 1000, count: 2 },
  ],
}

/** A server on one end of a stream; what it answers is read as hex text. */
function serveOne(options: Partial<ModbusServerOptions> = {}, layout: BankLayout = RANGES) {
  const clock = new VirtualClock()
  const bank = new RegisterBank(layout)
  const { near, far } = duplexPair()
  const server = createModbusServer({ unit: (id) => (id === 1 ? bank : undefined), clock, ...options })
  server.serve(far)
  let answer = ''
  let ended = false
  near.on('data', (chunk: Buffer) => (answer += chunk.toString('hex')))
  near.on('end', () => (ended = true))
  near.on('error', () => undefined)
  const ask = async (hexText: string) => {
    answer = ''
    near.write(Buffer.from(hexText.replaceAll(' ', ''), 'hex'))
    await settle()
    return answer
  }
  return { server, clock, bank, near, far, ask, answer: () => answer, ended: () => ended }
}

const hex = (text: string): string => text.replaceAll(' ', '').toLowerCase()

const CONVERSATIONS: [string, string, string][] = [
  ['read holding registers', '0001 0000 0006 01 03 0001 0002', '0001 0000 0007 01 03 04 0B0C 0000'],
  ['read across two ranges that touch', '0001 0000 0006 01 03 0009 0002', '0001 0000 0007 01 03 04 0000 0000'],
  ['read coils', '0001 0000 0006 01 01 0000 0003', '0001 0000 0004 01 01 01 05'],
  ['read past a range: 02', '0001 0000 0006 01 03 03E8 0003', '0001 0000 0003 01 83 02'],
  ['read past 65535: 02', '0001 0000 0006 01 03 FFFF 0002', '0001 0000 0003 01 83 02'],
  ['read 126 registers: 03', '0001 0000 0006 01 03 0000 007E', '0001 0000 0003 01 83 03'],
  ['read 0 coils: 03', '0001 0000 0006 01 01 0000 0000', '0001 0000 0003 01 81 03'],
  ['write coil with neither on nor off: 03', '0001 0000 0006 01 05 0000 1234', '0001 0000 0003 01 85 03'],
  ['byte count that lies: 03', '0001 0000 0009 01 10 0000 0002 02 0001', '0001 0000 0003 01 90 03'],
  ['request that is too short for its function: 03', '0001 0000 0004 01 03 0000', '0001 0000 0003 01 83 03'],
  ['unknown function: 01', '0001 0000 0006 01 41 0000 A537', '0001 0000 0003 01 C1 01'],
  ['identification that the bank does not have: 01', '0001 0000 0005 01 2B 0E 01 00', '0001 0000 0003 01 AB 01'],
  ['unknown unit: 0B', '0001 0000 0006 09 03 0001 0002', '0001 0000 0003 09 83 0B'],
]
for (const [what, request, reply] of CONVERSATIONS) {
  test(`server: ${what}, whole and split at every byte`, async () => {
    for (let cut = 0; cut < hex(request).length; cut += 2) {
      const { ask, bank } = serveOne()
      bank.holdingRegisters.set(1, 0x0b0c)
      bank.coils.set(0, 1)
      bank.coils.set(2, 1)
      const first = cut === 0 ? '' : await ask(hex(request).slice(0, cut))
      assert.equal(first + (await ask(hex(request).slice(cut))), hex(reply))
    }
  })
}

test('writes reach the bank and its callback; reads are computed when they come', async () => {
  const written: string[] = []
  let reads = 0
  const { ask, bank } = serveOne(
    {},
    {
      ...RANGES,
      onWrite: (table, address, count) => written.push(`${table} ${address}+${count}`),
      onRead: (table, address) => table === 'inputRegisters' && bank.inputRegisters.set(address, ++reads),
    },
  )
  assert.equal(await ask('0001 0000 0006 01 06 0002 1234'), hex('0001 0000 0006 01 06 0002 1234'))
  assert.equal(await ask('0002 0000 0008 01 0F 0001 0003 01 05'), hex('0002 0000 0006 01 0F 0001 0003'))
  assert.equal(await ask('0003 0000 0008 01 16 0002 00FF 5600'), hex('0003 0000 0008 01 16 0002 00FF 5600'))
  assert.equal(await ask('0004 0000 000D 01 17 0002 0001 0003 0001 02 0007'), hex('0004 0000 0005 01 17 02 5634'))
  // Clause 6.17: neither is done when one of both addresses is wrong.
  assert.equal(await ask('0009 0000 000D 01 17 03E8 0009 0003 0001 02 0009'), hex('0009 0000 0003 01 97 02'))
  assert.deepEqual([bank.holdingRegisters.get(2), bank.holdingRegisters.get(3)], [0x5634, 7])
  assert.deepEqual([...bank.coils.block(0, 5)], [0, 1, 0, 1, 0])
  assert.deepEqual(written, ['holdingRegisters 2+1', 'coils 1+3', 'holdingRegisters 2+1', 'holdingRegisters 3+1'])
  await ask('0005 0000 0006 01 04 0000 0001')
  assert.equal(await ask('0006 0000 0006 01 04 0000 0001'), hex('0006 0000 0005 01 04 02 0002'))
})

test('unit 0 on TCP is a device like any other, and is answered', async () => {
  const bank = new RegisterBank(RANGES)
  const { ask } = serveOne({ unit: () => bank })
  assert.equal(await ask('0001 0000 0006 00 06 0000 0007'), hex('0001 0000 0006 00 06 0000 0007'))
  assert.equal(bank.holdingRegisters.get(0), 7)
})

test('a unit that throws something of its own answers 04 and is reported; the connection lives on', async () => {
  const errors: unknown[] = []
  const unit = () => ({
    answer: () => {
      throw new Error('defect')
    },
  })
  const { ask } = serveOne({ unit, onError: (error) => errors.push(error) })
  assert.equal(await ask('0001 0000 0006 01 03 0000 0001'), hex('0001 0000 0003 01 83 04'))
  assert.equal((errors[0] as Error).message, 'defect')
})

test('a unit may take its time: answers keep their order, a rejection is an exception, others are reported as 04', async () => {
  const errors: unknown[] = []
  const unit = (id: number) => ({
    answer: async (request: ModbusRequest) => {
      await settle()
      if (id === 2) throw new ModbusException(6)
      if (id === 3) throw new Error('defect')
      return id === 4 ? new Uint8Array(254) : { functionCode: request.functionCode, data: Uint8Array.of(id) }
    },
  })
  const { ask, answer, server } = serveOne({ unit, onError: (error) => errors.push(error) })
  await ask([1, 2, 3, 4, 5].map((id) => `000${id} 0000 0006 0${id} 03 0000 0001`).join(''))
  await eventually('all five are answered', () => answer().length === hex('0001 0000 0003 01 03 01').length * 5)
  assert.equal(
    answer(),
    hex(
      '0001 0000 0003 01 03 01 0002 0000 0003 02 83 06 0003 0000 0003 03 83 04 0004 0000 0003 04 83 04 0005 0000 0003 05 03 05',
    ),
  )
  assert.deepEqual(errors.map(String), ['Error: defect', 'RangeError: an answer of 254 bytes'])
  assert.equal(server.stats.exceptions, 3)
})

test('diagnostics count an answer that took its time as any other', async () => {
  const diagnostics = new UnitDiagnostics()
  const answer = async () => {
    await settle()
    throw new ModbusException(6)
  }
  const { ask, answer: said } = serveOne({ unit: () => ({ answer, diagnostics }) })
  await ask('0001 0000 0006 01 03 0000 0001')
  await eventually('it is answered', () => said() !== '')
  assert.deepEqual(
    [diagnostics.messages, diagnostics.busy, diagnostics.exceptions, diagnostics.completed],
    [1, 1, 1, 0],
  )
  assert.deepEqual([...diagnostics.events()], [0x44, 0x80])
})

test('a request says where it came from; an interceptor that throws is reported, and the unit answers', async () => {
  const errors: unknown[] = []
  const seen: string[] = []
  const intercept = () => {
    throw new Error('defect')
  }
  const unit = () => ({
    answer: (request: ModbusRequest, _pdu: Uint8Array, from: ServerRequest) => {
      seen.push(`${from.connection} ${from.transaction} ${from.unit} "${from.remote}"`)
      return { functionCode: request.functionCode, data: Uint8Array.of(0) }
    },
  })
  const { ask } = serveOne({ unit, intercept, onError: (error) => errors.push(error) })
  assert.equal(await ask('0007 0000 0006 01 41 0000 0001'), hex('0007 0000 0003 01 41 00'))
  assert.deepEqual([seen, errors.length], [['1 7 1 ""'], 1])
})

test('identification streams what does not fit one reply, and single objects', async () => {
  const identification = { 0: 'V'.repeat(100), 1: 'P'.repeat(100), 2: 'R'.repeat(100), 128: 'own' }
  const { near, far } = duplexPair()
  const bank = new RegisterBank({ ...RANGES, identification })
  createModbusServer({ unit: () => bank, clock: systemClock }).serve(far)
  const client = new ModbusClient(near, { maxInFlight: 1, timeoutMs: 1000, clock: new VirtualClock() })
  const { vendor, product, revision, objects } = await client.readDeviceIdentification(1, 3)
  assert.deepEqual([vendor, product, revision], [identification[0], identification[1], identification[2]])
  assert.equal(Buffer.from(objects.get(128)!).toString(), 'own')
  assert.equal(client.stats.requests, 2)
  assert.equal((await client.readDeviceIdentification(1, 4, 128)).objects.size, 1)
  await assert.rejects(client.readDeviceIdentification(1, 4, 77), { exceptionCode: 2 })
  client.close()
})

const faultOf = (fault: Fault) => (request: { transaction: number }) => (request.transaction === 1 ? fault : undefined)
const READ_TWICE = '0001 0000 0006 01 03 0000 0001 0002 0000 0006 01 03 0000 0001'

test('faults: an exception, silence, an altered frame touch their own request only', async () => {
  const good = hex('0002 0000 0005 01 03 02 0000')
  assert.equal(
    await serveOne({ intercept: faultOf({ exception: 6 }) }).ask(READ_TWICE),
    hex('0001 0000 0003 01 83 06') + good,
  )
  assert.equal(await serveOne({ intercept: faultOf({ silent: true }) }).ask(READ_TWICE), good)
  const alter = (frame: Uint8Array) => frame.with(1, 0x99)
  assert.equal(
    await serveOne({ intercept: faultOf({ alter }) }).ask(READ_TWICE),
    hex('0099 0000 0005 01 03 02 0000') + good,
  )
})

test('faults: a delayed answer holds back those behind it, in order', async () => {
  const { ask, clock, answer } = serveOne({ intercept: faultOf({ delayMs: 500 }) })
  assert.equal(await ask(READ_TWICE), '')
  await clock.advance(499)
  assert.equal(answer(), '')
  await clock.advance(1)
  assert.equal(answer(), hex('0001 0000 0005 01 03 02 0000 0002 0000 0005 01 03 02 0000'))
})

test('a flood behind a delayed answer is not read on beyond a bound, and answered in order, all of it', async () => {
  const { ask, clock, answer, far } = serveOne({ intercept: faultOf({ delayMs: 500 }) })
  const flood = Array.from(
    { length: 2000 },
    (_, i) => (i + 1).toString(16).padStart(4, '0') + '0000000601030000' + '0001',
  ).join('')
  await ask(flood)
  assert.equal(far.isPaused(), true)
  await clock.advance(500)
  await settle()
  const ids = answer()
    .match(/.{22}/g)!
    .map((frame) => parseInt(frame.slice(0, 4), 16))
  assert.deepEqual(
    ids,
    Array.from({ length: 2000 }, (_, i) => i + 1),
  )
})

test('lost framing closes the connection; other connections and the next one are served', async () => {
  for (const bytes of ['0001 0000 0000', '0001 0000 FFFF', '0001 0001 0006 01', 'DEADBEEFCAFE']) {
    const { ask, server, ended } = serveOne()
    assert.equal(await ask(bytes), '')
    assert.deepEqual([server.stats.violations, server.connections, ended()], [1, 0, true])
  }
})

test('property: any bytes, and frames with bytes changed, never make the server throw or stop answering others', async () => {
  const byte = fc.nat(255)
  const valid = fc.constantFrom(
    '0001 0000 0006 01 03 0000 0002',
    '0002 0000 0009 01 10 0000 0001 02 0001',
    '0003 0000 0005 01 2B 0E 01 00',
    '0004 0000 000D 01 17 0000 0001 0000 0001 02 0001',
    '0005 0000 0008 01 0F 0000 0003 01 07',
  )
  const mutated = fc.tuple(valid, fc.array(fc.tuple(fc.nat(30), byte), { maxLength: 3 })).map(([text, changes]) => {
    const bytes = [...Buffer.from(hex(text), 'hex')]
    for (const [at, value] of changes) bytes[at % bytes.length] = value
    return Uint8Array.from(bytes)
  })
  const { server } = serveOne({ maxConnections: 100_000 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(mutated, fc.uint8Array({ maxLength: 20 })), { maxLength: 6 }),
      async (chunks) => {
        const { near, far } = duplexPair()
        near.on('error', () => undefined)
        near.resume()
        server.serve(far)
        for (const chunk of chunks) near.write(chunk)
        near.end()
        await new Promise((resolve) => setImmediate(resolve))
      },
    ),
    { numRuns: 500 },
  )
  await settle()
  assert.equal(server.connections, 1)
})

test('property: a client fed with changed replies settles every request with a value or a catalogued error', async () => {
  const changes = fc.array(fc.tuple(fc.nat(40), fc.nat(255)), { maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(fc.array(changes, { minLength: 1, maxLength: 6 }), async (perReply) => {
      const clock = new VirtualClock()
      const bank = new RegisterBank(RANGES)
      let reply = 0
      const alter = (frame: Uint8Array) => {
        const bytes = Uint8Array.from(frame)
        for (const [at, value] of perReply[reply++ % perReply.length]!) bytes[at % bytes.length] = value
        return bytes
      }
      const { near, far } = duplexPair()
      createModbusServer({ unit: () => bank, clock, intercept: () => ({ alter }) }).serve(far)
      const client = new ModbusClient(near, { maxInFlight: 4, timeoutMs: 100, clock })
      const outcomes = Promise.allSettled([
        ...[1, 2, 5].map((count) => client.readHoldingRegisters(1, 0, count)),
        client.readCoils(1, 0, 9),
        client.writeRegister(1, 0, 7),
        client.readDeviceIdentification(1),
      ])
      for (let i = 0; i < 4; i++) await clock.advance(100)
      for (const outcome of await outcomes) {
        if (outcome.status === 'rejected') assert.ok(outcome.reason instanceof GatewayError, String(outcome.reason))
      }
      client.close()
      assert.equal(client.inFlight, 0)
    }),
    { numRuns: 150 },
  )
})

async function startOverTcp(options: Partial<ModbusServerOptions> = {}) {
  const bank = new RegisterBank(RANGES)
  const server = createModbusServer({ unit: () => bank, clock: systemClock, ...options })
  const port = await server.listen(0)
  const open = async () =>
    new ModbusClient(await dial({ host: '127.0.0.1', port, connectTimeoutMs: 1000 }), {
      maxInFlight: 4,
      timeoutMs: 1000,
      clock: systemClock,
    })
  return { server, port, open }
}

test('half a frame, then RST, over real sockets: not connected at once, nothing thrown elsewhere, a new connection works', async (t) => {
  let faulty = true
  const alter = (frame: Uint8Array) => frame.subarray(0, 5)
  // oxlint-disable-next-line unicorn/no-thenable -- the server's word for what happens next; nothing awaits it
  const { server, open } = await startOverTcp({ intercept: () => (faulty ? { alter, then: 'reset' } : undefined) })
  t.after(() => server.close())
  const client = await open()
  await assert.rejects(client.readHoldingRegisters(1, 0, 1), { code: 'NOT_CONNECTED' })
  assert.equal(client.closed, true)
  faulty = false
  const again = await open()
  assert.equal((await again.readHoldingRegisters(1, 0, 1)).length, 2)
  again.close()
})

test('a client that resets in the middle of a frame leaves the server standing', async (t) => {
  const { server, port, open } = await startOverTcp()
  t.after(() => server.close())
  const socket = connect(port, '127.0.0.1')
  await new Promise((resolve) => socket.write(Buffer.from([0, 1, 0, 0, 0, 6, 1]), resolve))
  await eventually('the server has the connection', () => server.connections === 1)
  socket.resetAndDestroy()
  await eventually('the connection is gone', () => server.connections === 0)
  const client = await open()
  assert.equal((await client.readHoldingRegisters(1, 0, 1)).length, 2)
  client.close()
})

test('connections beyond the bound are closed at once and counted; a port in use is named', async (t) => {
  const { server, open, port } = await startOverTcp({ maxConnections: 1 })
  t.after(() => server.close())
  const first = await open()
  assert.equal((await first.readCoils(1, 0, 1)).length, 1)
  const second = await open()
  await assert.rejects(second.readCoils(1, 0, 1), { code: 'NOT_CONNECTED' })
  assert.equal(server.stats.refusedConnections, 1)
  const other = createModbusServer({ unit: () => undefined, clock: systemClock })
  await assert.rejects(
    other.listen(port),
    (error) => error instanceof GatewayError && error.code === 'PORT_IN_USE' && error.message.includes(String(port)),
  )
  first.close()
})

test('close ends listener and connections; the port is free again', async () => {
  const { server, open, port } = await startOverTcp()
  const client = await open()
  await client.readCoils(1, 0, 1)
  await server.close()
  await eventually('the client notices', () => client.closed)
  const free = createModbusServer({ unit: () => undefined, clock: systemClock })
  assert.equal(await free.listen(port), port)
  await free.close()
  assert.ok((await freePort()) > 0)
})
