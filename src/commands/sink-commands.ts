/**
 * What people may do to a sink: deliver a stretch of time or the dead letters again, let go of what waits. Each is on record before it
 * is done. What would lose samples wants the sink's name once more.
 */
import { randomUUID } from 'node:crypto'
import { SampleBatch } from '../core/batch.ts'
import type { Audit } from '../core/audit.ts'
import { GatewayError } from '../core/errors.ts'
import type { DeadLetter } from '../delivery/dead-letters.ts'
import type { ReplayStatus } from '../delivery/replay.ts'
import type { Runner } from '../delivery/runner.ts'
import type { Correlation } from '../core/correlation.ts'

/** Who asks, from where and why; as in a write. */
export interface Asker {
  readonly user: string
  /** Whose doing it is, where `user` is a token of theirs. */
  readonly person?: string | undefined
  readonly from: string
  readonly reason?: string | undefined
  /** What the request belongs to, for the log, the audit and traces. */
  readonly correlation?: Correlation | undefined
  /** Its trace id, as audit events have it. */
  readonly trace?: string | undefined
}

export interface SinkCommands {
  /** Delivers the samples with source times from `from` to `to` (ms since 1970) again. Throws BUSY while another replay goes on. */
  replay(sink: string, range: { readonly from: number; readonly to: number }, asker: Asker): Promise<ReplayStatus>
  /** Delivers the dead letters again; null: there are none. */
  replayDeadLetters(sink: string, asker: Asker): Promise<ReplayStatus | null>
  cancelReplay(sink: string, asker: Asker): Promise<ReplayStatus | null>
  /** Lets go of all that waits; `confirm` is the sink's name. Returns how many samples that were. */
  purge(sink: string, confirm: string, asker: Asker): Promise<number>
  /** The newest, newest first. */
  deadLetters(sink: string, limit: number): Promise<readonly DeadLetter[]>
  /** Lets go of the dead letters; `confirm` is the sink's name. Returns how many. */
  purgeDeadLetters(sink: string, confirm: string, asker: Asker): Promise<number>
}

export interface SinkCommandsContext {
  readonly runners: readonly Runner[]
  readonly audit: Audit
  /** The stored samples of a stretch of source time, in the order of the log. */
  scan(range: { readonly from: number; readonly to: number }, signal: AbortSignal): AsyncIterable<SampleBatch>
}

export function createSinkCommands({ runners, audit, scan }: SinkCommandsContext): SinkCommands {
  function find(name: string): Runner {
    const runner = runners.find((one) => one.name === name)
    if (runner === undefined) throw new GatewayError('NOT_FOUND', `there is no sink ${name}`)
    return runner
  }

  /** On record before anything is done; what is returned puts the end of it on record, too. */
  async function record(sink: string, action: string, what: string, { user, from, reason, trace }: Asker) {
    const line = (words: string, outcome: string) =>
      audit.record({ id, action, user, from, object: `sink ${sink}`, reason, outcome, trace, details: { what: words } })
    const id = randomUUID()
    await line(what, 'requested')
    return (result: string) => line(result, 'done')
  }

  function assertConfirmed(sink: string, confirm: string): void {
    if (confirm === sink) return
    const detail = `say the name of the sink once more to confirm: ${sink}`
    throw new GatewayError('INVALID_REQUEST', detail, { details: { errors: [{ detail, pointer: '#/confirm' }] } })
  }

  return {
    async replay(sink, range, asker) {
      const runner = find(sink)
      assertIdle(runner)
      await record(sink, 'replay', `${isoOf(range.from)} to ${isoOf(range.to)}`, asker)
      let withoutNumber = 0
      const note = (samples: number): void => void (withoutNumber += samples)
      const read = (signal: AbortSignal) => numbered(scan(range, signal), note)
      runner.replay({ kind: 'range', ...range, read, withoutNumber: () => withoutNumber })
      return runner.status().replay!
    },
    async replayDeadLetters(sink, asker) {
      const runner = find(sink)
      assertIdle(runner)
      await record(sink, 'replay dead letters', 'all', asker)
      const source = await runner.deadLetters.takeAll()
      if (source === undefined) return null
      try {
        runner.replay(source)
      } catch (error) {
        // Another replay began meanwhile: these letters wait for the next one.
        await source.ended?.(false)
        throw error
      }
      return runner.status().replay
    },
    async cancelReplay(sink, asker) {
      const runner = find(sink)
      await record(sink, 'cancel replay', 'the one that goes on', asker)
      await runner.cancelReplay()
      return runner.status().replay
    },
    async purge(sink, confirm, asker) {
      const runner = find(sink)
      assertConfirmed(sink, confirm)
      const done = await record(sink, 'purge', `${runner.status().pending} samples`, asker)
      const purged = runner.purge()
      await done(`${purged} samples`)
      return purged
    },
    deadLetters: (sink, limit) => find(sink).deadLetters.list(limit),
    async purgeDeadLetters(sink, confirm, asker) {
      const runner = find(sink)
      assertConfirmed(sink, confirm)
      assertNoReplay(runner)
      const done = await record(sink, 'purge dead letters', 'all', asker)
      assertNoReplay(runner)
      const purged = await runner.deadLetters.purge()
      await done(`${purged} samples`)
      return purged
    },
  }
}

/** Rows of one write. */
const BATCH_ROWS = 1000

/** What has a sequence number, in batches of their own: trends alone know none, and the far side would take them for new. */
async function* numbered(
  batches: AsyncIterable<SampleBatch>,
  onWithout: (samples: number) => void,
): AsyncGenerator<SampleBatch> {
  for await (const batch of batches) {
    if (batch.seq === undefined) {
      onWithout(batch.length)
      continue
    }
    for (let from = 0; from < batch.length; from += BATCH_ROWS) {
      const rows = new SampleBatch(Math.min(BATCH_ROWS, batch.length - from), batch.receivedAt)
      for (let row = from; rows.length < rows.capacity; row++) rows.pushRow(batch, row)
      yield rows
    }
  }
}

const isoOf = (ms: number): string => new Date(ms).toISOString()

function assertIdle(runner: Runner): void {
  const { state, reason } = runner.status()
  if (state === 'Disabled')
    throw new GatewayError('INVALID_REQUEST', `nothing is delivered to ${runner.name}: it is ${reason ?? 'disabled'}`)
  assertNoReplay(runner)
}

function assertNoReplay(runner: Runner): void {
  const { replay } = runner.status()
  if (replay === null || replay.endedAt !== null) return
  throw new GatewayError('BUSY', `a replay to ${runner.name} goes on; wait for its end, or cancel it`)
}
