/**
 * What drivers learned about their devices, one JSON file a device in `DATA/learned`. Read when the gateway starts, written a
 * little later than it changes, each file whole or not at all (written beside, synced, renamed). A damaged file is put aside and
 * begun anew; a disk that fails costs what was learned, never the start or the polls.
 */
import { join } from 'node:path'
import type { Clock, Timer } from '../core/clock.ts'
import type { LearnedStore } from '../core/driver.ts'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { nodeFiles, readWhole, type FileSystem } from './files.ts'

export interface LearnedOptions {
  /** Made when something is first written. */
  readonly folder: string
  readonly clock: Clock
  readonly log: Log
  readonly files?: FileSystem
}

/** The learned profiles of all devices. */
export interface Learned {
  device(name: string): LearnedStore
  /** Writes what is not written yet. */
  close(): Promise<void>
}

/** How long a change waits for the next ones. */
const DELAY_MS = 1000
const ENDING = '.json'

/** Reads every profile there is; never rejects. */
export async function openLearned(options: LearnedOptions): Promise<Learned> {
  const { folder, log, files = nodeFiles } = options
  const profiles = new Map<string, unknown>()
  for (const name of await files.list(folder).catch(() => [])) {
    if (!name.endsWith(ENDING)) continue
    try {
      const profile = parse((await readWhole(files, join(folder, name)))!.toString('utf8'))
      profiles.set(profile.device, profile.learned)
    } catch (error) {
      const file = join(folder, name)
      log.warn({ file, problem: messageOf(error) }, 'A learned profile is damaged: it is put aside and learned anew.')
      await files.rename(file, `${file}.damaged`).catch(() => undefined)
    }
  }
  return new LearnedFolder({ ...options, files }, profiles)
}

function parse(text: string): { device: string; learned: unknown } {
  const content: unknown = JSON.parse(text)
  if (typeof content !== 'object' || content === null || !('device' in content) || typeof content.device !== 'string')
    throw new Error('it names no device')
  return { device: content.device, learned: 'learned' in content ? content.learned : undefined }
}

class LearnedFolder implements Learned {
  readonly #options: Required<LearnedOptions>
  readonly #profiles: Map<string, unknown>
  readonly #changed = new Set<string>()
  #timer: Timer | undefined
  #writing = Promise.resolve()
  #hasFailed = false

  constructor(options: Required<LearnedOptions>, profiles: Map<string, unknown>) {
    this.#options = options
    this.#profiles = profiles
  }

  device(name: string): LearnedStore {
    return {
      load: () => this.#profiles.get(name),
      save: (profile) => {
        this.#profiles.set(name, profile)
        this.#changed.add(name)
        this.#timer ??= this.#options.clock.after(DELAY_MS, () => this.#flush())
      },
    }
  }

  async close(): Promise<void> {
    this.#flush()
    await this.#writing
  }

  #flush(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#writing = this.#writing.then(() => this.#writeAll())
  }

  async #writeAll(): Promise<void> {
    const { folder, files, log } = this.#options
    const names = [...this.#changed]
    this.#changed.clear()
    if (names.length === 0) return
    try {
      await files.makeFolder(folder)
      for (const name of names) await this.#write(name)
      await files.syncFolder(folder)
      this.#hasFailed = false
    } catch (error) {
      // Tried again with the next change; what drivers know stays in memory meanwhile.
      for (const name of names) this.#changed.add(name)
      if (!this.#hasFailed) log.warn({ folder, problem: messageOf(error) }, 'Learned profiles cannot be written.')
      this.#hasFailed = true
    }
  }

  async #write(name: string): Promise<void> {
    const { folder, files } = this.#options
    const path = join(folder, fileName(name))
    const learned = this.#profiles.get(name)
    if (learned === undefined) return files.remove(path)
    await files.remove(`${path}.new`)
    const file = await files.open(`${path}.new`, 'create')
    try {
      await file.write(Buffer.from(`${JSON.stringify({ device: name, learned }, undefined, 2)}\n`), 0)
      await file.sync()
    } finally {
      await file.close()
    }
    await files.rename(`${path}.new`, path)
  }
}

/** A name for every device on every file system: what is no letter, digit, dot, dash or underscore is percent-encoded. */
function fileName(device: string): string {
  const encoded = encodeURIComponent(device).replace(/[!'()*~]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)
  return `${encoded}${ENDING}`
}
