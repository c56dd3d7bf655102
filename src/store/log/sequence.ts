/**
 * Sequence numbers, reserved durably in blocks: no number above the reservation is ever given out, so that an unclean start
 * can go on behind it and none is given twice (FORMAT.md, "Slot file").
 */
import { randomBytes } from 'node:crypto'
import { openSlotFile, type SlotFile } from '../slot-file.ts'
import type { FileSystem } from '../files.ts'
import type { ClockStep } from './clock-steps.ts'
import type { Position } from './ordinals.ts'

/** Where nothing says how far numbers had gone, they go on this far beyond what is found. */
const LOST_RESERVATION_MARGIN = 1e9
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'

/** A log of which this one is the restored copy: up to `throughSeq` the same number is the same sample in both. */
export interface Ancestor {
  readonly logId: string
  readonly throughSeq: number
  /** When it was restored, ms since 1970. */
  readonly at: number
}

/** So many restores are remembered: the state has to fit a slot. */
export const MAX_ANCESTORS = 16

export interface SequenceState {
  readonly logId: string
  readonly reserved: number
  readonly durable: number
  /** How many samples the log had taken up to `durable`. */
  readonly ordinal: number
  readonly clean: boolean
  readonly next: number
  readonly clockSteps?: readonly ClockStep[]
  /** The newest last. */
  readonly ancestors?: readonly Ancestor[]
  /** Written by a restore, and by nothing since: what came between is lost. */
  readonly restored?: boolean
}

export class Sequence {
  readonly logId: string
  /** True when the last stop was clean, or the folder is new. */
  readonly wasClean: boolean
  /** Why numbers are missing after a stop that was not clean. */
  readonly stopReason: 'unclean-stop' | 'restored'
  /** The logs that were restored into this one. */
  readonly ancestors: readonly Ancestor[]
  /** The file is gone or damaged, the log is not. */
  readonly #isLost: boolean
  /** What the last state said was durable. */
  readonly known: Position
  /** Where the log is durable now; set by its owner. */
  durable: () => Position
  /** How the wall clock was set while what is held was received; set by its owner. */
  clockSteps: readonly ClockStep[]
  next = 1
  #reserved: number
  readonly #block: number
  readonly #slots: SlotFile
  #extending: Promise<void> | undefined

  private constructor(slots: SlotFile, state: SequenceState | undefined, found: { logId?: string }, block: number) {
    this.#slots = slots
    this.#block = block
    const isNew = state === undefined && found.logId === undefined
    this.#isLost = state === undefined && !isNew
    this.logId = state?.logId ?? found.logId ?? createLogId()
    this.wasClean = state?.clean ?? isNew
    this.stopReason = state?.restored === true ? 'restored' : 'unclean-stop'
    this.ancestors = state?.ancestors ?? []
    this.known = { seq: state?.durable ?? 0, ordinal: state?.ordinal ?? state?.durable ?? 0 }
    this.durable = () => this.known
    this.clockSteps = state?.clockSteps ?? []
    this.#reserved = state === undefined ? 0 : state.clean ? state.next - 1 : state.reserved
  }

  /** Reads the file; `found` is what a segment says the log's id is. */
  static async open(files: FileSystem, dir: string, found: { logId?: string }, block: number): Promise<Sequence> {
    const { slots, state, isOlder } = await openSlotFile(files, `${dir}/sequence`, dir)
    const known = state as SequenceState | undefined
    // The newer reservation cannot be read. It was at most one block further; and that stop is not known to have been clean.
    const last =
      isOlder && known !== undefined
        ? { ...known, clean: false, reserved: Math.max(known.reserved, known.next - 1) + block }
        : known
    return new Sequence(slots, last, found, block)
  }

  /** Begins behind everything reserved or found, with a fresh reservation on the disk. */
  async begin(lastFound: number): Promise<void> {
    const lost = this.#isLost ? LOST_RESERVATION_MARGIN : 0
    this.next = Math.max(this.#reserved, lastFound + lost) + 1
    await this.#reserve()
  }

  /** How many numbers may still be given out; asks for more in the background when they run low. */
  available(): number {
    const left = this.#reserved - this.next + 1
    if (left < this.#block / 2) this.save()
    return left
  }

  /** Writes the state, with a fresh reservation, in the background. */
  save(): void {
    this.#extending ??= this.#reserve()
      // The commit loop reports the disk's failures; this one shows as refused rows if it lasts.
      .catch(() => undefined)
      .finally(() => (this.#extending = undefined))
  }

  async close(): Promise<void> {
    await this.#extending
    await this.#write(true, this.#reserved)
    await this.#slots.close()
  }

  /** Lets go of the file without the mark of a clean stop. */
  async abandon(): Promise<void> {
    await this.#extending
    await this.#slots.close()
  }

  async #reserve(): Promise<void> {
    const reserved = this.next - 1 + this.#block
    await this.#write(false, reserved)
    this.#reserved = reserved
  }

  #write(clean: boolean, reserved: number): Promise<void> {
    const { seq, ordinal } = this.durable()
    const { logId, next, clockSteps, ancestors } = this
    const state: SequenceState = { logId, reserved, durable: seq, ordinal, clean, next, clockSteps, ancestors }
    return this.#slots.write(state)
  }
}

export function createLogId(): string {
  return Array.from(randomBytes(8), (byte) => ALPHABET[byte & 31]).join('')
}
