/**
 * What local alerts remember over restarts, in `DATA/alerts.json`: what is firing, what whom was told, what waits, when the gateway started and
 * whether it was stopped. Damaged content costs a repeated message, never the start.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Timer } from '../core/clock.ts'
import { putFile } from '../core/durable-file.ts'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Alert } from './evaluator.ts'
import type { KeptGroup } from './groups.ts'
import type { KeptCounts } from './losses.ts'
import type { Message } from './message.ts'

export interface KeptReceiver {
  readonly groups: readonly KeptGroup[]
  readonly waiting: readonly Message[]
}

export interface KeptState {
  readonly version: 1
  /** False while the gateway runs: who finds that at the start was killed. */
  readonly isStopped: boolean
  /** ms since 1970, the newest last. */
  readonly starts: readonly number[]
  readonly firing: readonly Alert[]
  readonly losses: KeptCounts | undefined
  readonly receivers: Readonly<Record<string, KeptReceiver>>
}

const FILE = 'alerts.json'
const SAVE_MS = 1000
/** A file beyond this is not one of ours. */
const MOST_BYTES = 64 * 2 ** 20

export async function readState(data: string, log: Log): Promise<KeptState | undefined> {
  const path = join(data, FILE)
  try {
    const text = await readFile(path, 'utf8')
    if (text.length > MOST_BYTES) throw new Error('it is too large')
    const state = JSON.parse(text) as KeptState
    const { version, starts, firing, receivers } = state
    const isState =
      version === 1 &&
      Array.isArray(starts) &&
      Array.isArray(firing) &&
      firing.every(({ id, labels }) => typeof id === 'string' && typeof labels === 'object') &&
      Object.values(receivers).every(({ groups, waiting }) => Array.isArray(groups) && Array.isArray(waiting))
    if (!isState) throw new Error('it holds something else')
    return state
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      log.warn(
        { path, error: messageOf(error) },
        'What local alerts remember cannot be read: what goes on is told anew.',
      )
    return undefined
  }
}

/** Writes the state soon after it changed, at most once a second, one after the other. */
export class StateFile {
  readonly #path: string
  readonly #stateOf: () => KeptState
  readonly #context: { readonly clock: Clock; readonly log: Log }
  #timer: Timer | undefined
  #last: Promise<void> = Promise.resolve()
  #isFailing = false

  constructor(data: string, stateOf: () => KeptState, context: { readonly clock: Clock; readonly log: Log }) {
    this.#path = join(data, FILE)
    this.#stateOf = stateOf
    this.#context = context
  }

  changed(): void {
    this.#timer ??= this.#context.clock.after(SAVE_MS, () => {
      this.#timer = undefined
      void this.save()
    })
  }

  /** Resolves when it is on the disk, or could not be: alerts go on without. */
  save(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#last = this.#last.then(() => this.#write())
    return this.#last
  }

  async #write(): Promise<void> {
    const { log } = this.#context
    try {
      await putFile(this.#path, JSON.stringify(this.#stateOf()))
      this.#isFailing = false
    } catch (error) {
      if (!this.#isFailing) log.warn({ path: this.#path, error: messageOf(error) }, 'What local alerts remember cannot be written: a restart tells anew what goes on.') // prettier-ignore
      this.#isFailing = true
    }
  }
}
