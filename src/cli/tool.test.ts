/** The commands that drivers bring, and `trace`, through the launcher: targets of every kind, exit codes, output for programs. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { closeSync, constants, openSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { createModbusServer, RegisterBank } from '../protocols/modbus/index.ts'
import { systemClock } from '../core/clock.ts'
import { bifrost, startGatewayProcess } from '../testing/gateway-process.ts'
import { eventually, freePort, needs, startProcess, temporaryFolder } from '../testing/peers.ts'

const LAUNCHER = join(import.meta.dirname, '..', '..', 'bin', 'bifrost')

/** A device whose holding registers 0…19 hold 1000 and more; register 7 does not exist. */
async function device(t: TestContext) {
  const holdingRegisters = [
    { address: 0, count: 7 },
    { address: 8, count: 12 },
  ]
  const bank = new RegisterBank({ holdingRegisters, identification: { 0: 'Acme', 1: 'PX-7', 2: 'v2.1' } })
  for (let at = 0; at < 20; at++) if (at !== 7) bank.holdingRegisters.set(at, 1000 + at)
  const server = createModbusServer({ unit: (id) => (id === 1 ? bank : undefined), clock: systemClock })
  const port = await server.listen(0, '127.0.0.1')
  t.after(() => server.close())
  return { server, bank, port }
}

test('a tool goes straight to a device of a URL, and to one of a file', async (t) => {
  const { port } = await device(t)
  const url = `modbus://127.0.0.1:${port}/1`
  const table = await bifrost('modbus', 'dump', url, 'hr:5', '4')
  assert.equal(table.code, 0, table.err)
  assert.match(table.out, /^hr:5 +40006 +03ED +1005 /m)
  assert.match(table.out, /^hr:7 +refused: exception 02 ILLEGAL DATA ADDRESS/m)
  assert.match(table.out, /^hr:8 +40009 +03F0 +1008 /m)

  const file = join(temporaryFolder(t), 'bifrost.yaml')
  const options = `{ host: 127.0.0.1, port: ${port} }`
  writeFileSync(
    file,
    `version: 1\ndata: ./data\ndevices:\n  - { name: press-1, driver: modbus, options: ${options}, every: 1s, tags: [] }\n`,
  )
  const json = await bifrost('modbus', 'identify', '-c', file, 'press-1', '--json')
  assert.equal(json.code, 0, json.err)
  const { objects } = JSON.parse(json.out) as { objects: { name: string; text: string }[] }
  assert.deepEqual(objects[0], { id: 0, name: 'vendor', text: 'Acme', hex: '41636D65' })

  const detected = await bifrost('modbus', 'detect', url, 'hr:3', '--reading', '100.3')
  assert.match(detected.out, /uint16 +1003\n +× 0\.1 it is the reading 100\.3/)
})

test('what is wrong with a tool call has the exit code that scripts know', async (t) => {
  const { port } = await device(t)
  const closed = await freePort()
  const url = `modbus://127.0.0.1:${port}/1`
  const nobody = `http://127.0.0.1:${closed}`
  const cases: readonly (readonly [args: readonly string[], code: number, message: RegExp])[] = [
    [['dump', `modbus://127.0.0.1:${closed}/1`, 'hr:0'], 3, /nothing listens on this port/],
    [['dump', url], 2, /address is missing/],
    [['dump', url, 'hr:0', 'many'], 2, /count: expected a number/],
    [['dump', url, 'hrr:0'], 2, /no Modbus address/],
    [['dump', url, 'hr:0', '0'], 2, /count: expected at least 1\n/],
    [['detect', url, 'hr:0', '--registers', '3'], 2, /registers: expected 1 or 2 or 4\n/],
    [['dump', '10.0.0.5:502', 'hr:0', '--url', nobody], 2, /did you mean modbus:\/\/10\.0\.0\.5:502\/1\?/],
    [['dump', 'modbus:/10.0.0.5/3', 'hr:0', '--url', nobody], 2, /did you mean modbus:\/\/10\.0\.0\.5\/1\?/],
    [['dump', '/dev/ttyUSB0', 'hr:0', '--url', nobody], 2, /did you mean modbus\+rtu:\/\/\/dev\/ttyUSB0\/1\?/],
    [['dump', url, 'hr:0', '4', '--count', '4'], 2, /count is given twice/],
    [['dump', `modbus+rtv://127.0.0.1:${port}/1`, 'hr:0'], 2, /transport: .*did you mean "rtu"/],
    [['dump', `modbus://127.0.0.1:${port}/1?timeuot=1s`, 'hr:0'], 2, /unknown key "timeuot", did you mean "timeout"/],
    [['detect', url, 'hr:0', '--low', '-5', '--high', '-10'], 2, /high must be above low/],
    [['dump', '-c', '/nowhere/bifrost.yaml', 'press-1', 'hr:0'], 78, /no such file/],
    [['dump', 'press-1', 'hr:0', '--url', `http://127.0.0.1:${closed}`], 3, /no gateway answers/],
    [['dmup', 'press-1'], 2, /Did you mean dump/],
  ]
  const outcomes = await Promise.all(cases.map(([args]) => bifrost('modbus', ...args)))
  outcomes.forEach(({ code, err }, at) => {
    const [args, expected, message] = cases[at]!
    assert.equal(code, expected, `${args.join(' ')}: ${err}`)
    assert.match(err, message, args.join(' '))
  })
})

test('help of a tool leads with examples and names every field with its meaning', async () => {
  const { out, code } = await bifrost('modbus', 'detect', '--help')
  assert.equal(code, 0)
  assert.match(out, /^Examples:\n +bifrost modbus detect /)
  for (const flag of ['--reading', '--reads', '--every', '--low', '--high', '--config', '--url'])
    assert.match(out, new RegExp(`${flag} <`), flag)
  assert.match((await bifrost('--help')).out, /^ {2}modbus +what can be done/m)
})

