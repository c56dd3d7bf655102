/**
 * A file that is still written: `….part`. Rows are appended, then forced to the disk; what was not is taken back when something fails, so
 * that what is in it is what was confirmed, and a little more at most after a kill.
 */
import { open, rm, stat, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncFolder } from '../../core/durable-file.ts'
import { NotConnectedError } from '../../core/errors.ts'
import { makeFolders } from '../../core/folder.ts'
import { wholeLength } from './whole-length.ts'

export class PartFile {
  /** Absolute. */
  readonly path: string
  /** By the clock of the gateway, ms since 1970. */
  readonly openedAt: number
  /** The folder that its name said when it was begun. */
  readonly folder: string
  readonly headerBytes: number
  #handle: FileHandle | undefined
  #isNew: boolean
  /** On the disk up to here. */
  #durable: number
  #size: number

  constructor(
    path: string,
    begun: { readonly openedAt: number; readonly folder: string; readonly headerBytes: number },
    size: number,
    handle: FileHandle | undefined,
    isNew: boolean,
  ) {
    this.path = path
    this.openedAt = begun.openedAt
    this.folder = begun.folder
    this.headerBytes = begun.headerBytes
    this.#handle = handle
    this.#isNew = isNew
    this.#durable = this.#size = size
  }

  /** Makes the file, with its folders, and its first line. */
  static async create(path: string, begun: { openedAt: number; folder: string }, header: string): Promise<PartFile> {
    for (const made of await makeFolders(dirname(path))) await syncFolder(dirname(made))
    const handle = await open(path, 'wx+', 0o644)
    const part = new PartFile(path, { ...begun, headerBytes: Buffer.byteLength(header) }, 0, handle, true)
    try {
      await part.append(Buffer.from(header))
      return part
    } catch (error) {
      await part.undo()
      throw error
    }
  }

  /** Cuts off what is no whole record; undefined when nothing is left. */
  static async recover(
    path: string,
    begun: { openedAt: number; folder: string },
    header: string,
    signal: AbortSignal,
  ): Promise<{ part: PartFile; cut: number } | undefined> {
    const handle = await open(path, 'r+')
    try {
      const fields = header === '' ? undefined : header.split(',').length
      const { whole, size } = await wholeLength(handle, fields, signal)
      if (whole < size) await handle.truncate(whole)
      await handle.datasync()
      const headerBytes = Buffer.byteLength(header)
      if (whole <= headerBytes) return undefined
      const part = new PartFile(path, { ...begun, headerBytes }, whole, undefined, false)
      return { part, cut: size - whole }
    } finally {
      await handle.close()
    }
  }

  get size(): number {
    return this.#size
  }

  get isOpen(): boolean {
    return this.#handle !== undefined
  }

  /** True while there is nothing in it but its first line. */
  get isEmpty(): boolean {
    return this.#size <= this.headerBytes
  }

  /** Writes at the end. Not on the disk before `sync`. */
  async append(bytes: Buffer): Promise<void> {
    const handle = (this.#handle ??= await open(this.path, 'r+'))
    if (!this.#isNew) await this.#checkPlace(handle)
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, this.#size + done)
      done += bytesWritten
    }
    this.#size += bytes.length
  }

  /** Resolves when all of it, and its name, is on the disk. */
  async sync(): Promise<void> {
    await this.#handle?.datasync()
    if (this.#isNew) await syncFolder(dirname(this.path))
    this.#isNew = false
    this.#durable = this.#size
  }

  /** Takes back what was appended since the last `sync`, as well as that goes. False: that was all, and the file is gone. */
  async undo(): Promise<boolean> {
    this.#size = this.#durable
    if (!this.#isNew) {
      await this.#handle?.truncate(this.#durable).catch(() => undefined)
      return true
    }
    await this.close().catch(() => undefined)
    await rm(this.path, { force: true }).catch(() => undefined)
    return false
  }

  /** Lets go of the open file; it is opened again when it is needed. */
  async close(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    await handle?.close()
  }

  /** What is written to a file that was moved or removed would be lost, and nothing would say so. */
  async #checkPlace(handle: FileHandle): Promise<void> {
    const [ours, there] = await Promise.all([handle.stat(), stat(this.path)])
    if (ours.ino !== there.ino || ours.dev !== there.dev)
      throw new NotConnectedError(`${this.path} is no longer the file that was written: somebody moved or replaced it`)
    if (there.size < this.#durable)
      throw new NotConnectedError(`${this.path} is shorter than what was written to it: somebody cut it`)
  }
}

export const partPath = (folder: string, finished: string): string => `${join(folder, finished)}.part`
