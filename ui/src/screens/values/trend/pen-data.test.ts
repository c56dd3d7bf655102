/** A pen's points: history wins, live values follow, nothing twice, and bad quality is a gap. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HistoryPoint } from '../../../api.ts'
import { PenData } from './pen-data.ts'
import { joined } from './pen-join.ts'

const GOOD = 0
const NO_COMMUNICATION = 0x80310000
const LAST_USABLE = 0x408f0000

const raw = (...points: [number, number | null][]) => ({
  raw: true,
  points: points.map(([time, value]): HistoryPoint => [time, value, value, value, GOOD]),
})

test('live values follow the history, and a back-fill adds what was missed without doubling what was there', () => {
  const pen = new PenData()
  pen.setHistory(raw([1000, 1], [2000, 2]), 2500)
  pen.addLive(3, GOOD, 3000, 3000)
  pen.breakLine(3001)
  pen.addLive(9, GOOD, 9000, 9000)
  assert.deepEqual(pen.columns().values, [1, 2, 3, null, 9])
  pen.setHistory(raw([1000, 1], [2000, 2], [3000, 3], [5000, 5], [9000, 9]), 9100)
  pen.addLive(9, GOOD, 9000, 9200)
  pen.addLive(10, GOOD, 10_000, 10_000)
  assert.deepEqual(pen.columns(), { times: [1000, 2000, 3000, 5000, 9000, 10_000], values: [1, 2, 3, 5, 9, 10] })
})

test('a break that the page made up is removed by the history that covers it, even where nothing changed since', () => {
  const pen = new PenData()
  pen.addLive(7, GOOD, 1000, 1000)
  pen.breakLine(5000)
  pen.setHistory(raw([1000, 7]), 6000)
  assert.deepEqual(pen.columns(), { times: [1000], values: [7] })
})

test('bad quality and a last usable value are gaps, once', () => {
  const pen = new PenData()
  pen.addLive(1, GOOD, 1000, 1000)
  pen.addLive(1, LAST_USABLE, 1000, 2000)
  pen.addLive(1, NO_COMMUNICATION, 1000, 3000)
  pen.addLive(4, GOOD, 4000, 4000)
  assert.deepEqual(pen.columns(), { times: [1000, 2000, 2000.5, 4000], values: [1, 1, null, 4] })
})

test('an uncertain value that is new is drawn', () => {
  const pen = new PenData()
  pen.addLive(1, GOOD, 1000, 1000)
  pen.addLive(2, 0x40940000, 2000, 2000)
  assert.deepEqual(pen.columns().values, [1, 2])
})

test('a decimated point keeps its minimum and its maximum', () => {
  const pen = new PenData()
  pen.setHistory(
    {
      raw: false,
      points: [
        [1000, 5, 2, 9, GOOD],
        [2000, 5, 5, 5, GOOD],
        [3000, null, null, null, 0x80000000],
      ],
    },
    4000,
  )
  assert.deepEqual(pen.columns().values, [2, 9, 5, null])
})

test('what a tag was when the window begins is drawn into it, good or bad', () => {
  const pen = new PenData()
  pen.setHistory(raw([5000, 2]), 6000, [1000, 7, 3, 9, GOOD])
  assert.deepEqual(pen.columns(), { times: [1000, 5000], values: [7, 2] })
  pen.setHistory(raw(), 6000, [900, null, null, null, NO_COMMUNICATION])
  assert.deepEqual(pen.columns(), { times: [900], values: [null] })
})

test('a hole between the history in sight and the live values is not bridged', () => {
  const pen = new PenData()
  pen.addLive(8, GOOD, 100_000, 100_000)
  pen.setHistory(raw([1000, 1], [2000, 2]), 3000)
  assert.deepEqual(pen.columns().values, [1, 2, null, 8])
})

test('live points are bounded', () => {
  const pen = new PenData()
  for (let i = 1; i <= 50_000; i++) pen.addLive(i, GOOD, i, i)
  assert.ok(pen.columns().times.length <= 40_000)
  assert.equal(pen.columns().values.at(-1), 50_000)
})

test('a value that was confirmed unchanged is drawn up to its last good read, where the gap begins', () => {
  const pen = new PenData()
  pen.setHistory(raw([1000, 7]), 1500)
  pen.addLive(7, NO_COMMUNICATION, 1000, 5000)
  pen.addLive(7, NO_COMMUNICATION, 1000, 5000)
  assert.deepEqual(pen.columns(), { times: [1000, 5000, 5000.5], values: [7, 7, null] })
})

test('on a shared time axis a gap reaches forward to the next point, never back', () => {
  const held = { times: [1000, 5000, 9000], values: [7, null, 8] }
  const busy = { times: [1000, 3000, 5500, 7000, 9500], values: [1, 2, 3, 4, 5] }
  assert.deepEqual(joined([held, busy]), [
    [1, 3, 5, 5.5, 7, 9, 9.5],
    [7, undefined, null, null, null, 8, undefined],
    [1, 2, undefined, 3, 4, undefined, 5],
  ])
  assert.deepEqual(joined([held]), [
    [1, 5, 9],
    [7, null, 8],
  ])
})

test('what a pen was at a time, with its status, and where it was not good', () => {
  const pen = new PenData()
  pen.setHistory(
    {
      raw: true,
      points: [
        [1000, 1, 1, 1, GOOD],
        [2000, 2, 2, 2, 0x40940000],
        [3000, null, null, null, NO_COMMUNICATION],
      ],
    },
    3500,
  )
  pen.addLive(4, GOOD, 4000, 4000)
  assert.equal(pen.at(999), undefined)
  assert.deepEqual(pen.at(1999), { time: 1000, value: 1, status: GOOD })
  assert.deepEqual(pen.at(3000), { time: 3000, value: null, status: NO_COMMUNICATION })
  assert.deepEqual(pen.at(9000), { time: 4000, value: 4, status: GOOD })
  assert.deepEqual(pen.stretches(0, 10_000), [
    { from: 2000, isBad: false, to: 3000 },
    { from: 3000, isBad: true, to: 4000 },
  ])
  assert.deepEqual(pen.stretches(3200, 3600), [{ from: 3200, isBad: true, to: 3600 }])
  assert.deepEqual(pen.stretches(5000, 6000), [])
})
