/** A tag explained from the bytes on the wire to the acknowledgement of the sink, in a real browser in front of the simulated plant. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../src/testing/peers.ts'
import { assertAccessible, assertFits, openStage, skip, startPlant, useBrowser } from '../../ui/testing/stage.ts'

useBrowser()

test('the bytes, the block, the steps, the log and the sink of one tag, on one page', { skip }, async (t) => {
  const { yaml, folder } = await startPlant(t)
  const file = join(temporaryFolder(t), 'samples')
  const sinks = `sinks:\n  - { name: archive, sink: file, options: { folder: '${file}' } }\n`
  const path = '/explain?device=energy-meter&tag=frequency'
  const { page, context, complaints } = await openStage(t, { yaml: `${yaml}${sinks}`, folder, path })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const explained = page.getByTestId('explained')
  await explained.waitFor()
  const marked = (await page.getByTestId('marked').innerText()).replaceAll(' ', '')
  assert.match(marked, /^[0-9A-F]{8}$/)
  const text = await explained.innerText()
  assert.match(text, /unit 3 Read \w+ Registers/)
  assert.match(text, /one request for \d+ tags/)
  assert.match(text, /Round trip\s+\d+\.\d ms/)
  for (const part of ['On the wire', 'What the device said', 'Pipeline', 'Log', 'Sinks'])
    assert.match(text, new RegExp(part))
  assert.match(text, /archive\s+file/)
  const value = Number(/What the device said\s+Value\s+([\d.]+)/.exec(text)![1])
  assert.ok(value > 45 && value < 55, 'what the bytes say')
  const bytes = Uint8Array.from(marked.match(/../g)!, (byte) => parseInt(byte, 16))
  assert.match(text, /float32, order DCBA/)
  assert.ok(Math.abs(new DataView(bytes.buffer).getFloat32(0, true) - value) < 0.001, `${marked} is ${value}`)
  await page.getByRole('button', { name: 'Copy all as text' }).click()
  const copied = await page.evaluate<string>('navigator.clipboard.readText()')
  assert.match(copied, /^energy-meter\/frequency {2}20/)
  assert.ok(copied.replaceAll(' ', '').includes(marked))
  const again = page.waitForResponse(/\/api\/v1\/explain\//)
  await page.getByRole('button', { name: 'Explain again' }).click()
  assert.equal((await again).status(), 200)
  await assertAccessible(page, 'explain')
  await page.setViewportSize({ width: 390, height: 844 })
  await assertFits(page, 'explain on a phone')
  assert.deepEqual(complaints, [])
})

test('a tag is chosen by its name; one that does not exist says so', { skip }, async (t) => {
  const yaml = `devices:\n  - { name: press-1, driver: simulated, every: 200ms, tags: [{ name: wave, address: 'sine:period=5s', type: float64 }] }\n`
  const { page, gateway } = await openStage(t, { yaml, path: '/explain' })
  await page.getByTestId('connection').getByText('Live').waitFor()
  await page.getByText('Choose a tag: its next value').waitFor()
  const choice = page.getByRole('combobox', { name: 'Which tag?' })
  await choice.fill('nothing like it')
  await page.getByRole('button', { name: 'Explain', exact: true }).click()
  await page.getByText('No tag has this name.').waitFor()
  await choice.fill('wave')
  await choice.press('Enter')
  await page.getByTestId('explained').waitFor()
  assert.match(page.url(), /device=press-1&tag=wave/)
  await page.goto(`${gateway.url}/explain?device=press-1&tag=gone`)
  await page.getByTestId('problem').waitFor()
  await assertAccessible(page, 'no such tag')
})
