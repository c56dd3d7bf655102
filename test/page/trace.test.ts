/** The protocol trace: a real Modbus device, started and stopped on the page, seen in hex and words, filtered, paused, taken away. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { eventually } from '../../src/testing/peers.ts'
import { filterExchanges, hexDump, linesOf } from '../../ui/src/screens/trace/exchanges.ts'
import type { Exchange } from '../../ui/src/screens/trace/use-trace.ts'
import { assertAccessible, assertFits, openStage, skip, startPlant, useBrowser } from '../../ui/testing/stage.ts'

useBrowser()

const button = (page: Page, name: string | RegExp) =>
  page.getByRole('button', { name, exact: typeof name === 'string' })
const rows = (page: Page) => page.locator('.data-body [role=row]')

test('a trace is started, seen byte by byte, filtered, paused, taken away and stopped', { skip }, async (t) => {
  const plant = await startPlant(t)
  const { page, complaints } = await openStage(t, { ...plant, role: 'engineer', path: '/trace' })
  await page.getByLabel('Device').selectOption('filler')
  await page.getByText('No trace of this device was started yet').waitFor()
  await button(page, 'Start the trace').click()
  await page
    .getByTestId('trace-state')
    .getByText(/stops by itself in (9:\d\d|10:00)/)
    .waitFor()
  await rows(page).first().waitFor()
  assert.match(await rows(page).first().innerText(), /TX[^]*RX/)
  await page
    .getByTestId('trace-size')
    .getByText(/holds the last 1.000 exchanges/)
    .waitFor()
  assert.match(page.url(), /device=filler/)

  await page.getByRole('combobox', { name: 'Function' }).selectOption('3')
  const number = rows(page).first().getByRole('button')
  await button(page, 'Pause').click()
  const before = await rows(page).first().innerText()
  await number.click()
  const detail = page.getByRole('region', { name: /^Exchange/ })
  await detail
    .getByText(/^0000 {2}[\da-f]{2} /)
    .first()
    .waitFor()
  await assertAccessible(page, 'trace')
  assert.equal(await rows(page).first().innerText(), before, 'paused')
  await button(page, 'Go on').click()
  await eventually('it goes on', async () => (await rows(page).first().innerText()) !== before)

  for (const [name, opens] of [
    ['Export pcapng', /^\s{4}/],
    ['Export text', /TX/],
  ] as const) {
    const link = page.locator('a, button').filter({ hasText: name })
    const [file] = await Promise.all([page.waitForEvent('download'), link.click()])
    assert.match(readFileSync(await file.path(), 'latin1'), opens, name)
  }
  await button(page, 'Stop').click()
  await page
    .getByTestId('trace-state')
    .getByText(/Stopped at/)
    .waitFor()
  await page.reload()
  await rows(page).first().waitFor()
  assert.deepEqual(complaints, [])
})

test(
  'a device that does not answer: in words, and alone where only failures are wanted; on a phone',
  { skip },
  async (t) => {
    const plant = await startPlant(t)
    const yaml = plant.yaml.replace(/unit: 2/, 'unit: 77')
    const { page } = await openStage(t, { ...plant, yaml, phone: true, path: '/trace?device=filler&errors=1' })
    await button(page, 'Start the trace').tap()
    await page.locator('[data-state=Failed]').first().waitFor({ timeout: 20_000 })
    assert.match(await rows(page).first().innerText(), /TX/)
    await assertFits(page, 'trace')
    await assertAccessible(page, 'trace on a phone')
  },
)

test('a driver without frames says so; a viewer has no trace', { skip }, async (t) => {
  const yaml = `devices:\n  - { name: press-1, driver: simulated, tags: [{ name: wave, address: 'sine:period=5s,min=0,max=10', type: float64 }] }\n`
  const { page, gateway, context } = await openStage(t, { yaml, role: 'viewer', path: '/trace?device=press-1' })
  await page.getByText('You need the permission diagnose').waitFor()
  assert.equal(await page.getByRole('link', { name: 'Protocol trace' }).count(), 0)
  await context.clearCookies()
  const { signInAs } = await import('../../ui/testing/stage.ts')
  await signInAs(context, gateway.url, 'engineer')
  await page.goto(`${gateway.url}/trace?device=press-1`)
  await page.getByText('press-1 has no trace').waitFor()
})

const exchange = (more: Partial<Exchange>): Exchange => ({
  number: 1, time: '2026-11-29T10:00:00.123Z', protocol: 'modbus-tcp', endpoint: '10.0.0.5:502', unit: 1, function: 3,
  exception: null, roundTripMs: 1.5, request: { hex: '0001 0000', text: 'read holding registers 0' },
  response: { hex: 'ff02', text: '1 register' }, error: null, ...more,
}) // prettier-ignore

test('exchanges are found by words, hex, function and failure; as text they are two lines', () => {
  const all = [exchange({}), exchange({ number: 2, function: 4, error: 'exception 2: illegal data address' })]
  const find = (filter: Partial<Parameters<typeof filterExchanges>[1]>) =>
    filterExchanges(all, { text: '', code: '', errorsOnly: false, ...filter }).map(({ number }) => number)
  assert.deepEqual(find({ text: 'illegal ADDRESS' }), [2])
  assert.deepEqual(find({ text: 'FF 02' }), [1, 2])
  assert.deepEqual([find({ code: '4' }), find({ errorsOnly: true }), find({ text: 'nothing' })], [[2], [2], []])
  assert.equal(linesOf([all[1]!, all[0]!]).split('\n').length, 5)
  assert.match(linesOf(all), /RX ff02 {2}exception 2/)
  assert.equal(hexDump('41 42 00'), `0000  ${'41 42 00'.padEnd(47)}  AB.`)
})
