/** What stands in the audit of a configuration that changes, and what a disk does that takes no record in the middle of it. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { AuditEvent } from '../../core/audit.ts'
import { GatewayError } from '../../core/errors.ts'
import { silentLog } from '../../core/log.ts'
import { drivers } from '../../drivers/index.ts'
import { sinks } from '../../sinks/index.ts'
import { eventually, temporaryFolder } from '../../testing/peers.ts'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import { loaderOf } from './loaded.ts'
import { openAtStart, openLiveConfig } from './opening.ts'

const NOTHING = { added: [], changed: [], removed: [], untouched: 0 }
const REPORT = { devices: NOTHING, sinks: NOTHING, settings: [], needsRestart: [], durationMs: 1 }
const ANNA = { user: 'anna', from: 'http 10.0.0.7', message: undefined }

async function open(t: TestContext, folder = temporaryFolder(t)) {
  const file = join(folder, 'bifrost.yaml')
  const text = (name: string) => `version: 1\ndata: ./data\ndevices:\n  - { name: ${name}, driver: simulated }\n`
  if (!existsSync(file)) writeFileSync(file, text('a'))
  const sources = { drivers, sinks, env: {} }
  const load = loaderOf(file, sources, () => {})
  const opened = await openAtStart(file, load, silentLog)
  const names: string[] = []
  const gateway = {
    config: opened.config,
    change: (next: typeof opened.config) => {
      names.push(next.devices[0]!.name)
      gateway.config = next
      return Promise.resolve(REPORT)
    },
    vitals: () => new Map(),
  }
  const events: AuditEvent[] = []
  const refuses = { outcome: '' }
  const audit = {
    record: (event: AuditEvent) => {
      if (refuses.outcome.includes(event.outcome)) return Promise.reject(new GatewayError('STORE_FAILED', 'full'))
      events.push(event)
      return Promise.resolve()
    },
  }
  const clock = new VirtualClock()
  const live = await openLiveConfig({ gateway, load, sources, clock, log: silentLog, audit }, opened)
  t.after(() => live.close())
  return { live, file, folder, text, names, events, refuses, clock }
}

test('a disk that is full after the change: it runs, the file says so, and nobody is told that it failed', async (t) => {
  const { live, file, text, names, refuses } = await open(t)
  refuses.outcome = 'done'
  const { version } = await live.apply({ files: { 'bifrost.yaml': text('b') } }, ANNA)
  assert.deepEqual([names, readFileSync(file, 'utf8'), live.status.version], [['b'], text('b'), version])
})

test('a disk that is full before: nothing is changed', async (t) => {
  const { live, file, text, names, refuses } = await open(t)
  refuses.outcome = 'requested'
  await assert.rejects(live.apply({ files: { 'bifrost.yaml': text('b') } }, ANNA), /full/)
  assert.deepEqual([names, readFileSync(file, 'utf8')], [[], text('a')])
})

test('a disk that is full does not keep what nobody confirmed from going back', async (t) => {
  const { live, file, text, names, refuses, clock } = await open(t)
  await live.apply({ files: { 'bifrost.yaml': text('b') }, confirmWithinMs: 5000 }, ANNA)
  refuses.outcome = 'requested done'
  await clock.advance(6000)
  await eventually('it has gone back', () => live.status.trial === null)
  assert.deepEqual([names, readFileSync(file, 'utf8')], [['b', 'a'], text('a')])
})

test('what was written while no gateway ran is on record at the next start', async (t) => {
  const first = await open(t)
  assert.deepEqual(first.events, [], 'the first start of all changes nothing')
  const before = first.live.hash
  await first.live.close()
  writeFileSync(first.file, first.text('b'))
  const second = await open(t, first.folder)
  const [{ id: _id, ...event }] = second.events as [AuditEvent]
  assert.deepEqual(event, {
    action: 'config.start', user: 'gateway', from: 'start', object: 'config bifrost.yaml',
    before, after: second.live.hash, reason: null, outcome: 'done',
  }) // prettier-ignore
  await second.live.close()
  assert.deepEqual((await open(t, first.folder)).events, [])
})

test('a version that was on trial when the gateway ended goes back at the start, on record', async (t) => {
  const { live, folder, text, file } = await open(t)
  const before = live.hash
  await live.apply({ files: { 'bifrost.yaml': text('b') }, confirmWithinMs: 60_000 }, ANNA)
  const tried = live.hash
  await live.close()
  const again = await open(t, folder)
  assert.equal(readFileSync(file, 'utf8'), text('a'))
  assert.deepEqual(
    again.events.map(({ action, before: from, after }) => [action, from, after]),
    [['config.rollback', tried, before]],
  )
})
