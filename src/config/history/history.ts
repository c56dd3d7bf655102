/**
 * Every version of the configuration that was applied, with all its files: `DATA/config-history`, files by their content, so that what
 * did not change is kept once. Files are kept as they were written: what `${…}` stands for is not in them. The oldest go beyond a bound.
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { GatewayError, messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { FileTexts } from '../file-reading.ts'
import { syncFolder } from '../../core/durable-file.ts'
import { hashOf, hashOfSet, replaceFile } from './file-set.ts'

/** Versions that are kept. */
export const MOST_VERSIONS = 100

export interface Version {
  readonly number: number
  /** Of all files. */
  readonly hash: string
  /** ISO 8601, UTC. */
  readonly time: string
  readonly user: string
  /** What made it: `start`, `reload`, `apply`, `rollback`. */
  readonly source: string
  readonly message: string | null
  /** Absolute path to the name of the content. */
  readonly files: Readonly<Record<string, string>>
}

/** Who asks, from where, and why. */
export interface Author {
  readonly user: string
  readonly from: string
  readonly message?: string | undefined
  /** Trace id of the request. */
  readonly trace?: string | undefined
  /** False: may change the configuration, but not who may do what. */
  readonly mayChangeAccess?: boolean
}

/** What is known of a version that is being tried: it goes back to `previous` unless it is confirmed. */
export interface Trial {
  readonly version: number
  readonly previous: number
  /** Until when it has to be confirmed, ms since 1970; null: it was being written. */
  readonly until: number | null
}

const TRIAL = 'trial.json'

export class ConfigHistory {
  readonly #folder: string
  readonly #log: Log
  /** Ascending. */
  readonly versions: Version[] = []
  /** The files of versions that could not be written, by number: a full disk keeps no gateway from running by its configuration. */
  readonly #unkept = new Map<number, FileTexts>()

  constructor(folder: string, log: Log) {
    this.#folder = folder
    this.#log = log
  }

  /** Reads what there is; a damaged entry is left out and told. */
  static async open(folder: string, log: Log): Promise<ConfigHistory> {
    const history = new ConfigHistory(folder, log)
    for (const name of await readdir(join(folder, 'versions')).catch(() => [])) {
      if (!/^\d+\.json$/.test(name)) continue
      try {
        history.versions.push(JSON.parse(await readFile(join(folder, 'versions', name), 'utf8')) as Version)
      } catch (error) {
        log.warn({ file: name }, `An entry of the history of the configuration is left out: ${messageOf(error)}.`)
      }
    }
    history.versions.sort((a, b) => a.number - b.number)
    return history
  }

  get newest(): Version | undefined {
    return this.versions.at(-1)
  }

  /** Throws NOT_FOUND. */
  version(number: number): Version {
    const version = this.versions.find((one) => one.number === number)
    if (version !== undefined) return version
    const range =
      this.versions.length === 0
        ? 'there is none yet'
        : `there are ${this.versions[0]!.number} to ${this.newest!.number}`
    throw new GatewayError('NOT_FOUND', `there is no version ${number} of the configuration; ${range}`)
  }

