/** A tag file that is gone or damaged: tags of which the log has samples keep their ids, and samples that wait keep their names. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SampleBatch } from '../core/batch.ts'
import { silentLog } from '../core/log.ts'
import { tagSettings } from '../testing/delivery-rig.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { MemoryFiles } from './memory-files.ts'
import { openStore, type Store } from './store.ts'

const NAMES = ['level', 'flow', 'Temperatur °C']

const open = (files: MemoryFiles): Promise<Store> =>
  openStore({ dir: '/data', clock: new VirtualClock(), log: silentLog, files })

const define = (store: Store, names: readonly string[]): Promise<number[]> =>
  store.defineTags(names.map((name) => ({ device: 'press', settings: tagSettings(name) })))

async function life(files: MemoryFiles, names: readonly string[]): Promise<number[]> {
  const store = await open(files)
  const ids = await define(store, names)
  for (const id of ids) {
    const batch = new SampleBatch(1)
    batch.push(id, 1, 0)
    store.append(batch)
    await store.flush()
  }
  await store.close()
  return ids
}

const damages: Readonly<Record<string, (files: MemoryFiles) => void | Promise<void>>> = {
  deleted: (files) => files.remove('/data/tags'),
  'with its first line damaged': (files) => {
    const bytes = files.get('/data/tags')
    bytes[12]! ^= 1
    files.put('/data/tags', bytes)
  },
  'cut off in its last line': (files) => files.put('/data/tags', files.get('/data/tags').subarray(0, -5)),
}

for (const [how, damage] of Object.entries(damages)) {
  test(`a tag file ${how}: ids and names are found in the log`, async () => {
    const files = new MemoryFiles()
    const before = await life(files, NAMES.slice(0, 2))
    before.push(...(await life(files, NAMES.slice(2))))
    await damage(files)
    const store = await open(files)
    // They are former tags until the configuration names them.
    const former = await define(store, ['another'])
    assert.ok(!before.includes(former[0]!), 'an id was given to another tag')
    assert.deepEqual(
      before.map((id) => store.tags.get(id)?.settings.name),
      NAMES,
    )
    await store.close()
    for (let start = 0; start < 2; start++) {
      const again = await open(files)
      assert.deepEqual(await define(again, NAMES), before)
      await again.close()
    }
  })
}

test('tags that are introduced at the same time, as by two gateways, get ids that last', async () => {
  const files = new MemoryFiles()
  const store = await open(files)
  await store.defineTags([])
  const introduce = (to: Store, device: string) =>
    to.addTags(Array.from({ length: 20 }, (_, at) => ({ device, settings: tagSettings(`tag ${at}`) })))
  const both = (to: Store) => Promise.all(['edge-1.press', 'edge-2.press', 'edge-1.press'].map((device) => introduce(to, device))) // prettier-ignore
  const before = await both(store)
  assert.deepEqual(before[0], before[2])
  await store.close()
  const again = await open(files)
  assert.deepEqual(await both(again), before)
  assert.equal(new Set(before.flat()).size, 40)
  await again.close()
})
