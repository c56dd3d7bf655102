/** Maintenance windows: devices, areas, the whole gateway; their end, restarts, the record, and a file that cannot be read. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { AuditEvent } from '../core/audit.ts'
import { createRecordingLog } from '../testing/recording-log.ts'
import { temporaryFolder } from '../testing/peers.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { eventually } from '../testing/peers.ts'
import { LONGEST_MS, openMaintenance, type MaintenanceScope } from './maintenance.ts'

const HOUR_MS = 3_600_000
const ANNA = { user: 'anna', from: 'http 10.0.0.7', reason: 'new pump' }
const AREAS: Record<string, string> = { 'press-1': 'hall-1/line-2', 'press-2': 'hall-10', oven: 'hall-1' }

async function rig(t: TestContext, folder = temporaryFolder(t), clock = new VirtualClock(), isRefusing = () => false) {
  const log = createRecordingLog()
  const events: AuditEvent[] = []
  const audit = {
    record: async (event: AuditEvent) => {
      if (isRefusing()) throw new Error('no room')
      events.push(event)
    },
  }
  const maintenance = await openMaintenance({ data: folder, clock, log, audit, areaOf: (name) => AREAS[name] })
  t.after(() => maintenance.close())
  const start = (scope: MaintenanceScope, forMs = HOUR_MS) => maintenance.start({ scope, forMs }, ANNA)
  return { folder, clock, log, events, maintenance, start }
}

test('a window holds for what it names, an area for all below it, and the whole for everything', async (t) => {
  const { maintenance, start } = await rig(t)
  const names = () => ['press-1', 'press-2', 'oven'].filter((name) => maintenance.windowOf(name) !== undefined)
  const one = await start({ kind: 'devices', devices: ['press-2'] })
  assert.deepEqual(names(), ['press-2'])
  await maintenance.end(one.id, ANNA)
  const area = await start({ kind: 'area', area: 'hall-1' })
  assert.deepEqual(names(), ['press-1', 'oven'], 'hall-10 is another hall')
  assert.ok(maintenance.whole === undefined)
  await maintenance.end(area.id, ANNA)
  await start({ kind: 'all' })
  const { whole } = await Promise.resolve(maintenance)
  assert.deepEqual([names().length, whole?.reason], [3, 'new pump'])
})

test('it ends by itself, on record', async (t) => {
  const { maintenance, start, clock, events } = await rig(t)
  await start({ kind: 'all' })
  await clock.advance(HOUR_MS - 1)
  assert.equal(maintenance.windows.length, 1)
  await clock.advance(1)
  assert.equal(maintenance.windows.length, 0, 'at once, whenever it is put on record')
  await clock.advance(2000)
  await eventually('its end is on record', () => events.length === 3)
  assert.deepEqual(events.map(({ action, outcome, user }) => [action, outcome, user]), [['maintenance.start', 'requested', 'anna'], ['maintenance.start', 'done', 'anna'], ['maintenance.end', 'done', 'gateway']]) // prettier-ignore
})

test('a window of a clock that was wrong, or of a file that was edited, holds for no longer than one may', async (t) => {
  const folder = temporaryFolder(t)
  const clock = new VirtualClock()
  const window = { id: 'a', scope: { kind: 'all' }, by: 'anna', reason: 'new pump', from: clock.now(), until: clock.now() + 52 * LONGEST_MS } // prettier-ignore
  writeFileSync(join(folder, 'maintenance.json'), JSON.stringify({ version: 1, windows: [window] }))
  const { maintenance, events } = await rig(t, folder, clock)
  assert.deepEqual([maintenance.windows, maintenance.whole], [[], undefined])
  await clock.advance(2000)
  await eventually('its end is on record', () => events.length === 1)
})

test('it outlives a restart, and not its end', async (t) => {
  const first = await rig(t)
  const { id } = await first.start({ kind: 'area', area: 'hall-1' })
  const second = await rig(t, first.folder, first.clock)
  assert.deepEqual(second.maintenance.windows.map((one) => one.id), [id]) // prettier-ignore
  await first.clock.advance(HOUR_MS + 5000)
  const third = await rig(t, first.folder, first.clock)
  assert.deepEqual(third.maintenance.windows, [])
})

test('no window without an end, without devices, or without a record', async (t) => {
  let refuses = false
  const { maintenance, start, folder, clock } = await rig(t, undefined, undefined, () => refuses)
  for (const forMs of [0, 59_999, LONGEST_MS + 1, Number.NaN])
    await assert.rejects(start({ kind: 'all' }, forMs), /lasts from 1m to 7d/)
  await assert.rejects(start({ kind: 'devices', devices: [] }), /1 to 1000 devices/)
  await assert.rejects(maintenance.end('nothing', ANNA), /no maintenance window with the id nothing/)
  refuses = true
  await assert.rejects(start({ kind: 'all' }), /no room/)
  assert.deepEqual(maintenance.windows, [], 'nobody silences alerts without a trace')
  const again = await rig(t, folder, clock)
  assert.deepEqual(again.maintenance.windows, [])
})

test('a hundred windows, and no more', async (t) => {
  const { maintenance, start } = await rig(t)
  for (let at = 0; at < 100; at++) await start({ kind: 'devices', devices: ['press-1'] })
  await assert.rejects(start({ kind: 'all' }), /end some of them first/)
  assert.equal(maintenance.windows.length, 100)
})

for (const [what, text] of [
  ['garbage', '{"windows":'],
  ['another shape', '{"windows":[{"id":1}]}'],
  ['nothing', ''],
] as const)
  // prettier-ignore
  test(`a file with ${what} silences nothing, and it is said`, async (t) => {
    const folder = temporaryFolder(t)
    writeFileSync(join(folder, 'maintenance.json'), text)
    const { maintenance, log, start } = await rig(t, folder)
    assert.deepEqual(maintenance.windows, [])
    assert.match(log.text(), /error: The maintenance windows cannot be read: none is active/)
    await start({ kind: 'all' })
    assert.equal(maintenance.windows.length, 1)
  })
