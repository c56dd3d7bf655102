/** State that survives what happens to its file. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OpenFile, OpenMode } from './files.ts'
import { MemoryFiles } from './memory-files.ts'
import { openSlotFile, readSlots } from './slot-file.ts'

/** Files that were open when the disk failed never work again, as after a file system that was repaired and mounted anew. */
class Remounted extends MemoryFiles {
  #mounts = 0
  opened = 0

  remount(): void {
    this.#mounts++
  }

  override async open(path: string, mode: OpenMode): Promise<OpenFile> {
    const file = await super.open(path, mode)
    const mount = this.#mounts
    this.opened++
    return {
      ...file,
      write: async (bytes, position) => {
        if (mount !== this.#mounts) throw Object.assign(new Error('EROFS'), { code: 'EROFS' })
        await file.write(bytes, position)
      },
      close: async () => void this.opened--,
    }
  }
}

test('a file system that was mounted anew: the next write goes to the file that is there now', async () => {
  const files = new Remounted()
  const { slots } = await openSlotFile(files, '/data/state', '/data')
  for (const count of [1, 2, 3]) await slots.write({ count })
  files.remount()
  await slots.write({ count: 4 })
  assert.deepEqual(readSlots(files.get('/data/state')), { count: 4 })
  assert.deepEqual(readSlots(files.afterPowerCut().get('/data/state')), { count: 4 })
  files.writeFault = 'EIO'
  await assert.rejects(slots.write({ count: 5 }), /EIO/)
  files.writeFault = undefined
  await files.remove('/data/state')
  files.remount()
  await slots.write({ count: 6 })
  assert.deepEqual(readSlots(files.afterPowerCut().get('/data/state')), { count: 6 })
  assert.equal(files.opened, 1)
  await slots.close()
  assert.equal(files.opened, 0)
})
