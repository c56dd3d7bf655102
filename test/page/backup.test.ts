/** Backup: one file without secrets, what restoring it comes to, damaged files, secrets that are missing, and who sees nothing of it. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { eventually, temporaryFolder } from '../../src/testing/peers.ts'
import { assertAccessible, assertFits, openStage, skip, useBrowser } from '../../ui/testing/stage.ts'

useBrowser()

const SECRET = 'hush-hush-1234'
const yamlOf = (every: string, password = SECRET) => `devices:
  - { name: plc, driver: simulated, every: ${every}, tags: plc.csv }
sinks:
  - { name: far, sink: mqtt, enabled: false, options: { url: mqtt://127.0.0.1:1, topic: "a/{device}/{tag}", username: me, password: ${password} } }
`
const FILES = { 'plc.csv': 'name,address,type\nlevel,constant:value=1,float64\n' }
const WITHOUT_SINK = yamlOf('4s').split('sinks:')[0]!

test(
  'a backup holds no secret, says what it would change, and is restored on trial',
  { skip, timeout: 180_000 },
  async (t) => {
    const { page, gateway, complaints } = await openStage(t, { yaml: yamlOf('1s'), files: FILES, path: '/backup' })
    const config = join(gateway.folder, 'bifrost.yaml')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Make and download a backup' }).click(),
    ])
    assert.match(download.suggestedFilename(), /^bifrost-\d{4}-\d\d-\d\d\.tar\.gz$/)
    const bytes = readFileSync(await download.path())
    const text = gunzipSync(bytes).toString('latin1')
    assert.ok(text.includes('every: 1s') && text.includes('level,constant') && !text.includes(SECRET))
    await page
      .getByTestId('made')
      .getByText(/among your downloads/)
      .waitFor()
    writeFileSync(config, readFileSync(config, 'utf8').replace('every: 1s', 'every: 4s'))
    await eventually(
      'the change runs',
      async () => (await gateway.get<{ version: number }>('config/status')).version === 2,
    )
    // Damaged, foreign: a sentence, and nothing to press.
    const file = page.getByLabel('Backup (.tar.gz)')
    const give = (buffer: Buffer) => file.setInputFiles({ name: 'x.tar.gz', mimeType: 'application/gzip', buffer })
    await give(bytes.subarray(0, bytes.length - 40))
    await page
      .getByTestId('problem')
      .getByText(/cannot be restored/)
      .waitFor()
    await give(Buffer.from('no backup at all'))
    await page
      .getByTestId('problem')
      .getByText(/cannot be restored/)
      .waitFor()
    assert.equal(await page.getByRole('button', { name: 'Restore this backup …' }).count(), 0)
    await give(bytes)
    const preview = page.getByTestId('preview')
    await preview
      .getByTestId('plan')
      .getByText(/every: 4s → 1s/)
      .waitFor()
    assert.match(await preview.locator('[data-part=config]').innerText(), /Configuration\s+0\s+1\s+0\s+1/)
    await assertAccessible(page, 'backup')
    await preview.getByRole('button', { name: 'Restore this backup …' }).click()
    const dialog = page.getByRole('dialog', { name: 'Restore a backup' })
    const restore = dialog.getByRole('button', { name: 'Restore configuration' })
    assert.equal(await restore.isDisabled(), true)
    await assertAccessible(page, 'restore')
    await dialog.getByLabel('Type restore to confirm').fill('restore')
    await restore.click()
    await page
      .getByTestId('restored')
      .getByText(/version 3 .* on trial/)
      .waitFor()
    const restored = readFileSync(config, 'utf8')
    assert.ok(restored.includes('every: 1s') && restored.includes(SECRET), 'the secret of this gateway stays')
    await page.getByRole('link', { name: 'To the configuration' }).click()
    await page
      .getByTestId('trial')
      .getByText(/Version 3 is on trial/)
      .waitFor()
    assert.deepEqual(
      complaints.filter((one) => !/40\d|42\d/.test(one)),
      [],
    )
    // On another gateway, which lacks the secret: it is asked for.
    const saved = join(temporaryFolder(t), 'backup.tar.gz')
    writeFileSync(saved, bytes)
    const other = await openStage(t, { yaml: WITHOUT_SINK, files: FILES, path: '/backup' })
    await other.page.getByLabel('Backup (.tar.gz)').setInputFiles(saved)
    const form = other.page.getByRole('form', { name: /Secrets that neither/ })
    await form
      .getByLabel(/^Secret at bifrost\.yaml/)
      .first()
      .fill('a-new-secret')
    assert.equal(await other.page.getByRole('button', { name: 'Restore this backup …' }).isDisabled(), true)
    await assertAccessible(other.page, 'missing secrets')
    await form.getByRole('button', { name: 'Look at it once more' }).click()
    await form.waitFor({ state: 'detached' })
    await other.page.getByRole('button', { name: 'Restore this backup …' }).click()
    const again = other.page.getByRole('dialog')
    await again.getByLabel('On trial').selectOption('')
    await again.getByLabel('Type restore to confirm').fill('restore')
    await again.getByRole('button', { name: 'Restore configuration' }).click()
    await other.page.getByTestId('restored').waitFor()
    assert.match(readFileSync(join(other.gateway.folder, 'bifrost.yaml'), 'utf8'), /password: "a-new-secret"/)
    await assertFits(other.page, 'backup')
  },
)

for (const role of ['viewer', 'operator'] as const)
  test(`${role}: tags, configuration and backup are not there`, { skip, timeout: 60_000 }, async (t) => {
    const { page } = await openStage(t, { yaml: WITHOUT_SINK, files: FILES, role })
    const links = await page.getByRole('navigation', { name: 'Screens' }).getByRole('link').allInnerTexts()
    for (const name of ['Tags', 'Configuration', 'Backup']) assert.ok(!links.includes(name), name)
    for (const path of ['/tags?device=plc', '/configuration', '/backup']) {
      await page.goto(`${new URL(page.url()).origin}${path}`)
      await page
        .getByTestId('empty')
        .getByText(/config\.read/)
        .waitFor()
    }
  })
