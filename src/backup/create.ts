/**
 * One backup: a snapshot, kept in the first repository and copied to the others. Where the first is away, or one program cannot speak to both,
 * the others get the snapshot itself. What fails is said for each repository, and none keeps another from its backup.
 */
import { join } from 'node:path'
import { messageOf } from '../core/errors.ts'
import { outcome, recordStatus } from './record.ts'
import { Repository, type LogTag, type Stored } from './restic.ts'
import { workOf, type BackupSettings } from './settings.ts'
import type { SnapshotManifest } from './snapshot/manifest.ts'
import { withSnapshot, type StageContext, type Staged } from './snapshot/stage.ts'

export interface CreateContext extends StageContext {
  /** Makes repositories that are not there. */
  readonly init: boolean
  readonly clock: { now(): number }
}

export interface RepositoryResult {
  readonly name: string
  readonly how: 'stored' | 'copied'
  readonly id: string | undefined
  readonly added: number
  readonly seconds: number
  readonly error: string | undefined
}

export interface Created {
  readonly manifest: Pick<SnapshotManifest, 'log' | 'createdAt' | 'source'>
  readonly files: number
  readonly bytes: number
  readonly stageSeconds: number
  readonly repositories: readonly RepositoryResult[]
}

export function repositoriesOf({ repositories, name, data }: BackupSettings): Repository[] {
  const work = workOf(data)
  return repositories.map((one) => new Repository(one, name, work && join(work, 'cache')))
}

export async function createBackup(context: CreateContext): Promise<Created> {
  const { settings, clock } = context
  const repositories = repositoriesOf(settings)
  const began = clock.now()
  try {
    return await withSnapshot(context, async (staged) => {
      const stageSeconds = (clock.now() - began) / 1000
      const results: RepositoryResult[] = []
      for (const one of repositories) results.push(await keep(one, repositories[0]!, results[0], staged, context))
      const { log, createdAt, source, files } = staged.manifest
      return { manifest: { log, createdAt, source }, files: files.length, bytes: staged.bytes, stageSeconds, repositories: results } // prettier-ignore
    })
  } catch (error) {
    // Nothing was staged: no repository has a new backup.
    for (const { name } of repositories) await note(context, name, began, error, undefined, undefined)
    throw error
  }
}

async function keep(
  repository: Repository,
  first: Repository,
  firstResult: RepositoryResult | undefined,
  staged: Staged,
  context: CreateContext,
): Promise<RepositoryResult> {
  const { clock, now, init } = context
  const began = clock.now()
  const { name } = repository
  let stored: Stored | undefined
  let how: RepositoryResult['how'] = 'stored'
  let failure: unknown
  try {
    const isCopy = firstResult !== undefined && firstResult.error === undefined && (await repository.canCopyFrom(first))
    if (init) await repository.begin(repository === first ? undefined : first)
    if (isCopy) {
      how = 'copied'
      await repository.copyFrom(first)
    } else stored = await repository.store(staged.folder, tagOf(staged), now)
  } catch (error) {
    failure = error
  }
  await note(context, name, began, failure, staged, stored)
  const error = failure === undefined ? undefined : messageOf(failure)
  return { name, how, id: stored?.id, added: stored?.added ?? 0, seconds: (clock.now() - began) / 1000, error }
}

const tagOf = ({ manifest: { log } }: Staged): LogTag => log

async function note(
  { settings, clock }: CreateContext,
  name: string,
  began: number,
  error: unknown,
  staged: Staged | undefined,
  stored: Stored | undefined,
): Promise<void> {
  await recordStatus(settings.data, (status) => {
    const before = status.repositories[name]
    const next = {
      ...outcome(before, began, clock.now(), error),
      covers: error === undefined ? (staged?.manifest.log.lastReceived ?? null) : (before?.covers ?? null),
      bytes: staged?.bytes ?? before?.bytes ?? 0,
      addedBytes: stored?.added ?? before?.addedBytes ?? 0,
    }
    return { ...status, repositories: { ...status.repositories, [name]: next } }
  })
}
