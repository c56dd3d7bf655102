/** A store in memory whose reading of segments can be held, slowed down and counted while the log goes on; samples in turns of a hundred tags. */
import { setImmediate as turn } from 'node:timers/promises'
import { SampleBatch } from '../core/batch.ts'
import { Status } from '../core/status.ts'
import type { OpenFile, OpenMode } from '../store/files.ts'
import { MemoryFiles } from '../store/memory-files.ts'
import type { Store } from '../store/store.ts'

export const TAGS = 100

/** So many samples of the tags 1 to 100 in turn; value and source time are their number. */
export async function appendInTurns(store: Store, first: number, rows: number, received: number): Promise<void> {
  const batch = new SampleBatch(rows, received)
  for (let row = 0; row < rows; row++) batch.push(1 + (row % TAGS), first + row, Status.Good, first + row)
  store.append(batch)
  await store.flush()
}

/** The times of a tag from the start to number `end`. */
export const turnsOf = (tag: number, end: number): number[] =>
  Array.from({ length: end / TAGS }, (_, at) => at * TAGS + tag - 1)

export type Step = 'open' | 'read' | 'close'

interface Hold {
  readonly step: Step
  readonly reached: PromiseWithResolvers<void>
  readonly released: PromiseWithResolvers<void>
}

export class HeldFiles extends MemoryFiles {
  /** Of segments. */
  bytesRead = 0
  /** So many turns of the event loop pass before each step that reads a segment. */
  turnsBefore: (step: Step) => number = () => 0
  /** So many of the next readings of a segment bring a wrong byte. */
  wrongReads = 0
  /** Why the next segment that is opened cannot be. */
  openFault: string | undefined
  #hold: Hold | undefined

  /** The next such step of a segment waits; `reached` resolves when it has come. */
  stall(step: Step): { readonly reached: Promise<void>; release(): void } {
    const hold: Hold = { step, reached: Promise.withResolvers(), released: Promise.withResolvers() }
    this.#hold = hold
    return { reached: hold.reached.promise, release: () => hold.released.resolve() }
  }

  override async open(path: string, mode: OpenMode): Promise<OpenFile> {
    if (mode !== 'read' || !path.endsWith('.seg')) return super.open(path, mode)
    await this.#before('open')
    const fault = this.openFault
    this.openFault = undefined
    if (fault !== undefined) throw Object.assign(new Error(`${fault}: ${path}`), { code: fault })
    const file = await super.open(path, mode)
    const read: OpenFile['read'] = async (...request) => {
      await this.#before('read')
      const [into] = request
      this.bytesRead += into.length
      const length = await file.read(...request)
      if (this.wrongReads > 0) into[length >> 1]! ^= 1
      this.wrongReads = Math.max(0, this.wrongReads - 1)
      return length
    }
    const close = async (): Promise<void> => {
      await this.#before('close')
      await file.close()
    }
    return new Proxy(file, { get: (of, name) => (name === 'read' ? read : name === 'close' ? close : Reflect.get(of, name)) }) // prettier-ignore
  }

  async #before(step: Step): Promise<void> {
    for (let turns = this.turnsBefore(step); turns > 0; turns--) await turn()
    const hold = this.#hold
    if (hold?.step !== step) return
    this.#hold = undefined
    hold.reached.resolve()
    await hold.released.promise
  }
}
