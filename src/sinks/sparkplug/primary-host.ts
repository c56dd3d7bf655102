/**
 * Whether the primary host application is online at this broker, by its STATE messages (Sparkplug 3.0, 5.4 and 5.6): JSON with
 * `online` and `timestamp` on spBv1.0/STATE/{host}; of hosts of version 2.2 the text ONLINE or OFFLINE on STATE/{host}.
 */
export type StateCompat = 'v3' | 'v2.2' | 'both'

export class PrimaryHost {
  readonly id: string
  readonly topics: readonly string[]
  readonly #v3: string | undefined
  readonly #v2: string | undefined
  #lastSeen: number | undefined
  #lastOnline: number | undefined
  /** Undefined until it has said something. */
  online: boolean | undefined

  /** One for each connection: times are compared within a session with one broker, as the host keeps one a broker. */
  constructor(id: string, compat: StateCompat) {
    this.id = id
    this.#v3 = compat === 'v2.2' ? undefined : `spBv1.0/STATE/${id}`
    this.#v2 = compat === 'v3' ? undefined : `STATE/${id}`
    this.topics = [this.#v3, this.#v2].filter((topic) => topic !== undefined)
  }

  /** Takes a STATE message; true when it says something that counts. */
  receive(topic: string, payload: Uint8Array): boolean {
    const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString()
    if (topic === this.#v3) return this.#receiveV3(text)
    // A host that speaks version 3 is believed in that alone; its older message may be a left-over.
    if (topic !== this.#v2 || this.#lastSeen !== undefined) return false
    if (text !== 'ONLINE' && text !== 'OFFLINE') return false
    this.online = text === 'ONLINE'
    return true
  }

  #receiveV3(text: string): boolean {
    const state = parseState(text)
    if (state === undefined) return false
    const { online, timestamp } = state
    // An older death is that of a session the host has replaced; an older birth is no news either.
    const since = online ? this.#lastSeen : this.#lastOnline
    if (since !== undefined && timestamp < since) return false
    this.#lastSeen = timestamp
    if (online) this.#lastOnline = timestamp
    this.online = online
    return true
  }
}

function parseState(text: string): { online: boolean; timestamp: number } | undefined {
  let state: unknown
  try {
    state = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof state !== 'object' || state === null || !('online' in state) || !('timestamp' in state)) return undefined
  const { online, timestamp } = state
  return typeof online === 'boolean' && typeof timestamp === 'number' && Number.isFinite(timestamp)
    ? { online, timestamp }
    : undefined
}
