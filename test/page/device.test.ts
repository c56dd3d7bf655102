/** One device: its state in words, its line, tools with forms of their own, parameter sets, and its configuration with both sides of a conflict. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { eventually } from '../../src/testing/peers.ts'
import {
  activate,
  assertAccessible,
  assertFits,
  openStage,
  skip,
  startPlant,
  useBrowser,
} from '../../ui/testing/stage.ts'

useBrowser()

test(
  'state and reason in words, facts, the shared line, and a tool whose form is made of its schema',
  { skip },
  async (t) => {
    const { yaml, folder, plant } = await startPlant(t)
    const { page, complaints } = await openStage(t, { yaml, folder, path: '/device?name=tank-farm', role: 'engineer' })
    const state = page.getByTestId('device-state')
    await state.getByText('Running').waitFor()
    await page
      .getByText(/^p50 [\d.]+ ms, p95/)
      .first()
      .waitFor()
    await page.getByRole('link', { name: 'filler' }).waitFor()
    await page.getByText('bifrost.yaml:', { exact: false }).first().waitFor()
    await assertAccessible(page, 'device')

    await page
      .getByRole('navigation', { name: 'Parts of the device' })
      .getByRole('link', { name: 'Tools' })
      .press('Enter')
    await page.getByRole('textbox', { name: 'address', exact: true }).fill('hr:zz')
    await activate(page.getByRole('button', { name: 'Run dump' }))
    await page.getByTestId('problem').waitFor()
    await page.getByRole('textbox', { name: 'address', exact: true }).fill('hr:0')
    await page.getByRole('textbox', { name: 'count', exact: true }).fill('4')
    await page.keyboard.press('Enter')
    const answer = page.getByTestId('answer')
    await answer.getByText('hr:3').waitFor()
    assert.match(page.url(), /tab=tools/)
    await assertAccessible(page, 'tools')

    plant.child.kill()
    await page
      .getByRole('navigation', { name: 'Parts of the device' })
      .getByRole('link', { name: 'Overview' })
      .press('Enter')
    await eventually('it failed', async () => (await state.innerText()) === 'Failed')
    await page.getByText(/tank-farm cannot be reached/).waitFor()
    await page.getByRole('link', { name: 'Trace it' }).waitFor()
    assert.deepEqual(
      complaints.filter((text) => !/400/.test(text)),
      [],
    )
  },
)

test(
  'the configuration is changed on top of what was seen; a change of somebody else is shown, and nothing is lost',
  { skip },
  async (t) => {
    const { yaml, folder } = await startPlant(t)
    const { page, gateway, context } = await openStage(t, {
      yaml,
      folder,
      path: '/device?name=filler&tab=configuration',
      role: 'engineer',
    })
    const file = () => readFileSync(join(gateway.folder, 'bifrost.yaml'), 'utf8')
    const field = (name: string) => page.getByRole('textbox', { name, exact: true })
    await page
      .getByTestId('owner')
      .getByText(/Configured in bifrost\.yaml:\d+/)
      .waitFor()
    assert.equal(await field('unit').inputValue(), '2')
    await page
      .getByText(/from bifrost\.yaml:\d+:\d+/)
      .first()
      .waitFor()
    await assertAccessible(page, 'configuration')
    await field('every').fill('700ms')
    await page.getByRole('status').getByText('1 change').waitFor()

    // Somebody else was faster.
    const headers = { origin: gateway.url, 'if-match': '*' }
    const other = await context.request.patch(`${gateway.url}/api/v1/config/devices/filler`, {
      headers,
      data: { set: { every: '900ms' } },
    })
    assert.ok(other.ok(), await other.text())
    await activate(page.getByRole('button', { name: 'Save …' }))
    const dialog = page.getByRole('dialog')
    await dialog.getByTestId('problem').waitFor()
    assert.equal(await dialog.getByTestId('problem').getAttribute('data-code'), 'CHANGED_MEANWHILE')
    await dialog.getByText(/900ms/).first().waitFor()
    assert.match(await dialog.getByTestId('wanted').innerText(), /device filler: every "700ms"/)
    await activate(dialog.getByRole('button', { name: 'Show my change on top of what is there now' }))
    await dialog.getByText(/every: 900ms → 700ms/).waitFor()
    await assertAccessible(page, 'plan')
    await activate(dialog.getByRole('button', { name: 'Save 1 change of filler' }))
    await eventually('saved', () => /name: filler.*every: 700ms/.test(file()))

    // Leaving with something unsaved asks.
    await dialog.waitFor({ state: 'detached' })
    await field('unit').fill('3')
    await page.getByRole('link', { name: 'Devices' }).click()
    await page.getByText('Changes of the configuration are not saved.').waitFor()
    await activate(page.getByRole('button', { name: 'Stay here' }))
    // So does what is typed while something else of the device is saved.
    await activate(page.getByRole('button', { name: 'Disable filler' }))
    await dialog.getByTestId('patch').waitFor()
    await activate(dialog.getByRole('button', { name: 'Disable filler' }))
    await page.getByRole('button', { name: 'Enable filler' }).waitFor()
    assert.equal(await field('unit').inputValue(), '3')
    await activate(page.getByRole('button', { name: 'Undo' }))

    // Removed only by its name.
    await activate(page.getByRole('button', { name: 'Remove the device …' }))
    const remove = dialog.getByRole('button', { name: 'Remove filler' })
    await dialog.getByTestId('patch').waitFor()
    assert.equal(await remove.isDisabled(), true)
    await dialog.getByRole('textbox', { name: 'Type filler to confirm' }).fill('filler')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Devices' }).waitFor()
    assert.doesNotMatch(file(), /name: filler/)
  },
)

test(
  'a parameter set is read, kept, compared, and restored after both sides were shown and the name was typed',
  { skip },
  async (t) => {
    const { yaml, folder } = await startPlant(t)
    const set = `parameterWrites: true, parameterSets: [{ name: recipe, restore: true, entries: [{ name: speed, address: 'hr:0', type: float32, unit: '%' }] }], tags: tank-farm.csv`
    const { page, gateway, context } = await openStage(t, {
      yaml: yaml.replace('tags: tank-farm.csv', set),
      folder,
      path: '/device?name=tank-farm&tab=parameters',
      role: 'engineer',
    })
    await page.getByText('none is stored yet').waitFor()
    await activate(page.getByRole('button', { name: 'Read', exact: true }))
    const value = page.getByRole('table', { name: 'Read' }).locator('[data-row="speed"] [data-column="value"]')
    await value.waitFor()
    const stored = await value.innerText()
    await activate(page.getByRole('button', { name: 'Save as a version' }))
    await page.getByText('Saved as version 1.').waitFor()
    await activate(page.getByRole('button', { name: 'Compare' }))
    await page.getByText('The device holds this version.').waitFor()
    await assertAccessible(page, 'parameters')

    // Somebody turns the knob; the version is put back.
    const headers = { origin: gateway.url }
    const written = await context.request.put(`${gateway.url}/api/v1/values/tank-farm/pump-1-speed-set-point`, {
      headers,
      data: { value: 33 },
    })
    assert.ok(written.ok(), await written.text())
    await activate(page.getByRole('button', { name: 'Compare' }))
    await page.getByText('1 differ.').waitFor()
    await activate(page.getByRole('button', { name: 'Restore …' }))
    const dialog = page.getByRole('dialog')
    const row = dialog.locator('[data-row="speed"]')
    assert.equal(await row.locator('[data-column="before"]').innerText(), '33 %')
    assert.equal(await row.locator('[data-column="stored"]').innerText(), stored)
    const write = dialog.getByRole('button', { name: 'Write 1 parameters' })
    assert.equal(await write.isDisabled(), true)
    const force = dialog.getByRole('checkbox', { name: /another model/ })
    if ((await force.count()) > 0) await force.check()
    await dialog.getByRole('textbox', { name: 'Type tank-farm to confirm' }).fill('tank-farm')
    await activate(write)
    await dialog.getByText('Written and read back').first().waitFor()
  },
)

test(
  'a viewer sees state and facts, and nothing that asks or changes a device; a phone shows it whole',
  { skip },
  async (t) => {
    const { yaml, folder } = await startPlant(t)
    const { page } = await openStage(t, { yaml, folder, path: '/device?name=tank-farm', role: 'viewer', phone: true })
    await page.getByTestId('device-state').getByText('Running').waitFor()
    for (const name of ['Tools', 'Configuration', 'Trace', 'Browse', 'Copy this device'])
      assert.equal(await page.getByRole('link', { name, exact: true }).count(), 0, name)
    for (const name of ['Disable tank-farm', 'Ask the device', 'Forget it'])
      assert.equal(await page.getByRole('button', { name }).count(), 0, name)
    await assertFits(page, 'device')
    await page.goto(page.url().replace('tank-farm', 'nothing'))
    await page.getByText('There is no device nothing').waitFor()
  },
)
