/** What keeps the figures: samples to inputs, values that grow old, windows, maintenance, devices that go and come back, and the file. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { AssetConfig } from '../core/asset.ts'
import { SampleBatch } from '../core/batch.ts'
import { Status } from '../core/status.ts'
import { TagTable } from '../core/tags.ts'
import { LatestColumns } from '../store/latest.ts'
import { createRecordingLog } from '../testing/recording-log.ts'
import { tagSettings } from '../testing/tags.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { openKpi, type IsPlanned } from './kpi.ts'
import { eventually } from '../testing/peers.ts'

const RUNNING = 0
const PIECES = 1

const LINE: AssetConfig = {
  name: 'line',
  running: 'plc/running and not plc/running = false',
  pieces: { device: 'plc', tag: 'pieces', rollover: undefined, factor: 1 },
  counts: 'produced',
  rejected: 'none',
  idealPerMs: 1 / 1000,
  planned: { timeZone: 'UTC', shifts: [] },
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'bifrost-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function start(
  data: string,
  { clock = new VirtualClock(), isPlanned }: { clock?: VirtualClock; isPlanned?: IsPlanned } = {},
) {
  const tags = new TagTable()
  tags.add({ id: RUNNING, device: 'plc', settings: tagSettings({ name: 'running', type: 'bool' }) })
  tags.add({ id: PIECES, device: 'plc', settings: tagSettings({ name: 'pieces', type: 'uint32' }) })
  const latest = new LatestColumns()
  const log = createRecordingLog()
  const kpi = await openKpi({ data, clock, log, known: { tags, latest }, isPlanned })
  const tell = (fill: (batch: SampleBatch) => void): void => {
    const batch = new SampleBatch(4, clock.now())
    fill(batch)
    latest.update(batch, 1, 1)
    kpi.see(batch)
  }
  const line = () => kpi.asset('line', 'total')!.current!.figures
  return { clock, tags, latest, log, kpi, tell, line }
}

test('rows become what the asset does; rows of the past do not', async (t) => {
  const { kpi, clock, tell, line } = await start(folderOf(t))
  kpi.configure([{ name: 'plc' }], [LINE])
  kpi.start()
  assert.equal(kpi.asset('line', 'day')!.state, 'unknown')
  tell((batch) => {
    batch.push(RUNNING, true, Status.Good)
    batch.push(PIECES, 10, Status.Good)
  })
  assert.equal(kpi.asset('line', 'day')!.state, 'running')
  await clock.advance(5000)
  tell((batch) => batch.push(PIECES, 13, Status.Good))
  tell((batch) => batch.push(PIECES, 17, Status.Good, clock.now() - 60_000, true))
  assert.equal(line().produced, 3)
  assert.equal(line().runningMs, 5000)
  tell((batch) => batch.push(RUNNING, undefined, Status.BadNoCommunication))
  assert.equal(kpi.asset('line', 'day')!.state, 'unknown')
  await clock.advance(2000)
  tell((batch) => batch.push(RUNNING, undefined, Status.Good))
  assert.equal(kpi.asset('line', 'day')!.state, 'running')
  assert.equal(line().unknownMs, 2000)
  await kpi.close()
})

test('a value that holds still is known while it is confirmed, and unknown when nobody reads it any more', async (t) => {
  const { kpi, clock, tell, latest, line } = await start(folderOf(t))
  kpi.configure([{ name: 'plc' }], [LINE])
  kpi.start()
  tell((batch) => {
    batch.push(RUNNING, true, Status.Good)
    batch.push(PIECES, 10, Status.Good)
  })
  for (let second = 0; second < 60; second++) {
    await clock.advance(1000)
    // A deadband holds the rows back.
    for (const tag of [RUNNING, PIECES]) latest.confirm(tag, clock.now())
  }
  assert.equal(line().unknownMs, 0)
  assert.equal(line().runningMs, 60_000)
  await clock.advance(60_000)
  assert.equal(kpi.asset('line', 'day')!.state, 'unknown')
  assert.ok(line().unknownMs >= 48_000 && line().unknownMs <= 50_000, `${line().unknownMs}`)
  await kpi.close()
})

test('hours end by the clock, and planned maintenance counts as nothing', async (t) => {
  let planned = false
  const clock = new VirtualClock(Date.UTC(2026, 10, 23, 10, 59))
  const { kpi } = await start(folderOf(t), { clock, isPlanned: (device) => planned && device === 'plc' })
  kpi.configure([{ name: 'plc' }, { name: 'other' }])
  kpi.start()
  for (const name of ['plc', 'other']) kpi.account(name).became('up')
  await clock.advance(90_000)
  planned = true
  await clock.advance(1000)
  kpi.account('plc').became('down')
  kpi.account('plc').interval(100, 0)
  await clock.advance(59_000)
  const { current, previous, isUp } = kpi.device('plc', 'hour')!
  assert.equal(isUp, null)
  assert.equal(previous!.figures.upMs, 60_000)
  assert.equal(previous!.to, Date.UTC(2026, 10, 23, 11))
  assert.ok(Math.abs(current!.figures.upMs - 31_000) <= 1000)
  assert.deepEqual([current!.figures.failures, current!.figures.samplesExpected], [0, 0])
  assert.equal(kpi.device('other', 'total')!.current!.figures.upMs, 150_000)
  await kpi.close()
})

test('a device that goes and comes back within a month goes on, also over a restart', async (t) => {
  const data = folderOf(t)
  const first = await start(data)
  first.kpi.configure([{ name: 'plc' }], [LINE])
  first.kpi.start()
  first.kpi.account('plc').became('up')
  await first.clock.advance(10_000)
  first.kpi.account('plc').became('down')
  await first.clock.advance(1000)
  first.kpi.configure([])
  assert.equal(first.kpi.device('plc', 'total'), undefined)
  await first.kpi.close()

  const second = await start(data)
  second.kpi.configure([{ name: 'plc' }])
  const { upMs, failures, recoveries } = second.kpi.device('plc', 'total')!.current!.figures
  assert.deepEqual([upMs, failures, recoveries], [10_000, 1, 0])
  // Metrics begin with the process.
  assert.equal(second.kpi.deviceCounts('plc')!.upMs, 0)
  await second.kpi.close()
})

test('it is written every five minutes and at the end, not more often', async (t) => {
  const data = folderOf(t)
  const { kpi, clock } = await start(data)
  const file = join(data, 'kpi.json')
  kpi.configure([{ name: 'plc' }], [LINE])
  kpi.start()
  await clock.advance(299_000)
  assert.equal(existsSync(file), false)
  await clock.advance(2000)
  await eventually('it is written', () => existsSync(file))
  await kpi.close()
})

test('a file of which anything is changed is put aside and told, whatever the change', async (t) => {
  const data = folderOf(t)
  const { kpi } = await start(data)
  kpi.configure([{ name: 'plc' }], [LINE])
  await kpi.close()
  const file = join(data, 'kpi.json')
  const good = readFileSync(file, 'utf8')
  const damages = [
    '',
    'x',
    good.slice(0, good.length / 2),
    good.replace('"up', '"Up').replace('"last":null', '"last":true'),
    good.replace('"version":1', '"version":2'),
    `${good.slice(0, -3)}x\n`,
  ]
  for (const damage of damages) {
    writeFileSync(file, damage)
    const again = await start(data)
    assert.match(again.log.text(), /begin anew/, damage)
    again.kpi.configure([{ name: 'plc' }], [LINE])
    assert.equal(existsSync(file), false)
    assert.equal(readFileSync(join(data, 'kpi.damaged'), 'utf8'), damage)
  }
})

test('a disk that cannot be written is told once, and stops nothing', async (t) => {
  const { kpi, clock, log } = await start(join(folderOf(t), 'is', 'not', 'there'))
  kpi.configure([{ name: 'plc' }], [LINE])
  kpi.start()
  await clock.advance(1_000_000)
  await kpi.close()
  assert.equal(log.said.filter(({ sentence }) => sentence.includes('cannot be written')).length, 1)
})

test('a counter that jumps is told by name', async (t) => {
  const { kpi, clock, tell, log, line } = await start(folderOf(t))
  kpi.configure([{ name: 'plc' }], [LINE])
  kpi.start()
  tell((batch) => {
    batch.push(RUNNING, true, Status.Good)
    batch.push(PIECES, 10, Status.Good)
  })
  await clock.advance(1000)
  tell((batch) => batch.push(PIECES, 4_000_000, Status.Good))
  assert.match(log.text(), /pieces of line went from 10 to 4000000/)
  assert.deepEqual([line().produced, line().counterJumps], [0, 1])
  await kpi.close()
})
