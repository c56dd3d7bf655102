/**
 * Which trend files there are. A trend file outlives its segment and has bounds of its own. At the start only names are listed, and
 * the trailer of the newest is read; the other trailers follow in the background, as there may be thousands.
 */
import { join } from 'node:path'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { FileSystem, OpenFile } from '../files.ts'
import { readTrendSummary, type TrendSummary } from './trend-file.ts'

/** So many trailers are read at once. */
const LOADED_AT_ONCE = 16

export interface TrendEntry extends TrendSummary {
  /** That of the segment it was made of. */
  readonly number: number
  readonly path: string
  readonly bytes: number
}

/** What must not be given out again. */
export interface TrendHeights {
  readonly highestNumber: number
  readonly highestTag: number
}

export interface TrendListOptions {
  readonly files: FileSystem
  readonly folder: string
  readonly log: Log
}

export class TrendList {
  readonly #options: TrendListOptions
  /** Ascending by number. */
  #entries: TrendEntry[] = []
  #unread: number[] = []
  /** Files that are being taken away, by number. */
  readonly #removing = new Map<number, Promise<void>>()
  bytes = 0
  /** Files and groups that did not check and could not be made again. */
  damaged = 0

  constructor(options: TrendListOptions) {
    this.#options = options
  }

  get entries(): readonly TrendEntry[] {
    return this.#entries
  }

  /** Lists the files. Never throws for what it finds in one. */
  async open(): Promise<TrendHeights> {
    const { files, folder } = this.#options
    const names = await files.list(folder)
    for (const name of names) if (name.endsWith('.part')) await files.remove(join(folder, name))
    this.#unread = names.map(numberIn).filter((number) => number !== undefined)
    this.#unread.sort((a, b) => a - b)
    const highestNumber = this.#unread.at(-1) ?? 0
    while (this.#entries.length === 0 && this.#unread.length > 0) await this.#read(this.#unread.pop()!)
    return { highestNumber, highestTag: this.#entries[0]?.highestTag ?? 0 }
  }

  /** Reads the other trailers, the newest first. */
  async load(signal: AbortSignal): Promise<void> {
    while (this.#unread.length > 0 && !signal.aborted) {
      await Promise.all(this.#unread.splice(-LOADED_AT_ONCE).map((number) => this.#read(number)))
    }
  }

  find(number: number): TrendEntry | undefined {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#entries[middle]!.number < number) low = middle + 1
      else high = middle
    }
    return this.#entries[low]?.number === number ? this.#entries[low] : undefined
  }

  /** Writes a file so that it is there as a whole or not at all; takes the place of one with the same number. */
  async put(number: number, bytes: Buffer, summary: TrendSummary): Promise<void> {
    const { files, folder } = this.#options
    const path = this.pathOf(number)
    const temporary = `${path}.part`
    await files.remove(temporary)
    try {
      await writeFile(files, temporary, bytes)
      await this.#removing.get(number)
      await files.rename(temporary, path)
      await files.syncFolder(folder)
    } catch (error) {
      // Half a file takes room that the log may need.
      await files.remove(temporary).catch(() => undefined)
      throw error
    }
    this.#add({ ...summary, number, path, bytes: bytes.length })
  }

  /** Takes an entry off the list; its file goes too. One that is not on it any more may have another's file in its place. */
  async remove(entry: TrendEntry): Promise<void> {
    const { number, path } = entry
    if (this.find(number) !== entry) return this.#removing.get(number)
    this.#forget(entry)
    const { files, log } = this.#options
    const removing = files
      .remove(path)
      .catch((error: unknown) =>
        log.error({ path, error: messageOf(error) }, `the trend file ${path} cannot be removed`),
      )
      .finally(() => this.#removing.delete(number))
    this.#removing.set(number, removing)
    await removing
  }

  pathOf(number: number): string {
    return join(this.#options.folder, `${String(number).padStart(8, '0')}.trend`)
  }

  async #read(number: number): Promise<void> {
    const path = this.pathOf(number)
    const { files, log } = this.#options
    let file: OpenFile | undefined
    try {
      file = await files.open(path, 'read')
      const bytes = await file.size()
      const summary = await readTrendSummary(file, bytes)
      if (summary !== undefined) return this.#add({ ...summary, number, path, bytes })
      this.damaged++
      log.warn({ path }, `the trend file ${path} is damaged and is left out; it is made again if its segment is there`)
      await files.remove(path)
    } catch (error) {
      this.damaged++
      log.error({ path, error: messageOf(error) }, `the trend file ${path} cannot be read and is left out`)
    } finally {
      await file?.close().catch(() => undefined)
    }
  }

  #add(entry: TrendEntry): void {
    const before = this.find(entry.number)
    if (before !== undefined) this.#forget(before)
    this.bytes += entry.bytes
    const at = this.#entries.findLastIndex(({ number }) => number < entry.number)
    this.#entries.splice(at + 1, 0, entry)
  }

  #forget(entry: TrendEntry): void {
    const at = this.#entries.indexOf(entry)
    if (at < 0) return
    this.#entries.splice(at, 1)
    this.bytes -= entry.bytes
  }
}

const numberIn = (name: string): number | undefined =>
  /^\d{8,}\.trend$/.test(name) ? Number.parseInt(name, 10) : undefined

async function writeFile(files: FileSystem, path: string, bytes: Uint8Array): Promise<void> {
  const file = await files.open(path, 'create')
  try {
    await file.write(bytes, 0)
    await file.sync()
  } finally {
    await file.close()
  }
}
