/**
 * One sink a folder: two would take up each other's parts and write over each other's rows. The lock is a file that names its holder; one
 * that a killed gateway left is taken over.
 */
import { randomUUID } from 'node:crypto'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GatewayError } from '../../core/errors.ts'
import { isAlive, processIdentity, type ProcessIdentity } from '../../core/process-identity.ts'
import { codeOf } from './words.ts'

const NAME = '.bifrost-lock'
/** What file systems without hard links (FAT, some shares) say. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

interface Holder extends ProcessIdentity {
  readonly sink: string
  readonly token: string
}

export class FolderLock {
  readonly #folder: string
  readonly #path: string
  readonly #own: Holder

  constructor(folder: string, sink: string) {
    this.#folder = folder
    this.#path = join(folder, NAME)
    this.#own = { ...processIdentity(process.pid), sink, token: randomUUID() }
  }

  /** Takes the folder, or finds that it is ours already; SINK_REFUSED names who has it. */
  async take(): Promise<void> {
    for (let attempt = 0; attempt < 10; attempt++) {
      const holder = await readHolder(this.#path)
      if (holder?.token === this.#own.token) return
      if (holder !== undefined && isAlive(holder)) throw this.#refusal(holder)
      if (holder !== undefined) await this.#removeStale(holder)
      if (await this.#create()) return
    }
    throw this.#refusal(undefined)
  }

  async release(): Promise<void> {
    if ((await readHolder(this.#path))?.token === this.#own.token) await rm(this.#path, { force: true })
  }

  /** Whole under its name from the first moment: nobody reads half of it. */
  async #create(): Promise<boolean> {
    const making = `${this.#path}-${this.#own.token}`
    try {
      await writeFile(making, JSON.stringify(this.#own))
      await link(making, this.#path).catch((error: unknown) => {
        if (!NO_LINKS.has(codeOf(error) ?? '')) throw error
        return writeFile(this.#path, JSON.stringify(this.#own), { flag: 'wx' })
      })
      return true
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false
      throw error
    } finally {
      await rm(making, { force: true }).catch(() => undefined)
    }
  }

  /** Moved aside first: somebody else may have taken the folder since. */
  async #removeStale(judged: Holder): Promise<void> {
    const aside = `${this.#path}-${randomUUID()}`
    await rename(this.#path, aside).catch(() => undefined)
    const moved = await readHolder(aside)
    if (moved !== undefined && moved.token !== judged.token) await link(aside, this.#path).catch(() => undefined)
    await rm(aside, { force: true })
  }

  #refusal(holder: Holder | undefined): GatewayError {
    const who = holder === undefined ? 'another sink' : `the sink "${holder.sink}" of process ${holder.pid}`
    const sentence = `${this.#folder} is written by ${who} already: give each file sink a folder of its own`
    return new GatewayError('SINK_REFUSED', sentence)
  }
}

/** What cannot be read was written by no living holder. */
async function readHolder(path: string): Promise<Holder | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
  const none: Holder = { pid: 0, started: 'never', boot: '', sink: '', token: '' }
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && 'pid' in value ? (value as Holder) : none
  } catch {
    return none
  }
}
