import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseWindow, closedFor, type DailyWindow } from './windows.ts'

const windows = (...texts: string[]) => texts.map((text) => parseWindow(text) as DailyWindow)
const HOUR = 3_600_000
/** A Wednesday, local time. */
const at = (hour: number, minute = 0, day = 4) => new Date(2026, 10, day, hour, minute).getTime()

test('a window of the day, over midnight, and on some days', () => {
  assert.equal(closedFor([], at(3)), 0)
  assert.equal(closedFor(windows('12:00-13:30'), at(12)), 0)
  assert.equal(closedFor(windows('12:00-13:30'), at(13, 29)), 0)
  assert.equal(closedFor(windows('12:00-13:30'), at(13, 30)), 22.5 * HOUR)
  assert.equal(closedFor(windows('12:00-13:30'), at(11)), HOUR)
  assert.equal(closedFor(windows('22:00-06:00'), at(23)), 0)
  assert.equal(closedFor(windows('22:00-06:00'), at(5, 59)), 0)
  assert.equal(closedFor(windows('22:00-06:00'), at(6)), 16 * HOUR)
  assert.equal(closedFor(windows('sat,sun 00:00-24:00'), at(12)), 2.5 * 24 * HOUR)
  assert.equal(closedFor(windows('sat,sun 00:00-24:00'), at(12, 0, 8)), 0)
  assert.equal(closedFor(windows('fri-mon 22:00-02:00'), at(1, 0, 10)), 0, 'what began on Monday goes on')
  assert.equal(closedFor(windows('12:00-13:00', '08:00-09:00'), at(7)), HOUR)
})

test('what is no window is told', () => {
  for (const text of [
    '',
    'noon',
    '12:00',
    '12:60-13:00',
    '24:00-01:00',
    '08:00-25:00',
    'mun 08:00-09:00',
    'mon-wed-fri 08:00-09:00',
    '08:00-08:00',
  ])
    // prettier-ignore
    assert.equal(typeof parseWindow(text), 'string', text)
})
