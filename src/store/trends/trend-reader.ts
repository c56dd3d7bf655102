/** Reads trend files for queries and scans. The indexes of those that were read last are kept in memory. */
import type { FileSystem, OpenFile } from '../files.ts'
import { readGroups, readTrendIndex, type TrendFilter, type TrendIndex } from './trend-file.ts'
import type { TrendEntry } from './trend-list.ts'

/** Indexes of this many trend files are kept. */
const KEPT_INDEXES = 128

/** The file as a whole does not check. */
export class TrendDamage extends Error {}

export class TrendReader {
  readonly #files: FileSystem
  readonly #indexes = new Map<TrendEntry, TrendIndex>()

  constructor(files: FileSystem) {
    this.#files = files
  }

  /** The groups of a file that may hold what is wanted. Throws TrendDamage, or what the disk says. */
  async *groups(entry: TrendEntry, filter: TrendFilter, onDamaged: (offset: number) => void): AsyncGenerator<Buffer> {
    const file = await this.#files.open(entry.path, 'read')
    try {
      yield* readGroups(file, await this.#indexOf(entry, file), filter, onDamaged)
    } finally {
      await file.close()
    }
  }

  async #indexOf(entry: TrendEntry, file: OpenFile): Promise<TrendIndex> {
    const index = this.#indexes.get(entry) ?? (await readTrendIndex(file))
    if (index === undefined) throw new TrendDamage(`the index of ${entry.path} does not check`)
    this.#indexes.delete(entry)
    this.#indexes.set(entry, index)
    const oldest = this.#indexes.keys().next().value
    if (this.#indexes.size > KEPT_INDEXES && oldest !== undefined) this.#indexes.delete(oldest)
    return index
  }
}
