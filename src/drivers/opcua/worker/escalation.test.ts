/** How far to go when subscriptions go silent: subscription, session, socket. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Escalation } from './escalation.ts'

test('a fault that comes back soon leads to the next level; after a calm time it begins with the first', () => {
  const escalation = new Escalation(60_000)
  const levels = [0, 10_000, 20_000, 30_000, 89_000, 149_001].map((now) => escalation.next(now))
  assert.deepEqual(levels, ['subscription', 'session', 'socket', 'socket', 'socket', 'subscription'])
  assert.deepEqual(escalation.rebuilds, { subscription: 2, session: 1, socket: 3 })
})

test('what failed by itself leads to the next level at once, and counts', () => {
  const escalation = new Escalation(60_000)
  assert.equal(escalation.next(0), 'subscription')
  assert.equal(escalation.further(1), 'session')
  assert.equal(escalation.further(2), 'socket')
  assert.equal(escalation.further(3), 'socket')
  assert.equal(escalation.next(60_004), 'subscription')
  assert.deepEqual(escalation.rebuilds, { subscription: 2, session: 1, socket: 2 })
})
