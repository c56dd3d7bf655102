/**
 * Makes reports when their time has come: a look a minute, so that a changed configuration holds at once and a machine that slept makes
 * what it missed, once. A report that cannot be made is said in the log and tried again for a day; files are written whole or not at all.
 */
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../core/clock.ts'
import { putFile } from '../core/durable-file.ts'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { ReportSchedule, ReportsConfig } from '../core/reports.ts'
import type { Post } from './prometheus.ts'

const LOOK_EVERY_MS = 60_000
/** A report may be made this long after its time: Prometheus may have been away. */
const LATE_MS = 86_400_000
const TIME_LIMIT_MS = 600_000

export interface ReportSetup {
  /** What holds now; it may change. */
  config(): ReportsConfig | undefined
  /** What the reports are of. */
  readonly name: string
  readonly token?: string | undefined
  /** How Prometheus is asked: only where the gateway may connect to. */
  readonly post?: Post | undefined
  readonly clock: Clock
  readonly log: Log
}

/** Returns how to end it; what is being made then is given up. */
export function scheduleReports(setup: ReportSetup): () => void {
  const stop = new AbortController()
  const said = new Map<string, string>()
  let making: Promise<void> | undefined
  const look = (): void => {
    if (making !== undefined || setup.config() === undefined) return
    making = makeDue(setup, said, stop.signal).finally(() => (making = undefined))
  }
  const timer = setup.clock.every(LOOK_EVERY_MS, look)
  look()
  return () => {
    timer.cancel()
    stop.abort()
  }
}

/** Makes every report whose last time is not long ago and whose files are not there; `said`: by report, what was said of it last. */
export async function makeDue(setup: ReportSetup, said: Map<string, string>, signal: AbortSignal): Promise<void> {
  const reports = setup.config()
  for (const schedule of reports?.schedules ?? []) {
    const { name } = schedule
    try {
      if (!signal.aborted) await makeOne(reports!, schedule, setup, signal)
      said.delete(name)
    } catch (error) {
      const why = messageOf(error)
      if (!signal.aborted && said.get(name) !== why)
        setup.log.warn(
          { report: name },
          `The report ${name} could not be made; it is tried again each minute for a day: ${why}`,
        )
      said.set(name, why)
    }
  }
}

async function makeOne(
  reports: ReportsConfig,
  schedule: ReportSchedule,
  setup: ReportSetup,
  signal: AbortSignal,
): Promise<void> {
  const { Cron } = await import('croner')
  const now = setup.clock.now()
  const cron = new Cron(schedule.at, { timezone: schedule.timeZone, paused: true })
  const [to, from] = cron.previousRuns(2, new Date(now + 1000)).map((date) => date.getTime())
  if (to === undefined || from === undefined || now - to > LATE_MS) return
  const { folder } = reports
  await mkdir(folder, { recursive: true, mode: 0o750 })
  const there = new Set(await readdir(folder))
  const missing = schedule.formats.filter((format) => !there.has(fileOf(schedule.name, to, format)))
  if (missing.length === 0) return
  const { makeReport } = await import('./report.ts')
  const report = await makeReport(
    {
      from,
      to,
      prometheus: { url: reports.prometheus, token: setup.token, post: setup.post },
      job: reports.job,
      name: `${setup.name} (${schedule.name})`,
      timeZone: schedule.timeZone,
    },
    AbortSignal.any([signal, AbortSignal.timeout(TIME_LIMIT_MS)]),
  )
  for (const format of missing) await putFile(join(folder, fileOf(schedule.name, to, format)), report.in(format))
  setup.log.info({ report: schedule.name, folder }, `The report ${schedule.name} was made. ${report.verdict}`)
  await removeOld(folder, schedule)
}

/** `monthly-2026-11-01T0600Z.html`: sorted by name they are sorted by time. */
const fileOf = (name: string, to: number, format: string): string =>
  `${name}-${new Date(to).toISOString().slice(0, 16).replace(':', '')}Z.${format}`

async function removeOld(folder: string, { name, keep, formats }: ReportSchedule): Promise<void> {
  const names = await readdir(folder)
  for (const format of formats) {
    // All of the name: reports called `line` and `line-2` lie in one folder.
    const isOwn = new RegExp(`^${RegExp.escape(name)}-\\d{4}-\\d\\d-\\d\\dT\\d{4}Z\\.${format}$`)
    const own = names.filter((file) => isOwn.test(file)).toSorted()
    for (const file of own.slice(0, Math.max(0, own.length - keep))) await rm(join(folder, file), { force: true })
  }
}
