/** Files of the store that cannot be read when it starts: a bad sector costs what was in it, and what a person has to mend is named. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SampleBatch } from '../core/batch.ts'
import { GatewayError } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import type { OpenFile, OpenMode } from './files.ts'
import { MemoryFiles } from './memory-files.ts'
import { openStore, type Store } from './store.ts'

/** One file of which the first 4 KiB cannot be read, or that may not be opened. */
class BadDisk extends MemoryFiles {
  bad: string | undefined
  code = 'EIO'

  override async open(path: string, mode: OpenMode): Promise<OpenFile> {
    const refuse = (): never => {
      throw Object.assign(new Error(`${this.code}: ${path}`), { code: this.code })
    }
    if (path === this.bad && this.code === 'EACCES') refuse()
    const file = await super.open(path, mode)
    if (path !== this.bad) return file
    return { ...file, read: async (into, at) => (at < 4096 ? refuse() : file.read(into, at)) }
  }
}

const tag = { name: 'level', address: '', type: 'float64', everyMs: 0, clamp: false, writable: false } as const

async function open(files: MemoryFiles): Promise<Store> {
  const store = await openStore({ dir: '/data', clock: new VirtualClock(), log: silentLog, files })
  await store.defineTags([{ device: 'press', settings: tag }])
  return store
}

/** A folder with three samples, all delivered to `s`. */
async function filled(): Promise<BadDisk> {
  const files = new BadDisk()
  const store = await open(files)
  const cursor = await store.openCursor('s')
  await (await store.openSinkState('s')).save({ births: 1 })
  const batch = new SampleBatch(3)
  for (let row = 0; row < 3; row++) batch.push(1, row, 0)
  store.append(batch)
  const got = (await cursor.next(10, AbortSignal.timeout(1000))) as SampleBatch
  cursor.ack(3, { delivered: got.length })
  await store.close()
  return files
}

for (const bad of ['/data/sequence', '/data/tags', '/data/cursors/s.cursor', '/data/sinks/s.state']) {
  test(`a bad sector in ${bad} keeps no store from starting, and no number is given out twice`, async () => {
    const files = await filled()
    files.bad = bad
    const store = await open(files)
    const cursor = await store.openCursor('s')
    await store.openSinkState('s')
    assert.ok(store.info().nextSeq > 3)
    assert.equal(store.tags.get(1)?.settings.name, 'level')
    const { routed, delivered, pending, dropped } = cursor.ledger()
    assert.equal(routed, delivered + pending + Object.values(dropped).reduce((sum, count) => sum + count, 0))
    assert.equal(delivered + pending, 3)
    await store.close()
  })
}

test('a file of the store that this user may not read is named', async () => {
  const files = await filled()
  files.bad = '/data/sequence'
  files.code = 'EACCES'
  await assert.rejects(open(files), (error) => {
    assert.ok(error instanceof GatewayError)
    assert.equal(error.code, 'STORE_FAILED')
    assert.match(error.message, /`data`.*\/data.*EACCES.*\/data\/sequence/)
    return true
  })
  assert.equal(files.paths(/LOCK/).length, 0, 'the folder is free again')
})
