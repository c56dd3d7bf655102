/** What may be written to an events tag. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeDone, parseConditionCommand, type ConditionCommand } from './condition-command.ts'

test('commands, and what is said when they are done', () => {
  const done = (text: string) => describeDone(parseConditionCommand(text) as ConditionCommand, 'Level of Tank')
  assert.deepEqual(parseConditionCommand('{"acknowledge": "QUJD", "condition": "ns=2;s=L", "comment": "seen"}'), {
    action: 'acknowledge',
    which: 'QUJD',
    comment: 'seen',
    condition: 'ns=2;s=L',
    forMs: undefined,
  })
  assert.equal(done('{"confirm": "Level"}'), 'Confirmed Level of Tank.')
  assert.equal(done('{"shelve": "Level", "for": "10m", "comment": "pump out"}'), 'Shelved Level of Tank for 10m with the comment "pump out".') // prettier-ignore
  assert.equal(done('{"shelve": "Level"}'), 'Shelved Level of Tank until it has ended once.')
  assert.equal(done('{"addComment": "Level", "comment": "x"}'), 'Commented on Level of Tank with the comment "x".')
})

test('what is wrong with the others is said in a sentence', () => {
  for (const [text, says] of [
    ['ack', /this is no JSON\.$/],
    ['[1]', /^Expected JSON such as/],
    ['{}', /one of acknowledge, confirm, addComment, enable, disable, shelve, unshelve\.$/],
    ['{"acknowledge": "A", "confirm": "A"}', /one of acknowledge/],
    ['{"acknowledge": 7}', /^"acknowledge" takes the EventId of an event or the name or id of a condition, as text\.$/],
    ['{"addComment": "A"}', /^"addComment" needs a "comment"\.$/],
    ['{"confirm": "A", "for": "1m"}', /^"for" goes with "shelve"\.$/],
    ['{"shelve": "A", "for": "soon"}', /^"for" takes a duration/],
    ['{"shelve": "A", "for": 0}', /^"for" takes a duration/],
    [`{"confirm": "A", "comment": "${'x'.repeat(4097)}"}`, /at most 4096 characters/],
  ] as const) {
    const refused = parseConditionCommand(text)
    assert.ok(typeof refused === 'string', text)
    assert.match(refused, says)
  }
})
