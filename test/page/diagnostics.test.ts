/** Diagnostics: the heat map by pointer, keys and as a table; lines; the gateway as a program; the support bundle. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { test } from 'node:test'
import { eventually, freePort } from '../../src/testing/peers.ts'
import { assertAccessible, assertFits, openStage, skip, startPlant, useBrowser } from '../../ui/testing/stage.ts'

useBrowser()

test(
  'the heat map says each cell in words, and the table says the same; who uses the line; the bundle',
  { skip },
  async (t) => {
    const plant = await startPlant(t)
    const yaml = `${plant.yaml}  - { name: away, driver: modbus, every: 1s, options: { host: 127.0.0.1, port: ${await freePort()}, timeout: 300ms }, tags: [{ name: a, address: 'hr:0', type: uint16 }] }\n`
    const { page, complaints, gateway } = await openStage(t, { ...plant, yaml, role: 'engineer', path: '/diagnostics' })
    const row = (name: string) => page.locator(`.heat-row[data-device="${name}"]`)
    await row('filler')
      .getByText(/at most/)
      .waitFor({ timeout: 20_000 })
    await row('away').getByText('no poll').waitFor()
    await row('filler')
      .locator('.heat-cells')
      .hover({ position: { x: 10, y: 10 } })
    const cell = page.getByTestId('cell')
    await cell.getByText(/^filler, \d\d:\d\d:/).waitFor()
    await page.getByRole('application').focus()
    await page.keyboard.press('Home')
    await page.keyboard.press('End')
    assert.match(
      await cell.innerText(),
      /the longest poll took [\d.]+ ms, [\d.]+ % of its interval of 200 ms; \d+ polls/,
    )
    await assertAccessible(page, 'heat map')
    await page.getByLabel('As a table').selectOption('table')
    const table = page.getByRole('table', { name: 'Polls by device and minute' })
    await table.getByText('away').first().waitFor()
    await page.getByRole('textbox', { name: 'Filter' }).fill('filler')
    await table.getByText('away').first().waitFor({ state: 'detached' })
    assert.match(page.url(), /view=table&q=filler/)

    const tabs = page.getByRole('navigation', { name: 'Diagnostics' })
    await tabs.getByRole('link', { name: 'Lines' }).click()
    await page.getByText(/filler unit 2 [\d.]+ %/).waitFor()
    await assertAccessible(page, 'lines')
    await tabs.getByRole('link', { name: 'Gateway' }).click()
    await page
      .getByText(/of one core/)
      .first()
      .waitFor({ timeout: 30_000 })
    await page.getByText(/MiB/).first().waitFor()
    await assertAccessible(page, 'gateway')
    await tabs.getByRole('link', { name: 'Support bundle' }).click()
    await page.getByText('What is left out').waitFor()
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /download the bundle/ }).click()]) // prettier-ignore
    assert.match(gunzipSync(readFileSync(await file.path())).toString('latin1'), /README\.txt[^]*system\.json/)
    await page.getByText(/^Saved as bifrost-support/).waitFor()
    assert.deepEqual(complaints, [])
    assert.ok(gateway.url)
  },
)

test('a viewer sees the figures and no bundle; on a phone', { skip }, async (t) => {
  const plant = await startPlant(t)
  const { page, gateway } = await openStage(t, { ...plant, role: 'viewer', phone: true, path: '/diagnostics' })
  await page.locator('.heat-row[data-device=filler]').waitFor()
  await assertFits(page, 'heat map')
  await assertAccessible(page, 'heat map on a phone')
  await page.goto(`${gateway.url}/diagnostics?tab=gateway`)
  await eventually('figures', async () => (await page.getByText('Node.js').count()) > 0)
  await assertFits(page, 'gateway')
  await page.goto(`${gateway.url}/diagnostics?tab=bundle`)
  await page.getByText('A support bundle needs the permissions').waitFor()
  assert.equal(await page.getByRole('button', { name: /download the bundle/ }).count(), 0)
})
