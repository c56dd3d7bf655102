/** What `worker/monitored-items.ts` rests on is still there; another version of node-opcua may have it otherwise. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MonitoredItem, Subscription } from 'node-opcua-server'
import { PATCHED } from './worker/monitored-items.ts'

test('the parts of node-opcua that are taken over are there', () => {
  const prototype = MonitoredItem.prototype as unknown as Record<string, unknown>
  for (const name of PATCHED) assert.equal(typeof prototype[name], 'function', name)
  assert.equal(typeof Subscription.prototype.preCreateMonitoredItem, 'function')
})
