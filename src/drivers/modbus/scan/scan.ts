/**
 * Looks for Modbus TCP devices: several hosts at once, of each host one port after the other, so that no device ever sees two
 * connections of a scan. Which hosts may be asked, and how fast, the caller decides; `context.dial` holds the rate.
 */
import type { Context, FoundDevice, ScanRange } from '../../../core/driver.ts'
import { probeHost } from './host.ts'

/** Devices as they are found. Rejects with the signal's reason when it aborts, with what a probe threw when one fails. */
export async function* scanModbus(
  range: ScanRange,
  context: Context,
  signal: AbortSignal,
): AsyncGenerator<FoundDevice, void, undefined> {
  const ended = new AbortController()
  const until = AbortSignal.any([signal, ended.signal])
  const found: FoundDevice[] = []
  const hosts = range.hosts[Symbol.iterator]()
  let wake = () => {}
  const work = async () => {
    for (let next = hosts.next(); next.done !== true; next = hosts.next()) {
      for (const port of range.ports) {
        const target = { host: next.value, port, units: range.units, timeoutMs: range.timeoutMs }
        // Each host has a line of its own: what `share` gives is shared by all that ask the same context.
        const own: Context = { ...context, name: `${next.value}:${port}`, share: (create) => create() }
        found.push(...(await probeHost(target, own, until)))
        wake()
      }
    }
  }
  const state = { running: true }
  const all = Promise.all(Array.from({ length: range.concurrency }, work)).finally(() => {
    state.running = false
    wake()
  })
  all.catch(() => undefined)
  try {
    while (state.running || found.length > 0) {
      if (found.length > 0) yield found.shift()!
      else await new Promise<void>((resolve) => (wake = resolve))
    }
    await all
  } finally {
    ended.abort()
    await all.catch(() => undefined)
  }
}
