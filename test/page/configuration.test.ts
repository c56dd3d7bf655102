/** The configuration: what runs, files with checks while they are written, what is pending, trials, the history and the way back. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { eventually } from '../../src/testing/peers.ts'
import { assertAccessible, assertFits, openStage, skip, useBrowser } from '../../ui/testing/stage.ts'

useBrowser()

const YAML = `devices:
  - name: plc
    driver: simulated
    every: 1s
    # by hand
    tags: plc.csv
sinks:
  - { name: far, sink: mqtt, enabled: false, options: { url: mqtt://127.0.0.1:1, topic: "a/{device}/{tag}", password: hush-hush-1234, username: me } }
`
const FILES = { 'plc.csv': 'name,address,type\nlevel,constant:value=1,float64\n' }

const textOf = (page: Page) => page.getByRole('textbox', { name: 'Text of bifrost.yaml' })

async function rewrite(page: Page, before: string, after: string): Promise<void> {
  const area = textOf(page)
  const text = await area.inputValue()
  assert.ok(text.includes(before), before)
  await area.fill(text.replace(before, after))
}

test(
  'a file is edited: problems by line while typing, secrets stay unseen, applied with a plan, on trial, and confirmed',
  { skip, timeout: 240_000 },
  async (t) => {
    const { page, gateway, complaints } = await openStage(t, {
      yaml: YAML,
      files: FILES,
      path: '/configuration?tab=files',
    })
    await textOf(page).waitFor()
    assert.match(await textOf(page).inputValue(), /\*\*\*/)
    assert.doesNotMatch(await page.content(), /hush-hush/)
    await page.getByText('One secret is shown as ***').waitFor()
    await rewrite(page, 'every: 1s', 'evry: 1s')
    await page.getByRole('list', { name: 'Problems' }).getByText(/evry/).waitFor()
    await assertAccessible(page, 'files')
    assert.equal(await page.getByRole('button', { name: /Review and apply/ }).isDisabled(), true)
    assert.equal(await page.locator('.editor-line[data-severity=error]').innerText(), '7')
    await page.getByRole('button', { name: /^bifrost.yaml:7/ }).click()
    assert.equal(
      await page.evaluate(
        'document.activeElement.value.slice(document.activeElement.selectionStart, document.activeElement.selectionEnd)',
      ),
      '    evry: 1s',
    )
    await rewrite(page, 'evry: 1s', 'every: 2s')
    await page.getByTestId('plan').getByText(/every/).waitFor()
    await page.getByRole('button', { name: 'Review and apply 1 file …' }).click()
    const dialog = page.getByRole('dialog', { name: 'Apply changes of the files' })
    await dialog.getByTestId('diff').getByText('every: 2s').waitFor()
    await assertAccessible(page, 'apply')
    await dialog.getByLabel('Reason (kept in the history)').fill('slower')
    await dialog.getByLabel('On trial').selectOption('5m')
    await dialog.getByRole('button', { name: 'Write 1 file and run by it' }).click()
    await page
      .getByTestId('applied')
      .getByText(/Version 2 runs, on trial/)
      .waitFor()
    const written = readFileSync(join(gateway.folder, 'bifrost.yaml'), 'utf8')
    assert.ok(written.includes('hush-hush-1234') && written.includes('every: 2s') && written.includes('# by hand'))
    await page.getByRole('link', { name: 'Status' }).click()
    await page
      .getByTestId('trial')
      .getByText(/goes back to version 1 in 4:\d\d/)
      .waitFor()
    await assertAccessible(page, 'trial')
    await page.getByRole('button', { name: 'Keep version 2' }).click()
    await page.getByTestId('trial').waitFor({ state: 'detached' })
    await page.getByText('slower').waitFor()
    // The history: two versions beside each other, and back.
    await page.getByRole('link', { name: 'History' }).click()
    await page.getByRole('checkbox', { name: 'Select Version 1' }).check()
    await page.getByRole('checkbox', { name: 'Select Version 2' }).check()
    await page.getByRole('button', { name: 'Compare 1 with 2' }).click()
    const diff = page.getByTestId('diff')
    await diff.getByText('every: 2s').waitFor()
    await page.getByRole('checkbox', { name: 'Beside each other' }).check()
    await page.locator('[data-testid=diff][data-beside]').getByText('every: 1s').waitFor()
    assert.match(page.url(), /from=1&to=2&view=beside/)
    await assertAccessible(page, 'comparison')
    await page.getByRole('button', { name: 'Back to the history' }).click()
    await page.getByRole('checkbox', { name: 'Select Version 1' }).check()
    await page.getByRole('checkbox', { name: 'Select Version 2' }).uncheck()
    await page.getByRole('button', { name: 'Go back to version 1 …' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Go back to version 1' }).click()
    await eventually('the file as it was', async () =>
      readFileSync(join(gateway.folder, 'bifrost.yaml'), 'utf8').includes('every: 1s'),
    )
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await assertAccessible(page, 'history')
    assert.deepEqual(complaints, [])
  },
)

