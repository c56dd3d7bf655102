/**
 * What became of the samples of one sink: whether the far side has one for sure, and who wants to hear at once. Nothing is done a batch
 * while nobody does.
 */
import type { SampleBatch } from '../core/batch.ts'
import type { Cursor } from '../core/cursor.ts'
import { DeliveryAge } from './delivery-age.ts'

/** A batch that is settled: the far side has its rows, but for those that it refused, which are dead letters. */
export interface SettledBatch {
  readonly batch: SampleBatch
  /** Row to the reason. */
  readonly rejected: ReadonlyMap<number, string>
  /** False: the far side left out some of the others, and does not say which. */
  readonly isSure: boolean
  /** ms since 1970. */
  readonly at: number
}

/** settled: the far side has it, or it was let go (refused, purged, retention); which of them is not known any more. */
export type SampleFate = 'waits' | 'delivered' | 'settled'

const NONE: ReadonlyMap<number, string> = new Map()

export class SettledWatch {
  readonly age = new DeliveryAge()
  /** When something was settled last, ms since 1970; undefined: not since the start. */
  lastAt: number | undefined
  readonly #cursor: Cursor
  /** Up to here something was let go. */
  #lostSeq: number
  readonly #listeners = new Set<(settled: SettledBatch) => void>()

  constructor(cursor: Cursor) {
    this.#cursor = cursor
    this.#lostSeq = Object.values(cursor.ledger().dropped).some((count) => count > 0) ? cursor.settledSeq : 0
  }

  /** Returns how to stop that. */
  add(listener: (settled: SettledBatch) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  fateOf(seq: number): SampleFate {
    if (!this.#cursor.isSettled(seq)) return 'waits'
    return seq > this.#lostSeq ? 'delivered' : 'settled'
  }

  /** `delivered`: how many of its rows the far side has. */
  tell(batch: SampleBatch, delivered: number, rejected = NONE, at: number): void {
    this.lastAt = at
    this.age.confirmed(batch, delivered, at)
    const lost = batch.length - delivered
    if (lost > 0) this.lost(batch.seq?.[batch.length - 1] ?? 0)
    const isSure = lost === rejected.size
    for (const listener of this.#listeners) listener({ batch, rejected, isSure, at })
  }

  /** Something up to here was let go. */
  lost(seq: number): void {
    this.#lostSeq = Math.max(this.#lostSeq, seq)
  }

  /** Lets go of all that waits; returns how many samples that were. */
  purge(): number {
    const purged = this.#cursor.purge()
    this.lost(this.#cursor.settledSeq)
    return purged
  }
}
