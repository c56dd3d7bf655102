/**
 * Sequence numbers of batches (KIP-98): with them the cluster drops a batch that it has already, so that one sent again after a lost
 * connection is not there twice. A number is used again only for the very same records; when in doubt a new producer id begins at 0.
 */
import type { ProducerId } from './cluster.ts'
import type { Numbering, RecordBatch } from './record-batch.ts'

const NOBODY: Numbering = { producerId: -1n, epoch: -1, sequence: -1 }
/** Numbers go on at 0 after the largest INT32. */
const LARGEST = 0x7fff_ffff

export class BatchNumbers {
  readonly #enabled: boolean
  #id: ProducerId | undefined
  readonly #next = new Map<string, number>()
  /** The records of batches of which nobody knows whether the cluster has them. */
  readonly #unsure = new Map<string, Buffer>()

  constructor(enabled: boolean) {
    this.#enabled = enabled
  }

  /** A batch of these cannot be numbered under the id in force: ask for a new one. */
  needsId(batches: readonly RecordBatch[]): boolean {
    if (!this.#enabled) return false
    return (
      this.#id === undefined ||
      batches.some((batch) => this.#unsure.get(laneOf(batch))?.equals(batch.records) === false)
    )
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
    if (this.#id !== undefined) this.#unsure.set(laneOf(batch), batch.records)
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
