/**
 * Samples that the log does not take: the disk is slow or broken, or the log is at its bound and keeps what it has. However long it
 * lasts, it is one gap with one sequence number, which says how many there were and whose.
 */
import type { SampleBatch } from '../../core/batch.ts'
import type { Log } from '../../core/log.ts'
import { GAP_TAGS, type Gap } from '../../core/sink.ts'
import type { TagId } from '../../core/value.ts'
import type { Ordinals } from './ordinals.ts'
import type { Sequence } from './sequence.ts'

/** Samples that were lost before they came to this log. */
export type Loss = Omit<Gap, 'fromSeq' | 'toSeq'>

/** Why. */
export type RefusalReason = 'overflow' | 'full' | 'blocked'

const WORDS: Record<RefusalReason, string> = {
  overflow: 'the disk has fallen too far behind: samples are refused',
  full: 'the log is full and keeps what it has (drop-newest): new samples are refused',
  blocked: 'the log is full (block): nothing is read until a sink has taken what waits',
}

type OpenGap = { -readonly [K in keyof Gap]: Gap[K] } & { samples: number; reason: RefusalReason }

export interface RefusalContext {
  readonly sequence: Sequence
  readonly ordinals: Ordinals
  readonly log: Log
  /** It is over: the gap is to be written. */
  onEnd(gap: Gap): void
}

export class Refusal {
  readonly #context: RefusalContext
  #gap: OpenGap | undefined
  #tags = new Set<TagId>()
  /** Samples since the start. */
  refused = 0

  constructor(context: RefusalContext) {
    this.#context = context
  }

  /** The number of the gap that is open; undefined while samples are taken. */
  get seq(): number | undefined {
    return this.#gap?.fromSeq
  }

  add({ length, receivedAt, tag }: SampleBatch, reason: RefusalReason): void {
    this.refused += length
    if (this.#gap?.reason !== reason) this.end()
    const gap = (this.#gap ??= this.#begin(receivedAt, reason))
    gap.samples += length
    gap.toTime = receivedAt
    for (let row = 0; row < length && this.#tags.size <= GAP_TAGS; row++) this.#tags.add(tag[row]!)
  }

  /** Puts a loss that happened elsewhere into the log, with a number of its own; false when none is left for it. */
  note(loss: Loss): boolean {
    const { sequence, ordinals, onEnd } = this.#context
    if (sequence.available() <= 1) return false
    this.end()
    const seq = sequence.next++
    const gap = { ...loss, fromSeq: seq, toSeq: seq }
    ordinals.add(gap)
    onEnd(gap)
    return true
  }

  end(): void {
    const gap = this.#gap
    if (gap === undefined) return
    this.#gap = undefined
    if (this.#tags.size <= GAP_TAGS) gap.tags = [...this.#tags]
    const { samples, reason } = gap
    this.#context.log.warn({ samples, reason }, `${samples} samples were refused; from now on they are taken again`)
    this.#context.onEnd(gap)
  }

  #begin(at: number, reason: RefusalReason): OpenGap {
    const { sequence, ordinals, log } = this.#context
    const seq = sequence.next++
    const gap: OpenGap = { fromSeq: seq, toSeq: seq, samples: 0, reason, fromTime: at, toTime: at }
    this.#tags = new Set()
    ordinals.add(gap)
    log.error({ reason }, WORDS[reason])
    return gap
  }
}
