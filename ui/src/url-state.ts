/** Filters and pens live in the address, so that every view can be linked and survives a reload. */
import { useCallback, useMemo, useSyncExternalStore } from 'react'

export interface View {
  /** Text filter. */
  readonly q: string
  readonly device: string | undefined
  readonly abnormalOnly: boolean
  /** `device/tag` of each trend; undefined: the page chooses. */
  readonly pens: readonly string[] | undefined
  readonly spanSeconds: number
}

const CHANGED = 'bifrost-view'

/** The view in the address, and how to change parts of it. */
export function useView(): [View, (change: Partial<View>) => void] {
  const search = useSyncExternalStore(subscribe, () => window.location.search)
  const view = useMemo(() => parseView(search), [search])
  const change = useCallback((part: Partial<View>) => {
    const next = formatView({ ...parseView(window.location.search), ...part })
    window.history.replaceState(null, '', `${window.location.pathname}${next}`)
    window.dispatchEvent(new Event(CHANGED))
  }, [])
  return [view, change]
}

export function parseView(search: string): View {
  const query = new URLSearchParams(search)
  const span = Number(query.get('span'))
  return {
    q: query.get('q') ?? '',
    device: query.get('device') ?? undefined,
    abnormalOnly: query.get('status') === 'abnormal',
    pens: query.get('pens')?.split(',').filter(Boolean).map(readPen),
    spanSeconds: span >= 5 && span <= 31_536_000 ? span : 300,
  }
}

export function formatView(view: View): string {
  const query = new URLSearchParams()
  if (view.q !== '') query.set('q', view.q)
  if (view.device !== undefined) query.set('device', view.device)
  if (view.abnormalOnly) query.set('status', 'abnormal')
  if (view.pens !== undefined) query.set('pens', view.pens.map(writePen).join(','))
  if (view.spanSeconds !== 300) query.set('span', String(Math.round(view.spanSeconds)))
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}

// A comma separates pens, so one within a name is escaped.
const writePen = (key: string): string => key.replaceAll('%', '%25').replaceAll(',', '%2C')
const readPen = (text: string): string => text.replaceAll('%2C', ',').replaceAll('%25', '%')

function subscribe(listener: () => void): () => void {
  window.addEventListener('popstate', listener)
  window.addEventListener(CHANGED, listener)
  return () => {
    window.removeEventListener('popstate', listener)
    window.removeEventListener(CHANGED, listener)
  }
}
