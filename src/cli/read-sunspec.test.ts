/** `bifrost read` of named points, straight from a device: type, unit and symbols come from the address. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../core/clock.ts'
import { createModbusServer } from '../protocols/modbus/index.ts'
import { sunSpecBank, sunSpecImage } from '../testing/sunspec-image.ts'

const MAIN = join(import.meta.dirname, '..', 'main.ts')

test('a state is shown with its name, a power with its unit, a text as one', async (t) => {
  const image = sunSpecImage([
    { id: 1, raw: { Mn: Buffer.from('Acme').toString('hex') } },
    { id: 103, raw: { St: '0004', Evt1: '00000003', W: '04d2', W_SF: '0000' } },
  ])
  const server = createModbusServer({ clock: systemClock, unit: () => sunSpecBank(image) })
  const port = await server.listen(0)
  t.after(() => server.close())
  const words = ['sunspec:103.St', 'sunspec:103.Evt1', 'sunspec:103.W', 'sunspec:common.Mn']
  const child = spawn(process.execPath, [MAIN, 'read', `modbus://127.0.0.1:${port}/1`, ...words])
  let out = ''
  child.stdout.on('data', (chunk) => (out += chunk))
  await new Promise((resolve) => child.on('close', resolve))
  assert.match(out, /103\.St +4 = MPPT +Good/)
  assert.match(out, /103\.Evt1 +3 = GROUND_FAULT \+ DC_OVER_VOLT +Good/)
  assert.match(out, /103\.W +1234 W +Good/)
  assert.match(out, /common\.Mn +Acme +Good/)
})
