/** The frame of the page: navigation by mouse and keyboard, deep links, what nobody may see, unsaved changes, a phone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../../src/testing/peers.ts'
import { assertAccessible, assertFits, openStage, skip, useBrowser } from '../../ui/testing/stage.ts'

useBrowser()

const YAML = `devices:
  - { name: press-1, driver: simulated, every: 200ms, tags: [{ name: wave, address: 'sine:period=5s,min=0,max=10', type: float64 }] }
`

test('every screen is a link, has a title, works by the keyboard and survives a reload', { skip }, async (t) => {
  const { page, complaints, hosts, gateway } = await openStage(t, { yaml: YAML })
  const links = page.getByRole('navigation', { name: 'Screens' }).getByRole('link')
  const names = await links.allInnerTexts()
  assert.ok(names.includes('Overview') && names.includes('Values'))
  for (const name of names) {
    await links.filter({ hasText: new RegExp(`^${name}`) }).press('Enter')
    await eventually(name, async () => (await page.title()) === `${name} · Bifrost`)
    if (name !== names[0]) assert.equal(await page.evaluate('document.activeElement.tagName'), 'MAIN', name)
    await page.getByRole('heading', { level: 1, name }).waitFor()
    await page.reload()
    await page.getByRole('heading', { level: 1, name }).waitFor()
  }
  await page.goBack()
  assert.notEqual(await page.title(), `${names.at(-1)} · Bifrost`)
  // The browser reports that no sink has topics, which the screen of the topics says.
  assert.deepEqual(
    complaints.filter((text) => !/404/.test(text)),
    [],
  )
  assert.deepEqual([...hosts], [new URL(gateway.url).host], 'no external host')
})

test('Ctrl K finds screens, devices and tags', { skip }, async (t) => {
  const { page } = await openStage(t, { yaml: YAML })
  await page.getByTestId('connection').getByText('Live').waitFor()
  await page.keyboard.press('Control+k')
  const dialog = page.getByRole('dialog', { name: 'Go to …' })
  await dialog.getByRole('combobox').fill('press wave')
  await dialog.getByRole('option', { name: /press-1\/wave/ }).waitFor()
  await assertAccessible(page, 'go to')
  await page.keyboard.press('Enter')
  await page.locator('[data-key="press-1/wave"]').waitFor()
  assert.match(page.url(), /\/values\?q=press-1%2Fwave/)
  // Whoever does not know the keys has a button.
  await page.getByRole('button', { name: 'Go to … Ctrl K' }).click()
  await dialog.getByRole('combobox').fill('logs')
  await dialog.getByRole('option', { name: /Logs/ }).click()
  await page.locator('main[aria-label="Logs"]').waitFor()
})

test('back with something unsaved asks, and who stays has the same file with the same edit', { skip }, async (t) => {
  const { page } = await openStage(t, { yaml: YAML })
  await page.getByRole('link', { name: 'Configuration', exact: true }).click()
  await page.getByRole('link', { name: 'Files', exact: true }).click()
  const text = page.getByRole('textbox', { name: 'Text of bifrost.yaml' })
  await text.fill(`${await text.inputValue()}# mine`)
  const dialog = page.getByRole('dialog', { name: 'Leave without saving?' })
  for (const steps of [-1, -2]) {
    await page.evaluate(`history.go(${steps})`)
    await dialog.getByRole('button', { name: 'Stay here' }).click()
    await dialog.waitFor({ state: 'detached' })
    assert.match(page.url(), /\/configuration\?tab=files$/)
    assert.match(await text.inputValue(), /# mine$/)
  }
  await page.evaluate('history.back()')
  await dialog.getByRole('button', { name: 'Leave and lose it' }).click()
  await text.waitFor({ state: 'detached' })
})

test('an address that does not exist says so, and leads on', { skip }, async (t) => {
  const { page } = await openStage(t, { path: '/no/such' })
  await page.getByText('There is no such screen').waitFor()
  await assertAccessible(page, 'no such screen')
  await page.getByRole('link', { name: 'To the overview' }).click()
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
})

test('back from something unsaved asks, and what is shown stays whole, query and all', { skip }, async (t) => {
  const { page } = await openStage(t, { yaml: YAML, path: '/devices' })
  await page.getByRole('main').getByRole('link', { name: 'press-1' }).click()
  await page
    .getByRole('navigation', { name: 'Parts of the device' })
    .getByRole('link', { name: 'Configuration' })
    .click()
  await page.getByLabel('every', { exact: true }).fill('700ms')
  const address = page.url()
  assert.match(address, /\?/)
  await page.getByText('1 change', { exact: true }).waitFor()
  const dialog = page.getByRole('dialog', { name: 'Leave without saving?' })
  // Another part of the same screen: only the query differs.
  await page.goBack()
  await dialog.getByRole('button', { name: 'Stay here' }).click()
  assert.equal(page.url(), address)
  assert.equal(await page.getByLabel('every', { exact: true }).inputValue(), '700ms')
  await page.goBack()
  await dialog.getByRole('button', { name: 'Leave and lose it' }).click()
  await eventually('it is left', () => Promise.resolve(page.url() !== address))
})

test('what is touched on a phone is 44 px high', { skip }, async (t) => {
  const { page, gateway } = await openStage(t, { yaml: YAML, phone: true, path: '/logs' })
  for (const path of ['/logs', '/trace?device=press-1', '/diagnostics', '/certificates', '/audit', '/devices']) {
    await page.goto(`${gateway.url}${path}`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.locator('.screen :is(button, select, .tabs a)').first().waitFor({ state: 'attached' })
    const small =
      await page.evaluate(`[...document.querySelectorAll('.screen :is(button, select, input:not([type=checkbox]), .tabs a)')]
      .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 44)
      .map((one) => one.outerHTML.slice(0, 120))`)
    assert.deepEqual(small, [], path)
    await assertFits(page, path)
  }
})

test('on a phone the screens are behind one button, and nothing is wider than it', { skip }, async (t) => {
  const { page } = await openStage(t, { yaml: YAML, phone: true })
  await assertFits(page, 'overview')
  await page.getByRole('button', { name: /Menu/ }).tap()
  const menu = page.locator('.nav-menu')
  await assertAccessible(page, 'menu')
  assert.ok((await menu.getByRole('link', { name: 'Values' }).boundingBox())!.height >= 44)
  await menu.getByRole('link', { name: 'Values' }).tap()
  await page.locator('[data-key="press-1/wave"]').waitFor()
  assert.equal(await menu.isVisible(), false)
  await assertFits(page, 'values')
})
