/** A scan of loopback addresses with servers that behave well and badly; every server says what it saw. */
import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../../core/clock.ts'
import type { Context, FoundDevice } from '../../../core/driver.ts'
import type { TagSettings } from '../../../core/tags.ts'
import {
  createModbusServer,
  RegisterBank,
  type Fault,
  type ModbusServerOptions,
} from '../../../protocols/modbus/index.ts'
import { testContext } from '../../../testing/driver-suite.ts'
import { eventually, freePort } from '../../../testing/peers.ts'
import { sunSpecBank, sunSpecImage } from '../../../testing/sunspec-image.ts'
import { dial } from '../../../wire/dial.ts'
import { modbus } from '../driver.ts'
import { Asker, HARMLESS } from './asker.ts'

interface Seen {
  readonly functions: number[]
  readonly units: Set<number>
  connections(): number
}

/** A server at an own loopback address. */
async function serve(
  t: TestContext,
  host: string,
  port: number,
  options: Partial<ModbusServerOptions> & Pick<ModbusServerOptions, 'unit'>,
  fault: (unit: number, code: number, pdu: Uint8Array) => Fault | undefined = () => undefined,
): Promise<Seen> {
  const functions: number[] = []
  const units = new Set<number>()
  const server = createModbusServer({
    clock: systemClock,
    ...options,
    intercept({ unit, pdu }) {
      functions.push(pdu[0]!)
      units.add(unit)
      return fault(unit, pdu[0]!, pdu)
    },
  })
  await server.listen(port, host)
  t.after(() => server.close())
  return { functions, units, connections: () => server.stats.connections }
}

const bank = (count = 10, name = 'PX-7') =>
  new RegisterBank({
    holdingRegisters: [{ address: 0, count }],
    coils: [{ address: 0, count: 4 }],
    identification: { 0: 'Acme', 1: name, 2: 'v2.1' },
  })

/** What a scan of these hosts found, and the connections it made. */
async function look(
  hosts: readonly string[],
  port: number,
  units = [1],
  context: Context = { ...testContext(), dial },
) {
  const connections: string[] = []
  const found: FoundDevice[] = []
  const counting: Context = {
    ...context,
    dial: (endpoint, signal) => {
      assert.ok('host' in endpoint)
      connections.push(endpoint.host)
      return context.dial(endpoint, signal)
    },
  }
  const range = { hosts, ports: [port], units, timeoutMs: 120, concurrency: 4, ratePerSecond: 1000 }
  for await (const device of modbus.scan!(range, counting, AbortSignal.timeout(15_000))) found.push(device)
  return { found: found.sort((a, b) => a.endpoint.localeCompare(b.endpoint)), connections }
}

const endpoints = (found: readonly FoundDevice[]) => found.map(({ endpoint }) => endpoint)

test('good, slow, silent and rude hosts in one network: each good one is found, each host sees one connection', async (t) => {
  const port = await freePort()
  const good = await serve(t, '127.0.1.1', port, { unit: (id) => (id === 1 ? bank() : undefined) })
  const slow = await serve(t, '127.0.1.2', port, { unit: () => bank() }, () => ({ delayMs: 20 }))
  const silent = await serve(t, '127.0.1.3', port, { unit: () => bank() }, () => ({ silent: true }))
  // oxlint-disable-next-line unicorn/no-thenable -- the server's word for what happens next; nothing awaits it
  const reset = await serve(t, '127.0.1.4', port, { unit: () => bank() }, () => ({ silent: true, then: 'reset' }))
  const http = createServer((socket: Socket) => {
    socket.on('error', () => undefined)
    socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'))
  })
  await new Promise<void>((resolve) => http.listen(port, '127.0.1.5', resolve))
  t.after(() => http.close())
  const hosts = ['127.0.1.1', '127.0.1.2', '127.0.1.3', '127.0.1.4', '127.0.1.5', '127.0.1.6']
  const { found, connections } = await look(hosts, port)
  assert.deepEqual(endpoints(found), [`127.0.1.1:${port} unit 1`, `127.0.1.2:${port} unit 1`])
  assert.deepEqual(found[0]!.identity, { vendor: 'Acme', product: 'PX-7', firmware: 'v2.1' })
  assert.deepEqual([...connections].sort(), hosts, 'one connection a host')
  for (const seen of [good, slow, silent, reset]) assert.equal(seen.connections(), 1)
  assert.equal(silent.functions.length, 2, `${silent.functions.length} requests to a silent host`)
  assert.equal(reset.functions.length, 1)
})

