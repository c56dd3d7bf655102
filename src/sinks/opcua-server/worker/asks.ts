/** What this worker asks the main thread for: writes to devices, stored samples. So many at once, and each ends with the worker at the latest. */
import { Status } from '../../../core/status.ts'
import { sendEvent } from '../../../wire/worker-service.ts'
import type { Answer, Ask, LogLine } from '../messages.ts'

/** Of each kind: who reads much history must not keep others from writing. */
const MOST_OPEN = 1000

type Asked = Ask extends infer Each ? (Each extends Ask ? Omit<Each, 'id'> : never) : never

type Resolve = (answer: Answer) => void

export class Asks {
  readonly #open = { write: new Map<number, Resolve>(), history: new Map<number, Resolve>() }
  readonly #send: typeof sendEvent
  #nextId = 1

  constructor(send = sendEvent) {
    this.#send = send
  }

  /** BadResourceUnavailable at once where too many wait already. */
  ask(asked: Asked): Promise<Answer> {
    const id = this.#nextId++
    const open = this.#open[asked.what]
    if (open.size >= MOST_OPEN) return Promise.resolve({ id, status: Status.BadResourceUnavailable })
    return new Promise((resolve) => {
      open.set(id, resolve)
      this.#send('ask', { ...asked, id })
    })
  }

  answer(answer: Answer): void {
    for (const open of Object.values(this.#open)) {
      open.get(answer.id)?.(answer)
      open.delete(answer.id)
    }
  }
}

/** A line for the log of the sink. */
export const say = (level: LogLine['level'], sentence: string, fields: LogLine['fields'] = {}): void =>
  sendEvent('log', { level, fields, sentence } satisfies LogLine)
