/**
 * The files of a snapshot that are secret, as files of age in three groups: `config` (the folder of the configuration, and what `include` names),
 * `accounts` (the database, copied by SQLite itself) and `data` (keys, certificates of ours, the history of the configuration). A group that
 * has not changed keeps its file, since age never writes the same bytes twice and each new one is new to the repository.
 */
import { createHmac, randomBytes } from 'node:crypto'
import type { Stats } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { putNewFile } from '../../core/durable-file.ts'
import { GatewayError } from '../../core/errors.ts'
import { readIfThere } from '../../core/read-if-there.ts'
import type { TarEntry } from '../../formats/tar.ts'
import { linkOrCopy } from '../../store/copy/copy-log.ts'
import { seal } from '../seal.ts'
import type { BackupSettings } from '../settings.ts'
import { isLogStream } from './parts.ts'

/** A file on its way into a group: its name there, and where it lies. */
interface Source {
  readonly name: string
  readonly file: string
}

/** Keys and texts are small: what is larger is not meant. */
const MOST_FILE_BYTES = 64 * 2 ** 20
const MOST_FILES = 20_000

export interface PrivateContext {
  readonly settings: BackupSettings
  /** `DATA/backup`. */
  readonly work: string
  /** Relative paths of the data folder that are secret. */
  readonly secret: readonly string[]
  /** More of them, such as what Redis holds. */
  readonly more?: ReadonlyMap<string, Buffer> | undefined
}

/** Writes the groups into `to`. */
export async function sealPrivate(to: string, context: PrivateContext): Promise<void> {
  const { settings, work, secret, more = new Map<string, Buffer>() } = context
  const cache = join(work, 'sealed')
  await mkdir(cache, { recursive: true, mode: 0o700 })
  const key = await keyOf(work)
  const groups: Record<string, Source[]> = { config: await configFiles(settings), accounts: [], data: [] }
  for (const path of secret)
    groups[path === 'accounts.db' ? 'accounts' : 'data']!.push({ name: `data/${path}`, file: join(settings.data, path) }) // prettier-ignore
  const copied = groups.accounts!.length === 0 ? undefined : await copyDatabase(settings.data, work)
  const entryOf = async ({ name, file }: Source): Promise<TarEntry | undefined> =>
    name !== 'data/accounts.db' ? readSmall(name, file) : copied && { name, bytes: copied }
  const used = new Set<string>()
  for (const [group, sources] of Object.entries(groups)) {
    const hmac = createHmac('sha256', key).update(await readFile(settings.recipients))
    const entries: TarEntry[] = []
    for (const source of sources.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const entry = await entryOf(source)
      if (entry !== undefined) entries.push(entry)
    }
    if (group === 'data') for (const [name, bytes] of more) entries.push({ name, bytes })
    if (entries.length === 0) continue
    for (const { name, bytes, mode } of entries) hmac.update(`${name}\0${mode ?? ''}\0${bytes.length}\0`).update(bytes)
    const sealed = `${group}-${hmac.digest('hex').slice(0, 32)}.age`
    used.add(sealed)
    if (
      await stat(join(cache, sealed)).then(
        () => false,
        () => true,
      )
    ) {
      const part = join(cache, `${group}.part`)
      await rm(part, { force: true })
      await seal(each(entries), settings.recipients, part)
      await rename(part, join(cache, sealed))
    }
    await linkOrCopy(join(cache, sealed), join(to, `${group}.tar.age`))
  }
  for (const name of await readdir(cache)) if (!used.has(name)) await rm(join(cache, name))
}

async function* each(entries: readonly TarEntry[]): AsyncGenerator<TarEntry> {
  yield* entries
}

/** Names of what is the same must not tell what it is: a key of this machine goes into them. */
async function keyOf(work: string): Promise<Buffer> {
  const file = join(work, 'names.key')
  await putNewFile(file, randomBytes(32))
  return readFile(file)
}

async function configFiles({ config, data, include }: BackupSettings): Promise<Source[]> {
  const folder = dirname(config)
  await stat(config).catch((cause: unknown) => {
    throw new GatewayError('CONFIG_INVALID', `config: there is no ${config}`, { cause })
  })
  const isData = (path: string): boolean => !relative(data, path).startsWith('..')
  const found: Source[] = []
  for (const path of await filesBehind(folder))
    if (!isData(join(folder, path)) && !isLogStream(path))
      found.push({ name: `config/${path}`, file: join(folder, path) })
  for (const path of include) {
    const paths = await stat(path).then((one) => (one.isDirectory() ? filesBehind(path) : ['']), (cause: unknown) => {
      throw new GatewayError('CONFIG_INVALID', `include: there is no ${path}`, { cause })
    }) // prettier-ignore
    for (const one of paths) found.push({ name: `include${path}${one === '' ? '' : `/${one}`}`, file: join(path, one) })
  }
  if (found.length > MOST_FILES)
    throw new GatewayError('CONFIG_INVALID', `${folder} has more than ${MOST_FILES} files: ${basename(config)} should lie in a folder of its own`) // prettier-ignore
  return found
}

/**
 * As `filesIn`, and links count as what they lead to: a ConfigMap or Secret of Kubernetes is a folder of links into `..data`, which is left out
 * itself, as its files would come twice.
 */
async function filesBehind(folder: string, within = '', depth = 0): Promise<string[]> {
  const found: string[] = []
  for (const name of (await readdir(join(folder, within))).toSorted()) {
    const path = within === '' ? name : `${within}/${name}`
    const kind = name.startsWith('..') ? undefined : await statIfThere(join(folder, path))
    if (kind?.isFile() === true) found.push(path)
    if (kind?.isDirectory() === true && depth < 16) found.push(...(await filesBehind(folder, path, depth + 1)))
  }
  return found
}

/** Undefined: it is not there, or leads nowhere. */
const statIfThere = (file: string): Promise<Stats | undefined> =>
  stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ELOOP') return undefined
    throw error
  })

/** Undefined: it went meanwhile. */
async function readSmall(name: string, file: string): Promise<TarEntry | undefined> {
  const info = await statIfThere(file)
  if (info === undefined) return undefined
  if (info.size > MOST_FILE_BYTES)
    throw new GatewayError('BACKUP_FAILED', `${file} has ${info.size} bytes: files that are encrypted have ${MOST_FILE_BYTES} at most; move it out of the folder`) // prettier-ignore
  const bytes = await readIfThere(file)
  return bytes && { name, bytes, mode: info.mode & 0o777 }
}

/** By SQLite's own backup: whole, whoever writes meanwhile; for this user alone, and gone when it has been read. */
async function copyDatabase(data: string, work: string): Promise<Buffer> {
  const { backup, DatabaseSync } = await import('node:sqlite')
  const copy = join(work, 'accounts.part')
  await rm(copy, { force: true })
  const database = new DatabaseSync(join(data, 'accounts.db'), { readOnly: true, timeout: 5000 })
  try {
    await backup(database, copy)
    return await readFile(copy)
  } finally {
    database.close()
    await rm(copy, { force: true })
  }
}
