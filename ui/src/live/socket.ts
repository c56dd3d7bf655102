/**
 * Keeps the live socket open and feeds the store. A closed socket is noticed at once; one that is open but silent is probed,
 * so that a gateway that hangs, or a cut cable, shows within five seconds too. A socket that stays silent although the
 * gateway answers is dead (a laptop that slept, a proxy that forgot): it is opened anew. It reconnects alone, for ever.
 */
import { isAlive, type LiveMessage } from '../api.ts'
import type { LiveStore } from './store.ts'

const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 3000
const SILENCE_MS = 2000
const PROBE_TIMEOUT_MS = 1500
/** The gateway tells of every device at least this often, with some to spare. */
const DEAD_MS = 8000

/** Starts; the returned function stops for good. */
export function startLiveSocket(store: LiveStore, url: string): () => void {
  let socket: WebSocket | undefined
  let retryMs = FIRST_RETRY_MS
  let retryTimer: ReturnType<typeof setTimeout> | undefined
  let probing = false
  let receivedAt = Date.now()
  let stopped = false

  const open = () => {
    const current = new WebSocket(url)
    socket = current
    receivedAt = Date.now()
    current.onmessage = (event: MessageEvent<string>) => {
      const message = JSON.parse(event.data) as LiveMessage
      receivedAt = Date.now()
      store.heard()
      if (message.type === 'hello') current.send(JSON.stringify({ type: 'subscribe' }))
      store.apply(message)
      if (message.type !== 'snapshot') return
      retryMs = FIRST_RETRY_MS
      store.setConnection('open')
    }
    current.onclose = () => {
      if (socket === current) lose()
    }
  }
  const lose = () => {
    const old = socket
    socket = undefined
    old?.close()
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
  const prober = setInterval(() => void probe(), 500)
  open()
  return () => {
    stopped = true
    clearInterval(prober)
    clearTimeout(retryTimer)
    socket?.close()
  }
}

/** The live socket's address for a page at `location`. */
export function liveUrl(location: Location): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/live?interval=250ms`
}
