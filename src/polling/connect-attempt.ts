/**
 * One try to connect a device, ended by the driver, by a time limit of our own, or by an abort of `controller`; and its end, which a driver
 * that hangs does not keep from coming.
 */
import type { Clock } from '../core/clock.ts'
import type { Driver } from '../core/driver.ts'
import { formatDuration } from '../core/duration.ts'
import { NotConnectedError } from '../core/errors.ts'

/** A driver has its own, shorter, time limit; this holds when it has none. */
const CONNECT_LIMIT_MS = 30_000
const CLOSE_LIMIT_MS = 5000

/** Calls `settled` once, later, with what went wrong or undefined; not at all after an abort from outside that the driver ignores. */
export function attemptConnect(
  device: Driver<unknown>,
  endpoint: string,
  clock: Clock,
  controller: AbortController,
  settled: (error: unknown) => void,
  onStuck: () => void = () => undefined,
): void {
  let open = true
  const end = (error: unknown) => {
    limit.cancel()
    controller.signal.removeEventListener('abort', onAbort)
    if (open) settled(error)
    open = false
  }
  const limit = clock.after(CONNECT_LIMIT_MS, () => {
    onStuck()
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

/** Closes the device; a driver that does not come back is no longer waited for. Rejects with what `close` threw. */
export function closeInTime(device: Driver<unknown>, clock: Clock, onStuck: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const limit = clock.after(CLOSE_LIMIT_MS, () => {
      onStuck()
      resolve()
    })
    void close(device)
      .then(resolve, reject)
      .finally(() => limit.cancel())
  })
}

async function close(device: Driver<unknown>): Promise<void> {
  await device.close()
}
