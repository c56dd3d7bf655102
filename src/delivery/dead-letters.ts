/**
 * Samples that a sink's far side refused for good, kept for people and for replay: NDJSON, one line a sample, in two files a
 * sink (`NAME.ndjson` and, once that is full, `NAME.1.ndjson`). What is written is on disk before the cursor may pass it.
 * When both files are full the older one is overwritten; how many lines that cost is counted.
 */
import { mkdir, open, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { HISTORICAL, type SampleBatch } from '../core/batch.ts'
import type { Clock } from '../core/clock.ts'
import { GatewayError } from '../core/errors.ts'
import { statusName } from '../core/status.ts'
import type { TagTable } from '../core/tags.ts'
import { toJsonValue, type DataType } from '../core/value.ts'
import { countLines, dropFirst, endLine, moveBehind, newestLetters, readBatches } from './dead-letter-files.ts'
import type { ReplaySource } from './replay.ts'

export interface DeadLettersOptions {
  /** The folder of all sinks' dead letters, inside the data folder; made when the first letter comes. */
  readonly folder: string
  readonly sink: string
  readonly logId: string
  readonly tags: TagTable
  readonly clock: Clock
  /** Bound of both files together; 64 MiB where absent. */
  readonly maxBytes?: number | undefined
}

export interface DeadLetters {
  /** Writes these rows (row to reason) and resolves when they are on disk. */
  add(batch: SampleBatch, rejected: ReadonlyMap<number, string>): Promise<void>
  /** Letters written since the start. */
  readonly written: number
  /** Bytes that were overwritten because both files were full, since the start. */
  readonly overwrittenBytes: number
  /** The newest letters, newest first, at most so many. */
  list(limit: number): Promise<readonly DeadLetter[]>
  /**
   * The letters as something to deliver again: what is refused again becomes a new letter. Undefined: there are none. Throws BUSY until
   * the one before has `ended`.
   */
  takeAll(): Promise<ReplaySource | undefined>
  /** Lets go of all letters; returns how many. */
  purge(): Promise<number>
  /** The newest file. */
  readonly file: string
  close(): Promise<void>
}

/** The dead letters of one sink; opens its file on the first letter. */
export function createDeadLetters(options: DeadLettersOptions): DeadLetters {
  return new DeadLetterFiles(options)
}

/** One line of the files. */
export interface DeadLetter {
  /** When it was refused, ISO 8601. */
  readonly at: string
  readonly sink: string
  readonly reason: string
  readonly log: string
  readonly seq: number | null
  readonly device: string | null
  readonly tag: string | null
  /** Of the tag. */
  readonly id: number
  readonly type: DataType | null
  readonly value: number | boolean | string | null
  readonly status: { readonly code: number; readonly name: string }
  /** Source time, ISO 8601; `t`: the same in ms since 1970. Null: no date. */
  readonly time: string | null
  readonly t: number | null
  readonly historical: boolean
}

class DeadLetterFiles implements DeadLetters {
  readonly #options: DeadLettersOptions
  readonly #fileBytes: number
  readonly file: string
  readonly #older: string
  /** What a replay reads. */
  readonly #taken: string
  #handle: FileHandle | undefined
  #size = 0
  /** The files change one step at a time: what is added while they are moved or removed must not go with them. */
  #last: Promise<unknown> = Promise.resolve()
  #isTaken = false
  written = 0
  overwrittenBytes = 0

  constructor(options: DeadLettersOptions) {
    this.#options = options
    this.#fileBytes = Math.floor((options.maxBytes ?? 64 * 2 ** 20) / 2)
    const base = encodeURIComponent(options.sink)
    this.file = join(options.folder, `${base}.ndjson`)
    this.#older = join(options.folder, `${base}.1.ndjson`)
    this.#taken = join(options.folder, `${base}.replay.ndjson`)
  }

  add(batch: SampleBatch, rejected: ReadonlyMap<number, string>): Promise<void> {
    return this.#inTurn(async () => {
      if (rejected.size === 0) return
      let text = ''
      for (const [row, reason] of rejected) text += this.#letter(batch, row, reason)
      const bytes = Buffer.from(text)
      const handle = await this.#room(bytes.length)
      try {
        await handle.appendFile(bytes)
        await handle.datasync()
      } catch (error) {
        // Half a line may be there (a full disk): the next letter begins with a file that is looked at anew.
        await this.#closeFile().catch(() => undefined)
        throw error
      }
      this.#size += bytes.length
      this.written += rejected.size
    })
  }

  list(limit: number): Promise<readonly DeadLetter[]> {
    return this.#inTurn(async () => {
      const letters: DeadLetter[] = []
      for (const path of [this.file, this.#older, this.#taken]) {
        if (letters.length < limit) letters.push(...(await newestLetters(path, limit - letters.length)))
      }
      return letters
    })
  }

  takeAll(): Promise<ReplaySource | undefined> {
    return this.#inTurn(async () => {
      const { sink } = this.#options
      if (this.#isTaken) throw new GatewayError('BUSY', `the dead letters of ${sink} are being delivered again`)
      await this.#closeFile()
      // What an earlier replay did not come to is first. When that is much, the others wait for the next one: the disk is bounded.
      const isMuch = (await sizeOf(this.#taken)) >= 2 * this.#fileBytes
      for (const path of isMuch ? [] : [this.#older, this.file]) await moveBehind(path, this.#taken)
      if ((await sizeOf(this.#taken)) === 0) return undefined
      this.#isTaken = true
      return this.#source()
    })
  }

  #source(): ReplaySource {
    let settled = 0
    return {
      kind: 'dead-letters',
      read: (signal) => readBatches(this.#taken, signal),
      settled: async (batch, rejected) => {
        await this.add(batch, rejected)
        settled += batch.length
      },
      ended: (isComplete) =>
        this.#inTurn(async () => {
          this.#isTaken = false
          if (isComplete) await rm(this.#taken, { force: true })
          // Where this fails they are delivered twice, with the same numbers.
          else if (settled > 0) await dropFirst(this.#taken, settled).catch(() => undefined)
        }),
    }
  }

  purge(): Promise<number> {
    return this.#inTurn(async () => {
      await this.#closeFile()
      let count = 0
      for (const path of [this.file, this.#older, this.#taken]) {
        count += await countLines(path)
        await rm(path, { force: true })
      }
      return count
    })
  }

  close(): Promise<void> {
    return this.#inTurn(() => this.#closeFile())
  }

  async #closeFile(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    await handle?.close()
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => undefined)
    return done
  }

  /** One line: the sample as the API would show it, its key, the reason, and when it was refused. */
  #letter(batch: SampleBatch, row: number, reason: string): string {
    const { tags, clock, sink, logId } = this.#options
    const info = tags.get(batch.tag[row]!)
    const status = batch.status[row]!
    const letter: DeadLetter = {
      at: new Date(clock.now()).toISOString(),
      sink,
      reason,
      log: logId,
      seq: batch.seq?.[row] ?? null,
      device: info?.device ?? null,
      tag: info?.settings.name ?? null,
      id: batch.tag[row]!,
      type: info?.settings.type ?? null,
      value: toJsonValue(batch.valueAt(row)),
      status: { code: status, name: statusName(status) },
      time: isoOf(batch.time[row]!),
      t: Number.isFinite(batch.time[row]!) ? batch.time[row]! : null,
      historical: (batch.flags[row]! & HISTORICAL) !== 0,
    }
    return `${JSON.stringify(letter)}\n`
  }

  /** The open file, after changing files when `bytes` more would not fit. */
  async #room(bytes: number): Promise<FileHandle> {
    this.#handle ??= await this.#open()
    if (this.#size === 0 || this.#size + bytes <= this.#fileBytes) return this.#handle
    await this.#closeFile()
    this.overwrittenBytes += await sizeOf(this.#older)
    await rename(this.file, this.#older)
    this.#handle = await this.#open()
    return this.#handle
  }

  async #open(): Promise<FileHandle> {
    await mkdir(this.#options.folder, { recursive: true })
    await endLine(this.file)
    const handle = await open(this.file, 'a', 0o600)
    this.#size = (await handle.stat()).size
    return handle
  }
}

/** A device's clock may say what is no date; a letter about it must be possible all the same. */
function isoOf(ms: number): string | null {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size
  } catch {
    return 0
  }
}
