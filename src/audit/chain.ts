/**
 * The files of the log, as they grow: lines are chained, written together, forced to the disk once and only then counted. A write that
 * fails leaves nothing behind. One batch at a time; nothing else may write here.
 */
import { join } from 'node:path'
import { messageOf } from '../core/errors.ts'
import type { Clock } from '../core/clock.ts'
import type { Signer } from '../secrets/secrets.ts'
import type { FileSystem } from '../store/files.ts'
import { AnchorFile } from './anchor.ts'
import { BEGIN, encodeLine, fileNameOf, type AuditLine, type Place } from './line.ts'

/** What the chain adds by itself: the number. */
export type NewLine = Omit<AuditLine, 'n'>

export interface ChainOptions {
  readonly files: FileSystem
  readonly folder: string
  readonly clock: Clock
  readonly signer: Signer
  readonly maxFileBytes: number
  readonly maxFileAgeMs: number
  /** Hears of each line when it is on the disk. */
  readonly onWritten?: ((line: WrittenLine) => void) | undefined
}

/** A line that is on the disk. */
export interface WrittenLine extends AuditLine {
  readonly hash: string
}

/** Where a log goes on. */
export interface ChainState {
  readonly log: string
  readonly last: Place
  /** The file that is written; undefined: the next line begins one. */
  readonly file: OpenedFile | undefined
  /** What the first line of all says of what was there before. */
  readonly heritage?: Readonly<Record<string, unknown>> | undefined
}

export interface OpenedFile {
  readonly name: string
  readonly begunAt: number
  bytes: number
}

/** How often the anchor is forced to the disk; between, it lies in the cache of the system. */
const ANCHOR_EVERY_MS = 1000

export class Chain {
  readonly #options: ChainOptions
  readonly #anchor: AnchorFile
  readonly log: string
  #heritage: ChainState['heritage']
  #last: Place
  #file: OpenedFile | undefined
  /** A write failed and may have left bytes behind the last line. */
  #isDirty = false
  #anchoredAt = -Infinity
  /** Why the anchor could not be written last. */
  anchorProblem: string | undefined

  constructor(options: ChainOptions, { log, last, file, heritage }: ChainState) {
    this.#options = options
    this.#anchor = new AnchorFile(options.files, options.folder)
    this.log = log
    this.#last = last
    this.#file = file
    this.#heritage = heritage
  }

  get last(): Place {
    return this.#last
  }

  get file(): OpenedFile | undefined {
    return this.#file
  }

  /** Resolves when all of them are on the disk; rejects when none of them is. */
  async append(lines: readonly NewLine[]): Promise<void> {
    const { files, folder } = this.#options
    const strange = await this.#prepare()
    const isNew = this.#file === undefined
    const { bytes, last, began, written } = this.#encode([...strange, ...lines])
    const file = this.#file ?? { name: fileNameOf(began), begunAt: this.#options.clock.now(), bytes: 0 }
    const path = join(folder, file.name)
    if (isNew) await this.#makeWay(file.name)
    const handle = await files.open(path, isNew ? 'create' : 'write')
    try {
      await handle.write(bytes, file.bytes)
      await handle.sync()
      if (isNew) await files.syncFolder(folder)
    } catch (error) {
      this.#isDirty = !isNew
      if (isNew) await files.remove(path).catch(() => undefined)
      else await handle.truncate(file.bytes).then(() => (this.#isDirty = false), () => undefined) // prettier-ignore
      throw error
    } finally {
      await handle.close().catch(() => undefined)
    }
    file.bytes += bytes.length
    this.#file = file
    this.#last = last
    this.#heritage = undefined
    const { onWritten } = this.#options
    if (onWritten !== undefined) for (const line of written) onWritten(line)
    await this.#writeAnchor()
  }

  /** At the end: number and hash are on the disk. */
  async close(): Promise<void> {
    if (this.#last.n > 0) await this.#writeAnchor(true)
  }

  /** Makes the file ready for the next line; a line for what was done to it since the last one. */
  async #prepare(): Promise<NewLine[]> {
    const { clock, maxFileBytes, maxFileAgeMs } = this.#options
    const file = this.#file
    if (file === undefined) return []
    const found = await this.#sizeOf(file)
    if (found === file.bytes) {
      if (file.bytes >= maxFileBytes || clock.now() - file.begunAt >= maxFileAgeMs) this.#file = undefined
      return []
    }
    // Somebody else took lines away or put some there: theirs stay as they are, and ours go on in a file of their own.
    this.#file = undefined
    const details = { file: file.name, expectedBytes: file.bytes, foundBytes: found ?? null }
    return [ownLine(clock, 'audit.disturbed', 'the file was changed while it was written', details)]
  }

  /** Of the file that is written, without what a failure left; undefined where it is gone. */
  async #sizeOf({ name, bytes }: OpenedFile): Promise<number | undefined> {
    const { files, folder } = this.#options
    const names = await files.list(folder)
    if (!names.includes(name)) return undefined
    const handle = await files.open(join(folder, name), 'write')
    try {
      const size = await handle.size()
      if (!this.#isDirty || size <= bytes) return size
      await handle.truncate(bytes)
      this.#isDirty = false
      return bytes
    } finally {
      await handle.close()
    }
  }

  /** A file of this name that somebody else has put there stays beside. */
  async #makeWay(name: string): Promise<void> {
    const { files, folder } = this.#options
    if ((await files.list(folder)).includes(name))
      await files.rename(join(folder, name), join(folder, `foreign-${name}`))
  }

  #encode(lines: readonly NewLine[]): {
    bytes: Buffer
    last: Place
    began: number
    written: WrittenLine[]
  } {
    const { clock, signer, onWritten } = this.#options
    const parts: Buffer[] = []
    const written: WrittenLine[] = []
    let last = this.#last
    const push = (line: NewLine): void => {
      const numbered = { n: last.n + 1, ...line }
      const { bytes, hash } = encodeLine(numbered, last, signer)
      parts.push(bytes)
      if (onWritten !== undefined) written.push({ ...numbered, hash })
      last = { n: last.n + 1, hash }
    }
    if (this.#file === undefined) {
      const details = { format: 1, log: this.log, key: signer.keyId, previous: last, ...this.#heritage }
      push(ownLine(clock, BEGIN, 'done', details))
    }
    for (const line of lines) push(line)
    return { bytes: Buffer.concat(parts), last, began: this.#last.n + 1, written }
  }

  /** Its failure costs no line: the lines are on the disk. */
  async #writeAnchor(isLast = false): Promise<void> {
    const now = this.#options.clock.monotonic()
    const isForced = isLast || now - this.#anchoredAt >= ANCHOR_EVERY_MS
    try {
      await this.#anchor.write({ ...this.#last, log: this.log }, this.#options.signer, isForced)
      if (isForced) this.#anchoredAt = now
      this.anchorProblem = undefined
    } catch (error) {
      this.anchorProblem = messageOf(error)
    }
  }
}

/** What the log says of itself. */
export const ownLine = (clock: Clock, action: string, outcome: string, details: NewLine['details']): NewLine => ({
  time: new Date(clock.now()).toISOString(),
  id: '',
  action,
  user: 'gateway',
  from: 'gateway',
  object: 'audit',
  before: null,
  after: null,
  reason: null,
  outcome,
  ...(details === undefined ? {} : { details }),
})
