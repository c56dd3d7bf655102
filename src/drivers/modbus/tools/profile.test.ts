/** The learned profile as a tool: shown in words, and forgotten. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LineAccess } from '../../../core/driver.ts'
import { pointsOf, readAll } from '../../../testing/driver-suite.ts'
import { connectTo, registers, startDevice } from '../../../testing/modbus-device.ts'
import { modbus } from '../driver.ts'
import { forgetTool, profileTool } from './profile.ts'

const signal = new AbortController().signal
const access: LineAccess = { connected: true, run: () => assert.fail('these tools ask the device for nothing') }

test('the profile in words, and after it was forgotten', async (t) => {
  const device = await startDevice(t)
  const driver = await connectTo(t, device)
  const show = async () => profileTool.toLines((await profileTool.run({}, driver, access, signal)) as never)
  assert.match((await show())[0]!, /^Nothing was learned/)
  device.fault = (_, __, address, count) => (address <= 3 && address + count > 3 ? { exception: 2 } : undefined)
  const poll = driver.prepare(pointsOf(modbus, registers(1, 2, 3, 4)))
  await readAll(poll)
  assert.match(
    (await show())[0]!,
    /^Unit 1, hr:3 = 40004: the device answers exception 02 \(illegal data address\); next try at/,
  )
  const forgotten = forgetTool.toLines((await forgetTool.run({}, driver, access, signal)) as never)
  assert.match(forgotten[0]!, /^Forgotten: Unit 1, hr:3/)
  assert.match((await show())[0]!, /^Nothing was learned/)
  device.fault = undefined
  device.requests.length = 0
  await readAll(poll)
  assert.deepEqual(device.requests, ['1: 0300010004'], 'asked as configured')
})