test('nothing is ever sent but the functions that only read', async (t) => {
  const port = await freePort()
  const plain = await serve(t, '127.0.1.1', port, { unit: () => bank() })
  const unknown = await serve(t, '127.0.1.2', port, { unit: () => bank() }, () => ({ exception: 1 }))
  const sunspec = await serve(t, '127.0.1.3', port, { unit: () => sunSpecBank(sunSpecImage([{ id: 1 }, { id: 103 }])) })
  const { found } = await look(['127.0.1.1', '127.0.1.2', '127.0.1.3'], port, [1, 2, 3])
  assert.equal(found.length, 3)
  const sent = new Set([plain, unknown, sunspec].flatMap(({ functions }) => functions))
  assert.deepEqual([...sent].filter((code) => !HARMLESS.has(code)), []) // prettier-ignore
  assert.ok(
    [1, 2, 3, 4, 17, 43].every((code) => sent.has(code)),
    `sent: ${[...sent].join(', ')}`,
  )
})

test('a function that is not harmless is not sent, whoever asks for it', async () => {
  const sent: number[] = []
  const asker = new Asker(async (_, pdu) => {
    sent.push(pdu[0]!)
    return pdu
  }, AbortSignal.timeout(1000))
  for (let code = 0; code < 256; code++)
    if (!HARMLESS.has(code)) await assert.rejects(asker.askRaw(1, Uint8Array.of(code)), RangeError)
  assert.deepEqual(sent, [])
  assert.deepEqual(
    [...HARMLESS].sort((a, b) => a - b),
    [1, 2, 3, 4, 17, 43],
  )
})

test('any answer proves a device: one that only knows exceptions is found', async (t) => {
  const port = await freePort()
  await serve(t, '127.0.1.1', port, { unit: () => bank() }, () => ({ exception: 1 }))
  const { found } = await look(['127.0.1.1'], port)
  assert.deepEqual(endpoints(found), [`127.0.1.1:${port} unit 1`])
})

test('a gateway with five units: each is found with its name, the others are said to be absent', async (t) => {
  const port = await freePort()
  const there = [1, 3, 4, 7, 9]
  const seen = await serve(t, '127.0.1.1', port, { unit: (id) => (there.includes(id) ? bank(10, `meter ${id}`) : undefined) }) // prettier-ignore
  const units = Array.from({ length: 12 }, (_, at) => at + 1)
  const { found } = await look(['127.0.1.1'], port, units)
  assert.deepEqual(found.map(({ identity, options }) => `${identity.product} ${String(options.unit)}`), there.map((id) => `meter ${id} ${id}`)) // prettier-ignore
  assert.ok(found[0]!.notes.some((note) => note.includes('nothing answers for unit 2, 5–6, 8, 10–12')))
  assert.equal(seen.connections(), 1)
})

test('a gateway whose path to a unit is not available (0A) has no such unit', async (t) => {
  const port = await freePort()
  await serve(t, '127.0.1.1', port, { unit: () => bank() }, (unit) => (unit === 2 ? undefined : { exception: 0x0a }))
  const { found } = await look(['127.0.1.1'], port, [1, 2, 3])
  assert.deepEqual(endpoints(found), [`127.0.1.1:${port} unit 2`])
})

test('a gateway that keeps silent for absent units costs a bounded number of time-outs, and says what was not asked', async (t) => {
  const port = await freePort()
  const there = [1, 4]
  const seen = await serve(t, '127.0.1.1', port, { unit: (id) => (there.includes(id) ? bank(10, `meter ${id}`) : undefined), unknownUnit: 'silent' }) // prettier-ignore
  const units = Array.from({ length: 100 }, (_, at) => at + 1)
  const { found } = await look(['127.0.1.1'], port, units)
  assert.deepEqual(found.map(({ options }) => options.unit), there) // prettier-ignore
  assert.ok(seen.units.size <= 14, `${seen.units.size} of 100 units were asked`)
  assert.ok(found[0]!.notes.some((note) => /units from \d+ on were not asked/.test(note)))
})

test('a gateway that keeps silent until its only unit is asked is found; one that always does costs eight time-outs', async (t) => {
  const port = await freePort()
  await serve(t, '127.0.1.1', port, { unit: (id) => (id === 7 ? bank(10, 'meter 7') : undefined), unknownUnit: 'silent' }) // prettier-ignore
  const mute = await serve(t, '127.0.1.2', port, { unit: () => undefined, unknownUnit: 'silent' })
  const units = Array.from({ length: 100 }, (_, at) => at + 1)
  const { found } = await look(['127.0.1.1', '127.0.1.2'], port, units)
  assert.deepEqual(endpoints(found), [`127.0.1.1:${port} unit 7`])
  assert.equal(found[0]!.identity.product, 'meter 7')
  assert.equal(mute.functions.length, 8)
})

