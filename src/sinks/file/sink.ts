/**
 * The file sink: samples into files of a folder, finished by size and by age. A write is done when its rows are on the disk. See
 * README.md for names, formats and rules.
 */
import { access, constants, rm, stat } from 'node:fs/promises'
import { join, posix } from 'node:path'
import type { SampleBatch } from '../../core/batch.ts'
import type { Timer } from '../../core/clock.ts'
import { messageOf, NotConnectedError, PartialWriteError } from '../../core/errors.ts'
import { defineSink, type Gap, type Sink, type SinkContext } from '../../core/sink.ts'
import type { TagInfo } from '../../core/tags.ts'
import type { TagId } from '../../core/value.ts'
import { csvHeader, CsvText, NdjsonText, type RowText } from '../../formats/row-text.ts'
import { FileNames, pathPart, type KnownFile } from './file-name.ts'
import { FinishedFiles } from './finished-files.ts'
import { Finisher } from './finisher.ts'
import { finishedPath } from './finishing.ts'
import { FolderLock } from './folder-lock.ts'
import { scanFolder } from './folder-scan.ts'
import { fileOptions, type FileOptions } from './options.ts'
import { PartFile, partPath } from './part-file.ts'
import { fileProblem } from './words.ts'

/** Files that are held open; with more devices some are opened again for each write. */
const MOST_OPEN = 64
/** Conversions may fall behind by so many files before a write waits for them. */
const MOST_WAITING = 8
const TICK_MS = 1000
/** Where gaps go when each device has files of its own. */
const GATEWAY = '_gateway'

/** Samples into files. */
export const file = defineSink({
  name: 'file',
  summary:
    'Samples into files of a folder: NDJSON, CSV or Parquet, finished by size and age, on the disk before they count.',
  options: fileOptions,
  batchRows: 5000,
  // What waits for a disk cannot be given up: another one would wait for the folder, and take one more of the few threads for files.
  renews: false,
  create: (options, context) => new FileSink(options, context),
})

interface Stream {
  readonly part: PartFile
  readonly seq: number
}

/** Rows for one file. */
interface Pending {
  text: string
  readonly seq: number
}

class FileSink implements Sink {
  readonly #options: FileOptions
  readonly #context: SinkContext
  readonly #names: FileNames
  readonly #text: RowText
  readonly #finished: FinishedFiles
  readonly #finisher: Finisher
  readonly #lock: FolderLock
  /** The file of each device that is written just now, those used last at the end. */
  readonly #streams = new Map<string, Stream>()
  readonly #keys: ({ info: TagInfo | undefined; key: string } | undefined)[] = []
  #isConnected = false
  #timer: Timer | undefined
  #appends = 0
  /** One at a time: writes, and what the clock asks for. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: FileOptions, context: SinkContext) {
    const { name, logId, tags, clock, log } = context
    this.#options = options
    this.#context = context
    this.#names = new FileNames(options.name, name, logId)
    const rows = { logId, tags, lastValues: true, allColumns: true }
    this.#text = options.format === 'csv' ? new CsvText(rows) : new NdjsonText(rows)
    this.#finished = new FinishedFiles(options, log)
    this.#finisher = new Finisher(options.compress, this.#finished, clock, log)
    this.#lock = new FolderLock(options.folder, name)
  }

  connect(signal: AbortSignal): Promise<void> {
    return this.#inTurn(() => this.#begin(signal))
  }

  async write(batch: SampleBatch, signal: AbortSignal): Promise<void> {
    const rejected = new Map<number, string>()
    const rows = this.#byFile(batch, rejected)
    await this.#inTurn(() => this.#append(rows, signal))
    if (rejected.size === 0) return
    const [first] = rejected.values()
    throw new PartialWriteError(`${rejected.size} of ${batch.length} samples cannot be written: ${first}`, rejected)
  }

  gap(gap: Gap, signal: AbortSignal): Promise<void> {
    const key = this.#names.hasDevice ? GATEWAY : ''
    const rows = new Map([[key, { text: this.#text.gap(gap), seq: gap.fromSeq }]])
    return this.#inTurn(() => this.#append(rows, signal))
  }

  /** Files that a write waits for, and those that it has written to. */
  progress(): number {
    return this.#finished.count + this.#appends
  }

