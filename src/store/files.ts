/**
 * The file system as the store needs it. It is replaceable so that tests can take away what was not synced, fill the disk and make
 * fsync fail; `nodeFiles` is the real one.
 */
import { createHash } from 'node:crypto'
import { dirname } from 'node:path'
import { open, readdir, readlink, rename, rm, symlink, type FileHandle } from 'node:fs/promises'
import { syncFolder } from '../core/durable-file.ts'
import { makeFolders } from '../core/folder.ts'

/** One open file. Positions are absolute; there is no file pointer. */
export interface OpenFile {
  /** Writes all of `bytes` at `position`. */
  write(bytes: Uint8Array, position: number): Promise<void>
  /** Fills `into` from `position` as far as the file goes; resolves to the number of bytes read. */
  read(into: Uint8Array, position: number): Promise<number>
  size(): Promise<number>
  truncate(size: number): Promise<void>
  /** fdatasync: resolves when the content and the size are on the disk. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** `create` fails with EEXIST when the file exists; `write` makes it when absent and keeps its content. */
export type OpenMode = 'read' | 'write' | 'create'

export interface FileSystem {
  open(path: string, mode: OpenMode): Promise<OpenFile>
  /** Names in a folder. */
  list(folder: string): Promise<string[]>
  /** With those above it, as far as they are missing; their names are on the disk when it resolves. */
  makeFolder(folder: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  /** Makes a symbolic link that leads nowhere: up to 59 bytes of text fit into the inode, so a full disk takes it. EEXIST as `create`. */
  makeLink(path: string, text: string): Promise<void>
  /** The text of a symbolic link; undefined where there is none. */
  readLink(path: string): Promise<string | undefined>
  /**
   * Holds a lock of the kernel on this file until what it returns is called, or the process ends in whatever way. Undefined: somebody else
   * holds it. Where the file system knows no locks it is always given.
   */
  hold(path: string): Promise<(() => void) | undefined>
  /** fsync of a folder: new, renamed and removed names in it are on the disk. */
  syncFolder(folder: string): Promise<void>
}

/** sqlite.org/rescode.html */
const SQLITE_BUSY = 5

const FLAGS = { read: 'r', write: 'a+', create: 'wx+' } as const

/** The disk of this machine. */
export const nodeFiles: FileSystem = diskOf(0o666)

/** The same; files that it makes are for this user alone. */
export const privateFiles: FileSystem = diskOf(0o600)

function diskOf(permissions: number): FileSystem {
  return {
    async open(path, mode) {
      if (mode !== 'write') return fromHandle(await open(path, FLAGS[mode], permissions))
      // 'a+' would ignore positions, so it only makes the file.
      await (await open(path, FLAGS.write, permissions)).close()
      return fromHandle(await open(path, 'r+'))
    },
    list: (folder) => readdir(folder),
    async makeFolder(folder) {
      for (const made of await makeFolders(folder)) await syncFolder(dirname(made))
    },
    rename: (from, to) => rename(from, to),
    remove: (path) => rm(path, { force: true }),
    makeLink: (path, text) => symlink(text, path),
    readLink: (path) => readlink(path).catch(() => undefined),
    async hold(path) {
      // Node has no flock: an empty SQLite database that is never written has one.
      const { DatabaseSync } = await import('node:sqlite')
      let database: InstanceType<typeof DatabaseSync> | undefined
      try {
        database = new DatabaseSync(path, { timeout: 0 })
        database.exec('PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE')
      } catch (error) {
        database?.close()
        return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY
          ? undefined
          : () => undefined
      }
      return () => database.close()
    },
    syncFolder,
  }
}

function fromHandle(handle: FileHandle): OpenFile {
  return {
    async write(bytes, position) {
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done)
        done += bytesWritten
      }
    },
    async read(into, position) {
      let done = 0
      while (done < into.length) {
        const { bytesRead } = await handle.read(into, done, into.length - done, position + done)
        if (bytesRead === 0) break
        done += bytesRead
      }
      return done
    },
    size: async () => (await handle.stat()).size,
    truncate: (size) => handle.truncate(size),
    sync: () => handle.datasync(),
    close: () => handle.close(),
  }
}

/** A file name for any sink's name; long ones by hash. */
export function fileNameOf(sink: string): string {
  const plain = encodeURIComponent(sink)
  return plain.length <= 200 ? plain : createHash('sha256').update(sink).digest('hex')
}

/** The whole content of a file; undefined when there is no such file. */
export async function readWhole(files: FileSystem, path: string): Promise<Buffer | undefined> {
  let file: OpenFile
  try {
    file = await files.open(path, 'read')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  try {
    const bytes = Buffer.alloc(await file.size())
    return bytes.subarray(0, await file.read(bytes, 0))
  } finally {
    await file.close()
  }
}

/**
 * As `readWhole`, for what can do with damage: parts that the disk does not give back (EIO) are 0xFF. One bad sector must not keep the
 * gateway from starting.
 */
export async function readDamaged(files: FileSystem, path: string): Promise<Buffer | undefined> {
  try {
    return await readWhole(files, path)
  } catch (error) {
    if (!hasCode(error, 'EIO')) throw error
  }
  const file = await files.open(path, 'read')
  try {
    const bytes = Buffer.alloc(await file.size(), 0xff)
    for (let at = 0; at < bytes.length; at += PART_BYTES) {
      const part = bytes.subarray(at, at + PART_BYTES)
      await file.read(part, at).catch(() => part.fill(0xff))
    }
    return bytes
  } finally {
    await file.close()
  }
}

/** A slot is so long, and so is a page of most file systems. */
const PART_BYTES = 4096

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code

/** There is no such file. */
export const isMissing = (error: unknown): boolean => hasCode(error, 'ENOENT')
