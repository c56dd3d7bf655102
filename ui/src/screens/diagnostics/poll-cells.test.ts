/** The cells of the heat map: colours and words. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellText, colourOf, RAMP, rowBackground, worstOf } from './poll-cells.ts'

test('colours grow with the share, and what took its whole interval has a colour of its own', () => {
  assert.deepEqual([0, 0.5, 0.999, 1, 7].map(colourOf), [RAMP[0], RAMP[4], RAMP[8], RAMP[9], RAMP[9]])
  assert.match(rowBackground([null, 1]), /transparent 0\.000% 50\.000%, #fee838 50\.000% 100\.000%/)
  const device = { name: 'a', everyMs: 200, maxMs: [null, 300], duty: [null, 1.5], polls: [0, 3], overruns: [0, 2] }
  assert.equal(worstOf(device), 1.5)
  assert.equal(cellText(device, 0), 'no poll ended in this minute')
  assert.match(cellText(device, 1), /300 ms, 150 % of its interval of 200 ms; 3 polls; 2 skipped/)
})
