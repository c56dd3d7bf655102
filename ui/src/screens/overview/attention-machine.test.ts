/** A disk that is nearly full and a clock that was set are told; what is well is not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ofMachine, type System } from './attention-machine.ts'

const NOW = Date.parse('2026-11-23T10:00:00Z')
const disk = (freeBytes: number): System['disk'] => ({ totalBytes: 1000, freeBytes, usedByGatewayBytes: 1 })
const well: System['clock'] = { now: '2026-11-23T10:00:00Z', driftMs: 0, steps: [], synchronised: null }
const told = (system: System) => ofMachine(system, NOW).map(({ key, state }) => `${key} ${state}`)

test('a disk with a tenth left is told, with three in a hundred it is grave', () => {
  assert.deepEqual(told({ disk: disk(100), clock: well }), [])
  assert.deepEqual(told({ disk: disk(99), clock: well }), ['disk Degraded'])
  assert.deepEqual(told({ disk: disk(29), clock: well }), ['disk Failed'])
  assert.deepEqual(told({ disk: null, clock: well }), [])
})

test('a clock that was set within the last hour, and one that nobody sets', () => {
  const step = (at: string, byMs: number): System => ({ disk: null, clock: { ...well, steps: [{ at, byMs }] } })
  assert.deepEqual(told(step('2026-11-23T09:50:00Z', -5000)), ['clock/step Degraded'])
  assert.deepEqual(told(step('2026-11-23T09:50:00Z', 500)), [])
  assert.deepEqual(told(step('2026-11-23T08:50:00Z', -5000)), [])
  assert.deepEqual(told({ disk: null, clock: { ...well, synchronised: false } }), ['clock/loose Degraded'])
  const [item] = ofMachine(step('2026-11-23T09:50:00Z', -5000), NOW)
  assert.match(item!.text, /set by −5 s, 10 min ago/)
})
