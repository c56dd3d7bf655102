/** The files that a version of the configuration consists of, named by what they hold; and how they are written back, byte for byte. */
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { putFile } from '../../core/durable-file.ts'
import type { FileTexts } from '../file-reading.ts'

const known = new WeakMap<Uint8Array, string>()

/** Computed once: what was read is not written to. */
export function hashOf(bytes: Uint8Array): string {
  const hash = known.get(bytes) ?? createHash('sha256').update(bytes).digest('hex')
  known.set(bytes, hash)
  return hash
}

/** One name for the whole set: the same files with the same content have the same. */
export function hashOfSet(files: FileTexts): string {
  const lines = [...files].map(([path, bytes]) => `${path}\0${hashOf(bytes)}`).sort()
  return hashOf(Buffer.from(lines.join('\n')))
}

/** What the file holds now; undefined: there is none. */
export const contentOf = (path: string): Buffer | undefined => (existsSync(path) ? readFileSync(path) : undefined)

/** Those of the files that are on the disk, as they are there. */
export const filesOnDisk = (files: FileTexts): Map<string, Buffer> =>
  new Map([...files.keys()].flatMap((path) => [[path, contentOf(path)] as const].filter(isThere)))

const isThere = (entry: readonly [string, Buffer | undefined]): entry is [string, Buffer] => entry[1] !== undefined

/**
 * Why this file cannot be replaced, as words behind its name; undefined: it can. Root may write what is marked read-only: it is left alone.
 * What a link `..data` leads to is a ConfigMap or Secret of Kubernetes (its volumes swap that link): what is written there is lost.
 */
export function whyReadOnly(path: string): string | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false })
    const file = stats === undefined ? path : realpathSync(path)
    if (/\/\.\.[^/]/.test(file)) return 'is in a volume of Kubernetes (ConfigMap or Secret)'
    if (stats !== undefined && (stats.mode & 0o222) === 0) return 'is marked read-only'
    if (stats !== undefined) accessSync(file, constants.W_OK)
    let folder = dirname(file)
    while (!existsSync(folder)) folder = dirname(folder)
    accessSync(folder, constants.W_OK | constants.X_OK)
    return undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'EROFS' ? 'is on a file system that is mounted read-only' : 'cannot be written by the gateway'
  }
}

/** Replaces a file in one step: whoever reads it sees the old or the new one. A link stays a link, and the file its owner's. */
export async function replaceFile(path: string, bytes: Uint8Array, newMode = 0o640): Promise<void> {
  const target = existsSync(path) ? realpathSync(path) : path
  const owner = statSync(target, { throwIfNoEntry: false })
  const mode = owner === undefined ? newMode : owner.mode & 0o777
  await putFile(target, bytes, { mode, ...(owner === undefined ? {} : { owner }) })
}
