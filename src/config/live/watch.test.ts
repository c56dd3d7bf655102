/** A watch of a folder that was replaced under its name sees nothing any more: it is noticed, and the new folder is watched. */
import assert from 'node:assert/strict'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { eventually, temporaryFolder } from '../../testing/peers.ts'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import { FileWatch } from './watch.ts'

test('the folder of the configuration is replaced: changes in the new one are seen, by looking and then by the watch', async (t) => {
  const root = temporaryFolder(t)
  const folder = join(root, 'etc')
  const file = join(folder, 'bifrost.yaml')
  const put = (text: string): void => {
    mkdirSync(folder, { recursive: true })
    writeFileSync(file, text)
  }
  put('one')
  const clock = new VirtualClock()
  let changes = 0
  let renewed = 0
  const watch = new FileWatch({ clock, files: () => [file], onChange: () => changes++, onRenewed: () => renewed++ })
  t.after(() => watch.close())
  renameSync(folder, join(root, 'old'))
  put('two, in another folder')
  await clock.advance(11_000)
  assert.deepEqual([changes, renewed], [1, 1])
  await clock.advance(30_000)
  assert.deepEqual([changes, renewed], [1, 1], 'once')
  put('three, in the folder that is watched now')
  // Less than the looks are apart: only the watch can tell.
  await eventually('the watch tells', async () => {
    await clock.advance(50)
    return changes === 2
  })
})
