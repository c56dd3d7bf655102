/** The wizard: a device with tags in at most twelve clicks, a test that says where it failed, nothing lost on the way back, by keyboard alone. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { eventually } from '../../src/testing/peers.ts'
import { assertAccessible, openStage, skip, startPlant, useBrowser } from '../../ui/testing/stage.ts'

useBrowser()

/** Every click of a person, wherever it lands. */
async function countClicks(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(
    `window.clicks = 0; addEventListener('click', (event) => { if (event.isTrusted && event.detail > 0) window.clicks++ }, true)`,
  )
  return () => page.evaluate('window.clicks')
}

async function plantPort(t: TestContext): Promise<{ port: number; plant: Awaited<ReturnType<typeof startPlant>> }> {
  const plant = await startPlant(t)
  return { port: Number(/port: (\d+)/.exec(plant.yaml)![1]), plant }
}

const stage = (page: Page, name: string) => page.locator(`[data-stage="${name}"]`)
const field = (page: Page, name: string) => page.getByRole('textbox', { name, exact: true })
const next = (page: Page, step: string) => page.getByRole('button', { name: `On to: ${step}` })

test('from the overview to a device with tags that deliver values, in at most twelve clicks', { skip }, async (t) => {
  const { port } = await plantPort(t)
  const { page, gateway, complaints } = await openStage(t, { yaml: '', role: 'engineer' })
  await page.getByRole('heading', { level: 1 }).waitFor()
  const clicks = await countClicks(page)

  await page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: 'Add a device' }).click()
  await assertAccessible(page, 'protocol')
  await page.getByRole('button', { name: /^modbus/ }).click()
  await field(page, 'name').fill('tank-farm')
  await field(page, 'host').fill('127.0.0.1')
  await field(page, 'port').fill(String(port))
  await page.getByRole('button', { name: 'Test the connection' }).click()
  await page.getByText('The device answers.').waitFor()
  assert.equal(await stage(page, 'tcp').getAttribute('data-result'), 'ok')
  assert.equal(await stage(page, 'tls').getAttribute('data-result'), 'skipped')
  assert.match(await stage(page, 'tcp').innerText(), /ok [\d.]+ ms/)
  await assertAccessible(page, 'connection')

  await next(page, 'Tags').click()
  await page.getByRole('button', { name: 'Read registers' }).click()
  const grid = page.getByRole('table', { name: 'Registers' })
  await grid.locator('[data-row="hr:0"]').waitFor()
  await assertAccessible(page, 'registers')
  await grid.getByRole('checkbox', { name: 'Select hr:0', exact: true }).check()
  await page.getByRole('button', { name: 'Add 1 tag' }).click()
  assert.match(await page.getByTestId('chosen').innerText(), /^1 chosen/)

  await next(page, 'Preview').click()
  await page
    .getByTestId('preview-says')
    .getByText(/All are good/)
    .waitFor()
  await assertAccessible(page, 'preview')
  await next(page, 'Save').click()
  const patch = await page.getByTestId('patch').innerText()
  assert.match(patch, /\+\+\+ b\/conf\.d\/ui\.yaml[^]*\+ {2}- name: tank-farm[^]*hr:0/)
  await assertAccessible(page, 'save')
  assert.equal(existsSync(join(gateway.folder, 'conf.d/ui.yaml')), false, 'nothing is written before that')
  await page.getByRole('button', { name: 'Save tank-farm with one tag' }).click()
  await page.getByText('tank-farm is saved and runs.').waitFor()
  const count = await clicks()
  t.diagnostic(`${count} clicks`)
  assert.ok(count <= 12, `${count} clicks`)

  assert.match(readFileSync(join(gateway.folder, 'conf.d/ui.yaml'), 'utf8'), /name: tank-farm/)
  await page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: 'Devices' }).click()
  const state = page.locator('[data-row="tank-farm"] [data-column="state"]')
  await eventually('it runs', async () => /Running/.test(await state.innerText()))
  assert.deepEqual(complaints, [])
})

