/**
 * Hears when the files of the configuration change: by the folders that they are in, so that editors that write beside and rename, and
 * volumes of Kubernetes that swap the link `..data`, are noticed; and by looking every now and then where a file system tells nothing
 * (NFS). A change counts when it has been quiet for a while: a file that is still being written is not read.
 */
import { readdirSync, statSync, watch, type FSWatcher } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Clock, Timer } from '../../core/clock.ts'

/** How long it must be quiet. */
const QUIET_MS = 300
/** However often it changes, it is looked at after this. */
const LONGEST_MS = 5000
const LOOK_MS = 10_000

const OF_CONFIG = /\.(ya?ml|csv)$/

export interface FileWatchOptions {
  readonly clock: Clock
  /** All files that were looked at last, absolute; another one after each load. */
  files(): Iterable<string>
  onChange(): void
  /** A folder was watched that is not there any more, or another one is in its place: that one is watched. */
  onRenewed?(): void
}

export class FileWatch {
  readonly #options: FileWatchOptions
  readonly #folders = new Map<string, { readonly watcher: FSWatcher; readonly inode: bigint }>()
  readonly #looking: Timer
  #quiet: Timer | undefined
  #firstAt = 0
  #known: string

  constructor(options: FileWatchOptions) {
    this.#options = options
    this.#known = this.#fingerprint()
    this.#follow()
    this.#looking = options.clock.every(LOOK_MS, () => this.#look())
  }

  /** As the files are now; `seen` takes it. */
  get present(): string {
    return this.#fingerprint()
  }

  /** The files were read as they were then: that is no change any more. */
  seen(fingerprint: string): void {
    this.#known = fingerprint
  }

  close(): void {
    this.#looking.cancel()
    this.#quiet?.cancel()
    for (const { watcher } of this.#folders.values()) watcher.close()
    this.#folders.clear()
  }

  #look(): void {
    this.#follow()
    if (this.#quiet === undefined && this.#fingerprint() !== this.#known) this.#stir()
  }

  /** Something has happened: it is looked at when it is quiet. */
  #stir(): void {
    const { clock } = this.#options
    const now = clock.monotonic()
    if (this.#quiet === undefined) this.#firstAt = now
    else if (now - this.#firstAt > LONGEST_MS) return
    this.#quiet?.cancel()
    const before = this.#fingerprint()
    this.#quiet = clock.after(QUIET_MS, () => {
      this.#quiet = undefined
      const after = this.#fingerprint()
      if (after !== before) return this.#stir()
      if (after === this.#known) return
      this.#known = after
      this.#options.onChange()
      this.#follow()
    })
  }

  /** Watches the folders of now. A folder that cannot be watched is looked at. */
  #follow(): void {
    const wanted = new Set([...this.#options.files()].map((file) => dirname(file)))
    for (const [folder, { watcher, inode }] of this.#folders) {
      if (wanted.has(folder) && inodeOf(folder) === inode) continue
      watcher.close()
      this.#folders.delete(folder)
      if (wanted.has(folder)) this.#options.onRenewed?.()
    }
    for (const folder of wanted) if (!this.#folders.has(folder)) this.#watch(folder)
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_kind, name) => {
        if (name === null || name.startsWith('..') || this.#matters(name)) this.#stir()
      })
      const forget = (): void => {
        if (this.#folders.get(folder)?.watcher === watcher) this.#folders.delete(folder)
      }
      watcher.on('error', () => {
        watcher.close()
        forget()
        this.#options.onRenewed?.()
      })
      this.#folders.set(folder, { watcher, inode: inodeOf(folder) })
    } catch {
      // No such folder now, or too many watches: it is looked at.
    }
  }

  #matters(name: string): boolean {
    if (OF_CONFIG.test(name)) return true
    for (const file of this.#options.files()) if (basename(file) === name) return true
    return false
  }

  /** Names, sizes and times of the files, and which further ones there are beside them. */
  #fingerprint(): string {
    const files = [...this.#options.files()].sort()
    const parts = files.map((file) => {
      const stat = statSync(file, { throwIfNoEntry: false, bigint: true })
      return stat === undefined ? `${file} -` : `${file} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`
    })
    for (const folder of new Set(files.map((file) => dirname(file)))) {
      try {
        parts.push(...readdirSync(folder).filter((name) => OF_CONFIG.test(name)).map((name) => `${folder}/${name}`)) // prettier-ignore
      } catch {
        parts.push(`${folder} -`)
      }
    }
    return parts.join('\n')
  }
}

/** Which folder it is: a watch stays with the one that it began with, also when another one has taken its name. */
const inodeOf = (folder: string): bigint => statSync(folder, { throwIfNoEntry: false, bigint: true })?.ino ?? -1n