test('a serial port is a target, with its settings in the query', { skip: needs('socat') }, async (t) => {
  const { server } = await device(t)
  // Frames of RTU over a byte stream behind a pseudo terminal: what a converter on a USB port is.
  const converter = createServer((socket) => server.serve(socket, 'rtu')).listen(0, '127.0.0.1')
  await once(converter, 'listening')
  t.after(() => converter.close())
  const { port } = converter.address() as AddressInfo
  const path = join(temporaryFolder(t), 'ttyUSB0')
  const socat = startProcess(t, 'socat', ['-d', '-d', `pty,link=${path},raw,echo=0`, `tcp:127.0.0.1:${port}`])
  await socat.waitFor(/starting data transfer loop/)
  // socat ends when the last program closes the port: between the two commands this one has it open.
  const held = openSync(path, constants.O_RDWR | constants.O_NOCTTY)
  t.after(() => closeSync(held))
  const { code, out, err } = await bifrost(
    'modbus',
    'dump',
    `modbus+rtu://${path}/1?baud=9600&parity=none`,
    'hr:0',
    '3',
  )
  assert.equal(code, 0, err)
  assert.match(out, /^hr:2 +40003 +03EA +1002 /m)
  const unit = await bifrost('modbus', 'dump', `modbus+rtu://${path}?unit=1&baud=9600`, 'hr:0', '3', '--json')
  assert.equal((JSON.parse(unit.out) as { rows: { unsigned: number }[] }).rows[1]!.unsigned, 1001)
})

test('tools and traces of a running gateway', async (t) => {
  const { port, server } = await device(t)
  const gateway = await startGatewayProcess(t, {
    yaml: `devices:\n  - name: press-1\n    driver: modbus\n    options: { host: 127.0.0.1, port: ${port} }\n    every: 100ms\n    tags: [{ name: a, address: hr:0, type: uint16 }]\n`,
  })
  await eventually('a value', async () => (await gateway.values())[0]?.value === 1000)
  const connections = server.stats.connections

  const dump = await bifrost('modbus', 'dump', 'press-1', 'hr:5', '4', '--url', gateway.url)
  assert.equal(dump.code, 0, dump.err)
  assert.match(dump.out, /^hr:8 +40009 +03F0 +1008 /m)
  assert.equal(server.stats.connections, connections, 'over the connection of the polls')

  const file = join(temporaryFolder(t), 'press-1.pcapng')
  const trace = await bifrost('trace', 'press-1', '--url', gateway.url, '--count', '3', '--pcapng', file)
  assert.equal(trace.code, 0, trace.err)
  const lines = trace.out.trim().split('\n')
  assert.equal(lines.length, 6)
  assert.match(
    lines[0]!,
    /^\d\d:\d\d:\d\d\.\d{3} → unit 1 Read Holding Registers \(03\) address 0 count 1 {2}[0-9A-F]{24}$/,
  )
  assert.match(lines[1]!, /^ *\+\d+\.\d{3} ms ← unit 1 Read Holding Registers \(03\) registers 03E8 {2}[0-9A-F]{22}$/)
  assert.equal(readFileSync(file).readUInt32LE(0), 0x0a0d0d0a)
  assert.equal((await gateway.get<{ active: boolean }>('devices/press-1/trace')).active, false, 'stopped at its end')

  const json = await bifrost('trace', 'press-1', '--url', gateway.url, '--count', '1', '--json')
  assert.equal((JSON.parse(json.out) as { function: number }).function, 3)
  const none = await bifrost('trace', 'press-1', '--url', gateway.url, '--for', '500ms', '--errors')
  assert.deepEqual([none.code, none.out], [0, ''])
  assert.match(none.err, /nothing came over the wire that matches/)
  const refused = await Promise.all([
    bifrost('trace', 'press-9', '--url', gateway.url),
    bifrost('trace', 'press-1', '--url', gateway.url, '--follow', '--for', '1s'),
    bifrost('trace', 'press-1', '--url', gateway.url, '--function', '300'),
    bifrost('trace', 'press-1', '--url', gateway.url, '--pcapng', '/nowhere/at/all.pcapng'),
  ])
  assert.deepEqual(
    refused.map(({ code }) => code),
    [1, 2, 2, 2],
  )
  assert.match(refused[3].err, /\/nowhere\/at cannot be written to/)

  // Ctrl-C ends a trace that follows, and stops it at the gateway.
  const running = startProcess(t, LAUNCHER, ['trace', 'press-1', '--url', gateway.url, '--follow'])
  await running.waitFor(/← unit 1/)
  assert.equal((await running.stop('SIGINT')).code, 0, running.output())
  assert.equal((await gateway.get<{ active: boolean }>('devices/press-1/trace')).active, false)

  const cut = startProcess(t, LAUNCHER, ['trace', 'press-1', '--url', gateway.url, '--for', '60s'])
  await cut.waitFor(/← unit 1/)
  assert.equal((await cut.stop('SIGINT')).code, 130, cut.output())
  assert.equal((await gateway.get<{ active: boolean }>('devices/press-1/trace')).active, false)

  // One that somebody else started is watched, and goes on.
  await fetch(`${gateway.url}/api/v1/devices/press-1/trace`, { method: 'POST' })
  const watched = await bifrost('trace', 'press-1', '--url', gateway.url, '--count', '2')
  assert.deepEqual([watched.code, watched.out.trim().split('\n').length], [0, 4], watched.err)
  assert.match(watched.err, /traced already/)
  assert.equal((await gateway.get<{ active: boolean }>('devices/press-1/trace')).active, true)
})
