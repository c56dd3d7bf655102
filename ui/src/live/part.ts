/**
 * The part of very many tags that is looked at: the gateway filters, and the live socket is subscribed to what it found. Asked anew when
 * the filter changes, and by and by where the filter is about states.
 */
import { call } from '../api/client.ts'
import type { LiveStore, Wanted } from './store.ts'

export const PART_ROWS = 1000
const DEBOUNCE_MS = 200
const MOST_PATH = 1000
/** States come and go without the filter. */
const AGAIN_MS = 5000

/** Subscribes by `send` to what is wanted, now and whenever that changes; returns how to stop. */
export function followPart(store: LiveStore, send: (message: object) => void): () => void {
  let asking = new AbortController()
  let timer: ReturnType<typeof setTimeout>
  let before = ''
  const ask = async () => {
    asking.abort()
    asking = new AbortController()
    const { signal } = asking
    const { wanted } = store
    try {
      const tags = [...new Set([...(await find(wanted, signal)), ...wanted.keys, ...pathsIn(wanted)])]
      const text = JSON.stringify(tags)
      // The same rows again would only make the trend load its history anew.
      if (text !== before) send({ type: 'subscribe', tags, allDevices: true })
      before = text
    } catch {
      // Asked again below.
    }
    if (!signal.aborted)
      timer = setTimeout(() => void ask(), wanted.quality === 'all' && before !== '' ? 12 * AGAIN_MS : AGAIN_MS)
  }
  store.onWanted = () => {
    clearTimeout(timer)
    asking.abort()
    timer = setTimeout(() => void ask(), DEBOUNCE_MS)
  }
  void ask()
  return () => {
    clearTimeout(timer)
    asking.abort()
    store.onWanted = undefined
  }
}

/** A filter that is the path of a tag finds it, however many others match too; the gateway leaves out what does not exist. */
const pathsIn = ({ q }: Wanted): string[] => (q.includes('/') && q.length < MOST_PATH ? [q.trim()] : [])

const STATUSES = { all: [undefined], abnormal: ['bad', 'uncertain'], uncertain: ['uncertain'], bad: ['bad'] } as const

/** `device/tag` of the first rows that match. Of several words the gateway looks for the longest; the page for all of them. */
async function find({ q, device, quality }: Wanted, signal: AbortSignal): Promise<string[]> {
  const words = q.split(/\s+/).filter(Boolean)
  // A path names its device: `press-1/level`.
  const slash = words.length === 1 ? q.indexOf('/') : -1
  const longest = slash < 0 ? words.toSorted((a, b) => b.length - a.length)[0] : q.trim().slice(slash + 1)
  const found: string[] = []
  for (const status of STATUSES[quality]) {
    const query = { q: longest, device, status, limit: PART_ROWS - found.length }
    const { values } = await call('GET /api/v1/values', { query, signal })
    found.push(...values.map((value) => `${value.device}/${value.tag}`))
    if (found.length >= PART_ROWS) break
  }
  return found
}
