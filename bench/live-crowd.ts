/**
 * Subscribers of the live socket for the benchmark, in a process of their own. Told { port, sockets, perAddress, devices, tagsEach, seconds },
 * it sends { ready } when all have their snapshot, and then { result }: how late each delta came, against the beat of its own socket, and how
 * old the values in it were.
 */
import { WebSocket } from 'ws'

export interface CrowdOrder {
  readonly port: number
  readonly sockets: number
  readonly perAddress: number
  readonly devices: number
  readonly tagsEach: number
  readonly seconds: number
}

export interface CrowdResult {
  /** Milliseconds from the moment at which the server began a delta to its arrival here. */
  readonly travel: number[]
  /** Milliseconds that deltas came after the beat of their socket. */
  readonly late: number[]
  readonly deltas: number
  readonly bytes: number
  readonly lost: number
}

const INTERVAL_MS = 1000
/** So many are on their way at once: a server has a queue for those that it has not accepted. */
const OPENING = 500

interface Listener {
  readonly socket: WebSocket
  readonly arrivals: number[]
}

class CrowdOfListeners {
  readonly #order: CrowdOrder
  readonly #listeners: Listener[] = []
  readonly #result: CrowdResult & { deltas: number; bytes: number; lost: number } = {
    travel: [],
    late: [],
    deltas: 0,
    bytes: 0,
    lost: 0,
  }
  #isMeasuring = false

  constructor(order: CrowdOrder) {
    this.#order = order
  }

  async open(): Promise<void> {
    for (let from = 0; from < this.#order.sockets; from += OPENING) {
      const until = Math.min(this.#order.sockets, from + OPENING)
      await Promise.all(Array.from({ length: until - from }, (_, index) => this.#openOne(from + index)))
    }
  }

  #openOne(at: number): Promise<void> {
    const { port, perAddress, devices, tagsEach } = this.#order
    const localAddress = `127.77.${Math.floor(at / perAddress)}.1`
    const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/live`, { localAddress, perMessageDeflate: false })
    const listener: Listener = { socket, arrivals: [] }
    this.#listeners.push(listener)
    const tags = Array.from(
      { length: tagsEach },
      (_, index) => `d${at % devices}/r${(Math.floor(at / devices) * tagsEach + index) % 100}`,
    )
    return new Promise((resolve, reject) => {
      socket.on('open', () => socket.send(JSON.stringify({ type: 'subscribe', intervalMs: INTERVAL_MS, tags })))
      socket.on('error', reject)
      socket.on('close', () => this.#result.lost++)
      socket.on('message', (data: Buffer) => {
        if (data.toString('latin1', 0, 16) === '{"type":"snapsho') return resolve()
        if (this.#isMeasuring) this.#note(listener, data)
      })
    })
  }

  #note(listener: Listener, data: Buffer): void {
    const head = data.toString('latin1', 0, 60)
    if (!head.startsWith('{"type":"delta","serverTime":')) return
    const now = performance.timeOrigin + performance.now()
    this.#result.travel.push(Math.max(0, now - Number(/\d+/.exec(head)![0])))
    this.#result.deltas++
    this.#result.bytes += data.length
    listener.arrivals.push(now)
  }

  async measure(): Promise<CrowdResult> {
    this.#isMeasuring = true
    await new Promise((resolve) => setTimeout(resolve, this.#order.seconds * 1000))
    this.#isMeasuring = false
    for (const { arrivals } of this.#listeners) this.#result.late.push(...lateness(arrivals))
    const { lost } = this.#result
    for (const { socket } of this.#listeners) socket.terminate()
    return { ...this.#result, lost }
  }
}

/** How long after the earliest phase of its beat each came. */
function lateness(arrivals: readonly number[]): number[] {
  if (arrivals.length === 0) return []
  const first = arrivals[0]!
  const offsets = arrivals.map((time) => {
    const beats = Math.round((time - first) / INTERVAL_MS)
    return time - first - beats * INTERVAL_MS
  })
  const earliest = Math.min(...offsets)
  return offsets.map((offset) => offset - earliest)
}

if (process.send !== undefined && import.meta.main) {
  let crowd: CrowdOfListeners | undefined
  process.on('message', (message: CrowdOrder | { measure: true }) => {
    if ('measure' in message) return void crowd!.measure().then((result) => process.send!({ result }))
    crowd = new CrowdOfListeners(message)
    void crowd.open().then(() => process.send!({ ready: true }))
  })
}
