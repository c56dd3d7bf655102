/** A scan of servers that nobody here wrote: libmodbus, which knows FC 17, and pymodbus, which knows FC 43/14 and has two units. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drivers } from '../src/drivers/index.ts'
import type { FoundDevice } from '../src/core/driver.ts'
import { compile, needsLibmodbus, needsPymodbus, peer, PYTHON } from '../src/testing/modbus-strangers.ts'
import { testContext } from '../src/testing/driver-suite.ts'
import { freePort, startProcess } from '../src/testing/peers.ts'
import { dial } from '../src/wire/dial.ts'

async function scan(port: number, units: readonly number[], timeoutMs = 500): Promise<FoundDevice[]> {
  const modbus = drivers.find(({ name }) => name === 'modbus')!
  const range = { hosts: ['127.0.0.1'], ports: [port], units, timeoutMs, concurrency: 1, ratePerSecond: 100 }
  const found: FoundDevice[] = []
  const context = { ...testContext(), dial }
  for await (const device of modbus.scan!(range, context, AbortSignal.timeout(20_000))) found.push(device)
  return found
}

test('a libmodbus server is found, with its whole map', { skip: needsLibmodbus() }, async (t) => {
  const port = await freePort()
  await startProcess(t, await compile(t, 'libmodbus-server'), [String(port)]).waitFor(/listening/)
  const [device = assert.fail('nothing found')] = await scan(port, [1], 3000)
  assert.match(device.identity.product ?? '', /LMB/)
  assert.ok(
    device.notes.some((note) => note.startsWith('200 readable holding registers: hr:0–hr:199')),
    device.notes.join('\n'),
  )
  assert.ok(
    device.notes.some((note) => note.startsWith('100 readable coils: co:0–co:99')),
    device.notes.join('\n'),
  )
})

test(
  'the units of a pymodbus server are found; units that it does not have cost little',
  { skip: needsPymodbus() },
  async (t) => {
    const port = await freePort()
    await startProcess(t, PYTHON, [peer('pymodbus-server.py'), String(port)]).waitFor(/listening/)
    await new Promise((resolve) => setTimeout(resolve, 500))
    const found = await scan(port, [1, 2, 3, 4])
    assert.deepEqual(found.map(({ options }) => options.unit).slice(0, 2), [1, 2])
    assert.deepEqual(found[0]!.identity, { vendor: 'Acme', product: 'PM', firmware: '3.0' })
    assert.ok(
      found[0]!.notes.some((note) => /readable holding registers: hr:0/.test(note)),
      found[0]!.notes.join('\n'),
    )
  },
)
