/** The logs: live, filtered, paused; debug for a while that ends; a record by its link; a file of it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { startGatewayProcess } from '../../src/testing/gateway-process.ts'
import { eventually, freePort, temporaryFolder } from '../../src/testing/peers.ts'
import { assertAccessible, assertFits, openStage, skip, useBrowser } from '../../ui/testing/stage.ts'

useBrowser()

/** Nobody is at the second one, which the log says. */
const yamlOf = (port: number) => `devices:
  - { name: press-1, driver: simulated, every: 200ms, tags: [{ name: wave, address: 'sine:period=5s,min=0,max=10', type: float64 }] }
  - { name: away, driver: modbus, every: 200ms, options: { host: 127.0.0.1, port: ${port}, timeout: 300ms }, tags: [{ name: a, address: 'hr:0', type: uint16 }] }
`

test('records come as they are said; filters, pause, link and file; debug ends', { skip }, async (t) => {
  const { page, gateway, complaints } = await openStage(t, { yaml: yamlOf(await freePort()), role: 'engineer', path: '/logs' }) // prettier-ignore
  const rows = page.locator('.data-body [role=row]')
  await page.getByTestId('tail').getByText('Live').waitFor()
  await rows.first().waitFor()
  await page.getByRole('combobox', { name: 'Device' }).selectOption('away')
  await page.getByRole('combobox', { name: 'Level' }).selectOption('warn')
  await eventually('only of that device', async () => {
    const texts = await rows.allInnerTexts()
    return texts.length > 0 && texts.every((text) => text.includes('away'))
  })
  assert.match(page.url(), /device=away&level=warn/)
  await rows.first().getByRole('button').click()
  const detail = page.getByRole('region', { name: /^Record/ })
  await detail.getByText('away').first().waitFor()
  await assertAccessible(page, 'logs')
  const link = page.url()
  assert.match(link, /n=\d+&at=/)
  await page.goto(link)
  await detail.getByText('away').first().waitFor()

  await page.goto(`${gateway.url}/logs?level=debug`)
  await page.getByLabel('For', { exact: true }).selectOption('1m')
  await page.getByRole('button', { name: 'Say debug' }).click()
  await page
    .getByTestId('for-a-while')
    .getByText(/debug for the whole gateway, ends by itself in [01]:\d\d/)
    .waitFor()
  // What is said while it is paused comes afterwards: here, that a page of somebody else asked.
  await page.goto(`${gateway.url}/logs`)
  await page.getByTestId('for-a-while').waitFor()
  await rows.first().waitFor()
  await page.getByRole('button', { name: 'Pause' }).click()
  const before = await rows.first().getAttribute('data-row')
  await fetch(`${gateway.url}/api/v1/tokens`, { method: 'POST', headers: { origin: 'http://stranger.example' } })
  await page.getByRole('button', { name: 'Go on' }).click()
  await eventually('what was said meanwhile comes', async () => Number(await rows.first().getAttribute('data-row')) > Number(before)) // prettier-ignore
  await page.getByRole('button', { name: 'End it for the whole gateway' }).click()
  await page.getByTestId('for-a-while').waitFor({ state: 'detached' })

  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Export text' }).click()]) // prettier-ignore
  assert.match(readFileSync(await file.path(), 'utf8'), /WARN .*away/)
  assert.deepEqual(complaints, [])
})

test('a tail that was paused goes on after a start of the gateway anew', { skip }, async (t) => {
  const [away, port] = [await freePort(), await freePort()]
  const files = { yaml: yamlOf(away), folder: temporaryFolder(t), port }
  const { page, gateway } = await openStage(t, { ...files, path: '/logs' })
  const first = page.locator('[data-row="1"] time')
  await page.getByTestId('tail').getByText('Live').waitFor()
  const before = await first.getAttribute('datetime')
  await page.getByRole('button', { name: 'Pause' }).click()
  await gateway.stop()
  await startGatewayProcess(t, files)
  await page.getByRole('button', { name: 'Go on' }).click()
  await eventually('what the new one says', async () => ((await first.getAttribute('datetime')) ?? '') > before!)
})

test('who may not diagnose sees no log; a phone shows it as cards', { skip }, async (t) => {
  const yaml = yamlOf(await freePort())
  const { page } = await openStage(t, { yaml, role: 'operator', path: '/logs' })
  await page.getByText('You need the permission diagnose').waitFor()
  const phone = await openStage(t, { yaml, phone: true, path: '/logs' })
  await phone.page.locator('.data-body [role=row]').first().waitFor()
  await assertFits(phone.page, 'logs')
  await assertAccessible(phone.page, 'logs on a phone')
})
