/**
 * Looks for Modbus TCP devices: several hosts at once, of each host one port after the other, so that no device ever sees two
 * connections of a scan. Which hosts may be asked, and how fast, the caller decides; `context.dial` holds the rate.
 */
import type { Context, FoundDevice, ScanRange } from '../../../core/driver.ts'
import { scanHosts } from '../../../core/host-scan.ts'
import { probeHost } from './host.ts'

/** Devices as they are found. Rejects with the signal's reason when it aborts, with what a probe threw when one fails. */
export function scanModbus(range: ScanRange, context: Context, signal: AbortSignal): AsyncIterable<FoundDevice> {
  const probe = async (host: string, found: (device: FoundDevice) => void, until: AbortSignal) => {
    for (const port of range.ports) {
      const target = { host, port, units: range.units, timeoutMs: range.timeoutMs }
      // Each host has a line of its own: what `share` gives is shared by all that ask the same context.
      const own: Context = { ...context, name: `${host}:${port}`, share: (create) => create() }
      for (const device of await probeHost(target, own, until)) found(device)
    }
  }
  return scanHosts(range, probe, signal)
}
