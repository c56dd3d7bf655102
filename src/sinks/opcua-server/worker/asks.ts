/** What this worker asks the main thread for: writes to devices, stored samples. So many at once, and each ends with the worker at the latest. */
import { Status } from '../../../core/status.ts'
import { sendEvent } from '../../../wire/worker-service.ts'
import type { Answer, Ask, LogLine } from '../messages.ts'

const MOST_OPEN = 1000

type Asked = Ask extends infer Each ? (Each extends Ask ? Omit<Each, 'id'> : never) : never

export class Asks {
  readonly #open = new Map<number, (answer: Answer) => void>()
  #nextId = 1

  /** BadResourceUnavailable at once where too many wait already. */
  ask(asked: Asked): Promise<Answer> {
    const id = this.#nextId++
    if (this.#open.size >= MOST_OPEN) return Promise.resolve({ id, status: Status.BadResourceUnavailable })
    return new Promise((resolve) => {
      this.#open.set(id, resolve)
      sendEvent('ask', { ...asked, id })
    })
  }

  answer(answer: Answer): void {
    this.#open.get(answer.id)?.(answer)
    this.#open.delete(answer.id)
  }
}

/** A line for the log of the sink. */
export const say = (level: LogLine['level'], sentence: string, fields: LogLine['fields'] = {}): void =>
  sendEvent('log', { level, fields, sentence } satisfies LogLine)
