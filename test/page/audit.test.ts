/** The audit screen: what was done is found by who, what, when and outcome; the chain is verified, and a cut in it is shown. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { eventually } from '../../src/testing/peers.ts'
import { assertAccessible, assertFits, openStage, skip, useBrowser } from '../../ui/testing/stage.ts'

useBrowser()

const YAML = `devices:
  - name: press-1
    driver: simulated
    every: 200ms
    tags:
      - { name: set-point, address: 'cell:name=press-1,initial=5', type: float64, writable: true }
`

test('what was done is found, seen whole, taken away and verified; a changed line is named', { skip }, async (t) => {
  const { page, gateway, context, complaints } = await openStage(t, { yaml: YAML, role: 'admin', path: '/audit' })
  const headers = { origin: gateway.url }
  const write = async (value: unknown, reason: string) =>
    (await context.request.put(`${gateway.url}/api/v1/values/press-1/set-point`, { data: { value, reason }, headers })).status() // prettier-ignore
  assert.equal(await write(7, 'trial run'), 200)
  assert.notEqual(await write('no number', 'a slip'), 200)
  await page.reload()
  const rows = page.locator('.data-body [role=row]')
  await rows.first().waitFor()
  await page.getByText('trial run').first().waitFor()

  await page.getByRole('textbox', { name: 'To what' }).fill('press-1')
  await page.getByRole('combobox', { name: 'Outcome' }).selectOption('refused')
  await eventually('only what was refused', async () => (await rows.count()) === 1)
  assert.match(page.url(), /object=press-1&outcome=refused/)
  assert.match(await rows.innerText(), /a slip/)
  await page.reload()
  await eventually('after a reload too', async () => (await rows.count()) === 1)
  await page.getByRole('combobox', { name: 'Outcome' }).selectOption('done')
  await page.getByText('trial run').first().waitFor()
  await rows.first().getByRole('link').click()
  const detail = page.getByRole('region', { name: /^Line / })
  await detail.getByText('After', { exact: true }).waitFor()
  assert.match(await detail.innerText(), /trial run[^]*Action id/)
  await assertAccessible(page, 'audit')
  await page.getByRole('button', { name: 'Clear the filters' }).click()
  await eventually('everything again', async () => (await rows.count()) > 3)

  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Export CSV' }).click(),
  ])
  assert.match(readFileSync(await file.path(), 'utf8'), /trial run/)

  await page.getByRole('button', { name: 'Verify the chain' }).click()
  await page
    .locator('[data-testid=verdict][data-ok=true]')
    .getByText(/The chain is whole/)
    .waitFor()
  const folder = join(gateway.folder, 'data/audit')
  const name = readdirSync(folder).find((one) => one.endsWith('.ndjson'))!
  writeFileSync(join(folder, name), readFileSync(join(folder, name), 'utf8').replace('trial run', 'other run'))
  await page.getByRole('button', { name: 'Verify the chain' }).click()
  await page
    .locator('[data-testid=verdict][data-ok=false]')
    .getByText(new RegExp(`${name}, line`))
    .first()
    .waitFor()
  await assertAccessible(page, 'a broken chain')
  // The browser reports what was refused.
  assert.deepEqual(
    complaints.filter((text) => !/40\d|422/.test(text)),
    [],
  )
})

test(
  'thousands of lines are fetched as they are read, and only those in sight are in the document',
  { skip },
  async (t) => {
    const { page, gateway, context } = await openStage(t, { yaml: YAML, role: 'admin' })
    // Two lines each: asked for, and written.
    for (let value = 0; value < 120; value++) {
      const answer = await context.request.put(`${gateway.url}/api/v1/values/press-1/set-point`, {
        data: { value },
        headers: { origin: gateway.url },
      })
      assert.ok(answer.ok())
    }
    await page.goto(`${gateway.url}/audit`)
    const rows = page.locator('.data-body [role=row]')
    await rows.first().focus()
    await page.getByText('100 so far; there are more.').waitFor()
    await page.keyboard.press('End')
    await page.getByText('200 so far; there are more.').waitFor()
    assert.ok((await rows.count()) < 80)
  },
)

test('an engineer reads it on a phone', { skip }, async (t) => {
  const { page } = await openStage(t, { yaml: YAML, role: 'engineer', phone: true, path: '/audit' })
  await page.locator('.data-body [role=row]').first().waitFor()
  await assertFits(page, 'audit')
  await assertAccessible(page, 'audit on a phone')
})