test(
  'a test that fails says where, why and what to do; going back loses nothing; leaving asks',
  { skip },
  async (t) => {
    const { port } = await plantPort(t)
    const { page } = await openStage(t, { yaml: '', role: 'engineer', path: '/add-device' })
    await page.getByRole('button', { name: /^modbus/ }).click()
    await field(page, 'host').fill('127.0.0.1')
    await field(page, 'port').fill('9')
    await page.getByRole('button', { name: 'Test the connection' }).click()
    await page.getByText('It failed at: Connection (TCP or serial port).').waitFor()
    assert.match(await stage(page, 'tcp').innerText(), /failed[^]*refused[^]*Check power, cable, address and port/)
    assert.equal(await stage(page, 'session').getAttribute('data-result'), 'not-reached')
    await assertAccessible(page, 'failed test')

    // A unit that is not there.
    await field(page, 'port').fill(String(port))
    await field(page, 'unit').fill('99')
    await page.locator('summary', { hasText: 'More options' }).click()
    await field(page, 'timeout').fill('300ms')
    await page.getByRole('textbox', { name: 'Address that is read at last' }).fill('hr:0')
    await page.getByRole('button', { name: /^Test/ }).click()
    await page.getByText('It failed at: First read or identity.').waitFor()
    assert.match(await stage(page, 'read').innerText(), /unit id, against the manual/)

    // What the schema refuses stands at its field.
    await field(page, 'unit').fill('300')
    await page.getByRole('button', { name: /^Test/ }).click()
    await page.locator('.mantine-InputWrapper-error').first().waitFor()
    await field(page, 'unit').fill('1')
    await page.getByRole('button', { name: /^Test/ }).click()
    await page.getByText('The device answers.').waitFor()

    await next(page, 'Tags').click()
    await page.getByRole('button', { name: 'By hand' }).click()
    await page.getByRole('textbox', { name: 'Address', exact: true }).fill('40003')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByRole('button', { name: 'Connection', exact: true }).click()
    assert.equal(await field(page, 'host').inputValue(), '127.0.0.1')
    await page.locator('summary', { hasText: 'More options (15) 1 given' }).click()
    assert.equal(await field(page, 'timeout').inputValue(), '300ms')
    await page.getByRole('button', { name: 'Protocol', exact: true }).click()
    await page.getByRole('button', { name: /^modbus/ }).click()
    assert.equal(await field(page, 'port').inputValue(), String(port))
    await page.getByRole('button', { name: 'Tags', exact: true }).click()
    await page.getByTestId('chosen').getByText('1 chosen').waitFor()

    await page.getByRole('link', { name: 'Values' }).click()
    await page.getByText('The device is not saved yet.', { exact: false }).waitFor()
    await page.getByRole('button', { name: 'Stay here' }).click()
    await page.getByTestId('chosen').getByText('1 chosen').waitFor()
    const { devices } = (await (await page.request.get(new URL('/api/v1/devices', page.url()).href)).json()) as { devices: unknown[] } // prettier-ignore
    assert.deepEqual(devices, [], 'tests and previews keep nothing')
  },
)

test('by the keyboard alone: a copy of a device, with its tags, under another name', { skip }, async (t) => {
  const { plant } = await plantPort(t)
  const { page, gateway } = await openStage(t, {
    yaml: plant.yaml,
    folder: plant.folder,
    role: 'engineer',
    path: '/device?name=filler',
  })
  const press = async (role: 'link' | 'button', name: string) => {
    await page.getByRole(role, { name, exact: true }).waitFor()
    const focused = () => page.evaluate('document.activeElement?.textContent') as Promise<string>
    // Only what the Tab key reaches.
    for (let tabs = 0; tabs < 150 && (await focused()) !== name; tabs++) await page.keyboard.press('Tab')
    assert.equal(await focused(), name)
    await page.keyboard.press('Enter')
  }
  await press('link', 'Copy this device')
  await page.getByText('A copy of filler', { exact: false }).waitFor()
  await field(page, 'name').focus()
  await page.keyboard.type('filler')
  await page.getByText('There is a device filler already.').waitFor()
  await page.keyboard.type('-2')
  await press('button', 'Test the connection')
  await page.getByText(/The device answers\.|It can be connected to\./).waitFor()
  await press('button', 'On to: Tags')
  assert.match(await page.getByTestId('chosen').innerText(), /^12 chosen/)
  await press('button', 'On to: Preview')
  await page
    .getByTestId('preview-says')
    .getByText(/All are good/)
    .waitFor()
  await press('button', 'On to: Save')
  await page.getByTestId('patch').waitFor()
  await press('button', 'Save filler-2 with 12 tags')
  await page.getByText('filler-2 is saved and runs.').waitFor()
  assert.match(readFileSync(join(gateway.folder, 'conf.d/ui.yaml'), 'utf8'), /name: filler-2/)
})
