/** The live values: status in words, two times, the last minutes, filters, bytes, pause, keys; abnormal devices; a phone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../../src/testing/peers.ts'
import { chooseQuality, countOf, filterOf, openValues, row, statusOf, valueOf } from '../../ui/testing/live-values.ts'
import { assertAccessible, assertFits, openStage, skip, useBrowser } from '../../ui/testing/stage.ts'

useBrowser()

test('values live, with status in words, units, ages and filters that live in the address', { skip }, async (t) => {
  const { page, plant, complaints, hosts, gateway } = await openValues(t)
  assert.equal(await countOf(page), '42 of 42')
  const level = 'tank-farm/tank-1-level'
  const before = await valueOf(page, level)
  await eventually('the level changes', async () => (await valueOf(page, level)) !== before)
  assert.equal(await statusOf(page, level), 'Good')
  assert.match(await row(page, level).innerText(), /\bm\b[^]*\d\d:\d\d:\d\d\s+\d\d:\d\d:\d\d\s+\d+ s/, 'two times')
  await row(page, level).locator('.sparkline[data-asked] path[d^="M"]').waitFor({ state: 'attached' })

  await filterOf(page).fill('kw')
  await eventually('the filter finds one tag by its unit', async () => (await countOf(page)) === '1 of 42')
  assert.match(page.url(), /\/values\?q=kw/)
  plant.child.stdin!.write('fault exception unit=3 code=2 from=12 to=13\n')
  await eventually(
    'the refused register says so',
    async () => (await statusOf(page, 'energy-meter/power')) === 'BadConfigurationError',
  )
  await filterOf(page).fill('')
  await chooseQuality(page, 'Bad')
  await eventually('only the bad one is left', async () => (await countOf(page)) === '1 of 42')
  await row(page, 'energy-meter/power').getByTestId('status').hover()
  await page
    .getByRole('tooltip')
    .getByText(/refused the address.*0x80890000/)
    .waitFor()
  await chooseQuality(page, 'Uncertain')
  await page.getByText('No value matches.').waitFor()
  await chooseQuality(page, 'Abnormal')
  await page.reload()
  await eventually('the filter survives a reload', async () => (await countOf(page)) === '1 of 42')
  await page.getByRole('button', { name: 'Clear the filters' }).waitFor({ state: 'detached' })
  await chooseQuality(page, 'All')
  await page.getByRole('combobox', { name: 'Device' }).selectOption('filler')
  await eventually('one device', async () => !(await countOf(page)).startsWith('42'))
  assert.match(page.url(), /device=filler/)
  assert.deepEqual(complaints, [])
  assert.deepEqual([...hosts], [new URL(gateway.url).host], 'no external host')
})

test('paused values stand still, how many changes wait is said, and ages go on', { skip }, async (t) => {
  const { page } = await openValues(t, '?q=tank-1-level')
  const key = 'tank-farm/tank-1-level'
  await page.getByRole('region', { name: 'Values' }).getByRole('button', { name: 'Pause' }).click()
  const banner = page.getByTestId('paused')
  const kept = await valueOf(page, key)
  const waiting = async () =>
    Number(/([\d\u202f]+) changes/.exec(await banner.innerText())![1]!.replaceAll('\u202f', ''))
  await eventually('changes wait', async () => (await waiting()) > 20)
  const age = async () => parseInt(await row(page, key).locator('.cell-age').innerText(), 10)
  await eventually('it ages', async () => (await age()) >= 2)
  assert.equal(await valueOf(page, key), kept)
  assert.match(await banner.innerText(), /Paused at \d\d:\d\d:\d\d/)
  await assertAccessible(page, 'paused')
  await page.getByRole('button', { name: 'Go on' }).click()
  await banner.waitFor({ state: 'detached' })
  await eventually('it lives again', async () => (await valueOf(page, key)) !== kept)
})

test('rows by keyboard: along them, all about one, its bytes, its path, its explanation', { skip }, async (t) => {
  const { page, context } = await openValues(t, '?q=tank-farm')
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const keys = await page.evaluate<string[]>(
    `[...document.querySelectorAll('[data-key]')].map((row) => row.dataset.key)`,
  )
  await page.locator('[data-index="0"]').focus()
  await page.keyboard.press('ArrowDown')
  const focused = () => page.evaluate<string>('document.activeElement.dataset.key ?? ""')
  await eventually('the next row', async () => (await focused()) === keys[1])
  await page.keyboard.press('End')
  await eventually('the last row', async () => (await focused()) !== keys[1] && (await focused()) !== '')
  await page.keyboard.press('Home')
  await eventually('the first row', async () => (await focused()) === keys[0])
  await page.keyboard.press('r')
  const raw = page.getByTestId('raw')
  await raw.getByText('Read as').waitFor()
  assert.match(await raw.innerText(), /Bytes\s+[0-9A-F]{2} [0-9A-F]{2}/)
  await page.keyboard.press('c')
  assert.equal(await page.evaluate('navigator.clipboard.readText()'), keys[0])
  await page.keyboard.press('Enter')
  const facts = page.getByTestId('facts')
  await facts.waitFor()
  await page.keyboard.press('Escape')
  await facts.waitFor({ state: 'detached' })
  await page.locator('[data-index="0"]').focus()
  await page.keyboard.press('e')
  await page.getByRole('heading', { level: 1, name: 'Explain a tag' }).waitFor()
  assert.match(page.url(), /\/explain\?device=tank-farm&tag=/)
})

test('the bytes of a value beside it, after a moment of the pointer on it', { skip }, async (t) => {
  const { page } = await openValues(t, '?q=tank-1-level')
  await page.getByTestId('trend').locator('canvas').waitFor()
  await row(page, 'tank-farm/tank-1-level').getByTestId('value').hover()
  const raw = page.getByTestId('raw')
  await raw.getByText('Read as').waitFor()
  assert.match(await raw.innerText(), /float32|uint16|int16/)
  assert.match(await raw.innerText(), /Read with\s+(hr|ir):\d+/)
  await page.mouse.move(5, 5)
  await raw.waitFor({ state: 'detached' })
})

test('columns are chosen, and the choice is in the address', { skip }, async (t) => {
  const { page } = await openValues(t)
  await page.getByRole('button', { name: 'Columns' }).click()
  await page.getByRole('checkbox', { name: 'Last 5 min' }).uncheck()
  await page.getByRole('columnheader', { name: 'Last 5 min' }).waitFor({ state: 'detached' })
  await page.reload()
  await page.locator('[data-key]').first().waitFor()
  assert.equal(await page.getByRole('columnheader', { name: 'Last 5 min' }).count(), 0)
  assert.equal(await page.locator('.sparkline').count(), 0)
  assert.equal(await page.getByRole('columnheader', { name: 'Received' }).count(), 1)
})

test('a gateway without devices and tags says so, with what to do next', { skip }, async (t) => {
  const { page } = await openStage(t, { path: '/values' })
  await page.getByText('No tag is configured. Add tags to a device').waitFor()
  assert.equal(await page.getByText('Clear the filters').count(), 0)
  assert.equal(await countOf(page), '0 of 0')
  await page.getByText('There is no tag to draw yet.').waitFor()
  await assertAccessible(page, 'the empty screen')
})

test('a device that is away: state and reason in words, values shown as old, facts by key', { skip }, async (t) => {
  const key = 'energy-meter/frequency'
  const { page, plant } = await openValues(t, '?q=frequency')
  await row(page, key).waitFor()
  await page.getByTestId('devices').getByText('All 3 devices run').waitFor()
  plant.child.stdin!.write('fault silent unit=3\n')
  const devices = page.getByTestId('devices')
  await devices.getByText(/energy-meter Failed/).waitFor()
  const told = await devices.innerText()
  assert.match(told, /for \d+ s · 0 of 10 tags good/)
  assert.match(told, /energy-meter did not answer\. 127\.0\.0\.1:\d+ unit 3 accepts[^]*Check the unit id/)
  assert.equal(await statusOf(page, key), 'BadTimeout')
  const style = await row(page, key)
    .getByTestId('value')
    .evaluate((element: unknown) => {
      const page = globalThis as unknown as { getComputedStyle(of: unknown): { fontStyle: string } }
      return page.getComputedStyle(element).fontStyle
    })
  assert.equal(style, 'italic', 'the last known value does not look like a fresh one')
  await filterOf(page).fill('')
  await devices.getByRole('button', { name: /energy-meter/ }).click()
  await eventually('only its tags are left', async () => (await countOf(page)) === '10 of 42')
  await chooseQuality(page, 'Abnormal')
  await assertAccessible(page, 'abnormal')
  await row(page, key).getByTestId('status').focus()
  await page.keyboard.press('Enter')
  const facts = await page.getByTestId('facts').innerText()
  assert.match(facts, /last known[^]*BadTimeout\s+0x800A0000[^]*did not answer in time[^]*\d{4}-\d\d-\d\dT[^]*Z/)
  assert.match(facts, /energy-meter\s+Failed[^]*unit 3 accepts the connection/)
})

const LONG = 'a-very-long-name-that-nobody-would-type-twice-'.repeat(4).slice(0, 120)

test('very long, right-to-left and emoji names do not break the layout', { skip }, async (t) => {
  const names = [LONG, 'مستوى-الخزان', '🏭🔥-level', 'x']
  const tags = names.map(
    (name) => `{ name: '${name}', address: 'sine:period=5s', type: float64, unit: '${'m'.repeat(20)}' }`,
  )
  const yaml = `devices:\n  - { name: press-1, driver: simulated, every: 200ms, tags: [${tags.join(', ')}] }\n`
  const { page } = await openStage(t, { yaml, path: '/values' })
  await row(page, 'press-1/x').waitFor()
  await assertFits(page, 'desk')
  const tops = await page.evaluate<number[]>(
    `[...document.querySelectorAll('[data-key]')].map((row) => row.clientHeight)`,
  )
  assert.deepEqual(new Set(tops), new Set([tops[0]]), 'every row has one height')
  await page.setViewportSize({ width: 390, height: 844 })
  await assertFits(page, 'phone')
})

test('on a phone values, status and write are there, and nothing is wider than it', { skip }, async (t) => {
  const { page } = await openValues(t, '?q=set-point', { phone: true })
  const key = 'filler/speed-set-point'
  await row(page, key).scrollIntoViewIfNeeded()
  await assertFits(page, 'phone')
  assert.match(await row(page, key).innerText(), /speed-set-point[^]*75[^]*Good[^]*\d\d:\d\d:\d\d/)
  await row(page, key).getByTestId('value').tap()
  assert.match(await page.getByTestId('facts').innerText(), /Source time[^]*UTC[^]*Z[^]*May be written\s+0 to 120/)
  await assertAccessible(page, 'facts')
  await page.getByRole('button', { name: 'Close' }).last().tap()
  await row(page, key)
    .getByRole('button', { name: /^Write/ })
    .tap()
  await page.getByRole('dialog').waitFor()
  await assertAccessible(page, 'phone')
})
