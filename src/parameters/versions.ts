/**
 * The stored versions: `DATA/parameters/DEVICE/SET/000001.json`, each file whole or not at all (written beside, synced, renamed), so
 * that whoever is killed while saving leaves the versions before as they were. Numbers only grow; of each set the newest are kept.
 */
import { join } from 'node:path'
import { GatewayError, messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { nodeFiles, readWhole, type FileSystem } from '../store/files.ts'
import { decodeVersion, encodeVersion, summaryOf, type StoredVersion, type VersionSummary } from './stored.ts'

/** So many versions of a set are kept; the oldest goes when one more is saved. */
export const MOST_VERSIONS = 50

export interface VersionsOptions {
  /** Made when something is first saved. */
  readonly folder: string
  readonly log: Log
  readonly files?: FileSystem | undefined
}

/** A version, or the number of one that is damaged. */
export interface KnownVersion {
  readonly version: number
  /** Undefined where its file is damaged. */
  readonly summary: VersionSummary | undefined
}

export class Versions {
  readonly #folder: string
  readonly #log: Log
  readonly #files: FileSystem
  /** Summaries of files that were read, by path: a version never changes. */
  readonly #known = new Map<string, VersionSummary>()
  /** What is being saved comes to its end before the next is. */
  #last: Promise<unknown> = Promise.resolve()

  constructor({ folder, log, files = nodeFiles }: VersionsOptions) {
    this.#folder = folder
    this.#log = log
    this.#files = files
  }

  /** Newest first. */
  async list(device: string, set: string): Promise<KnownVersion[]> {
    const folder = this.#folderOf(device, set)
    const numbers = await this.#numbers(folder)
    const versions: KnownVersion[] = []
    for (const version of numbers.reverse()) {
      const path = join(folder, fileOf(version))
      const summary = this.#known.get(path) ?? (await this.#read(path).then(summaryOf, () => undefined))
      if (summary !== undefined) this.#known.set(path, summary)
      versions.push({ version, summary })
    }
    return versions
  }

  /** The newest where none is named; undefined: nothing is stored. Throws NOT_FOUND, and CONFLICT for a file that is damaged. */
  async load(device: string, set: string, wanted?: number): Promise<StoredVersion | undefined> {
    const folder = this.#folderOf(device, set)
    const numbers = await this.#numbers(folder)
    const version = wanted ?? numbers.at(-1)
    if (version === undefined) return undefined
    if (!numbers.includes(version)) {
      const there = numbers.length === 0 ? 'none is stored' : `there are ${numbers.join(', ')}`
      throw new GatewayError('NOT_FOUND', `there is no version ${version} of ${device}/${set}: ${there}`)
    }
    const path = join(folder, fileOf(version))
    try {
      return await this.#read(path)
    } catch (cause) {
      const what = `version ${version} of ${device}/${set} cannot be used: ${path} is damaged or was edited, ${messageOf(cause)}`
      throw new GatewayError('CONFLICT', `${what}. Name another version, or save anew.`, { cause })
    }
  }

  /** Durable when it resolves; gives it its number. Throws STORE_FAILED. */
  save(version: Omit<StoredVersion, 'version'>): Promise<StoredVersion> {
    const saved = this.#last.then(() => this.#save(version))
    this.#last = saved.catch(() => {})
    return saved
  }

  /** What is being saved is there, or not, when it resolves. */
  async close(): Promise<void> {
    await this.#last
  }

  async #save(version: Omit<StoredVersion, 'version'>): Promise<StoredVersion> {
    const { device, set } = version
    const folder = this.#folderOf(device, set)
    try {
      await this.#files.makeFolder(folder)
      const numbers = await this.#numbers(folder)
      const { format, device: _device, set: _set, ...rest } = version
      const numbered: StoredVersion = { format, device, set, version: (numbers.at(-1) ?? 0) + 1, ...rest }
      const path = join(folder, fileOf(numbered.version))
      await this.#write(path, encodeVersion(numbered))
      await this.#files.syncFolder(folder)
      await this.#trim(folder, numbers)
      return numbered
    } catch (cause) {
      const message = `the parameters of ${device}/${set} cannot be stored in ${folder}: ${messageOf(cause)}`
      throw new GatewayError('STORE_FAILED', message, { cause })
    }
  }

  async #write(path: string, text: string): Promise<void> {
    await this.#files.remove(`${path}.new`)
    const file = await this.#files.open(`${path}.new`, 'create')
    try {
      await file.write(Buffer.from(text), 0)
      await file.sync()
    } finally {
      await file.close()
    }
    await this.#files.rename(`${path}.new`, path)
  }

  async #trim(folder: string, before: readonly number[]): Promise<void> {
    for (const version of before.slice(0, Math.max(0, before.length + 1 - MOST_VERSIONS))) {
      const path = join(folder, fileOf(version))
      this.#known.delete(path)
      await this.#files.remove(path).catch((error: unknown) => {
        this.#log.warn(
          { file: path, problem: messageOf(error) },
          'An old version of a parameter set cannot be removed.',
        )
      })
    }
  }

  async #read(path: string): Promise<StoredVersion> {
    const bytes = await readWhole(this.#files, path)
    if (bytes === undefined) throw new Error('it is gone')
    return decodeVersion(bytes.toString('utf8'))
  }

  /** Oldest first. */
  async #numbers(folder: string): Promise<number[]> {
    const names = await this.#files.list(folder).catch(missingIsEmpty)
    return names
      .flatMap((name) => {
        const match = /^(\d{6,})\.json$/.exec(name)
        return match === null ? [] : [Number(match[1])]
      })
      .sort((a, b) => a - b)
  }

  #folderOf(device: string, set: string): string {
    return join(this.#folder, folderName(device), folderName(set))
  }
}

const fileOf = (version: number): string => `${String(version).padStart(6, '0')}.json`

/** A folder for any name: what is no letter, digit, dash, underscore or inner dot is percent-encoded, so that none leads elsewhere. */
function folderName(name: string): string {
  const encoded = encodeURIComponent(name).replace(/[!'()*~]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)
  return encoded.replace(/^\./, '%2E')
}

function missingIsEmpty(error: unknown): string[] {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
  throw error
}
