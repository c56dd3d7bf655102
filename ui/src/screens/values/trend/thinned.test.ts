/** Thinned pens keep peaks and gaps, share one axis, and take a frame or less. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawable } from './thinned.ts'

const POINTS = 36_000

const wave = (phase: number) => ({
  times: Array.from({ length: POINTS }, (_, at) => at * 100 + phase),
  values: Array.from({ length: POINTS }, (_, at): number | null => Math.sin(at / 500)),
})

test('few points are drawn as they are', () => {
  const table = drawable([{ times: [0, 1000, 2000, 3000], values: [1, null, 3, 4] }], 900, 2100, 500)
  assert.deepEqual(table, [
    [0, 1, 2, 3],
    [1, null, 3, 4],
  ])
})

test('no peak is lost and no gap is bridged, however many points a pixel has', () => {
  const pen = wave(0)
  pen.values[12_345] = 99
  pen.values[12_347] = -99
  for (let at = 20_000; at < 20_400; at++) pen.values[at] = null
  const [times, values] = drawable([pen], 0, 3_600_000, 800)
  assert.ok(times.length < 1700)
  assert.ok(values!.includes(99) && values!.includes(-99))
  const inGap = values!.filter((_, at) => times[at]! > 2005 && times[at]! < 2035)
  assert.ok(inGap.length > 8 && inGap.every((value) => value === null), JSON.stringify(inGap))
})

test('a gap of a single point is seen', () => {
  const pen = wave(0)
  pen.values[30_000] = null
  assert.ok(drawable([pen], 0, 3_600_000, 800)[1]!.includes(null))
})

test('eight pens of 36,000 points that share no time are thinned onto one axis within a frame', () => {
  const pens = Array.from({ length: 8 }, (_, at) => wave(at * 7))
  drawable(pens, 0, 3_600_000, 1300)
  // Of the processor: on the clock others use it too.
  const begin = process.cpuUsage()
  for (let round = 0; round < 10; round++) drawable(pens, round * 1000, 3_600_000, 1300)
  const { user, system } = process.cpuUsage(begin)
  const each = (user + system) / 10_000
  assert.equal(drawable(pens, 0, 3_600_000, 1300)[0].length, 2604)
  assert.ok(each < 33, `${each.toFixed(1)} ms`)
})
