/** The loop of a scan: several hosts at once, of each host one thing after the other, what is found as it is found. */
import type { ScanRange } from './driver.ts'

/** Rejects with the signal's reason when it aborts, with what a probe threw when one fails; the other probes are ended then. */
export async function* scanHosts<Found>(
  { hosts, concurrency }: Pick<ScanRange, 'hosts' | 'concurrency'>,
  probe: (host: string, found: (one: Found) => void, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): AsyncGenerator<Found, void, undefined> {
  const ended = new AbortController()
  const until = AbortSignal.any([signal, ended.signal])
  const found: Found[] = []
  const left = hosts[Symbol.iterator]()
  let wake = () => {}
  const take = (one: Found) => {
    found.push(one)
    wake()
  }
  const work = async () => {
    for (let next = left.next(); next.done !== true; next = left.next()) await probe(next.value, take, until)
  }
  const state = { running: true }
  const all = Promise.all(Array.from({ length: concurrency }, work)).finally(() => {
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
