/** What a person types and reads: values, ages, addresses of views, windows of the trend. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exactWithUnit, formatDuration, formatValue, statusHex } from './format.ts'
import { keyed, panned, zoomed } from './screens/values/trend/gestures.ts'
import { parseView, queryOf } from './screens/values/view.ts'
import { isSame, parseWritten, refusalText } from './screens/values/write-value.ts'

const NARROW = '\u202f'

test('values keep their width, booleans are words, 64 bits keep every digit', () => {
  assert.equal(formatValue(1.5, 'float32'), '1.500')
  assert.equal(formatValue(-1234.56, 'float64'), `−1${NARROW}234.6`)
  assert.equal(
    formatValue('9223372036854775807', 'int64'),
    ['9', '223', '372', '036', '854', '775', '807'].join(NARROW),
  )
  assert.equal(formatValue(true, 'bool'), 'On')
  assert.equal(formatValue(null, 'float32'), '–')
  assert.equal(formatValue(1e-9, 'float32'), '1.000e-9')
})

test('before a write nothing is rounded away', () => {
  assert.equal(exactWithUnit(65.1234, '%'), '65.1234 %')
  assert.equal(exactWithUnit(Math.fround(65.1), '%'), '65.1 %')
  assert.equal(exactWithUnit(123_456_789, null), '123456789')
})

test('ages and codes', () => {
  assert.deepEqual([-5, 999, 119_000, 120_000, 7_200_000].map(formatDuration), ['0 s', '0 s', '119 s', '2 min', '2 h'])
  assert.equal(statusHex(0x80310000 | 0), '0x80310000')
})

test('a view survives its address', () => {
  const view = {
    q: 'tank 1',
    device: 'a/b',
    quality: 'bad',
    pens: ['a/b', 'c/d, 100 %', 'e/%2C'],
    spanSeconds: 60,
  } as const
  const search = new URLSearchParams(queryOf(view) as Record<string, string>)
  assert.deepEqual(parseView(search.toString()), view)
  assert.deepEqual(
    Object.values(queryOf(parseView(''))).filter((part) => part !== undefined),
    [],
  )
  assert.equal(parseView('?span=nonsense&status=odd').spanSeconds, 300)
  assert.equal(parseView('?status=odd').quality, 'all')
  assert.deepEqual(parseView('?pens=').pens, [])
})

test('zoom keeps the place under the pointer, pan keeps the span, keys do both', () => {
  const window = { from: 0, to: 100_000 }
  assert.deepEqual(zoomed(window, 0.5, 0.25), { from: 12_500, to: 62_500 })
  assert.deepEqual(zoomed(window, 1e-9), { from: 47_500, to: 52_500 })
  assert.deepEqual(panned(window, -0.5), { from: -50_000, to: 50_000 })
  assert.deepEqual(keyed(window, 'ArrowRight'), { from: 20_000, to: 120_000 })
  assert.equal(keyed(window, 'a'), undefined)
})

const unlimited = { low: null, high: null, writeMin: null, writeMax: null }
const level = { ...unlimited, type: 'float32', low: 0, high: 10 }
const counter = { ...unlimited, type: 'int64' }

test('what is typed becomes a value, or a sentence that says what is wrong', () => {
  assert.deepEqual(parseWritten(' 2.5 ', level), { value: 2.5 })
  assert.deepEqual(parseWritten('', level), { value: null })
  assert.deepEqual(parseWritten('10.1', level), { wrong: 'Allowed is 0 to 10.' })
  assert.match(JSON.stringify(parseWritten('2,5', level)), /point as the decimal mark/)
  assert.match(JSON.stringify(parseWritten('0x10', level)), /number/)
  assert.deepEqual(parseWritten('9223372036854775807', counter), { value: '9223372036854775807' })
  assert.match(JSON.stringify(parseWritten('1.5', counter)), /whole/)
  assert.deepEqual(parseWritten('false', { ...level, type: 'bool' }), { value: false })
})

test('what may be written is the narrower of range and write limits', () => {
  const limited = { ...level, writeMin: -5, writeMax: 8 }
  assert.deepEqual(parseWritten('8', limited), { value: 8 })
  assert.deepEqual(parseWritten('9', limited), { wrong: 'Allowed is 0 to 8.' })
  assert.deepEqual(parseWritten('-1', limited), { wrong: 'Allowed is 0 to 8.' })
  assert.deepEqual(parseWritten('7', { ...counter, writeMax: 6 }), { wrong: 'Allowed is … to 6.' })
})

test('a read-back is the same when only a float32 lies between', () => {
  assert.ok(isSame(Math.fround(65.1), 65.1))
  assert.ok(!isSame(65.2, 65.1))
  assert.ok(!isSame(true, false))
  assert.ok(!isSame('2', '1'))
})

test('"Not written" is said only of what was not: what is unknown, or was overtaken, is told in its own words', () => {
  for (const code of ['WRITE_UNKNOWN', 'WRITE_SUPERSEDED', 'WRITE_FAILED'])
    assert.equal(refusalText(code, 'It may have been carried out.'), 'It may have been carried out.')
  for (const code of ['WRITE_FORBIDDEN', 'INVALID_VALUE', 'STORE_FAILED', undefined])
    assert.equal(refusalText(code, 'The reason.'), 'Not written: The reason.')
})
