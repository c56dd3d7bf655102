/**
 * Time comes only through a Clock, so that tests can hold it still. `now` is wall time (ms since 1970, may step);
 * `monotonic` never goes back (ms, for intervals and deadlines).
 */
export interface Timer {
  cancel(): void
}

export interface Clock {
  now(): number
  monotonic(): number
  /** Runs `action` once, `delayMs` from now. */
  after(delayMs: number, action: () => void): Timer
  /** Runs `action` every `periodMs` until cancelled. */
  every(periodMs: number, action: () => void): Timer
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs)
    return { cancel: () => clearTimeout(timer) }
  },
  every(periodMs, action) {
    const timer = setInterval(action, periodMs)
    return { cancel: () => clearInterval(timer) }
  },
}

/** Resolves after `delayMs`; rejects with the signal's reason as soon as it aborts. */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const onAbort = () => {
      timer.cancel()
      reject(signal.reason)
    }
    const timer = clock.after(delayMs, () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
