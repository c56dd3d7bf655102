/** A file that cannot be written from here: it can be tried, and its change goes home as a patch; an edit elsewhere gives the same. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../src/testing/peers.ts'
import { assertAccessible, openStage, skip, useBrowser } from '../../ui/testing/stage.ts'

useBrowser()

const YAML = `devices:
  - name: plc
    driver: simulated
    every: 1s   # by hand
    tags: plc.csv
`
const FILES = { 'plc.csv': 'name,address,type\nlevel,constant:value=1,float64\n' }

test(
  'the files say that they are read-only; the patch that is copied is taken where they are kept',
  { skip, timeout: 240_000 },
  async (t) => {
    const { page, context, gateway, complaints } = await openStage(t, { yaml: YAML, files: FILES, path: '/' })
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    const file = join(gateway.folder, 'bifrost.yaml')
    const before = readFileSync(file, 'utf8')
    for (const name of ['bifrost.yaml', 'plc.csv']) chmodSync(join(gateway.folder, name), 0o444)

    await page.goto(`${gateway.url}/configuration?tab=files`)
    await page.getByText(/This file cannot be written from here: .*marked read-only/).waitFor()
    const text = page.getByRole('textbox', { name: 'Text of bifrost.yaml' })
    await text.fill(before.replace('every: 1s ', 'evry: 1s '))
    await page.getByRole('list', { name: 'Problems' }).getByText(/evry/).waitFor()
    await text.fill(before.replace('every: 1s ', 'every: 2s '))
    await page.getByTestId('checked').waitFor()
    assert.equal(
      await page.getByRole('button', { name: /Review and apply/ }).count(),
      0,
      'nothing that would be refused',
    )
    await assertAccessible(page, 'a read-only file')
    await page.getByRole('button', { name: 'Copy patch' }).first().click()
    await page.getByRole('status').getByText('Copied').waitFor({ state: 'attached' })

    const kept = temporaryFolder(t)
    writeFileSync(join(kept, 'bifrost.yaml'), before)
    const patch = await page.evaluate<string>('navigator.clipboard.readText()')
    execFileSync('git', ['apply', '-'], { cwd: kept, input: patch })
    assert.equal(readFileSync(join(kept, 'bifrost.yaml'), 'utf8'), before.replace('every: 1s ', 'every: 2s '))
    assert.equal(readFileSync(file, 'utf8'), before, 'the file stays as it was')
    assert.deepEqual(complaints, [])
  },
)
