/** The proxies of one line: devices that name the same address share a listener, and all share what was read lately. */
import { formatListenAddress, type ListenAddress } from './listen-address.ts'
import { ProxyListener, type ListenerContext } from './listener.ts'
import type { ProxyRelay } from './relay.ts'
import { ReplyCache } from './reply-cache.ts'

export class LineProxies {
  readonly cache = new ReplyCache()
  readonly #listeners = new Map<string, ProxyListener>()

  /** Serves this device on the address; opens the listener where it is the first. */
  join(address: ListenAddress, relay: ProxyRelay, context: ListenerContext): void {
    const name = formatListenAddress(address)
    let listener = this.#listeners.get(name)
    if (listener === undefined) this.#listeners.set(name, (listener = new ProxyListener(address, context)))
    listener.add(relay)
  }

  /** Why nobody can connect to this address: a sentence. */
  troubleAt(address: ListenAddress): string | undefined {
    return this.#listeners.get(formatListenAddress(address))?.trouble
  }

  /** How many are connected to this address. */
  clientsAt(address: ListenAddress): number {
    return this.#listeners.get(formatListenAddress(address))?.clients ?? 0
  }

  /** The last device that leaves closes the listener. */
  async leave(address: ListenAddress, relay: ProxyRelay): Promise<void> {
    const name = formatListenAddress(address)
    const listener = this.#listeners.get(name)
    listener?.remove(relay)
    if (listener === undefined || !listener.isUnused) return
    this.#listeners.delete(name)
    await listener.close()
  }
}
