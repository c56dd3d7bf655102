/**
 * Follows the value that a write left in the log to the sinks: when the far side has confirmed it, the log says so with the trace id of the
 * request. Only while somebody listens at debug, for so long and so many at once: otherwise nothing is done.
 */
import type { Clock } from '../core/clock.ts'
import { correlationFields, type Correlation } from '../core/correlation.ts'
import type { Log } from '../core/log.ts'
import type { TagId } from '../core/value.ts'
import type { Runner } from '../delivery/runner.ts'

export interface WrittenSample {
  readonly id: TagId
  readonly device: string
  readonly tag: string
  readonly seq: number
  readonly correlation: Correlation | undefined
}

interface Context {
  readonly clock: Clock
  readonly log: Log
  runners(): readonly Runner[]
  /** Whether the log says anything at debug. */
  isWanted(): boolean
}

const MOST = 100
const AT_MOST_MS = 60_000

export class FollowedWrites {
  readonly #context: Context
  readonly #stops = new Set<() => void>()

  constructor(context: Context) {
    this.#context = context
  }

  follow(written: WrittenSample): void {
    const { clock, runners, isWanted } = this.#context
    if (!isWanted()) return
    for (const runner of runners()) {
      if (this.#stops.size >= MOST) return
      const unlisten = runner.onSettled(({ batch, rejected }) => {
        for (let row = 0; row < batch.length; row++) {
          if (batch.tag[row] !== written.id || batch.seq?.[row] !== written.seq) continue
          this.#say(runner.name, written, rejected.get(row))
          stop()
        }
      })
      const stop = (): void => {
        unlisten()
        timer.cancel()
        this.#stops.delete(stop)
      }
      const timer = clock.after(AT_MOST_MS, stop)
      this.#stops.add(stop)
    }
  }

  close(): void {
    for (const stop of this.#stops) stop()
  }

  #say(sink: string, { device, tag, seq, correlation }: WrittenSample, refusal: string | undefined): void {
    const outcome = refusal === undefined ? 'success' : 'failure'
    const what = refusal === undefined ? 'has' : 'refused'
    this.#context.log.debug(
      {
        component: 'sink',
        sink,
        device,
        tag,
        seq,
        action: 'deliver',
        outcome,
        reason: refusal,
        ...correlationFields(correlation),
      },
      `${sink} ${what} the value of ${device}/${tag} that was written.`,
    )
  }
}