test('a device that answers for every unit id is one device', async (t) => {
  const port = await freePort()
  await serve(t, '127.0.1.1', port, { unit: () => bank() })
  const { found } = await look(['127.0.1.1'], port, [1, 2, 3, 4, 5])
  assert.deepEqual(endpoints(found), [`127.0.1.1:${port} unit 1`])
  assert.ok(found[0]!.notes.some((note) => note.includes('every unit id alike')))
})

test('what can be read is found out in a bounded number of requests, and becomes tags that parse', async (t) => {
  const port = await freePort()
  const layout = { holdingRegisters: [{ address: 0, count: 10 }, { address: 12, count: 3 }], discreteInputs: [{ address: 0, count: 20 }] } // prettier-ignore
  const seen = await serve(t, '127.0.1.1', port, { unit: () => new RegisterBank(layout) })
  const { found } = await look(['127.0.1.1'], port)
  const [{ notes, tags } = assert.fail()] = found
  for (const note of [
    '13 readable holding registers: hr:0–hr:9, hr:12–hr:14 (samples beyond were refused)',
    '20 readable discrete inputs: di:0–di:19 (samples beyond were refused)',
  ])
    assert.ok(notes.includes(note), notes.join('\n'))
  assert.equal(tags.length, 33)
  assert.ok(!notes.some((note) => note.includes('are proposed')), 'nothing is left to be said')
  for (const { address } of tags) modbus.parseAddress(address!)
  assert.ok(seen.functions.length < 140, `${seen.functions.length} requests`)
})

test('of a device with hundreds of registers some of each range are tags; a note says where the others are, and what shows them', async (t) => {
  const port = await freePort()
  const layout = { holdingRegisters: [{ address: 0, count: 113 }, { address: 200, count: 4 }], coils: [{ address: 0, count: 40 }] } // prettier-ignore
  await serve(t, '127.0.1.1', port, { unit: () => new RegisterBank(layout) })
  const { found } = await look(['127.0.1.1'], port)
  const [{ notes, tags } = assert.fail()] = found
  const registers = tags.filter(({ type }) => type === 'uint16').map(({ address }) => address)
  const numbers = Array.from({ length: 28 }, (_, at) => at)
  assert.deepEqual(registers, [...numbers, 200, 201, 202, 203].map((at) => `hr:${at}`)) // prettier-ignore
  assert.equal(tags.filter(({ type }) => type === 'bool').length, 32)
  const target = `modbus://127.0.1.1:${port}/1`
  for (const note of [
    `32 tags are proposed for holding registers; 85 more can be read: hr:28–hr:112. To look at them: bifrost modbus dump ${target} hr:28 85; bifrost modbus detect ${target} hr:28 finds type and byte order`,
    `32 tags are proposed for coils; 8 more can be read: co:32–co:39. To look at them: bifrost modbus dump ${target} co:32 8`,
  ])
    assert.ok(notes.includes(note), notes.join('\n'))
})

test('a device that gives registers only in twos gets tags of two registers', async (t) => {
  const port = await freePort()
  await serve(t, '127.0.1.1', port, { unit: () => bank(60) }, (_, code, pdu) =>
    code === 3 && (pdu[2]! % 2 === 1 || pdu[4]! % 2 === 1) ? { exception: 2 } : undefined,
  )
  const { found } = await look(['127.0.1.1'], port)
  const registers = found[0]!.tags.filter(({ address }) => address!.startsWith('hr:'))
  assert.deepEqual([registers.length, registers[29]], [30, { name: 'hr58', address: 'hr:58', type: 'uint32' }])
})

test('a device that closes the connection at what it does not have keeps what was found', async (t) => {
  const port = await freePort()
  await serve(t, '127.0.1.1', port, { unit: () => bank(70) }, (_, code, pdu) =>
    // oxlint-disable-next-line unicorn/no-thenable -- the server's word for what happens next; nothing awaits it
    code === 3 && pdu[2]! + pdu[4]! > 70 ? { silent: true, then: 'close' } : undefined,
  )
  const { found } = await look(['127.0.1.1'], port)
  const [{ notes, tags } = assert.fail()] = found
  assert.equal(tags.length, 32)
  assert.ok(notes.some((note) => note.startsWith('65 readable holding registers: hr:0–hr:64')), notes.join('\n')) // prettier-ignore
  assert.ok(
    notes.some((note) => note.startsWith('the unit was left')),
    notes.join('\n'),
  )
})

