/** What clients of the server ask the gateway for: writes, by the way of all writes, and stored samples. Each ends in a status code. */
import { SampleBatch, type BatchParts } from '../../core/batch.ts'
import { GatewayError } from '../../core/errors.ts'
import type { HistoryRange, SinkContext } from '../../core/sink.ts'
import { isBad, Status, type StatusCode } from '../../core/status.ts'
import { toJsonValue } from '../../core/value.ts'
import type { Answer, Ask, AskedWrite } from './messages.ts'

/** A write that has not begun by then is never carried out: clients give up after about as long. */
const WRITE_DEADLINE_MS = 10_000
/** Reading years of a tag takes its time; a client that waits longer has given up. */
const HISTORY_DEADLINE_MS = 30_000

/** Reads of stored samples at once; the others wait for their turn, so that no client keeps the gateway from its work. */
const READS_AT_ONCE = 2

/** Takes turns: so many at once, the others in the order in which they came. */
class Turns {
  readonly #waiting: (() => void)[] = []
  #free = READS_AT_ONCE

  async take<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#free--
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }
}

export class Asked {
  readonly #context: SinkContext
  readonly #turns = new Turns()

  constructor(context: SinkContext) {
    this.#context = context
  }

  /** Never rejects. */
  async carryOut(ask: Ask, signal: AbortSignal): Promise<Answer> {
    if (ask.what === 'write') return { id: ask.id, status: await write(this.#context, ask.args) }
    const { id, args } = ask
    return this.#turns.take(() => readFor(this.#context, id, args, signal))
  }
}

async function readFor(context: SinkContext, id: number, range: HistoryRange, signal: AbortSignal): Promise<Answer> {
  try {
    const parts = await read(context, range, signal)
    return { id, status: Status.Good, parts }
  } catch (error) {
    context.log.warn(
      { error: String(error) },
      `stored samples could not be read for an OPC UA client: ${String(error)}`,
    )
    return { id, status: Status.BadTimeout }
  }
}

async function read(context: SinkContext, range: HistoryRange, signal: AbortSignal): Promise<BatchParts> {
  const batch: SampleBatch = await context.history(
    range,
    AbortSignal.any([signal, AbortSignal.timeout(HISTORY_DEADLINE_MS)]),
  )
  return batch.toParts()
}

async function write(context: SinkContext, { device, tag, value, user, from }: AskedWrite): Promise<StatusCode> {
  const given = typeof value === 'bigint' || value instanceof Uint8Array ? toJsonValue(value) : value
  const command = {
    device,
    tag,
    value: given,
    user,
    from: `${context.name} (OPC UA) ${from}`,
    deadlineMs: WRITE_DEADLINE_MS,
  }
  try {
    const { status } = await context.command(command)
    return status
  } catch (error) {
    return statusOf(error)
  }
}

/** What a client is told of a write that was not carried out (OPC 10000-4, 5.11.4.4). */
function statusOf(error: unknown): StatusCode {
  if (!(error instanceof GatewayError)) return Status.BadUnexpectedError
  switch (error.code) {
    case 'WRITE_FORBIDDEN':
      return Status.BadNotWritable
    // Its type was looked at before.
    case 'INVALID_VALUE':
      return Status.BadOutOfRange
    case 'NOT_FOUND':
      return Status.BadNodeIdUnknown
    case 'WRITE_FAILED': {
      const { status } = error.details
      return typeof status === 'number' && isBad(status) ? status : Status.BadDeviceFailure
    }
    case 'WRITE_SUPERSEDED':
      return Status.BadRequestCancelledByClient
    case 'WRITE_UNKNOWN':
    case 'WRITE_EXPIRED':
    case 'TIMEOUT':
      return Status.BadTimeout
    case 'NOT_CONNECTED':
      return Status.BadNotConnected
    case 'SHUTTING_DOWN':
      return Status.BadShutdown
    case 'BUSY':
      return Status.BadResourceUnavailable
    default:
      return Status.BadUnexpectedError
  }
}
