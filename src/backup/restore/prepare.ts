/**
 * Makes, in a folder of its own, what a restore will put in place: brought from the repository, held against its manifest byte for byte, its
 * secrets opened, its log cut where that is wanted and given an id of its own. Nothing outside of that folder is touched.
 */
import { existsSync } from 'node:fs'
import { chmod, chown, lchown, mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeFolders } from '../../core/folder.ts'
import { dropAfter } from '../../delivery/dead-letter-files.ts'
import { cutLog, seqAt } from '../../store/copy/cut.ts'
import { renewLog, type Renewed } from '../../store/copy/renew.ts'
import { surveyCursors, surveyLog, type CursorState } from '../../store/copy/survey.ts'
import { unseal } from '../seal.ts'
import { differences, filesIn, readManifest, refused, type SnapshotManifest } from '../snapshot/manifest.ts'
import { SNAPSHOT } from '../snapshot/parts.ts'
import type { Repository } from '../restic.ts'
import type { Chosen, Wanted } from './choose.ts'

/**
 * What comes from the snapshot that holds the log. A letter that a cursor has passed is the only trace of its sample, so dead letters belong
 * to cursors; the audit log is among it since what was done is not undone by a restore.
 */
const WITH_THE_LOG = ['log', 'trends', 'cursors', 'sinks', 'origins', 'dead-letters', 'tags', 'sequence', 'audit']

export interface PrepareContext {
  readonly repository: Repository
  /** Made; has to be empty. `data`, `config` and `include` come to lie in it. */
  readonly into: string
  /** A file with the private key of age; undefined: what is secret stays closed, and is not restored. */
  readonly identity: string | undefined
  readonly skipPending: boolean
  readonly now: number
  /** Says what is being done. */
  readonly say: (line: string) => void
}

export interface Prepared {
  readonly folder: string
  readonly manifest: SnapshotManifest
  /** Where the restored log ends, and when its last sample came. */
  readonly endSeq: number
  readonly lastReceived: number | null
  readonly renewed: Renewed
  /** Where each sink is. */
  readonly cursors: readonly CursorState[]
  readonly files: number
  readonly bytes: number
  /** Files with secrets that were opened; 0 without an identity. */
  readonly opened: number
}

/** Throws BACKUP_REFUSED where a byte is not what it was; then nothing may be used of it. */
export async function prepare(chosen: Chosen, wanted: Wanted, context: PrepareContext): Promise<Prepared> {
  const { repository, into, identity, say } = context
  await rm(into, { recursive: true, force: true })
  await makeFolders(into)
  say(`bringing ${chosen.log.shortId} from ${repository.name}`)
  const fetched = join(into, 'snapshot')
  await repository.bring(chosen.log.id, fetched)
  const manifest = await verified(fetched)
  const data = join(into, 'data')
  await rename(join(fetched, SNAPSHOT.data), data)
  let privateFolder = join(fetched, SNAPSHOT.private)
  if (chosen.state.id !== chosen.log.id) {
    say(`bringing the state before it, ${chosen.state.shortId}`)
    privateFolder = await takeState(chosen, context, data)
  }
  const opened = identity === undefined ? 0 : await openPrivate(privateFolder, identity, into)
  const bytes = manifest.files.reduce((sum, one) => sum + one.bytes, 0)
  await rm(fetched, { recursive: true, force: true })
  await rm(join(into, 'state'), { recursive: true, force: true })
  say('cutting the log and giving it an id of its own')
  const { endSeq, lastReceived, renewed } = await finishLog(data, wanted, context)
  const cursors = [...(await surveyCursors(data)).values()]
  await endSessions(join(data, 'accounts.db'))
  say('forcing it to the disk')
  await syncAll(into)
  return { folder: into, manifest, endSeq, lastReceived, renewed, cursors, files: manifest.files.length, bytes, opened }
}

