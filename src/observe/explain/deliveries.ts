/** What becomes of one sample at every sink: delivered and when, refused and why, or still waiting and for what. */
import { sleep } from '../../core/clock.ts'
import { SampleBatch } from '../../core/batch.ts'
import type { SinkMessage } from '../../core/sink.ts'
import type { Runner, SinkStatus } from '../../delivery/runner.ts'
import type { Gateway } from '../../gateway.ts'

/**
 * delivered: the far side has it; refused: it is a dead letter; settled: one of these, or let go (purged, retention), before anybody looked.
 */
export const OUTCOMES = ['delivered', 'refused', 'settled', 'pending', 'disabled'] as const

export interface Delivery {
  readonly status: SinkStatus
  readonly outcome: (typeof OUTCOMES)[number]
  /** ms since 1970; undefined: not yet, or before anybody looked. */
  readonly acknowledgedAt: number | undefined
  /** Why the far side refused it. */
  readonly refusal: string | undefined
  /** What the sink sends of it; undefined: the sink does not show it. */
  readonly messages: readonly SinkMessage[] | undefined
}

interface Heard {
  readonly at: number
  readonly refusal: string | undefined
  readonly isSure: boolean
}

/** How often is looked whether everything is settled. */
const LOOK_MS = 20

/** Listens from its making on, so that no acknowledgement is missed; `stop` ends it. */
export class Deliveries {
  readonly #gateway: Gateway
  /** By sink and sequence number, of the tag alone. */
  readonly #heard = new Map<string, Map<number, Heard>>()
  readonly #stops: (() => void)[]

  constructor(gateway: Gateway, tag: number) {
    this.#gateway = gateway
    this.#stops = gateway.runners.map((runner) =>
      runner.onSettled(({ batch, rejected, isSure, at }) => {
        for (let row = 0; row < batch.length; row++)
          if (batch.tag[row] === tag)
            this.#note(runner.name, batch.seq?.[row] ?? 0, { at, refusal: rejected.get(row), isSure })
      }),
    )
  }

  stop(): void {
    for (const stop of this.#stops) stop()
  }

  /** Until the sample is on the disk and settled at every sink that is on, at most so long. */
  async settle(seq: number, atMostMs: number, signal: AbortSignal): Promise<void> {
    const { clock, runners, store } = this.#gateway
    const until = clock.monotonic() + atMostMs
    const isDone = () =>
      store.info().durableSeq >= seq && runners.every((runner) => isOff(runner) || runner.fateOf(seq) !== 'waits')
    while (!isDone() && clock.monotonic() < until) await sleep(clock, LOOK_MS, signal)
  }

  /** One a sink. */
  of(sample: SampleBatch): Delivery[] {
    return this.#gateway.runners.map((runner) => this.#deliveryOf(runner, sample))
  }

  #deliveryOf(runner: Runner, sample: SampleBatch): Delivery {
    const status = runner.status()
    const seq = sample.seq?.[0] ?? 0
    const heard = this.#heard.get(runner.name)?.get(seq)
    const outcome = outcomeOf(runner, seq, heard)
    const messages = runner.shows.messagesOf?.(sample)
    return { status, outcome, acknowledgedAt: heard?.at, refusal: heard?.refusal, messages }
  }

  #note(sink: string, seq: number, heard: Heard): void {
    const known = this.#heard.get(sink) ?? new Map<number, Heard>()
    this.#heard.set(sink, known)
    // A tag that comes often while somebody waits: the newest are enough.
    if (known.size >= 256) known.delete(known.keys().next().value!)
    known.set(seq, heard)
  }
}

function outcomeOf(runner: Runner, seq: number, heard: Heard | undefined): Delivery['outcome'] {
  if (heard?.refusal !== undefined) return 'refused'
  const fate = runner.fateOf(seq)
  if (heard?.isSure === true || fate === 'delivered') return 'delivered'
  if (fate === 'settled') return 'settled'
  return isOff(runner) ? 'disabled' : 'pending'
}

const isOff = (runner: Runner): boolean => runner.status().state === 'Disabled'
