/** How much memory this process may take. */
import { totalmem } from 'node:os'

/** What cgroups say where there is no limit is near 2⁶³; no machine has a pebibyte. */
const NO_LIMIT = 2 ** 50

/** Limit of the control group, bytes; null: there is none. */
export function cgroupLimitBytes(): number | null {
  const limit = process.constrainedMemory()
  return limit > 0 && limit < NO_LIMIT ? limit : null
}

/** The limit of the control group, or what the machine has where that is less, bytes. */
export const memoryLimitBytes = (): number => Math.min(cgroupLimitBytes() ?? Infinity, totalmem())
