/** One try to connect a device, ended by the driver, by a time limit of our own, or by an abort of `controller`. */
import type { Clock } from '../core/clock.ts'
import type { Driver } from '../core/driver.ts'
import { formatDuration } from '../core/duration.ts'
import { NotConnectedError } from '../core/errors.ts'

/** A driver has its own, shorter, time limit; this holds when it has none. */
const CONNECT_LIMIT_MS = 30_000

/** Calls `settled` once, later, with what went wrong or undefined; not at all after an abort from outside that the driver ignores. */
export function attemptConnect(
  device: Driver<unknown>,
  endpoint: string,
  clock: Clock,
  controller: AbortController,
  settled: (error: unknown) => void,
): void {
  let open = true
  const end = (error: unknown) => {
    limit.cancel()
    controller.signal.removeEventListener('abort', onAbort)
    if (open) settled(error)
    open = false
  }
  const limit = clock.after(CONNECT_LIMIT_MS, () => {
    end(new NotConnectedError(`${endpoint} did not complete the connection within ${formatDuration(CONNECT_LIMIT_MS)}`))
    controller.abort()
  })
  const onAbort = () => limit.cancel()
  controller.signal.addEventListener('abort', onAbort, { once: true })
  connect(device, controller.signal).then(
    () => end(undefined),
    (error: unknown) => end(error ?? new NotConnectedError('the connection failed')),
  )
}

/** A driver that throws before its first await fails like any other. */
async function connect(device: Driver<unknown>, signal: AbortSignal): Promise<void> {
  await device.connect(signal)
}
