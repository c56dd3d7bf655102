/** Looking into a device: registers with their byte order, an address space as a tree; what is chosen becomes tags of it, after a dry run. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startFaultyServer } from '../../src/testing/opcua-faulty-server.ts'
import { activate, assertAccessible, openStage, skip, startPlant, useBrowser } from '../../ui/testing/stage.ts'

useBrowser()

test(
  'registers in several formats, refused ones with their reason, and the byte order with a known reading',
  { skip },
  async (t) => {
    const { yaml, folder } = await startPlant(t)
    const { page, gateway, complaints } = await openStage(t, {
      yaml,
      folder,
      path: '/browse?device=tank-farm',
      role: 'engineer',
    })
    await page.getByRole('textbox', { name: 'From' }).fill('hr:0')
    await page.getByRole('spinbutton', { name: 'How many' }).fill('200')
    await activate(page.getByRole('button', { name: 'Read registers' }))
    const grid = page.getByRole('table', { name: 'Registers' })
    const cell = (address: string, column: string) => grid.locator(`[data-row="${address}"] [data-column="${column}"]`)
    await cell('hr:0', 'hex').waitFor()
    assert.match(await cell('hr:0', 'hex').innerText(), /^[0-9A-F]{4}$/)
    assert.match(await cell('hr:0', 'bits').innerText(), /^[01]{16}$/)
    assert.equal(await cell('hr:0', 'reference').innerText(), '40001')
    await grid.locator('.data-scroller, [data-row]').first().focus()
    await page.keyboard.press('End')
    await cell('hr:199', 'hex')
      .getByText(/refused: .*exception 02/)
      .waitFor()
    await page.keyboard.press('Home')
    const reading = Number(await cell('hr:0', 'float').innerText())
    await activate(page.getByRole('button', { name: 'Byte order of hr:0', exact: true }))
    await page.locator('[data-finding="float32 ABCD"]').waitFor()
    assert.ok((await page.locator('[data-finding]').count()) >= 6, 'candidates side by side')
    await page.getByRole('textbox', { name: 'What the display of the device shows' }).fill(String(reading))
    await page.keyboard.press('Enter')
    await page
      .locator('[data-finding]')
      .first()
      .getByText(/reading/)
      .waitFor()
    assert.equal(await page.locator('[data-finding]').first().getAttribute('data-finding'), 'float32 ABCD')
    await assertAccessible(page, 'byte order')
    await activate(page.getByRole('button', { name: 'Take float32 ABCD' }))
    await page.getByText('hr:0 was added as float32 ABCD.').waitFor()
    await page.getByRole('textbox', { name: /^Name:/ }).fill('level-again')
    await activate(page.getByRole('button', { name: 'Add 1 tag to tank-farm …' }))
    const patch = page.getByRole('dialog').getByTestId('patch')
    await patch.waitFor()
    assert.match(await patch.innerText(), /\+\+\+ b\/tank-farm\.csv[^]*\+.*level-again.*hr:0.*float32/)
    await activate(page.getByRole('button', { name: 'Add 1 tag to tank-farm', exact: true }))
    await page.getByText('1 were added to tank-farm').waitFor()
    assert.match(readFileSync(join(gateway.folder, 'tank-farm.csv'), 'utf8'), /level-again/)
    assert.deepEqual(complaints, [])
  },
)

test('an address space is opened level by level, searched, and taken over from a node down', { skip }, async (t) => {
  const server = await startFaultyServer(t, { wide: { folders: 4, each: 3 }, policies: ['None'] })
  const yaml = `devices:
  - { name: plc, driver: opcua, options: { endpoint: '${server.url}', securityPolicy: None }, tags: [{ name: first, address: 'ns=2;s=Wide/0/0', type: float64 }] }
`
  const { page, complaints } = await openStage(t, { yaml, path: '/browse?device=plc' })
  const tree = page.getByRole('tree', { name: 'Address space' })
  const item = (name: string) =>
    tree.getByRole('treeitem').filter({ has: page.getByRole('button', { name, exact: true }) })
  await item('Plant').waitFor()
  assert.equal(await item('Wide0').count(), 0, 'what is below is not fetched before it is opened')
  await item('Plant').focus()
  await page.keyboard.press('ArrowRight')
  await item('Wide0').waitFor()
  await item('Wide0').focus()
  await page.keyboard.press('ArrowRight')
  await tree.locator('[data-node$="s=Wide/0/2"]').waitFor()
  assert.equal(await item('Plant').getAttribute('aria-expanded'), 'true')
  await assertAccessible(page, 'tree')

  // One variable, and all below a folder.
  const variable = tree.locator('[data-node$="s=Wide/0/2"]')
  await variable.focus()
  await page.keyboard.press('Enter')
  await page.getByText('AccessLevel', { exact: true }).waitFor()
  await variable.focus()
  await page.keyboard.press(' ')
  await tree.locator('[data-node$="s=Wide/1"]').focus()
  await page.keyboard.press(' ')
  await activate(page.getByRole('button', { name: 'Add 2 tags' }))
  await page.getByTestId('chosen').getByText('4 chosen').waitFor()

  await page.getByRole('textbox', { name: 'Search by name or description' }).fill('Sensor1')
  await page.keyboard.press('Enter')
  await page.getByText(/^\d+ found among/).waitFor()
  await activate(page.getByRole('button', { name: 'Back to the tree' }))
  await item('Plant').waitFor()

  await activate(page.getByRole('button', { name: 'Add 4 tags to plc …' }))
  await page.getByRole('dialog').getByText('4 added').waitFor()
  await activate(page.getByRole('button', { name: 'Add 4 tags to plc', exact: true }))
  await page.getByText('4 were added to plc').waitFor()
  assert.deepEqual(complaints, [])
})
