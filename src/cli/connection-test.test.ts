/** `bifrost test` through the launcher: what people see of a device that answers, one that does not, and one of a configuration. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { bifrost } from '../testing/gateway-process.ts'
import { startDevice } from '../testing/modbus-device.ts'
import { freePort, temporaryFolder } from '../testing/peers.ts'

test('a device behind a URL: a line a stage, and the exit code says how far it came', async (t) => {
  const { options } = await startDevice(t)
  const url = `modbus://127.0.0.1:${String(options.port)}/1`
  const good = await bifrost('test', url, 'hr:7')
  assert.equal(good.code, 0, good.err)
  assert.match(good.out, /^DNS +- {2}skipped\nTCP +\d+\.\d ms {2}ok\nTLS +- {2}skipped\nsession +\d+\.\d ms {2}ok\nfirst read +\d+\.\d ms {2}ok: 7 \(Good\)\n$/) // prettier-ignore
  const wrong = await bifrost('test', url, 'hr:700')
  assert.equal(wrong.code, 1)
  assert.match(wrong.out, /^first read +\d+\.\d ms {2}failed: Bad/m)
  assert.match(wrong.err, /manual of the device/)
  const nobody = await bifrost('test', `modbus://127.0.0.1:${await freePort()}/1`, '--json')
  assert.equal(nobody.code, 3)
  const { ok, stages } = JSON.parse(nobody.out) as { ok: boolean; stages: { stage: string; result: string }[] }
  assert.deepEqual([ok, stages[1]?.stage, stages[1]?.result, stages.length], [false, 'tcp', 'failed', 5])
})

test('a device of a configuration, within the rules of its network', async (t) => {
  const { options } = await startDevice(t)
  const folder = temporaryFolder(t)
  const file = join(folder, 'bifrost.yaml')
  const yaml = `version: 1\ndata: ./data\ndevices:\n  - name: meter\n    driver: modbus\n    options: { host: 127.0.0.1, port: ${String(options.port)} }\n    tags: [{ name: volts, address: 'hr:3', type: uint16 }]\n`
  writeFileSync(file, yaml)
  const good = await bifrost('test', '-c', file, 'meter')
  assert.equal(good.code, 0, good.err)
  assert.match(good.out, /ok: 3 \(Good\)/)
  writeFileSync(file, `${yaml}network: { deny: [127.0.0.0/8] }\n`)
  const denied = await bifrost('test', '-c', file, 'meter')
  assert.equal(denied.code, 3)
  assert.match(denied.out, /may not be dialled: 127\.0\.0\.1 is among network\.deny/)
})
