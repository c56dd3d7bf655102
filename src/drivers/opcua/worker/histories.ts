/** The readings of a server's history, one at a time: what is left of the one before is given back to the server. */
import { NotConnectedError } from '../../../core/errors.ts'
import { Transferred } from '../../../wire/worker-service.ts'
import type { HistoryRequest } from '../messages.ts'
import { HistoryReading, type HistoryContext } from './history-reading.ts'

export class Histories {
  readonly #context: HistoryContext
  #current: { readonly read: number; readonly reading: HistoryReading } | undefined

  constructor(context: HistoryContext) {
    this.#context = context
  }

  /** The next request of a reading. Rejects with NotConnectedError when the connection is lost. */
  async read({ read, range }: HistoryRequest): Promise<Transferred> {
    if (range !== undefined) {
      const before = this.#current
      this.#current = { read, reading: new HistoryReading(this.#context, range) }
      await before?.reading.release()
    }
    const current = this.#current
    if (current?.read !== read) throw new NotConnectedError('another reading of the history has begun')
    const { batch, unfinished, refused } = await current.reading.next()
    if (!unfinished) this.#current = undefined
    const parts = batch.toParts()
    return new Transferred({ batch: parts, unfinished, refused }, [parts.buffer])
  }
}
