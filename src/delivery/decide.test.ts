/** The decision table, line by line. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BusyError, GatewayError, NotConnectedError, PartialWriteError } from '../core/errors.ts'
import { decide, type Decision } from './decide.ts'

const TABLE: readonly (readonly [what: string, error: unknown, identical: number, action: Decision['action']])[] = [
  ['connection lost', new NotConnectedError('x'), 1, 'reconnect'],
  ['connection lost for the hundredth time', new NotConnectedError('x'), 100, 'reconnect'],
  ['no answer', new GatewayError('TIMEOUT', 'x'), 9, 'reconnect'],
  ['broken protocol', new GatewayError('PROTOCOL_VIOLATION', 'x'), 9, 'reconnect'],
  ['busy', new BusyError('x', 10), 9, 'wait'],
  ['credentials refused', new GatewayError('SINK_REFUSED', 'x'), 9, 'hold'],
  ['configuration refused', new GatewayError('CONFIG_INVALID', 'x'), 9, 'hold'],
  ['rows refused', new PartialWriteError('x', new Map([[0, 'y']])), 1, 'reject-rows'],
  ['batch refused', new GatewayError('SINK_REJECTED', 'x'), 1, 'reject-batch'],
  ['unknown, first time', new Error('x'), 1, 'retry'],
  ['unknown, fourth time', new TypeError('x'), 4, 'retry'],
  ['unknown, fifth time', new TypeError('x'), 5, 'bisect'],
  ['a thrown string', 'x', 5, 'bisect'],
  ['a defect of ours', new GatewayError('INTERNAL', 'x'), 5, 'bisect'],
]

for (const [what, error, identical, action] of TABLE) {
  test(`${what}: ${action}`, () => {
    const decision = decide(error, identical)
    assert.equal(decision.action, action)
    assert.equal(decision.reason, 'x')
  })
}
