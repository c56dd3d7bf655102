/**
 * One write at a time on a line, whoever asks for it: what is read, changed and written back must not overlap another write of ours,
 * also where the line has several requests in flight. First come, first served.
 */
export class WriteLock {
  #last: Promise<unknown> = Promise.resolve()

  /** Runs `work` when those before it have ended. It has to look by itself whether it is still wanted then. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work)
    this.#last = mine.catch(() => undefined)
    return mine
  }
}
