/** The finished files: how many and how large they are, and the oldest of them go where the options say so. */
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '../../core/log.ts'
import { messageOf } from '../../core/errors.ts'
import type { FileOptions } from './options.ts'

interface Finished {
  /** Absolute. */
  readonly path: string
  readonly seq: number
  readonly bytes: number
}

export class FinishedFiles {
  readonly #options: Pick<FileOptions, 'folder' | 'keepFiles' | 'keepSize'>
  readonly #log: Log
  /** Known only where some have to go. Oldest first. */
  #files: Finished[] = []
  #bytes = 0
  /** Finished since the start. */
  count = 0

  constructor(options: Pick<FileOptions, 'folder' | 'keepFiles' | 'keepSize'>, log: Log) {
    this.#options = options
    this.#log = log
  }

  get #isBounded(): boolean {
    return (this.#options.keepFiles ?? this.#options.keepSize) !== undefined
  }

  /** Those that are there at the start, as paths below the folder. */
  async begin(found: readonly { path: string; seq: number }[]): Promise<void> {
    this.#files = []
    this.#bytes = 0
    if (!this.#isBounded) return
    for (const { path, seq } of found) await this.#note(join(this.#options.folder, path), seq)
    this.#files.sort((a, b) => a.seq - b.seq)
    await this.#keep()
  }

  async add(path: string, seq: number): Promise<void> {
    this.count++
    if (!this.#isBounded) return
    await this.#note(path, seq)
    await this.#keep()
  }

  async #note(path: string, seq: number): Promise<void> {
    const bytes = await stat(path).then(
      ({ size }) => size,
      () => undefined,
    )
    if (bytes === undefined) return
    this.#files.push({ path, seq, bytes })
    this.#bytes += bytes
  }

  async #keep(): Promise<void> {
    const { keepFiles = Infinity, keepSize = Infinity } = this.#options
    while (this.#files.length > keepFiles || (this.#bytes > keepSize && this.#files.length > 1)) {
      const { path, bytes } = this.#files.shift()!
      this.#bytes -= bytes
      await rm(path, { force: true }).catch((error: unknown) => {
        this.#log.warn({ path, error: messageOf(error) }, `${path} is to make room and cannot be removed`)
      })
    }
  }
}
