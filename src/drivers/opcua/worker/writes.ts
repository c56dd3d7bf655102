/** The writes of one device: prepared, then sent by their ticket. What was prepared and never sent is forgotten. */
import { Status } from '../../../core/status.ts'
import type { PrepareWriteRequest, WriteAnswer, WriteRequest } from '../messages.ts'
import type { Conditions } from './conditions.ts'
import type { Connection } from './connection.ts'
import { isReady, prepareWrite, type Outcome, type ReadyWrite } from './write.ts'

/** Tickets that wait to be sent; those of callers who gave up go first. */
const MOST_TICKETS = 1000

export class Writes {
  readonly #connection: Connection
  readonly #conditions: Conditions
  readonly #prepared = new Map<number, readonly (ReadyWrite | Outcome)[]>()

  constructor(connection: Connection, conditions: Conditions) {
    this.#connection = connection
    this.#conditions = conditions
  }

  async prepare({ ticket, items }: PrepareWriteRequest): Promise<WriteAnswer> {
    const prepared: (ReadyWrite | Outcome)[] = []
    for (const item of items) prepared.push(await prepareWrite(this.#connection, this.#conditions, item))
    if (this.#prepared.size >= MOST_TICKETS) this.#prepared.delete(this.#prepared.keys().next().value!)
    this.#prepared.set(ticket, prepared)
    return answerOf(prepared.map((one) => (isReady(one) ? { status: Status.Good } : one)))
  }

  /** In order: the last write of a node is the one that stays. After the abort nothing more is sent. */
  async send({ ticket, items }: WriteRequest, signal: AbortSignal): Promise<WriteAnswer> {
    const prepared = this.#prepared.get(ticket)
    this.#prepared.delete(ticket)
    const outcomes: Outcome[] = []
    for (const at of items) {
      const one = prepared?.[at]
      if (one === undefined || signal.aborted) outcomes.push({ status: Status.BadRequestNotComplete })
      else outcomes.push(isReady(one) ? await one.send() : one)
    }
    return answerOf(outcomes)
  }
}

const answerOf = (outcomes: readonly Outcome[]): WriteAnswer => ({
  statuses: outcomes.map(({ status }) => status),
  remarks: outcomes.map(({ remark }) => remark),
})
