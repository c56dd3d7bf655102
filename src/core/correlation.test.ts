import assert from 'node:assert/strict'
import { test } from 'node:test'
import { correlationOf, formatTraceparent, newTraceId, parseTraceparent } from './correlation.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'

test('a traceparent is taken as it came, and written as it was', () => {
  const text = `00-${TRACE}-${SPAN}-01`
  assert.deepEqual(parseTraceparent(text), { traceId: TRACE, parentId: SPAN, sampled: true })
  assert.equal(parseTraceparent(`00-${TRACE}-${SPAN}-00`)!.sampled, false)
  assert.equal(formatTraceparent(TRACE, SPAN, true), text)
  assert.equal(parseTraceparent(`01-${TRACE}-${SPAN}-01-more`)!.traceId, TRACE, 'of a later version what is known')
})

test('what is no traceparent is as if it had not been sent', () => {
  const bad = [
    '',
    'x',
    TRACE,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01\r\nx: y`,
    `01-${TRACE}-${SPAN}-01-${'x'.repeat(500)}`,
  ]
  for (const text of bad) assert.equal(parseTraceparent(text), undefined, text)
  for (const sent of [undefined, ['a', 'b'], ...bad]) assert.match(correlationOf(sent).traceId, /^[0-9a-f]{32}$/)
  assert.notEqual(newTraceId(), newTraceId())
})
