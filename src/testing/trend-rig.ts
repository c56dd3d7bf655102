/** A store in memory whose reading of segments and trend files can be held, slowed down and counted while the log goes on; samples in turns of a hundred tags. */
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
  readonly ending: string
  readonly reached: PromiseWithResolvers<void>
  readonly released: PromiseWithResolvers<void>
}

export class HeldFiles extends MemoryFiles {
  /** Of segments. */
  bytesRead = 0
  /** So many turns of the event loop pass before each step of reading. */
  turnsBefore: (step: Step) => number = () => 0
  /** So many of the next readings of a segment bring a wrong byte. */
  wrongReads = 0
  /** Why the next segment that is opened cannot be. */
  openFault: string | undefined
  #hold: Hold | undefined

  /** The next such step of a segment, or of a trend file, waits; `reached` resolves when it has come. */
  stall(step: Step, ending: '.seg' | '.trend' = '.seg'): { readonly reached: Promise<void>; release(): void } {
    const hold: Hold = { step, ending, reached: Promise.withResolvers(), released: Promise.withResolvers() }
    this.#hold = hold
    return { reached: hold.reached.promise, release: () => hold.released.resolve() }
  }

  override async open(path: string, mode: OpenMode): Promise<OpenFile> {
    const isSegment = path.endsWith('.seg')
    if (mode !== 'read' || !(isSegment || path.endsWith('.trend'))) return super.open(path, mode)
    await this.#before('open', path)
    if (isSegment) this.#failToOpen(path)
    const file = await super.open(path, mode)
    const read: OpenFile['read'] = async (...request) => {
      await this.#before('read', path)
      const length = await file.read(...request)
      if (isSegment) this.#haveRead(request[0], length)
      return length
    }
    const close = async (): Promise<void> => {
      await this.#before('close', path)
      await file.close()
    }
    return new Proxy(file, { get: (of, name) => (name === 'read' ? read : name === 'close' ? close : Reflect.get(of, name)) }) // prettier-ignore
  }

  #failToOpen(path: string): void {
    const fault = this.openFault
    this.openFault = undefined
    if (fault !== undefined) throw Object.assign(new Error(`${fault}: ${path}`), { code: fault })
  }

  #haveRead(into: Uint8Array, length: number): void {
    this.bytesRead += into.length
    if (this.wrongReads > 0) into[length >> 1]! ^= 1
    this.wrongReads = Math.max(0, this.wrongReads - 1)
  }

  async #before(step: Step, path: string): Promise<void> {
    for (let turns = this.turnsBefore(step); turns > 0; turns--) await turn()
    const hold = this.#hold
    if (hold?.step !== step || !path.endsWith(hold.ending)) return
    this.#hold = undefined
    hold.reached.resolve()
    await hold.released.promise
  }
}

/** A disk on which no trend file can be made. */
export class NoTrends extends HeldFiles {
  override async open(path: string, mode: OpenMode): Promise<OpenFile> {
    if (path.includes('.trend')) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
    return super.open(path, mode)
  }
}
