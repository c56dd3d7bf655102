/** Keeps the points of the chosen pens: history for the window in sight, live values after it, back-filled on reconnect. */
import { useEffect, useMemo, useState } from 'react'
import { fetchHistory } from '../../../api.ts'
import { useLive, useLiveStore } from '../../../live/context.ts'
import type { LiveTag } from '../../../live/store.ts'
import type { Window } from './gestures.ts'
import { PenData } from './pen-data.ts'

export interface Pen {
  readonly tag: LiveTag
  readonly data: PenData
}

const POINTS = 1200
const DEBOUNCE_MS = 150
/** How far back to look for what a tag was when the window begins; a value that nothing changed since is drawn on. */
const LEAD_MS = 86_400_000
const LEAD_POINTS = 2
const SEPARATOR = '\n'

/** The pens of these keys that exist, and whether the last load of history failed. `load` is the window to fetch. */
export function usePens(keys: readonly string[], load: Window): { pens: readonly Pen[]; failed: boolean } {
  const store = useLiveStore()
  const snapshots = useLive((live) => live.snapshots)
  const logId = useLive((live) => live.gateway?.logId)
  // Another log is another past: nothing of the old one may be drawn beside it.
  const known = useMemo(() => new Map<string, PenData>(), [logId])
  const [failed, setFailed] = useState(false)
  const joinedKeys = keys.join(SEPARATOR)
  const pens = useMemo(
    () => penList(joinedKeys, known, (key) => store.find(key)),
    [joinedKeys, snapshots, known, store],
  )

  useEffect(() => {
    const byId = new Map(pens.map((pen) => [pen.tag.id, pen.data]))
    for (const { tag, data } of pens) {
      if (data.lastTime() > 0) data.breakLine(store.now())
      data.addLive(tag.value, tag.status, tag.time, tag.receivedAt)
    }
    return store.watch((tag) => byId.get(tag.id)?.addLive(tag.value, tag.status, tag.time, tag.receivedAt))
  }, [pens, store])

  useEffect(() => {
    const loading = new AbortController()
    const fetchAll = async () => {
      try {
        await Promise.all(pens.map((pen) => fill(pen, load, store.now(), loading.signal)))
        setFailed(false)
      } catch {
        if (!loading.signal.aborted) setFailed(true)
      }
    }
    const timer = setTimeout(() => void fetchAll(), DEBOUNCE_MS)
    return () => {
      clearTimeout(timer)
      loading.abort()
    }
  }, [pens, load.from, load.to, store])

  return { pens, failed }
}

async function fill(pen: Pen, load: Window, now: number, signal: AbortSignal): Promise<void> {
  const to = Math.min(load.to, now)
  if (to <= load.from) return
  const before = { from: load.from - LEAD_MS, to: load.from, points: LEAD_POINTS }
  const [lead, view] = await Promise.all([
    fetchHistory(pen.tag, before, signal),
    fetchHistory(pen.tag, { from: load.from, to, points: POINTS }, signal),
  ])
  pen.data.setHistory(view, to, lead.points.at(-1))
}

function penList(
  joinedKeys: string,
  known: Map<string, PenData>,
  find: (key: string) => LiveTag | undefined,
): readonly Pen[] {
  return joinedKeys.split(SEPARATOR).flatMap((key) => {
    const tag = find(key)
    if (tag === undefined) return []
    const data = known.get(key) ?? new PenData()
    known.set(key, data)
    return [{ tag, data }]
  })
}