test('a SunSpec device is recognised, and its points are the tags', async (t) => {
  const port = await freePort()
  const image = sunSpecImage([
    { id: 1, raw: { SN: '53313233' } },
    { id: 103, raw: { A: 'ffff' } },
  ])
  await serve(t, '127.0.1.1', port, { unit: () => sunSpecBank(image) })
  const { found } = await look(['127.0.1.1'], port)
  const [{ identity, tags, notes } = assert.fail()] = found
  assert.match(identity.serial ?? '', /S123$/)
  assert.ok(notes.some((note) => note.includes('SunSpec device with models 1, 103')))
  const addresses = tags.map(({ address }) => address)
  assert.ok(addresses.includes('sunspec:103.W') && !addresses.includes('sunspec:103.A'), 'without what it lacks')
  for (const tag of tags) {
    const address = modbus.parseAddress(tag.address!)
    const settings = { everyMs: 1000, clamp: false, writable: false, ...tag } as TagSettings
    assert.equal(modbus.check!(address, settings), undefined, String(tag.address))
  }
})

test('a device that closes the connection at a foreign unit id is found all the same, and told how to look at it', async (t) => {
  const port = await freePort()
  // oxlint-disable-next-line unicorn/no-thenable -- the server's word for what happens next; nothing awaits it
  await serve(t, '127.0.1.1', port, { unit: () => bank() }, (unit) => (unit === 1 ? undefined : { silent: true, then: 'close' })) // prettier-ignore
  const { found, connections } = await look(['127.0.1.1'], port, [1, 2, 3])
  assert.deepEqual(endpoints(found), [`127.0.1.1:${port} unit 1`])
  assert.equal(found[0]!.identity.vendor, 'Acme')
  assert.ok(
    found[0]!.notes.some((note) => note.includes('scan with --unit 1')),
    found[0]!.notes.join('\n'),
  )
  assert.equal(connections.length, 1)
  const alone = await look(['127.0.1.1'], port, [1])
  assert.equal(alone.found[0]!.tags.length, 14)
})

test('a device that keeps silent where it has no registers is mapped as far as it answers', async (t) => {
  const port = await freePort()
  const seen = await serve(t, '127.0.1.1', port, { unit: () => bank(32) }, (_, code, pdu) => {
    const end = Buffer.from(pdu).readUInt16BE(1) + Buffer.from(pdu).readUInt16BE(3)
    return code === 3 && end > 32 ? { silent: true } : undefined
  })
  const { found } = await look(['127.0.1.1'], port)
  const { notes, tags } = found[0]!
  assert.ok(
    notes.some((note) => note.startsWith('32 readable holding registers: hr:0–hr:31')),
    notes.join('\n'),
  )
  assert.ok(
    notes.some((note) => note.includes('4 readable coils')),
    'the other tables are asked',
  )
  assert.equal(tags.length, 36)
  assert.ok(seen.functions.length < 120, `${seen.functions.length} requests`)
})

test('nobody holds a scan up: a host is left after ten minutes with what was found', async (t) => {
  const port = await freePort()
  await serve(t, '127.0.1.1', port, { unit: () => bank() }, (_, code) => (code === 3 ? { silent: true } : undefined))
  // A clock on which nothing is waited for but the limit of the host.
  const clock = { ...systemClock, after: (delayMs: number, action: () => void) => systemClock.after(delayMs === 600_000 ? 150 : 60_000, action) } // prettier-ignore
  const started = Date.now()
  const { found } = await look(['127.0.1.1'], port, [1], { ...testContext(), dial, clock })
  assert.ok(Date.now() - started < 5000)
  assert.deepEqual(endpoints(found), [`127.0.1.1:${port} unit 1`])
  assert.ok(
    found[0]!.notes.some((note) => /was left: .*10 minutes/.test(note)),
    found[0]!.notes.join('\n'),
  )
})

test('a host that was probed is let go: no connection stays', async (t) => {
  const port = await freePort()
  let open = 0
  const server = createServer((socket: Socket) => {
    open++
    socket.on('error', () => undefined).on('close', () => open--)
    // Exception 01 to everything.
    socket.on('data', (request: Buffer) => socket.write(Buffer.from([request[0]!, request[1]!, 0, 0, 0, 3, request[6]!, request[7]! | 0x80, 1]))) // prettier-ignore
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.1.1', resolve))
  t.after(() => server.close())
  const { found } = await look(['127.0.1.1'], port)
  assert.equal(found.length, 1)
  await eventually('the connection is closed', () => open === 0)
})

test('a scan that is given up ends at once, and leaves no connection behind', async (t) => {
  const port = await freePort()
  const seen = await serve(t, '127.0.1.1', port, { unit: () => bank() }, () => ({ delayMs: 50 }))
  const stop = new AbortController()
  const range = { hosts: ['127.0.1.1'], ports: [port], units: [1], timeoutMs: 5000, concurrency: 1, ratePerSecond: 10 }
  setTimeout(() => stop.abort(new Error('enough')), 120)
  const started = Date.now()
  await assert.rejects(async () => {
    for await (const _ of modbus.scan!(range, { ...testContext(), dial }, stop.signal));
  }, /enough/)
  assert.ok(Date.now() - started < 1000)
  assert.equal(seen.connections(), 1)
})
