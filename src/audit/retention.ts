/** How much of the log is kept: whole files, the oldest first, and never without a line that says which (FORMAT.md). */
import { join } from 'node:path'
import type { Clock } from '../core/clock.ts'
import type { FileSystem } from '../store/files.ts'
import { ownLine, type NewLine } from './chain.ts'
import { auditFiles, decodeLine, LINE_BYTES, REMOVE, splitLines, type Place } from './line.ts'

export interface RetentionLimits {
  readonly maxBytes: number
  readonly maxAgeMs: number
}

/** Files that go, and the line that says so. */
export interface Removal {
  readonly names: readonly string[]
  readonly line: NewLine
}

interface KeptFile {
  readonly name: string
  readonly bytes: number
  readonly newestAt: number
  readonly last: Place
}

/** Looking through the files again is not worth more often. */
const EVERY_MS = 60_000

export class Retention {
  readonly #files: FileSystem
  readonly #folder: string
  readonly #limits: RetentionLimits
  readonly #clock: Clock
  /** Files that get no further line, oldest first; each is read once. */
  #kept = new Map<string, KeptFile>()
  #lookedAt = -Infinity
  #current: string | undefined
  #pauses = 0

  constructor(files: FileSystem, folder: string, limits: RetentionLimits, clock: Clock) {
    this.#files = files
    this.#folder = folder
    this.#limits = limits
    this.#clock = clock
  }

  /** Of the files that get no further line. */
  get held(): { files: number; bytes: number } {
    const kept = [...this.#kept.values()]
    return { files: kept.length, bytes: kept.reduce((sum, { bytes }) => sum + bytes, 0) }
  }

  async open(): Promise<void> {
    await this.#look(auditFiles(await this.#files.list(this.#folder)).at(-1))
  }

  /** While somebody reads, nothing is removed. */
  pause(): Disposable {
    this.#pauses++
    return { [Symbol.dispose]: () => void this.#pauses-- }
  }

  /** What has to go now; `current` is the file that is written. */
  async due(current: string | undefined): Promise<Removal | undefined> {
    const now = this.#clock.monotonic()
    if (this.#pauses > 0 || (current === this.#current && now - this.#lookedAt < EVERY_MS)) return undefined
    this.#lookedAt = now
    if (current !== this.#current) await this.#look(current)
    const going: KeptFile[] = []
    let { bytes } = this.held
    for (const file of this.#kept.values()) {
      const isOld = this.#clock.now() - file.newestAt > this.#limits.maxAgeMs
      if (!isOld && bytes <= this.#limits.maxBytes) break
      going.push(file)
      bytes -= file.bytes
    }
    const through = going.at(-1)?.last
    if (through === undefined) return undefined
    const details = { files: going.map(({ name }) => name), through }
    return { names: details.files, line: ownLine(this.#clock, REMOVE, 'done', details) }
  }

  /** After its line is on the disk. A file that stays all the same is removed at a later time. */
  async remove({ names }: Removal): Promise<void> {
    for (const name of names) {
      await this.#files.remove(join(this.#folder, name))
      this.#kept.delete(name)
    }
    await this.#files.syncFolder(this.#folder).catch(() => undefined)
  }

  async #look(current: string | undefined): Promise<void> {
    const names = auditFiles(await this.#files.list(this.#folder)).filter((name) => name !== current)
    const kept = new Map<string, KeptFile>()
    for (const name of names) {
      const file = this.#kept.get(name) ?? (await this.#read(name))
      if (file !== undefined) kept.set(name, file)
    }
    this.#kept = kept
    this.#current = current
  }

  async #read(name: string): Promise<KeptFile | undefined> {
    const bytes = await this.#end(join(this.#folder, name)).catch(() => undefined)
    const last = bytes && splitLines(bytes.end).lines.map(decodeLine).findLast((line) => line !== undefined) // prettier-ignore
    if (bytes === undefined || last === undefined) return undefined
    const { line, hash } = last
    return { name, bytes: bytes.size, newestAt: Date.parse(line.time), last: { n: line.n, hash } }
  }

  /** As much of it as has a whole line. */
  async #end(path: string): Promise<{ size: number; end: Buffer }> {
    const file = await this.#files.open(path, 'read')
    try {
      const size = await file.size()
      const end = Buffer.alloc(Math.min(size, 2 * LINE_BYTES))
      await file.read(end, size - end.length)
      return { size, end }
    } finally {
      await file.close()
    }
  }
}
