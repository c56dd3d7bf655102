/**
 * Writes what edits came to: every file in one step (a temporary file beside it, forced to the disk, renamed over it), with mode and owner
 * kept, and only while it still holds the bytes that were read. What cannot be written comes back as a patch.
 */
import { existsSync, readFileSync, realpathSync, statSync, type Stats } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, relative, sep } from 'node:path'
import { syncFolder, writeBeside } from '../../core/durable-file.ts'
import { GatewayError, messageOf } from '../../core/errors.ts'
import { whyReadOnly } from '../history/file-set.ts'
import { hashOfFile, type FileChange } from './edited-files.ts'
import { unifiedDiff } from './unified-diff.ts'

/** Mode of a file that was not there before. */
const NEW_MODE = 0o640

/**
 * Writes the files, all of them or none. Throws
 * CHANGED_MEANWHILE where one does not hold what it held when the edits were made (`details`: `file`, and `diff` of what somebody else did);
 * CONFIG_READ_ONLY where one cannot be written (`details`: `file`, and `patch` with all changes, to be applied in `folder`).
 */
export async function writeChanges(changes: readonly FileChange[]): Promise<void> {
  for (const change of changes) assertUnchanged(change)
  for (const { file } of changes) {
    const why = whyReadOnly(file)
    if (why !== undefined) throw readOnly(file, why, patchOf(changes))
  }
  const staged: Staged[] = []
  try {
    for (const change of changes) staged.push(await stage(change))
    for (const change of changes) assertUnchanged(change)
  } catch (error) {
    for (const { beside } of staged) await rm(beside, { force: true })
    const { code, path = '' } = error as NodeJS.ErrnoException
    if (['EACCES', 'EPERM', 'EROFS'].includes(code ?? '')) throw readOnly(path, messageOf(error), patchOf(changes))
    throw error
  }
  await renameAll(staged)
}

/** A patch of the changes for `patch -p1` or `git apply`, and the folder in which it is to be applied. */
export function patchOf(
  changes: readonly FileChange[],
  context?: number,
): { readonly folder: string; readonly patch: string } {
  const folder = commonFolder(changes.map(({ file }) => file))
  const files = changes.map(({ file, before, was, after }) => ({
    path: relative(folder, file),
    before: before === null ? undefined : was,
    after,
  }))
  return { folder, patch: unifiedDiff(files, context) }
}

interface Staged {
  readonly change: FileChange
  readonly target: string
  readonly beside: string
}

/** The new content lies beside the file, safe on the disk. A link stays a link: what it leads to is replaced. */
async function stage(change: FileChange): Promise<Staged> {
  const target = existsSync(change.file) ? realpathSync(change.file) : change.file
  const stats: Stats | undefined = statSync(target, { throwIfNoEntry: false })
  if (stats === undefined) await mkdir(dirname(target), { recursive: true })
  const mode = (stats?.mode ?? NEW_MODE) & 0o7777
  const beside = await writeBeside(target, change.after, { mode, ...(stats === undefined ? {} : { owner: stats }) })
  return { change, target, beside }
}

/** One after the other; should one fail, those before it get back what they held. */
async function renameAll(staged: readonly Staged[]): Promise<void> {
  const done: Staged[] = []
  try {
    for (const one of staged) {
      await rename(one.beside, one.target)
      done.push(one)
    }
  } catch (error) {
    for (const { beside } of staged) await rm(beside, { force: true })
    for (const { change, target } of done.reverse()) await putBack(change, target)
    throw new GatewayError('STORE_FAILED', `the configuration was not changed: ${messageOf(error)}`, { cause: error })
  }
  for (const folder of new Set(staged.map(({ target }) => dirname(target)))) await syncFolder(folder)
}

async function putBack({ file, before, was, after }: FileChange, target: string): Promise<void> {
  if (before === null) return rm(target, { force: true })
  const back = await stage({ file, before: hashOfFile(after), after: was, was: after })
  await rename(back.beside, back.target)
}

/** Throws CHANGED_MEANWHILE where the file does not hold what it held when the edits were made. */
export function assertUnchanged({ file, before, was }: FileChange): void {
  const bytes = existsSync(file) ? readFileSync(file) : undefined
  if ((bytes === undefined ? null : hashOfFile(bytes)) === before) return
  const diff = unifiedDiff([
    { path: basename(file), before: before === null ? undefined : was, after: bytes?.toString('utf8') },
  ])
  throw new GatewayError(
    'CHANGED_MEANWHILE',
    `${file} was ${bytes === undefined ? 'removed' : before === null ? 'made' : 'changed'} by somebody else meanwhile; nothing was written`,
    { details: { file, diff } },
  )
}

/** CONFIG_READ_ONLY of a file, with a patch of all changes. */
export function readOnly(file: string, why: string, { folder, patch }: ReturnType<typeof patchOf>): GatewayError {
  return new GatewayError(
    'CONFIG_READ_ONLY',
    `${file} ${why}; nothing was written. Apply the patch where the file is kept (patch -p1 in ${folder})`,
    { details: { file, folder, patch } },
  )
}

function commonFolder(files: readonly string[]): string {
  const [first = [], ...rest] = files.map((file) => dirname(file).split(sep))
  let length = first.length
  for (const other of rest) {
    let same = 0
    while (same < length && first[same] === other[same]) same++
    length = same
  }
  return first.slice(0, length).join(sep) || sep
}
