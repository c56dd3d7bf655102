/** How the configuration of the running gateway stands: for people, health and metrics. */
import type { ChangeReport } from '../../core/change-report.ts'
import type { Clock } from '../../core/clock.ts'
import { formatDuration } from '../../core/duration.ts'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { Audit } from '../../core/audit.ts'
import type { Config, ConfigSources } from '../config.ts'
import { whyReadOnly } from '../history/file-set.ts'
import { ConfigError, formatProblem } from '../problem.ts'
import type { FileTexts } from '../file-reading.ts'
import type { Version } from '../history/history.ts'
import type { LoadFiles } from './loaded.ts'

/** What is run, and what came of it. */
export interface Running {
  readonly files: FileTexts
  readonly secrets: string
  readonly version: Version
  readonly appliedAt: number
}

/** What the configuration needs of the gateway that runs by it. */
export interface RunningGateway {
  readonly config: Config
  change(next: Config): Promise<ChangeReport>
  vitals(): ReadonlyMap<string, Vital>
}

/** Whether a device does its work. */
export interface Vital {
  readonly isRunning: boolean
  readonly samples: number
  /** The longest interval at which it is polled, ms; undefined: nothing of it is polled. */
  readonly slowestMs: number | undefined
}

export interface LiveContext {
  readonly gateway: RunningGateway
  readonly load: LoadFiles
  /** What `load` checks against, with the tag lists that it keeps. */
  readonly sources: ConfigSources
  readonly clock: Clock
  readonly log: Log
  readonly audit: Audit
}

/** An attempt to run by what is in the files. */
export interface ReloadAttempt {
  readonly ok: boolean
  /** ms since 1970. */
  readonly at: number
  /** Why not, one sentence each with its place; empty when it is `ok`. */
  readonly problems: readonly string[]
  /** What was on trial could not go back: it is what runs. */
  readonly remains?: true
}

export interface ConfigStatus {
  readonly file: string
  /** Of all files that what runs was read from. */
  readonly hash: string
  /** Its number in the history. */
  readonly version: number
  /** ms since 1970. */
  readonly appliedAt: number
  readonly lastReload: ReloadAttempt
  readonly lastSuccessAt: number
  /** It goes back to `previous` unless somebody confirms it until then. */
  readonly trial: { readonly version: number; readonly previous: number; readonly until: number } | null
  /** What the files say and only a restart can carry out. */
  readonly needsRestart: readonly string[]
  /** What runs is not what is in the files: when it went back they could not be written, or somebody had edited them. */
  readonly differsFromFiles: boolean
  /** No file of the configuration can be written from here: it is changed where it comes from. */
  readonly readOnly: boolean
  /** Why, of the first file that cannot be written; null: all can. */
  readonly readOnlyReason: string | null
  /** What people have to be told, in a sentence; null: nothing. */
  readonly banner: string | null
}

export interface ApplyRequest {
  /** Files of the configuration as they shall be, by their path beside its first one; none: as they are on the disk. */
  readonly files?: Readonly<Record<string, string>> | undefined
  /** `files` are all that there is: others beside the configuration go. */
  readonly isWhole?: boolean | undefined
  /** Secrets that are `***` in `files` and are not in what runs, by place. */
  readonly secrets?: Readonly<Record<string, string>> | undefined
  /** The hash that the author has seen: refused with CHANGED_MEANWHILE when another one runs. */
  readonly ifMatch?: string | undefined
  /** It goes back by itself unless it is confirmed within this time. */
  readonly confirmWithinMs?: number | undefined
}

/** What came of a reload, an apply or a rollback. */
export interface Applied {
  readonly version: number
  readonly hash: string
  readonly report: ChangeReport
  /** Until when it has to be confirmed, ms since 1970. */
  readonly confirmUntil?: number | undefined
}

/** What people have to be told; null: nothing. */
export function bannerOf(status: Omit<ConfigStatus, 'banner'>, now: number): string | null {
  const { lastReload, trial, differsFromFiles, needsRestart } = status
  const { ok, problems, remains } = lastReload
  if (remains) return `${problems[0]}. What was on trial goes on.`
  if (!ok) {
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
    return `The configuration on the disk is not in use: ${problems[0]}${more}. What ran before goes on.`
  }
  if (trial !== null) {
    const left = formatDuration(Math.max(1000, trial.until - now))
    return `Version ${trial.version} of the configuration goes back in ${left} unless it is confirmed.`
  }
  if (differsFromFiles)
    return 'What runs is not what is in the files of the configuration: they could not be written when it went back, or somebody had edited them.'
  if (needsRestart.length > 0) return `These settings need a restart: ${needsRestart.join(', ')}.`
  return null
}

/** Whether files of the configuration can be written from here. */
export function readOnlyOf(files: Iterable<string>): Pick<ConfigStatus, 'readOnly' | 'readOnlyReason'> {
  const reasons = [...files].map((file) => ({ file, why: whyReadOnly(file) }))
  const first = reasons.find(({ why }) => why !== undefined)
  const readOnly = reasons.length > 0 && reasons.every(({ why }) => why !== undefined)
  return { readOnly, readOnlyReason: first === undefined ? null : `${first.file} ${first.why}` }
}

export function problemsOf(error: unknown): string[] {
  return error instanceof ConfigError ? error.problems.map((problem) => formatProblem(problem)) : [messageOf(error)]
}
