/** The ordinals of numbers around gaps, also after the oldest of them are forgotten. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ordinals } from './ordinals.ts'

const times = { reason: 'unclean-stop', fromTime: 0, toTime: 0 }

test('forgetting up to a place within a gap changes no count', () => {
  for (const samples of [undefined, 300]) {
    const ordinals = new Ordinals({ seq: 100, ordinal: 100 })
    ordinals.add({ fromSeq: 201, toSeq: 1200, samples, ...times })
    const counts = () => [1200, 1300, 5000].map((seq) => ordinals.at(seq))
    const before = [200 + (samples ?? 0), 300 + (samples ?? 0), 4000 + (samples ?? 0)]
    assert.deepEqual(counts(), before)
    for (const seq of [150, 200, 201, 700, 1199, 1200]) {
      ordinals.prune(seq)
      assert.deepEqual(counts(), before, `${samples}, up to ${seq}`)
    }
  }
})
