/** Reports by a schedule: made when they are due, of the time since the occasion before, whole or not at all, and no more than are kept. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ReportSchedule } from '../core/reports.ts'
import { systemClock } from '../core/clock.ts'
import { silentLog } from '../core/log.ts'
import { freePort, needs, temporaryFolder } from '../testing/peers.ts'
import { startPrometheus } from '../testing/prometheus-server.ts'
import { makeDay } from '../testing/slo-history.ts'
import { makeDue, scheduleReports, type ReportSetup } from './schedule.ts'
import { percent } from './words.ts'

const FROM = Date.UTC(2026, 9, 5)
const HOUR = 3_600_000
const DAILY: ReportSchedule = { name: 'daily', at: '0 0 * * *', timeZone: 'UTC', formats: ['md', 'html'], keep: 3 }
const skip = needs('prometheus', 'promtool')

function setupOf(folder: string, prometheus: string, now: number, schedules = [DAILY]) {
  const warnings: string[] = []
  const log = { ...silentLog, warn: (_: object, sentence: string) => void warnings.push(sentence) }
  const setup: ReportSetup = {
    config: () => ({ prometheus, job: 'bifrost', folder, schedules }),
    name: 'edge-1',
    clock: { ...systemClock, now: () => now },
    log: { ...log, child: () => log },
  }
  return { setup, warnings }
}

test(
  'the report of the day before is there after midnight, with its figures, once; the oldest go',
  { skip },
  async (t) => {
    const day = makeDay(FROM)
    const { url } = await startPrometheus(t, { history: day.text })
    const folder = join(temporaryFolder(t), 'reports')
    const { setup, warnings } = setupOf(folder, url, day.to + HOUR)
    await makeDue(setup, new Map(), AbortSignal.timeout(60_000))
    assert.deepEqual(warnings, [])
    assert.deepEqual(readdirSync(folder).toSorted(), ['daily-2026-10-06T0000Z.html', 'daily-2026-10-06T0000Z.md'])
    const file = join(folder, 'daily-2026-10-06T0000Z.md')
    const text = readFileSync(file, 'utf8')
    assert.match(text, /From 2026-10-05 00:00 to 2026-10-06 00:00 \(1 d\)/)
    const [good, all] = day.truth.completeness
    assert.ok(text.includes(percent(good / all)))

    writeFileSync(file, 'edited')
    for (const name of [
      'daily-2026-10-01T0000Z.html',
      'daily-2026-10-02T0000Z.html',
      'daily-2026-10-03T0000Z.html',
      'daily-other.txt',
    ])
      writeFileSync(join(folder, name), '')
    const later = setupOf(folder, url, day.to + 2 * HOUR, [DAILY, { ...DAILY, name: 'eight', at: '0 8 * * *', timeZone: 'Asia/Kolkata', formats: ['html'] }]) // prettier-ignore
    // 08:00 in Kolkata is 02:30 in UTC: that of the day before is not a day old yet.
    await makeDue(later.setup, new Map(), AbortSignal.timeout(60_000))
    assert.equal(readFileSync(file, 'utf8'), 'edited', 'what is there is not made again')
    assert.ok(existsSync(join(folder, 'eight-2026-10-05T0230Z.html')))
    writeFileSync(join(folder, 'daily-2026-10-06T0000Z.md'), '')
    const gone = setupOf(folder, url, day.to + 2 * HOUR, [{ ...DAILY, formats: ['html'], keep: 2 }])
    await import('node:fs/promises').then(({ rm }) => rm(join(folder, 'daily-2026-10-06T0000Z.html')))
    await makeDue(gone.setup, new Map(), AbortSignal.timeout(60_000))
    const left = readdirSync(folder).filter((name) => name.startsWith('daily-2') && name.endsWith('.html'))
    assert.deepEqual(left.toSorted(), ['daily-2026-10-03T0000Z.html', 'daily-2026-10-06T0000Z.html'])
    assert.ok(existsSync(join(folder, 'daily-other.txt')), 'files of others stay')
  },
)

test('Prometheus away: said once, nothing is written, and it is made when Prometheus is back', { skip }, async (t) => {
  const day = makeDay(FROM)
  const folder = join(temporaryFolder(t), 'reports')
  const { setup, warnings } = setupOf(folder, `http://127.0.0.1:${await freePort()}`, day.to + HOUR)
  const said = new Map<string, string>()
  await makeDue(setup, said, AbortSignal.timeout(60_000))
  await makeDue(setup, said, AbortSignal.timeout(60_000))
  assert.equal(warnings.length, 1)
  assert.match(warnings[0]!, /^The report daily could not be made; .*does not answer/)
  assert.deepEqual(readdirSync(folder), [])
  const { url } = await startPrometheus(t, { history: day.text })
  await makeDue(setupOf(folder, url, day.to + HOUR).setup, said, AbortSignal.timeout(60_000))
  assert.equal(readdirSync(folder).length, 2)
  const tooLate = setupOf(join(folder, 'late'), url, day.to + 30 * HOUR, [{ ...DAILY, at: '0 0 6 * *' }])
  await makeDue(tooLate.setup, said, AbortSignal.timeout(60_000))
  assert.equal(existsSync(join(folder, 'late')), false, 'after more than a day it is left')
})

test('a report whose name goes on the name of another keeps its files', { skip }, async (t) => {
  const day = makeDay(FROM)
  const { url } = await startPrometheus(t, { history: day.text })
  const folder = join(temporaryFolder(t), 'reports')
  const { setup } = setupOf(folder, url, day.to + HOUR, [{ ...DAILY, name: 'line', formats: ['md'], keep: 1 }])
  const others = ['line-2-2026-10-04T0000Z.md', 'line-2-2026-10-05T0000Z.md', 'line-2026-10-04T0000Z.md']
  await mkdir(folder)
  for (const name of others) writeFileSync(join(folder, name), '')
  await makeDue(setup, new Map(), AbortSignal.timeout(60_000))
  assert.deepEqual(readdirSync(folder).toSorted(), [...others.slice(0, 2), 'line-2026-10-06T0000Z.md'])
})

test('without reports nothing is made, and the end of the gateway gives up what goes on', async (t) => {
  const { setup } = setupOf(join(temporaryFolder(t), 'reports'), 'http://127.0.0.1:1', FROM)
  const stop = scheduleReports({ ...setup, config: () => undefined })
  stop()
})
