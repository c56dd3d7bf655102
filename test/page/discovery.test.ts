/** Looking for devices: off until the configuration names networks; then live, stopped, and added by one click. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activate, assertAccessible, openStage, skip, startPlant, useBrowser } from '../../ui/testing/stage.ts'

useBrowser()

test('where nothing may be scanned it says why, and which option allows it', { skip }, async (t) => {
  const { page } = await openStage(t, { path: '/discovery', role: 'engineer' })
  await page.getByText('Nothing may be scanned yet', { exact: true }).waitFor()
  await page.getByText(/discovery: \{ networks: \[/).waitFor()
  assert.equal(await page.getByRole('button', { name: 'Start the scan' }).count(), 0)
  await assertAccessible(page, 'discovery off')
})

test(
  'what answers is shown while it goes, and opens the wizard filled in; another network is refused at its field',
  { skip },
  async (t) => {
    const { yaml } = await startPlant(t)
    const port = /port: (\d+)/.exec(yaml)![1]!
    const { page, complaints } = await openStage(t, {
      yaml: 'discovery: { networks: [127.0.0.1/32, 127.0.8.0/22] }\n',
      path: '/discovery',
      role: 'engineer',
    })
    const field = (name: string) => page.getByRole('textbox', { name, exact: true })
    await page.getByText(/Read-only probes/).waitFor()
    await field('Networks').fill('10.9.0.0/24')
    await activate(page.getByRole('button', { name: 'Start the scan' }))
    await page
      .getByTestId('problem')
      .getByText(/10\.9\.0\.0\/24/)
      .first()
      .waitFor()

    await field('Networks').fill('127.0.0.1')
    await field('Ports').fill(port)
    await field('Unit ids').fill('1-3')
    await page.keyboard.press('Enter')
    await page.getByText('The scan is done.').waitFor()
    const found = page.getByRole('table', { name: 'What answered' })
    assert.ok((await found.locator('[data-row]').count()) >= 1)
    assert.match(await page.getByTestId('scan-progress').innerText(), /\d+ asked, [1-9]\d* found, \d+ s/)
    await assertAccessible(page, 'discovery')

    // It can be stopped, and what was found before is still there afterwards.
    await found.getByRole('link', { name: /^Add / }).first().press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Add a device' }).waitFor()
    assert.equal(await field('host').inputValue(), '127.0.0.1')
    assert.equal(await field('port').inputValue(), port)
    assert.notEqual(await field('name').inputValue(), '')
    await page.getByRole('link', { name: 'Discovery' }).press('Enter')
    await activate(page.getByRole('button', { name: 'Leave and lose it' }))
    await found.locator('[data-row]').first().waitFor()

    await field('Networks').fill('127.0.8.0/22')
    await field('Ports').fill('9')
    await field('Connections a second').fill('5')
    await page.keyboard.press('Enter')
    await page.getByText('It goes on.').waitFor()
    await page
      .getByTestId('scan-progress')
      .getByText(/[1-9]\d* asked/)
      .waitFor()
    await activate(page.getByRole('button', { name: 'Stop the scan' }))
    await page.getByText(/The scan was stopped before its end/).waitFor()
    assert.deepEqual(
      complaints.filter((text) => !/40[03]/.test(text)),
      [],
    )
  },
)

test('a viewer has no way there', { skip }, async (t) => {
  const { page } = await openStage(t, { path: '/discovery', role: 'viewer' })
  await page.getByText(/You need the permission scan/).waitFor()
  for (const name of ['Discovery', 'Add a device', 'Browse a device'])
    assert.equal(await page.getByRole('link', { name }).count(), 0, name)
})
