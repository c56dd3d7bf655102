/** The anchor: number and hash of the last line, apart from the lines (FORMAT.md, "The anchor"). Two slots take turns, so that one is whole. */
import { join } from 'node:path'
import type { Signer } from '../secrets/secrets.ts'
import { readWhole, type FileSystem } from '../store/files.ts'
import type { Place } from './line.ts'

const SLOT_BYTES = 512
const FILE = 'head'
const PURPOSE = 'head'

export interface Anchor extends Place {
  readonly log: string
}

/** `damaged`: a slot holds something else than an anchor that was signed with one of our keys. */
export interface FoundAnchor {
  readonly anchor: Anchor | undefined
  readonly damaged: boolean
}

/** Where its key is known to nobody here, an anchor counts as it stands. */
export async function readAnchor(
  files: FileSystem,
  folder: string,
  signers: readonly Signer[] | undefined,
): Promise<FoundAnchor> {
  const bytes = await readWhole(files, join(folder, FILE))
  if (bytes === undefined) return { anchor: undefined, damaged: false }
  const slots = [0, 1].map((slot) => decode(bytes.subarray(slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES), signers))
  const anchors = slots.filter((slot) => typeof slot === 'object').sort((a, b) => b.n - a.n)
  return {
    anchor: anchors[0],
    damaged: slots.includes('damaged') || anchors.length === 0 || bytes.length > 2 * SLOT_BYTES,
  }
}

/** Writes one anchor after the other. */
export class AnchorFile {
  readonly #files: FileSystem
  readonly #folder: string
  #slot = 0
  /** It is there, with its length. */
  #isMade = false

  constructor(files: FileSystem, folder: string) {
    this.#files = files
    this.#folder = folder
  }

  async write(anchor: Anchor, signer: Signer, isForced: boolean): Promise<void> {
    const file = await this.#files.open(join(this.#folder, FILE), 'write')
    try {
      // At the start and after each failure both slots are written: nothing old or torn stays.
      if (!this.#isMade) await file.write(encode(anchor, signer), (1 - this.#slot) * SLOT_BYTES)
      await file.write(encode(anchor, signer), this.#slot * SLOT_BYTES)
      if (isForced || !this.#isMade) await file.sync()
      if (!this.#isMade) await this.#files.syncFolder(this.#folder)
      this.#isMade = true
      this.#slot = 1 - this.#slot
    } catch (error) {
      this.#isMade = false
      throw error
    } finally {
      await file.close()
    }
  }
}

function encode({ n, hash, log }: Anchor, signer: Signer): Buffer {
  const mac = signer.sign(PURPOSE, log, String(n), hash).toString('hex')
  return Buffer.from(`${JSON.stringify({ n, hash, log, mac }).padEnd(SLOT_BYTES - 1)}\n`)
}

function decode(bytes: Buffer, signers: readonly Signer[] | undefined): Anchor | 'damaged' {
  const text = bytes.toString('latin1')
  try {
    const { n, hash, log, mac } = JSON.parse(text) as Anchor & { mac: string }
    if (`${JSON.stringify({ n, hash, log, mac }).padEnd(SLOT_BYTES - 1)}\n` !== text) return 'damaged'
    const isOurs = (signer: Signer) => signer.verify(Buffer.from(mac, 'hex'), PURPOSE, log, String(n), hash)
    return signers === undefined || signers.some(isOurs) ? { n, hash, log } : 'damaged'
  } catch {
    return 'damaged'
  }
}
