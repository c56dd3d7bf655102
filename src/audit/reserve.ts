/**
 * The last page: room that was taken while there was some, so that a full disk can be put on record in place. It holds since when nothing
 * could be recorded, why, how many events were refused, and the last of them, until a line of the chain says the same.
 */
import { join } from 'node:path'
import type { Signer } from '../secrets/secrets.ts'
import { readWhole, type FileSystem } from '../store/files.ts'

const BYTES = 4096
const FILE = 'reserve'

export interface Refusals {
  /** ISO 8601, UTC. */
  readonly since: string
  readonly why: string
  readonly refused: number
  /** The last event that was refused, in a few words. */
  readonly last: string
}

export class Reserve {
  readonly #files: FileSystem
  readonly #path: string
  readonly #folder: string
  readonly #signer: Signer

  constructor(files: FileSystem, folder: string, signer: Signer) {
    this.#files = files
    this.#folder = folder
    this.#path = join(folder, FILE)
    this.#signer = signer
  }

  /** What an earlier life could not put into the chain; takes the room where it is not there yet. */
  async open(): Promise<Refusals | undefined> {
    const bytes = await readWhole(this.#files, this.#path)
    if (bytes?.length !== BYTES) await this.#put('')
    return bytes === undefined ? undefined : this.#decode(bytes.toString('utf8'))
  }

  /** In place: no room is needed. */
  note(refusals: Refusals): Promise<void> {
    const mac = this.#signer.sign('reserve', JSON.stringify(refusals)).toString('hex')
    return this.#put(JSON.stringify({ refusals, mac }))
  }

  clear(): Promise<void> {
    return this.#put('')
  }

  #decode(text: string): Refusals | undefined {
    if (text.trim() === '') return undefined
    try {
      const { refusals, mac } = JSON.parse(text) as { refusals: Refusals; mac: string }
      if (this.#signer.verify(Buffer.from(mac, 'hex'), 'reserve', JSON.stringify(refusals))) return refusals
    } catch {
      // The answer below is the same.
    }
    return { since: '', why: 'the reserve is damaged', refused: 0, last: '' }
  }

  async #put(text: string): Promise<void> {
    const bytes = Buffer.alloc(BYTES, ' ')
    bytes[BYTES - 1] = 10
    bytes.write(text.slice(0, BYTES / 2))
    const file = await this.#files.open(this.#path, 'write')
    try {
      await file.write(bytes, 0)
      await file.sync()
    } finally {
      await file.close()
    }
    await this.#files.syncFolder(this.#folder).catch(() => undefined)
  }
}
