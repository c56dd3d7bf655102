/** Finishes parts in the background, one after another, in the order of their numbers; what fails is tried again a little later. */
import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { FinishedFiles } from './finished-files.ts'
import { finishPart } from './finishing.ts'
import type { FileOptions } from './options.ts'
import { codeOf } from './words.ts'

const RETRY_MS = 30_000

interface Waiting {
  readonly path: string
  readonly seq: number
}

export class Finisher {
  readonly #compress: FileOptions['compress']
  readonly #finished: FinishedFiles
  readonly #clock: Clock
  readonly #log: Log
  readonly #queue: Waiting[] = []
  #stop = new AbortController()
  #work: Promise<void> | undefined
  #retryAt = 0
  newest: string | null = null

  constructor(compress: FileOptions['compress'], finished: FinishedFiles, clock: Clock, log: Log) {
    this.#compress = compress
    this.#finished = finished
    this.#clock = clock
    this.#log = log
  }

  get waiting(): number {
    return this.#queue.length
  }

  add(path: string, seq: number): void {
    this.#queue.push({ path, seq })
    this.go()
  }

  /** Goes on when there is something to do and it is time for it. */
  go(): void {
    if (this.#queue.length === 0 || this.#clock.monotonic() < this.#retryAt || this.#stop.signal.aborted) return
    this.#work ??= this.#run().finally(() => (this.#work = undefined))
  }

  /** Resolves when nothing is left, or what is left has to wait. */
  async idle(): Promise<void> {
    while (this.#work !== undefined) await this.#work
  }

  /** Breaks off: what is not finished stays a part, to be found at the next start. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.idle()
    this.#queue.length = 0
    this.#stop = new AbortController()
    this.#retryAt = 0
  }

  async #run(): Promise<void> {
    for (let next = this.#queue[0]; next !== undefined && !this.#stop.signal.aborted; next = this.#queue[0]) {
      try {
        this.newest = await finishPart(next.path, this.#compress, this.#stop.signal)
        await this.#finished.add(this.newest, next.seq)
      } catch (error) {
        if (this.#stop.signal.aborted) return
        const { path } = next
        this.#log.warn({ path, error: messageOf(error) }, `${path} cannot be finished yet: ${messageOf(error)}`)
        if (codeOf(error) !== 'ENOENT') {
          this.#retryAt = this.#clock.monotonic() + RETRY_MS
          return
        }
      }
      this.#queue.shift()
    }
  }
}
