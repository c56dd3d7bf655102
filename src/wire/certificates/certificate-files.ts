/**
 * Files of the certificate folder. Reading survives whatever lies there: links, pipes, files that are too large or hold something
 * else are passed over and named. A file is written whole or not at all: beside, synced, renamed, the folder synced.
 */
import { constants } from 'node:fs'
import { chmod, open, readdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { putFile, putNewFile, syncFolder, UNFINISHED } from '../../core/durable-file.ts'
import { makeFolders } from '../../core/folder.ts'

/** The certificate of an application has 1 to 2 KiB; a bundle of authorities some more. */
export const FILE_LIMIT_BYTES = 256 * 1024
/** A list of 100,000 revoked certificates. */
export const CRL_LIMIT_BYTES = 8 * 1024 * 1024
/** A folder with more files than this is read so far and no further. */
const FILES_LIMIT = 1000

/** Something in the folder that is of no use, and why. */
export interface FileProblem {
  readonly file: string
  readonly problem: string
}

/** The files of a folder in the order of their names, without hidden ones; none where there is no such folder. */
export async function listFiles(folder: string, problems: FileProblem[]): Promise<string[]> {
  let names: string[]
  try {
    names = (await readdir(folder)).filter((name) => !name.startsWith('.'))
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') problems.push({ file: folder, problem: wordsOf(error) })
    return []
  }
  if (names.length > FILES_LIMIT)
    problems.push({
      file: folder,
      problem: `it holds ${names.length} files; only ${FILES_LIMIT} of them are looked at`,
    })
  return names.toSorted().slice(0, FILES_LIMIT)
}

/** The content of a plain file; undefined where it is gone, or a problem was noted. */
export async function readFileSafely(
  path: string,
  limitBytes: number,
  problems: FileProblem[],
): Promise<Buffer | undefined> {
  try {
    // Without NONBLOCK a pipe would wait for a writer for ever.
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const about = await file.stat()
      if (!about.isFile()) problems.push({ file: path, problem: 'it is no plain file' })
      else if (about.size > limitBytes)
        problems.push({ file: path, problem: `it has ${about.size} bytes; ${limitBytes} are the most that is read` })
      else return await file.readFile()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') problems.push({ file: path, problem: wordsOf(error) })
  }
  return undefined
}

/** Makes the folder (0700) with those above it. */
export async function makePrivateFolder(folder: string): Promise<void> {
  for (const made of await makeFolders(folder)) {
    await chmod(made, 0o700)
    await syncFolder(dirname(made))
  }
}

/** Puts the file in its place (0600), in place of what is there. */
export async function writeFileSafely(path: string, bytes: string | Uint8Array): Promise<void> {
  await makePrivateFolder(dirname(path))
  await putFile(path, bytes)
}

/** As `writeFileSafely`; false where there is such a file already, which stays. */
export async function writeNewFile(path: string, bytes: string | Uint8Array): Promise<boolean> {
  await makePrivateFolder(dirname(path))
  return putNewFile(path, bytes)
}

export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true })
  await syncFolder(dirname(path))
}

/** What a power cut left half-written in this folder, or those in it; of younger files somebody may be at work. Never rejects. */
export async function removeUnfinished(folder: string, now: number): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await removeUnfinished(path, now)
    else if (UNFINISHED.test(entry.name)) {
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: now }))
      if (now - mtimeMs > HOUR_MS) await rm(path, { force: true }).catch(() => undefined)
    }
  }
}

const HOUR_MS = 3_600_000

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code

function wordsOf(error: unknown): string {
  if (codeOf(error) === 'ELOOP') return 'it is a link; put the file itself there'
  if (codeOf(error) === 'EACCES') return 'this user may not read it'
  return error instanceof Error ? error.message : String(error)
}
