/** A recording answers as it was recorded, and composes blocks only from registers that it knows. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { startProcess, temporaryFolder } from '../src/testing/peers.ts'
import { exchange, readRegisters, readRequest } from './modbus/raw-client.ts'
import { startRecorded, type Recording } from './recorded.ts'

const RECORDINGS: readonly Recording[] = [
  { unit: 1, function: 3, address: 10, count: 2, responsePdu: '03040102fffe' },
  { unit: 1, function: 3, address: 12, count: 1, responsePdu: '03020007' },
  { unit: 1, function: 3, address: 50, count: 1, responsePdu: '8304' },
  { unit: 9, function: 1, address: 0, count: 10, responsePdu: '01020502' },
]

async function play(t: TestContext) {
  const recorded = await startRecorded(RECORDINGS, { port: 0, host: '127.0.0.1' })
  const socket = connect(recorded.port, '127.0.0.1')
  t.after(async () => {
    socket.destroy()
    await recorded.close()
  })
  return socket
}

test('a recorded request gets the recorded answer, byte for byte', async (t) => {
  const socket = await play(t)
  assert.equal((await exchange(socket, readRequest(1, 3, 10, 2))).toString('hex'), '00070000000701' + '03040102fffe')
  assert.equal((await exchange(socket, readRequest(9, 1, 0, 10))).toString('hex'), '00070000000509' + '01020502')
})

test('a block across two recordings is put together; bits too', async (t) => {
  const socket = await play(t)
  assert.deepEqual(await readRegisters(socket, 11, 2), [0xfffe, 7])
  assert.equal((await exchange(socket, readRequest(9, 1, 2, 8))).subarray(7).toString('hex'), '010181')
})

test('a recorded exception comes back; unknown registers get 2, unknown units 0x0B', async (t) => {
  const socket = await play(t)
  await assert.rejects(readRegisters(socket, 50, 1), /exception 4/)
  await assert.rejects(readRegisters(socket, 12, 2), /exception 2/)
  await assert.rejects(readRegisters(socket, 0, 1, { unit: 3 }), /exception 11/)
})

test('as a program it reads the map from a file', async (t) => {
  const file = join(temporaryFolder(t), 'map.json')
  writeFileSync(file, JSON.stringify(RECORDINGS))
  const program = startProcess(t, process.execPath, ['simulators/recorded.ts', '--file', file])
  const [line] = await program.waitFor(/\{"ready".*\}/)
  const ready = JSON.parse(line) as { port: number; units: number[] }
  assert.deepEqual(ready.units, [1, 9])
  const socket = connect(ready.port, '127.0.0.1')
  t.after(() => socket.destroy())
  assert.deepEqual(await readRegisters(socket, 12, 1), [7])
  assert.deepEqual(await program.stop(), { code: 0, signal: null })
})
