/**
 * Samples that a sink's far side refused for good, kept for people and for replay: NDJSON, one line a sample, in two files a
 * sink (`NAME.ndjson` and, once that is full, `NAME.1.ndjson`). What is written is on disk before the cursor may pass it.
 * When both files are full the older one is overwritten; how many lines that cost is counted.
 */
import { mkdir, open, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { HISTORICAL, type SampleBatch } from '../core/batch.ts'
import type { Clock } from '../core/clock.ts'
import { statusName } from '../core/status.ts'
import type { TagTable } from '../core/tags.ts'
import { toJsonValue, type DataType } from '../core/value.ts'
import { countLines, moveBehind, newestLetters, readBatches } from './dead-letter-files.ts'
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
  /** All letters as something to deliver again: what is refused again becomes a new letter. Undefined: there are none. */
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

  async add(batch: SampleBatch, rejected: ReadonlyMap<number, string>): Promise<void> {
    if (rejected.size === 0) return
    let text = ''
    for (const [row, reason] of rejected) text += this.#letter(batch, row, reason)
    const bytes = Buffer.from(text)
    const handle = await this.#room(bytes.length)
    await handle.appendFile(bytes)
    await handle.datasync()
    this.#size += bytes.length
    this.written += rejected.size
  }

  async list(limit: number): Promise<readonly DeadLetter[]> {
    const letters: DeadLetter[] = []
    for (const path of [this.file, this.#older, this.#taken]) {
      if (letters.length < limit) letters.push(...(await newestLetters(path, limit - letters.length)))
    }
    return letters
  }

  async takeAll(): Promise<ReplaySource | undefined> {
    await this.close()
    // What an earlier replay did not come to is first.
    for (const path of [this.#older, this.file]) await moveBehind(path, this.#taken)
    if ((await sizeOf(this.#taken)) === 0) return undefined
    return {
      kind: 'dead-letters',
      read: (signal) => readBatches(this.#taken, signal),
      settled: (batch, rejected) => this.add(batch, rejected),
      ended: async (isComplete) => {
        if (isComplete) await rm(this.#taken, { force: true })
      },
    }
  }

  async purge(): Promise<number> {
    await this.close()
    let count = 0
    for (const path of [this.file, this.#older, this.#taken]) {
      count += await countLines(path)
      await rm(path, { force: true })
    }
    return count
  }

  async close(): Promise<void> {
    await this.#handle?.close()
    this.#handle = undefined
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
    await this.close()
    this.overwrittenBytes += await sizeOf(this.#older)
    await rename(this.file, this.#older)
    this.#handle = await this.#open()
    return this.#handle
  }

  async #open(): Promise<FileHandle> {
    await mkdir(this.#options.folder, { recursive: true })
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
