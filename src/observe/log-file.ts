/**
 * A stream of lines in a file: written in pieces, never on the event loop; at its bound the file is put aside as `NAME.1` and the oldest
 * goes. What a disk does not take, or takes too slowly, is dropped and counted: the gateway does not wait for it.
 */
import { mkdir, open, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Clock } from '../core/clock.ts'
import type { DropReason } from '../core/log.ts'
import { MOST_WAITING_BYTES, noneDropped, type LogDrain } from './log-drain.ts'

export interface LogFileOptions {
  readonly path: string
  readonly maxBytes: number
  /** How many that were put aside are kept. */
  readonly keep: number
  readonly clock: Pick<Clock, 'monotonic'>
  /** Says once that the file takes nothing, and that it does again (undefined). */
  onState(problem: string | undefined): void
}

/** How long it may take until it is seen that the file was moved or removed by somebody else (logrotate, rm). */
const LOOK_EVERY_MS = 5000
const NEWLINE = 0x0a

export class LogFile implements LogDrain {
  readonly #options: LogFileOptions
  readonly dropped: Record<DropReason, number> = noneDropped()
  #waiting: string[] = []
  #waitingBytes = 0
  #writing: Promise<void> | undefined
  #file: FileHandle | undefined
  #bytes = 0
  #hasFailed = false
  #isClosed = false
  #lookedAt = 0

  constructor(options: LogFileOptions) {
    this.#options = options
  }

  write(line: string): void {
    if (this.#isClosed || this.#waitingBytes + line.length > MOST_WAITING_BYTES) {
      this.dropped[this.#isClosed ? 'closed' : 'blocked']++
      return
    }
    this.#waiting.push(line)
    this.#waitingBytes += line.length
    this.#writing ??= this.#writeAll()
  }

  /** What waits is written, as far as the disk takes it. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#writing
    await this.#file?.close().catch(() => undefined)
    this.#file = undefined
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#waiting
      this.#waiting = []
      this.#waitingBytes = 0
      try {
        await this.#append(Buffer.from(lines.join('')))
        if (this.#hasFailed) this.#options.onState(undefined)
        this.#hasFailed = false
      } catch (error) {
        this.dropped.failed += lines.length
        if (!this.#hasFailed) this.#options.onState(error instanceof Error ? error.message : String(error))
        this.#hasFailed = true
        await this.#file?.close().catch(() => undefined)
        this.#file = undefined
      }
    }
    // In the same step as the look above: a line that comes a moment later must not wait for the one after it.
    this.#writing = undefined
  }

  async #append(bytes: Buffer): Promise<void> {
    if (this.#file !== undefined && (await this.#isElsewhere(this.#file))) {
      await this.#file.close()
      this.#file = undefined
    }
    let file = this.#file ?? (await this.#open())
    if (this.#bytes > 0 && this.#bytes + bytes.length > this.#options.maxBytes) {
      await this.#putAside()
      file = await this.#open()
    }
    await file.appendFile(bytes)
    this.#bytes += bytes.length
  }

  async #open(): Promise<FileHandle> {
    const { path } = this.#options
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    // Whoever may read the data folder's owner's files, and nobody else.
    const file = (this.#file = await open(path, 'a+', 0o600))
    this.#bytes = (await file.stat()).size
    this.#lookedAt = this.#options.clock.monotonic()
    if (this.#bytes === 0) return file
    // A crash or a full disk left a line in part: the next one must not become its end.
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, this.#bytes - 1)
    if (buffer[0] !== NEWLINE) {
      await file.appendFile('\n')
      this.#bytes++
    }
    return file
  }

  async #isElsewhere(file: FileHandle): Promise<boolean> {
    const { path, clock } = this.#options
    if (clock.monotonic() - this.#lookedAt < LOOK_EVERY_MS) return false
    this.#lookedAt = clock.monotonic()
    const [ours, there] = await Promise.all([file.stat(), stat(path).catch(() => undefined)])
    return there?.ino !== ours.ino || there.dev !== ours.dev
  }

  async #putAside(): Promise<void> {
    const { path, keep } = this.#options
    await this.#file?.close()
    this.#file = undefined
    await rm(`${path}.${keep}`, { force: true })
    for (let n = keep - 1; n >= 1; n--) await rename(`${path}.${n}`, `${path}.${n + 1}`).catch(() => undefined)
    if (keep > 0) await rename(path, `${path}.1`)
    else await rm(path, { force: true })
  }
}
