/**
 * `bifrost backup drill`: proves that a backup can be used. The newest is restored into a scratch folder, a gateway is started on it that
 * reaches no device and no sink, and what it holds is compared with what the snapshot said. The report, the status (for metrics and alerts)
 * and the exit code say what was found.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { writeReport, type DrillCheck, type DrillReport } from '../backup/drill-report.ts'
import { outcome, recordStatus } from '../backup/record.ts'
import type { Prepared } from '../backup/restore/prepare.ts'
import { restoreInto } from '../backup/restore/restore.ts'
import { workOf, type BackupSettings } from '../backup/settings.ts'
import { systemClock as clock } from '../core/clock.ts'
import { GatewayError, messageOf } from '../core/errors.ts'
import { makeFolders } from '../core/folder.ts'
import { chosen, settingsOf, sizeText } from './backup.ts'
import { contextOf } from './backup-restore.ts'
import { textOption, type Call } from './call.ts'
import { compareRestored } from './drill-checks.ts'
import { Exit } from './exit-code.ts'

export async function drill(call: Call): Promise<number> {
  const settings = await settingsOf(call)
  const work = workOf(settings.data)
  const given = textOption(call, 'scratch') ?? work
  if (given === undefined) throw new GatewayError('USAGE', `there is no data folder ${settings.data} here: say where to restore to, --scratch /a/folder`) // prettier-ignore
  const place = resolve(given)
  await makeFolders(place)
  // What lies beside it there is not ours.
  const scratch = await mkdtemp(join(place, 'drill-'))
  const began = clock.now()
  let report: DrillReport | undefined
  let failure: unknown
  try {
    report = await run(call, settings, scratch)
    if (!report.ok) failure = new Error(report.checks.filter(({ ok }) => !ok).map(({ what, found }) => `${what}: ${found}`).join('; ')) // prettier-ignore
  } catch (error) {
    failure = error
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  await recordStatus(settings.data, (status) => ({
    ...status,
    drill: {
      ...outcome(status.drill, began, clock.now(), failure),
      restoreSeconds: report?.restoreSeconds ?? status.drill?.restoreSeconds ?? 0,
      restoredBytes: report?.bytes ?? status.drill?.restoredBytes ?? 0,
    },
  }))
  if (report === undefined) throw failure
  const file = await writeReport(resolve(textOption(call, 'report') ?? join(work ?? place, 'drills')), report)
  if (call.terminal.json) call.terminal.resultJson({ ...report, file })
  else for (const line of words(report, file)) call.terminal.result(line)
  return report.ok ? Exit.ok : Exit.different
}

async function run(call: Call, settings: BackupSettings, scratch: string): Promise<DrillReport> {
  const repository = chosen(call, settings)[0]!
  const context = contextOf(call)
  const began = clock.monotonic()
  const checks: DrillCheck[] = []
  let prepared: Prepared
  try {
    prepared = await restoreInto(join(scratch, 'restored'), { ...context, settings, repository, withConfig: true })
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'BACKUP_REFUSED') throw error
    checks.push({ what: 'every byte is what the manifest says', ok: false, found: messageOf(error) })
    const none = { snapshot: '-', createdAt: '-', secretsOpened: false, bytes: 0, files: 0, startSeconds: 0 }
    return { at: new Date(context.now).toISOString(), ok: false, repository: repository.name, ...none, restoreSeconds: (clock.monotonic() - began) / 1000, checks } // prettier-ignore
  }
  const restoreSeconds = (clock.monotonic() - began) / 1000
  checks.push({ what: 'every byte is what the manifest says', ok: true, found: `${prepared.files} files, ${sizeText(prepared.bytes)}` }) // prettier-ignore
  const startSeconds = await compareRestored(prepared, settings, { checks, env: call.env, log: call.terminal })
  return {
    at: new Date(context.now).toISOString(),
    ok: checks.every(({ ok }) => ok),
    repository: repository.name,
    snapshot: prepared.manifest.log.logId === '' ? '-' : `${prepared.manifest.log.logId}/${prepared.endSeq}`,
    createdAt: prepared.manifest.createdAt,
    secretsOpened: prepared.opened > 0,
    bytes: prepared.bytes,
    files: prepared.files,
    restoreSeconds,
    startSeconds,
    checks,
  }
}

function* words(report: DrillReport, file: string): Generator<string> {
  for (const { ok, what, found } of report.checks) yield `${ok ? 'good' : 'BAD '}  ${what}: ${found}`
  yield `the drill ${report.ok ? 'passed' : 'FAILED'}: ${sizeText(report.bytes)} restored in ${report.restoreSeconds.toFixed(1)} s, answering ${report.startSeconds.toFixed(1)} s later; report: ${file}` // prettier-ignore
}
