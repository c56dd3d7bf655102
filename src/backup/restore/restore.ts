/** A restore from end to end: chosen, prepared beside, put in place. The gateway has to be stopped; what was there before is kept. */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { GatewayError } from '../../core/errors.ts'
import { makeFolders } from '../../core/folder.ts'
import { RESTORING } from '../../core/restoring.ts'
import { surveyLog } from '../../store/copy/survey.ts'
import { nodeFiles } from '../../store/files.ts'
import { lockFolder } from '../../store/lock.ts'
import { dirname } from 'node:path'
import type { BackupSettings } from '../settings.ts'
import { readManifest } from '../snapshot/manifest.ts'
import { choose, type Wanted } from './choose.ts'
import { giveTo, prepare, type Prepared, type PrepareContext } from './prepare.ts'
import { finishRestore, preparedIn, swap, type Swapped } from './swap.ts'

export interface RestoreContext extends Omit<PrepareContext, 'into'> {
  readonly settings: BackupSettings
  readonly wanted: Wanted
  /** Whether the configuration, and files of `include`, go back too. */
  readonly withConfig: boolean
}

/** What a restore would do. */
export interface Preview {
  readonly repository: string
  readonly log: string
  readonly state: string
  readonly createdAt: string
  readonly gatewayVersion: string
  readonly files: number
  readonly bytes: number
  readonly logId: string
  /** Numbers of the log that the backup holds. */
  readonly oldestSeq: number
  readonly endSeq: number
  /** Where the restored log would end; null: `--to` names a time, and the number is found when the log is here. */
  readonly cutAt: number | null
  /** The log that is in the data folder now; null: there is none. */
  readonly now: { readonly logId: string | undefined; readonly endSeq: number } | null
  /** Samples of the log that is here now, and that would go. */
  readonly lost: number | null
}

export async function previewRestore({
  settings,
  wanted,
  repository,
  into,
}: RestoreContext & { readonly into: string }): Promise<Preview> {
  const chosen = choose(await repository.list(), wanted)
  await repository.bring(chosen.log.id, into, { only: ['/manifest.json'] })
  const manifest = await readManifest(into)
  const { log } = manifest
  const survey = await surveyLog(settings.data)
  const cutAt = wanted.toSeq ?? (wanted.to === undefined ? log.endSeq : null)
  const isHere = survey.logId !== undefined
  const isSame = isHere && survey.logId === log.logId
  return {
    repository: repository.name,
    log: chosen.log.shortId,
    state: chosen.state.shortId,
    createdAt: manifest.createdAt,
    gatewayVersion: manifest.gateway.version,
    files: manifest.files.length,
    bytes: manifest.files.reduce((sum, { bytes }) => sum + bytes, 0),
    logId: log.logId,
    oldestSeq: log.oldestSeq,
    endSeq: log.endSeq,
    cutAt,
    now: isHere ? { logId: survey.logId, endSeq: survey.end.seq } : null,
    lost: isSame && cutAt !== null ? Math.max(0, survey.end.ordinal - survey.ordinals.at(Math.min(cutAt, survey.end.seq))) : null, // prettier-ignore
  }
}

/** Prepares only: `into/data`, `into/config`. */
export async function restoreInto(into: string, context: RestoreContext): Promise<Prepared> {
  return prepare(choose(await context.repository.list(), context.wanted), context.wanted, { ...context, into })
}

/** One that was cut off has come to its end before (`finish`). */
export async function restoreInPlace(context: RestoreContext): Promise<Prepared & Swapped> {
  const { settings, withConfig, now, say } = context
  const { data, config, include } = settings
  await makeFolders(data)
  const unlock = await takeStopped(data)
  try {
    const fresh = preparedIn(data)
    await mkdir(join(data, 'restore'), { recursive: true, mode: 0o700 })
    const prepared = await restoreInto(fresh, context)
    await giveTo(join(data, 'restore'), data)
    say('putting it in place')
    const swapped = await swap({ data, config: withConfig ? dirname(config) : null, include, now })
    return { ...prepared, ...swapped }
  } finally {
    await unlock()
  }
}

/** Ends a restore that was cut off. Undefined: there is none. */
export async function finish({ data }: BackupSettings): Promise<Swapped | undefined> {
  if (!existsSync(join(data, RESTORING))) return undefined
  const unlock = await takeStopped(data)
  try {
    return await finishRestore(data)
  } finally {
    await unlock()
  }
}

async function takeStopped(data: string): Promise<() => Promise<void>> {
  try {
    return await lockFolder(nodeFiles, data)
  } catch (cause) {
    throw new GatewayError('STORE_LOCKED', `a gateway uses ${data}: stop it first (\`systemctl stop bifrost\`), then restore`, { cause }) // prettier-ignore
  }
}
