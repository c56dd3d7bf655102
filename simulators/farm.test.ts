/** The load farm keeps the rule by which benchmarks prove every value, in both layouts and in a process of its own. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { startProcess } from '../src/testing/peers.ts'
import { farmAddress, farmValue, startFarm } from './farm.ts'
import { readRegisters } from './modbus/raw-client.ts'

test('every poll raises every register of that device by one, and only that device', async (t) => {
  const farm = await startFarm({ devices: 300, tags: 200, layout: 'addresses', port: 0 })
  t.after(() => farm.close())
  const first = connect(farm.port, farmAddress(0))
  const last = connect(farm.port, farmAddress(299))
  t.after(() => [first, last].forEach((socket) => socket.destroy()))
  assert.deepEqual(await readRegisters(first, 0, 3), [1, 2, 3])
  assert.deepEqual(await readRegisters(first, 125, 2), [126, 127], 'a later block belongs to the same poll')
  assert.deepEqual(await readRegisters(first, 0, 3), [2, 3, 4])
  assert.deepEqual(await readRegisters(last, 0, 1), [1])
  const { polls, requests, connections } = farm.stats()
  assert.deepEqual([polls[0], polls[299], requests, connections], [2, 1, 4, 2])
})

test('values wrap at 65536', () => assert.deepEqual([farmValue(65_535, 0), farmValue(65_535, 1)], [65_535, 0]))

test('registers that a device does not have get exception 2, other functions exception 1', async (t) => {
  const farm = await startFarm({ devices: 1, tags: 10, layout: 'ports', port: 0 })
  t.after(() => farm.close())
  const socket = connect(farm.port, '127.0.0.1')
  t.after(() => socket.destroy())
  await assert.rejects(readRegisters(socket, 5, 6), /exception 2/)
  await assert.rejects(readRegisters(socket, 0, 1, { function: 4 }), /exception 1/)
  assert.equal(farm.stats().refused, 2)
})

test('as a program it announces itself, answers `stats` and ends with its counts', async (t) => {
  const farm = startProcess(t, process.execPath, [
    'simulators/farm.ts',
    '--devices',
    '2',
    '--tags',
    '4',
    '--layout',
    'ports',
  ])
  const [line] = await farm.waitFor(/\{"ready".*\}/)
  const { ports } = JSON.parse(line) as { ports: number[] }
  const socket = connect(ports[1]!, '127.0.0.1')
  t.after(() => socket.destroy())
  await readRegisters(socket, 0, 4)
  farm.child.stdin!.write('stats\n')
  await farm.waitFor(/"stats":true,"connections":1,"requests":1,"refused":0,"polls":\[0,1\]/)
  assert.deepEqual(await farm.stop(), { code: 0, signal: null })
})
