/** What is asked again once a day: the refused length where nothing else is in its way, a gap from edge to edge. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '../../core/log.ts'
import { Status } from '../../core/status.ts'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import { takeDoubt } from './doubt.ts'
import { DeviceProfile } from './profile.ts'

const HOUR_MS = 3_600_000
const span = (offset: number, length = 1) => ({ unit: 1, area: 'hr' as const, offset, length })
const range = (count: number) => Array.from({ length: count }, (_, offset) => span(offset))

function rig() {
  const clock = new VirtualClock()
  const profile = new DeviceProfile({ clock, log: silentLog, quarantineMs: 30_000, store: undefined })
  const limits = profile.table(1, 'hr')
  const doubt = (items: readonly ReturnType<typeof span>[], parts: readonly ReturnType<typeof span>[]) => {
    takeDoubt(items, parts, profile, 0)
    return takeDoubt(items, parts, profile, HOUR_MS)
  }
  return { profile, limits, doubt }
}

test('a length is tried where no register that is left out lies, and nowhere beyond the block', () => {
  const { profile, limits, doubt } = rig()
  limits.tooLong(5, 6, '', 0)
  profile.leaveOut(span(3), { kind: 'address', status: Status.BadConfigurationError, words: '' })
  const parts = [span(0, 3), span(4, 5), span(9, 5)]
  assert.deepEqual(doubt(range(14), parts), span(4, 6))
})

test('a length that fits nowhere is not tried', () => {
  const { limits, doubt } = rig()
  limits.tooLong(5, 20, '', 0)
  assert.equal(doubt(range(14), [span(0, 5), span(5, 5), span(10, 4)]), undefined)
})

test('a gap is tried from the register before it to the one behind it', () => {
  const { limits, doubt } = rig()
  limits.separate({ after: 4, before: 8, evidence: '', at: 0 })
  assert.deepEqual(doubt([span(4), span(8)], [span(4), span(8)]), span(4, 5))
})
