/**
 * SHA-256 of files that were hashed before and have not changed since (inode, size, time of change): a log of gigabytes is hashed once, not
 * every minute.
 */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { putFile } from '../../core/durable-file.ts'
import { hashFile, type SnapshotFile } from './manifest.ts'

type Known = readonly [ino: number, size: number, mtimeMs: number, sha256: string]

export class HashCache {
  readonly #file: string
  readonly #known: ReadonlyMap<string, Known>
  readonly #next = new Map<string, Known>()

  private constructor(file: string, known: ReadonlyMap<string, Known>) {
    this.#file = file
    this.#known = known
  }

  /** A file that is not there, or damaged, is an empty cache. */
  static async open(file: string): Promise<HashCache> {
    try {
      return new HashCache(file, new Map(JSON.parse(await readFile(file, 'utf8')) as [string, Known][]))
    } catch {
      return new HashCache(file, new Map())
    }
  }

  async describe(folder: string, path: string): Promise<SnapshotFile> {
    const file = join(folder, path)
    const { ino, size, mtimeMs } = await stat(file)
    const known = this.#known.get(path)
    const isSame = known !== undefined && known[0] === ino && known[1] === size && known[2] === mtimeMs
    const sha256 = isSame ? known[3] : await hashFile(file)
    this.#next.set(path, [ino, size, mtimeMs, sha256])
    return { path, bytes: size, sha256 }
  }

  /** Keeps what was asked for since it was opened. */
  save(): Promise<void> {
    return putFile(this.#file, JSON.stringify([...this.#next]))
  }
}
