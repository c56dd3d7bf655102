/** The command line through its launcher, as a process: what scripts see is exit code, stdout and stderr. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { createModbusServer, RegisterBank } from '../protocols/modbus/index.ts'
import { systemClock } from '../core/clock.ts'
import { freePort, startProcess, temporaryFolder } from '../testing/peers.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const LAUNCHER = join(ROOT, 'bin', 'bifrost')
const CASE = join(import.meta.dirname, 'cases', 'everything-wrong')

interface Outcome {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

async function bifrost(
  args: readonly string[],
  { cwd = ROOT, env = {}, command = LAUNCHER }: { cwd?: string; env?: NodeJS.ProcessEnv; command?: string } = {},
): Promise<Outcome> {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, NO_COLOR: '', FORCE_COLOR: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err }
}

test('check says everything that is wrong at once, on stdout, and exits with 78', async () => {
  const { code, out, err } = await bifrost(['check', '-c', 'bifrost.yaml'], { cwd: CASE })
  assert.equal(out, readFileSync(join(CASE, 'expected.txt'), 'utf8'))
  assert.equal(code, 78)
  assert.match(err, /^bifrost.yaml is not valid: \d+ problems$/m)
  for (const what of [
    /unknown key/,
    /expected a number, got/,
    /exists already, at/,
    /share the topic/,
    /press-1\.csv:37:\d+ row 37, address/,
  ])
    assert.match(out, what)
})

test('check as JSON, for a program; `config validate` is the same command', async () => {
  const long = await bifrost(['config', 'validate', '--json', '-c', 'bifrost.yaml'], { cwd: CASE })
  const { valid, problems } = JSON.parse(long.out) as { valid: boolean; problems: { file: string; line: number }[] }
  assert.equal(valid, false)
  assert.equal(long.code, 78)
  assert.equal(problems.length, readFileSync(join(CASE, 'expected.txt'), 'utf8').trim().split('\n').length)
  assert.ok(problems.some(({ file, line }) => file === 'press-1.csv' && line === 37))
  const good = await bifrost(['--json', 'check', 'examples/demo/bifrost.yaml'])
  assert.deepEqual([good.code, (JSON.parse(good.out) as { tags: number }).tags], [0, 42])
})

test('a valid file: one line and exit 0; without a file or with a missing one the way out is named', async (t) => {
  const good = await bifrost(['check', '-c', 'examples/demo/bifrost.yaml'])
  assert.deepEqual(
    [good.code, good.out, good.err],
    [0, 'examples/demo/bifrost.yaml is valid: 3 devices, 42 tags, 1 sink\n', ''],
  )
  const cwd = temporaryFolder(t)
  const none = await bifrost(['check'], { cwd })
  assert.equal(none.code, 2)
  assert.match(none.err, /there is no bifrost\.yaml here, and `bifrost init` writes one/)
  const missing = await bifrost(['check', '-c', 'examples/demo/bifrost.yml'])
  assert.equal(missing.code, 78)
  assert.match(missing.out, /there is no such file, did you mean examples\/demo\/bifrost\.yaml\?/)
  const named = await bifrost(['check'], {
    cwd,
    env: { BIFROST_CONFIG: join(ROOT, 'examples', 'starter', 'bifrost.yaml') },
  })
  assert.equal(named.code, 0)
})

test('run refuses the same file with every problem on stderr, and starts nothing', async () => {
  const { code, out, err } = await bifrost(['run', '-c', 'bifrost.yaml'], { cwd: CASE })
  assert.equal(code, 78)
  assert.equal(out, '')
  assert.ok(!existsSync(join(CASE, 'data')))
  for (const line of readFileSync(join(CASE, 'expected.txt'), 'utf8').trim().split('\n'))
    assert.ok(err.includes(line), line)
})

test('help leads with examples and goes to stdout; usage errors suggest and exit with 2', async () => {
  const help = await bifrost(['--help'])
  assert.equal(help.code, 0)
  assert.match(help.out, /^Examples:\n {2}bifrost demo /)
  const read = await bifrost(['read', '--help'])
  assert.match(read.out, /^Examples:\n {2}bifrost read press-1\/level/)
  assert.match(read.out, /--json/)
  const command = await bifrost(['chekc'])
  assert.deepEqual([command.code, command.out], [2, ''])
  assert.match(command.err, /Did you mean check\?/)
  const flag = await bifrost(['check', '--confg', 'x'])
  assert.equal(flag.code, 2)
  assert.match(flag.err, /Did you mean --config\?/)
  const nothing = await bifrost([])
  assert.equal(nothing.code, 2)
  assert.match(nothing.err, /^Examples:/)
})

test('version, with flags before and after the command', async () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  assert.equal((await bifrost(['version'])).out, `${version}\n`)
  assert.equal((await bifrost(['--version'])).out, `${version}\n`)
  const [before, after] = await Promise.all([bifrost(['--json', 'version']), bifrost(['version', '--json'])])
  assert.equal(before.out, after.out)
  assert.equal((JSON.parse(after.out) as { version: string }).version, version)
})

test('init writes a configuration that checks, and never overwrites', async (t) => {
  const folder = join(temporaryFolder(t), 'plant')
  const first = await bifrost(['init', folder])
  assert.equal(first.code, 0)
  assert.match(
    readFileSync(join(folder, 'bifrost.yaml'), 'utf8'),
    /^# yaml-language-server: \$schema=bifrost\.schema\.json\n/,
  )
  assert.equal((await bifrost(['check', '-c', join(folder, 'bifrost.yaml')])).code, 0)
  writeFileSync(join(folder, 'bifrost.yaml'), 'mine')
  const second = await bifrost(['init', folder])
  assert.equal(second.code, 1)
  assert.match(second.err, /bifrost\.yaml.*nothing is overwritten/)
  assert.equal(readFileSync(join(folder, 'bifrost.yaml'), 'utf8'), 'mine')
  const demo = await bifrost(['init', '--from-demo', `${folder}-demo`, '--quiet'])
  assert.deepEqual([demo.code, demo.err], [0, ''])
  assert.equal((await bifrost(['check', join(`${folder}-demo`, 'bifrost.yaml')])).code, 0)
})

test('colours only where they are wanted', async () => {
  const refused = ['health', '--url', 'ftp://x']
  const outcomes = await Promise.all([
    bifrost(refused),
    bifrost(refused, { env: { FORCE_COLOR: '1' } }),
    bifrost(refused, { env: { FORCE_COLOR: '1', NO_COLOR: '1' } }),
    bifrost([...refused, '--no-color'], { env: { FORCE_COLOR: '1' } }),
  ])
  assert.deepEqual(
    outcomes.map(({ code, err }) => [code, err.includes('\u001b[')]),
    [
      [2, false],
      [2, true],
      [2, false],
      [2, false],
    ],
  )
})

test('no gateway: read, write, watch and health exit with 3 and say what to do', async () => {
  const url = `http://127.0.0.1:${await freePort()}`
  const commands = [['read', 'a/b'], ['write', 'a/b', '1'], ['watch'], ['health']]
  for (const { code, out, err } of await Promise.all(commands.map((words) => bifrost([...words, '--url', url])))) {
    assert.deepEqual([code, out], [3, ''])
    assert.ok(err.includes(url))
  }
  const json = await bifrost(['read', '--json', '--url', url])
  assert.equal((JSON.parse(json.err) as { error: { code: string } }).error.code, 'NOT_CONNECTED')
})

test('read and write straight at a device, and what is refused', async (t) => {
  const bank = new RegisterBank({ holdingRegisters: [{ address: 0, count: 10 }] })
  bank.holdingRegisters.set(0, 0x4148)
  bank.holdingRegisters.set(5, 7)
  const server = createModbusServer({ clock: systemClock, unit: (id) => (id === 1 ? bank : undefined) })
  const port = await server.listen(0, '127.0.0.1')
  t.after(() => server.close())
  const device = `modbus://127.0.0.1:${port}/1`
  const read = await bifrost(['read', device, 'hr:0', 'float32', 'hr:5', '--json'])
  const { values } = JSON.parse(read.out) as { values: { tag: string; value: number; status: { name: string } }[] }
  assert.deepEqual(
    values.map(({ tag, value, status }) => [tag, value, status.name]),
    [
      ['hr:0', 12.5, 'Good'],
      ['hr:5', 7, 'Good'],
    ],
  )
  assert.equal(read.code, 0)

  const bad = await bifrost(['read', device, 'hr:5', 'hr:9000'])
  assert.equal(bad.code, 1, 'a bad point costs its neighbour nothing, and shows in the exit code')
  assert.match(bad.out, /hr:5 +7 +Good/)
  assert.match(bad.out, /hr:9000 +- +Bad.*hr:9000 = 49001: the device answers exception 02 \(illegal data address\)/)

  const refused = await bifrost(['write', device, 'hr:5', 'uint16', '8'])
  assert.deepEqual([refused.code, bank.holdingRegisters.get(5)], [4, 7])
  const written = await bifrost(['write', '--allow-write', device, 'hr:5', 'uint16', '8'])
  assert.deepEqual([written.code, bank.holdingRegisters.get(5)], [0, 8])

  assert.match((await bifrost(['read', device, '5'])).err, /did you mean hr:5 or 40006/)
  assert.match((await bifrost(['read', `${device}?timeot=1s`, 'hr:0'])).err, /did you mean "timeout"/)
  assert.equal((await bifrost(['read', device.replace('modbus', 'mobdus'), 'hr:0'])).code, 2)
  assert.equal((await bifrost(['read', `modbus://127.0.0.1:${await freePort()}/1`, 'hr:0'])).code, 3)
})

test('read and write a configured tag with its scale, its limits and its permission', async (t) => {
  const bank = new RegisterBank({ holdingRegisters: [{ address: 0, count: 10 }] })
  bank.holdingRegisters.set(0, 215)
  const server = createModbusServer({ clock: systemClock, unit: () => bank })
  const port = await server.listen(0, '127.0.0.1')
  t.after(() => server.close())
  const file = join(temporaryFolder(t), 'bifrost.yaml')
  const tags =
    '{ name: t, address: hr:0, type: int16, scale: 0.1, unit: °C, writable: true, writeMax: 40 }, { name: fixed, address: hr:1, type: int16 }'
  writeFileSync(
    file,
    `version: 1\ndevices:\n  - { name: plc, driver: modbus, options: { host: 127.0.0.1, port: ${port} }, tags: [${tags}] }\n`,
  )
  assert.match((await bifrost(['read', '-c', file, 'plc/t'])).out, /^plc\/t +21\.5 °C +Good/)
  assert.equal((await bifrost(['write', '-c', file, '--allow-write', 'plc/t', '30'])).code, 0)
  assert.equal(bank.holdingRegisters.get(0), 300)
  const rounded = await bifrost(['write', '-c', file, '--allow-write', 'plc/t', '21.57'])
  assert.match(rounded.err, /^21\.57 was rounded to 21\.6, the nearest value that t \(int16, scale 0\.1\) can hold\.$/m)
  assert.equal((await bifrost(['write', '-c', file, '--allow-write', 'plc/t', '30'])).err, '', 'what fits is not said')
  assert.equal((await bifrost(['write', '-c', file, '--allow-write', 'plc/t', '41'])).code, 1)
  assert.equal((await bifrost(['write', '-c', file, '--allow-write', 'plc/fixed', '1'])).code, 4)
  assert.equal(bank.holdingRegisters.get(0), 300)
  assert.match((await bifrost(['read', '-c', file, 'plc/fixd'])).err, /did you mean plc\/fixed\?/)
})

test('a write past the gateway is on record, heeds the lock, and goes round no rule of a configured tag', async (t) => {
  const bank = new RegisterBank({ holdingRegisters: [{ address: 0, count: 10 }] })
  const server = createModbusServer({ clock: systemClock, unit: () => bank })
  const port = await server.listen(0, '127.0.0.1')
  t.after(() => server.close())
  const folder = temporaryFolder(t)
  const file = join(folder, 'bifrost.yaml')
  const rules = ['writeValues: 1|2', 'writeEvery: 1s', 'writeStep: 1', 'interlock: ./t = 0', 'approval: true', 'critical: true'] // prettier-ignore
  const ruled = rules.map((rule, at) => `{ name: r${at}, address: hr:${at + 1}, type: int16, writable: true, ${rule} }`)
  const tags = ['{ name: t, address: hr:0, type: int16, writable: true }', ...ruled].join(', ')
  writeFileSync(
    file,
    `version: 1\ndata: ./data\ndevices:\n  - { name: plc, driver: modbus, options: { host: 127.0.0.1, port: ${port} }, tags: [${tags}] }\n`,
  )
  const write = (tag: string) => bifrost(['write', '-c', file, '--allow-write', '--reason', 'batch 7', tag, '2'])
  for (const at of rules.keys()) assert.equal((await write(`plc/r${at}`)).code, 4, String(rules[at]))
  mkdirSync(join(folder, 'data'))
  writeFileSync(
    join(folder, 'data', 'writes.lock'),
    JSON.stringify({ by: 'anna', since: '2026-11-23T10:00:00.000Z', reason: 'works on the press' }),
  )
  assert.match((await write('plc/t')).err, /All writes are locked: by anna/)
  assert.equal(bank.holdingRegisters.get(0), 0)
  rmSync(join(folder, 'data', 'writes.lock'))
  assert.equal((await write('plc/t')).code, 0)
  assert.equal(bank.holdingRegisters.get(0), 2)
  const inbox = join(folder, 'data', 'audit', 'inbox')
  const events = readdirSync(inbox).map((name) => JSON.parse(readFileSync(join(inbox, name), 'utf8')).event) // eslint-disable-line
  assert.deepEqual(
    events.map(({ action, object, after, reason, outcome }) => [action, object, after, reason, outcome]).sort(),
    ['requested', 'written'].map((outcome) => ['write', 'tag plc/t', '2', 'batch 7', outcome]),
  )
})

test('simulate runs the plant until SIGTERM', async (t) => {
  const port = await freePort()
  const simulator = startProcess(t, LAUNCHER, ['simulate', '--port', String(port)])
  await simulator.waitFor(new RegExp(`"ready":true.*"port":${port}`))
  const read = await bifrost(['read', `modbus://127.0.0.1:${port}/1`, 'co:0'])
  assert.match(read.out, /co:0 +true +Good/)
  assert.equal((await simulator.stop('SIGTERM')).code, 0)
  assert.equal((await bifrost(['simulate', 'plnt'])).code, 2)
})

test('the launcher works through symbolic links and says what is missing without a Node', async (t) => {
  const folder = temporaryFolder(t)
  symlinkSync(LAUNCHER, join(folder, 'first'))
  symlinkSync('first', join(folder, 'bifrost'))
  assert.equal((await bifrost(['version'], { command: join(folder, 'bifrost'), cwd: folder })).code, 0)
  mkdirSync(join(folder, 'bin'))
  for (const name of ['bifrost', 'launch'])
    writeFileSync(join(folder, 'bin', name), readFileSync(join(ROOT, 'bin', name)), { mode: 0o755 })
  mkdirSync(join(folder, 'old'))
  writeFileSync(join(folder, 'old', 'node'), '#!/bin/sh\necho 20.1.0\n', { mode: 0o755 })
  const old = await bifrost(['version'], {
    command: join(folder, 'bin', 'bifrost'),
    env: { PATH: `${join(folder, 'old')}:/usr/bin:/bin`, BIFROST_NODE: '' },
  })
  assert.equal(old.code, 1)
  assert.match(old.err, /needs Node 24 or newer, and this machine has Node 20\.1\.0/)
})

test('the holder of a port is found', { skip: process.platform !== 'linux' }, async () => {
  const { findPortHolder } = await import('./port-holder.ts')
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  assert.equal(findPortHolder(port)?.pid, process.pid)
  server.close()
  await once(server, 'close')
  assert.equal(findPortHolder(port), undefined)
})
