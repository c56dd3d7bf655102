/** The log as the page holds it: what it does after a pause, a lost connection, and a start of the gateway anew. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FIRST, withNewest, withOlder, withSaid, type LogPage, type LogRecord } from './log-view.ts'

const record = (n: number, minute = 0): LogRecord => ({
  n,
  time: new Date(Date.UTC(2026, 10, 23, 10, minute, n)).toISOString(),
  level: 'info',
  component: null,
  device: null,
  sink: null,
  message: `record ${n}`,
  fields: {},
})
const page = (records: LogRecord[], next: string | null = null): LogPage => ({
  records,
  next,
  newest: records[0]?.n ?? 0,
  held: { records: records.length, bytes: 1, oldestAt: null },
})
const numbers = ({ records }: { records: readonly LogRecord[] }) => records.map(({ n }) => n)

test('after a pause what was said meanwhile is on top, once, and older pages go on where they were', () => {
  const shown = withSaid(withNewest(FIRST, page([record(2), record(1)], 'old')), [record(3), record(4)], 0)
  const after = withNewest(
    { ...shown, state: 'lost' },
    page(
      [6, 5, 4, 3, 2].map((n) => record(n)),
      'other',
    ),
  )
  assert.deepEqual(numbers(after), [6, 5, 4, 3, 2, 1])
  assert.deepEqual([after.next, after.state], ['old', 'live'])
})

test('after a start of the gateway anew its first records are shown, although their numbers are smaller', () => {
  const shown = withNewest(FIRST, page([record(4711), record(4710)], 'old'))
  const after = withNewest(shown, page([record(2, 5), record(1, 5)]))
  assert.deepEqual([numbers(after), after.next], [[2, 1], null])
  // The same number at another time is another record.
  assert.deepEqual(numbers(withNewest(shown, page([record(4711, 5)]))), [4711])
})

test('an older page that comes twice, or after the list was made anew, is left out', () => {
  const shown = withNewest(FIRST, page([record(9), record(8)], 'a'))
  const once = withOlder(shown, page([record(7)], 'b'), 'a')
  assert.deepEqual([numbers(once), once.next], [[9, 8, 7], 'b'])
  assert.equal(withOlder(once, page([record(7)], 'b'), 'a'), once)
})