async function verified(folder: string, but?: (path: string) => boolean): Promise<SnapshotManifest> {
  const manifest = await readManifest(folder)
  const files = but === undefined ? manifest.files : manifest.files.filter(({ path }) => !but(path))
  const found = await differences(folder, { files })
  if (found.length > 0) throw refused(`${found.slice(0, 10).join('; ')}${found.length > 10 ? `; ${found.length - 10} more` : ''}`) // prettier-ignore
  return manifest
}

/** What does not belong to the log comes from the snapshot before the point in time. */
async function takeState(chosen: Chosen, { repository, into }: PrepareContext, data: string): Promise<string> {
  const state = join(into, 'state')
  const left = WITH_THE_LOG.map((name) => `data/${name}`)
  await repository.bring(chosen.state.id, state, { but: left.map((path) => `/${path}`) })
  const manifest = await verified(state, (path) => left.some((one) => path === one || path.startsWith(`${one}/`)))
  if (manifest.log.logId !== '' && manifest.data === '') throw refused('its manifest is not whole')
  for (const name of await readdir(data))
    if (!WITH_THE_LOG.includes(name)) await rm(join(data, name), { recursive: true })
  for (const name of await readdir(join(state, SNAPSHOT.data)).catch(() => []))
    if (!WITH_THE_LOG.includes(name)) await rename(join(state, SNAPSHOT.data, name), join(data, name))
  return join(state, SNAPSHOT.private)
}

async function openPrivate(folder: string, identity: string, into: string): Promise<number> {
  let opened = 0
  for (const name of await readdir(folder))
    await unseal(join(folder, name), identity, async ({ name: path, bytes, mode = 0o600 }) => {
      const file = join(into, path)
      await mkdir(dirname(file), { recursive: true, mode: 0o700 })
      await writeFile(file, bytes, { mode: 0o600 })
      await chmod(file, mode)
      opened++
    })
  return opened
}

async function finishLog(data: string, { to, toSeq }: Wanted, { skipPending, now }: PrepareContext) {
  const survey = await surveyLog(data)
  if (survey.damaged.length > 0) throw refused(`the log has damage that was there when it was backed up: ${survey.damaged.join(', ')}; restore without --to to keep what is left`) // prettier-ignore
  const seq = toSeq ?? (to === undefined ? undefined : await seqAt(survey, to))
  const end = seq === undefined || seq === survey.end.seq ? survey.end : await cutLog(data, survey, seq)
  const renewed = await renewLog(data, survey, { end, skipPending, now })
  const letters = join(data, 'dead-letters')
  if (existsSync(letters)) await dropAfter(letters, end.seq)
  const { lastReceived } = seq === undefined ? survey : await surveyLog(data)
  return { endSeq: end.seq, lastReceived, renewed }
}

/** Who was signed in then is not now: a session that was ended since would live again. */
async function endSessions(file: string): Promise<void> {
  const { DatabaseSync } = await import('node:sqlite')
  if (!(await readdir(dirname(file))).includes('accounts.db')) return
  const database = new DatabaseSync(file)
  try {
    if (database.prepare('PRAGMA quick_check(1)').get()?.quick_check !== 'ok') throw refused('accounts.db is damaged')
    database.exec('DELETE FROM sessions')
  } finally {
    database.close()
  }
  await chmod(file, 0o600)
}

/** Every file and folder is on the disk before anything depends on it. */
async function syncAll(folder: string): Promise<void> {
  const folders = new Set([folder])
  for (const path of await filesIn(folder)) {
    await syncOne(join(folder, path))
    for (let at = dirname(path); at !== '.'; at = dirname(at)) folders.add(join(folder, at))
  }
  for (const one of folders) await syncOne(one)
}

async function syncOne(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Who runs this as root makes files for the user of the gateway: those of `like`. */
export async function giveTo(folder: string, like: string): Promise<void> {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = await stat(like)
  await chown(folder, uid, gid)
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    await lchown(join(entry.parentPath, entry.name), uid, gid)
}
