/** What `Bifrost/Gap` says where the names would not fit into a birth. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tagTable } from '../../testing/delivery-rig.ts'
import { gapText } from './gap-text.ts'

test('the tags are named where a packet has room for them, and the stretch is told without them where not', () => {
  const names = Array.from({ length: 400 }, (_, at) => `press-${at}/a rather long name of a tag, number ${at}`)
  const all = names.map((_, at) => at + 1)
  const gap = { fromSeq: 1, toSeq: 9, samples: 9, reason: 'retention', fromTime: 1, toTime: 2, tags: all }
  const told = (tags: readonly number[], packet: number) =>
    JSON.parse(gapText({ ...gap, tags }, 'k3f9', tagTable(...names), packet)) as { samples: number; tags?: object[] }
  assert.deepEqual(told([2], 2000).tags, [{ device: 'press-1', tag: 'a rather long name of a tag, number 1' }])
  assert.equal(told(all, 2 ** 28).tags, undefined)
  assert.equal(told(all.slice(0, 50), 2000).tags, undefined)
  assert.equal(told(all.slice(0, 50), 2 ** 28).tags?.length, 50)
  assert.equal(told(all, 2000).samples, 9)
})
