/**
 * Sequence numbers of batches (KIP-98): with them the cluster drops a batch that it has already, so that one sent again after a lost
 * connection is not there twice. A number is used again only for the very same records; when in doubt a new producer id begins at 0.
 */
import type { ProducerId } from './requests.ts'
import type { Numbering, RecordBatch } from './record-batch.ts'

const NOBODY: Numbering = { producerId: -1n, epoch: -1, sequence: -1 }
/** Numbers go on at 0 after the largest INT32. */
const LARGEST = 0x7fff_ffff

export class BatchNumbers {
  readonly #enabled: boolean
  #id: ProducerId | undefined
  readonly #next = new Map<string, number>()
  /** Batches of which nobody knows whether the cluster has them. */
  readonly #unsure = new Map<string, RecordBatch>()

  constructor(enabled: boolean) {
    this.#enabled = enabled
  }

  /** An id is needed before anything can be numbered. */
  get needsId(): boolean {
    return this.#enabled && this.#id === undefined
  }

  /**
   * How many of the batch's first records were sent before and must go alone, so that the cluster knows them again; 0: there is no such
   * thing. Where the batch begins with other records than those, the id is given up: what comes next may be there twice, but never missing.
   */
  sentBefore(batch: RecordBatch): number {
    const before = this.#unsure.get(laneOf(batch))
    if (before === undefined) return 0
    const { records } = before
    if (batch.records.subarray(0, records.length).equals(records)) return before.rows.length
    this.forget()
    return 0
  }

  begin(id: ProducerId): void {
    this.forget()
    this.#id = id
  }

  /** The cluster no longer knows the id. */
  forget(): void {
    this.#id = undefined
    this.#next.clear()
    this.#unsure.clear()
  }

  of(batch: RecordBatch): Numbering {
    if (this.#id === undefined) return NOBODY
    const { producerId, producerEpoch } = this.#id
    return { producerId, epoch: producerEpoch, sequence: this.#next.get(laneOf(batch)) ?? 0 }
  }

  /** The batch was sent and nobody has said yet what became of it. */
  sent(batch: RecordBatch): void {
    if (this.#id !== undefined) this.#unsure.set(laneOf(batch), batch)
  }

  refused(batch: RecordBatch): void {
    this.#unsure.delete(laneOf(batch))
  }

  taken(batch: RecordBatch): void {
    const lane = laneOf(batch)
    this.#unsure.delete(lane)
    if (this.#id === undefined) return
    const next = (this.#next.get(lane) ?? 0) + batch.rows.length
    this.#next.set(lane, next > LARGEST ? next - LARGEST - 1 : next)
  }
}

const laneOf = ({ topic, partition }: RecordBatch): string => `${topic} ${partition}`
