/** The stages of a connection test: which one runs, how long each took, and what went wrong in words. */

import type { Identity } from '../core/driver.ts'

/** In the order in which a connection comes about. */
export const STAGES = ['dns', 'tcp', 'tls', 'session', 'read'] as const
export type StageName = (typeof STAGES)[number]

export interface StageResult {
  readonly stage: StageName
  /** skipped: there is nothing to do here; not-reached: an earlier one failed. */
  readonly result: 'ok' | 'failed' | 'skipped' | 'not-reached'
  readonly ms: number | null
  /** What came of it, or why not: a sentence. */
  readonly detail: string | null
  /** The next step, where it failed. */
  readonly help: string | null
  /** Of the first read: what was read, and who the device says it is. */
  readonly found?: FoundOut | undefined
}

export interface FoundOut {
  readonly identity: Identity
  /** Undefined where no address was given. */
  readonly value?: { readonly value: unknown; readonly type: string; readonly status: string } | undefined
}

export class TestStages {
  readonly #now: () => number
  readonly #onStage: (result: StageResult) => void
  readonly #done: StageResult[] = []
  #current: StageName | undefined
  #since = 0

  constructor(now: () => number, onStage: (result: StageResult) => void = () => undefined) {
    this.#now = now
    this.#onStage = onStage
  }

  get results(): readonly StageResult[] {
    return this.#done
  }

  get current(): StageName | undefined {
    return this.#current
  }

  /** This one runs from now on; the one before came to its end, and what lies between was not needed. */
  begin(stage: StageName): void {
    const begun = this.#done.length + (this.#current === undefined ? 0 : 1)
    if (STAGES.indexOf(stage) < begun) return
    this.end()
    this.#skipTo(stage)
    this.#current = stage
    this.#since = this.#now()
  }

  /** The one that runs came to its end; what was found out after it does not count for its time. */
  end(detail: string | null = null, found?: FoundOut, endedAt = this.#now()): void {
    if (this.#current !== undefined) this.#close('ok', detail, null, found, endedAt)
  }

  skip(detail: string): void {
    this.#close('skipped', detail, null)
  }

  /** The one that runs failed, or the first one where none does. */
  fail(detail: string, help: string): void {
    this.#current ??= STAGES[this.#done.length] ?? 'read'
    this.#close('failed', detail, help)
    for (const stage of STAGES.slice(this.#done.length))
      this.#add({ stage, result: 'not-reached', ms: null, detail: null, help: null })
  }

  #skipTo(stage: StageName): void {
    for (const name of STAGES.slice(this.#done.length, STAGES.indexOf(stage)))
      this.#add({ stage: name, result: 'skipped', ms: null, detail: null, help: null })
  }

  #close(
    result: 'ok' | 'failed' | 'skipped',
    detail: string | null,
    help: string | null,
    found?: FoundOut,
    endedAt = this.#now(),
  ): void {
    const ms = result === 'skipped' ? null : Math.round((endedAt - this.#since) * 10) / 10
    const stage = this.#current!
    this.#current = undefined
    this.#add({ stage, result, ms, detail, help, ...(found === undefined ? {} : { found }) })
  }

  #add(result: StageResult): void {
    this.#done.push(result)
    this.#onStage(result)
  }
}
