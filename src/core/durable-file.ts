/**
 * Files that are there whole or not at all, also after a power cut: written beside their place, forced to the disk, put in their place, and
 * the folder forced to the disk, since names lie in it.
 */
import { randomBytes } from 'node:crypto'
import type { Stats } from 'node:fs'
import { link, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

export interface Written {
  /** Permissions of the new file; 0600 where absent. */
  readonly mode?: number
  /** The file in whose place it comes: owner and group stay. */
  readonly owner?: Pick<Stats, 'uid' | 'gid'>
}

/** Names of what is not finished; a power cut can leave one behind. */
export const UNFINISHED = /^\.[0-9a-f]{16}\.new$/

/** The content beside `path`, safe on the disk under a hidden name, which this resolves to. The folder has to be there. */
export async function writeBeside(path: string, bytes: string | Uint8Array, written: Written = {}): Promise<string> {
  const { mode = 0o600, owner } = written
  const beside = join(dirname(path), `.${randomBytes(8).toString('hex')}.new`)
  const file = await open(beside, 'wx', mode)
  try {
    if (owner !== undefined) {
      const own = await file.stat()
      if (own.uid !== owner.uid || own.gid !== owner.gid) await file.chown(owner.uid, owner.gid)
    }
    // What the umask took away, and what a change of the owner does.
    if (written.mode !== undefined) await file.chmod(mode)
    await file.writeFile(bytes)
    await file.sync()
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  } finally {
    await file.close()
  }
  return beside
}

/** Puts the file in its place, in place of what is there: whoever reads it sees the old or the new one. */
export async function putFile(path: string, bytes: string | Uint8Array, written?: Written): Promise<void> {
  const beside = await writeBeside(path, bytes, written)
  try {
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** As `putFile`; false where there is such a file already, which stays: two that start at once make one. */
export async function putNewFile(path: string, bytes: string | Uint8Array, written?: Written): Promise<boolean> {
  const beside = await writeBeside(path, bytes, written)
  try {
    await link(beside, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(beside, { force: true })
  }
  await syncFolder(dirname(path))
  return true
}

/** fsync of a folder: the names in it are on the disk. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
