/** Why an alert is silent, in words that name no device which whoever sees the alert may not see. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Maintenance, MaintenanceScope } from '../alerts/maintenance.ts'
import { silencedBy } from './alert-facts.ts'

function silence(scope: MaintenanceScope): string | undefined {
  const window = { id: '3f1c2a9e', scope, by: 'anna', reason: 'new pump', from: 0, until: 1 }
  const maintenance = { windowOf: () => window, whole: scope.kind === 'all' ? window : undefined } as unknown as Maintenance // prettier-ignore
  return silencedBy(maintenance)({ device: 'press-1' })
}

test('the silence of one device names no other of the same window', () => {
  assert.equal(silence({ kind: 'devices', devices: ['oven', 'press-1'] }), 'maintenance 3f1c2a9e: new pump')
  assert.equal(silence({ kind: 'area', area: 'hall-1' }), 'maintenance 3f1c2a9e of area hall-1: new pump')
  assert.equal(silence({ kind: 'all' }), 'maintenance 3f1c2a9e of the whole gateway: new pump')
})
