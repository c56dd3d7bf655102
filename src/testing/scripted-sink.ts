/** A far side that answers as a test says: keeps what it takes, throws what the test has queued. */
import type { SampleBatch } from '../core/batch.ts'
import { NotConnectedError } from '../core/errors.ts'
import type { Gap, Sink } from '../core/sink.ts'
import type { Value } from '../core/value.ts'

export class ScriptedSink implements Sink {
  /** Values of every batch that was taken, in order. */
  readonly taken: (Value | undefined)[] = []
  readonly gaps: Gap[] = []
  /** Rows of every attempt. */
  readonly attempts: number[] = []
  connects = 0
  closed = 0
  /** Thrown by the next connects, first one first. */
  readonly connectErrors: unknown[] = []
  /** Thrown by the next writes, first one first. */
  readonly writeErrors: unknown[] = []
  /** Asked for each batch before it is taken: throw to refuse it. */
  judge: (batch: SampleBatch) => void | Promise<void> = () => undefined
  #lost: ((error: NotConnectedError) => void) | undefined

  onLost(listener: (error: NotConnectedError) => void): void {
    this.#lost = listener
  }

  /** The idle connection breaks. */
  breakConnection(sentence: string): void {
    this.#lost?.(new NotConnectedError(sentence))
  }

  async connect(): Promise<void> {
    this.connects++
    if (this.connectErrors.length > 0) throw this.connectErrors.shift()
  }

  async write(batch: SampleBatch): Promise<void> {
    this.attempts.push(batch.length)
    if (this.writeErrors.length > 0) throw this.writeErrors.shift()
    await this.judge(batch)
    for (let row = 0; row < batch.length; row++) this.taken.push(batch.valueAt(row))
  }

  async gap(gap: Gap): Promise<void> {
    this.gaps.push(gap)
  }

  async close(): Promise<void> {
    this.closed++
  }
}
