/** `bifrost explain` against a running gateway: lines with the bytes, JSON, and the exit code where no sample comes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bifrost, startGatewayProcess } from '../testing/gateway-process.ts'
import { startDevice } from '../testing/modbus-device.ts'
import { eventually } from '../testing/peers.ts'

test('a tag is explained on the command line', async (t) => {
  const { options } = await startDevice(t)
  const device = (name: string, more: string) =>
    `  - name: ${name}\n    driver: modbus\n    options: ${JSON.stringify(options)}\n    every: 100ms\n    ${more}\n    tags: [{ name: a, address: hr:5, type: uint16, scale: 2 }]\n`
  const gateway = await startGatewayProcess(t, {
    yaml: `devices:\n${device('press-1', 'enabled: true')}${device('off', 'enabled: false')}`,
  })
  await eventually('a value', async () => (await gateway.values())[0]?.value === 10)
  const told = await bifrost('explain', 'press-1/a', '--url', gateway.url)
  assert.equal(told.code, 0, told.err)
  assert.match(told.out, /hr:5…hr:5 with 1 tags; this one: 0005 \(uint16, order ABCD\)/)
  assert.match(told.out, /Read Holding Registers \(03\) address 5 count 1/)
  assert.match(told.out, /scale: changed\. 5 × 2 \+ 0 = 10\./)
  assert.match(told.out, /10, Good, number \d+, on the disk/)
  const off = await bifrost('explain', 'off/a', '--url', gateway.url)
  assert.notEqual(off.code, 0)
  assert.match(off.out, /none: off is disabled/)
  const json = await bifrost('explain', 'press-1/a', '--json', '--url', gateway.url)
  assert.equal((JSON.parse(json.out) as { fate: string }).fate, 'stored')
  assert.equal((await bifrost('explain', 'press-1', '--url', gateway.url)).code, 2)
})
