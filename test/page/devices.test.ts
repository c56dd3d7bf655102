/** Devices: the table with its filters, many of them, enabled and disabled together, what a viewer sees, a phone. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { eventually } from '../../src/testing/peers.ts'
import { assertAccessible, assertFits, openStage, skip, startPlant, useBrowser } from '../../ui/testing/stage.ts'

useBrowser()

const DEAD = `  - { name: dead-1, driver: modbus, options: { host: 127.0.0.1, port: 9, timeout: 300ms }, tags: [{ name: a, address: 'hr:0', type: uint16 }] }
`

test('the table says of each device how it is, since when, and how well it reads', { skip }, async (t) => {
  const { yaml, folder } = await startPlant(t)
  const { page, complaints } = await openStage(t, { yaml: yaml + DEAD, folder, path: '/devices' })
  const row = (name: string) => page.locator(`[data-row="${name}"]`)
  const cell = (name: string, column: string) => row(name).locator(`[data-column="${column}"]`)
  await eventually('tank-farm runs', async () => /Running/.test(await cell('tank-farm', 'state').innerText()))
  await eventually('dead-1 fails', async () => (await row('dead-1').getAttribute('data-state')) !== 'Running')
  await eventually('latency and duty', async () => /^[\d.]+ %$/.test(await cell('tank-farm', 'duty').innerText()))
  assert.match(await cell('tank-farm', 'p95').innerText(), /^\d+(\.\d)?$/)
  assert.match(await cell('tank-farm', 'good').innerText(), /^(\d+) \/ \1$/)
  assert.match(await cell('tank-farm', 'lastGood').innerText(), /^[0-2] s ago$/)
  assert.equal(await cell('dead-1', 'lastGood').innerText(), 'never')
  assert.equal(await cell('dead-1', 'bad').innerText(), '1')
  await assertAccessible(page, 'devices')

  // Filters are in the address, and an address filters.
  await page.keyboard.press('/')
  await page.keyboard.type('tank')
  await eventually('filtered', async () => (await page.locator('[data-row]').count()) === 1)
  assert.match(page.url(), /\?q=tank$/)
  await page.getByRole('button', { name: 'Clear the filters' }).click()
  await page.getByRole('combobox', { name: 'Protocol' }).selectOption('modbus')
  await page.reload()
  await row('tank-farm').waitFor()
  assert.equal(await page.getByRole('combobox', { name: 'Protocol' }).inputValue(), 'modbus')
  await page.getByRole('columnheader', { name: 'Name' }).getByRole('button').click()
  assert.match(page.url(), /driver=modbus&sort=name/)
  assert.equal(await page.locator('[data-index="0"]').getAttribute('data-row'), 'dead-1')

  // Rows by keyboard: down, and into the device.
  await page.locator('[data-index="0"]').focus()
  await page.keyboard.press('ArrowDown')
  await eventually('the next row', async () => (await page.evaluate('document.activeElement.dataset.row')) === 'energy-meter') // prettier-ignore

  assert.deepEqual(complaints, [])
})

test('devices are disabled and enabled together, in their file, with a dry run before', { skip }, async (t) => {
  const { yaml, folder } = await startPlant(t)
  const { page, gateway } = await openStage(t, { yaml, folder, path: '/devices', role: 'engineer' })
  const state = (name: string) => page.locator(`[data-row="${name}"]`).getAttribute('data-state')
  await eventually('running', async () => (await state('filler')) === 'Running')
  await page.getByRole('checkbox', { name: 'Select filler' }).check()
  await page.getByRole('checkbox', { name: 'Select tank-farm' }).check()
  await page.getByRole('button', { name: 'Disable 2' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('2 changed').waitFor()
  assert.match(await dialog.getByTestId('patch').innerText(), /\+ {2}- \{ name: filler, .*enabled: false/)
  await assertAccessible(page, 'disable')
  await dialog.getByRole('button', { name: 'Disable 2' }).click()
  await eventually('disabled', async () => (await state('filler')) === 'Disabled')
  assert.equal(await state('energy-meter'), 'Running')
  assert.match(readFileSync(join(gateway.folder, 'bifrost.yaml'), 'utf8'), /name: filler.*enabled: false/)
  assert.equal(await page.getByRole('button', { name: 'Disable 2' }).count(), 0)
})

test('ten thousand devices are scrolled and filtered without a pause', { skip }, async (t) => {
  const names = Array.from({ length: 10_000 }, (_, i) => `cell-${i},${i}`)
  const yaml = `templates:
  - { name: cell, driver: simulated, every: 10s, parameters: { n: {} }, tags: [{ name: v, address: "constant:value=\${param:n}", type: float64 }] }
devices:
  - { template: cell, instances: cells.csv }
`
  const files = { 'cells.csv': `name,n\n${names.join('\n')}\n` }
  const { page } = await openStage(t, { yaml, files, path: '/devices' })
  await page.getByText('10 000 of 10 000').waitFor()
  assert.ok((await page.locator('[data-row]').count()) < 100)
  const frames = (await page.evaluate(`new Promise((resolve) => {
    const scroller = document.querySelector('.data-scroller')
    const frames = []
    let last
    const step = () => {
      const now = performance.now()
      if (last !== undefined) frames.push(now - last)
      last = now
      scroller.scrollTop += 1200
      if (frames.length < 60) requestAnimationFrame(step); else resolve(frames)
    }
    requestAnimationFrame(step)
  })`)) as number[]
  frames.sort((a, b) => a - b)
  const [median, longest] = [frames[30]!, frames.at(-1)!].map(Math.round)
  t.diagnostic(`frames while scrolling: median ${median} ms, longest ${longest} ms`)
  // The machine of the test has other things to do: its median tells what the page does.
  assert.ok(median! < 100, `a frame took ${median} ms in the median`)
  const begin = performance.now()
  await page.getByRole('textbox', { name: 'Filter' }).fill('cell-9999')
  await page.getByText('1 of 10 000').waitFor()
  t.diagnostic(`filtered within ${Math.round(performance.now() - begin)} ms`)
  assert.ok(performance.now() - begin < 1500)
})

test(
  'a viewer sees the devices and nothing that changes them; without a device it says what to do',
  { skip },
  async (t) => {
    const { page } = await openStage(t, {
      yaml: `devices:\n${DEAD}`,
      path: '/devices',
      role: 'viewer',
    })
    await page.locator('[data-row="dead-1"]').waitFor()
    assert.equal(await page.getByRole('checkbox', { name: /Select/ }).count(), 0)
    assert.equal(await page.getByRole('link', { name: 'Add a device' }).count(), 0)
    const empty = await openStage(t, { path: '/devices', role: 'engineer' })
    await empty.page.getByText('No device is configured').waitFor()
    await empty.page.getByTestId('empty').getByRole('link', { name: 'Add a device' }).waitFor()
    await assertAccessible(empty.page, 'no device')
  },
)

test('on a phone devices are cards, and nothing is wider than it', { skip }, async (t) => {
  const { yaml, folder } = await startPlant(t)
  const { page } = await openStage(t, { yaml: yaml + DEAD, folder, path: '/devices', phone: true })
  await page.locator('[data-row="tank-farm"]').getByText('Running').waitFor()
  await assertFits(page, 'devices')
  await assertAccessible(page, 'devices on a phone')
  const first = () => page.locator('[data-row]').first().getAttribute('data-row')
  await page.getByRole('combobox', { name: 'Order' }).selectOption({ label: 'Name, falling' })
  await eventually('the last name comes first', async () => (await first()) === 'tank-farm')
  await page.getByRole('combobox', { name: 'Order' }).selectOption({ label: 'Name, rising' })
  await eventually('the first name comes first', async () => (await first()) !== 'tank-farm')
})