  facts() {
    return {
      folder: this.#options.folder,
      'files being written': this.#streams.size,
      'files waiting to be finished': this.#finisher.waiting,
      'files finished since the start': this.#finished.count,
      'newest finished file': this.#finisher.newest,
    }
  }

  async close(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    await this.#finisher.stop()
    await this.#inTurn(async () => {
      await this.#letGo()
      // A connect that was under way has started the clock again.
      this.#timer?.cancel()
      await this.#lock.release()
    })
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const { folder } = this.#options
    const done = this.#turn.then(work).catch((error: unknown) => {
      throw fileProblem(error, folder)
    })
    this.#turn = done.catch(() => undefined)
    return done
  }

  /** Finds what an earlier run left: the newest file of each device goes on, the others are finished. */
  async #begin(signal: AbortSignal): Promise<void> {
    const { folder } = this.#options
    await this.#letGo()
    await access(folder, constants.W_OK)
    await this.#lock.take()
    const { newest, older, finished } = await scanFolder(folder, this.#names, signal)
    await this.#finished.begin(finished)
    for (const known of older) await this.#takeUp(known, false, signal)
    for (const known of newest.values()) await this.#takeUp(known, true, signal)
    this.#isConnected = true
    this.#timer ??= this.#context.clock.every(TICK_MS, () => void this.#tick())
  }

  async #takeUp(known: KnownFile, mayGoOn: boolean, signal: AbortSignal): Promise<void> {
    const { folder, format } = this.#options
    const path = join(folder, known.path)
    const { birthtimeMs, mtimeMs } = await stat(path)
    const openedAt = Math.min(this.#context.clock.now(), birthtimeMs > 0 ? birthtimeMs : mtimeMs)
    const begun = { openedAt, folder: posix.dirname(known.path) }
    const header = known.format === 'csv' ? csvHeader(true) : ''
    const recovered = await PartFile.recover(path, begun, header, signal)
    if (recovered === undefined) return rm(path, { force: true })
    const { part, cut } = recovered
    if (cut > 0)
      this.#context.log.warn(
        { path, bytes: cut },
        `${path}: ${cut} bytes at its end were no whole rows and were cut off`,
      )
    if (mayGoOn && known.format === format) this.#streams.set(known.device, { part, seq: known.seq })
    else this.#finisher.add(path, known.seq)
  }

  #byFile(batch: SampleBatch, rejected: Map<number, string>): Map<string, Pending> {
    const { maxRow } = this.#options
    const rows = new Map<string, Pending>()
    for (let row = 0; row < batch.length; row++) {
      if (this.#context.tags.get(batch.tag[row]!) === undefined) {
        rejected.set(row, `tag ${batch.tag[row]} is no longer configured`)
        continue
      }
      const line = this.#text.row(batch, row)
      if (line.length * 3 > maxRow && Buffer.byteLength(line) > maxRow) {
        rejected.set(row, `its line has ${Buffer.byteLength(line)} bytes, maxRow is ${maxRow}`)
        continue
      }
      const key = this.#keyOf(batch.tag[row]!)
      const pending = rows.get(key)
      if (pending !== undefined) pending.text += line
      else rows.set(key, { text: line, seq: batch.seq?.[row] ?? 0 })
    }
    return rows
  }

  /** What of a tag's device is in the names of its files. */
  #keyOf(tag: TagId): string {
    if (!this.#names.hasDevice) return ''
    const info = this.#context.tags.get(tag)
    const known = this.#keys[tag]
    if (known !== undefined && known.info === info) return known.key
    const key = pathPart(info?.device ?? '')
    this.#keys[tag] = { info, key }
    return key
  }

  /** All of it is on the disk when this resolves; when it throws, what was not yet is taken back. */
  async #append(rows: ReadonlyMap<string, Pending>, signal: AbortSignal): Promise<void> {
    if (!this.#isConnected) throw new NotConnectedError(`${this.#options.folder} has not been looked at yet`)
    if (this.#finisher.waiting > MOST_WAITING) await this.#finisher.idle()
    const touched = new Map<string, PartFile>()
    try {
      for (const [key, { text, seq }] of rows) {
        signal.throwIfAborted()
        const { part } = await this.#streamFor(key, seq)
        touched.set(key, part)
        await part.append(Buffer.from(text))
        this.#appends++
        if (touched.size >= MOST_OPEN) await this.#settle(touched)
      }
      await this.#settle(touched)
    } catch (error) {
      for (const [key, part] of touched) if (!(await part.undo())) this.#streams.delete(key)
      // What the folder is now has to be looked at again.
      if (fileProblem(error, this.#options.folder) instanceof NotConnectedError) this.#isConnected = false
      throw error
    }
  }

  /** Forces to the disk what these files got, and finishes those that are large enough. */
  async #settle(touched: Map<string, PartFile>): Promise<void> {
    await Promise.all([...touched.values()].map((part) => part.sync()))
    const keys = [...touched.keys()]
    touched.clear()
    for (const key of keys) await this.#finishIfDue(key)
    const open = [...this.#streams.values()].filter(({ part }) => part.isOpen)
    for (const { part } of open.slice(0, Math.max(0, open.length - MOST_OPEN))) await part.close()
  }

  async #streamFor(key: string, seq: number): Promise<Stream> {
    await this.#finishIfDue(key)
    const stream = this.#streams.get(key) ?? (await this.#newStream(key, seq))
    this.#streams.delete(key)
    this.#streams.set(key, stream)
    return stream
  }

  async #newStream(key: string, seq: number): Promise<Stream> {
    const { folder, format } = this.#options
    // Its own folders are made, this one never: its disk may not be mounted just now.
    await stat(folder)
    const now = this.#context.clock.now()
    const stem = this.#names.stem(key, now, seq)
    const begun = { openedAt: now, folder: this.#names.folder(key, now) }
    for (let copy = 0; ; copy++) {
      const path = partPath(folder, `${stem}${copy === 0 ? '' : `~${copy}`}.${format}`)
      if (await this.#isTaken(path)) continue
      return { part: await PartFile.create(path, begun, this.#text.header), seq }
    }
  }

  /** The same samples come again after a stop in the wrong moment: the file that has them already stays as it is. */
  async #isTaken(part: string): Promise<boolean> {
    for (const path of [part, ...(['none', 'gzip', 'zstd'] as const).map((compress) => finishedPath(part, compress))]) {
      const isThere = await access(path).then(
        () => true,
        () => false,
      )
      if (isThere) return true
    }
    return false
  }

  async #finishIfDue(key: string): Promise<void> {
    const stream = this.#streams.get(key)
    if (stream === undefined) return
    const { part, seq } = stream
    const { maxSize, maxAge } = this.#options
    const now = this.#context.clock.now()
    const isDue = part.size >= maxSize || now - part.openedAt >= maxAge || this.#names.folder(key, now) !== part.folder
    if (!isDue) return
    this.#streams.delete(key)
    await part.close()
    if (part.isEmpty) await rm(part.path, { force: true })
    else this.#finisher.add(part.path, seq)
  }

  /** Files grow old without being written. */
  async #tick(): Promise<void> {
    try {
      await this.#inTurn(async () => {
        if (!this.#isConnected) return
        for (const key of this.#streams.keys()) await this.#finishIfDue(key)
      })
    } catch (error) {
      this.#context.log.warn({ error: messageOf(error) }, `a file cannot be finished yet: ${messageOf(error)}`)
    }
    this.#finisher.go()
  }

  async #letGo(): Promise<void> {
    this.#isConnected = false
    await this.#finisher.stop()
    for (const { part } of this.#streams.values()) await part.close().catch(() => undefined)
    this.#streams.clear()
  }
}
