import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outcomeOf } from './audit-stream.ts'

test('outcomes as ECS has them: what nobody knows to have been done is unknown, not a failure', () => {
  for (const outcome of ['requested', 'APPROVAL_REQUIRED', 'WRITE_UNKNOWN']) assert.equal(outcomeOf(outcome), 'unknown')
  for (const outcome of ['WRITE_FAILED', 'SIGN_IN_FAILED', 'refused: not allowed', 'rejected', 'incomplete'])
    assert.equal(outcomeOf(outcome), 'failure')
  for (const outcome of ['done', 'written', 'planned']) assert.equal(outcomeOf(outcome), 'success')
})
