/** The plant as a client meets it: over real sockets, commands obeyed, and each fault as the wire shows it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { eventually, startProcess } from '../src/testing/peers.ts'
import { applyFaultLine, startPlant } from './plant.ts'
import { exchange, readRegisters, readRequest } from './modbus/raw-client.ts'

async function start(t: TestContext) {
  const running = await startPlant({ host: '127.0.0.1', port: 0, seed: 1 })
  const dial = (): Socket => {
    const socket = connect(running.port, '127.0.0.1').on('error', () => {})
    t.after(() => socket.destroy())
    return socket
  }
  t.after(() => running.close())
  return { running, dial, fault: (line: string) => applyFaultLine(running.faults, `fault ${line}`) }
}

const writeCoil = (unit: number, address: number, on: boolean): Buffer => {
  const frame = readRequest(unit, 5, address, on ? 0xff00 : 0)
  return frame
}

test('levels move, and a valve command that a client writes is obeyed', async (t) => {
  const { dial } = await start(t)
  const socket = dial()
  const level = async () => {
    const words = await readRegisters(socket, 0, 2, { function: 4 })
    return Buffer.from([words[0]! >> 8, words[0]! & 255, words[1]! >> 8, words[1]! & 255]).readFloatBE()
  }
  const before = await level()
  assert.ok(before > 1 && before < 4)
  const open = async () => (await exchange(socket, readRequest(1, 2, 0, 1)))[9]
  assert.equal(await open(), 1)
  await exchange(socket, writeCoil(1, 0, false))
  await eventually('the inlet valve leaves its open end', async () => (await open()) === 0, 3000)
  assert.notEqual(await level(), before)
})

test('slow: the answer comes, but late; other units are not concerned', async (t) => {
  const { dial, fault } = await start(t)
  fault('slow unit=2 ms=300')
  const socket = dial()
  const begin = performance.now()
  await readRegisters(socket, 0, 1, { unit: 1 })
  assert.ok(performance.now() - begin < 200)
  await readRegisters(socket, 0, 1, { unit: 2 })
  assert.ok(performance.now() - begin >= 290)
})

test('silent: no answer and the connection stays; clear brings it back', async (t) => {
  const { dial, fault } = await start(t)
  fault('silent unit=3')
  const socket = dial()
  await assert.rejects(exchange(socket, readRequest(3, 4, 0, 2), 250))
  assert.equal(socket.destroyed, false)
  fault('clear')
  assert.equal((await readRegisters(socket, 0, 2, { unit: 3, function: 4 })).length, 2)
})

test('exception: only requests that touch the range are refused', async (t) => {
  const { dial, fault } = await start(t)
  fault('exception unit=1 code=4 from=10 to=12')
  const socket = dial()
  await assert.rejects(readRegisters(socket, 8, 3), /exception 4/)
  assert.equal((await readRegisters(socket, 8, 2)).length, 2)
  assert.equal((await readRegisters(socket, 13, 2)).length, 2)
})

test('rst: the connection is reset instead of an answer', async (t) => {
  const { dial, fault } = await start(t)
  fault('rst')
  const socket = dial()
  const codes: (string | undefined)[] = []
  socket.on('error', (error: NodeJS.ErrnoException) => codes.push(error.code))
  await assert.rejects(exchange(socket, readRequest(1, 3, 0, 1)))
  assert.deepEqual(codes, ['ECONNRESET'])
})

test('garbage: what comes back is not Modbus', async (t) => {
  const { dial, fault } = await start(t)
  fault('garbage')
  const reply = await exchange(dial(), readRequest(1, 3, 0, 1))
  assert.notEqual(reply.readUInt16BE(2), 0, 'a protocol id that is not Modbus')
})

test('half: half a frame, then reset', async (t) => {
  const { dial, fault } = await start(t)
  fault('half')
  const socket = dial()
  let reset = false
  socket.on('error', () => (reset = true))
  const reply = await exchange(socket, readRequest(1, 3, 0, 10))
  assert.equal(reply.length, (9 + 20) >> 1)
  await eventually('the connection is reset', () => reset, 2000)
})

test('as a program: one line when ready, faults by lines on stdin, exit 0 on SIGTERM', async (t) => {
  const program = startProcess(t, process.execPath, [
    'simulators/plant.ts',
    '--seed',
    '3',
    '--fault',
    'exception code=6',
  ])
  const [line] = await program.waitFor(/\{"ready".*\}/)
  const { port, units } = JSON.parse(line) as { port: number; units: Record<string, string> }
  assert.deepEqual(units, { 1: 'tank farm', 2: 'filler', 3: 'energy meter' })
  const socket = connect(port, '127.0.0.1')
  t.after(() => socket.destroy())
  await assert.rejects(readRegisters(socket, 0, 1), /exception 6/)
  program.child.stdin!.write('fault clear\nfault sloow\n')
  await program.waitFor(/"faults":\[\]/)
  await program.waitFor(/unknown fault \\"sloow\\": use slow, silent/)
  assert.equal((await readRegisters(socket, 0, 1)).length, 1)
  assert.deepEqual(await program.stop(), { code: 0, signal: null })
})

test('what it was not asked well for is a sentence and exit 2, before anything is opened', async (t) => {
  for (const [flags, sentence] of [
    [['--fault', 'nonsense'], /^simulator: unknown fault "nonsense": use slow, silent/],
    [['--nonsense', '3'], /^simulator: .*--nonsense/],
    [['--serial', '/dev/null', '--parity', 'mark'], /^simulator: --parity mark/],
  ] as const) {
    const program = startProcess(t, process.execPath, ['simulators/plant.ts', ...flags])
    assert.deepEqual(await program.exited, { code: 2, signal: null })
    assert.match(program.output(), sentence)
    assert.doesNotMatch(program.output(), /\n\s+at |ready/)
  }
})

test('as a program it does not outlive the program that started it', async (t) => {
  const program = startProcess(t, process.execPath, ['simulators/plant.ts'])
  await program.waitFor(/"ready":true/)
  program.child.stdin!.end()
  assert.deepEqual(await program.exited, { code: 0, signal: null })
})

test('the tag lists name 42 tags whose registers exist', async (t) => {
  const { dial } = await start(t)
  const socket = dial()
  const codes: Record<string, number> = { co: 1, di: 2, hr: 3, ir: 4 }
  let tags = 0
  for (const [index, name] of ['tank-farm', 'filler', 'energy-meter'].entries()) {
    const text = readFileSync(join(import.meta.dirname, 'plant', 'tags', `${name}.csv`), 'utf8')
    for (const line of text.trim().split('\n').slice(1)) {
      const [, table, address] = /,(co|di|hr|ir):(\d+)/.exec(line)!
      const reply = await exchange(socket, readRequest(index + 1, codes[table!]!, Number(address), 1))
      assert.equal(reply[7]! & 0x80, 0, line)
      tags++
    }
  }
  assert.equal(tags, 42)
})
