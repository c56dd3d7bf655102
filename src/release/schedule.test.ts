/** When a box takes a release by itself, and which boxes go first. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GatewayError } from '../core/errors.ts'
import { isInRollout, rolloutPlace } from './rollout.ts'
import { isOpen, parseWindows } from './window.ts'

/** Local time of this machine; 2026-11-29 is a Sunday. */
const at = (day: number, hour: number, minute = 0): Date => new Date(2026, 10, day, hour, minute)

test('a window is open from its begin to before its end, on its days, and over midnight', () => {
  const open = (text: string, when: Date): boolean => isOpen(parseWindows(text), when)
  assert.equal(open('Sun 02:00-04:00', at(29, 2)), true)
  assert.equal(open('Sun 02:00-04:00', at(29, 3, 59)), true)
  assert.equal(open('Sun 02:00-04:00', at(29, 4)), false)
  assert.equal(open('Sun 02:00-04:00', at(30, 2)), false)
  assert.equal(open('02:00-04:00', at(30, 2)), true)
  assert.equal(open('Sat 23:00-01:00', at(28, 23, 30)), true)
  assert.equal(open('Sat 23:00-01:00', at(29, 0, 59)), true)
  assert.equal(open('Sat 23:00-01:00', at(28, 0, 30)), false)
  assert.equal(open('Mon-Fri 12:00-12:30, Sun 20:00-24:00', at(29, 23, 59)), true)
  assert.equal(open('Fri-Mon 01:00-02:00', at(30, 1)), true)
  assert.equal(open('Fri-Mon 01:00-02:00', at(26, 1)), false)
})

test('a window that is none is refused with an example', () => {
  for (const text of ['', 'Sunday 02:00-04:00', 'Sun 2:00-4:00', 'Sun 25:00-26:00', 'Sun 02:00-02:00', 'Xyz 02:00-03:00', 'Sun']) // prettier-ignore
    assert.throws(() => parseWindows(text), (error) => error instanceof GatewayError && error.code === 'CONFIG_INVALID' && /such as Sun/.test(error.message), text) // prettier-ignore
})

test('the place of a box stays, is spread evenly, and a larger share holds a smaller one', () => {
  const boxes = Array.from({ length: 2000 }, (_, number) => `box-${number}`)
  const among = (percent: number, version = '1.1.0') => boxes.filter((box) => isInRollout(box, version, percent))
  assert.equal(rolloutPlace('box-1', '1.1.0'), rolloutPlace('box-1', '1.1.0'))
  assert.ok(Math.abs(among(10).length - 200) < 60, `${among(10).length} of 2000 for 10 %`)
  const half = new Set(among(50))
  assert.ok(among(10).every((box) => half.has(box)))
  assert.deepEqual([among(0).length, among(100).length], [0, 2000])
  assert.equal(isInRollout('box-1', '1.1.0', undefined), true)
  assert.notDeepEqual(among(10), among(10, '1.2.0'))
})
