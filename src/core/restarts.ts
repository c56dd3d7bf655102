/**
 * What the gateway mended by itself: which kind of component was begun anew, and why. A few words, never a name of somebody's device or
 * sink: the log says which. Counted here so that every part may count without knowing the metrics.
 */

/** Component and the reasons for which it is begun anew; all exist from the start, so that a rate works from the first one on. */
export const RESTART_REASONS = {
  sink: ['connect-stuck', 'write-stuck', 'renewed'],
  device: ['connect-stuck', 'request-stuck', 'close-stuck'],
  'poll-scheduler': ['stalled'],
  log: ['write-failed'],
  'config-watch': ['folder-lost'],
} as const

export type Restarted = keyof typeof RESTART_REASONS
export type RestartReason<Component extends Restarted = Restarted> = (typeof RESTART_REASONS)[Component][number]

/** Counts since the start. */
export class Restarts {
  readonly #counts = new Map<string, { component: Restarted; reason: string; count: number }>()

  constructor() {
    for (const [component, reasons] of Object.entries(RESTART_REASONS) as [Restarted, readonly string[]][])
      for (const reason of reasons) this.#counts.set(`${component} ${reason}`, { component, reason, count: 0 })
  }

  count<Component extends Restarted>(component: Component, reason: RestartReason<Component>): void {
    this.#counts.get(`${component} ${reason}`)!.count++
  }

  of<Component extends Restarted>(component: Component, reason: RestartReason<Component>): number {
    return this.#counts.get(`${component} ${reason}`)!.count
  }

  get all(): readonly { readonly component: Restarted; readonly reason: string; readonly count: number }[] {
    return [...this.#counts.values()]
  }
}