  /**
   * Keeps these files as the next version; the newest one where it is the same. On disk when it resolves; where that cannot be it is kept
   * in memory, told, and tried again with the next one.
   */
  async add(files: FileTexts, source: string, { user, message }: Author, now: number): Promise<Version> {
    const hash = hashOfSet(files)
    if (this.newest?.hash === hash) return this.newest
    const names = Object.fromEntries([...files].map(([path, bytes]) => [path, hashOf(bytes)]))
    const number = (this.newest?.number ?? 0) + 1
    const time = new Date(now).toISOString()
    const version: Version = { number, hash, time, user, source, message: message ?? null, files: names }
    this.#unkept.set(number, files)
    this.versions.push(version)
    await this.#keepAll().catch((error: unknown) =>
      this.#log.error(
        { version: number },
        `A version of the configuration is kept in memory alone: its history cannot be written: ${messageOf(error)}.`,
      ),
    )
    return version
  }

  /** The newest version was never run. */
  async drop(version: Version): Promise<void> {
    if (this.newest !== version) return
    this.versions.pop()
    if (this.#unkept.delete(version.number)) return
    await rm(join(this.#folder, 'versions', fileOf(version.number)), { force: true })
  }

  /** The files of a version; throws STORE_FAILED where one is damaged or gone. */
  async filesOf({ number, files }: Version): Promise<Map<string, Buffer>> {
    const unkept = this.#unkept.get(number)
    if (unkept !== undefined) return new Map(unkept)
    const texts = new Map<string, Buffer>()
    for (const [path, name] of Object.entries(files)) {
      const bytes = await readFile(join(this.#folder, 'objects', name)).catch(() => undefined)
      if (bytes === undefined || hashOf(bytes) !== name)
        throw new GatewayError(
          'STORE_FAILED',
          `version ${number} cannot be restored: what is kept of ${path} is damaged`,
        )
      texts.set(path, bytes)
    }
    return texts
  }

  async trial(): Promise<Trial | undefined> {
    const text = await readFile(join(this.#folder, TRIAL), 'utf8').catch(() => undefined)
    if (text === undefined) return undefined
    try {
      return JSON.parse(text) as Trial
    } catch {
      this.#log.warn({}, 'A note about a configuration that was being tried is damaged; what runs stays.')
      return undefined
    }
  }

  /** Throws where it cannot be written, or one of its versions is not: after a kill there would be no way back. */
  async beginTrial(trial: Trial): Promise<void> {
    await this.#keepAll()
    await this.#write(TRIAL, trial)
  }

  async endTrial(): Promise<void> {
    await rm(join(this.#folder, TRIAL), { force: true })
    await syncFolder(this.#folder).catch(() => undefined)
  }

  async #makeFolders(): Promise<void> {
    for (const name of ['', 'versions', 'objects'])
      await mkdir(join(this.#folder, name), { recursive: true, mode: 0o700 })
  }

  /** Writes what could not be written so far. */
  async #keepAll(): Promise<void> {
    await this.#makeFolders()
    for (const [number, files] of this.#unkept) {
      const before = this.versions.findLast((one) => one.number < number && !this.#unkept.has(one.number))
      const kept = new Set(Object.values(before?.files ?? {}))
      for (const bytes of files.values()) if (!kept.has(hashOf(bytes))) await this.#keep(bytes)
      await this.#write(join('versions', fileOf(number)), this.version(number))
      this.#unkept.delete(number)
    }
    await this.#letGo()
  }

  async #keep(bytes: Buffer): Promise<void> {
    const name = hashOf(bytes)
    const path = join(this.#folder, 'objects', name)
    const known = await readFile(path).catch(() => undefined)
    if (known === undefined || hashOf(known) !== name) await writePrivately(path, bytes)
  }

  #write(name: string, content: object): Promise<void> {
    return writePrivately(join(this.#folder, name), Buffer.from(`${JSON.stringify(content, undefined, 2)}\n`))
  }

  /** The oldest versions beyond the bound, and what only they had. */
  async #letGo(): Promise<void> {
    const gone = this.versions.splice(0, Math.max(0, this.versions.length - MOST_VERSIONS))
    if (gone.length === 0) return
    const needed = new Set(this.versions.flatMap(({ files }) => Object.values(files)))
    for (const { number, files } of gone) {
      await rm(join(this.#folder, 'versions', fileOf(number)), { force: true })
      for (const name of Object.values(files))
        if (!needed.has(name)) await rm(join(this.#folder, 'objects', name), { force: true })
    }
  }
}

/** A configuration may have a password in it: for the gateway's own user alone. */
const writePrivately = (path: string, bytes: Buffer): Promise<void> => replaceFile(path, bytes, 0o600)

const fileOf = (number: number): string => `${String(number).padStart(6, '0')}.json`
