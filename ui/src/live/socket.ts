/**
 * Keeps the live socket open and feeds the store. A closed socket is noticed at once; one that is open but silent is probed,
 * so that a gateway that hangs, or a cut cable, shows within five seconds too. A socket that stays silent although the
 * gateway answers is dead (a laptop that slept, a proxy that forgot): it is opened anew. It reconnects alone, for ever.
 */
import { isAlive, type LiveMessage } from '../api.ts'
import { followPart } from './part.ts'
import type { LiveStore } from './store.ts'

const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 3000
const SILENCE_MS = 2000
const PROBE_TIMEOUT_MS = 1500
/** The gateway tells of every device at least this often, with some to spare. */
const DEAD_MS = 8000
/** The session has ended; the right to look on was taken away. */
const REFUSED_CODES = new Set([4401, 4403])

/**
 * Starts; the returned function stops for good. `doubt` is called when the gateway may not want to talk to us any more: it closed the socket
 * for that reason, or before it said hello (a browser does not tell which answer the upgrade got).
 */
export function startLiveSocket(store: LiveStore, url: string, doubt: () => void): () => void {
  let socket: WebSocket | undefined
  let retryMs = FIRST_RETRY_MS
  let retryTimer: ReturnType<typeof setTimeout> | undefined
  let probing = false
  let receivedAt = Date.now()
  let stopped = false
  let stopPart = (): void => undefined

  const open = () => {
    const current = new WebSocket(url)
    let greeted = false
    socket = current
    receivedAt = Date.now()
    current.onmessage = (event: MessageEvent<string>) => {
      const message = JSON.parse(event.data) as LiveMessage
      receivedAt = Date.now()
      store.heard()
      if (message.type === 'hello') {
        greeted = true
        store.apply(message)
        stopPart()
        const send = (wanted: object) => current.readyState === WebSocket.OPEN && current.send(JSON.stringify(wanted))
        if (store.partOf === undefined) send({ type: 'subscribe' })
        else stopPart = followPart(store, send)
        return
      }
      store.apply(message)
      if (message.type !== 'snapshot') return
      retryMs = FIRST_RETRY_MS
      store.setConnection('open')
    }
    current.onclose = ({ code }) => {
      if (socket !== current) return
      lose()
      if (!greeted || REFUSED_CODES.has(code)) doubt()
    }
  }
  const lose = () => {
    const old = socket
    socket = undefined
    old?.close()
    stopPart()
    if (stopped) return
    store.setConnection('lost')
    clearTimeout(retryTimer)
    retryTimer = setTimeout(open, retryMs * (0.75 + Math.random() / 2))
    retryMs = Math.min(LAST_RETRY_MS, retryMs * 2)
  }
  const probe = async () => {
    const heardAt = store.connection.heardAt ?? store.connection.since
    if (socket === undefined || probing || Date.now() - heardAt < SILENCE_MS) return
    probing = true
    const probed = socket
    const alive = await isAlive(PROBE_TIMEOUT_MS)
    probing = false
    if (alive) store.heard()
    // Without a device there is nothing to tell of.
    const dead = store.devices.length > 0 && Date.now() - receivedAt > DEAD_MS
    if (socket === probed && (!alive || dead)) lose()
  }
  // What is shown is from before until the first snapshot.
  store.setConnection('connecting')
  const prober = setInterval(() => void probe(), 500)
  open()
  return () => {
    stopped = true
    // Nobody tells us anything any more: what is shown is from before.
    store.setConnection('connecting')
    clearInterval(prober)
    clearTimeout(retryTimer)
    stopPart()
    socket?.close()
  }
}

/** The live socket's address for a page at `location`. */
export function liveUrl(location: Location): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/live?interval=250ms`
}
