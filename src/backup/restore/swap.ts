/**
 * Puts a prepared restore in the place of what is there. Until the file RESTORING is on the disk nothing has changed; from then on the restore
 * is decided, and whatever cuts it off, `finishRestore` goes on where it stopped. A gateway does not start in between. Works within the data
 * folder, as it may be a mount that nobody can rename.
 */
import { existsSync } from 'node:fs'
import { lstat, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { putFile, syncFolder } from '../../core/durable-file.ts'
import { GatewayError } from '../../core/errors.ts'
import { makeFolders } from '../../core/folder.ts'
import { RESTORING } from '../../core/restoring.ts'
import { filesIn } from '../snapshot/manifest.ts'

const markerSchema = z.object({
  version: z.literal(1),
  /** Old things go to `restore/<before>`. */
  before: z.string().regex(/^before-[0-9TZ-]+$/),
  /** Where the configuration goes; null: it stays as it is. */
  config: z.string().nullable(),
  /** Where files of `include` may go back to: what the settings of this machine name. */
  include: z.array(z.string()),
  phase: z.enum(['old things aside', 'new things in place']),
})
type Marker = z.output<typeof markerSchema>

/** Of this folder alone, or in use by whoever restores. */
const STAYS = new Set(['restore', 'backup', 'run', 'LOCK', 'HELD', 'HELD-journal', 'lost+found', RESTORING])

export interface Swap {
  readonly data: string
  readonly config: string | null
  /** Files and folders outside of the data folder that may be written; empty: none. */
  readonly include: readonly string[]
  readonly now: number
}

export interface Swapped {
  /** Where what was there before lies. */
  readonly before: string
  /** Files of the configuration that were replaced or made. */
  readonly written: readonly string[]
  /** Files beside the configuration that the backup does not have: they stay. */
  readonly left: readonly string[]
  /** Files that belong to somebody else, or that `include` does not name here: those of the backup lie in `restore/refused`. */
  readonly refused: readonly string[]
}

/** The folder in which a restore is prepared. */
export const preparedIn = (data: string): string => join(data, 'restore', 'new')

/** Whoever calls holds the lock of the data folder. */
export async function swap({ data, config, include, now }: Swap): Promise<Swapped> {
  const before = `before-${new Date(now).toISOString().slice(0, 19).replaceAll(':', '-')}Z`
  const marker: Marker = { version: 1, before, config, include: [...include], phase: 'old things aside' }
  await putFile(join(data, RESTORING), JSON.stringify(marker))
  return (await finishRestore(data))!
}

/** Undefined: there is none to finish. */
export async function finishRestore(data: string): Promise<Swapped | undefined> {
  const file = join(data, RESTORING)
  if (!existsSync(file)) return undefined
  const parsed = markerSchema.safeParse(JSON.parse(await readFile(file, 'utf8')))
  if (!parsed.success) throw new GatewayError('BACKUP_REFUSED', `${file} is not a mark of this version`)
  const marker = parsed.data
  const before = join(data, 'restore', marker.before)
  const fresh = preparedIn(data)
  if (marker.phase === 'old things aside') {
    await makeFolders(join(before, 'data'))
    for (const name of await readdir(data))
      if (!STAYS.has(name)) await rename(join(data, name), join(before, 'data', name))
    await syncFolder(join(before, 'data'))
    await syncFolder(data)
    await putFile(file, JSON.stringify({ ...marker, phase: 'new things in place' } satisfies Marker))
  }
  for (const name of await readdir(join(fresh, 'data')).catch(() => []))
    if (!STAYS.has(name)) await rename(join(fresh, 'data', name), join(data, name))
  await syncFolder(data)
  const put: Put = { written: [], refused: [], aside: join(data, 'restore', 'refused') }
  const { config, include } = marker
  if (config !== null) await putFiles(join(fresh, 'config'), config, join(before, 'config'), { ...put, may: [config] })
  if (config !== null) await putFiles(join(fresh, 'include'), '/', join(before, 'include'), { ...put, may: include })
  const left = marker.config === null ? [] : await others(join(fresh, 'config'), marker.config, data)
  await keepRedis(fresh, data)
  await rm(file)
  await syncFolder(data)
  await rm(fresh, { recursive: true, force: true })
  return { before, written: put.written, left, refused: put.refused }
}

interface Put {
  readonly written: string[]
  readonly refused: string[]
  /** Where files lie that could not be written. */
  readonly aside: string
}

/**
 * Each file whole, the old one kept; a second time it finds them equal. What belongs to somebody else, as root's own settings do, stays as it
 * is and is told: a restore that is decided comes to its end.
 */
async function putFiles(
  from: string,
  to: string,
  before: string,
  { written, refused, aside, may }: Put & { readonly may: readonly string[] },
): Promise<void> {
  for (const path of await filesIn(from)) {
    const bytes = await readFile(join(from, path))
    const target = join(to, path)
    const putAside = async (): Promise<void> => {
      await makeFolders(dirname(join(aside, target)))
      await putFile(join(aside, target), bytes)
      refused.push(target)
    }
    if (!may.some((one) => target === one || target.startsWith(`${one}/`))) {
      await putAside()
      continue
    }
    const there = await readFile(target).catch(() => undefined)
    if (there?.equals(bytes) === true) continue
    const was = there === undefined ? undefined : await lstat(target)
    if (there !== undefined) {
      await mkdir(dirname(join(before, path)), { recursive: true, mode: 0o700 })
      await putFile(join(before, path), there)
    }
    try {
      await makeFolders(dirname(target))
      const { mode } = was ?? (await lstat(join(from, path)))
      await putFile(target, bytes, { mode: mode & 0o777, ...(was && { owner: was }) })
      written.push(target)
    } catch (error) {
      if (!['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
      await putAside()
    }
  }
}

async function others(from: string, to: string, data: string): Promise<string[]> {
  const known = new Set(await filesIn(from))
  const there = await filesIn(to)
  return there
    .filter((path) => !known.has(path) && !join(to, path).startsWith(`${data}/`))
    .map((path) => join(to, path))
}

/** What Redis held is for a person to put back: it may be in use by others. */
async function keepRedis(fresh: string, data: string): Promise<void> {
  const file = join(fresh, 'redis.ndjson')
  if (existsSync(file)) await rename(file, join(data, 'restore', 'redis.ndjson'))
}