test(
  'files that were edited on the disk and cannot be used are pending, with every place',
  { skip, timeout: 240_000 },
  async (t) => {
    const { page, gateway } = await openStage(t, { yaml: YAML, files: FILES, path: '/configuration?tab=pending' })
    await page
      .getByTestId('empty')
      .getByText(/are what runs/)
      .waitFor()
    const file = join(gateway.folder, 'bifrost.yaml')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('driver: simulated', 'driver: simulatd'))
    await page.getByTestId('diff').getByText('driver: simulatd').waitFor()
    await page
      .getByTestId('problem')
      .getByText(/bifrost\.yaml:6:\d+.*simulatd/)
      .first()
      .waitFor()
    assert.equal(await page.getByRole('button', { name: 'Load the files …' }).isDisabled(), true)
    await assertAccessible(page, 'pending')
    await page.getByRole('link', { name: 'Status' }).click()
    await page
      .getByTestId('failed-load')
      .getByText(/bifrost\.yaml:6:\d+.*simulatd/)
      .waitFor()
    await assertAccessible(page, 'failed load')
    // Mended there, it runs without anybody's doing, and is on record.
    writeFileSync(file, text.replace('every: 1s', 'every: 3s'))
    await page.getByTestId('failed-load').waitFor({ state: 'detached' })
    await page.getByText('Version 2', { exact: true }).waitFor()
  },
)

test('somebody else applies meanwhile: both changes are kept', { skip, timeout: 240_000 }, async (t) => {
  const { page, gateway } = await openStage(t, { yaml: YAML, files: FILES, path: '/configuration?tab=files' })
  await textOf(page).waitFor()
  await rewrite(page, 'username: me', 'username: me, qos: 0')
  const other = await fetch(`${gateway.url}/api/v1/config/devices/plc`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json', 'if-match': '*' },
    body: JSON.stringify({ set: { every: '9s' } }),
  })
  assert.equal(other.status, 200, await other.text())
  await page.getByTestId('checked').waitFor()
  await page.getByRole('button', { name: 'Review and apply 1 file …' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Write 1 file and run by it' }).click()
  await dialog
    .getByTestId('problem')
    .getByText(/Nothing was changed/)
    .waitFor()
  await dialog.getByRole('button', { name: 'Bring my changes together with theirs' }).click()
  await page.getByText(/on top of theirs now/).waitFor()
  const both = await textOf(page).inputValue()
  assert.ok(both.includes('every: 9s') && both.includes('qos: 0'))
  await assertFits(page, 'files')
})

test(
  'a file from Windows keeps its line ends; a trial is taken back at once by its button',
  { skip, timeout: 240_000 },
  async (t) => {
    const csv = 'name,address,type,unit\r\nlevel,constant:value=1,float64,m\r\nspeed,constant:value=2,float64,\r\n'
    const { page, gateway, complaints } = await openStage(t, {
      yaml: 'devices:\n  - { name: plc, driver: simulated, every: 1s, tags: plc.csv }\n',
      files: { 'plc.csv': csv },
      path: '/configuration?tab=files&file=plc.csv',
    })
    const text = page.getByRole('textbox', { name: 'Text of plc.csv' })
    await text.fill((await text.inputValue()).replace('float64,m', 'float64,km'))
    await page.getByTestId('checked').waitFor()
    await page.getByRole('button', { name: 'Review and apply 1 file …' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('On trial').selectOption('5m')
    await dialog.getByRole('button', { name: 'Write 1 file and run by it' }).click()
    await page.getByTestId('applied').waitFor()
    assert.equal(readFileSync(join(gateway.folder, 'plc.csv'), 'utf8'), csv.replace('float64,m', 'float64,km'))
    await page.getByRole('link', { name: 'Status' }).click()
    await page
      .getByTestId('trial')
      .getByRole('button', { name: /version 1/ })
      .click()
    await page.getByTestId('trial').waitFor({ state: 'detached' })
    assert.equal(readFileSync(join(gateway.folder, 'plc.csv'), 'utf8'), csv)
    assert.deepEqual(complaints, [])
  },
)
