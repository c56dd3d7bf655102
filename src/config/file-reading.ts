/**
 * How the loader reads the files that a configuration consists of. Each is read once a load, so that what is kept of a version is what
 * was checked; and some may be given as they would be, so that a change is checked before a file is touched. Of secrets only a hash is
 * kept, by which it is seen that one is another.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'

/** Files by absolute path. */
export type FileTexts = ReadonlyMap<string, Buffer>

/** What else there is to a load. */
export interface ReadingMore {
  /** Files that are not to be there, although they are on the disk. */
  readonly gone?: ReadonlySet<string>
  /** Gets the folders in which files were looked for. */
  readonly folders?: Set<string>
  /** Gets the files of secrets, with a hash of what each holds. */
  readonly secrets?: Map<string, string>
}

interface Reading extends ReadingMore {
  readonly instead: FileTexts
  readonly read: Map<string, Buffer>
}

/** Loading is synchronous: one at a time. */
let reading: Reading | undefined

/** The bytes of a file of the configuration; throws what the file system says. */
export function readConfigFile(path: string): Buffer {
  if (reading === undefined) return readFileSync(path)
  const file = resolve(path)
  const known = reading.read.get(file)
  if (known !== undefined) return known
  if (isGone(file)) throw Object.assign(new Error(`ENOENT: there is no ${file}`), { code: 'ENOENT' })
  const bytes = reading.instead.get(file) ?? readFileSync(file)
  reading.read.set(file, bytes)
  return bytes
}

/** Runs `load`; `instead`: what these files hold, whatever is on the disk. `read` gets every file that was read, also when it throws. */
export function withFiles<T>(instead: FileTexts, read: Map<string, Buffer>, load: () => T, more: ReadingMore = {}): T {
  const before = reading
  reading = { ...more, instead, read }
  try {
    return load()
  } finally {
    reading = before
  }
}

/** True for a file that is given, whether or not it is on the disk. */
export const isGiven = (path: string): boolean => reading?.instead.has(resolve(path)) === true

/** True for a file that is not to be there, although it is on the disk. */
export const isGone = (path: string): boolean => reading?.gone?.has(resolve(path)) === true

/** Files are looked for in this folder: what comes there may be one of them. */
export const lookedInto = (folder: string): void => void reading?.folders?.add(resolve(folder))

/** A secret was read from this file; null: there is no such file, and another one was looked at. */
export function secretRead(path: string, text: string | null): void {
  const hash = text === null ? '' : createHash('sha256').update(text).digest('hex')
  reading?.secrets?.set(resolve(path), hash)
}

/** The names of the given files that stand in this folder. */
export function givenFilesIn(folder: string): string[] {
  const at = resolve(folder)
  return [...(reading?.instead.keys() ?? [])].filter((file) => dirname(file) === at).map((file) => basename(file))
}

/** The files that are given now, whatever is on the disk. */
export const givenFiles = (): FileTexts => reading?.instead ?? new Map<string, Buffer>()
