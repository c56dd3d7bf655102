/**
 * One gateway a data folder. The kernel keeps a lock for as long as the process lives, seen from every container that has the folder,
 * where process numbers say nothing. The lock file names process, start time and boot, so that what a killed gateway left behind is told
 * from a living one even when the process id has been given to another program since. On a disk without room for a file the same
 * is said by a symbolic link, which needs none.
 */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { GatewayError } from '../core/errors.ts'
import { isAlive, processIdentity, type ProcessIdentity } from '../core/process-identity.ts'
import { readWhole, type FileSystem } from './files.ts'

interface Holder extends ProcessIdentity {
  /** Tells two takings by one process apart. */
  readonly token: string
}

/** Takes the folder or throws STORE_LOCKED; the returned function gives it back. */
export async function lockFolder(files: FileSystem, dir: string): Promise<() => Promise<void>> {
  const letGo = await files.hold(join(dir, 'HELD'))
  if (letGo === undefined) throw locked(dir, (await readHolder(files, join(dir, 'LOCK')))?.pid)
  try {
    const unlock = await takeFile(files, dir)
    return async () => {
      await unlock().finally(letGo)
    }
  } catch (error) {
    letGo()
    throw error
  }
}

async function takeFile(files: FileSystem, dir: string): Promise<() => Promise<void>> {
  const path = join(dir, 'LOCK')
  const own: Holder = { ...processIdentity(process.pid), token: randomUUID() }
  for (let attempt = 0; attempt < 10; attempt++) {
    if (await create(files, path, own)) return () => release(files, path, own)
    const holder = await readHolder(files, path)
    if (holder !== undefined && isAlive(holder)) throw locked(dir, holder.pid)
    await removeStale(files, path, holder)
  }
  throw locked(dir, undefined)
}

async function create(files: FileSystem, path: string, own: Holder): Promise<boolean> {
  try {
    const file = await files.open(path, 'create')
    try {
      await file.write(Buffer.from(JSON.stringify(own)), 0)
    } catch (error) {
      if (!hasCode(error, 'ENOSPC')) throw error
      await files.remove(path)
      await files.makeLink(path, linkOf(own))
    } finally {
      await file.close()
    }
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code

/** Short enough for an inode: the boot is told by its first digits, the rest of the token lies with the process. */
const linkOf = ({ pid, started, boot, token }: Holder): string =>
  ['bifrost', pid, started, boot.slice(0, 8), token.slice(0, 8)].join(' ')

function parseLink(text: string): Holder | undefined {
  const [word, pid, started, boot, token] = text.split(' ')
  if (word !== 'bifrost' || token === undefined) return undefined
  return { pid: Number(pid), started: started!, boot: boot!, token }
}

/** Moves the file aside before removing it, and puts it back when someone else has taken the folder in between. */
async function removeStale(files: FileSystem, path: string, judged: Holder | undefined): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  try {
    await files.rename(path, aside)
  } catch {
    return
  }
  const moved = await readHolder(files, aside)
  if (moved !== undefined && moved.token !== judged?.token) await files.rename(aside, path)
  else await files.remove(aside)
}

async function release(files: FileSystem, path: string, own: Holder): Promise<void> {
  const holder = await readHolder(files, path)
  if (holder !== undefined && own.token.startsWith(holder.token)) await files.remove(path)
}

async function readHolder(files: FileSystem, path: string): Promise<Holder | undefined> {
  const link = await files.readLink(path)
  if (link !== undefined) return parseLink(link)
  // A holder writes its name just after it made the file: an empty one gets a second look.
  for (let look = 0; look < 3; look++) {
    const bytes = await readWhole(files, path)
    if (bytes !== undefined && bytes.length > 0) return parseHolder(bytes.toString())
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  return undefined
}

function parseHolder(text: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && 'pid' in value ? (value as Holder) : undefined
  } catch {
    return undefined
  }
}

function locked(dir: string, pid: number | undefined): GatewayError {
  const who = pid === undefined ? 'another gateway' : `another gateway (process ${pid})`
  return new GatewayError('STORE_LOCKED', `the data folder ${dir} is in use by ${who}`, { details: { dir, pid } })
}
