/**
 * The writes that wait for their turn, device by device in the order in which they were asked for. Where a driver sends only the
 * newest of several values, one makes way for the next: only if that is for the same tag, so that the order between different
 * tags (a setpoint, then its start) stays as it was asked for.
 */
import type { TagId } from '../core/value.ts'

/** One write that waits. */
export interface QueuedWrite {
  readonly device: string
  readonly tag: TagId
}

export class QueuedWrites {
  readonly #byDevice = new Map<string, QueuedWrite[]>()

  /** At the end of its device's queue. */
  add(write: QueuedWrite): void {
    const queue = this.#byDevice.get(write.device)
    if (queue === undefined) this.#byDevice.set(write.device, [write])
    else queue.push(write)
  }

  /** It begins, or is over. */
  remove(write: QueuedWrite): void {
    const queue = this.#byDevice.get(write.device) ?? []
    const at = queue.indexOf(write)
    if (at >= 0) queue.splice(at, 1)
    if (queue.length === 0) this.#byDevice.delete(write.device)
  }

  /** True when the next write of this device is for the same tag. */
  isSuperseded(write: QueuedWrite): boolean {
    const queue = this.#byDevice.get(write.device) ?? []
    return queue[queue.indexOf(write) + 1]?.tag === write.tag
  }
}
